//! Files that are whole or absent, also after a power cut: each is written under a temporary name and brought to the disk before
//! it is renamed to its place, and then its folder is. And the lock that leaves a folder to one process.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The file whose lock says that a process writes to a folder. It stays; only its lock counts.
pub const LOCK: &str = ".lock";

/// What is done to the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operation {
    /// Bytes go to a file.
    Write,
    /// A file or a folder is brought to the disk.
    Sync,
    /// A file takes its place.
    Rename,
    /// A file goes.
    Remove,
}

/// The disk. The function is asked before each operation, and its error is the operation's: tests pull the plug with it.
pub struct Disk<'a>(pub &'a mut dyn FnMut(Operation) -> io::Result<()>);

impl Disk<'_> {
    /// Writes a file, under the name that it is given, and brings it to the disk.
    pub fn write(&mut self, path: &Path, fill: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut writer = BufWriter::with_capacity(1 << 20, Writer { file: File::create(path)?, disk: self });
        fill(&mut writer)?;
        let Writer { file, disk } = writer.into_inner().map_err(|error| error.into_error())?;
        disk.sync(&file)
    }

    /// Brings a file to the disk.
    pub fn sync(&mut self, file: &File) -> io::Result<()> {
        (self.0)(Operation::Sync)?;
        file.sync_all()
    }

    /// Brings renames to the disk, where the system can: some do not open folders, and need nothing of the kind.
    pub fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        // The parent of a name alone has no name.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder).map_or(Ok(()), |folder| self.sync(&folder))
    }

    /// Renames a file or a folder that is on the disk already. The new name is on the disk once its folder is.
    pub fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        (self.0)(Operation::Rename)?;
        fs::rename(from, to)
    }

    /// Removes a file, if it is there.
    pub fn remove(&mut self, path: &Path) -> io::Result<()> {
        (self.0)(Operation::Remove)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

struct Writer<'a, 'b> {
    file: File,
    disk: &'a mut Disk<'b>,
}

impl Write for Writer<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.disk.0)(Operation::Write)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Calls `act` with the disk as it is.
pub fn with_disk<T>(act: impl FnOnce(&mut Disk) -> T) -> T {
    act(&mut Disk(&mut |_| Ok(())))
}

/// A file on its way to its place; what is not finished leaves nothing.
pub struct NewFile {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
    finished: bool,
}

impl NewFile {
    /// Begins the file that is to be at `path`, in a folder that is made if there is none.
    pub fn begin(path: &Path) -> Result<NewFile> {
        path.parent().map_or(Ok(()), create_folder)?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let file = File::create(&temporary).map_err(|error| Error::io(&temporary, "create", error))?;
        Ok(NewFile { file: BufWriter::new(file), temporary, path: path.to_owned(), finished: false })
    }

    /// Writes on.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| Error::io(&self.path, "write", error))
    }

    /// Puts the file in its place. It is on the disk when this returns.
    pub fn finish(mut self) -> Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let result = self.file.flush().and_then(|()| {
            with_disk(|disk| {
                disk.sync(self.file.get_ref())?;
                disk.rename(&self.temporary, &self.path)?;
                disk.sync_folder(folder)
            })
        });
        self.finished = result.is_ok();
        result.map_err(|error| Error::io(&self.path, "write", error))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            // The rest of a failed write is of no use; that it cannot be removed is not the error to report.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Puts a file of these bytes at `path`.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = NewFile::begin(path)?;
    file.push(bytes)?;
    file.finish()
}

/// Makes a folder and those that it is in, where they are not there yet, and brings their names to the disk.
pub fn create_folder(path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(Path::new("."));
    create_folder(parent)?;
    let fail = |error| Error::io(path, "create", error);
    match fs::create_dir(path) {
        // Another process may have made it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.and_then(|()| with_disk(|disk| disk.sync_folder(parent))).map_err(fail),
    }
}

/// Moves a folder to another place on the same disk.
pub fn move_folder(from: &Path, to: &Path) -> Result<()> {
    let parent = |path: &Path| path.parent().unwrap_or(Path::new(".")).to_owned();
    let moved = with_disk(|disk| {
        disk.sync_folder(from)?;
        disk.rename(from, to)?;
        disk.sync_folder(&parent(to))?;
        disk.sync_folder(&parent(from))
    });
    moved.map_err(|error| Error::io(from, "move", error))
}

/// Removes a folder with all that is in it, if it is there.
pub fn remove_folder(path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let removed = fs::remove_dir_all(path);
    let synced = removed.and_then(|()| with_disk(|disk| disk.sync_folder(path.parent().unwrap_or(Path::new(".")))));
    synced.map_err(|error| Error::io(path, "remove", error))
}

/// A folder that this process alone writes to, as long as this lives. The lock of a process that is gone is free.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Locks `folder`, which must be there. Refuses one that another process has, and says which; `advice` says what to do then.
    pub fn take(folder: &Path, advice: &str) -> Result<FolderLock> {
        let path = folder.join(LOCK);
        let fail = |error| Error::io(&path, "lock", error);
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Where a lock keeps readers out as well, nobody says who has it.
                let known = file.take(64).read_to_string(&mut holder).is_ok_and(|read| read > 0);
                let who = if known { format!(", process {}", holder.trim()) } else { String::new() };
                let message = format!("{} is being written by another run{who}: {advice}", folder.display());
                return Err(Error::Config(message));
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        let note = |file: &mut File| file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        // A full disk is met by what is to be written, with words of its own.
        let _ = note(&mut file);
        Ok(FolderLock { _file: file })
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_absent() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b/file.json");
        let mut file = NewFile::begin(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "neither the file nor a temporary one");
        write(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        write(&path, b"another").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"another");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_has_one_writer_and_a_lock_goes_with_its_process() {
        let place = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(place.path(), "wait").unwrap();
        let refusal = FolderLock::take(place.path(), "wait").unwrap_err().to_string();
        let expected = format!("is being written by another run, process {}: wait", std::process::id());
        assert!(refusal.ends_with(&expected) || cfg!(windows), "{refusal}");
        drop(lock);
        FolderLock::take(place.path(), "wait").unwrap();
        assert!(place.path().join(LOCK).exists());
    }
}
