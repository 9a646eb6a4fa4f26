//! Runs that stop and go on, by themselves or not.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Outcome, Place, SMALL, files, losses};

#[test]
fn a_stopped_run_goes_on_as_if_it_had_not() {
    let place = Place::with_text();
    for schedule in ["cosine", "linear", "constant", "wsd"] {
        let shape = format!("{SMALL} --schedule {schedule} --accumulate 2 --warmup 3 --steps 10 --json");
        let whole = place.lines(&format!("train --data text.txt {shape} --out {schedule}"));
        let mut parts = place.lines(&format!("train --data text.txt {shape} --stop-after 4 --out {schedule}-parts"));
        assert_eq!(parts.len(), 4);
        parts.extend(place.lines(&format!("train --resume {schedule}-parts --stop-after 3 --device cpu --json")));
        assert_eq!(parts.len(), 7);
        parts.extend(place.lines(&format!("train --resume {schedule}-parts --device cpu --json")));
        assert_eq!(losses(&parts), losses(&whole), "{schedule}");
        let rates = |steps: &[Value]| steps.iter().map(|step| step["lr"].clone()).collect::<Vec<_>>();
        assert_eq!(rates(&parts), rates(&whole), "{schedule}");
        assert_eq!(losses(&place.log(&format!("{schedule}-parts"))), losses(&whole), "{schedule}: the log");
        let read = |folder: &str| std::fs::read(place.path(&format!("{folder}/model.safetensors"))).unwrap();
        assert_eq!(read(schedule), read(&format!("{schedule}-parts")), "{schedule}: the weights");
    }
}

#[test]
fn a_finished_run_is_extended() {
    let place = Place::with_text();
    place.train("--steps 4 --out model").ok();
    assert!(place.ok("train --resume model --device cpu").contains("none: 4 of 4 are taken"));
    assert_eq!(place.lines("train --resume model --steps 6 --device cpu --json").len(), 2);
    assert_eq!(place.log("model").len(), 6);
    place.refuses("train --resume model --steps 5 --device cpu", 2, &["--steps 5", "taken 6 already"]);
    assert_eq!(place.log("model").len(), 6, "what is refused changes nothing");
}

#[test]
fn only_some_options_change_when_a_run_goes_on() {
    let place = Place::with_text();
    place.train("--steps 2 --out model").ok();
    for change in [
        "--preset tiny",
        "--corpus en",
        "--tokenizer t.json",
        "--vocab-size 300",
        "--out other",
        "--seed 0",
        "--batch 4",
        "--context 16",
        "--layers 1",
        "--heads 2",
        "--channels 16",
        "--accumulate 1",
        "--min-lr 0",
        "--warmup 20",
        "--schedule cosine",
        "--weight-decay 0.1",
        "--beta1 0.9",
        "--beta2 0.95",
        "--clip 1",
    ] {
        let option = change.split(' ').next().unwrap();
        place.refuses(
            &format!("train --resume model --steps 4 {change}"),
            2,
            &[option, "cannot change when a run goes on"],
        );
    }
    assert_eq!(place.log("model").len(), 2);
    place.ok("train --resume model --steps 4 --stop-after 1 --device cpu --eval-every 1 --save-every 1 --sample-every 1 --data text.txt");
    assert!(place.log("model")[2]["validation_loss"].is_f64());
}

#[test]
fn the_text_of_a_run_is_known_again() {
    let place = Place::with_text();
    place.train("--steps 2 --out model").ok();
    std::fs::rename(place.path("text.txt"), place.path("moved.txt")).unwrap();
    place.refuses("train --resume model --steps 4 --device cpu", 1, &["text.txt", "give --data"]);
    place.ok("train --resume model --steps 4 --device cpu --data moved.txt");
    place.write("moved.txt", place.read("moved.txt").replacen("king", "duke", 1));
    let parts = ["this run was trained on", "give the same text"];
    place.refuses("train --resume model --steps 6 --device cpu --data moved.txt", 1, &parts);
    assert_eq!(place.log("model").len(), 4);
}

#[test]
fn a_text_from_standard_input_is_kept_with_the_run() {
    let place = Place::with_text();
    let mut command = place.command(&format!("train --data - {SMALL} --steps 2 --out model"), &[]);
    command.stdin(std::fs::File::open(place.path("text.txt")).unwrap());
    Outcome(command.output().unwrap()).ok();
    std::fs::remove_file(place.path("text.txt")).unwrap();
    place.ok("train --resume model --steps 4 --device cpu");
    assert_eq!(place.log("model").len(), 4);
    assert!(files(&place.path("model")).contains(&"data.jsonl".to_string()));
}

/// Starts a run that would take hours, waits until `enough` after a step, and gives it the signal.
#[cfg(unix)]
fn interrupted(place: &Place, arguments: &str, signal: &str, enough: impl Fn(u64) -> bool) -> Outcome {
    let mut command =
        place.command(&format!("train --data text.txt {SMALL} --steps 100000000 {arguments} --json"), &[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let step = |line: &str| serde_json::from_str::<Value>(line).unwrap()["step"].as_u64().unwrap();
    while !enough(step(&lines.next().expect("the run goes on").unwrap())) {}
    let sent = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
    // The rest is read, so that the run does not wait for a reader.
    lines.for_each(|line| drop(line.unwrap()));
    Outcome(child.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_goes_on_from_its_last_save() {
    let place = Place::with_text();
    let saved = || -> u64 {
        let trainer = std::fs::read_to_string(place.path("model/trainer.json")).unwrap_or_default();
        serde_json::from_str::<Value>(&trainer).map_or(0, |trainer| trainer["step"].as_u64().unwrap())
    };
    let options = "--save-every 10 --eval-every 0 --sample-every 0 --out model";
    let outcome = interrupted(&place, options, "KILL", |_| saved() > 0);
    assert!(!outcome.0.status.success());
    let logged = place.log("model").len() as u64;
    let more = place.lines("train --resume model --stop-after 2 --device cpu --json");
    let first = more[0]["step"].as_u64().unwrap();
    assert!(first > 10 && first % 10 == 1 && first <= logged + 1, "{first} after {logged} steps in the log");
    let steps: Vec<u64> = place.log("model").iter().map(|line| line["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, (1..first + 2).collect::<Vec<_>>(), "the log is cut to the save, and goes on");
}

/// Files that cannot grow any more stand for a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing_that_was_saved() {
    let place = Place::with_text();
    place.train("--steps 4 --out model").ok();
    let before = std::fs::read(place.path("model/model.safetensors")).unwrap();
    let script = format!(
        "trap '' XFSZ; ulimit -f 16; exec '{}' train --resume model --steps 8 --save-every 2 --device cpu",
        env!("CARGO_BIN_EXE_glasshouse")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path(".")).env("XDG_RUNTIME_DIR", place.path("."));
    let outcome = Outcome(command.output().unwrap());
    outcome.refusal("a full disk", 1, &["cannot write", "give another --out"]);
    assert_eq!(std::fs::read(place.path("model/model.safetensors")).unwrap(), before);
    assert_eq!(files(&place.path("model")).len(), 8, "what was begun is removed");
    assert_eq!(place.lines("train --resume model --steps 8 --device cpu --json").len(), 4);
    let mut command = Command::new("sh");
    let new = format!("--data text.txt {} --out new", SMALL.replace("--device cpu", ""));
    let script = script.replace("--resume model", &new);
    command.args(["-c", &script]).current_dir(place.path(".")).env("XDG_RUNTIME_DIR", place.path("."));
    Outcome(command.output().unwrap()).refusal("a new run", 1, &["cannot write"]);
    assert!(!place.path("new/log.jsonl").exists(), "it is met before the first step");
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run_and_leaves_the_save() {
    let place = Place::with_text();
    let options = "--lr 1000 --warmup 0 --clip 0 --weight-decay 1000 --steps 200 --save-every 2 --out model --json";
    let outcome = place.train(options);
    outcome.refusal("a loss that is not finite", 1, &["the loss is not finite at step", "lower --lr"]);
    let stderr = outcome.stderr();
    let number = |text: &str, after: &str| -> u64 {
        let rest = text.split(after).nth(1).unwrap_or_else(|| panic!("{after:?} in {text}"));
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let (failed, saved) = (number(&stderr, "not finite at step "), number(&stderr, "as it was after step "));
    assert!(saved < failed, "{stderr}");
    assert_eq!(place.log("model").len() as u64, failed - 1, "all finite steps are logged");
    let trainer: Value = serde_json::from_str(&place.read("model/trainer.json")).unwrap();
    assert_eq!(trainer["step"], saved);
    place.ok("sample --model model --max-tokens 2 --device cpu");
}
