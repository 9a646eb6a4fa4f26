//! The one error type: what was expected, what was found, where, and what to do.

use std::path::{Path, PathBuf};

/// The result of everything that the user or the world can make fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A fault of the user's or the world's, in one sentence a person can act on. A caller's bug panics instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option's value, or a combination of options, that makes no sense: the command line leaves with 2.
    #[error("{0}")]
    Usage(String),
    /// A configuration that does not fit the data or the device.
    #[error("{0}")]
    Config(String),
    /// A file that is damaged, foreign, or of another version.
    #[error("{place}: {message}")]
    Format {
        /// The file, archive member or field at fault.
        place: String,
        /// What was expected, what was found, what to do.
        message: String,
    },
    /// The operating system's refusal, with the path it concerns.
    #[error("{}: {message}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, and the system's words.
        message: String,
        /// What the system says it is.
        kind: std::io::ErrorKind,
    },
    /// No such adapter, or one that cannot do what is asked.
    #[error("{0}")]
    Device(String),
    /// The GPU went away in mid-run; the last save is intact.
    #[error("the device was lost: {0}")]
    DeviceLost(String),
    /// The loss or the gradient stopped being a number; the weights are those before this step.
    #[error(
        "the loss is not finite at step {step}; the weights are those of the step before: lower --lr, or raise --warmup"
    )]
    NotFinite {
        /// The first such step, counted from 1.
        step: u64,
    },
}

impl Error {
    /// A damaged or foreign `place` (a file or a field in it).
    pub fn format(place: impl ToString, message: impl Into<String>) -> Self {
        Error::Format { place: place.to_string(), message: message.into() }
    }

    /// A refusal of the operating system while doing `verb` ("read", "write", "create") on `path`.
    pub fn io(path: impl AsRef<Path>, verb: &str, error: std::io::Error) -> Self {
        let hint = match error.kind() {
            std::io::ErrorKind::StorageFull => " (the disk is full: free some space, or give another --out)",
            std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge => {
                " (a limit on files is met: raise it, or give another --out)"
            }
            std::io::ErrorKind::NotFound => " (check the path)",
            _ => "",
        };
        let message = format!("cannot {verb}: {error}{hint}");
        Error::Io { path: path.as_ref().to_owned(), message, kind: error.kind() }
    }

    /// Whether there is no room on the disk, which may come back.
    pub fn is_disk_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Error::Io { kind: StorageFull | QuotaExceeded, .. })
    }
}
