//! What the command line prints, and how numbers look there.

use std::io::Write;

use glasshouse::{Error, Result};
use serde::Serialize;

/// Writes `bytes` to standard output at once. A reader that has gone away has read enough.
pub fn bytes(bytes: &[u8]) -> Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Error::io("standard output", "write", error)),
    }
}

/// Prints a line.
pub fn line(text: impl AsRef<str>) -> Result<()> {
    bytes(format!("{}\n", text.as_ref()).as_bytes())
}

/// A line on standard error, if anybody reads it.
pub fn warn(text: impl AsRef<str>) {
    let _ = std::io::stderr().lock().write_all(format!("{}\n", text.as_ref()).as_bytes());
}

/// Prints one JSON object on a line of its own.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(serde_json::to_string(value).expect("what is printed is plain data"))
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
