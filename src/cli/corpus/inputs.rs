//! What a corpus is made from: the files that are given, and those in folders.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use glasshouse::corpus::readers::{HEAD_BYTES, Kind, Reading, head_kind};
use glasshouse::{Error, Result};

use super::files;
use crate::cli::input;

/// At most this many consecutive HTML pages are read, and written, as one file.
const MAX_PAGES_IN_A_FILE: usize = 256;

/// One file, or pages that are read like one.
#[derive(Clone, Debug)]
pub enum InputFile {
    /// Text, JSON, a web archive, Parquet: its path, its name within what was given, and what it is.
    File(PathBuf, String, Kind),
    /// Files of HTML.
    Pages(Vec<PathBuf>),
}

impl InputFile {
    /// Its files.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            InputFile::File(path, ..) => std::slice::from_ref(path),
            InputFile::Pages(paths) => paths,
        }
    }

    /// After what documents without an `id` are called.
    pub fn name(&self) -> &str {
        match self {
            InputFile::File(_, name, _) => name,
            InputFile::Pages(_) => "",
        }
    }

    /// How long it is on the disk.
    pub fn bytes(&self) -> u64 {
        self.paths().iter().map(|path| path.metadata().map_or(0, |file| file.len())).sum()
    }
}

/// What is at `paths`: the files given, and all in a folder, however deep, in the order of their paths, which hold something to
/// read. And what is to be said of the folders: what was left of them.
pub fn inputs(paths: &[PathBuf], reading: &Reading) -> Result<(Vec<InputFile>, Vec<String>)> {
    let (mut inputs, mut notes) = (Vec::new(), Vec::new());
    for path in paths {
        if !fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match kind(path, reading)? {
                Kind::Other(what) => return Err(Error::format(path.display(), format!("expected text, found {what}"))),
                kind => push(&mut inputs, path.clone(), name, kind),
            }
            continue;
        }
        let input::Walk { files, mut left, .. } = input::walk(path)?;
        let mut took = Vec::new();
        for file in files {
            match kind(&file, reading)? {
                Kind::Other(what) => left.push((file, what)),
                kind => {
                    let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().into_owned();
                    push(&mut inputs, file.clone(), name, kind);
                    took.push(file);
                }
            }
        }
        let said = input::listed(path, &took, &left);
        if took.is_empty() {
            let message = "expected text, JSON, web archives, Parquet or HTML in it, found none: give another folder, or single files";
            return Err(Error::format(
                path.display(),
                if left.is_empty() { message.into() } else { format!("{message} ({said})") },
            ));
        }
        notes.push(said);
    }
    Ok((inputs, notes))
}

fn push(inputs: &mut Vec<InputFile>, path: PathBuf, name: String, kind: Kind) {
    match inputs.last_mut() {
        Some(InputFile::Pages(pages)) if kind == Kind::Html && pages.len() < MAX_PAGES_IN_A_FILE => pages.push(path),
        _ if kind == Kind::Html => inputs.push(InputFile::Pages(vec![path])),
        _ => inputs.push(InputFile::File(path, name, kind)),
    }
}

/// What a file is, as it begins. Its name counts where it is a damaged archive, or a part of a page.
fn kind(path: &Path, reading: &Reading) -> Result<Kind> {
    let mut head = Vec::new();
    // What does not unpack is found out where it is read.
    let damaged = match files::open(path) {
        Ok(reader) => reader.take(HEAD_BYTES as u64).read_to_end(&mut head).is_err(),
        Err(Error::Format { .. }) => true,
        Err(error) => return Err(error),
    };
    let kind = head_kind(&head, head.len() < HEAD_BYTES, reading.taken_as);
    Ok(match kind {
        Kind::Text | Kind::Other(_) if reading.taken_as.is_none() && ends(path, &[".warc", ".wet"]) => Kind::Archive,
        Kind::Text if reading.taken_as.is_none() && ends(path, &[".html", ".htm", ".xhtml"]) => Kind::Html,
        // Its beginning says nothing.
        Kind::Text if damaged || head.trim_ascii().is_empty() => Kind::Lines,
        kind => kind,
    })
}

/// The files of lines of JSON at `paths`, and those in folders: a corpus that was written.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut within = Vec::new();
        input::list(path, &mut within)?;
        within.retain(|file| ends(file, &[".jsonl", ".ndjson"]));
        if within.is_empty() {
            let message = "expected .jsonl files in it, found none: give another folder, or single files";
            return Err(Error::format(path.display(), message));
        }
        files.extend(within);
    }
    Ok(files)
}

/// Whether a name ends so, packed or not.
fn ends(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = [".gz", ".zst", ".bz2", ".xz"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
    endings.iter().any(|ending| name.ends_with(ending))
}
