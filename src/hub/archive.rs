//! A model folder as a zip, as a tab hands it out.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{CONFIG, MODEL, OPTIMIZER, Save, SaveFiles, SaveWriter};
use crate::{Error, Result};

/// Weights barely shrink, moments of a new run are all zero: together they never reach this ratio, a bomb goes beyond.
const LARGEST_RATIO: u64 = 64;
/// So much is unpacked whatever the ratio, since text of few different words shrinks further.
const ALWAYS: u64 = 64 << 20;

/// The save as a zip: the same save gives the same bytes.
pub fn to_zip(save: &Save) -> Vec<u8> {
    let mut archive = Cursor::new(Vec::new());
    write_zip(save, &mut archive).expect("writing to memory does not fail");
    archive.into_inner()
}

/// What a zip can be written to.
pub trait WriteSeek: Write + Seek {}

impl<S: Write + Seek> WriteSeek for S {}

/// Writes the save as a zip, one tensor at a time.
pub fn write_zip(save: &Save, writer: &mut dyn WriteSeek) -> io::Result<()> {
    let mut files = SaveWriter::new(save);
    let mut archive = ZipWriter::new(writer);
    for name in save.files() {
        // Compressing weights takes seconds and saves a tenth.
        let stored = name == MODEL || name == OPTIMIZER;
        let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default().compression_method(method).large_file(stored);
        archive.start_file(name, options)?;
        files.write(name, &mut archive)?;
    }
    archive.finish()?.flush()
}

/// Reads a zip: the files of a save, or one folder with them, as other programs pack it.
pub fn from_zip(bytes: &[u8]) -> Result<Save> {
    super::read(&mut Zip::open("the zip", Cursor::new(bytes))?, true)
}

/// The files of a save in a zip.
pub(super) struct Zip<R> {
    archive: ZipArchive<R>,
    /// What the archive is called in an error.
    place: String,
    /// The folder in it, with its slash.
    folder: String,
}

impl<R: Read + Seek> Zip<R> {
    /// Refuses what is no zip, holds no model or several, or would unpack to many times its size.
    pub fn open(place: &str, mut reader: R) -> Result<Self> {
        let refuse = |message: String| Err(Error::format(place, message));
        let size = match reader.seek(SeekFrom::End(0)) {
            Ok(size) => size,
            Err(error) => return Err(super::damaged(place, error)),
        };
        let mut archive = match ZipArchive::new(reader) {
            Ok(archive) => archive,
            Err(error) => {
                return refuse(format!(
                    "expected a zip of a model folder, but {error}: it is damaged or another file; of a \
                                       model in a folder give the folder"
                ));
            }
        };
        if archive.has_duplicate_names() {
            return refuse("it holds two files of one name: pack the folder again".into());
        }
        let (mut total, mut folders) = (0u64, Vec::new());
        for index in 0..archive.len() {
            let Ok(file) = archive.by_index_raw(index) else {
                return refuse(format!("its file {} cannot be found: it is damaged, get it again", index + 1));
            };
            total = total.saturating_add(file.size());
            let Ok(name) = file.name() else { continue };
            let folder = name.strip_suffix(CONFIG).filter(|folder| folder.is_empty() || folder.ends_with('/'));
            // Where macOS packs, it adds shadows of all files.
            folders.extend(folder.filter(|folder| !folder.starts_with("__MACOSX/")).map(str::to_owned));
        }
        if total > size.saturating_mul(LARGEST_RATIO).saturating_add(ALWAYS) {
            return refuse(format!("its {size} bytes would unpack to {total}: no model does, so it is left alone"));
        }
        match &folders[..] {
            [folder] => Ok(Zip { archive, place: place.into(), folder: folder.clone() }),
            [] => refuse(format!("expected a zip of a model folder, but there is no {CONFIG} in it")),
            [one, other, ..] => {
                refuse(format!("it holds several models (`{one}`, `{other}`): pack the one that is wanted"))
            }
        }
    }
}

impl<R: Read + Seek> SaveFiles for Zip<R> {
    fn open(&mut self, name: &str) -> Result<Option<(Box<dyn Read + '_>, u64)>> {
        let place = self.place(name);
        let Some(index) = self.archive.index_for_name(&format!("{}{name}", self.folder)) else {
            return Ok(None);
        };
        match self.archive.by_index(index) {
            Ok(file) => {
                let len = file.size();
                Ok(Some((Box::new(file), len)))
            }
            Err(error) => Err(Error::format(place, format!("it does not unpack ({error}): pack the folder again"))),
        }
    }

    fn place(&self, name: &str) -> String {
        format!("{}: {}{name}", self.place, self.folder)
    }
}
