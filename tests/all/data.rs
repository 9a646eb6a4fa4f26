//! Evidence for the way from tokens to batches: nothing is lost, nothing leaks, everything is a pure function.

use std::collections::{BTreeMap, BTreeSet};

use glasshouse::corpus::{read_jsonl, write_jsonl};
use glasshouse::data::{Batch, Corpus, Dataset, Windows, bits_per_byte, stream};
use proptest::prelude::*;

const END: u32 = 9_999_999;

/// One document whose tokens are their own positions in the stream.
fn positions(len: usize, context: usize) -> Dataset {
    let document: Vec<u32> = (1..len as u32).collect();
    Dataset::new(&[document], 0, context).unwrap()
}

#[test]
fn each_document_is_preceded_by_end_of_text() {
    assert_eq!(stream(&[vec![1, 2], vec![], vec![3]], END), [END, 1, 2, END, END, 3]);
}

#[test]
fn the_last_tenth_is_validation_and_never_trained_on() {
    let dataset = positions(10_000, 64);
    assert_eq!(dataset.train.len(), 9_000);
    assert_eq!(*dataset.validation.as_ref().unwrap().tokens, *(9_000..10_000).collect::<Vec<u32>>());
    assert_eq!(dataset.notice(), None);
    for n in 0..1_000 {
        let batch = dataset.batch(3, n, 4);
        assert!(batch.inputs.iter().chain(&batch.targets).all(|&token| token < 9_000));
    }
}

#[test]
fn validation_is_at_most_a_million_tokens() {
    let dataset = positions(11_000_000, 1024);
    assert_eq!(dataset.validation.unwrap().tokens.len(), 1_000_000);
    assert_eq!(dataset.train.len(), 10_000_000);
}

#[test]
fn too_little_validation_is_none_and_says_so() {
    // A tenth of 650 is 65 tokens: one window of 64 and its last target.
    assert!(positions(650, 64).validation.is_some());
    let dataset = positions(649, 64);
    assert!(dataset.validation.is_none());
    assert_eq!(dataset.train.len(), 649, "then all tokens are trained on");
    assert_eq!(dataset.evaluation_batches(4).count(), 0);
    let notice = dataset.notice().unwrap();
    assert!(notice.contains("649 tokens") && notice.contains("64"), "{notice}");
}

/// Of 0 1 0 1 0 2 0 1 the last seven are predicted: three 0, three 1, one 2. Behind a 0 stand 1, 1, 2, 1, behind 1 and 2
/// nothing but 0.
#[test]
fn entropies_are_those_of_the_counts() {
    let dataset = Dataset::new(&[vec![1], vec![1], vec![2], vec![1]], 0, 2).unwrap();
    let of = |shares: &[f64]| -shares.iter().map(|p| p * p.ln()).sum::<f64>();
    let (single, given) = dataset.entropies();
    assert!((single - of(&[3.0 / 7.0, 3.0 / 7.0, 1.0 / 7.0])).abs() < 1e-12, "{single}");
    assert!((given - 4.0 / 7.0 * of(&[0.75, 0.25])).abs() < 1e-12, "{given}");
    // Where each token stands once, nothing is left to guess behind the one before it.
    let (single, given) = positions(100, 8).entropies();
    assert!((single - 89_f64.ln()).abs() < 1e-12 && given == 0.0, "{single} {given}");
    let (single, given) = Dataset::rows(vec![5; 6], 2).entropies();
    assert_eq!((single, given), (0.0, 0.0));
}

#[test]
fn a_context_longer_than_the_data_is_refused() {
    let document: Vec<u32> = (1..64).collect();
    let refusal = Dataset::new(&[document], 0, 64).unwrap_err().to_string();
    assert!(refusal.contains("gives 64 tokens") && refusal.contains("65 or more"), "{refusal}");
    assert_eq!(positions(65, 64).windows(), 1);
    assert!(Dataset::new(&[], 0, 64).is_err());
    assert!(Windows::new(&[], 0, 64).is_err());
}

#[test]
fn a_batch_is_a_pure_function_of_seed_and_number() {
    let dataset = positions(10_000, 64);
    for n in [0, 1, 77, 1 << 40, u64::MAX] {
        assert_eq!(dataset.batch(5, n, 8), dataset.clone().batch(5, n, 8));
    }
    assert_ne!(dataset.batch(5, 0, 8), dataset.batch(6, 0, 8));
    assert_ne!(dataset.batch(5, 0, 8), dataset.batch(5, 1, 8));
    // Written down once: a change of the order would break every run that is resumed.
    assert_eq!(starts(&dataset.batch(5, 0, 8), 64), [4727, 2231, 2871, 8311, 3191, 5687, 8823, 2487]);
}

fn starts(batch: &Batch, context: usize) -> Vec<u32> {
    batch.inputs.chunks(context).map(|window| window[0]).collect()
}

#[test]
fn an_epoch_visits_each_window_once() {
    let dataset = positions(10_000, 64);
    let windows = dataset.windows();
    assert_eq!(windows, (9_000 - 64) / 64);
    let mut offsets = BTreeMap::new();
    for epoch in 0..40u64 {
        // A batch of one window, so that epochs begin where batches do.
        let mut visited: Vec<u32> =
            (0..windows).flat_map(|i| starts(&dataset.batch(1, epoch * windows + i, 1), 64)).collect();
        visited.sort_unstable();
        assert!(visited.windows(2).all(|pair| pair[1] - pair[0] == 64), "windows next to one another, each once");
        *offsets.entry(visited[0]).or_insert(0) += 1;
        assert!(visited[0] < 64);
    }
    assert!(offsets.len() > 15, "the offset changes with the epoch: {offsets:?}");
}

#[test]
fn a_batch_of_many_is_the_batches_of_one_in_a_row() {
    let dataset = positions(2_000, 64);
    let ones: Vec<u32> = (0..6 * 50).flat_map(|n| dataset.batch(9, n, 1).inputs).collect();
    let sixes: Vec<u32> = (0..50).flat_map(|n| dataset.batch(9, n, 6).inputs).collect();
    assert_eq!(ones, sixes);
}

#[test]
fn evaluation_counts_each_token_but_the_first_once() {
    for len in [2, 63, 64, 65, 66, 129, 1_000] {
        for batch in [1, 3, 16] {
            let document: Vec<u32> = (1..len).collect();
            let windows = Windows::new(&[document], 0, 64).unwrap();
            let batches: Vec<Batch> = windows.batches(batch).collect();
            let mut predicted = Vec::new();
            for found in &batches {
                assert_eq!([found.inputs.len(), found.targets.len(), found.weights.len()], [batch * 64; 3]);
                for i in 0..batch * 64 {
                    if found.weights[i] == 1.0 {
                        assert_eq!(found.inputs[i] + 1, found.targets[i]);
                        predicted.push(found.targets[i]);
                    } else {
                        assert_eq!((found.inputs[i], found.targets[i], found.weights[i]), (0, 0, 0.0));
                    }
                }
            }
            assert_eq!(predicted, windows.predicted());
            assert_eq!(batches.iter().map(Batch::counted).sum::<usize>(), len as usize - 1);
        }
    }
}

#[test]
fn bits_per_byte_leaves_special_tokens_out() {
    // Two bits for "ab" (2 bytes), "c" (1 byte) and a special token.
    let nats = 2.0 * std::f64::consts::LN_2;
    let bits = bits_per_byte(nats, &[0, 1, 2], &[2, 1, 0]).unwrap();
    assert!((bits - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(bits_per_byte(nats, &[2], &[2, 1, 0]), None);
}

#[test]
fn a_text_is_known_again_by_its_hash() {
    let documents = vec![b"ab".to_vec(), b"c".to_vec()];
    let corpus = Corpus::describe("letters", &documents);
    assert_eq!((corpus.documents, corpus.bytes), (2, 3));
    // printf '\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c' | sha256sum
    assert_eq!(corpus.sha256, "43ee655579de01ca739b3f95c1c2d3f46d353b2c0df818064ea594506cdb2617");
    corpus.check(&Corpus::describe("elsewhere", &documents)).unwrap();
    for other in [vec![b"a".to_vec(), b"bc".to_vec()], vec![b"abc".to_vec()], vec![b"ab".to_vec(), b"d".to_vec()]] {
        let refusal = corpus.check(&Corpus::describe("letters", &other)).unwrap_err().to_string();
        assert!(refusal.contains("start a new run"), "{refusal}");
    }
}

#[test]
fn broken_jsonl_is_refused_with_its_line() {
    for (text, line, what) in [
        ("{\"text\": \"a\"}\n{\"text\": 3}\n", 2, "integer `3`"),
        ("\n{\"body\": \"a\"}", 2, "missing"),
        ("{\"text\": \"a\"}\n\n[", 3, "EOF"),
        ("{\"text\": \"a\"", 1, "EOF"),
        ("{\"base64\": \"?\"}", 1, "damaged"),
        ("not json", 1, "expected"),
        ("{\"text\": null}", 1, "missing"),
    ] {
        let refusal = read_jsonl("some.jsonl", text.as_bytes()).unwrap_err().to_string();
        assert!(refusal.starts_with(&format!("some.jsonl, line {line}: ")) && refusal.contains(what), "{refusal}");
        assert!(!refusal.contains("line 1 column"), "{refusal}");
    }
    let fields = "\u{feff}{\"id\": [1], \"text\": \"a\\n\", \"more\": {}}\r\n";
    assert_eq!(read_jsonl("some.jsonl", fields.as_bytes()).unwrap(), [b"a\n"]);
}

proptest! {
    #[test]
    fn jsonl_keeps_any_documents(documents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6)) {
        prop_assert_eq!(read_jsonl("", &write_jsonl(&documents)).unwrap(), documents);
    }

    #[test]
    fn jsonl_of_any_bytes_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_jsonl("", &bytes);
    }

    #[test]
    fn batches_stay_within_any_data(len in 2usize..300, context in 1usize..80, batch in 1usize..5, n: u64, seed: u64) {
        let document: Vec<u32> = (1..len as u32).collect();
        if let Ok(dataset) = Dataset::new(&[document], 0, context) {
            let found = dataset.batch(seed, n, batch);
            for i in 0..batch * context {
                prop_assert_eq!(found.inputs[i] + 1, found.targets[i]);
                prop_assert!((found.targets[i] as usize) < dataset.train.len());
            }
            prop_assert!(dataset.validation.iter().all(|windows| windows.tokens.len() > context));
        } else {
            prop_assert!(len <= context);
        }
    }
}

/// Documents of so many tokens each, none like another.
fn texts(lengths: &[usize]) -> (Vec<Vec<u8>>, Vec<Vec<u32>>) {
    let texts = (0..lengths.len()).map(|n| format!("document {n}").into_bytes()).collect();
    let encoded = lengths.iter().zip(1..).map(|(length, n)| vec![n; *length]).collect();
    (texts, encoded)
}

#[test]
fn a_tenth_of_many_documents_is_drawn_by_what_they_hold() {
    let (mut names, mut encoded) = texts(&[9; 1000]);
    let kept = |names: &[Vec<u8>], encoded: &[Vec<u32>]| -> BTreeSet<u32> {
        let dataset = Dataset::by_documents(names, encoded, END, 8).unwrap();
        let validation = dataset.validation.unwrap().tokens;
        assert_eq!((validation.len(), dataset.train.len()), (1000, 9000));
        let kept: BTreeSet<u32> = validation.iter().copied().filter(|token| *token != END).collect();
        assert!(!dataset.train.iter().any(|token| kept.contains(token)), "no document is on both sides");
        kept
    };
    let first = kept(&names, &encoded);
    assert!(first.iter().any(|n| *n < 500) && first.iter().any(|n| *n > 500), "from everywhere");
    names.reverse();
    encoded.reverse();
    assert_eq!(kept(&names, &encoded), first, "in any order");
    // Copies are not parted.
    let same = vec![b"same".to_vec(); 200];
    let dataset = Dataset::by_documents(&same, &vec![vec![1; 9]; 200], END, 8).unwrap();
    assert!(dataset.validation.is_none() && dataset.train.len() == 2000);
}

#[test]
fn of_few_documents_the_last_tenth_of_each_is_kept() {
    let (names, encoded) = texts(&[100, 5, 300]);
    let dataset = Dataset::by_documents(&names, &encoded, END, 8).unwrap();
    let validation = dataset.validation.unwrap();
    assert_eq!(*validation.tokens, *[vec![END], vec![1; 10], vec![END], vec![3; 30]].concat());
    assert_eq!(*dataset.train, *[vec![END], vec![1; 90], vec![END], vec![2; 5], vec![END], vec![3; 270]].concat());
    assert!(Dataset::by_documents(&names, &encoded, END, 64).unwrap().validation.is_none());
    let (names, encoded) = texts(&[8_000_000, 8_000_000]);
    let dataset = Dataset::by_documents(&names, &encoded, END, 64).unwrap();
    let kept = dataset.validation.unwrap().tokens.len();
    assert!((999_000..=1_000_000).contains(&kept), "{kept}");
}

#[test]
fn a_text_to_measure_with_is_no_part_of_the_training() {
    let dataset = Dataset::with_validation(&[vec![1; 100]], &[vec![2; 20]], END, 8).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.unwrap().tokens.len()), (101, 21));
    let short = Dataset::with_validation(&[vec![1; 100]], &[vec![2; 5]], END, 8).unwrap();
    assert!(short.validation.is_none() && short.notice().unwrap().contains("the text to measure with"));
}
