//! What a corpus is made from: the files that are given, and those in folders.

use std::fs;
use std::path::{Path, PathBuf};

use glasshouse::{Error, Result};

/// So many pages in HTML that follow each other are read, and written, as one file.
const PAGES: usize = 4096;

/// One file, or pages that are read like one.
#[derive(Clone, Debug)]
pub enum Input {
    /// JSONL, a web archive, Parquet.
    File(PathBuf),
    /// Files of HTML.
    Pages(Vec<PathBuf>),
}

impl Input {
    /// Its files.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            Input::File(path) => std::slice::from_ref(path),
            Input::Pages(paths) => paths,
        }
    }

    /// After what documents without an `id` are called.
    pub fn name(&self) -> String {
        self.paths()[0].file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// How long it is on the disk.
    pub fn bytes(&self) -> u64 {
        self.paths().iter().map(|path| path.metadata().map_or(0, |file| file.len())).sum()
    }
}

/// What is at `paths`: the files given, and all in a folder, however deep, in the order of their paths, whose names say that
/// they are something to read.
pub fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in files(paths)? {
        match inputs.last_mut() {
            Some(Input::Pages(pages)) if is_page(&path) && pages.len() < PAGES => pages.push(path),
            _ if is_page(&path) => inputs.push(Input::Pages(vec![path])),
            _ => inputs.push(Input::File(path)),
        }
    }
    Ok(inputs)
}

/// The paths of files and how long they are: what tells a run from another.
pub fn sizes<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Vec<(String, u64)> {
    let size = |path: &PathBuf| (path.display().to_string(), path.metadata().map_or(0, |file| file.len()));
    paths.into_iter().map(size).collect()
}

/// The files at `paths`, and those in folders.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        crate::cli::input::list(path, &mut files)?;
        let mut tail = files.split_off(before);
        tail.retain(|file| is_input(file));
        if tail.is_empty() {
            return Err(Error::format(
                path.display(),
                "expected .jsonl, .warc, .wet, .parquet or .html files in it, found none",
            ));
        }
        files.append(&mut tail);
    }
    Ok(files)
}

fn is_input(path: &Path) -> bool {
    is_page(path) || ends(path, &[".jsonl", ".ndjson", ".warc", ".wet", ".parquet"])
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
