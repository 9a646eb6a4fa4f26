//! The first reader, which told a file's kind by its name: runs that were begun with it go on with it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use glasshouse::{Error, Result, corpus::read_jsonl};

use super::{MAX_TEXT_BYTES, finished_documents, name, too_much};
use crate::cli::corpus::files;

/// The documents at `paths`, in their order. A file is a document, of any bytes but zero; a file named `.jsonl` or
/// `.ndjson` has a document a line; either may be packed, and is named `.gz` or `.zst` then; `-` is standard input, either of the two;
/// a folder gives all of its files, however deep, in the order of their paths, but for hidden and empty ones, and one that
/// `corpus run` wrote its documents.
pub fn documents(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
    let mut documents = Vec::new();
    let mut left = MAX_TEXT_BYTES;
    for path in paths {
        let before = documents.len();
        if path == Path::new("-") {
            let bytes = read_text(path, &mut left)?;
            if starts_as_jsonl(&bytes) {
                documents.extend(read_jsonl("standard input", &bytes)?);
            } else if !bytes.is_empty() {
                documents.push(bytes);
            }
        } else if fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.is_dir() {
            let mut files = Vec::new();
            list(path, &mut files)?;
            for file in files {
                documents.extend(read_file(&file, &mut left)?);
            }
        } else {
            documents.extend(read_file(path, &mut left)?);
        }
        if documents[before..].iter().all(Vec::is_empty) {
            return Err(Error::format(name(path), "expected some text, found none: give another file"));
        }
    }
    Ok(documents)
}

/// The bytes of a file as they are, or of standard input for `-`.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    read_limited(path, &mut { MAX_TEXT_BYTES }, |_| Ok(()))
}

/// The documents of a file that is no folder; none in an empty one.
fn read_file(path: &Path, left: &mut u64) -> Result<Vec<Vec<u8>>> {
    let named = |path: &Path, names: &[&str]| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        names.iter().any(|name| extension.eq_ignore_ascii_case(name))
    };
    let packed = named(path, &["gz", "zst"]);
    let bytes = if packed { read_packed(path, left)? } else { read_text(path, left)? };
    if named(if packed { Path::new(path.file_stem().unwrap_or_default()) } else { path }, &["jsonl", "ndjson"]) {
        return read_jsonl(&name(path), &bytes);
    }
    Ok(if bytes.is_empty() { Vec::new() } else { vec![bytes] })
}

/// Whether the first line is an object of JSON with a string `text`: standard input has no name to go by.
fn starts_as_jsonl(bytes: &[u8]) -> bool {
    let first = bytes.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| line.trim_ascii_start().starts_with(b"{") && read_jsonl("", line).is_ok())
}

/// All files under a folder, sorted, and of a corpus those of its documents. Links to folders are not followed, so that there is no
/// going round in circles.
pub fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let folder = &finished_documents(folder)?;
    let fail = |error| Error::io(folder, "read", error);
    let mut entries = fs::read_dir(folder).map_err(fail)?.collect::<io::Result<Vec<_>>>().map_err(fail)?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().map_err(fail)?.is_dir() {
            list(&path, files)?;
        } else if fs::metadata(&path).map_err(|error| Error::io(&path, "read", error))?.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// Bytes that are plainly no text are refused at the first of them.
fn read_text(path: &Path, left: &mut u64) -> Result<Vec<u8>> {
    let mut offset = 0;
    read_limited(path, left, |chunk| {
        no_zero(path, chunk, offset)?;
        offset += chunk.len();
        Ok(())
    })
}

/// The text that a file holds that gzip or Zstandard packed.
fn read_packed(path: &Path, left: &mut u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let unpacked = files::open(path)?.take(*left + 1).read_to_end(&mut bytes);
    unpacked.map_err(|error| files::unreadable(path, error))?;
    if bytes.len() as u64 > *left {
        return Err(too_much(path));
    }
    *left -= bytes.len() as u64;
    no_zero(path, &bytes, 0)?;
    Ok(bytes)
}

/// Refuses bytes, from `offset` on in their file, that are plainly no text.
fn no_zero(path: &Path, bytes: &[u8], offset: usize) -> Result<()> {
    let Some(at) = bytes.iter().position(|&byte| byte == 0) else { return Ok(()) };
    let message = format!(
        "expected text, found a zero byte at {}: it is a binary file, or text in UTF-16, which is to be saved as UTF-8",
        offset + at
    );
    Err(Error::format(name(path), message))
}

/// Reads a file or standard input, at most `left` bytes, and takes its length from `left`. `check` sees all bytes as
/// they come.
fn read_limited(path: &Path, left: &mut u64, mut check: impl FnMut(&[u8]) -> Result<()>) -> Result<Vec<u8>> {
    let fail = |error| Error::io(path, "read", error);
    let (mut reader, len): (Box<dyn Read>, u64) = if path == Path::new("-") {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let file = File::open(path).map_err(fail)?;
        let len = file.metadata().map_err(fail)?.len();
        (Box::new(file), len)
    };
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        let read = reader.by_ref().take(1 << 20).read_to_end(&mut bytes).map_err(fail)?;
        check(&bytes[start..])?;
        if len.max(bytes.len() as u64) > *left {
            return Err(too_much(path));
        }
        if read == 0 {
            *left -= bytes.len() as u64;
            return Ok(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &Path) -> Vec<Vec<u8>> {
        documents(&[path.to_owned()]).unwrap()
    }

    fn refusal(path: &Path) -> String {
        documents(&[path.to_owned()]).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_gives_its_files_sorted_and_jsonl_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        write("c.txt", b"third");
        write("a.txt", b"first \xff");
        write("b/lines.JSONL", b"{\"text\": \"second\"}\n{\"text\": \"and\"}");
        write("empty", b"");
        write(".git/config", b"\0");
        let expected: [&[u8]; 4] = [b"first \xff", b"second", b"and", b"third"];
        assert_eq!(at(folder.path()), expected);
        let both = [folder.path().join("c.txt"), folder.path().join("a.txt")];
        assert_eq!(documents(&both).unwrap(), [&b"third"[..], b"first \xff"], "paths keep their order");
        assert_eq!(read(&both[1]).unwrap(), b"first \xff");
    }

    #[test]
    fn a_corpus_gives_what_it_kept_and_packed_files_their_text() {
        let folder = tempfile::tempdir().unwrap();
        let pack = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::fast());
            io::Write::write_all(&mut encoder, bytes).unwrap();
        };
        pack("documents/00000.jsonl.gz", b"{\"text\": \"one\"}\n{\"text\": \"two\"}");
        pack("removed/c4/00000.jsonl.gz", b"{\"text\": \"three\"}");
        assert_eq!(at(folder.path()), [&b"one"[..], b"two", b"three"]);
        fs::write(folder.path().join("report.json"), "{}").unwrap();
        assert_eq!(at(folder.path()), [&b"one"[..], b"two"]);
        pack("text.GZ", b"plain");
        assert_eq!(at(&folder.path().join("text.GZ")), [&b"plain"[..]]);
        pack("binary.gz", b"a\0");
        assert!(refusal(&folder.path().join("binary.gz")).contains("a zero byte at 1"));
        fs::write(folder.path().join("damaged.gz"), b"\x1f\x8b\x08").unwrap();
        assert!(refusal(&folder.path().join("damaged.gz")).contains("does not unpack"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input.txt");
        assert!(refusal(&path).contains("cannot read"), "missing");
        fs::write(&path, b"").unwrap();
        assert!(refusal(&path).contains("input.txt: expected some text, found none"));
        assert!(refusal(folder.path()).contains("found none"), "a folder of empty files");
        fs::write(&path, [&b"a".repeat(3 << 20)[..], b"\0"].concat()).unwrap();
        assert!(refusal(&path).contains("a zero byte at 3145728"), "{}", refusal(&path));
        assert!(refusal(folder.path()).contains("input.txt"), "the file in the folder is named");
        let lines = folder.path().join("lines.jsonl");
        fs::write(&lines, b"{\"text\": \"a\"}\n{\"body\": \"b\"}").unwrap();
        assert!(refusal(&lines).contains("lines.jsonl, line 2: "));
        fs::write(&lines, b"\n\n").unwrap();
        assert!(refusal(&lines).contains("found none"));
    }

    /// A file of a terabyte that takes no room on the disk; it is refused at its first zero, and not read on.
    #[test]
    fn a_huge_file_is_refused_before_it_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        assert!(refusal(file.path()).contains("a zero byte at 0"));
        let endless = read_limited(file.path(), &mut (5 << 20), |_| Ok(())).unwrap_err().to_string();
        assert!(endless.contains("at most 4 GiB"), "{endless}");
        let mut chunks = 0;
        let _ = read_limited(file.path(), &mut (5 << 20), |_| {
            chunks += 1;
            Ok(())
        });
        assert_eq!(chunks, 1, "its length alone is enough");
    }

    #[test]
    fn standard_input_tells_its_kind_by_its_first_line() {
        for (bytes, jsonl) in [
            ("{\"text\": \"a\"}\n{", true),
            ("{\"body\": 1}", false),
            ("{ a poem }", false),
            ("", false),
            ("\n{\"text\":\"\"}", true),
        ] {
            assert_eq!(starts_as_jsonl(bytes.as_bytes()), jsonl, "{bytes}");
        }
    }
}
