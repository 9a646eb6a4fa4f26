//! The JSON files that Hugging Face transformers reads beside the weights.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, Result, model::config::ModelConfig};

/// The field in which a file of ours carries the id of its save; transformers keeps and ignores it.
pub(super) const SAVE: &str = "glasshouse_save";

/// `config.json` of a GPT-2 of ours.
pub(super) fn model_config(config: &ModelConfig, end_of_text: Option<u32>, save: &str) -> Value {
    json!({
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": config.vocab,
        "n_positions": config.context,
        "n_ctx": config.context,
        "n_embd": config.channels,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_inner": null,
        "activation_function": "gelu_new",
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "summary_first_dropout": 0.0,
        "layer_norm_epsilon": 1e-5,
        "initializer_range": 0.02,
        "scale_attn_weights": true,
        "scale_attn_by_inverse_layer_idx": false,
        "tie_word_embeddings": true,
        "bos_token_id": end_of_text,
        "eos_token_id": end_of_text,
        "use_cache": true,
        "dtype": "float32",
        SAVE: save,
    })
}

/// `generation_config.json`.
pub(super) fn generation_config(end_of_text: Option<u32>, save: &str) -> Value {
    json!({
        "bos_token_id": end_of_text,
        "eos_token_id": end_of_text,
        "pad_token_id": end_of_text,
        "do_sample": true,
        SAVE: save,
    })
}

/// `tokenizer_config.json`. Without its class transformers takes GPT-2's own splitter, whatever `tokenizer.json` says.
pub(super) fn tokenizer_config(context: usize, end_of_text: Option<&str>, save: &str) -> Value {
    let mut config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context,
        "clean_up_tokenization_spaces": false,
        "add_prefix_space": false,
        SAVE: save,
    });
    if let Some(token) = end_of_text {
        config["bos_token"] = token.into();
        config["eos_token"] = token.into();
    }
    config
}

/// The text of the special token `id` in a `tokenizer.json`. Refuses what is no such file.
pub(super) fn special_token(place: &str, tokenizer: &[u8], id: Option<u32>) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct TokenizerFile {
        #[serde(default)]
        added_tokens: Vec<SpecialToken>,
        #[serde(rename = "model")]
        _model: serde::de::IgnoredAny,
    }
    #[derive(Deserialize)]
    struct SpecialToken {
        id: u32,
        content: String,
    }
    let tokenizer: TokenizerFile = serde_json::from_slice(tokenizer).map_err(|error| {
        Error::format(place, format!("expected a tokenizer of Hugging Face tokenizers, but {error}: it is damaged"))
    })?;
    Ok(tokenizer.added_tokens.into_iter().find(|token| Some(token.id) == id).map(|token| token.content))
}

/// What a `config.json` says.
pub(super) struct ParsedConfig {
    pub config: ModelConfig,
    pub end_of_text: Option<u32>,
    /// Whether the head is the token embedding again.
    pub tied: bool,
    pub save: Option<String>,
}

/// Reads the `config.json` of any GPT-2. Refuses other models, and GPT-2s that compute something else than ours.
pub(super) fn read(place: &str, bytes: &[u8]) -> Result<ParsedConfig> {
    let refuse = |message: String| Err(Error::format(place, message));
    let config: Value = match serde_json::from_slice(bytes) {
        Ok(config @ Value::Object(_)) => config,
        Ok(_) => return refuse("expected a JSON object with the shape of a model: it is another file".into()),
        Err(error) => return refuse(format!("expected JSON with the shape of a model, but {error}: it is damaged")),
    };
    if config["model_type"] != "gpt2" {
        let found = &config["model_type"];
        return refuse(format!("expected a model of type \"gpt2\", found {found}: only GPT-2 is computed here"));
    }
    // A field that is missing has GPT-2's value, as in transformers.
    let context = if config["n_positions"].is_null() { "n_ctx" } else { "n_positions" };
    let mut shape = [("n_layer", 12), ("n_head", 12), ("n_embd", 768), (context, 1024), ("vocab_size", 50_257)];
    for (field, value) in &mut shape {
        if !config[*field].is_null() {
            let found = config[*field].as_u64().and_then(|number| usize::try_from(number).ok());
            let Some(found) = found else {
                return refuse(format!("{field}: expected a whole number, found {}", brief(&config[*field])));
            };
            *value = found;
        }
    }
    let [layers, heads, channels, context, vocab] = shape.map(|(_, value)| value);
    let model = ModelConfig { layers, heads, channels, context, vocab };
    if let Err(error) = model.validate() {
        return refuse(error.to_string());
    }
    let inner = json!(4 * channels);
    let expected: [(&str, &[Value]); 6] = [
        ("activation_function", &[json!("gelu_new"), json!("gelu_pytorch_tanh")]),
        ("n_inner", &[inner]),
        ("layer_norm_epsilon", &[json!(1e-5)]),
        ("scale_attn_weights", &[json!(true)]),
        ("scale_attn_by_inverse_layer_idx", &[json!(false)]),
        ("add_cross_attention", &[json!(false)]),
    ];
    for (field, values) in expected {
        if !config[field].is_null() && !values.contains(&config[field]) {
            let (want, found) = (&values[0], brief(&config[field]));
            return refuse(format!("{field}: expected {want}, found {found}: a model with it is not computed here"));
        }
    }
    let ends = match &config["eos_token_id"] {
        Value::Array(ids) => ids.first(),
        id => Some(id),
    };
    // Models with a vocabulary of their own often keep GPT-2's 50,256 in this field, where there is no such token.
    let end_of_text = ends.and_then(Value::as_u64).filter(|&id| id < vocab as u64).map(|id| id as u32);
    Ok(ParsedConfig {
        config: model,
        end_of_text,
        tied: config["tie_word_embeddings"] != false,
        save: config[SAVE].as_str().map(Into::into),
    })
}

/// A value of somebody's file, cut to what fits a sentence.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { text.chars().take(60).chain("…".chars()).collect() } else { text }
}

/// The save's id in a JSON file that is not needed otherwise; none in one that is damaged.
pub(super) fn save_of(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Marked {
        glasshouse_save: Option<String>,
    }
    serde_json::from_slice::<Marked>(bytes).ok()?.glasshouse_save
}
