//! `glasshouse sample`: a model's continuation of a prompt.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use glasshouse::generate::{Generation, Generator, Sampling};
use glasshouse::tokenizer::{SpecialHandling, Tokenizer};
use glasshouse::{Error, Result, engine};
use serde_json::json;

use super::device::DeviceArg;
use super::input;
use super::output::{self, harmless};
use super::run_folder::load_model;
use super::stop_strings::StopStrings;

/// Print what a model writes after a prompt.
///
/// The model is given exactly the tokens of the prompt, as `tokenizer encode` prints them: nothing in front, and special
/// tokens in it are text unless --special says otherwise. An empty prompt is the beginning of a document: the token
/// <|endoftext|> alone. On a terminal the prompt is shown in front; elsewhere the output is the continuation alone, byte
/// for byte, and a line --- between several.
#[derive(Args, Debug)]
pub struct SampleArgs {
    /// A model folder, or a zip of one; - for a zip on standard input.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The text to continue; - for the bytes of standard input, a line break at their end included.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    prompt: String,
    /// Whether a special token in the prompt is text or becomes the token.
    #[arg(long, default_value = "text", value_name = "text|token")]
    special: SpecialHandling,
    /// Continuations, each with draws of its own: the first with those of --seed, the next with those of the seed after.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    num_samples: u64,
    /// End where this string would begin, which is left out; may be given several times.
    #[arg(long, value_name = "STRING", allow_hyphen_values = true)]
    stop: Vec<String>,
    /// At most so many new tokens.
    #[arg(long, value_name = "N", default_value_t = 200)]
    max_tokens: usize,
    /// Divides the logits: below 1 the text is more careful, above 1 bolder; 0 takes the most probable token.
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = Sampling::default().temperature)]
    temperature: f64,
    /// Choose among the N most probable tokens alone; 0 or -1 for all.
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value = "0", hide_default_value = true)]
    top_k: TopK,
    /// Choose among the most probable tokens that together have this share of the probability.
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = Sampling::default().top_p)]
    top_p: f64,
    /// Choose among the tokens with at least this share of the most probable one's probability.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    min_p: Option<f64>,
    /// Go on after <|endoftext|>, the end of a document.
    #[arg(long)]
    ignore_eos: bool,
    /// Fixes the draws.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// auto takes real hardware, else the CPU; gpu the best adapter, software included; gpu:N the one `doctor` calls N.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N", default_value = "auto", hide_default_value = true)]
    device: DeviceArg,
    /// Print a JSON object a continuation: its text, the ids that were drawn, and the probabilities that the model gave
    /// them, at temperature 1 and before --top-k, --top-p and --min-p.
    #[arg(long)]
    json: bool,
}

/// What `--top-k` says, where other programs write 0 or -1 for no limit.
#[derive(Clone, Copy, Debug)]
struct TopK(Option<usize>);

impl FromStr for TopK {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse::<i64>() {
            Ok(0 | -1) => Ok(TopK(None)),
            Ok(k) if k > 0 => Ok(TopK(Some(k as usize))),
            _ => Err(Error::Usage(format!("expected a number of tokens, or 0 for all, not {text}"))),
        }
    }
}

impl SampleArgs {
    fn sampling(&self) -> Sampling {
        let SampleArgs { temperature, top_p, min_p, seed, .. } = *self;
        Sampling { temperature, top_k: self.top_k.0, top_p, min_p, seed }
    }

    /// Refuses what means nothing, before anything is read.
    fn check(&self) -> Result<()> {
        if self.stop.iter().any(String::is_empty) {
            return Err(Error::Usage("--stop is empty: expected a string that ends the text".into()));
        }
        if self.prompt == "-" && self.model == Path::new("-") {
            return Err(Error::Usage("model and prompt cannot both come by standard input: give one a file".into()));
        }
        self.sampling().validate()
    }
}

/// Runs the subcommand.
pub fn run(args: SampleArgs) -> Result<()> {
    args.check()?;
    let save = load_model(&args.model)?;
    let prompt = match args.prompt.as_str() {
        "-" => input::read(Path::new("-"))?,
        text => text.as_bytes().to_vec(),
    };
    let tokenizer = Tokenizer::from_json(&save.tokenizer_json)?;
    let end_of_text = save.end_of_text.map_or_else(|| engine::end_of_text(&tokenizer), Ok);
    // A model without an end of text goes on until --max-tokens; only an empty prompt needs the token.
    let (end, ids) = match end_of_text {
        Ok(id) if prompt.is_empty() => (Some(id), vec![id]),
        Err(error) if prompt.is_empty() => return Err(error),
        end => (end.ok(), tokenizer.encode_with(&prompt, args.special)),
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
    let end = end.filter(|_| !args.ignore_eos);
    for number in 0..args.num_samples {
        let seed = args.seed.wrapping_add(number);
        let generation = Generation::new(&ids, Sampling { seed, ..args.sampling() });
        if args.json {
            let mut text = Vec::new();
            let (ids, probabilities) = continue_text(&args, &generator, generation, &tokenizer, end, &mut |bytes| {
                text.extend_from_slice(bytes);
                Ok(())
            })?;
            let text = String::from_utf8_lossy(&text);
            output::json(&json!({ "text": text, "ids": ids, "probabilities": probabilities }))?;
        } else {
            if number > 0 {
                output::line("\n---")?;
            }
            let mut stream = TokenPrinter::new();
            stream.prompt(&prompt)?;
            continue_text(&args, &generator, generation, &tokenizer, end, &mut |bytes| stream.push(bytes))?;
            stream.finish()?;
        }
    }
    Ok(())
}

/// Draws token after token until the text ends, and hands out its bytes as soon as they are certain. Returns the tokens and
/// their probabilities.
fn continue_text(
    args: &SampleArgs,
    generator: &Generator,
    mut generation: Generation,
    tokenizer: &Tokenizer,
    end: Option<u32>,
    out: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<(Vec<u32>, Vec<f64>)> {
    let (mut ids, mut probabilities) = (Vec::new(), Vec::new());
    let mut stop = StopStrings::new(&args.stop);
    while ids.len() < args.max_tokens {
        let (choice, _) = pollster::block_on(generator.next(&mut generation))?;
        if Some(choice.id) == end {
            break;
        }
        ids.push(choice.id);
        probabilities.push(choice.probability);
        // A vocabulary that was padded has tokens without any text.
        let (bytes, ends) = stop.push(tokenizer.token_bytes(choice.id).unwrap_or_default());
        out(&bytes)?;
        if ends {
            return Ok((ids, probabilities));
        }
    }
    out(&stop.finish())?;
    Ok((ids, probabilities))
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

    fn prompt(&self, prompt: &[u8]) -> Result<()> {
        let shown = || harmless(&String::from_utf8_lossy(prompt));
        if self.terminal { output::bytes(shown().as_bytes()) } else { Ok(()) }
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
