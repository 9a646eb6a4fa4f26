//! What the command line reads: files, folders, standard input; text as documents.

use std::io::Read;
use std::path::{Path, PathBuf};

use glasshouse::{Error, Result};

/// The bytes of a file, or of standard input where `path` is `-`.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let result = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    result.map(|_| bytes).map_err(|error| Error::io(path, "read", error))
}

/// The documents of `paths`, each a text file, a JSONL file with a `text` field, a folder of these, or `-`.
///
/// # Errors
/// Where one is missing, empty or binary, or a line of JSONL has no text.
pub fn documents(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
    let mut documents = Vec::new();
    for path in paths {
        let mut files = Vec::new();
        collect(path, &mut files)?;
        if files.is_empty() {
            return Err(Error::format(path.display(), "the folder holds no file: give one with text files or JSONL"));
        }
        for file in files {
            let bytes = read(&file)?;
            check_text(&file, &bytes)?;
            if file.extension().is_some_and(|extension| extension == "jsonl") {
                lines(&file, &bytes, &mut documents)?;
            } else {
                documents.push(bytes);
            }
        }
    }
    Ok(documents)
}

/// The files below `path`, in order of their names; hidden ones are left out.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let unreadable = |error| Error::io(path, "read", error);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // A link to a folder may lead back up: only real folders are entered.
        let link = entry.file_type().map_err(unreadable)?.is_symlink() && entry.path().is_dir();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !link && !hidden {
            entries.push(entry.path());
        }
    }
    entries.sort();
    entries.iter().try_for_each(|entry| collect(entry, files))
}

/// Refuses what nobody means to train on.
fn check_text(path: &Path, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Err(Error::format(path.display(), "it is empty: give a file with text"));
    }
    let start = &bytes[..bytes.len().min(1 << 16)];
    let invalid: usize = start.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    if start.contains(&0) || invalid > start.len() / 4 {
        return Err(Error::format(path.display(), "it is binary: give text in UTF-8, or JSONL with a text field"));
    }
    Ok(())
}

fn lines(path: &Path, bytes: &[u8], documents: &mut Vec<Vec<u8>>) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
    }
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_slice(line).map_err(|error| {
            Error::format(
                path.display(),
                format!("line {}: an object with a text field is expected: {error}", index + 1),
            )
        })?;
        documents.push(line.text.into_bytes());
    }
    Ok(())
}
