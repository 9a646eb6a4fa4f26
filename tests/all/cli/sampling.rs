//! `glasshouse sample`: prompts from a pipe, several continuations, what ends them, what they are chosen among.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::{Outcome, Place};

const SAMPLE: &str = "sample --model model --device cpu --max-tokens 24";

/// A folder with a model in `model`.
fn with_model() -> Place {
    let place = Place::with_text();
    place.train("--steps 40 --out model").ok();
    place
}

/// A call with `input` on standard input.
fn piped(place: &Place, arguments: &str, input: &[u8]) -> Outcome {
    let mut command = place.command(arguments, &[]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What is refused before it is read closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    Outcome(child.wait_with_output().unwrap())
}

fn object(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.ok()).unwrap()
}

#[test]
fn a_prompt_comes_by_standard_input_byte_for_byte() {
    let place = with_model();
    let json = format!("{SAMPLE} --json");
    let typed = place.json(&format!("{json} --prompt king"));
    assert_eq!(object(&piped(&place, &format!("{json} --prompt -"), b"king")), typed);
    assert_ne!(object(&piped(&place, &format!("{json} --prompt -"), b"king\n")), typed, "a line break counts");
    assert_eq!(object(&piped(&place, &format!("{json} --prompt -"), b"")), place.json(&json), "nothing is no prompt");
    object(&piped(&place, &format!("{json} --prompt -"), b"\xff\x00\xfe"));
    place.refuses("sample --model - --prompt -", 2, &["standard input"]);
}

#[test]
fn several_continuations_have_draws_of_their_own() {
    let place = with_model();
    let found = place.lines(&format!("{SAMPLE} --prompt king --seed 7 --num-samples 3 --json"));
    assert_eq!(found.len(), 3);
    for (i, one) in found.iter().enumerate() {
        assert_eq!(&place.json(&format!("{SAMPLE} --prompt king --seed {} --json", 7 + i)), one, "{i}");
    }
    let texts: Vec<&str> = found.iter().map(|one| one["text"].as_str().unwrap()).collect();
    let plain = place.run(&format!("{SAMPLE} --prompt king --seed 7 --num-samples 3"));
    assert_eq!(plain.ok(), texts.join("\n---\n"));
    place.refuses(&format!("{SAMPLE} --num-samples 0"), 2, &["--num-samples"]);
}

#[test]
fn a_text_ends_where_a_string_would_begin() {
    let place = with_model();
    let sample = format!("{SAMPLE} --prompt king --ignore-eos");
    let whole = place.json(&format!("{sample} --json"));
    let text = whole["text"].as_str().unwrap();
    for length in [1, 2, 3, 5] {
        // A part of what it writes, wherever the tokens cut it.
        let stop: String = text.chars().skip(9).take(length).collect();
        let want = &text[..text.find(&stop).unwrap()];
        for json in [true, false] {
            let more = ["--stop", "not in the text at all", "--stop", &stop, "--json"];
            let outcome = Outcome(place.command(&sample, &more[..4 + usize::from(json)]).output().unwrap());
            let found = if json { object(&outcome)["text"].as_str().unwrap().to_string() } else { outcome.ok() };
            assert_eq!(found, want, "{stop:?}");
        }
    }
    let more = ["--stop", "not in the text at all", "--json"];
    assert_eq!(object(&Outcome(place.command(&sample, &more).output().unwrap())), whole);
    Outcome(place.command(SAMPLE, &["--stop", ""]).output().unwrap()).refusal("an empty string", 2, &["--stop"]);
}

#[test]
fn what_is_chosen_among() {
    let place = with_model();
    let ids =
        |options: &str| place.json(&format!("{SAMPLE} --prompt king --ignore-eos {options} --json"))["ids"].clone();
    let all = ids("");
    for same in ["--top-k 0", "--top-k -1", "--top-k 300", "--min-p 0"] {
        assert_eq!(ids(same), all, "{same} leaves everything");
    }
    let greedy = ids("--temperature 0");
    assert_ne!(greedy, all);
    for same in
        ["--min-p 1", "--top-k 1", "--temperature 1e-309", "--temperature 5e-324", "--temperature 1e-300 --seed 3"]
    {
        assert_eq!(ids(same), greedy, "{same} leaves the likeliest");
    }
    assert_ne!(ids("--min-p 0.2"), all);
    for (options, part) in [
        ("--top-k -2", "--top-k"),
        ("--top-k few", "--top-k"),
        ("--min-p 1.5", "--min-p is to lie between 0 and 1"),
        ("--min-p -0.1", "--min-p is to lie between 0 and 1"),
        ("--min-p nan", "--min-p is to lie between 0 and 1"),
    ] {
        place.refuses(&format!("{SAMPLE} {options}"), 2, &[part]);
    }
}

#[test]
fn a_special_token_in_a_prompt_is_text_or_the_token() {
    let place = with_model();
    let ids = |more: &str| place.json(&format!("{SAMPLE} {more} --json"))["probabilities"].clone();
    assert_eq!(ids("--prompt <|endoftext|> --special token"), ids(""), "the beginning of a document");
    let text = ids("--prompt <|endoftext|>");
    assert_ne!(text, ids(""));
    assert_eq!(ids("--prompt <|endoftext|> --special text"), text);
    place.refuses(&format!("{SAMPLE} --special both"), 2, &["text or as token"]);
}
