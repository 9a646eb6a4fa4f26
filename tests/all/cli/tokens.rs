//! `glasshouse tokenizer`: ids however they are written, counts, other formats, splits of one's own.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Outcome, Place};

fn with_tokenizer() -> Place {
    let place = Place::with_text();
    place.ok("tokenizer train --input text.txt --vocab-size 300 --special <|endoftext|> --pattern gpt2 --out t.json");
    place
}

fn piped(place: &Place, arguments: &str, input: &str) -> Outcome {
    let mut command = place.command(arguments, &[]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Outcome(child.wait_with_output().unwrap())
}

#[test]
fn ids_are_read_however_they_are_written() {
    let place = with_tokenizer();
    let printed = place.ok("tokenizer encode --tokenizer t.json --input text.txt");
    let ids: Vec<&str> = printed.split_whitespace().collect();
    let text = place.read("text.txt");
    let decode = "tokenizer decode --tokenizer t.json";
    let object = place.ok("tokenizer encode --tokenizer t.json --input text.txt --json");
    let list = format!("[{}]", ids.join(", "));
    for written in
        [&printed, &list, &ids.join(","), &ids.join("\n"), &format!("[\n  {}\n]\n", ids.join(",\n  ")), &object]
    {
        assert!(piped(&place, &format!("{decode} --input -"), written).ok() == text, "{:?}", &written[..20]);
        place.write("ids.txt", written);
        assert!(place.ok(&format!("{decode} --input ids.txt")) == text);
    }
    let few = place.ok(&format!("{decode} {} {} {}", ids[0], ids[1], ids[2]));
    for written in [format!("{},{},{}", ids[0], ids[1], ids[2]), format!("[{}, {}, {}]", ids[0], ids[1], ids[2])] {
        assert_eq!(Outcome(place.command(decode, &[&written]).output().unwrap()).ok(), few, "{written}");
    }
    assert_eq!(piped(&place, &format!("{decode} --input -"), "").ok(), "");
    piped(&place, &format!("{decode} --input -"), "1\ntwo").refusal("a word", 1, &["standard input, line 2", "'two'"]);
    piped(&place, &format!("{decode} --input -"), "9999").refusal("no token", 1, &["9999"]);
    place.refuses(&format!("{decode} one"), 2, &["expected ids", "'one'"]);
    place.refuses(&format!("{decode} 1 --input ids.txt"), 2, &["cannot be used with"]);
    place.refuses(decode, 2, &["required"]);
}

#[test]
fn tokens_are_counted() {
    let place = with_tokenizer();
    let ids = place.ok("tokenizer encode --tokenizer t.json --input text.txt").split_whitespace().count();
    let found = place.json("tokenizer count --tokenizer t.json --input text.txt --json");
    let bytes = place.read("text.txt").len();
    let ratio = bytes as f64 / ids as f64;
    assert_eq!(found, json!({ "tokens": ids, "bytes": bytes, "documents": 1, "bytes_per_token": ratio }));
    place.write("two.jsonl", "{\"text\": \"the king\"}\n{\"text\": \"king<|endoftext|>\"}\n");
    let two = place.json("tokenizer count --tokenizer t.json --input two.jsonl --json");
    let token = place.json("tokenizer count --tokenizer t.json --input two.jsonl --special token --json");
    assert_eq!((&two["documents"], &two["bytes"]), (&2.into(), &25.into()));
    assert!(token["tokens"].as_u64() < two["tokens"].as_u64());
    let shown = place.ok("tokenizer count --tokenizer t.json --text king");
    assert!(shown.contains("tokens           ") && shown.contains("bytes            4"), "{shown}");
    place.refuses("tokenizer count --tokenizer t.json", 2, &["required"]);
}

#[test]
fn a_tokenizer_is_shown() {
    let place = with_tokenizer();
    let found = place.json("tokenizer show --tokenizer t.json --json");
    assert_eq!((&found["tokens"], &found["merges"], &found["pattern"]), (&300.into(), &43.into(), &"gpt2".into()));
    assert_eq!(found["special"], json!([{ "token": "<|endoftext|>", "id": 299 }]));
    assert_eq!(found["longest"][0], " river");
    let shown = place.ok("tokenizer show --tokenizer t.json");
    assert!(shown.contains("special  299 <|endoftext|>"), "{shown}");
    let tokens = place.lines("tokenizer show --tokenizer t.json 97 255 299 --json");
    assert_eq!(tokens[0], json!({ "id": 97, "token": "a", "bytes": [97], "special": false }));
    assert_eq!((&tokens[1]["token"], &tokens[2]["special"]), (&"\\xff".into(), &true.into()));
    place.refuses("tokenizer show --tokenizer t.json 300", 2, &["300 is no token", "has 300"]);
}

/// The merges of the tokenizer in the two older formats give the same ids when they are converted.
#[test]
fn older_formats_become_a_tokenizer_json() {
    let place = Place::with_text();
    place.ok("tokenizer train --input text.txt --vocab-size 300 --pattern gpt2 --out t.json");
    let file: Value = serde_json::from_str(&place.read("t.json")).unwrap();
    let merges = file["model"]["merges"].as_array().unwrap();
    let half = |merge: &Value, side: usize| merge[side].as_str().unwrap().to_string();
    let lines: Vec<String> = merges.iter().map(|merge| format!("{} {}", half(merge, 0), half(merge, 1))).collect();
    place.write("old/vocab.bpe", format!("#version: 0.2\n{}\n", lines.join("\n")));
    place.write("old/encoder.json", file["model"]["vocab"].to_string());
    let ranks: Vec<String> = place
        .lines(&format!(
            "tokenizer show --tokenizer t.json --json {}",
            (0..300).map(|i| i.to_string()).collect::<Vec<_>>().join(" ")
        ))
        .iter()
        .map(|token| {
            let bytes: Vec<u8> = token["bytes"].as_array().unwrap().iter().map(|b| b.as_u64().unwrap() as u8).collect();
            format!("{} {}\n", base64(&bytes), token["id"])
        })
        .collect();
    place.write("t.tiktoken", ranks.concat());
    let encode = |file: &str| place.ok(&format!("tokenizer encode --tokenizer {file} --input text.txt"));
    let want = encode("t.json");
    for (source, options) in [("old/vocab.bpe", ""), ("old", ""), ("t.json", ""), ("t.tiktoken", "--pattern gpt2")] {
        place.ok(&format!("tokenizer convert --tokenizer {source} {options} --out new.json"));
        assert_eq!(encode("new.json"), want, "{source}");
    }
    place.ok(
        "tokenizer convert --input t.tiktoken --pattern gpt2 --special <|endoftext|> --special <|pad|> --out new.json",
    );
    let found = place.json("tokenizer show --tokenizer new.json --json");
    assert_eq!(found["special"], json!([{ "token": "<|endoftext|>", "id": 300 }, { "token": "<|pad|>", "id": 301 }]));
    place.refuses("tokenizer convert --tokenizer t.tiktoken --out x.json", 2, &["--pattern"]);
    place.refuses("tokenizer convert --tokenizer missing --out x.json", 1, &["missing"]);
    place.refuses("tokenizer convert --tokenizer t.json --out none/x.json", 2, &["none/x.json"]);
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * place)) as usize & 63] as char;
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

#[test]
fn a_split_of_ones_own_trains_and_is_written() {
    let place = Place::with_text();
    let train = |pattern: &str, out: &str| {
        let arguments = "tokenizer train --input text.txt --vocab-size 290";
        Outcome(place.command(arguments, &["--pattern", pattern, "--out", out]).output().unwrap())
    };
    train(r"\w+|\W", "own.json").ok();
    let file: Value = serde_json::from_str(&place.read("own.json")).unwrap();
    assert_eq!(file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"], r"\w+|\W");
    let tokens = place.lines("tokenizer show --tokenizer own.json --json 256 257 280 289");
    assert!(tokens.iter().all(|token| !token["token"].as_str().unwrap().contains(' ')), "{tokens:?}");
    assert_eq!(place.json("tokenizer show --tokenizer own.json --json")["pattern"], Value::Null);
    // GPT-2's own expression is GPT-2's split, in words.
    let gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    train(gpt2, "words.json").ok();
    train("gpt2", "name.json").ok();
    assert_eq!(place.read("words.json"), place.read("name.json"));
    train("gtp2", "x.json").refusal("a slip", 2, &["gtp2", "gpt2, cl100k, o200k or none"]);
    train("(a", "x.json").refusal("half an expression", 2, &["cannot be read"]);
}
