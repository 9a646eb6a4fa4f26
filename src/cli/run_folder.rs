//! The folder that a run is saved in, and where its text and tokenizer come from.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glasshouse::corpus::readers::Reading;
use glasshouse::corpus::{self, Builtin};
use glasshouse::data::{Corpus, Source, Split};
use glasshouse::engine::{Recalled, Settings, Store, Text};
use glasshouse::files::{self, FolderLock, LOCK};
use glasshouse::hub::{self, Log, Save};
use glasshouse::model::Preset;
use glasshouse::train::StepReport;
use glasshouse::{Error, Result};

use super::output::{self, duration};
use super::{input, tokenizer};

/// What to do about a folder that another process writes to.
const IN_USE: &str = "wait for it or end it, or give another --out";

/// A folder that this call made or took for its run, and that no other call writes to meanwhile.
pub struct RunFolder {
    /// Where it is.
    pub path: PathBuf,
    made: bool,
    _lock: FolderLock,
}

impl RunFolder {
    /// Takes the folder `out`, which holds nothing that a run would overwrite.
    pub fn take(out: &Path) -> Result<RunFolder> {
        check_vacant(out)?;
        let made = !out.exists();
        files::create_folder(out)?;
        let lock = FolderLock::take(out, IN_USE)?;
        // Whoever held the lock before may have saved a run.
        check_vacant(out)?;
        Ok(RunFolder { path: out.to_owned(), made, _lock: lock })
    }

    /// Makes the first free `runs/PRESET-N`.
    pub fn number(preset: Preset) -> Result<RunFolder> {
        let runs = Path::new("runs");
        files::create_folder(runs)?;
        let mut n = 1_u64;
        loop {
            let path = runs.join(format!("{preset}-{n}"));
            // Another run may be looking for a free name, too.
            match fs::create_dir(&path) {
                Ok(()) => {
                    let lock = FolderLock::take(&path, IN_USE)?;
                    return Ok(RunFolder { path, made: true, _lock: lock });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => n += 1,
                Err(error) => return Err(Error::io(path, "create", error)),
            }
        }
    }

    /// Takes the folder of the run that goes on.
    pub fn resume(path: &Path) -> Result<RunFolder> {
        let lock = FolderLock::take(path, "wait for it or end it, then go on with --resume")?;
        Ok(RunFolder { path: path.to_owned(), made: false, _lock: lock })
    }

    /// Removes the folder of a run that has left nothing in it.
    pub fn abandon(self) {
        let log = self.path.join("log.jsonl");
        let empty = fs::metadata(&log).is_ok_and(|file| file.len() == 0);
        // Nothing is lost where these stay.
        if empty {
            let _ = fs::remove_file(log);
        }
        if self.made {
            let others = fs::read_dir(&self.path)
                .map_or(0, |entries| entries.flatten().filter(|e| e.file_name() != LOCK).count());
            if others == 0 {
                let _ = fs::remove_file(self.path.join(LOCK));
                let _ = fs::remove_dir(&self.path);
            }
        }
    }
}

/// How long a run waits where the disk is full.
#[derive(Clone, Copy)]
pub struct Patience {
    /// As long as this.
    pub limit: Duration,
    /// Unless this says that somebody wants it to end.
    pub interrupted: fn() -> bool,
}

impl Patience {
    /// Does what writes to `folder`, again and again as long as there is no room on its disk.
    fn retry<T>(self, folder: &Path, mut act: impl FnMut() -> Result<T>) -> Result<T> {
        let begin = Instant::now();
        let (mut said, mut pause) = (None::<Instant>, Duration::from_millis(100));
        loop {
            match act() {
                Err(error) if error.is_disk_full() && begin.elapsed() < self.limit && !(self.interrupted)() => {
                    if said.is_none_or(|said| said.elapsed() >= Duration::from_secs(60)) {
                        let left = duration((self.limit - begin.elapsed().min(self.limit)).as_secs_f64());
                        output::note(format!("{error}; the run waits for room, {left} at most, and goes on then"));
                        said = Some(Instant::now());
                    }
                    // No system tells when there is room again: it is tried, at first often and then every ten seconds.
                    std::thread::sleep(pause);
                    pause = (2 * pause).min(Duration::from_secs(10));
                }
                Ok(done) => {
                    if said.is_some() {
                        output::note(format!("there is room again in {}: the run goes on", folder.display()));
                    }
                    return Ok(done);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The store of a run in its folder, which has its saves and its log.
pub struct FolderStore {
    path: PathBuf,
    log: Log,
    saved: Option<u64>,
    data: Vec<PathBuf>,
    patience: Patience,
}

impl FolderStore {
    /// The folder at `path`, which holds the run as it was after step `saved`. Its text is read from `data`, where that names
    /// something.
    pub fn open(path: &Path, saved: Option<u64>, data: Vec<PathBuf>, patience: Patience) -> Result<FolderStore> {
        let log = Log::open(path, saved.unwrap_or(0))?;
        Ok(FolderStore { path: path.to_owned(), log, saved, data, patience })
    }
}

impl Store for FolderStore {
    const IN_MEMORY: bool = false;

    fn begin(&mut self, _: Settings, _: Text) {}

    fn go_on(&mut self, _: Save, _: Text) {}

    fn log(&mut self, report: &StepReport) -> Result<()> {
        let FolderStore { log, path, patience, .. } = self;
        patience.retry(path, || log.append(report))
    }

    fn put(&mut self, mut save: Save) -> Result<()> {
        // The folder's own log is appended to line by line.
        save.log.clear();
        self.patience.retry(&self.path, || hub::save(&self.path, &save))?;
        self.saved = save.trainer.as_ref().map(|state| state.step);
        Ok(())
    }

    fn step(&self) -> Option<u64> {
        self.saved
    }

    fn recall(&mut self) -> Result<Recalled> {
        let Some(saved) = self.saved else { return Ok(Recalled::Nothing) };
        let mut save = hub::load(&self.path)?;
        // Standard input cannot be read twice, but then the save has the text.
        let data = if save.corpus.is_some() { &[] } else { &self.data[..] };
        let text = text_of(&mut save, data, &[])?;
        self.log = Log::open(&self.path, saved)?;
        Ok(Recalled::Save(Box::new(save), text))
    }

    fn forget(&mut self) {}
}

/// Refuses a folder with something in it that a run would overwrite.
pub fn check_vacant(folder: &Path) -> Result<()> {
    if hub::holds_run(folder) {
        let message = "holds a run already: go on with it by --resume, or give another --out";
        return Err(Error::Config(format!("{} {message}", folder.display())));
    }
    if fs::metadata(folder.join("log.jsonl")).is_ok_and(|log| log.len() > 0) {
        let message = "holds the log of a run that was not saved: move it away, or give another --out";
        return Err(Error::Config(format!("{} {message}", folder.display())));
    }
    if ["config.json", "model.safetensors"].iter().any(|name| folder.join(name).exists()) {
        return Err(Error::Config(format!("{} holds a model already: give another --out", folder.display())));
    }
    Ok(())
}

/// Reads a model and its run from a folder, a zip of one, or a zip that comes by standard input.
pub fn load(path: &Path) -> Result<Save> {
    if path == Path::new("-") { hub::from_zip(&input::read(path)?) } else { hub::load(path) }
}

/// Reads a model without its run, from the same places.
pub fn load_model(path: &Path) -> Result<Save> {
    if path == Path::new("-") { hub::from_zip(&input::read(path)?) } else { hub::load_model(path) }
}

/// Puts the run of a zip into a folder: `out`, or the one that has the zip's name without its ending.
pub fn unpack(zip: &Path, out: Option<&Path>, save: &Save) -> Result<RunFolder> {
    let folder = match out {
        Some(folder) => folder.to_owned(),
        None if zip.extension().is_some() => zip.with_extension(""),
        None if zip == Path::new("-") => {
            return Err(Error::Usage("a zip on standard input has no name: say with --out where to go on".into()));
        }
        None => return Err(Error::Usage(format!("{} has no ending: say with --out where to go on", zip.display()))),
    };
    let folder = RunFolder::take(&folder)?;
    hub::save(&folder.path, save)?;
    Ok(folder)
}

/// A corpus that comes with the program.
pub fn builtin(corpus: Builtin) -> Result<Text> {
    Ok(Text { name: corpus.name().into(), documents: corpus::documents(corpus.file())?, ..Text::default() })
}

/// The user's text. Its name is the paths as they were given, so that they can be read again; what came by standard
/// input is kept with the run, having no other place.
pub fn given_as(paths: &[PathBuf], reading: Reading) -> Result<Text> {
    let documents = input::documents(paths, &reading)?;
    let keep = is_standard_input(paths);
    Ok(Text { name: named(paths), documents, keep, source: Source::new(reading), ..Text::default() })
}

/// The user's text, each file read as its content says.
#[cfg(test)]
pub fn given(paths: &[PathBuf]) -> Result<Text> {
    given_as(paths, Reading::default())
}

/// Paths as one name.
fn named(paths: &[PathBuf]) -> String {
    let joined = std::env::join_paths(paths).map(|joined| joined.to_string_lossy().into_owned());
    match joined {
        _ if is_standard_input(paths) && paths.len() == 1 => "standard input".into(),
        Ok(name) if name.parse::<Builtin>().is_ok() => format!("./{name}"),
        Ok(name) => name,
        Err(_) => format!("{} paths", paths.len()),
    }
}

/// A text whose validation loss is measured with the texts at `paths`, where there are any.
pub fn measured_with(text: Text, paths: &[PathBuf], reading: Reading) -> Result<Text> {
    if paths.is_empty() {
        return Ok(text);
    }
    if is_standard_input(paths) {
        return Err(Error::Usage(
            "--val-data is read again when the run goes on: give files, not standard input".into(),
        ));
    }
    let validation = input::documents(paths, &reading)?;
    let known = Corpus::describe(named(paths), &validation);
    // A built-in corpus stays what it is; the texts to measure with are read as they were asked for.
    let source = Source { reading, split: Split::Given, validation: Some(Box::new(known)) };
    Ok(Text { source, validation, ..text })
}

fn is_standard_input(paths: &[PathBuf]) -> bool {
    paths.iter().any(|path| path == Path::new("-"))
}

/// The text of a run that goes on: from the places given, or out of the save, the program, the place where it was. It is read as
/// it was when the run began.
pub fn text_of(save: &mut Save, data: &[PathBuf], val_data: &[PathBuf]) -> Result<Text> {
    let (name, source) = match &save.trainer {
        Some(state) => (state.corpus.name.clone(), state.corpus.source.clone()),
        None => (String::new(), Source::default()),
    };
    source.reading.check()?;
    let again = |name: &str, option: &str| {
        let paths: Vec<PathBuf> = std::env::split_paths(name).collect();
        input::documents(&paths, &source.reading).map_err(|error| {
            Error::Config(format!("this run needs {name:?}, which cannot be read again ({error}): give {option}"))
        })
    };
    let carried = save.corpus.take();
    let (documents, keep) = if !data.is_empty() {
        (input::documents(data, &source.reading)?, carried.is_some() || is_standard_input(data))
    } else if let Some(documents) = carried {
        (documents, true)
    } else if let Ok(corpus) = name.parse::<Builtin>() {
        (builtin(corpus)?.documents, false)
    } else {
        (again(&name, "--data")?, false)
    };
    let validation = match (&source.validation, val_data) {
        (None, []) => Vec::new(),
        (None, _) => {
            return Err(Error::Usage(
                "this run measures with a part of its text: --val-data cannot change that".into(),
            ));
        }
        (Some(known), []) => again(&known.name, "--val-data")?,
        (Some(_), paths) => input::documents(paths, &source.reading)?,
    };
    Ok(Text { name, documents, keep, source, validation, ..Text::default() })
}

/// The tokenizer at `path`, as tokenizer.json.
pub fn tokenizer_json(path: &Path) -> Result<Vec<u8>> {
    match tokenizer::load(path, None) {
        Ok(tokenizer) => Ok(tokenizer.to_json()),
        // A file of ranks alone has no special token that could stand between documents.
        Err(Error::Usage(_)) => Err(Error::format(
            path.display(),
            "expected a tokenizer.json, or a vocab.bpe with its encoder.json beside it: train takes no other",
        )),
        Err(error) => Err(error),
    }
}
