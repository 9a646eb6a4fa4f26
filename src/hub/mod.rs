//! A model folder that Hugging Face transformers opens, and beside it all that a run needs to go on.
//!
//! | file | what it holds |
//! |---|---|
//! | `config.json`, `generation_config.json` | the shape, as GPT-2's configuration |
//! | `model.safetensors` | the weights, under GPT-2's names |
//! | `tokenizer.json`, `tokenizer_config.json` | the tokenizer |
//! | `optimizer.safetensors` | AdamW's moments, under the names of the weights |
//! | `log.jsonl` | a line a step |
//! | `data.jsonl` | the text, where it has no other place: a document a line |
//! | `trainer.json` | where the run stands |
//!
//! The same files make a zip. Those of one save bear its id, and what mixes two saves is refused.

mod archive;
mod config;
mod folder;
mod safetensors;
mod sums;
mod trainer;
mod weights;

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

pub use archive::{from_zip, to_zip, write_zip};
pub use folder::{Log, check_sums, holds_run, load, load_model, save};
use sums::{SumWriter, Sums};
pub use trainer::TrainerState;

use crate::numerals::hexadecimal;
use crate::{
    Error, Result, corpus, data,
    model::{config::ModelConfig, parameters::parameters},
};

/// A tensor's name, shape, and values row by row.
pub type Tensor = (String, Vec<usize>, Vec<f32>);

/// A model, and where there is one, its run.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// The shape of the model.
    pub config: ModelConfig,
    /// The weights, in the order of [`parameters`] and under its names.
    pub tensors: Vec<Tensor>,
    /// AdamW's moments; a run that has taken a step has them.
    pub moments: Option<Moments>,
    /// The tokenizer, as Hugging Face tokenizers writes it.
    pub tokenizer_json: Vec<u8>,
    /// The token between documents, below `config.vocab`.
    pub end_of_text: Option<u32>,
    /// Where the run stands; none for a model alone.
    pub trainer: Option<TrainerState>,
    /// Lines of JSON, one a step. A folder's own log stays as it is when this is empty: see [`Log`].
    pub log: Vec<u8>,
    /// The documents trained on, where the files are to bring them along.
    pub corpus: Option<Vec<Vec<u8>>>,
}

/// AdamW's averages of gradients and of their squares, each a tensor a parameter, in the order of [`parameters`].
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Of the gradients.
    pub first: Vec<Vec<f32>>,
    /// Of their squares.
    pub second: Vec<Vec<f32>>,
}

const CONFIG: &str = "config.json";
const GENERATION: &str = "generation_config.json";
const MODEL: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const OPTIMIZER: &str = "optimizer.safetensors";
const LOG: &str = "log.jsonl";
const DATA: &str = "data.jsonl";
const TRAINER: &str = "trainer.json";

/// All files, in the order in which they take their places: the one that the others are checked against is the last.
const FILES: [&str; 9] = [CONFIG, GENERATION, MODEL, TOKENIZER, TOKENIZER_CONFIG, OPTIMIZER, LOG, DATA, TRAINER];

impl Save {
    /// The save's id: the same state of the same run has the same one everywhere. It follows from where the run stands,
    /// the tokenizer, and every tensor's values, of which large ones contribute about a thousand.
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        let stamp = self.stamp(String::new(), Sums::default());
        hash.update(format!("{:?} {:?} {}", self.config, self.end_of_text, stamp.tokenizer_sha256));
        if let Some(trainer) = &self.trainer {
            hash.update(trainer.to_json(stamp).to_string());
        }
        let moments = self.moments.iter().flat_map(|moments| moments.first.iter().chain(&moments.second));
        for values in self.tensors.iter().map(|(_, _, values)| values).chain(moments) {
            for value in values.iter().step_by(values.len() / 1024 + 1) {
                hash.update(value.to_le_bytes());
            }
        }
        hexadecimal(&hash.finalize())[..16].to_owned()
    }

    /// The save as files, each with its name. Panics where tensors are not those of [`parameters`].
    pub fn to_files(&self) -> Vec<(String, Vec<u8>)> {
        let mut writer = SaveWriter::new(self);
        let file = |name: &str| {
            let mut bytes = Vec::new();
            writer.write(name, &mut bytes).expect("writing to memory does not fail");
            (name.to_owned(), bytes)
        };
        self.files().into_iter().map(file).collect()
    }

    /// Reads a save from files: `file` gives the bytes of the one with that name.
    pub fn from_files(file: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Save> {
        struct Given<'a>(&'a dyn Fn(&str) -> Option<Vec<u8>>);
        impl SaveFiles for Given<'_> {
            fn open(&mut self, name: &str) -> Result<Option<(Box<dyn Read + '_>, u64)>> {
                Ok((self.0)(name).map(|bytes| {
                    let len = bytes.len() as u64;
                    (Box::new(io::Cursor::new(bytes)) as Box<dyn Read>, len)
                }))
            }
        }
        read(&mut Given(file), true)
    }

    /// The names of the files that this save has, in their order.
    fn files(&self) -> Vec<&'static str> {
        let mut names = FILES.to_vec();
        names.retain(|&name| match name {
            OPTIMIZER => self.moments.is_some(),
            LOG => !self.log.is_empty(),
            DATA => self.corpus.is_some(),
            TRAINER => self.trainer.is_some(),
            _ => true,
        });
        names
    }

    fn stamp(&self, save: String, sums: Sums) -> trainer::Stamp {
        trainer::Stamp { save, model: self.config, tokenizer_sha256: self.tokenizer_hash(), sums }
    }

    /// Writes the file `name` of the save `id`; `sums` are those of the files that the trainer's holds sums of.
    fn write_file(&self, name: &str, id: &str, sums: &Sums, writer: &mut dyn Write) -> io::Result<()> {
        let json = match name {
            CONFIG => {
                assert!(self.end_of_text.is_none_or(|token| (token as usize) < self.config.vocab), "end of text");
                config::model_config(&self.config, self.end_of_text, id)
            }
            GENERATION => config::generation_config(self.end_of_text, id),
            TOKENIZER_CONFIG => {
                // A tokenizer that cannot be read has no special tokens that could be named.
                let token = config::special_token(TOKENIZER, &self.tokenizer_json, self.end_of_text);
                config::tokenizer_config(self.config.context, token.ok().flatten().as_deref(), id)
            }
            TRAINER => {
                let trainer = self.trainer.as_ref().expect("only a run has this file");
                assert!(trainer.step == 0 || self.moments.is_some(), "a run that has taken a step has moments");
                trainer.to_json(self.stamp(id.into(), sums.clone()))
            }
            MODEL | OPTIMIZER => {
                let views = if name == MODEL { self.model_views() } else { self.moment_views() };
                return safetensors::write(writer, &[("format", "pt"), (config::SAVE, id)], &views);
            }
            TOKENIZER => return writer.write_all(&self.tokenizer_json),
            LOG => return writer.write_all(&self.log),
            DATA => return writer.write_all(&corpus::write_jsonl(self.corpus.as_deref().unwrap_or_default())),
            _ => unreachable!("{name} is no file of a save"),
        };
        let mut text = serde_json::to_vec_pretty(&json)?;
        text.push(b'\n');
        writer.write_all(&text)
    }

    fn model_views(&self) -> Vec<safetensors::View<'_>> {
        let list = parameters(&self.config);
        assert_eq!(list.len(), self.tensors.len(), "a save has a tensor a parameter");
        for (parameter, (name, shape, _)) in list.iter().zip(&self.tensors) {
            assert_eq!((&parameter.name, &parameter.shape), (name, shape), "a save's tensors are the parameters");
        }
        self.tensors.iter().map(|(name, shape, values)| (name.clone(), &shape[..], &values[..])).collect()
    }

    fn moment_views(&self) -> Vec<safetensors::View<'_>> {
        let mut views = Vec::new();
        for (prefix, moment) in self.moments.iter().flat_map(|m| [(FIRST, &m.first), (SECOND, &m.second)]) {
            assert_eq!(moment.len(), self.tensors.len(), "a save has a moment a parameter");
            for ((name, shape, _), values) in self.tensors.iter().zip(moment) {
                views.push((format!("{prefix}{name}"), &shape[..], &values[..]));
            }
        }
        views
    }

    fn tokenizer_hash(&self) -> String {
        hexadecimal(&Sha256::digest(&self.tokenizer_json))
    }
}

/// Writes the files of a save in their order, each once: `trainer.json`, the last, holds sums of those before it.
struct SaveWriter<'a> {
    save: &'a Save,
    /// The id of the save.
    id: String,
    sums: Sums,
}

impl<'a> SaveWriter<'a> {
    fn new(save: &'a Save) -> SaveWriter<'a> {
        SaveWriter { save, id: save.id(), sums: Sums::default() }
    }

    /// Writes the file `name`.
    fn write(&mut self, name: &str, writer: &mut dyn Write) -> io::Result<()> {
        if self.save.trainer.is_none() || !Sums::holds(name) {
            return self.save.write_file(name, &self.id, &self.sums, writer);
        }
        let mut summed = SumWriter::new(writer);
        self.save.write_file(name, &self.id, &self.sums, &mut summed)?;
        self.sums.set(name, summed.sum());
        Ok(())
    }
}

/// What stands before a parameter's name in `optimizer.safetensors`.
const FIRST: &str = "first_moment.";
const SECOND: &str = "second_moment.";

/// Where the files of a save come from.
trait SaveFiles {
    /// The bytes of a file, and how many there are; none where there is no such file.
    fn open(&mut self, name: &str) -> Result<Option<(Box<dyn Read + '_>, u64)>>;

    /// What a file is called in an error.
    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// Reads a save; without `run`, only what is needed to use the model: no moments, no log, no text.
fn read(source: &mut dyn SaveFiles, run: bool) -> Result<Save> {
    let Some(found) = small(source, CONFIG, 16 << 20)? else {
        let message = "it is missing: expected a model folder with config.json, model.safetensors and tokenizer.json, \
                       or a zip of one";
        return Err(Error::format(source.place(CONFIG), message));
    };
    let found = config::read(&source.place(CONFIG), &found)?;
    let config = found.config;

    let trainer = match small(source, TRAINER, 16 << 20)? {
        Some(bytes) => Some(TrainerState::from_json(&source.place(TRAINER), &bytes)?),
        None => None,
    };
    // Without a run there may be only one mark: transformers keeps that of config.json and drops that of the weights.
    let check = |source: &dyn SaveFiles, name: &str, mark: Option<&str>, required: bool| match &trainer {
        Some((_, stamp)) if mark.is_some() || required => same_save(source, TRAINER, &stamp.save, name, mark),
        None if mark.is_some() && found.save.is_some() => {
            same_save(source, CONFIG, found.save.as_deref().unwrap_or_default(), name, mark)
        }
        _ => Ok(()),
    };
    check(source, CONFIG, found.save.as_deref(), true)?;
    for name in [GENERATION, TOKENIZER_CONFIG] {
        let mark = small(source, name, 16 << 20)?.and_then(|bytes| config::save_of(&bytes));
        check(source, name, mark.as_deref(), false)?;
    }
    if let Some((_, stamp)) = &trainer
        && stamp.model != config
    {
        let message = format!("it is of a model of another shape than {}: restore all files of one save", CONFIG);
        return Err(Error::format(source.place(TRAINER), message));
    }

    let Some(tokenizer_json) = small(source, TOKENIZER, 256 << 20)? else {
        let message = "it is missing: save the tokenizer again with a version of transformers that writes it";
        return Err(Error::format(source.place(TOKENIZER), message));
    };
    config::special_token(&source.place(TOKENIZER), &tokenizer_json, None)?;
    if let Some((_, stamp)) = &trainer
        && stamp.tokenizer_sha256 != hexadecimal(&Sha256::digest(&tokenizer_json))
    {
        let message = "it is not the tokenizer of this run: restore all files of one save";
        return Err(Error::format(source.place(TOKENIZER), message));
    }

    let sums = trainer.as_ref().map(|(_, stamp)| stamp.sums.clone()).unwrap_or_default();
    let weights::WholeFile { content: tensors, mark, intact } =
        weights::read_model(source, &config, found.tied, &sums)?;
    // A file of another save is no damaged one.
    check(source, MODEL, mark.as_deref(), true)?;
    intact?;
    let mut save = Save {
        config,
        tensors,
        moments: None,
        tokenizer_json,
        end_of_text: found.end_of_text,
        trainer: None,
        log: Vec::new(),
        corpus: None,
    };
    if run && trainer.is_some() {
        if let Some(weights::WholeFile { content: moments, mark, intact }) =
            weights::read_moments(source, &config, &sums)?
        {
            check(source, OPTIMIZER, mark.as_deref(), true)?;
            intact?;
            save.moments = Some(moments);
        }
        save.log = small(source, LOG, 4 << 30)?.unwrap_or_default();
    }
    save.trainer = trainer.map(|(trainer, _)| trainer);
    if let Some(trainer) = &save.trainer
        && run
    {
        if trainer.step > 0 && save.moments.is_none() {
            let message = format!("it is missing, and without it the run at step {} cannot go on", trainer.step);
            return Err(Error::format(source.place(OPTIMIZER), message));
        }
        if let Some(bytes) = small(source, DATA, 4 << 30)? {
            let documents = corpus::read_jsonl(&source.place(DATA), &bytes)?;
            if data::Corpus::describe(&trainer.corpus.name, &documents) != trainer.corpus {
                let message = "it is not the text of this run: restore all files of one save, or remove it";
                return Err(Error::format(source.place(DATA), message));
            }
            save.corpus = Some(documents);
        }
    }
    Ok(save)
}

/// Holds weights and moments against the sums that were saved with them: says what was compared, and which are damaged.
fn compare_sums(source: &mut dyn SaveFiles) -> Result<(Vec<String>, Vec<Error>)> {
    let (mut facts, mut faults) = (Vec::new(), Vec::new());
    let Some(bytes) = small(source, TRAINER, 16 << 20)? else { return Ok((facts, faults)) };
    let (_, stamp) = TrainerState::from_json(&source.place(TRAINER), &bytes)?;
    for name in [MODEL, OPTIMIZER] {
        let place = source.place(name);
        let Some((reader, _)) = source.open(name)? else { continue };
        let mut reader = stamp.sums.reader(name, reader);
        let known = reader.is_compared();
        let read = io::copy(&mut reader, &mut io::sink()).map_err(|error| damaged(&place, error));
        match read.and_then(|_| reader.check(&place)) {
            Ok(()) if known => facts.push(format!("{name} has the SHA-256 that it was saved with")),
            Ok(()) => facts.push(format!("{name} was saved without its SHA-256, by an older version")),
            Err(error) => faults.push(error),
        }
    }
    Ok((facts, faults))
}

/// Refuses a file `name` with the mark of another save than `save`, which is that of the file `anchor`.
fn same_save(source: &dyn SaveFiles, anchor: &str, save: &str, name: &str, mark: Option<&str>) -> Result<()> {
    match mark {
        Some(mark) if mark == save => Ok(()),
        Some(mark) => Err(Error::format(
            source.place(name),
            format!("it is of save {mark:?} and {anchor} of save {save:?}: restore all files of one save"),
        )),
        None => Err(Error::format(
            source.place(name),
            format!(
                "it does not bear the mark of save {save:?} as {anchor} does, so another program wrote it: restore all \
                 files of one save, or remove {TRAINER} to use the model without its run"
            ),
        )),
    }
}

/// The bytes of a file of at most `limit`, if there is one.
fn small(source: &mut dyn SaveFiles, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
    let place = source.place(name);
    let Some((reader, len)) = source.open(name)? else { return Ok(None) };
    if len > limit {
        let message = format!("expected at most {} MiB, found {}: it is another file", limit >> 20, len >> 20);
        return Err(Error::format(place, message));
    }
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes).map_err(|error| damaged(&place, error))?;
    Ok(Some(bytes))
}

/// A file that ends early or does not unpack.
fn damaged(place: &str, error: io::Error) -> Error {
    Error::format(place, format!("it cannot be read to its end ({error}): it is damaged, get it again"))
}
