//! The real binary: every command, what it prints, what it leaves, and what it says of bad input.

mod cleaning;
mod commands;
mod corpus;
mod corpus_front;
#[cfg(unix)]
mod durability;
mod evaluation;
mod fine_tuning;
mod input;
mod models;
mod options;
mod pages;
mod pipes;
mod readers;
mod runs;
mod sampling;
#[cfg(unix)]
mod signals;
mod tokens;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A shape that trains in a moment.
const SMALL: &str = "--layers 1 --heads 2 --channels 16 --context 16 --batch 4 --vocab-size 300 --device cpu";

/// A folder of its own for one test.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    /// A folder with `text.txt`: some thousand words that are not all alike.
    fn with_text() -> Place {
        let place = Place::new();
        place.write("text.txt", text(3000));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// The binary, to be run in this folder. Arguments stand between spaces; those with spaces in them in `more`.
    fn command(&self, arguments: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glasshouse"));
        command.args(arguments.split_whitespace()).args(more).current_dir(self.0.path());
        // Some Vulkan drivers complain on standard error where this is not set.
        command.env("XDG_RUNTIME_DIR", self.0.path()).env("RAYON_NUM_THREADS", "2").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Outcome {
        Outcome(self.command(arguments, &[]).output().unwrap())
    }

    /// Runs what must succeed.
    fn ok(&self, arguments: &str) -> String {
        self.run(arguments).ok()
    }

    /// Runs what must print one JSON object.
    fn json(&self, arguments: &str) -> Value {
        let printed = self.ok(arguments);
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{arguments}: {error} in {printed:?}"))
    }

    /// Runs what must print a JSON object a line.
    fn lines(&self, arguments: &str) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.ok(arguments).lines().map(parse).collect()
    }

    /// The lines of a run's log.
    fn log(&self, folder: &str) -> Vec<Value> {
        self.read(&format!("{folder}/log.jsonl")).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Trains the small shape on `text.txt`.
    fn train(&self, arguments: &str) -> Outcome {
        self.run(&format!("train --data text.txt {SMALL} {arguments}"))
    }

    /// Runs what must fail with this code, and say so in one sentence that holds all of `parts`.
    fn refuses(&self, arguments: &str, code: i32, parts: &[&str]) {
        self.run(arguments).refusal(arguments, code, parts);
    }
}

/// What a call of the binary came to.
struct Outcome(Output);

impl Outcome {
    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    fn ok(&self) -> String {
        assert!(self.0.status.success(), "{:?}: {}{}", self.0.status, self.stdout(), self.stderr());
        self.stdout()
    }

    fn refusal(&self, what: &str, code: i32, parts: &[&str]) {
        let stderr = self.stderr();
        assert_eq!(self.0.status.code(), Some(code), "{what}: {}{stderr}", self.stdout());
        assert!(!stderr.contains("panicked"), "{what}: {stderr}");
        let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        let [error] = errors[..] else { panic!("{what}: expected one error, got {stderr:?}") };
        for part in parts {
            assert!(error.contains(part), "{what}: expected {part:?} in {error:?}");
        }
    }
}

/// Words in an order that never repeats.
fn text(words: usize) -> String {
    const WORDS: [&str; 16] = [
        "the", "king", "and", "queen", "went", "down", "to", "river", "house", "where", "old", "bird", "sang", "of",
        "glass", "winter",
    ];
    let mut state = 7_u32;
    let mut text = String::new();
    for i in 0..words {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push_str(WORDS[(state >> 28) as usize]);
        text.push_str(if i % 9 == 8 { ".\n" } else { " " });
    }
    text
}

/// The losses of steps.
fn losses(steps: &[Value]) -> Vec<f64> {
    steps.iter().map(|step| step["loss"].as_f64().expect("a step has a loss")).collect()
}

/// The names of the files in a folder, but for hidden ones.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}
