//! `glasshouse train`: a tokenizer and a model from a text, or a run that goes on.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use glasshouse::corpus::Builtin;
use glasshouse::engine::{Changes, Command, Engine, Settings, Text};
use glasshouse::hub::TrainerState;
use glasshouse::model::Preset;
use glasshouse::train::TrainConfig;
use glasshouse::{Error, Result};

use super::device::{DeviceArg, OpenedDevice};
use super::job::{Job, RunArgs, SLICE};
use super::optimiser::OptimiserArgs;
use super::output::{grouped, size};
use super::progress::Display;
use super::reader_args::ReaderArgs;
use super::run_folder::{
    RunFolder, builtin, check_vacant, given_as, load, load_model, measured_with, text_of, tokenizer_json, unpack,
};
use super::signals;

/// Train a tokenizer and a model on a text, or go on with a run.
///
/// Without options it trains the preset `tiny` on the built-in English corpus, on the best device there is, and leaves
/// a model folder that Hugging Face transformers opens. What is not given is the preset's.
#[derive(Args, Debug)]
#[command(after_help = AFTER)]
pub struct TrainArgs {
    /// Shape and numbers to begin with; tiny where none is named.
    #[arg(long, value_name = "tiny|small|baby|gpt2")]
    preset: Option<Preset>,
    /// A text that comes with the program: en (Shakespeare, the default) or zh (Song and Yuan poems).
    #[arg(long, value_name = "en|zh", conflicts_with = "data")]
    corpus: Option<Builtin>,
    /// Your own text: files of text, Markdown, JSONL, JSON or Parquet, plain or packed, folders, or - for standard input. When a
    /// run goes on: a new place of the same text.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    data: Vec<PathBuf>,
    /// A text to measure the validation loss with, and not to train on; without it a tenth of the documents is kept for that, or of
    /// few documents the last tenth of each.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    val_data: Vec<PathBuf>,
    /// A tokenizer.json, or a vocab.bpe with its encoder.json beside it; without it a tokenizer is trained on the text.
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Tokens to tell apart: the 256 bytes, the merges and <|endoftext|>.
    #[arg(long, value_name = "N")]
    vocab_size: Option<usize>,
    /// The model folder; the first free runs/PRESET-N where none is named.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in this folder. A zip of a run goes on in the folder of its name, or in --out; - is
    /// a zip on standard input, and needs --out.
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Begin a new run with the weights and the tokenizer of this model folder, or zip of one. The shape is the model's, a
    /// preset gives the other numbers alone, and steps and moments begin anew.
    #[arg(long, value_name = "DIR|ZIP", conflicts_with_all = ["resume", "tokenizer"])]
    init: Option<PathBuf>,
    /// Read options from this file; what stands on the command line wins.
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// auto takes real hardware, else the CPU; gpu the best adapter, software included; gpu:N the one `doctor` calls N.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N", default_value = "auto", hide_default_value = true)]
    device: DeviceArg,
    /// What every random draw follows from; 0 where none is given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Minutes to wait for room where the disk is full; 0 for none, 30 where none are given.
    #[arg(long, value_name = "MINUTES", default_value_t = 30.0, hide_default_value = true, value_parser = minutes)]
    wait_for_disk: f64,
    /// Print a JSON object for each step, as in log.jsonl, and nothing else, on standard output.
    #[arg(long)]
    json: bool,

    /// Updates of the weights in the whole run.
    #[arg(long, value_name = "N", help_heading = "Length")]
    steps: Option<u64>,
    /// Save and leave after so many steps of this call; the schedule stays that of the whole run.
    #[arg(long, value_name = "N", help_heading = "Length")]
    stop_after: Option<u64>,
    /// Steps between two measurements of the validation loss; 0 for none.
    #[arg(long, value_name = "N", help_heading = "Length")]
    eval_every: Option<u64>,
    /// Steps between two saves; 0 for one at the end.
    #[arg(long, value_name = "N", help_heading = "Length")]
    save_every: Option<u64>,
    /// Steps between two samples; 0 for none.
    #[arg(long, value_name = "N", help_heading = "Length")]
    sample_every: Option<u64>,

    /// Windows of text in one pass.
    #[arg(long, value_name = "N", help_heading = "Model")]
    batch: Option<usize>,
    /// Tokens that the model sees at once.
    #[arg(long, value_name = "N", help_heading = "Model")]
    context: Option<usize>,
    /// Blocks.
    #[arg(long, value_name = "N", help_heading = "Model")]
    layers: Option<usize>,
    /// Attention heads of a block; they divide the channels.
    #[arg(long, value_name = "N", help_heading = "Model")]
    heads: Option<usize>,
    /// Width of the residual stream.
    #[arg(long, value_name = "N", help_heading = "Model")]
    channels: Option<usize>,

    #[command(flatten)]
    optimiser: OptimiserArgs,

    #[command(flatten)]
    reader: ReaderArgs,
}

const AFTER: &str = "\
Presets:
  name  layers heads channels context     vocabulary batch    lr warm-up  steps
  tiny       4     4      128      64 1,024 (zh 2,048)  16  2e-3      20  1,100
  small      6     6      192     128          2,048    16  1e-3     100  2,000
  baby       6     6      384     256          4,096    12  1e-3     100  5,000
  gpt2      12    12      768   1,024         50,257     4  6e-4     700 19,560
gpt2 accumulates passes until a step has 524,288 tokens. A preset's vocabulary
shrinks to what the text allows.

A run that goes on takes --steps, --stop-after, --lr, --eval-every,
--save-every, --sample-every, --threads, --device, --data, --val-data,
--wait-for-disk and --json; all else is as it was.
--config FILE.toml has a line for an option, under its long name:
  preset = 'small'
  data = ['notes/', 'more.jsonl']
  lr = 5e-4
All numbers are computed with 32 bits.
Ctrl-C, TERM and HUP save and leave with 128 + signal (130, 143, 129; on
Windows 130), so that nothing that waits for a whole run goes on; a second
Ctrl-C leaves at once. A signal that was ignored at the start, as by nohup,
stays ignored. USR1 saves, and the run goes on.";

/// Runs the subcommand.
pub fn run(args: TrainArgs) -> Result<ExitCode> {
    signals::catch()?;
    let mut display = Display::new(args.json);
    let result = match &args.resume {
        Some(path) => resume(&args, path, &mut display),
        None => begin(&args, &mut display),
    };
    display.close();
    result
}

impl TrainArgs {
    fn changes(&self) -> Changes {
        Changes {
            steps: self.steps,
            lr: self.optimiser.lr,
            stop_after: self.stop_after,
            eval_every: self.eval_every,
            save_every: self.save_every,
            sample_every: self.sample_every,
        }
    }

    fn run_args(&self) -> RunArgs {
        RunArgs {
            device: self.device,
            changes: self.changes(),
            data: self.data.clone(),
            wait_for_disk: Duration::from_secs_f64(60.0 * self.wait_for_disk),
        }
    }

    fn settings(&self) -> Settings {
        self.optimiser.apply(Settings {
            preset: self.preset,
            layers: self.layers,
            heads: self.heads,
            channels: self.channels,
            context: self.context,
            vocab_size: self.vocab_size,
            batch: self.batch,
            seed: self.seed,
            changes: self.changes(),
            ..Settings::default()
        })
    }

    /// Refuses what a run that goes on does not take.
    fn check_resume(&self, zip: bool) -> Result<()> {
        let given = [
            ("--preset", self.preset.is_some()),
            ("--corpus", self.corpus.is_some()),
            ("--tokenizer", self.tokenizer.is_some()),
            ("--vocab-size", self.vocab_size.is_some()),
            ("--out", self.out.is_some() && !zip),
            ("--seed", self.seed.is_some()),
            ("--batch", self.batch.is_some()),
            ("--context", self.context.is_some()),
            ("--layers", self.layers.is_some()),
            ("--heads", self.heads.is_some()),
            ("--channels", self.channels.is_some()),
        ];
        let given =
            given.into_iter().chain(self.optimiser.lasting()).find(|(_, given)| *given).map(|(option, _)| option);
        match given.or(self.reader.given()) {
            None => Ok(()),
            Some(option) => Err(Error::Usage(format!(
                "{option} cannot change when a run goes on: only --steps, --stop-after, --lr, --eval-every, \
                 --save-every, --sample-every, --threads, --device, --data and --val-data can"
            ))),
        }
    }
}

/// A new run.
fn begin(args: &TrainArgs, display: &mut Display) -> Result<ExitCode> {
    args.out.as_deref().map(check_vacant).transpose()?;
    let model = args.init.as_deref().map(load_model).transpose()?;
    let settings = match &model {
        Some(model) => args.settings().with_shape(&model.config)?,
        None => args.settings(),
    };
    let reading = args.reader.reading()?;
    let text = match &args.data[..] {
        [] => match args.reader.given().filter(|_| args.val_data.is_empty()) {
            Some(option) => {
                return Err(Error::Usage(format!("{option} says how your own text is read: give --data, too")));
            }
            None => builtin(args.corpus.unwrap_or(Builtin::English))?,
        },
        paths => given_as(paths, reading.clone())?,
    };
    let text = measured_with(text, &args.val_data, reading)?;
    let tokenizer = args.tokenizer.as_deref().map(tokenizer_json).transpose()?;
    let opened = args.device.open()?;
    describe(display, &opened, &text)?;
    let mut engine = Engine::new(opened.device, SLICE, opened.memory);
    match model {
        Some(model) => {
            introduce(display, args)?;
            engine.begin_with(model, settings, text)?;
        }
        None => engine.send(Command::Train { settings, text, tokenizer })?,
    }
    signals::wait_for_save();
    let folder = match &args.out {
        Some(out) => RunFolder::take(out)?,
        None => RunFolder::number(args.preset.unwrap_or(Preset::Tiny))?,
    };
    let mut job = Job::new(engine, args.run_args(), &folder.path, None, display)?;
    let result = job.drive(&mut |_, _| ());
    if !job.is_saved() {
        folder.abandon();
    }
    result
}

/// Says what a run begins with. The rates of the presets are those of new weights.
fn introduce(display: &Display, args: &TrainArgs) -> Result<()> {
    let model = args.init.as_ref().expect("there is a model to begin with");
    display.fact("begins", format!("with the weights and the tokenizer of {}", model.display()))?;
    if args.optimiser.lr.is_some() {
        return Ok(());
    }
    let lr = TrainConfig::preset(args.preset.unwrap_or(Preset::Tiny)).lr;
    let message = "weights that are trained already take a tenth of it or less";
    display.fact("note", format!("--lr is {lr:.2e}, as for new weights: {message}"))
}

/// A run that goes on.
fn resume(args: &TrainArgs, path: &Path, display: &mut Display) -> Result<ExitCode> {
    let zip = !path.is_dir();
    args.check_resume(zip)?;
    // Of a run that another process goes on with nothing is read that would be old at once.
    let folder = if zip { None } else { Some(RunFolder::resume(path)?) };
    let mut save = load(path)?;
    let Some(step) = save.trainer.as_ref().map(|state| state.step) else {
        let message = "it is a model alone, with no run to go on with: sample and eval take it";
        return Err(Error::format(path.display(), message));
    };
    if let Some(unknown) = save.trainer.as_ref().and_then(TrainerState::unknown_fields) {
        display.fact("note", unknown)?;
    }
    let folder = match folder {
        Some(folder) => folder,
        None => unpack(path, args.out.as_deref(), &save)?,
    };
    let text = text_of(&mut save, &args.data, &args.val_data)?;
    let opened = args.device.open()?;
    describe(display, &opened, &text)?;
    let mut engine = Engine::new(opened.device, SLICE, opened.memory);
    engine.resume(save, args.changes(), text, true)?;
    signals::wait_for_save();
    Job::new(engine, args.run_args(), &folder.path, Some(step), display)?.drive(&mut |_, _| ())
}

/// Minutes, of a year at most.
fn minutes(text: &str) -> std::result::Result<f64, String> {
    let minutes = text.parse().ok().filter(|minutes| (0.0..=525_600.0).contains(minutes));
    minutes.ok_or_else(|| "expected minutes, 0 or more: 30, or 0.5".into())
}

fn describe(display: &Display, opened: &OpenedDevice, text: &Text) -> Result<()> {
    let why = opened.why.as_ref().map_or(String::new(), |why| format!(" ({why})"));
    display.fact("device", format!("{}{why}", opened.device.name()))?;
    let bytes = text.documents.iter().map(|document| document.len() as u64).sum();
    let documents = text.documents.len() as u64;
    let plural = if documents == 1 { "" } else { "s" };
    display.fact("text", format!("{}: {} document{plural}, {}", text.name, grouped(documents), size(bytes)))
}
