//! Signatures are datatrove's, clusters are those of a plain search, and sorting out of memory is sorting.

use std::collections::BTreeMap;

use glasshouse::corpus::minhash::sorted_runs::Sorter;
use glasshouse::corpus::minhash::{Clusters, Signature, Signer, in_memory, normalise};
use proptest::prelude::*;

#[test]
fn a_plain_text_is_datatroves() {
    for (text, want) in [
        ("|$17.56||1|\n|$15.37||2599|", "0 0 0 0"),
        ("The Quick—BROWN fox's 3 times, and  Then\tit rested.", "the quick brown fox s 0 times and then it rested"),
        ("1,000.5 2.3.4 5٫6 ٣٤,٥ 7. 8", "0 0 0 0 0 0 0 0"),
        ("Ça été ÀÉÎ Ω ΟΔΟΣ İ ½ Ⅷ １２", "ca ete aei ω οδος i ½ ⅷ 0"),
        ("中文，字。a\u{301}b", "中文 字 ab"),
        ("", ""),
        (" ?! \u{85}\u{1f}", ""),
    ] {
        assert_eq!(normalise(text), want, "{text:?}");
    }
}

/// Computed by datatrove 0.10.1 with SHA-1 of 64 bits.
#[test]
fn a_signature_is_datatroves() {
    let text = "The quick brown fox jumps over the lazy dog 3 times, and then it rested on Monday.";
    let signature = Signer::default().sign(text).unwrap();
    assert_eq!(
        signature[0],
        [
            481817013539866101,
            276445938039553087,
            594234408324153881,
            195579694742693957,
            42312182183823545,
            47099080259842012,
            316606424307206655,
            18342905247195216
        ]
    );
    assert_eq!(
        signature[13],
        [
            164139703210280404,
            29074511532028102,
            70766195015221433,
            257553822564331160,
            126167845672318228,
            169477372340914779,
            57353321177725573,
            395394618532614137
        ]
    );
    let mut signer = Signer::default();
    assert_eq!(signer.sign("one two three four!"), None, "fewer than five words are no copy of any");
    assert!(signer.sign("one two three four five").is_some());
    assert_eq!(signer.sign(text), Some(signature), "what was signed before leaves nothing");
}

/// The copies that a collection finds, and with each the how many-eth it is.
fn copies(signatures: &[Option<Signature>], bytes: usize) -> Vec<(u64, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let mut clusters = Clusters::new(folder.path(), bytes);
    for (n, signature) in signatures.iter().enumerate() {
        signature.iter().for_each(|signature| clusters.push(n as u64, &in_memory::keys(signature)).unwrap());
    }
    let copies = clusters.copies().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays on the disk");
    copies
}

/// Windows of a text: those that lie near each other are copies. datatrove's own test has these places.
#[test]
fn windows_of_a_text_cluster() {
    let words: Vec<String> = (0_u32..700).map(|n| spell(n.wrapping_mul(2_654_435_761) >> 12)).collect();
    let text = words.join(" ");
    let places = [0, 20, 50, 400, 420, 800, 810, 820, 840, 860, 1205, 1215, 1225, 1245, 1600, 2000];
    let mut signer = Signer::default();
    let signatures: Vec<_> = places.iter().map(|&at| signer.sign(&text[at..at + 400])).collect();
    let want = [(1, 1), (2, 2), (4, 1), (6, 1), (7, 2), (8, 3), (9, 4), (11, 1), (12, 2), (13, 3)];
    assert_eq!(copies(&signatures, 1 << 20), want);
    assert_eq!(copies(&signatures, 400), want, "out of memory, too");
}

/// A word of a few letters.
fn spell(mut number: u32) -> String {
    let mut word = String::new();
    while number > 0 {
        word.push((b'a' + (number % 23) as u8) as char);
        number /= 23;
    }
    word
}

/// Signatures of which some agree in some bucket.
fn signatures() -> impl Strategy<Value = Vec<Option<Signature>>> {
    let signature = prop::collection::vec(0_u64..40, 14).prop_map(|buckets| {
        let mut signature: Signature = [[0; 8]; 14];
        for (bucket, number) in signature.iter_mut().zip(buckets) {
            bucket[7] = number;
        }
        signature
    });
    // Few agree in more than one bucket if the numbers are many.
    let spread = signature.prop_flat_map(|signature| {
        prop::collection::vec(any::<u64>(), 14).prop_map(move |noise| {
            let mut signature = signature;
            for (n, (bucket, noise)) in signature.iter_mut().zip(noise).enumerate() {
                bucket[0] = if n > 1 { noise } else { 0 };
            }
            signature
        })
    });
    prop::collection::vec(prop::option::weighted(0.9, spread), 0..40)
}

/// The same by looking at all pairs.
fn searched(signatures: &[Option<Signature>]) -> Vec<(u64, u64)> {
    let mut first: Vec<usize> = (0..signatures.len()).collect();
    loop {
        let before = first.clone();
        for (a, one) in signatures.iter().enumerate() {
            for (b, other) in signatures.iter().enumerate() {
                let (Some(one), Some(other)) = (one, other) else { continue };
                if one.iter().zip(other).any(|(one, other)| one == other) {
                    first[a] = first[a].min(first[b]);
                }
            }
        }
        if first == before {
            break;
        }
    }
    let mut counts = BTreeMap::new();
    let copies = first.iter().enumerate().filter(|(n, first)| *n != **first);
    copies
        .map(|(n, first)| {
            let nth: &mut u64 = counts.entry(first).or_default();
            *nth += 1;
            (n as u64, *nth)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn clusters_are_those_of_a_plain_search(signatures in signatures(), bytes in prop::sample::select(vec![400, 2000, 1 << 20])) {
        prop_assert_eq!(copies(&signatures, bytes), searched(&signatures));
    }

    #[test]
    fn records_are_sorted_in_memory_and_out_of_it(records in prop::collection::vec(any::<[u64; 2]>(), 0..1000), most in 3_usize..400) {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::<2>::new(folder.path(), "records", most);
        records.iter().for_each(|record| sorter.push(*record).unwrap());
        let sorted: Vec<[u64; 2]> = sorter.sorted().unwrap().map(Result::unwrap).collect();
        let mut want = records;
        want.sort_unstable();
        prop_assert_eq!(sorted, want);
    }

    #[test]
    fn any_text_is_signed(text in any::<String>()) {
        let plain = normalise(&text);
        prop_assert!(!plain.starts_with(' ') && !plain.ends_with(' ') && !plain.contains(['\n', '.', '!']));
        Signer::default().sign(&text);
    }
}

#[test]
fn a_disk_that_refuses_is_named() {
    let mut sorter = Sorter::<2>::new(std::path::Path::new("/nowhere/at all"), "records", 1);
    sorter.push([1, 2]).unwrap();
    let error = sorter.push([3, 4]).unwrap_err().to_string();
    assert!(error.contains("records-0.run") && error.contains("cannot write"), "{error}");
}
