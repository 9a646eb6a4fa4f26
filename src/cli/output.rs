//! What the command line prints, and how numbers look there.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

pub use glasshouse::numerals::grouped;
use glasshouse::{Error, Result};
use serde::Serialize;

/// Whether a result could not be printed because its reader has gone.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Writes `bytes` to standard output at once.
///
/// # Errors
/// Also where the reader has gone, so that what prints ends there; the process then leaves in peace, see [`is_unread`].
pub fn bytes(bytes: &[u8]) -> Result<()> {
    write(bytes).map_err(|error| {
        UNREAD.store(is_gone(&error), Ordering::Relaxed);
        Error::io("standard output", "write", error)
    })
}

/// Whether the reader of standard output has gone, having read enough: no failure.
pub fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// Writes a line of a run to standard output; the run goes on where its reader has gone.
pub fn progress(text: impl AsRef<str>) -> Result<()> {
    match write(format!("{}\n", text.as_ref()).as_bytes()) {
        Err(error) if is_gone(&error) => Ok(()),
        result => result.map_err(|error| Error::io("standard output", "write", error)),
    }
}

/// Writes a line to standard error, if it can be written: nothing depends on its being read.
pub fn note(text: impl AsRef<str>) {
    let _ = std::io::stderr().lock().write_all(format!("{}\n", text.as_ref()).as_bytes());
}

fn write(bytes: &[u8]) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(bytes).and_then(|()| output.flush())
}

/// Whether nobody reads any more: a pipe that was closed, or a terminal that was.
fn is_gone(error: &std::io::Error) -> bool {
    const EIO: i32 = 5;
    error.kind() == std::io::ErrorKind::BrokenPipe || cfg!(unix) && error.raw_os_error() == Some(EIO)
}

/// Prints a line.
pub fn line(text: impl AsRef<str>) -> Result<()> {
    bytes(format!("{}\n", text.as_ref()).as_bytes())
}

/// Prints one JSON object on a line of its own.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(in_json(value))
}

/// A value as JSON, on one line.
pub fn in_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is printed is plain data")
}

/// Seconds as people say them: `12 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round().clamp(0.0, 1e15) as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

/// Bytes as people say them: `512 B`, `1.4 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Text for a terminal: a model may have learnt control characters, and none but line breaks and tabs may pass.
pub fn harmless(text: &str) -> String {
    let replace = |c: char| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.4, 59.6, 200.0, 7_500.0].map(duration), ["0 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]);
        assert_eq!([999, 1_400, 1_400_000, 2_000_000_000].map(size), ["999 B", "1.4 kB", "1.4 MB", "2.0 GB"]);
        assert_eq!(duration(f64::INFINITY), duration(1e15));
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(harmless("a\x1b[2J\nb\u{9b}\tc"), "a\u{fffd}[2J\nb\u{fffd}\tc");
    }
}
