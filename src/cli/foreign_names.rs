//! What other programs call our options, and which of ours a word is nearest to.

/// Names of nanoGPT, nanochat, Hugging Face's and other trainers, and ours; the first of ours that a command has is meant.
const NAMES: [(&[&str], &[&str]); 36] = [
    (
        &[
            "batch-size",
            "per-device-train-batch-size",
            "device-batch-size",
            "micro-batch-size",
            "train-batch-size",
            "bs",
        ],
        &["batch"],
    ),
    (&["learning-rate", "max-lr", "peak-lr", "base-lr"], &["lr"]),
    (&["min-learning-rate", "final-lr", "lr-min", "end-lr"], &["min-lr"]),
    (
        &[
            "grad-clip",
            "max-grad-norm",
            "gradient-clip",
            "gradient-clipping",
            "gradient-clip-val",
            "clip-grad",
            "clip-grad-norm",
            "grad-norm-clip",
            "clip-norm",
        ],
        &["clip"],
    ),
    (
        &[
            "max-steps",
            "max-iters",
            "iterations",
            "iters",
            "n-steps",
            "num-iterations",
            "num-steps",
            "max-train-steps",
            "total-steps",
            "train-steps",
            "num-train-steps",
        ],
        &["steps"],
    ),
    (
        &[
            "ctx",
            "ctx-len",
            "ctx-size",
            "n-ctx",
            "context-length",
            "context-size",
            "context-window",
            "block-size",
            "seq-len",
            "seq-length",
            "sequence-length",
            "sequence-len",
            "max-seq-len",
            "max-seq-length",
            "n-positions",
            "max-position-embeddings",
        ],
        &["context"],
    ),
    (&["n-layer", "n-layers", "num-layers", "num-hidden-layers", "depth", "n-blocks"], &["layers"]),
    (&["n-head", "n-heads", "num-heads", "num-attention-heads"], &["heads"]),
    (
        &[
            "n-embd",
            "n-embed",
            "d-model",
            "dim",
            "model-dim",
            "emb-dim",
            "embedding-dim",
            "hidden-size",
            "hidden-dim",
            "width",
        ],
        &["channels"],
    ),
    (
        &[
            "gradient-accumulation-steps",
            "gradient-accumulation",
            "grad-accum",
            "grad-accum-steps",
            "accumulation-steps",
            "accumulate-grad-batches",
            "accum",
        ],
        &["accumulate"],
    ),
    (&["warmup-steps", "warmup-iters", "num-warmup-steps", "warmup-iterations", "lr-warmup", "warm-up"], &["warmup"]),
    (&["lr-scheduler-type", "lr-scheduler", "lr-schedule", "scheduler", "lr-decay", "decay-lr"], &["schedule"]),
    (&["wd", "decay"], &["weight-decay"]),
    (&["adam-beta1", "adam-beta-1", "beta-1"], &["beta1"]),
    (&["adam-beta2", "adam-beta-2", "beta-2"], &["beta2"]),
    (
        &["init-from", "init-model", "from-pretrained", "pretrained", "finetune", "fine-tune", "base-model"],
        &["init", "model"],
    ),
    (
        &["model", "model-name-or-path", "model-name", "model-path", "checkpoint", "checkpoint-path", "ckpt"],
        &["init", "model"],
    ),
    (&["model-dir", "load"], &["model", "resume"]),
    (&["resume-from-checkpoint", "resume-from", "continue", "load-checkpoint"], &["resume"]),
    (&["output-dir", "out-dir", "output", "output-path", "save-dir", "save-path", "run-dir", "o"], &["out"]),
    (
        &["eval-interval", "eval-steps", "eval-freq", "val-every", "val-check-interval", "val-loss-every"],
        &["eval-every"],
    ),
    (
        &["save-interval", "save-steps", "save-freq", "checkpoint-every", "checkpoint-interval", "ckpt-every"],
        &["save-every"],
    ),
    (&["sample-interval", "sample-steps", "generate-every"], &["sample-every"]),
    (
        &["max-new-tokens", "max-length", "n-predict", "num-tokens", "num-predict", "length", "new-tokens"],
        &["max-tokens", "context"],
    ),
    (&["num-return-sequences", "n-samples", "nsamples", "samples", "n"], &["num-samples"]),
    (&["temp", "t"], &["temperature"]),
    (&["topk", "k"], &["top-k"]),
    (&["topp", "nucleus", "p"], &["top-p"]),
    (&["minp"], &["min-p"]),
    (&["start", "text", "input-text", "prompt-file", "file"], &["prompt", "input"]),
    (&["stop-sequence", "stop-sequences", "stop-string", "stop-strings", "stop-words", "reverse-prompt"], &["stop"]),
    (&["vocab", "n-vocab", "vocabulary-size", "num-tokens-in-vocab"], &["vocab-size"]),
    (
        &[
            "dataset",
            "dataset-name",
            "dataset-path",
            "data-dir",
            "data-path",
            "train-data",
            "train-file",
            "text-file",
            "input-file",
            "files",
        ],
        &["data", "input"],
    ),
    (&["tokenizer-file", "tokenizer-path", "tokenizer-name", "vocab-file"], &["tokenizer"]),
    (&["random-seed", "manual-seed", "random-state"], &["seed"]),
    (&["num-threads", "n-threads", "num-workers", "workers", "num-proc", "jobs"], &["threads"]),
];

/// The option among `options` that `foreign` is another program's name for, or that is written almost so.
pub fn ours<'a>(foreign: &str, options: &[&'a str]) -> Option<&'a str> {
    let name = foreign.to_lowercase().replace('_', "-");
    let own = |wanted: &str| options.iter().copied().find(|option| *option == wanted);
    own(&name).or_else(|| {
        let meant = NAMES.iter().filter(|(names, _)| names.contains(&&*name)).flat_map(|(_, options)| *options);
        meant.copied().find_map(own)
    })
}

/// The option among `options` that `word` is for, or the one that takes the fewest changes to get to.
pub fn nearest<'a>(word: &str, options: &[&'a str]) -> Option<&'a str> {
    ours(word, options).or_else(|| options.iter().copied().min_by_key(|option| changes(word, option)))
}

/// Characters to put in, to take out or to exchange between two words.
fn changes(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, c) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, wanted) in to.iter().enumerate() {
            let exchanged = diagonal + usize::from(c != *wanted);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_elsewhere_are_known_and_others_are_near_to_one() {
        let options = ["batch", "lr", "layers", "eval-every", "clip"];
        let known = ["batch_size", "learning_rate", "n-layer", "eval_every", "max_grad_norm", "poem"];
        let found = known.map(|name| ours(name, &options));
        assert_eq!(found, [Some("batch"), Some("lr"), Some("layers"), Some("eval-every"), Some("clip"), None]);
        assert_eq!(nearest("leyers", &options), Some("layers"));
        assert_eq!([changes("", "abc"), changes("abc", "abc"), changes("kitten", "sitting")], [3, 0, 3]);
    }
}
