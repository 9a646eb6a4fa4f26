//! The vocabularies of GPT-2, GPT-4 and GPT-4o: their authors' test vectors, counts on the built-in corpora, long runs.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use glasshouse::corpus::{self, Builtin};
use glasshouse::tokenizer::{Pattern, SpecialHandling, Tokenizer};

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("build/vocabularies").join(name);
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run scripts/setup.sh vocabularies first", path.display()))
}

fn gpt2() -> &'static Tokenizer {
    static GPT2: OnceLock<Tokenizer> = OnceLock::new();
    GPT2.get_or_init(|| Tokenizer::from_gpt2(&read("vocab.bpe"), &read("encoder.json")).unwrap())
}

fn cl100k() -> &'static Tokenizer {
    static CL100K: OnceLock<Tokenizer> = OnceLock::new();
    CL100K.get_or_init(|| Tokenizer::from_tiktoken(&read("cl100k_base.tiktoken"), Pattern::Cl100k).unwrap())
}

fn o200k() -> &'static Tokenizer {
    static O200K: OnceLock<Tokenizer> = OnceLock::new();
    O200K.get_or_init(|| Tokenizer::from_tiktoken(&read("o200k_base.tiktoken"), Pattern::O200k).unwrap())
}

fn all() -> [(&'static str, &'static Tokenizer); 3] {
    [("gpt2", gpt2()), ("cl100k", cl100k()), ("o200k", o200k())]
}

#[test]
fn gpt2_vectors() {
    assert_eq!(gpt2().vocab_size(), 50_257);
    assert_eq!(gpt2().merges().len(), 50_000);
    assert_eq!(gpt2().special_id("<|endoftext|>"), Some(50_256));
    assert_eq!(gpt2().encode(b"hello world"), [31373, 995]);
    assert_eq!(gpt2().encode_with(b"hello <|endoftext|>", SpecialHandling::Token), [31373, 220, 50256]);
    assert_eq!(gpt2().encode(b"hello <|endoftext|>"), [31373, 1279, 91, 437, 1659, 5239, 91, 29]);
    let zeros: [&[u32]; 17] = [
        &[15],
        &[405],
        &[830],
        &[2388],
        &[20483],
        &[10535],
        &[24598],
        &[8269],
        &[10535, 830],
        &[8269, 405],
        &[8269, 830],
        &[8269, 2388],
        &[8269, 20483],
        &[8269, 10535],
        &[8269, 24598],
        &[25645],
        &[8269, 10535, 830],
    ];
    for (index, ids) in zeros.iter().enumerate() {
        assert_eq!(gpt2().encode("0".repeat(index + 1).as_bytes()), *ids, "{} zeros", index + 1);
    }
    // The two formats of the one vocabulary.
    let ranks = Tokenizer::from_tiktoken(&read("r50k_base.tiktoken"), Pattern::Gpt2).unwrap();
    let text = "It's 12345 o'clock, naïve café 你好 🎉🎉\n\n   x";
    assert_eq!(ranks.encode(text.as_bytes()), gpt2().encode(text.as_bytes()));
}

#[test]
fn cl100k_vectors() {
    let vectors: [(&str, &[u32]); 8] = [
        ("rer", &[38149]),
        ("'rer", &[2351, 81]),
        ("today\n ", &[31213, 198, 220]),
        ("today\n \n", &[31213, 27907]),
        ("today\n  \n", &[31213, 14211]),
        (" \u{85}0", &[220, 126, 227, 15]),
        ("👍", &[9468, 239, 235]),
        ("hello world", &[15339, 1917]),
    ];
    for (text, ids) in vectors {
        assert_eq!(cl100k().encode(text.as_bytes()), ids, "{text:?}");
    }
    // With the special tokens, which stand in no .tiktoken file; two ids before the last are of no token.
    assert_eq!(cl100k().vocab_size(), 100_277);
    let special = [("<|endoftext|>", 100_257), ("<|fim_prefix|>", 100_258), ("<|endofprompt|>", 100_276)];
    for (name, id) in special {
        assert_eq!(cl100k().special_id(name), Some(id));
        assert_eq!(cl100k().encode_with(name.as_bytes(), SpecialHandling::Token), [id]);
        assert_ne!(cl100k().encode(name.as_bytes()), [id]);
    }
    assert_eq!(o200k().special_id("<|endoftext|>"), Some(199_999));
    assert_eq!(o200k().special_id("<|endofprompt|>"), Some(200_018));
    assert_eq!(cl100k().token_bytes(62085), Some(&b" \xec\x8b\xa4\xed"[..]));
}

#[test]
fn o200k_vectors() {
    // The ids that tiktoken 0.14 gives.
    let vectors: [(&str, &[u32]); 3] = [
        ("hello world", &[24912, 2375]),
        (
            "It'S 12345 iPhone/HTTPServer's\r\n\n  naïve CAFÉ",
            &[3206, 31233, 220, 7633, 2548, 575, 7081, 14, 17893, 6444, 885, 46865, 220, 153475, 737, 158815, 5859],
        ),
        (
            "你好，世界！ǅunglaʼs x\u{301}Y",
            &[177519, 979, 28428, 3393, 131, 227, 988, 1675, 34492, 82, 1215, 13430, 56],
        ),
    ];
    for (text, ids) in vectors {
        assert_eq!(o200k().encode(text.as_bytes()), ids, "{text:?}");
    }
}

/// Counts from tiktoken 0.14 (`encode_ordinary`), which gives the same ids; `tests/parity` compares each.
#[test]
fn counts_on_the_built_in_corpora() {
    let text = |corpus: Builtin| corpus::documents(corpus.file()).unwrap().concat();
    let (english, chinese) = (text(Builtin::English), text(Builtin::Chinese));
    let counts = all().map(|(_, tokenizer)| [tokenizer.encode(&english).len(), tokenizer.encode(&chinese).len()]);
    assert_eq!(counts, [[500_491, 1_401_233], [443_471, 960_852], [435_922, 670_228]]);
    for (name, tokenizer) in all() {
        for text in [&english, &chinese] {
            assert!(tokenizer.decode(&tokenizer.encode(text)).unwrap() == *text, "{name}");
        }
    }
}

/// Long runs of one thing are one piece each, which a quadratic encoder would not finish in an hour.
#[test]
fn long_runs_take_well_under_a_second() {
    let million = 1_000_000;
    let letters: String = (0..million as u64).map(|n| (b'a' + (n * n * 7 / 13 % 26) as u8) as char).collect();
    let texts = ["x".repeat(million), " ".repeat(million), "👍".repeat(million), "中文".repeat(million / 2), letters];
    for (name, tokenizer) in all() {
        for text in &texts {
            let start = Instant::now();
            let ids = tokenizer.encode(text.as_bytes());
            let elapsed = start.elapsed();
            // "Well under a second" on a machine that also runs the other tests.
            assert!(elapsed < Duration::from_secs(1), "{name}: {elapsed:?} for {:?}…", &text[..12]);
            assert!(tokenizer.decode(&ids).unwrap() == text.as_bytes());
        }
    }
}

#[test]
fn what_is_written_of_them_gives_the_same_ids() {
    let text = "It's 12345 o'clock, naïve CAFÉ 你好 🎉🎉\n\n   x \n".repeat(3);
    for (name, tokenizer) in all() {
        let again = Tokenizer::from_json(&tokenizer.to_json()).unwrap();
        assert_eq!(again.encode(text.as_bytes()), tokenizer.encode(text.as_bytes()), "{name}");
        assert_eq!(again.vocab_size(), tokenizer.vocab_size());
    }
}
