//! How many lines were taken and left out, and what else a person should know of a text.

use crate::numerals::grouped;

/// So many of the lines that were left out are named.
const NAMED: usize = 3;

/// What became of the lines of a text.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    lines: u64,
    left_out: u64,
    /// Of the lines that were left out: the first.
    first: Vec<String>,
    mended: u64,
    notes: Vec<String>,
    /// What is said of files, and of which.
    said: Vec<(String, Vec<String>)>,
}

impl Tally {
    /// Counts a line that is a document.
    pub fn take(&mut self) {
        self.lines += 1;
    }

    /// Counts a line that is none, at `place` (a file and a line), and why.
    pub fn leave(&mut self, place: impl FnOnce() -> String, why: &str) {
        self.lines += 1;
        self.left_out += 1;
        if self.first.len() < NAMED {
            self.first.push(format!("{}: {why}", place()));
        }
    }

    /// Counts a document in which something was mended.
    pub fn mend(&mut self) {
        self.mended += 1;
    }

    /// Keeps a sentence for the person who reads the text.
    pub fn say(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Keeps what is to be said of a file: files of which the same is said are told together.
    pub fn say_of(&mut self, file: &str, what: String) {
        match self.said.iter_mut().find(|(said, _)| *said == what) {
            Some((_, files)) => files.push(file.into()),
            None => self.said.push((what, vec![file.into()])),
        }
    }

    /// Lines that are documents.
    pub fn taken(&self) -> u64 {
        self.lines - self.left_out
    }

    /// Lines that were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The first of the lines that were left out, and why.
    pub fn first(&self) -> Option<&str> {
        self.first.first().map(String::as_str)
    }

    /// Adds what was counted elsewhere, behind what is here.
    pub fn add(&mut self, other: Tally) {
        self.lines += other.lines;
        self.left_out += other.left_out;
        self.mended += other.mended;
        self.notes.extend(other.notes);
        for (what, files) in other.said {
            files.iter().for_each(|file| self.say_of(file, what.clone()));
        }
        self.first.extend(other.first);
        self.first.truncate(NAMED);
    }

    /// All there is to say, a sentence each: what was kept, then what was mended, then what was left out.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        for (what, files) in &self.said {
            let more = if files.len() > NAMED { format!(" and {} more", files.len() - NAMED) } else { String::new() };
            notes.push(format!("{}{more}: {what}", files[..files.len().min(NAMED)].join(", ")));
        }
        if self.mended > 0 {
            let (count, plural) = (grouped(self.mended), if self.mended == 1 { "" } else { "s" });
            notes.push(format!("{count} line{plural} with half of a surrogate pair: U+FFFD stands in its place"));
        }
        if self.left_out > 0 {
            let first = self.first.join("; ");
            let more = if self.left_out > self.first.len() as u64 { "; ..." } else { "" };
            notes.push(format!("{} of {} lines left out: {first}{more}", grouped(self.left_out), grouped(self.lines)));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_lines_that_were_left_out_are_named() {
        let mut tally = Tally::default();
        assert!(tally.notes().is_empty());
        (0..39_988).for_each(|_| tally.take());
        for line in 1..=12 {
            tally.leave(|| format!("a.jsonl, line {line}"), "its `text` is null");
        }
        let why = "its `text` is null";
        let first = format!("a.jsonl, line 1: {why}; a.jsonl, line 2: {why}; a.jsonl, line 3: {why}; ...");
        assert_eq!(tally.notes(), [format!("12 of 40,000 lines left out: {first}")]);
        assert_eq!(tally.taken(), 39_988);
    }
}
