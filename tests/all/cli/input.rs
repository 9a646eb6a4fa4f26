//! Bad input: texts, options, tokenizers. Each gives one sentence that says what to do.

use super::{Place, SMALL};

#[test]
fn texts_that_are_none() {
    let place = Place::with_text();
    place.write("empty.txt", "");
    place.write("binary.dat", [b"text".repeat(300), vec![0, 1, 2]].concat());
    place.write("broken.jsonl", "{\"text\": null}\n{\"text\": 2}\n");
    place.write("fieldless.jsonl", "{\"body\": \"one\"}\n");
    std::fs::create_dir(place.path("folder")).unwrap();
    // A sparse file: a terabyte that takes no room.
    std::fs::File::create(place.path("huge.txt")).unwrap().set_len(1 << 40).unwrap();
    place.train("--steps 1 --out model").ok();
    for (data, parts) in [
        ("missing.txt", ["missing.txt", "check the path"]),
        ("empty.txt", ["empty.txt", "give another file"]),
        ("binary.dat", ["binary.dat", "a zero byte at 1200"]),
        ("huge.txt", ["huge.txt", "zero byte"]),
        ("folder", ["folder", "found none"]),
        ("broken.jsonl", ["broken.jsonl, line 1", "its `text` is null"]),
        ("fieldless.jsonl", ["fieldless.jsonl, line 1", "no field `text`, but body"]),
    ] {
        place.refuses(&format!("train --data {data} {SMALL} --out new"), 1, &parts);
        assert!(!place.path("new").exists(), "{data} leaves nothing behind");
        place.refuses(&format!("eval --model model --data {data} --device cpu"), 1, &parts);
        place.refuses(&format!("tokenizer train --input {data} --vocab-size 300 --out t.json"), 1, &parts);
    }
    // Standard input is empty here.
    place.refuses(&format!("train --data - {SMALL}"), 1, &["standard input", "found none"]);
    place.refuses("train --data", 2, &["--data"]);
}

#[test]
fn shapes_that_do_not_fit() {
    let place = Place::with_text();
    let small = |changed: &str| format!("train --data text.txt --out new {}", replaced(changed));
    for (change, code, parts) in [
        ("--heads 3", 2, ["3 heads do not divide 16 channels", "take 2 heads"].as_slice()),
        ("--heads 0", 2, &["heads: expected a number from 1"]),
        ("--layers 5000", 2, &["layers: expected a number from 1 to 1024"]),
        ("--channels 1024 --heads 2", 2, &["a head of 512", "take 4 heads"]),
        ("--context 9000", 1, &["a context of 9000 needs 9001 or more", "smaller --context"]),
        ("--vocab-size 255", 2, &["255 is too small"]),
        ("--vocab-size 5000", 1, &["too short for a vocabulary of 5000", "it allows at most"]),
        ("--batch 0", 2, &["--batch is to lie between 1"]),
        ("--batch 10000000", 1, &["a batch of 10000000", "take --batch"]),
        ("--accumulate 0", 2, &["--accumulate is to lie between 1"]),
        ("--lr -1", 2, &["--lr is to lie between 0"]),
        ("--lr nan", 2, &["--lr is to lie between 0"]),
        ("--clip -1", 2, &["--clip is to lie between 0"]),
        ("--weight-decay inf", 2, &["--weight-decay is to lie between 0"]),
        ("--steps 99999999999999999", 2, &["--steps is to be at most 2^53"]),
    ] {
        place.refuses(&small(change), code, parts);
        assert!(!place.path("new").exists(), "{change} leaves nothing behind");
    }
}

/// The small shape with some of its options changed.
fn replaced(change: &str) -> String {
    let changed: Vec<&str> = change.split_whitespace().step_by(2).collect();
    let small: Vec<&str> = SMALL.split_whitespace().collect();
    let kept = small.chunks(2).filter(|pair| !changed.contains(&pair[0])).map(|pair| pair.join(" "));
    kept.chain([change.to_string()]).collect::<Vec<_>>().join(" ")
}

/// A batch that does not fit says how much it needs and what would fit; what it says does fit.
#[test]
fn a_batch_that_does_not_fit_says_what_would() {
    let place = Place::with_text();
    // Terabytes, whatever machine this runs on.
    let shape = "--layers 1000 --heads 2 --channels 64 --context 256 --batch 5000 --vocab-size 300";
    let outcome = place.run(&format!("train --data text.txt {shape} --device cpu --out new"));
    outcome.refusal(shape, 1, &["a batch of 5000 needs", "MiB", "would fit: take --batch"]);
    let error = outcome.stderr();
    let batch: u64 = error.split("take --batch ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((1..5000).contains(&batch), "{error}");
    // An adapter's limit is the largest range that a kernel may bind.
    let shape = "--channels 1024 --heads 4 --layers 1 --context 64 --vocab-size 300 --device gpu --steps 0";
    let outcome = place.run(&format!("train --data text.txt {shape} --batch 30000 --out new"));
    outcome.refusal(shape, 1, &["a batch of 30000 needs a tensor of 30000 MiB", "would fit: take --batch"]);
}

#[test]
fn options_that_are_wrong() {
    let place = Place::with_text();
    for (arguments, part) in [
        ("", "Usage"),
        ("tarin", "tarin"),
        ("train --preset huge", "choose tiny, small, baby or gpt2"),
        ("train --corpus fr", "take en or zh"),
        ("train --corpus en --data text.txt", "cannot be used with"),
        ("train --schedule step", "choose cosine, linear, constant or wsd"),
        ("train --steps many", "--steps"),
        ("train --steps -1", "-1"),
        ("train --device tpu", "expected auto, cpu, gpu, or gpu:N"),
        ("train --rate 1", "--rate"),
        ("sample", "--model"),
        ("sample --model model --temperature hot", "--temperature"),
        ("sample --model model --temperature -1", "--temperature is to lie between 0"),
        ("sample --model model --top-k -2", "expected a number of tokens, or 0 for all"),
        ("sample --model model --top-p 0", "--top-p is to lie above 0"),
        ("sample --model model --top-p 1.5", "--top-p is to lie above 0"),
        ("eval --model model", "--data"),
        ("tokenizer encode --tokenizer t.json", "--text"),
        ("bench step --steps 0", "--steps"),
        ("bench matmul --sizes 0", "size of 0"),
        ("bench matmul -m 3", "-k"),
    ] {
        let outcome = place.run(arguments);
        assert_eq!(outcome.0.status.code(), Some(2), "{arguments}: {}", outcome.stderr());
        assert!(outcome.stderr().contains(part), "{arguments}: {}", outcome.stderr());
        assert!(outcome.stdout().is_empty(), "{arguments}: {}", outcome.stdout());
    }
    place.refuses("train --device gpu:99", 1, &["gpu:99", "doctor"]);
    place.refuses("bench matmul --sizes 1000000000 --device cpu", 1, &["smaller sizes"]);
    place.refuses("bench attention --head-size 300 --device cpu", 1, &["at most 256"]);
    place.refuses("bench attention --batch 18446744073709551615 --context 9 --device cpu", 1, &["smaller sizes"]);
}

#[test]
fn tokenizers_that_are_none() {
    let place = Place::with_text();
    place.ok("tokenizer train --input text.txt --vocab-size 300 --special <|endoftext|> --out good.json");
    let good = place.read("good.json");
    place.write("empty.json", "");
    place.write("cut.json", &good[..good.len() / 2]);
    place.write("other.json", "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {}}}");
    place.write("ranks.tiktoken", "AA== 0\nAQ== 1\n");
    let small = SMALL.replace("--vocab-size 300", "");
    for (file, parts) in [
        ("missing.json", ["missing.json", "check the path"]),
        ("empty.json", ["empty.json", ""]),
        ("cut.json", ["cut.json", ""]),
        ("other.json", ["other.json", ""]),
        ("ranks.tiktoken", ["ranks.tiktoken", "expected a tokenizer.json"]),
    ] {
        place.refuses(&format!("train --data text.txt --tokenizer {file} {small} --out new"), 1, &parts);
        assert!(!place.path("new").exists(), "{file} leaves nothing behind");
    }
    place.refuses(&format!("train --data text.txt --tokenizer good.json {SMALL}"), 2, &["300", "one of the two"]);
}

#[test]
fn where_nothing_can_be_written() {
    let place = Place::with_text();
    place.write("file", "");
    let outcome = place.train("--steps 1 --out file");
    outcome.refusal("a file for a folder", 1, &["file: cannot create"]);
    place.write("model/config.json", "{}");
    place.train("--steps 1 --out model").refusal("a model", 1, &["model holds a model already", "another --out"]);
    assert_eq!(place.read("model/config.json"), "{}");
    if cfg!(target_os = "linux") {
        for command in ["doctor --json", "doctor"] {
            let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            let output = place.command(command, &[]).stdout(full).output().unwrap();
            super::Outcome(output).refusal(command, 1, &["standard output: cannot write", "the disk is full"]);
        }
    }
}
