//! Training, encoding and decoding against plain reference implementations, and what must never change a result.

use std::collections::{BTreeMap, HashMap};

use glasshouse::tokenizer::{BpeTrainer, Pattern, SpecialHandling, Ties, Tokenizer, TrainOptions};
use proptest::prelude::*;

/// The browser's tests take this file in: see web.rs.
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn options(vocab_size: usize, pattern: Pattern, ties: Ties) -> TrainOptions {
    TrainOptions { vocab_size, pattern, ties, special: Vec::new() }
}

fn train(documents: &[&[u8]], options: TrainOptions) -> Tokenizer {
    let mut trainer = BpeTrainer::new(options).unwrap();
    documents.iter().for_each(|document| trainer.feed(document).unwrap());
    trainer.finish_within().unwrap()
}

type Merges = Vec<(Vec<u8>, Vec<u8>)>;

fn merges(tokenizer: &Tokenizer) -> Merges {
    tokenizer.merges().map(|(left, right)| (left.to_vec(), right.to_vec())).collect()
}

/// The place of each byte where ties go by ids: as it is, or by its printable character.
fn places(ties: Ties) -> Vec<u32> {
    let printable =
        |byte: u32| (33..=126).contains(&byte) || (161..=172).contains(&byte) || (174..=255).contains(&byte);
    let mut order: Vec<u32> = (0..256).collect();
    if ties == Ties::Hf {
        order.sort_by_key(|&byte| (!printable(byte), byte));
    }
    let mut places = vec![0; 256];
    order.iter().enumerate().for_each(|(place, &byte)| places[byte as usize] = place as u32);
    places
}

/// Byte-pair encoding as one would write it down: count all pairs, merge the most frequent, begin again.
fn reference_merges(documents: &[&[u8]], options: &TrainOptions) -> Merges {
    let places = places(options.ties);
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    let mut words: Vec<Vec<u32>> = Vec::new();
    for document in documents {
        options.pattern.split(document, |piece| words.push(piece.iter().map(|&byte| byte as u32).collect()));
    }
    let mut merges = Vec::new();
    while tokens.len() < options.vocab_size {
        let mut counts: HashMap<(u32, u32), u64> = HashMap::new();
        for word in &words {
            word.windows(2).for_each(|pair| *counts.entry((pair[0], pair[1])).or_default() += 1);
        }
        let place = |id: u32| places.get(id as usize).copied().unwrap_or(id);
        let best = counts.into_iter().max_by_key(|&((l, r), count)| (count, std::cmp::Reverse((place(l), place(r)))));
        let Some(((left, right), _)) = best else { break };
        let token = [&tokens[left as usize][..], &tokens[right as usize]].concat();
        merges.push((tokens[left as usize].clone(), tokens[right as usize].clone()));
        assert!(!tokens.contains(&token), "{token:?} is learnt twice");
        let new = tokens.len() as u32;
        tokens.push(token);
        for word in &mut words {
            let mut at = 0;
            while at + 1 < word.len() {
                if (word[at], word[at + 1]) == (left, right) {
                    word[at] = new;
                    word.remove(at + 1);
                }
                at += 1;
            }
        }
    }
    merges
}

/// Encoding as one would write it down: of all neighbours that merge, those of the least rank, from the left.
fn reference_encode(tokenizer: &Tokenizer, pattern: Pattern, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut ranks: BTreeMap<(Vec<u8>, Vec<u8>), usize> = BTreeMap::new();
    for (rank, (left, right)) in tokenizer.merges().enumerate() {
        ranks.entry((left.to_vec(), right.to_vec())).or_insert(rank);
    }
    let mut tokens = Vec::new();
    pattern.split(bytes, |piece| {
        let mut parts: Vec<Vec<u8>> = piece.iter().map(|&byte| vec![byte]).collect();
        loop {
            let rank = |at: usize| ranks.get(&(parts[at].clone(), parts[at + 1].clone())).copied();
            let Some((_, at)) = (0..parts.len() - 1).filter_map(|at| Some((rank(at)?, at))).min() else { break };
            let right = parts.remove(at + 1);
            parts[at].extend(right);
        }
        tokens.extend(parts);
    });
    tokens
}

/// Texts of few letters, in which every accident of merging happens.
fn narrow() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"aaabbc \n".to_vec()), 0..120)
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop::sample::select(Pattern::ALL.to_vec())
}

fn ties() -> impl Strategy<Value = Ties> {
    prop::sample::select(vec![Ties::Rank, Ties::Hf])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn training_equals_the_plain_algorithm(
        documents in prop::collection::vec(narrow(), 0..6), size in 256usize..300, pattern in pattern(), ties in ties(),
    ) {
        let documents: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
        let options = options(size, pattern, ties);
        prop_assert_eq!(merges(&train(&documents, options.clone())), reference_merges(&documents, &options));
    }

    #[test]
    fn training_equals_the_plain_algorithm_on_any_bytes(
        documents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
        pattern in pattern(), ties in ties(),
    ) {
        let documents: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
        let options = options(290, pattern, ties);
        prop_assert_eq!(merges(&train(&documents, options.clone())), reference_merges(&documents, &options));
    }

    #[test]
    fn encoding_equals_the_plain_algorithm(
        document in narrow(), text in narrow(), times in 1usize..8, pattern in pattern(),
    ) {
        let tokenizer = train(&[&document], options(300, pattern, Ties::Rank));
        // Repeated, so that pieces get long enough for the queue of ranks.
        let text = text.repeat(times);
        let got: Vec<Vec<u8>> =
            tokenizer.encode(&text).iter().map(|&id| tokenizer.token_bytes(id).unwrap().to_vec()).collect();
        prop_assert_eq!(got, reference_encode(&tokenizer, pattern, &text));
    }

    #[test]
    fn decoding_gives_the_bytes_back(
        document in prop::collection::vec(any::<u8>(), 0..200), text in prop::collection::vec(any::<u8>(), 0..400),
        pattern in pattern(),
    ) {
        let tokenizer = train(&[&document], options(320, pattern, Ties::Rank));
        for bytes in [&document, &text] {
            prop_assert_eq!(&tokenizer.decode(&tokenizer.encode(bytes)).unwrap(), bytes);
        }
    }
}

const TEXT: &str =
    "Low lower lowest; new newer newest. It's the wideness of the wide, wide world!\n\n  42 widows, 1234 owls…\n";

#[test]
fn slices_of_training_change_nothing() {
    let whole = train(&[TEXT.as_bytes()], TrainOptions::new(300));
    for budget in [1, 7] {
        let mut trainer = BpeTrainer::new(TrainOptions::new(300)).unwrap();
        trainer.feed(TEXT.as_bytes()).unwrap();
        let mut sizes = vec![256];
        loop {
            let progress = trainer.step(budget);
            assert_eq!(progress.target, 300);
            sizes.push(progress.vocab_size);
            if progress.finished {
                break;
            }
        }
        assert!(sizes.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] - pair[0] <= budget), "{sizes:?}");
        assert_eq!(*sizes.last().unwrap(), 300);
        assert_eq!(trainer.finish().unwrap().to_json(), whole.to_json());
    }
}

proptest! {
    #[test]
    fn documents_in_parts_are_documents_whole(
        text in prop::collection::vec(prop::sample::select("aB \n!1é中\u{301}".chars().collect::<Vec<_>>()), 0..60),
        invalid in any::<prop::sample::Index>(), most in 1usize..9, pattern in pattern(),
    ) {
        let mut document = text.into_iter().collect::<String>().into_bytes();
        document.insert(invalid.index(document.len() + 1), 0xFF);
        let whole = train(&[&document], options(290, pattern, Ties::Rank));
        let mut trainer = BpeTrainer::new(options(290, pattern, Ties::Rank)).unwrap();
        let (mut at, mut ids) = (0, Vec::new());
        while at < document.len() {
            let next = trainer.feed_part(&document, at, most).unwrap();
            prop_assert!(next > at);
            at = next;
        }
        prop_assert_eq!(trainer.finish_within().unwrap().to_json(), whole.to_json());
        at = 0;
        while at < document.len() {
            at = whole.encode_part(&document, at, most, &mut ids);
        }
        prop_assert_eq!(ids, whole.encode(&document));
    }
}

#[test]
fn no_merge_crosses_from_one_document_to_the_next() {
    let tokenizer = train(&[b"ab", b"ab", b"ab"], options(300, Pattern::None, Ties::Rank));
    assert_eq!(merges(&tokenizer), [(b"a".to_vec(), b"b".to_vec())]);
}

#[test]
fn without_a_pattern_merges_cross_word_borders() {
    let tokenizer = train(&["to be or not to be ".repeat(20).as_bytes()], options(275, Pattern::None, Ties::Rank));
    let phrase = merges(&tokenizer).iter().any(|(left, right)| [&left[..], right].concat().starts_with(b"to be "));
    assert!(phrase, "{:?}", merges(&tokenizer));
}

/// The example of Wikipedia's article on byte-pair encoding.
#[test]
fn wikipedia() {
    let tokenizer = train(&[b"aaabdaaabac"], options(259, Pattern::None, Ties::Rank));
    let expected = [("a", "a"), ("a", "b"), ("aa", "ab")].map(|(l, r)| (l.as_bytes().to_vec(), r.as_bytes().to_vec()));
    assert_eq!(merges(&tokenizer), expected);
    assert_eq!(tokenizer.encode(b"aaabdaaabac"), [258, 100, 258, 97, 99]);
}

#[test]
fn ties_go_by_bytes_or_as_hugging_face_counts_them() {
    let text: &[u8] = b" a a a zb zb zb";
    let joined = |ties| {
        let tokenizer = train(&[text], options(259, Pattern::Gpt2, ties));
        merges(&tokenizer).iter().map(|(l, r)| String::from_utf8([&l[..], r].concat()).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(joined(Ties::Rank), [" a", " z", " zb"]);
    assert_eq!(joined(Ties::Hf), ["zb", " a", " zb"]);
}

#[test]
fn special_tokens_take_the_last_ids() {
    let special = vec!["<|endoftext|>".to_owned(), "<|用户|>".to_owned()];
    let options = TrainOptions { special: special.clone(), ..TrainOptions::new(300) };
    let mut trainer = BpeTrainer::new(options).unwrap();
    trainer.feed(TEXT.as_bytes()).unwrap();
    let tokenizer = trainer.finish().unwrap();
    assert_eq!(tokenizer.vocab_size(), 300);
    assert_eq!(tokenizer.merges().len(), 42);
    assert_eq!(tokenizer.special_id("<|endoftext|>"), Some(298));
    assert_eq!(tokenizer.special_id("<|用户|>"), Some(299));
    assert_eq!(tokenizer.special_tokens().collect::<Vec<_>>(), [("<|endoftext|>", 298), ("<|用户|>", 299)]);
    assert!(tokenizer.is_special(299) && !tokenizer.is_special(297) && !tokenizer.is_special(300));
    assert_eq!(tokenizer.token_bytes(299), Some("<|用户|>".as_bytes()));

    let text = "wide<|endoftext|><|用户|>world<|endoftext";
    let as_text = tokenizer.encode(text.as_bytes());
    assert!(as_text.iter().all(|&id| !tokenizer.is_special(id)));
    let as_token = tokenizer.encode_with(text.as_bytes(), SpecialHandling::Token);
    assert_eq!(as_token.iter().filter(|&&id| tokenizer.is_special(id)).count(), 2);
    for ids in [as_text, as_token] {
        assert_eq!(tokenizer.decode(&ids).unwrap(), text.as_bytes());
    }
}

#[test]
fn documents_in_parallel_are_documents_one_by_one() {
    let tokenizer = train(&[TEXT.as_bytes()], TrainOptions::new(330));
    let texts: Vec<String> = (0..2_000).map(|n| format!("{n} {TEXT}").repeat(n % 5)).collect();
    let documents: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let one_by_one: Vec<Vec<u32>> = documents.iter().map(|document| tokenizer.encode(document)).collect();
    assert_eq!(tokenizer.encode_documents(&documents), one_by_one);
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&tokenizer);
}

#[test]
fn an_id_outside_the_vocabulary_is_an_error() {
    let tokenizer = train(&[TEXT.as_bytes()], TrainOptions::new(300));
    let error = tokenizer.decode(&[65, 300]).unwrap_err().to_string();
    assert_eq!(error, "there is no token 300: the vocabulary has the ids 0 to 299");
}

#[test]
fn a_vocabulary_that_cannot_be_is_refused() {
    let refusal = |size: usize, special: &[&str]| {
        let special = special.iter().map(|token| token.to_string()).collect();
        let mut trainer = BpeTrainer::new(TrainOptions { special, ..TrainOptions::new(size) })?;
        trainer.feed(b"hello hello")?;
        trainer.finish().map(|_| ())
    };
    let message = |size, special: &[&str]| refusal(size, special).unwrap_err().to_string();
    assert_eq!(message(255, &[]), "a vocabulary of 255 is too small: the 256 bytes need 256 at least");
    assert_eq!(
        message(256, &["<s>"]),
        "a vocabulary of 256 is too small: the 256 bytes and 1 special need 257 at least"
    );
    assert!(message(300, &["<s>", "<s>"]).contains("named twice"));
    assert!(message(300, &[""]).contains("two bytes or more"));
    assert!(message(usize::MAX, &[]).contains("too large"));
    // "hello" takes four merges and " hello" one more.
    let expected =
        "the text is too short for a vocabulary of 300: it allows at most 261; give more text or a smaller vocabulary";
    assert_eq!(message(300, &[]), expected);
    assert!(refusal(261, &[]).is_ok());
    assert!(message(262, &["hello"]).contains("also a token learnt from the text"));
}

#[test]
fn a_training_on_nothing_leaves_the_bytes() {
    let trainer = BpeTrainer::new(TrainOptions::new(300)).unwrap();
    let tokenizer = trainer.finish_within().unwrap();
    assert_eq!(tokenizer.vocab_size(), 256);
    assert_eq!(tokenizer.encode(b"ab\xff"), [97, 98, 255]);
    assert_eq!(tokenizer.encode(b""), [0u32; 0]);
}
