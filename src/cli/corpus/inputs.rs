//! What a corpus is made from: the files that are given, and those in folders.

use std::fs;
use std::path::{Path, PathBuf};

use glasshouse::{Error, Result};

use crate::cli::input;

/// At most this many consecutive HTML pages are read, and written, as one file.
const MAX_PAGES_IN_A_FILE: usize = 256;

/// One file, or pages that are read like one.
#[derive(Clone, Debug)]
pub enum InputFile {
    /// JSONL, a web archive, Parquet; and its name within what was given.
    File(PathBuf, String),
    /// Files of HTML.
    Pages(Vec<PathBuf>),
}

impl InputFile {
    /// Its files.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            InputFile::File(path, _) => std::slice::from_ref(path),
            InputFile::Pages(paths) => paths,
        }
    }

    /// After what documents without an `id` are called.
    pub fn name(&self) -> &str {
        match self {
            InputFile::File(_, name) => name,
            InputFile::Pages(_) => "",
        }
    }

    /// How long it is on the disk.
    pub fn bytes(&self) -> u64 {
        self.paths().iter().map(|path| path.metadata().map_or(0, |file| file.len())).sum()
    }
}

/// What is at `paths`: the files given, and all in a folder, however deep, in the order of their paths, whose names say that
/// they are something to read.
pub fn inputs(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    let mut inputs = Vec::new();
    for (path, name) in named(paths)? {
        match inputs.last_mut() {
            Some(InputFile::Pages(pages)) if is_page(&path) && pages.len() < MAX_PAGES_IN_A_FILE => pages.push(path),
            _ if is_page(&path) => inputs.push(InputFile::Pages(vec![path])),
            _ => inputs.push(InputFile::File(path, name)),
        }
    }
    Ok(inputs)
}

/// The files at `paths`, and those in folders.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    Ok(named(paths)?.into_iter().map(|(path, _)| path).collect())
}

/// The files at `paths`, and those in folders, each with its name: within the folder, if it is in one.
fn named(paths: &[PathBuf]) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for path in paths {
        if !fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.is_dir() {
            files.push((path.clone(), path.file_name().unwrap_or_default().to_string_lossy().into_owned()));
            continue;
        }
        let mut within = Vec::new();
        input::list(path, &mut within)?;
        within.retain(|file| is_input(file));
        if within.is_empty() {
            return Err(Error::format(
                path.display(),
                "expected .jsonl, .warc, .wet, .parquet or .html files in it, found none: give another folder, or single files",
            ));
        }
        let name = |file: &Path| file.strip_prefix(path).unwrap_or(file).to_string_lossy().into_owned();
        files.extend(within.into_iter().map(|file| (file.clone(), name(&file))));
    }
    Ok(files)
}

fn is_input(path: &Path) -> bool {
    is_page(path) || is_archive(path) || ends(path, &[".jsonl", ".ndjson", ".parquet"])
}

/// Whether its name says that a file is a web archive.
pub fn is_archive(path: &Path) -> bool {
    ends(path, &[".warc", ".wet"])
}

fn is_page(path: &Path) -> bool {
    ends(path, &[".html", ".htm", ".xhtml"])
}

/// Whether a name ends so, packed or not.
fn ends(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = [".gz", ".zst"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
    endings.iter().any(|ending| name.ends_with(ending))
}
