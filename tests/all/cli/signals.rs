//! Signals: what ends a run after a save, with which code, what asks for a save, and what is left ignored.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Outcome, Place, SMALL};

/// A run under way.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    /// One that would take hours.
    fn endless(place: &Place, arguments: &str) -> Running {
        let arguments = format!("train --data text.txt {SMALL} --steps 100000000 {arguments} --json");
        Running::start(place.command(&arguments, &[]))
    }

    fn wait_for_step(&mut self, enough: u64) {
        loop {
            let line = self.lines.next().expect("the run goes on").unwrap();
            if serde_json::from_str::<Value>(&line).unwrap()["step"].as_u64().unwrap() >= enough {
                return;
            }
        }
    }

    /// Waits until the program catches signals.
    fn wait_for_handlers(&self) {
        const TERM: u64 = 1 << (15 - 1);
        let status = format!("/proc/{}/status", self.child.id());
        if !cfg!(target_os = "linux") {
            // Elsewhere nobody says which signals a process catches.
            std::thread::sleep(Duration::from_millis(500));
            return;
        }
        wait_until("to catch signals", || {
            let status = std::fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            u64::from_str_radix(caught.trim(), 16).unwrap() & TERM != 0
        });
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success(), "{name}");
    }

    /// Reads the rest, so that the run does not wait for a reader, and waits for the end.
    fn end(self) -> Outcome {
        self.lines.for_each(|line| drop(line.unwrap()));
        Outcome(self.child.wait_with_output().unwrap())
    }

    /// The end must come with this code.
    fn ends_with(self, code: i32, what: &str) -> Outcome {
        let outcome = self.end();
        assert_eq!(outcome.0.status.code(), Some(code), "{what}: {:?} {}", outcome.0.status, outcome.stderr());
        outcome
    }
}

/// Waits until something is so.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < limit, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The step that a folder holds.
fn saved(place: &Place, folder: &str) -> Option<u64> {
    let trainer = std::fs::read(place.path(folder).join("trainer.json")).ok()?;
    serde_json::from_slice::<Value>(&trainer).ok()?["step"].as_u64()
}

fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}

#[test]
fn a_signal_saves_and_is_told_by_the_exit_code() {
    let place = Place::with_text();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let mut run = Running::endless(&place, &format!("--save-every 0 --out {signal}"));
        run.wait_for_step(5);
        run.signal(signal);
        let outcome = run.ends_with(code, signal);
        assert!(outcome.stderr().contains(&format!("train --resume {signal}")), "{}", outcome.stderr());
        let steps = place.log(signal).len();
        assert!(steps >= 5 && saved(&place, signal) == Some(steps as u64), "{signal}");
        let more = place.lines(&format!("train --resume {signal} --stop-after 2 --device cpu --json"));
        assert_eq!(more[0]["step"], steps as u64 + 1, "it goes on after the last step of the log");
    }
}

#[test]
fn before_the_first_step_too() {
    let place = Place::with_text();
    // Words that are all different give as many merges as anybody asks for, and take their time.
    let words = (0..400_000_u64).map(|n| format!("{:x} ", n * 2_654_435_761 % (1 << 32)));
    place.write("long.txt", words.collect::<String>());
    let mut waiting = place.command(&format!("train --data - {SMALL} --out reading"), &[]);
    waiting.stdin(Stdio::piped());
    let mut waiting = Running::start(waiting);
    let input = waiting.child.stdin.take();
    waiting.wait_for_handlers();
    waiting.signal("TERM");
    waiting.ends_with(143, "while it reads its text");
    drop(input);
    assert!(!exists(&place.path("reading")), "nothing is left behind");
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let shape = SMALL.replace("--vocab-size 300", "--vocab-size 60000");
        let preparing = Running::start(place.command(&format!("train --data long.txt {shape} --out {signal}"), &[]));
        wait_until("a folder", || exists(&place.path(signal)));
        preparing.signal(signal);
        preparing.ends_with(code, "while the tokenizer is trained");
        assert!(!exists(&place.path(signal)), "{signal}: nothing is left behind");
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let place = Place::with_text();
    let script = format!(
        "trap '' HUP INT TERM USR1; exec '{}' train --data text.txt {SMALL} --steps 3000 --save-every 0 --json --out model",
        env!("CARGO_BIN_EXE_glasshouse")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path(".")).env("XDG_RUNTIME_DIR", place.path("."));
    let mut run = Running::start(command);
    run.wait_for_step(5);
    ["HUP", "INT", "INT", "TERM", "USR1"].iter().for_each(|signal| run.signal(signal));
    run.ends_with(0, "as under nohup");
    assert_eq!(saved(&place, "model"), Some(3000));
}

/// Steps of minutes, cut into slices.
const LONG_STEP: &str = "--accumulate 600000 --save-every 1";

/// Steps of a second or two.
const SHORT_STEP: &str = "--accumulate 10000 --save-every 1";

#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let place = Place::with_text();
    let run = Running::endless(&place, &format!("{LONG_STEP} --out model"));
    wait_until("the first save", || saved(&place, "model").is_some());
    run.signal("INT");
    std::thread::sleep(Duration::from_millis(400));
    let second = Instant::now();
    run.signal("INT");
    run.ends_with(130, "twice");
    assert!(second.elapsed() < Duration::from_secs(5), "at once");
    assert_eq!(saved(&place, "model"), Some(0));
}

/// `timeout` sends its signal to the command and to its group, a closed terminal from two sides: the save is still made.
#[test]
fn one_signal_that_comes_twice_is_one() {
    let place = Place::with_text();
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let run = Running::endless(&place, &format!("{SHORT_STEP} --out {signal}"));
        wait_until("the first save", || saved(&place, signal).is_some());
        std::thread::sleep(Duration::from_millis(200));
        let id = run.child.id();
        let twice = format!("kill -{signal} {id}; kill -{signal} {id}");
        assert!(Command::new("sh").args(["-c", &twice]).status().unwrap().success());
        run.ends_with(code, signal);
        assert!(saved(&place, signal) >= Some(1), "{signal}: the step under way is saved");
    }
}

#[test]
fn a_run_that_has_taken_all_its_steps_exits_with_0_whatever_came_meanwhile() {
    let place = Place::with_text();
    let arguments = format!("train --data text.txt {SMALL} --steps 1 {SHORT_STEP} --json --out model");
    let run = Running::start(place.command(&arguments, &[]));
    wait_until("the first save", || saved(&place, "model").is_some());
    std::thread::sleep(Duration::from_millis(200));
    run.signal("TERM");
    run.ends_with(0, "the last step");
    assert_eq!(saved(&place, "model"), Some(1));
}

#[test]
fn usr1_saves_and_the_run_goes_on() {
    let place = Place::with_text();
    let mut run = Running::endless(&place, "--save-every 0 --out model");
    run.wait_for_step(3);
    assert_eq!(saved(&place, "model"), None);
    let mut before = None;
    for _ in 0..2 {
        run.signal("USR1");
        // Its lines are read meanwhile, so that it does not wait for a reader.
        while saved(&place, "model") == before {
            run.wait_for_step(0);
        }
        before = saved(&place, "model");
    }
    run.wait_for_step(before.unwrap() + 5);
    run.signal("TERM");
    run.ends_with(143, "after all");
    assert!(saved(&place, "model") > before);
}
