//! `glasshouse tokenizer` as a person runs it: the real binary, good input and bad.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

struct Ran {
    code: i32,
    output: Vec<u8>,
    error: String,
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glasshouse"));
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that fails before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    let ran = child.wait_with_output().unwrap();
    Ran { code: ran.status.code().unwrap(), output: ran.stdout, error: String::from_utf8(ran.stderr).unwrap() }
}

fn run(arguments: &[&str]) -> Ran {
    run_with_input(arguments, b"")
}

/// The output of a command that must succeed, and must say nothing on standard error.
fn output(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let ran = run_with_input(arguments, input);
    // What was taken of a folder is told.
    let error: Vec<&str> = ran.error.lines().filter(|line| !line.starts_with("note: ")).collect();
    assert_eq!((ran.code, error), (0, Vec::new()), "{arguments:?}");
    ran.output
}

fn json_output(arguments: &[&str], input: &[u8]) -> Value {
    let output = String::from_utf8(output(arguments, input)).unwrap();
    assert_eq!(output.lines().count(), 1, "one JSON object and nothing else: {output}");
    serde_json::from_str(&output).unwrap()
}

/// The one sentence of a command that must fail with `code`.
fn refusal(code: i32, arguments: &[&str]) -> String {
    let ran = run(arguments);
    assert_eq!(ran.code, code, "{arguments:?}: {}", ran.error);
    assert!(ran.output.is_empty(), "{arguments:?}");
    ran.error
}

const TEXT: &str = "The quick brown fox's 123 jumps over the lazy dog. It wasn't lazy; the dog 狗 was quick. 🎉\n";

/// A folder with `text.txt` and `t.json`, a tokenizer of 300 tokens trained on it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("text.txt", TEXT.as_bytes());
        let (text, tokenizer) = (folder.path("text.txt"), folder.path("t.json"));
        let arguments = ["tokenizer", "train", "--input", &text, "--vocab-size", "300", "--special", "<|endoftext|>"];
        output(&[&arguments[..], &["--pattern", "gpt2", "--out", &tokenizer]].concat(), b"");
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn encode_and_decode() {
    let folder = Folder::new();
    let tokenizer = &folder.path("t.json");
    let encoded = json_output(&["tokenizer", "encode", "--tokenizer", tokenizer, "--text", TEXT, "--json"], b"");
    assert_eq!(encoded.as_object().unwrap().keys().collect::<Vec<_>>(), ["ids", "tokens"]);
    let ids: Vec<String> = encoded["ids"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert_eq!(encoded["tokens"].as_array().unwrap().len(), ids.len());
    assert!(encoded["tokens"].as_array().unwrap().contains(&json!(" quick")), "{encoded}");

    let plain = output(&["tokenizer", "encode", "--tokenizer", tokenizer, "--input", &folder.path("text.txt")], b"");
    assert_eq!(String::from_utf8(plain).unwrap(), ids.join(" ") + "\n");
    let decode = ["tokenizer", "decode", "--tokenizer", tokenizer];
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(output(&[&decode[..], &ids].concat(), b""), TEXT.as_bytes());

    // Any bytes, through pipes.
    let bytes: Vec<u8> = (0..=255).rev().chain(*b"\xff\xfethe\r\n").collect();
    let encoded = json_output(&["tokenizer", "encode", "--tokenizer", tokenizer, "--input", "-", "--json"], &bytes);
    assert_eq!(encoded["tokens"][0], "\\xff");
    let ids: Vec<String> = encoded["ids"].as_array().unwrap().iter().map(Value::to_string).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(output(&[&decode[..], &ids].concat(), b""), bytes);
    let empty = json_output(&["tokenizer", "encode", "--tokenizer", tokenizer, "--input", "-", "--json"], b"");
    assert_eq!(empty, json!({ "ids": [], "tokens": [] }));
}

#[test]
fn special_tokens_are_text_by_default() {
    let folder = Folder::new();
    let encode = ["tokenizer", "encode", "--tokenizer", &folder.path("t.json"), "--json", "--text", "dog<|endoftext|>"];
    let ids = |more: &[&str]| json_output(&[&encode[..], more].concat(), b"")["ids"].clone();
    assert_eq!(ids(&[]), ids(&["--special", "text"]));
    assert!(!ids(&[]).as_array().unwrap().contains(&json!(299)));
    assert_eq!(ids(&["--special", "token"]).as_array().unwrap().last(), Some(&json!(299)));
    assert!(refusal(2, &[&encode[..], &["--special", "both"]].concat()).contains("text or as token"));
}

#[test]
fn training_takes_files_folders_jsonl_and_standard_input() {
    let folder = Folder::new();
    folder.write("folder/a.txt", b"abc");
    folder.write("folder/b/c.jsonl", b"{\"text\": \"abc\"}\n{\"text\": \"abc\", \"n\": 1}\n");
    let merges = |input: &[&str], bytes: &[u8]| {
        let out = folder.path("out.json");
        let train = ["tokenizer", "train", "--vocab-size", "258", "--pattern", "none", "--out", &out, "--input"];
        let line = String::from_utf8(output(&[&train[..], input].concat(), bytes)).unwrap();
        assert!(line.starts_with("trained 258 tokens"), "{line}");
        let file: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
        file["model"]["merges"].clone()
    };
    // Were documents joined, the merge of "c" and "a" would come before that of "ab" and "c".
    let expected = json!([["a", "b"], ["ab", "c"]]);
    assert_eq!(merges(&[&folder.path("folder")], b""), expected);
    assert_eq!(merges(&[&folder.path("folder/a.txt"), &folder.path("folder/b/c.jsonl")], b""), expected);
    assert_eq!(merges(&["-"], b"{\"text\": \"abc\"}\n{\"text\": \"abc\"}"), expected);
    assert_eq!(merges(&["-"], b"abc"), expected);
}

#[test]
fn every_format_is_read() {
    let folder = Folder::new();
    let file: Value = serde_json::from_slice(&fs::read(folder.path("t.json")).unwrap()).unwrap();
    let expected =
        json_output(&["tokenizer", "encode", "--tokenizer", &folder.path("t.json"), "--text", TEXT, "--json"], b"");
    let merge = |merge: &Value| format!("{} {}\n", merge[0].as_str().unwrap(), merge[1].as_str().unwrap());
    let merges: String = file["model"]["merges"].as_array().unwrap().iter().map(merge).collect();
    folder.write("gpt2/vocab.bpe", ("#version: 0.2\n".to_owned() + &merges).as_bytes());
    folder.write("gpt2/encoder.json", file["model"]["vocab"].to_string().as_bytes());
    folder.write("model/tokenizer.json", file.to_string().as_bytes());
    for tokenizer in ["gpt2/vocab.bpe", "gpt2", "model"] {
        let tokenizer = folder.path(tokenizer);
        let encoded = json_output(&["tokenizer", "encode", "--tokenizer", &tokenizer, "--text", TEXT, "--json"], b"");
        assert_eq!(encoded, expected, "{tokenizer}");
    }
    let line = |id: usize, token: &[u8]| {
        format!("{} {id}\n", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, token))
    };
    let bytes: String = (0..=255u8).map(|byte| line(byte as usize, &[byte])).collect();
    let tiktoken = folder.write("t.tiktoken", (bytes + &line(256, b"ab")).as_bytes());
    let encode = ["tokenizer", "encode", "--tokenizer", &tiktoken, "--text", "abab", "--pattern"];
    assert_eq!(output(&[&encode[..], &["gpt2"]].concat(), b""), b"256 256\n");
    let decode = ["tokenizer", "decode", "--tokenizer", &tiktoken, "--pattern", "none", "256", "10"];
    assert_eq!(output(&decode, b""), b"ab\n");
}

#[test]
fn wrong_usage_leaves_with_2() {
    let folder = Folder::new();
    let (text, tokenizer, out) = (&folder.path("text.txt"), &folder.path("t.json"), &folder.path("out.json"));
    let train = ["tokenizer", "train", "--input", text, "--out", out, "--vocab-size"];
    assert!(refusal(2, &[&train[..], &["255"]].concat()).contains("the 256 bytes need 256 at least"));
    assert!(refusal(2, &[&train[..], &["-1"]].concat()).contains("--vocab-size"));
    assert!(refusal(2, &[&train[..], &["99999999999999999999"]].concat()).contains("--vocab-size"));
    assert!(refusal(2, &[&train[..], &["300", "--pattern", "gpt4"]].concat()).contains("gpt2, cl100k, o200k or none"));
    assert!(refusal(2, &[&train[..], &["300", "--ties", "first"]].concat()).contains("rank or hf"));
    assert!(refusal(2, &[&train[..], &["300", "--special", ""]].concat()).contains("two bytes or more"));
    assert!(refusal(2, &train[..6]).contains("--vocab-size"));
    let nowhere = folder.path("nowhere/t.json");
    let train = ["tokenizer", "train", "--input", text, "--vocab-size", "300", "--out"];
    assert!(refusal(2, &[&train[..], &[&nowhere]].concat()).contains("not a file in a folder that is there"));
    assert!(!Path::new(out).exists());

    let encode = ["tokenizer", "encode", "--tokenizer", tokenizer];
    assert!(refusal(2, &encode).contains("--text"));
    assert!(refusal(2, &[&encode[..], &["--text", "a", "--input", text]].concat()).contains("cannot be used with"));
    let own = refusal(2, &[&encode[..], &["--text", "a", "--pattern", "gpt2"]].concat());
    assert!(own.contains("which carries its own"), "{own}");
    assert!(refusal(2, &["tokenizer", "decode", "--tokenizer", tokenizer, "x"]).contains("'x'"));
    assert!(refusal(2, &["tokenizer", "decode", "--tokenizer", tokenizer, "4294967296"]).contains("4294967296"));
    let tiktoken = folder.write("t.tiktoken", b"YQ== 0\n");
    let encode = ["tokenizer", "encode", "--tokenizer", &tiktoken, "--text", "a"];
    assert!(refusal(2, &encode).contains("say its split with --pattern"));
}

#[test]
fn bad_input_is_refused_in_one_sentence() {
    let folder = Folder::new();
    let (text, tokenizer, out) = (&folder.path("text.txt"), &folder.path("t.json"), &folder.path("out.json"));
    let missing = &folder.path("missing");
    let sentence = |arguments: &[&str]| {
        let error = refusal(1, arguments);
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    };
    let train = |input: &str, size: &str| {
        sentence(&["tokenizer", "train", "--input", input, "--vocab-size", size, "--out", out])
    };
    assert!(train(missing, "300").contains("cannot read"));
    assert!(train(&folder.write("empty.txt", b""), "300").contains("found none"));
    assert!(train(&folder.write("binary", &[0; 100]), "300").contains("binary"));
    let huge = folder.path("huge");
    fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
    assert!(train(&huge, "300").contains("huge"));
    assert!(train(text, "5000").contains("it allows at most"));
    assert!(!Path::new(out).exists() && !Path::new(&folder.path("out.json.tmp")).exists());

    let encode =
        |tokenizer: &str, more: &[&str]| sentence(&[&["tokenizer", "encode", "--tokenizer", tokenizer], more].concat());
    assert!(encode(missing, &["--text", "a"]).contains("cannot read"));
    assert!(encode(tokenizer, &["--input", missing]).contains("cannot read"));
    assert!(encode(tokenizer, &["--input", &huge]).contains("at most 4 GiB"));
    let whole = fs::read(tokenizer).unwrap();
    let half = folder.write("half.json", &whole[..whole.len() / 2]);
    assert!(encode(&half, &["--text", "a"]).contains("half.json: this is not a tokenizer that can be read"));
    let foreign = folder.write("foreign.json", b"{\"model\": {\"type\": \"WordPiece\"}}");
    assert!(encode(&foreign, &["--text", "a"]).contains("found a WordPiece model"));
    assert!(encode(&folder.write("empty.json", b""), &["--text", "a"]).contains("empty.json"));
    assert!(encode(&folder.write("noise.json", b"{\xff\0"), &["--text", "a"]).contains("noise.json"));
    assert!(encode(&folder.write("noise", b""), &["--text", "a"]).contains("it is empty"));
    let ranks = folder.write("noise.tiktoken", b"\xff\xfe\0 1\n");
    assert!(encode(&ranks, &["--text", "a", "--pattern", "gpt2"]).contains("noise.tiktoken: text is expected"));
    assert!(encode(&folder.write("alone/vocab.bpe", b"#version: 0.2\n"), &["--text", "a"]).contains("encoder.json"));
    fs::create_dir(folder.path("void")).unwrap();
    assert!(encode(&folder.path("void"), &["--text", "a"]).contains("neither tokenizer.json nor vocab.bpe"));
    let outside = sentence(&["tokenizer", "decode", "--tokenizer", tokenizer, "300"]);
    assert_eq!(outside, "error: there is no token 300: the vocabulary has the ids 0 to 299\n");
}

/// A disk without room: here, files that may not grow beyond a block.
#[test]
#[cfg(unix)]
fn a_failed_write_leaves_the_file_that_was_there() {
    let folder = Folder::new();
    let (text, tokenizer) = (folder.path("text.txt"), folder.path("t.json"));
    let before = fs::read(&tokenizer).unwrap();
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let ran = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_glasshouse"), "tokenizer", "train"])
        .args(["--input", &text, "--vocab-size", "290", "--out", &tokenizer])
        .output()
        .unwrap();
    let error = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{error}");
    assert!(error.contains("t.json: cannot write") && error.lines().count() == 1, "{error}");
    assert_eq!(fs::read(&tokenizer).unwrap(), before);
    assert!(!Path::new(&folder.path("t.json.tmp")).exists());
}

#[test]
fn bench_prints_one_object() {
    let folder = Folder::new();
    let (text, tokenizer) = (folder.path("text.txt"), folder.path("t.json"));
    let bench = ["bench", "tokenizer", "--input", &text, "--rounds", "3", "--json"];
    let report = json_output(&[&bench[..], &["--vocab-size", "280"]].concat(), b"");
    assert_eq!((&report["bytes"], &report["vocab_size"]), (&json!(TEXT.len()), &json!(280)));
    for timed in ["train", "encode"] {
        let seconds = report[format!("{timed}_seconds")].as_array().unwrap();
        assert_eq!(seconds.len(), 3);
        assert!(seconds.iter().all(|seconds| seconds.as_f64().unwrap() > 0.0));
        let median = report[format!("{timed}_ms")].as_f64().unwrap() / 1e3;
        assert!(seconds.iter().any(|seconds| (seconds.as_f64().unwrap() - median).abs() < 1e-9), "{report}");
    }
    let report = json_output(&[&bench[..], &["--tokenizer", &tokenizer]].concat(), b"");
    assert_eq!((&report["vocab_size"], report.get("train_ms")), (&json!(300), None));
    assert!(refusal(1, &bench).contains("it allows at most"), "4,096 tokens without --vocab-size");
}
