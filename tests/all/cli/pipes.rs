//! Readers that go away: of standard error, which must end nothing, and of standard output, which ends what only prints.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Outcome, Place, SMALL};

/// A pipe whose reader has gone.
fn gone() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_run_goes_on_whoever_reads() {
    let place = Place::with_text();
    let train = format!("train --data text.txt {SMALL} --steps 30 --save-every 10 --eval-every 10 --sample-every 10");
    for (name, json) in [("plain", ""), ("json", "--json")] {
        for stream in ["stdout", "stderr"] {
            let folder = format!("{name}-{stream}");
            let mut command = place.command(&format!("{train} {json} --out {folder}"), &[]);
            match stream {
                "stdout" => command.stdout(gone()).stderr(Stdio::piped()),
                _ => command.stderr(gone()).stdout(Stdio::piped()),
            };
            Outcome(command.output().unwrap()).ok();
            assert_eq!(place.log(&folder).len(), 30, "{folder}");
        }
    }
}

#[test]
fn an_error_has_its_code_where_nobody_reads_it() {
    let place = Place::with_text();
    for (arguments, code) in [
        ("train --data missing.txt --device cpu", 1),
        ("train --resume missing", 1),
        ("sample --model missing", 1),
        ("eval --model missing --data text.txt", 1),
        ("tokenizer encode --tokenizer missing --text a", 1),
        ("tokenizer encode --tokenizer missing --text", 2),
        ("corpus show missing", 1),
        ("corpus run --input missing --out clean", 1),
        ("sample --model missing --temperature -1", 2),
        ("nonsense", 2),
    ] {
        let outcome = place.command(arguments, &[]).stderr(gone()).output().unwrap();
        assert_eq!(outcome.status.code(), Some(code), "{arguments}");
    }
}

#[test]
fn a_sample_ends_with_its_reader() {
    let place = Place::with_text();
    place.train("--steps 2 --out model").ok();
    let sample = "sample --model model --ignore-eos --max-tokens 100000000 --device cpu";
    let mut child = place.command(sample, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 3]).unwrap();
    let left = Instant::now();
    let outcome = Outcome(child.wait_with_output().unwrap());
    assert!(left.elapsed() < Duration::from_secs(30));
    assert_eq!((outcome.0.status.code(), outcome.stderr().as_str()), (Some(0), ""), "its reader has read enough");
}

#[test]
fn what_prints_line_by_line_ends_with_its_reader_and_says_nothing() {
    let place = Place::with_text();
    let outcome = place.command("bench matmul --sizes 16,32,64 --rounds 1 --device cpu", &[]).stdout(gone()).output();
    let outcome = Outcome(outcome.unwrap());
    assert_eq!((outcome.0.status.code(), outcome.stderr().as_str()), (Some(0), ""));
}
