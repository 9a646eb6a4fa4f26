//! The files of tokenizers: written and read again, damaged, foreign, and filled with noise.

use glasshouse::tokenizer::{BpeTrainer, Pattern, SpecialHandling, Tokenizer, TrainOptions};
use proptest::prelude::*;
use serde_json::{Value, json};

const TEXT: &str =
    "The quick brown fox's 123 jumps over the lazy dog.\n\nIt wasn't lazy; THE dog 狗 was quick. naïve 🎉\n";

fn trained(pattern: Pattern) -> Tokenizer {
    let special = vec!["<|endoftext|>".to_owned()];
    let mut trainer = BpeTrainer::new(TrainOptions { pattern, special, ..TrainOptions::new(300) }).unwrap();
    trainer.feed(TEXT.as_bytes()).unwrap();
    trainer.finish().unwrap()
}

fn file() -> Value {
    serde_json::from_slice(&trained(Pattern::Cl100k).to_json()).unwrap()
}

fn read(file: &Value) -> glasshouse::Result<Tokenizer> {
    Tokenizer::from_json(file.to_string().as_bytes())
}

#[test]
fn written_and_read_again_it_is_the_same() {
    for pattern in Pattern::ALL {
        let tokenizer = trained(pattern);
        let again = Tokenizer::from_json(&tokenizer.to_json()).unwrap();
        assert_eq!(again.to_json(), tokenizer.to_json(), "{pattern}");
        assert_eq!(again.pattern(), Some(pattern));
        assert_eq!(again.vocab_size(), 300);
        assert_eq!(again.special_id("<|endoftext|>"), Some(299));
        assert_eq!(again.encode(TEXT.as_bytes()), tokenizer.encode(TEXT.as_bytes()));
        assert_eq!(again.merges().collect::<Vec<_>>(), tokenizer.merges().collect::<Vec<_>>());
    }
}

/// What Hugging Face's `tokenizers` needs to find in the file.
#[test]
fn the_file_says_what_hugging_face_reads() {
    let file = file();
    assert_eq!(file["version"], "1.0");
    assert_eq!(file["model"]["type"], "BPE");
    assert_eq!(file["model"]["vocab"]["Ġ"], 32);
    assert_eq!(file["model"]["vocab"].as_object().unwrap().len(), 300);
    assert_eq!(file["model"]["merges"].as_array().unwrap().len(), 43);
    let steps = file["pre_tokenizer"]["pretokenizers"].as_array().unwrap();
    assert_eq!(steps[0]["behavior"], "Isolated");
    let byte_level =
        json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false });
    assert_eq!(steps[1], byte_level);
    assert_eq!(file["decoder"]["type"], "ByteLevel");
    let added = json!([{ "id": 299, "content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true }]);
    assert_eq!(file["added_tokens"], added);
    // Its regular expressions know no possessive form of a counted repetition.
    assert!(!steps[0]["pattern"]["Regex"].as_str().unwrap().contains("3}+"));
    let none: Value = serde_json::from_slice(&trained(Pattern::None).to_json()).unwrap();
    assert_eq!(none["pre_tokenizer"], byte_level);
}

#[test]
fn older_files_have_merges_as_strings() {
    let mut old = file();
    let join = |merge: &Value| format!("{} {}", merge[0].as_str().unwrap(), merge[1].as_str().unwrap());
    let merges: Vec<String> = old["model"]["merges"].as_array().unwrap().iter().map(join).collect();
    old["model"]["merges"] = json!(merges);
    assert_eq!(read(&old).unwrap().to_json(), trained(Pattern::Cl100k).to_json());
}

#[test]
fn what_a_foreign_file_says_beside_is_kept() {
    let mut foreign = file();
    foreign["post_processor"] = json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false });
    foreign["decoder"] = json!({ "type": "ByteLevel", "add_prefix_space": true, "use_regex": true });
    foreign["model"]["ignore_merges"] = json!(true);
    let written: Value = serde_json::from_slice(&read(&foreign).unwrap().to_json()).unwrap();
    assert_eq!(written, foreign);
}

/// `change` makes a file unreadable, and the refusal must name `words`.
#[test]
fn foreign_and_damaged_files_are_refused_in_one_sentence() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 22] = [
        (|f| f["model"]["type"] = json!("WordPiece"), "found a WordPiece model"),
        (|f| f["model"] = json!({ "type": "Unigram", "vocab": [["a", 0.5]] }), "found a Unigram model"),
        (|f| *f = json!({ "the": 1 }), "a tokenizer.json with a model is expected"),
        (|f| f["model"]["vocab"]["Ġ"] = json!("32"), "invalid type"),
        (|f| f["model"]["vocab"]["Ġ"] = json!(33), "the id 33 stands twice"),
        (|f| f["model"]["vocab"]["far"] = json!(4_000_000_000u32), "far beyond"),
        (|f| f["model"]["vocab"][""] = json!(300), "the token 300 is empty"),
        (|f| drop(f["model"]["vocab"].as_object_mut().unwrap().remove("A")), "lacks 1"),
        (|f| f["model"]["merges"][3] = json!(["T", "zzz"]), "merge 4 names the token \"Tzzz\""),
        (|f| f["model"]["merges"][3] = json!("Tzzz"), "not two tokens"),
        (|f| f["model"]["merges"][3] = json!(["a", "b", "c"]), "two halves"),
        (|f| f["model"]["byte_fallback"] = json!(true), "byte_fallback"),
        (|f| f["model"]["dropout"] = json!(0.1), "dropout"),
        (|f| f["model"]["end_of_word_suffix"] = json!("</w>"), "\"</w>\""),
        (|f| f["normalizer"] = json!({ "type": "NFC" }), "the normalizer NFC"),
        (|f| f["pre_tokenizer"] = json!({ "type": "Metaspace" }), "Metaspace is not supported"),
        (|f| f["pre_tokenizer"] = Value::Null, "none is not supported"),
        (|f| f["pre_tokenizer"]["pretokenizers"].as_array_mut().unwrap().truncate(1), "no ByteLevel"),
        (|f| f["pre_tokenizer"]["pretokenizers"][0]["behavior"] = json!("Removed"), "Removed"),
        (|f| f["pre_tokenizer"]["pretokenizers"][0]["pattern"] = json!({ "Regex": "(" }), "cannot be read"),
        (|f| f["added_tokens"][0]["id"] = json!(7), "but 299 in the vocabulary"),
        (|f| f["added_tokens"].as_array_mut().unwrap().push(json!({ "id": 300, "content": "<|endoftext|>" })), "twice"),
    ];
    for (change, words) in cases {
        let mut changed = file();
        change(&mut changed);
        let message = read(&changed).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains(words) && message.starts_with("tokenizer.json"), "{message:?} should say {words:?}");
        assert!(!message.contains('\n'), "{message}");
    }
    let whole = trained(Pattern::Gpt2).to_json();
    for bytes in [&b""[..], b"\0\xff\xfe", &whole[..whole.len() / 2], &whole[..whole.len() - 1], b"[1, 2]", b"null"] {
        assert!(Tokenizer::from_json(bytes).is_err());
    }
    let twice = br#"{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel"}}"#;
    assert!(Tokenizer::from_json(twice).unwrap_err().to_string().contains("stands twice"));
}

/// Added tokens take white space or ask for a word's border as the file says; those that are not special always match.
#[test]
fn added_tokens_of_a_foreign_file() {
    let mut foreign = file();
    foreign["added_tokens"].as_array_mut().unwrap().extend([
        json!({ "id": 300, "content": "<mask>", "lstrip": true, "rstrip": true }),
        json!({ "id": 301, "content": "fox", "single_word": true }),
        json!({ "id": 302, "content": "<mask>fox" }),
    ]);
    let tokenizer = read(&foreign).unwrap();
    let added = |text: &str, special| {
        let mut ids = tokenizer.encode_with(text.as_bytes(), special);
        ids.retain(|&id| id >= 299);
        ids
    };
    assert_eq!(added("fox <mask>\n fox<|endoftext|> foxes <mask>fox", SpecialHandling::Text), [301, 300, 301, 302]);
    assert_eq!(added("fox<|endoftext|>", SpecialHandling::Token), [301, 299]);
    assert_eq!(tokenizer.encode(b" \n<mask>\t \xc2\xa0"), [300]);
    assert_eq!(tokenizer.special_id("fox"), None);
}

#[test]
fn tiktoken_files() {
    let line = |token: &[u8], rank: u32| {
        format!("{} {rank}\n", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, token))
    };
    let bytes: String = (0..=255u8).map(|byte| line(&[byte], byte as u32)).collect();
    let file = bytes.clone() + &line(b"ab", 256) + &line(b"abc", 258) + "\n";
    let tokenizer = Tokenizer::from_tiktoken(file.as_bytes(), Pattern::Gpt2).unwrap();
    assert_eq!(tokenizer.encode(b"abc abab"), [258, 32, 256, 256]);
    assert_eq!(tokenizer.vocab_size(), 259);
    assert!(tokenizer.decode(&[257]).is_err());
    assert_eq!(Tokenizer::from_json(&tokenizer.to_json()).unwrap().encode(b"abc abab"), [258, 32, 256, 256]);

    let refusal = |text: &str| Tokenizer::from_tiktoken(text.as_bytes(), Pattern::Gpt2).unwrap_err().to_string();
    assert!(refusal("").contains("empty"));
    assert!(refusal("YQ== 1\nYg==\n").contains("line 2: a token in base64 and a rank"));
    assert!(refusal("Y 1").contains("not base64"));
    assert!(refusal("YQ== one").contains("a rank is expected, found \"one\""));
    assert!(refusal("YQ== 1\nYQ== 2").contains("line 2: this token or this rank stands further up"));
    assert!(refusal("YQ== 1\nYg== 1").contains("line 2"));
    assert!(refusal("YQ== 1").contains("lacks 255"));
    assert!(refusal("YQ== 4000000000").contains("far beyond"));
    assert!(Tokenizer::from_tiktoken(b"\xff\xfe", Pattern::Gpt2).unwrap_err().to_string().contains("text is expected"));
}

#[test]
fn gpt2_files() {
    let file = file();
    let mut ids = file["model"]["vocab"].clone();
    let merge = |merge: &Value| format!("{} {}\n", merge[0].as_str().unwrap(), merge[1].as_str().unwrap());
    let merges: String = file["model"]["merges"].as_array().unwrap().iter().map(merge).collect();
    let vocab_bpe = "#version: 0.2\n".to_owned() + &merges;
    let read = |vocab_bpe: &str, ids: &Value| Tokenizer::from_gpt2(vocab_bpe.as_bytes(), ids.to_string().as_bytes());
    let tokenizer = read(&vocab_bpe, &ids).unwrap();
    assert_eq!(tokenizer.special_id("<|endoftext|>"), Some(299));
    assert_eq!(tokenizer.merges().len(), 43);
    assert_eq!(tokenizer.decode(&tokenizer.encode(TEXT.as_bytes())).unwrap(), TEXT.as_bytes());

    let refusal = |vocab_bpe: &str, ids: &Value| read(vocab_bpe, ids).unwrap_err().to_string();
    assert!(refusal(&(vocab_bpe.clone() + "zz y\n"), &ids).contains("line 45: encoder.json has no id for \"zzy\""));
    assert!(refusal("#version: 0.2\nabc\n", &ids).contains("line 2: two tokens"));
    assert!(refusal(&vocab_bpe, &json!([1])).contains("encoder.json"));
    assert!(refusal("", &json!({})).contains("lacks 256"));
    ids["T"] = json!(1);
    assert!(refusal("", &ids).contains("stands twice"));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u32..400).prop_map(Value::from),
        "[a-zĠ<|>]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-zĠ]{0,3}", inner), 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Every place in a file, as the path from its root.
fn places(value: &Value, path: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, format!("{path}/{name}"), all)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| places(value, format!("{path}/{n}"), all))
        }
        _ => {}
    }
    all.push(path);
}

/// Whatever was read must encode and decode any bytes, and write a file that reads again.
fn works(tokenizer: &Tokenizer, text: &[u8]) {
    for special in [SpecialHandling::Text, SpecialHandling::Token] {
        let ids = tokenizer.encode_with(text, special);
        tokenizer.decode(&ids).unwrap();
    }
    tokenizer.merges().for_each(|(left, right)| assert!(!left.is_empty() && !right.is_empty()));
    let written = tokenizer.to_json();
    let again = Tokenizer::from_json(&written).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.encode(text), tokenizer.encode(text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Tokenizer::from_json(&bytes);
        let _ = Tokenizer::from_tiktoken(&bytes, Pattern::O200k);
        let _ = Tokenizer::from_gpt2(&bytes, &bytes);
    }

    #[test]
    fn no_change_to_a_file_makes_the_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), json_value()), 1..4),
        text in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut changed = file();
        for (index, value) in changes {
            let mut all = Vec::new();
            places(&changed, String::new(), &mut all);
            // Half of the places are merges and most others tokens: every third change goes elsewhere.
            let other: Vec<&String> = all.iter().filter(|place| !place.starts_with("/model/")).collect();
            let place = if index.index(3) == 0 { other[index.index(other.len())] } else { index.get(&all) };
            *changed.pointer_mut(place).unwrap() = value;
        }
        if let Ok(tokenizer) = read(&changed) {
            works(&tokenizer, &text);
        }
    }

    #[test]
    fn no_flipped_byte_makes_the_reader_panic(
        index in any::<prop::sample::Index>(), byte in any::<u8>(), text in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut bytes = trained(Pattern::Gpt2).to_json();
        let at = index.index(bytes.len());
        bytes[at] = byte;
        if let Ok(tokenizer) = Tokenizer::from_json(&bytes) {
            works(&tokenizer, &text);
        }
    }

    #[test]
    fn no_tiktoken_file_makes_the_reader_panic(
        tokens in prop::collection::hash_set(prop::collection::vec(prop::sample::select(b"abc ".to_vec()), 2..6), 0..40),
        text in prop::collection::vec(prop::sample::select(b"aabbcc \n".to_vec()), 0..200),
    ) {
        let all = (0..=255u8).map(|byte| vec![byte]).chain(tokens);
        let line = |(rank, token): (usize, Vec<u8>)| {
            format!("{} {rank}\n", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, token))
        };
        let file: String = all.enumerate().map(line).collect();
        let tokenizer = Tokenizer::from_tiktoken(file.as_bytes(), Pattern::Cl100k).unwrap();
        prop_assert_eq!(tokenizer.decode(&tokenizer.encode(&text)).unwrap(), text);
    }
}
