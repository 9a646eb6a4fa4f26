"""Makes two model folders as transformers itself writes them, for the reader of folders: one random GPT-2, saved twice."""

from pathlib import Path

import tokenizers
import torch
import transformers

HERE = Path(__file__).resolve().parent / "foreign"

torch.manual_seed(1)
text = "to be or not to be that is the question"
bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
bpe.decoder = tokenizers.decoders.ByteLevel()
trainer = tokenizers.trainers.BpeTrainer(
    vocab_size=262,
    special_tokens=["<|endoftext|>"],
    initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
bpe.train_from_iterator([text], trainer)
tokenizer = transformers.PreTrainedTokenizerFast(
    tokenizer_object=bpe, bos_token="<|endoftext|>", eos_token="<|endoftext|>", model_max_length=6
)
end = tokenizer.eos_token_id
config = transformers.GPT2Config(
    vocab_size=len(tokenizer), n_positions=6, n_embd=8, n_layer=2, n_head=2, bos_token_id=end, eos_token_id=end
)
model = transformers.GPT2LMHeadModel(config)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(torch.randn_like(parameter))

# With the head, in 32 bits: names with `transformer.` in front.
model.save_pretrained(HERE / "head")
tokenizer.save_pretrained(HERE / "head")
# Without it, in 16 bits: bare names.
model.transformer.half().save_pretrained(HERE / "base")
tokenizer.save_pretrained(HERE / "base")
