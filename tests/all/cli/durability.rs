//! Written means written: what is on the disk before a name counts, one process a folder, damage that is named, a full disk.
//! The system calls are those that strace sees, and strace makes the disk full.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::corpus::{line, page, pages};
use super::{Outcome, Place, SMALL, files};

/// The binary under strace with these options of strace's; what strace writes is in `calls`.
fn strace(place: &Place, options: &str, arguments: &str) -> Outcome {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-o"]).arg(place.path("calls")).args(options.split_whitespace());
    command.arg(env!("CARGO_BIN_EXE_glasshouse")).args(arguments.split_whitespace());
    command.current_dir(place.path(".")).env("XDG_RUNTIME_DIR", place.path(".")).env("RAYON_NUM_THREADS", "2");
    Outcome(command.stdin(Stdio::null()).output().expect("this test needs strace: `make test` installs it"))
}

/// What was done to the disk, in order: files and folders brought to it, and renames.
#[derive(Debug, PartialEq)]
enum Call {
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
}

fn calls(place: &Place) -> Vec<Call> {
    let root = place.path(".").canonicalize().unwrap();
    let path = |text: &str| root.join(text);
    let mut calls = Vec::new();
    // A call that another thread's comes between is resumed on a later line.
    let mut unfinished = HashMap::new();
    for line in place.read("calls").lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread.to_owned(), begun.trim_start().to_owned());
            continue;
        }
        let begun = if call.contains(" resumed>") { unfinished.remove(thread) } else { None };
        let call = begun.as_deref().unwrap_or(call.trim_start());
        if !line.ends_with(" = 0") {
            continue;
        }
        if call.starts_with("fsync(") || call.starts_with("fdatasync(") {
            let name = call.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(name, _)| name);
            calls.push(Call::Sync(path(name.unwrap_or_else(|| panic!("no name in {line}")))));
        } else if call.starts_with("rename") {
            let names: Vec<&str> = call.split('"').skip(1).step_by(2).collect();
            let [from, to] = names[..] else { panic!("no two names in {line}") };
            calls.push(Call::Rename(path(from), path(to)));
        }
    }
    calls
}

/// Each rename comes behind its file's sync, and its folder's sync behind it.
fn assert_written(place: &Place, what: &str, least: usize) {
    let calls = calls(place);
    let renames = calls.iter().filter(|call| matches!(call, Call::Rename(..))).count();
    assert!(renames >= least, "{what}: {renames} renames in {calls:?}");
    for (at, call) in calls.iter().enumerate() {
        let Call::Rename(from, to) = call else { continue };
        assert!(
            calls[..at].contains(&Call::Sync(from.clone())),
            "{what}: {from:?} is renamed before it is on the disk"
        );
        let folder = Call::Sync(to.parent().unwrap().to_owned());
        assert!(calls[at..].contains(&folder), "{what}: the name {to:?} is not brought to the disk");
    }
}

const SYNCS: &str = "-e trace=rename,renameat,renameat2,fsync,fdatasync";

fn good(count: usize) -> String {
    (0..count).map(|n| line(&format!("page {n}"), &page(n))).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn every_file_is_on_the_disk_before_its_name_is() {
    let place = Place::with_text();
    place.write("pages/a.jsonl", good(40));
    place.write("pages/b.jsonl", good(60));
    strace(&place, SYNCS, &format!("train --data text.txt {SMALL} --steps 4 --save-every 2 --out model")).ok();
    // A save that is due while another waits takes its place.
    assert_written(&place, "train", 16);
    strace(&place, SYNCS, "tokenizer train --input text.txt --vocab-size 300 --out tokenizer.json").ok();
    assert_written(&place, "tokenizer train", 1);
    strace(&place, SYNCS, "corpus run --input pages --out out --keep-removed").ok();
    assert_written(&place, "corpus run", 8);
    strace(&place, SYNCS, "corpus run --input pages --only filters --shard 0/1 --out shard").ok();
    strace(&place, SYNCS, "corpus dedup --input shard --out all").ok();
    assert_written(&place, "corpus dedup", 3);
}

/// A note that the machine did not get to write says nothing, and the run goes on without it.
#[cfg(target_os = "linux")]
#[test]
fn an_empty_or_cut_note_counts_as_absent() {
    let place = Place::new();
    (0..4).for_each(|n| place.write(&format!("pages/{n}.jsonl"), good(20 + n)));
    let call = |out: &str| format!("corpus run --input pages --keep-removed --out {out}");
    place.ok(&call("whole"));
    let killed = strace(&place, "-e trace=rename -e inject=rename:signal=KILL:when=7", &call("out"));
    assert!(!killed.0.status.success());
    let notes: Vec<String> =
        files(&place.path("out/work")).into_iter().filter(|name| name.starts_with("filters")).collect();
    assert!(notes.len() >= 2, "{notes:?}");
    place.write(&format!("out/work/{}", notes[0]), "");
    let cut = place.read(&format!("out/work/{}", notes[1]));
    place.write(&format!("out/work/{}", notes[1]), &cut[..cut.len() / 2]);
    place.ok(&call("out"));
    for folder in ["documents", "removed"] {
        if place.path("whole").join(folder).exists() {
            let folders = ["whole", "out"].map(|name| place.path(name).join(folder));
            assert!(Command::new("diff").arg("-r").args(folders).status().unwrap().success(), "{folder}");
        }
    }
    assert_eq!(place.read("whole/report.json"), place.read("out/report.json"));
}

/// A run that dies in the middle of its input, or between two files, goes on behind the last that was finished, and ends with
/// the bytes of a run that did not die.
#[test]
fn a_killed_run_goes_on() {
    let place = Place::new();
    let pages = pages(45);
    let off = "--set top_2_gram=off --set top_3_gram=off --set top_4_gram=off --set duplicated_5_n_grams=off --keep-removed \
         --only filters --only dedup --only pii";
    for (n, part) in pages.chunks(15).enumerate() {
        place.write(&format!("pages/{n}.jsonl"), part.concat());
    }
    let arguments = format!("corpus run --input pages {off} --out");
    place.ok(&format!("{arguments} whole"));
    // A folder in the place of a file that it writes stops it there, as a full disk would.
    let stops = [
        "work/signed-00001.bin",
        "work/filtered/documents/00001.jsonl.gz",
        "work/filters-00002.json",
        "documents/00000.jsonl.gz",
        "documents/00002.jsonl.gz",
        "report.json.tmp",
    ];
    let mut resumed = 0;
    for stop in stops {
        let out = stop.replace('/', "_");
        place.write(&format!("{out}/{stop}/file"), "");
        std::fs::remove_file(place.path(&format!("{out}/{stop}/file"))).unwrap();
        if stop.starts_with("documents") {
            // Documents alone are no run that could go on.
            place.write(&format!("{out}/work/settings.json"), "");
        }
        place.refuses(&format!("{arguments} {out}"), 1, &[&out]);
        assert!(!place.path(&format!("{out}/report.json")).exists(), "{stop}");
        std::fs::remove_dir(place.path(&format!("{out}/{stop}"))).unwrap();
        place.refuses(&format!("{arguments} {out} --set policy=off"), 1, &[&out, "call it as before"]);
        // Another text as long is another input.
        let first = place.read("pages/0.jsonl");
        place.write("pages/0.jsonl", "x".repeat(first.len()));
        place.refuses(&format!("{arguments} {out}"), 1, &[&out, "other input"]);
        place.write("pages/0.jsonl", first);
        // What was finished is not read again: what was noted of it is in the report.
        let note = place.path(&format!("{out}/work/filters-00000.json"));
        if let Ok(true) = note.try_exists() {
            let noted = place.read(&format!("{out}/work/filters-00000.json"));
            place.write(
                &format!("{out}/work/filters-00000.json"),
                noted.replace("\"skipped\":{", "\"skipped\":{\"noted\":1"),
            );
            Command::new("cp").arg("-r").args([place.path(&out), place.path("copy")]).status().unwrap();
            let report = place.json(&format!("{arguments} copy --json"));
            assert_eq!(report["skipped"]["noted"], 1, "{stop}: {report}");
            std::fs::remove_dir_all(place.path("copy")).unwrap();
            place.write(&format!("{out}/work/filters-00000.json"), noted);
            resumed += 1;
        }
        place.ok(&format!("{arguments} {out} --json"));
        for file in
            ["documents/00000.jsonl.gz", "documents/00002.jsonl.gz", "removed/minhash/00001.jsonl.gz", "report.json"]
        {
            let [one, other] =
                ["whole", &out].map(|folder| std::fs::read(place.path(&format!("{folder}/{file}"))).unwrap());
            assert!(one == other, "{stop}: {file} differs");
        }
        assert!(!place.path(&format!("{out}/work")).exists());
    }
    assert!(resumed >= 4, "{resumed}");
}

/// A run that goes on until its reader ends it, begun so far that it holds its folder.
struct Holder(Child);

impl Holder {
    fn begin(place: &Place, arguments: &str) -> Holder {
        let mut command = place.command(&format!("{arguments} --json"), &[]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("\"step\":"), "{first}");
        Holder(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn one_process_writes_to_a_folder() {
    let place = Place::with_text();
    let long = "--steps 1000000 --save-every 1 --eval-every 0 --sample-every 0";
    let new = format!("train --data text.txt {SMALL} {long} --out model");
    let holder = Holder::begin(&place, &new);
    let who = format!("model is being written by another run, process {}", holder.0.id());
    place.refuses("train --resume model --device cpu", 1, &[&who, "--resume"]);
    // A new run would overwrite the first, whether that has saved already or not.
    assert!(!place.run(&new).0.status.success());
    place.ok("sample --model model --prompt the --max-tokens 4 --device cpu");
    place.ok("eval --model model --data text.txt --device cpu");
    drop(holder);
    // What the process that is gone has begun, the next one finishes; its lock is free.
    place.ok("sample --model model --prompt the --max-tokens 4 --device cpu");
    place.ok("train --resume model --stop-after 1 --device cpu");
    assert!(place.path("model/.lock").exists(), "it stays, and only its lock counts");
}

fn flip(path: &Path, at: usize, bit: u8) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1 << bit;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_bit_that_turns_is_named() {
    let place = Place::with_text();
    place.train("--steps 4 --out model").ok();
    let found = place.json("check model --json");
    assert_eq!(found["faults"], serde_json::json!([]));
    assert!(place.ok("check model").contains("optimizer.safetensors has the SHA-256 that it was saved with"));
    for name in ["optimizer.safetensors", "model.safetensors"] {
        let path = place.path("model").join(name);
        let whole = std::fs::read(&path).unwrap();
        let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
        let numbers = whole.len() - header;
        for n in 0..8 {
            flip(&path, header + (n * numbers / 8 + 3) % numbers, (n * 3 % 8) as u8);
            let damaged =
                [&*format!("{name}: it is damaged: its SHA-256 is "), "restore all files of one save from a copy"];
            place.refuses("train --resume model --steps 6 --device cpu", 1, &damaged);
            place.refuses("check model", 1, &["model: one file is not as it was written"]);
            assert!(place.run("check model").stdout().contains(&format!("damaged: model/{name}: ")));
            if name == "model.safetensors" {
                place.refuses("sample --model model --device cpu", 1, &damaged);
            }
            std::fs::write(&path, &whole).unwrap();
        }
    }
    // An older format is taken as it is.
    let trainer = place.read("model/trainer.json");
    let mut older: Value = serde_json::from_str(&trainer).unwrap();
    older["format"] = 1.into();
    older.as_object_mut().unwrap().remove("sha256");
    older["later"] = true.into();
    place.write("model/trainer.json", older.to_string());
    assert!(place.ok("check model").contains("was saved without its SHA-256"));
    let resumed = place.ok("train --resume model --steps 6 --device cpu");
    assert!(resumed.contains("fields that this version does not know, and keeps: later"), "{resumed}");
    let newer: Value = serde_json::from_str(&place.read("model/trainer.json")).unwrap();
    assert_eq!((&newer["format"], &newer["later"]), (&2.into(), &true.into()));
    assert!(place.ok("check model").contains("model.safetensors has the SHA-256 that it was saved with"));
}

#[test]
fn a_corpus_is_checked_file_by_file() {
    let place = Place::new();
    place.write("pages/a.jsonl", good(30));
    place.write("pages/b.jsonl", good(20));
    place.ok("corpus run --input pages --out out --keep-removed");
    assert!(place.ok("check out").contains("against their SHA-256"));
    let name = "documents/00000.jsonl.gz";
    let whole = std::fs::read(place.path("out").join(name)).unwrap();
    flip(&place.path("out").join(name), whole.len() / 2, 4);
    place.write("out/documents/00007.jsonl.gz", "stray");
    std::fs::remove_file(place.path("out/documents/00001.jsonl.gz")).unwrap();
    let outcome = place.run("check out");
    outcome.refusal("check out", 1, &["3 files are not as they were written"]);
    for fault in
        [format!("{name}: its SHA-256 is"), "00001.jsonl.gz: it is missing".into(), "00007.jsonl.gz: the report".into()]
    {
        assert!(outcome.stdout().contains(&fault), "{fault} in {}", outcome.stdout());
    }
}

#[test]
fn a_finished_corpus_is_done_already() {
    let place = Place::new();
    place.write("pages/a.jsonl", good(30));
    let call = "corpus run --input pages --out out";
    let first = place.ok(call);
    let again = place.ok(call);
    assert_eq!(again, first.replace("written to out", "done already: out"));
    assert_eq!(
        place.json(&format!("{call} --json")),
        serde_json::from_str::<Value>(&place.read("out/report.json")).unwrap()
    );
    // The same files elsewhere are the same input.
    place.write("moved/a.jsonl", good(30));
    assert!(place.ok("corpus run --input moved --out out").contains("done already"));
    place.refuses(&format!("{call} --set char_dup_ratio=0.1"), 1, &["holds a corpus of other options or other input"]);
    place.write("pages/a.jsonl", good(31));
    place.refuses(call, 1, &["holds a corpus of other options or other input: give another --out"]);
}

/// The first save meets a disk that is full for a while: strace lets the first calls that bring a file to the disk fail.
#[cfg(target_os = "linux")]
#[test]
fn a_run_waits_for_a_disk_that_is_full() {
    let place = Place::with_text();
    let full = |error: &str, when: &str| format!("-e trace=fsync -e inject=fsync:error={error}:when={when}");
    let train = |more: &str| format!("train --data text.txt {SMALL} --steps 4 --save-every 2 {more}");
    for (error, out) in [("ENOSPC", "a"), ("EDQUOT", "b")] {
        let outcome = strace(&place, &full(error, "2..4"), &train(&format!("--out {out}")));
        outcome.ok();
        let said = outcome.stderr();
        assert_eq!(said.matches("the run waits for room").count(), 1, "{said}");
        assert_eq!(said.matches("there is room again").count(), 1, "{said}");
        assert_eq!(place.log(out).len(), 4);
        place.ok(&format!("check {out}"));
    }
    strace(&place, &full("ENOSPC", "1+"), &train("--out c --wait-for-disk 0")).refusal(
        "no wait",
        1,
        &["No space left on device"],
    );
    strace(&place, &full("EIO", "2..4"), &train("--out d")).refusal("another fault", 1, &["cannot write"]);
    // In mid-run: what is saved stays, and is said.
    strace(&place, SYNCS, &train("--out e --stop-after 2")).ok();
    let outcome = strace(&place, &full("ENOSPC", "1+"), "train --resume e --device cpu --wait-for-disk 0.002");
    outcome.refusal("a wait that ends", 1, &["No space left on device"]);
    assert!(outcome.stdout().contains("e holds the run as it was after step 2"), "{}", outcome.stdout());
    place.ok("train --resume e --device cpu");
    assert_eq!(place.log("e").len(), 4);
}
