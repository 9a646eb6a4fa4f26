//! `glasshouse sample`: a model's continuation of a prompt.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use glasshouse::generate::{Generation, Generator, Sampling, prompt_ids};
use glasshouse::tokenizer::Tokenizer;
use glasshouse::{Error, Result, engine};
use serde_json::json;

use super::device::DeviceArg;
use super::output::{self, harmless};
use super::run_folder::load_model;

/// Print what a model writes after a prompt.
///
/// The model is given exactly the tokens of the prompt, as `tokenizer encode` prints them: nothing in front, and special
/// tokens in it are text. An empty prompt is the beginning of a document: the token <|endoftext|> alone. On a terminal
/// the prompt is shown in front; elsewhere the output is the continuation alone, byte for byte.
#[derive(Args, Debug)]
pub struct SampleArgs {
    /// A model folder, or a zip of one; - for a zip on standard input.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The text to continue.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    prompt: String,
    /// At most so many new tokens.
    #[arg(long, value_name = "N", default_value_t = 200)]
    max_tokens: usize,
    /// Divides the logits: below 1 the text is more careful, above 1 bolder; 0 takes the most probable token.
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = Sampling::default().temperature)]
    temperature: f64,
    /// Choose among the N most probable tokens alone.
    #[arg(long, value_name = "N")]
    top_k: Option<usize>,
    /// Choose among the most probable tokens that together have this share of the probability.
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = Sampling::default().top_p)]
    top_p: f64,
    /// Go on after <|endoftext|>, the end of a document.
    #[arg(long)]
    ignore_eos: bool,
    /// Fixes the draws.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// auto takes real hardware, else the CPU; gpu the best adapter, software included; gpu:N the one `doctor` calls N.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N", default_value = "auto", hide_default_value = true)]
    device: DeviceArg,
    /// Print one JSON object: text and ids of the continuation, and the probabilities that the model gave its tokens, at
    /// temperature 1 and before --top-k and --top-p.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(args: SampleArgs) -> Result<()> {
    let sampling = Sampling { temperature: args.temperature, top_k: args.top_k, top_p: args.top_p, seed: args.seed };
    sampling.validate()?;
    let save = load_model(&args.model)?;
    let tokenizer = Tokenizer::from_json(&save.tokenizer_json)?;
    let end_of_text = save.end_of_text.map_or_else(|| engine::end_of_text(&tokenizer), Ok);
    // A model without an end of text goes on until --max-tokens; only an empty prompt needs the token.
    let (stop, ids) = match end_of_text {
        Ok(id) => (Some(id), prompt_ids(&tokenizer, &args.prompt, id)),
        Err(error) if args.prompt.is_empty() => return Err(error),
        Err(_) => (None, tokenizer.encode(args.prompt.as_bytes())),
    };
    if let Some(id) = ids.iter().find(|id| **id as usize >= save.config.vocab) {
        return Err(Error::format(
            args.model.display(),
            format!(
                "its tokenizer gives token {id}, and its model has {}: they are not of one model",
                save.config.vocab
            ),
        ));
    }
    let device = args.device.open()?.device;
    let model = engine::load_weights(&device, &save, false)?;
    let generator = Generator::new(&device, &model)?;
    let mut generation = Generation::new(&ids, sampling);
    let mut stream = (!args.json).then(TokenPrinter::new);
    if let Some(stream) = &stream {
        stream.prompt(&args.prompt)?;
    }
    let (mut text, mut ids, mut probabilities) = (Vec::new(), Vec::new(), Vec::new());
    while ids.len() < args.max_tokens {
        let (choice, _) = pollster::block_on(generator.next(&mut generation))?;
        if Some(choice.id) == stop && !args.ignore_eos {
            break;
        }
        ids.push(choice.id);
        probabilities.push(choice.probability);
        // A vocabulary that was padded has tokens without any text.
        let bytes = tokenizer.token_bytes(choice.id).unwrap_or_default();
        match &mut stream {
            Some(stream) => stream.push(bytes)?,
            None => text.extend_from_slice(bytes),
        }
    }
    match stream {
        Some(stream) => stream.finish(),
        None => {
            let text = String::from_utf8_lossy(&text);
            output::json(&json!({ "text": text, "ids": ids, "probabilities": probabilities }))
        }
    }
}

/// Text on its way to standard output. A terminal gets whole characters.
struct TokenPrinter {
    terminal: bool,
    held: Vec<u8>,
}

impl TokenPrinter {
    fn new() -> TokenPrinter {
        TokenPrinter { terminal: std::io::stdout().is_terminal(), held: Vec::new() }
    }

    fn prompt(&self, prompt: &str) -> Result<()> {
        if self.terminal { output::bytes(harmless(prompt).as_bytes()) } else { Ok(()) }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.terminal {
            return output::bytes(bytes);
        }
        self.held.extend_from_slice(bytes);
        let shown = whole(&mut self.held);
        output::bytes(harmless(&shown).as_bytes())
    }

    fn finish(self) -> Result<()> {
        if !self.terminal {
            return Ok(());
        }
        output::line(String::from_utf8_lossy(&self.held))
    }
}

/// Takes the characters that are complete; bytes that can begin one at the end stay.
fn whole(bytes: &mut Vec<u8>) -> String {
    let mut text = String::new();
    let mut incomplete = 0;
    let total = bytes.len();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        at += chunk.valid().len() + chunk.invalid().len();
        let begun = std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        if at == total && begun {
            incomplete = chunk.invalid().len();
        } else if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    bytes.drain(..total - incomplete);
    text
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn characters_are_shown_whole() {
        let mut held = Vec::new();
        let mut shown = String::new();
        for byte in "a宋\u{1f600}é".bytes() {
            held.push(byte);
            let text = whole(&mut held);
            assert!(!text.contains(char::REPLACEMENT_CHARACTER));
            shown += &text;
        }
        assert_eq!(shown, "a宋\u{1f600}é");
        held.extend(b"\xe5\xae");
        assert_eq!(whole(&mut held), "");
        held.extend(b"b\xffc\xe5");
        assert_eq!(whole(&mut held), "\u{fffd}b\u{fffd}c");
        assert_eq!(held, b"\xe5");
    }
}
