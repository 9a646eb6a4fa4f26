//! A save in a folder: whole before and whole after, wherever the machine stops in between.
//!
//! All files are written under temporary names and brought to the disk. Then one rename puts `pending.json` in place,
//! which names the save and its files: from there on the new save counts, and before it the old one. Then each file is
//! renamed to its place, and `pending.json` removed. Who reads takes the temporary files that a `pending.json` names in
//! preference to those in their places; who saves next finishes the renames first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DATA, FILES, LOG, Save, SaveFiles, SaveWriter, TRAINER, archive::Zip, small};
use crate::files::{self, Disk};
use crate::{Error, Result};

/// The file that says that a save is complete but not yet in its place.
const PENDING: &str = "pending.json";

#[derive(Serialize, Deserialize, PartialEq)]
struct PendingSave {
    save: String,
    files: Vec<String>,
}

/// Reads a model and its run from a folder, or from a zip of one.
pub fn load(path: impl AsRef<Path>) -> Result<Save> {
    load_parts(path.as_ref(), true)
}

/// Reads what is needed to use the model: no moments, no log, no text.
pub fn load_model(path: impl AsRef<Path>) -> Result<Save> {
    load_parts(path.as_ref(), false)
}

/// Holds weights and moments in a folder or a zip against the sums that were saved with them: says what was compared, and which
/// are damaged.
pub fn check_sums(path: impl AsRef<Path>) -> Result<(Vec<String>, Vec<Error>)> {
    super::compare_sums(&mut *open(path.as_ref())?)
}

fn load_parts(path: &Path, run: bool) -> Result<Save> {
    super::read(&mut *open(path)?, run)
}

fn open(path: &Path) -> Result<Box<dyn SaveFiles>> {
    if path.is_dir() {
        return Ok(Box::new(Folder::open(path)?));
    }
    let file = File::open(path).map_err(|error| Error::io(path, "read", error))?;
    Ok(Box::new(Zip::open(&path.display().to_string(), file)?))
}

/// Whether a run was saved in `folder`.
pub fn holds_run(folder: impl AsRef<Path>) -> bool {
    [TRAINER, PENDING].iter().any(|name| folder.as_ref().join(name).exists())
}

/// Saves into `folder`, which is made if there is none. Fails without a change to what was saved there before.
pub fn save(folder: impl AsRef<Path>, save: &Save) -> Result<()> {
    files::with_disk(|disk| Saving(disk).save(folder.as_ref(), save))
}

/// The files of a save in a folder, opened together, so that a save that is made meanwhile does not mix in.
struct Folder {
    path: PathBuf,
    files: Vec<(&'static str, File)>,
}

impl Folder {
    fn open(path: &Path) -> Result<Self> {
        // A save may be made between two of these lines; then they are done again.
        for _ in 0..100 {
            let before = Folder::snapshot(path)?;
            let after = Folder::snapshot(path)?;
            let same = |name| before.0.bytes(name).ok() == after.0.bytes(name).ok();
            if before.1 == after.1 && same(TRAINER) && same(super::CONFIG) {
                return Ok(after.0);
            }
        }
        let message = "it changes again and again while it is read: end the runs that save there".into();
        Err(Error::Io { path: path.to_owned(), message, kind: io::ErrorKind::Interrupted })
    }

    fn snapshot(path: &Path) -> Result<(Self, Option<PendingSave>)> {
        let pending = read_pending(path)?;
        let mut files = Vec::new();
        for name in FILES.into_iter().chain(["model.safetensors.index.json", "pytorch_model.bin"]) {
            for candidate in candidates(path, name, pending.as_ref()) {
                match File::open(&candidate) {
                    Ok(file) => {
                        files.push((name, file));
                        break;
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(Error::io(candidate, "read", error)),
                }
            }
        }
        Ok((Folder { path: path.to_owned(), files }, pending))
    }

    /// The bytes of a small file; none of one that is missing.
    fn bytes(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some((_, file)) = self.files.iter().find(|(known, _)| *known == name) {
            let mut file = file;
            file.rewind()?;
            file.take(16 << 20).read_to_end(&mut bytes)?;
            file.rewind()?;
        }
        Ok(bytes)
    }
}

impl SaveFiles for Folder {
    fn open(&mut self, name: &str) -> Result<Option<(Box<dyn Read + '_>, u64)>> {
        let path = self.path.join(name);
        let Some((_, file)) = self.files.iter_mut().find(|(known, _)| *known == name) else { return Ok(None) };
        let len = file.rewind().and_then(|()| file.metadata()).map_err(|error| Error::io(path, "read", error))?.len();
        Ok(Some((Box::new(io::BufReader::new(file)), len)))
    }

    fn place(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

/// Where a file of the save may be, the first first.
fn candidates(folder: &Path, name: &str, pending: Option<&PendingSave>) -> Vec<PathBuf> {
    let pending = pending.filter(|pending| pending.files.iter().any(|file| file == name));
    pending.map(|pending| temporary(folder, name, &pending.save)).into_iter().chain([folder.join(name)]).collect()
}

fn temporary(folder: &Path, name: &str, id: &str) -> PathBuf {
    folder.join(format!("{name}.{id}.tmp"))
}

fn read_pending(folder: &Path) -> Result<Option<PendingSave>> {
    let path = folder.join(PENDING);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path, "read", error)),
    };
    let known = |pending: &PendingSave| {
        pending.files.iter().all(|name| FILES.contains(&&name[..]))
            && pending.save.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match serde_json::from_slice(&bytes).ok().filter(known) {
        Some(pending) => Ok(Some(pending)),
        None => Err(Error::format(path.display(), "it is damaged: remove it to go back to the save before")),
    }
}

/// A save on its way to the disk.
struct Saving<'a, 'b>(&'a mut Disk<'b>);

impl Saving<'_, '_> {
    fn save(&mut self, folder: &Path, save: &Save) -> Result<()> {
        files::create_folder(folder)?;
        self.recover(folder)?;
        let names = names(folder, save)?;
        let mut files = SaveWriter::new(save);
        let id = files.id.clone();
        let written = self.write_temporaries(folder, &mut files, &names);
        if written.is_err() {
            // The system's refusal is the one to report; what cannot be removed now is removed by the next save.
            for name in names.iter().chain(&[PENDING]) {
                let _ = self.0.remove(&temporary(folder, name, &id));
            }
            return written;
        }
        self.recover(folder)
    }

    fn write_temporaries(&mut self, folder: &Path, files: &mut SaveWriter, names: &[&str]) -> Result<()> {
        for name in names {
            let path = temporary(folder, name, &files.id);
            let written = self.0.write(&path, &mut |writer| files.write(name, writer));
            written.map_err(|error| Error::io(path, "write", error))?;
        }
        let (save, id) = (files.save, &files.id[..]);
        if save.log.is_empty() && folder.join(LOG).exists() {
            // The log's lines of this save must not be younger than the save.
            let path = folder.join(LOG);
            let synced = OpenOptions::new().append(true).open(&path).and_then(|file| self.0.sync(&file));
            synced.map_err(|error| Error::io(path, "write", error))?;
        }
        let pending = PendingSave { save: id.to_owned(), files: names.iter().map(|&name| name.to_owned()).collect() };
        let (from, to) = (temporary(folder, PENDING, id), folder.join(PENDING));
        self.0
            .write(&from, &mut |writer| Ok(serde_json::to_writer(writer, &pending)?))
            .and_then(|()| self.0.sync_folder(folder))
            .and_then(|()| self.0.rename(&from, &to))
            .map_err(|error| Error::io(to, "write", error))?;
        Ok(())
    }

    /// Finishes a save that is complete but not in its place, and removes what is left of one that is not complete.
    fn recover(&mut self, folder: &Path) -> Result<()> {
        if let Some(pending) = read_pending(folder)? {
            self.put_in_place(folder, &pending).map_err(|error| Error::io(folder, "save in", error))?;
        }
        let entries = fs::read_dir(folder).map_err(|error| Error::io(folder, "read", error))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".tmp"));
            let parts = name.and_then(|name| name.rsplit_once('.'));
            let ours = |(name, id): (&str, &str)| {
                (FILES.contains(&name) || name == PENDING)
                    && id.len() == 16
                    && id.bytes().all(|b| b.is_ascii_hexdigit())
            };
            if parts.is_some_and(ours) {
                self.0.remove(&path).map_err(|error| Error::io(path, "remove", error))?;
            }
        }
        Ok(())
    }

    fn put_in_place(&mut self, folder: &Path, pending: &PendingSave) -> io::Result<()> {
        // The pending file must be on the disk before the first of the old files goes.
        self.0.sync_folder(folder)?;
        for name in &pending.files {
            let from = temporary(folder, name, &pending.save);
            if from.exists() {
                self.0.rename(&from, &folder.join(name))?;
            }
        }
        self.0.sync_folder(folder)?;
        self.0.remove(&folder.join(PENDING))?;
        self.0.sync_folder(folder)
    }
}

/// The files that `save` writes into `folder`: all of its own, but not the text if it is there already.
fn names(folder: &Path, save: &Save) -> Result<Vec<&'static str>> {
    let mut names = save.files();
    let Some(trainer) = &save.trainer else {
        if holds_run(folder) {
            let message = format!("{} holds a run: save the model alone in another folder", folder.display());
            return Err(Error::Usage(message));
        }
        return Ok(names);
    };
    if folder.join(DATA).exists() {
        let old = small(&mut Folder::open(folder)?, TRAINER, 16 << 20)?;
        let old: Option<Value> = old.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if old.is_some_and(|old| old["corpus"]["sha256"] == trainer.corpus.sha256) {
            names.retain(|&name| name != DATA);
        }
    }
    Ok(names)
}

/// The log of a run in its folder, to which lines are appended as the run goes.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Opens the log of the run in `folder`, or begins one, and cuts off what was written after `step`.
    pub fn open(folder: impl AsRef<Path>, step: u64) -> Result<Self> {
        let path = folder.as_ref().join(LOG);
        let fail = |error| Error::io(&path, "write", error);
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(fail)?;
        let mut lines = io::BufReader::new(&file);
        let (mut end, mut number, mut line) = (0, 0, Vec::new());
        loop {
            line.clear();
            number += 1;
            // A line of ours has some hundred bytes.
            let read = io::BufRead::read_until(&mut (&mut lines).take(1 << 20), b'\n', &mut line).map_err(fail)?;
            // The last line is torn if the machine stopped while it was written; then its step was not saved.
            if !line.ends_with(b"\n") && read < 1 << 20 {
                break;
            }
            match serde_json::from_slice::<Value>(&line).ok().and_then(|line| line["step"].as_u64()) {
                Some(found) if found > step => break,
                Some(_) => end += read as u64,
                None => {
                    let place = format!("{}, line {number}", path.display());
                    return Err(Error::format(place, "expected a JSON object with a `step`: mend or remove the file"));
                }
            }
        }
        file.set_len(end).map_err(fail)?;
        Ok(Log { file, path })
    }

    /// Appends a line.
    pub fn append(&mut self, line: &impl Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec(line).expect("a line of the log is plain data");
        bytes.push(b'\n');
        let before = self.file.metadata().map(|file| file.len());
        self.file.write_all(&bytes).map_err(|error| {
            // A disk that is full takes a part of a line, which must not stand before the whole one.
            let _ = before.and_then(|len| self.file.set_len(len));
            Error::io(&self.path, "write", error)
        })
    }
}

#[cfg(test)]
#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::{
        data::Corpus,
        hub::{Moments, TrainerState},
        model::{
            config::{ModelConfig, Preset},
            parameters::{initialise, parameters},
        },
        train::TrainConfig,
    };

    /// A run at `step`; no two steps have a value in common. The text is another up to step 2.
    fn run(step: u64) -> Save {
        let text = vec![step.min(2).to_le_bytes().to_vec()];
        let config = ModelConfig { layers: 1, heads: 2, channels: 8, context: 4, vocab: 20 };
        let list = parameters(&config);
        let values = |seed| list.iter().enumerate().map(move |(i, p)| (p, initialise(p, i, seed)));
        Save {
            config,
            tensors: values(step).map(|(p, values)| (p.name.clone(), p.shape.clone(), values)).collect(),
            moments: Some(Moments {
                first: values(step + 100).map(|(_, values)| values).collect(),
                second: values(step + 200).map(|(_, values)| values).collect(),
            }),
            tokenizer_json: format!("{{\"model\": {{}}, \"step\": {step}}}").into_bytes(),
            end_of_text: Some(19),
            trainer: Some(TrainerState {
                step,
                extra: 0,
                position: step,
                preset: None,
                train: TrainConfig::preset(Preset::Tiny),
                corpus: Corpus::describe("text", &text),
                as_read: Default::default(),
            }),
            log: format!("{{\"step\":{step}}}\n").into_bytes(),
            corpus: Some(text),
        }
    }

    /// What a save is worth is what is read back.
    fn loaded(folder: &Path) -> Save {
        let mut save = load(folder).unwrap();
        save.trainer.as_mut().unwrap().as_read.clear();
        save
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Pulls the plug before each operation in turn; or the disk is full from then on; or that operation alone fails.
    /// What is read then is the old save or the new one, whole; the new one if saving said so; and the next save goes
    /// through.
    #[test]
    fn a_save_that_is_interrupted_anywhere_loses_nothing() {
        let (old, new) = (run(1), run(2));
        let saved = tempfile::tempdir().unwrap();
        save(saved.path(), &old).unwrap();
        for kind in ["plug", "full disk", "once"] {
            let mut seen = [0, 0];
            for survives in 0.. {
                let folder = tempfile::tempdir().unwrap();
                for name in files(saved.path()) {
                    fs::copy(saved.path().join(&name), folder.path().join(&name)).unwrap();
                }
                let mut done = 0;
                let mut fault = |operation| {
                    done += 1;
                    let fails = match kind {
                        "plug" => done > survives,
                        "full disk" => done > survives && operation == files::Operation::Write,
                        _ => done == survives + 1,
                    };
                    if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
                };
                let result = Saving(&mut Disk(&mut fault)).save(folder.path(), &new);
                let found = loaded(folder.path());
                assert!(found == old || found == new, "{kind} after {survives} operations");
                assert!(
                    found == new || result.is_err(),
                    "{kind} after {survives} operations: it says that it has saved"
                );
                seen[usize::from(found == new)] += 1;
                if kind == "full disk"
                    && let Err(error) = &result
                {
                    assert_eq!(files(folder.path()).len(), 9, "what was begun is removed");
                    assert!(error.to_string().contains("the disk is full"), "{error}");
                }
                save(folder.path(), &run(3)).unwrap();
                assert_eq!(loaded(folder.path()), run(3));
                assert_eq!(files(folder.path()).len(), 9, "no temporary file is left");
                if result.is_ok() {
                    break;
                }
            }
            assert!(seen[0] > 8 && seen[1] > if kind == "full disk" { 0 } else { 8 }, "{kind}: {seen:?}");
        }
    }

    /// A reader that opens the folder again and again while saves are made never meets two of them mixed.
    #[test]
    fn a_folder_can_be_read_while_it_is_saved_to() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &run(1)).unwrap();
        let saves = [run(1), run(2)];
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (0..40).for_each(|i| save(folder.path(), &saves[i % 2]).unwrap()));
            while !writer.is_finished() {
                let found = loaded(folder.path());
                assert!(saves.contains(&found));
            }
        });
    }

    #[test]
    fn a_damaged_pending_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &run(1)).unwrap();
        for pending in ["{", r#"{"save": "../x", "files": []}"#, r#"{"save": "0", "files": ["../x"]}"#] {
            fs::write(folder.path().join(PENDING), pending).unwrap();
            let refusal = load(folder.path()).unwrap_err().to_string();
            assert!(refusal.contains("pending.json: it is damaged: remove it"), "{refusal}");
            assert!(save(folder.path(), &run(2)).is_err());
        }
    }
}
