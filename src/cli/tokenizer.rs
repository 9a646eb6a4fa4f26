//! `glasshouse tokenizer`: train one, encode with it, decode with it; what one holds, and in another format.

mod convert;
mod count;
mod ids;
mod show;
mod split;

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use glasshouse::files::NewFile;
use glasshouse::tokenizer::{Pattern, SpecialHandling, Ties, Tokenizer, TrainOptions};
use glasshouse::{Error, Result, hub};
use serde::Serialize;

use super::reader_args::ReaderArgs;
use super::{input, output};
use split::Split;

/// Train a byte-level BPE tokenizer, encode, decode, count, convert and show.
#[derive(Args, Debug)]
pub struct TokenizerArgs {
    #[command(subcommand)]
    command: TokenizerCommand,
}

#[derive(Subcommand, Debug)]
enum TokenizerCommand {
    /// Train a tokenizer on text and write it as tokenizer.json.
    Train(TrainTokenizerArgs),
    /// Print the ids of a text, taken as one document.
    Encode(EncodeArgs),
    /// Print the bytes that ids stand for.
    Decode(DecodeArgs),
    /// Count the tokens of a text.
    Count(count::CountArgs),
    /// Write a tokenizer of another format as tokenizer.json, with the same ids.
    Convert(convert::ConvertArgs),
    /// Show what a tokenizer holds: sizes, split pattern, special tokens; or some of its tokens.
    Show(show::ShowArgs),
}

#[derive(Args, Debug)]
struct TrainTokenizerArgs {
    /// Text, Markdown, JSONL, JSON or Parquet with their texts in a field, plain or packed, folders of these, or - for standard
    /// input.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Tokens in all: the 256 bytes, the merges and the special tokens.
    #[arg(long, value_name = "N")]
    vocab_size: usize,
    /// How text is split before merges: gpt2, cl100k, o200k, none to let merges cross word borders, or a regular expression,
    /// whose matches and what lies between are pieces.
    #[arg(long, default_value = "cl100k", value_name = "NAME|REGEX", allow_hyphen_values = true)]
    pattern: Split,
    /// Which of two equally frequent pairs is merged first: rank (smallest ids) or hf (as Hugging Face's tokenizers).
    #[arg(long, default_value = "rank", value_name = "RULE")]
    ties: Ties,
    /// A special token; may be given several times. They take the last ids in this order.
    #[arg(long, value_name = "TOKEN")]
    special: Vec<String>,
    /// Where to write the tokenizer.json.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    reader: ReaderArgs,
}

#[derive(Args, Debug)]
struct TokenizerFileArgs {
    /// A tokenizer.json, a .tiktoken file, a vocab.bpe with its encoder.json beside it, a folder with one of these, or a
    /// zipped model folder.
    #[arg(long, value_name = "FILE")]
    tokenizer: PathBuf,
    /// The split pattern of a .tiktoken file, which carries none: gpt2, cl100k, o200k or none.
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<Pattern>,
}

#[derive(Args, Debug)]
struct EncodeArgs {
    #[command(flatten)]
    source: TokenizerFileArgs,
    /// The text to encode.
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with = "input",
        required_unless_present = "input",
        allow_hyphen_values = true
    )]
    text: Option<String>,
    /// The file to encode, byte for byte, or - for standard input.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Whether a special token in the text is text or becomes the token.
    #[arg(long, default_value = "text", value_name = "text|token")]
    special: SpecialHandling,
    /// Print one JSON object with ids and tokens; bytes that are not UTF-8 appear as \xNN.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct DecodeArgs {
    #[command(flatten)]
    source: TokenizerFileArgs,
    /// The ids.
    #[arg(value_name = "ID", required_unless_present = "input", conflicts_with = "input")]
    ids: Vec<String>,
    /// A file of ids, or - for standard input: between spaces, commas or line breaks, in brackets or not.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(args: TokenizerArgs) -> Result<()> {
    match args.command {
        TokenizerCommand::Train(args) => train(args),
        TokenizerCommand::Encode(args) => encode(args),
        TokenizerCommand::Decode(args) => decode(args),
        TokenizerCommand::Count(args) => count::run(args),
        TokenizerCommand::Convert(args) => convert::run(args),
        TokenizerCommand::Show(args) => show::run(args),
    }
}

fn train(args: TrainTokenizerArgs) -> Result<()> {
    let options = TrainOptions { ties: args.ties, special: args.special, ..TrainOptions::new(args.vocab_size) };
    let mut trainer = args.pattern.trainer(options)?;
    let reading = args.reader.reading()?;
    let target = Target::open(&args.out)?;
    let documents = input::documents(&args.input, &reading)?;
    documents.iter().try_for_each(|document| trainer.feed(document))?;
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let tokenizer = trainer.finish()?;
    target.write(&args.out, &tokenizer.to_json())?;
    let count = documents.len();
    output::line(format!(
        "trained {} tokens on {} in {count} document{}: {}",
        output::grouped(tokenizer.vocab_size() as u64),
        output::size(bytes as u64),
        if count == 1 { "" } else { "s" },
        args.out.display()
    ))
}

/// Where a tokenizer goes: a file, or something that is written to and not replaced.
enum Target {
    File(NewFile),
    Pipe(File),
}

impl Target {
    /// Finds out whether `out` can be written, before the work is done.
    fn open(out: &Path) -> Result<Target> {
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() || out.is_dir() {
            return Err(Error::Usage(format!("--out {} is not a file in a folder that is there", out.display())));
        }
        if out.metadata().is_ok_and(|there| !there.is_file()) {
            let pipe = File::options().write(true).open(out).map_err(|error| Error::io(out, "write", error))?;
            return Ok(Target::Pipe(pipe));
        }
        Ok(Target::File(NewFile::begin(out)?))
    }

    fn write(self, out: &Path, bytes: &[u8]) -> Result<()> {
        match self {
            Target::Pipe(mut pipe) => pipe.write_all(bytes).map_err(|error| Error::io(out, "write", error)),
            Target::File(mut file) => {
                file.push(bytes)?;
                file.finish()
            }
        }
    }
}

fn encode(args: EncodeArgs) -> Result<()> {
    let tokenizer = load(&args.source.tokenizer, args.source.pattern)?;
    let bytes = match (args.text, args.input) {
        (Some(text), _) => text.into_bytes(),
        (None, Some(path)) => input::read(&path)?,
        (None, None) => unreachable!("clap asks for one of the two"),
    };
    if bytes.len() >= u32::MAX as usize {
        return Err(Error::Config(format!(
            "a document of {} bytes is too long: 4 GiB is the most, encode it in parts",
            bytes.len()
        )));
    }
    let ids = tokenizer.encode_with(&bytes, args.special);
    if !args.json {
        return output::line(ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" "));
    }
    let tokens = ids.iter().map(|&id| readable(tokenizer.token_bytes(id).unwrap_or_default())).collect();
    output::json(&Encoded { ids, tokens })
}

#[derive(Serialize)]
struct Encoded {
    ids: Vec<u32>,
    tokens: Vec<String>,
}

/// `bytes` as text, what is not UTF-8 as `\xNN`.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

fn decode(args: DecodeArgs) -> Result<()> {
    // Any split will do: what ids stand for does not depend on it.
    let tokenizer = load_with(&args.source.tokenizer, args.source.pattern, Some(Pattern::None))?;
    let ids = match &args.input {
        Some(path) => {
            let text = input::read(path)?;
            let place = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
            ids::parse(&place, &String::from_utf8_lossy(&text))?
        }
        None => ids::parse("the ids", &args.ids.join(" ")).map_err(|error| Error::Usage(error.to_string()))?,
    };
    let mut bytes = tokenizer.decode(&ids)?;
    // The bytes alone, so that they can be piped; at a terminal the prompt begins on a line of its own.
    if std::io::stdout().is_terminal() {
        bytes.push(b'\n');
    }
    output::bytes(&bytes)
}

/// The tokenizer in `path`, whichever of the formats it is.
///
/// # Errors
/// Where it is missing, damaged or foreign, and where `pattern` is given for a file that carries its own, or not for
/// one that carries none.
pub fn load(path: &Path, pattern: Option<Pattern>) -> Result<Tokenizer> {
    load_with(path, pattern, None)
}

/// The same; `otherwise` is the split of a file that carries none where `pattern` names none.
fn load_with(path: &Path, pattern: Option<Pattern>, otherwise: Option<Pattern>) -> Result<Tokenizer> {
    if path.is_dir() {
        let inside =
            ["tokenizer.json", "vocab.bpe"].map(|name| path.join(name)).into_iter().find(|file| file.is_file());
        let inside = inside
            .ok_or_else(|| Error::format(path.display(), "the folder holds neither tokenizer.json nor vocab.bpe"))?;
        return load_with(&inside, pattern, otherwise);
    }
    let bytes = input::read(path)?;
    let named = |error| match error {
        Error::Format { place, message } => Error::Format {
            place: path.display().to_string(),
            // The file's own name says nothing new; a part of it, or a file beside it, does.
            message: match place.strip_prefix("tokenizer.json, ") {
                Some(part) => format!("{part}: {message}"),
                None => message,
            },
        },
        other => other,
    };
    let own = |format: &str| match pattern {
        Some(pattern) => Err(Error::Usage(format!(
            "--pattern {pattern} is for .tiktoken files: {} is {format}, which carries its own",
            path.display()
        ))),
        None => Ok(()),
    };
    if bytes.starts_with(b"PK") {
        own("a zipped model")?;
        return Tokenizer::from_json(&hub::from_zip(&bytes).map_err(named)?.tokenizer_json).map_err(named);
    }
    if bytes.starts_with(b"#version") || path.file_name().is_some_and(|name| name == "vocab.bpe") {
        own("a vocab.bpe")?;
        return Tokenizer::from_gpt2(&bytes, &input::read(&path.with_file_name("encoder.json"))?);
    }
    if bytes.trim_ascii_start().starts_with(b"{") || path.extension().is_some_and(|extension| extension == "json") {
        own("a tokenizer.json")?;
        return Tokenizer::from_json(&bytes).map_err(named);
    }
    if bytes.is_empty() {
        return Err(Error::format(
            path.display(),
            "it is empty: give a tokenizer.json, a .tiktoken file or a vocab.bpe",
        ));
    }
    let pattern = pattern.or(otherwise).ok_or_else(|| {
        Error::Usage(format!("{} is not JSON; if it is a .tiktoken file, say its split with --pattern", path.display()))
    })?;
    Tokenizer::from_tiktoken(&bytes, pattern).map_err(named)
}
