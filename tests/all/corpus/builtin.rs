//! The built-in corpora are what their provenance says, and damaged files are refused.
#![cfg(feature = "cli")]

use std::collections::BTreeMap;
use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use glasshouse::corpus::page::Input;
use glasshouse::corpus::{Builtin, documents, incoming};
use sha2::{Digest, Sha256};

/// The value of `field:` in a provenance file.
fn field<'a>(provenance: &'a str, field: &str) -> &'a str {
    let line = provenance.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {field} in {provenance}")).trim()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn builtin_corpora_are_what_their_provenance_says() {
    for corpus in Builtin::ALL {
        let path = format!("{}/corpora/{}.PROVENANCE.txt", env!("CARGO_MANIFEST_DIR"), corpus.name());
        let provenance = std::fs::read_to_string(path).unwrap();
        let documents = documents(corpus.file()).unwrap();
        let text = documents.join(&b"\x0c\n"[..]);
        let hash: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text.len().to_string(), field(&provenance, "bytes"));
        assert_eq!(hash, field(&provenance, "sha256"));
        assert_eq!(documents.len().to_string(), field(&provenance, "documents"));
        assert!((1_000_000..2_000_000).contains(&text.len()));
        for document in &documents {
            let document = std::str::from_utf8(document).unwrap();
            assert!(document.ends_with('\n') && !document.contains('\x0c') && document.trim() != "");
            for foreign in ["Gutenberg", "GUTENBERG", "Etext", "opyright", "□", "\u{fffd}", "（", "["] {
                let stage_direction = corpus == Builtin::English && foreign == "[";
                assert!(stage_direction || !document.contains(foreign), "{foreign} in {document}");
            }
        }
    }
}

#[test]
fn the_sample_pages_are_what_their_provenance_says() {
    for (name, ending) in [("pages", "jsonl"), ("html", "warc")] {
        let folder = format!("{}/corpora", env!("CARGO_MANIFEST_DIR"));
        let provenance = std::fs::read_to_string(format!("{folder}/{name}.PROVENANCE.txt")).unwrap();
        let pages = std::fs::read(format!("{folder}/{name}.{ending}")).unwrap();
        let hash: String = Sha256::digest(&pages).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(pages.len().to_string(), field(&provenance, "bytes"));
        assert_eq!(hash, field(&provenance, "sha256"));
        let mut skipped = BTreeMap::new();
        let given = incoming(&format!("{name}.{ending}"), &pages, &mut skipped).unwrap();
        assert_eq!(given.len().to_string(), field(&provenance, "documents"));
        assert!(skipped.is_empty());
        for given in given {
            let document = match given {
                Input::Text(document) => document,
                Input::Page(page) => page.document,
            };
            let url = document.url.unwrap();
            let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap();
            assert!(host.ends_with(".example"), "{url}");
        }
    }
}

#[test]
fn a_corpus_is_read_packed_or_plain() {
    let text = b"one\ntwo\n\x0c\nthree\n";
    let want = vec![b"one\ntwo\n".to_vec(), b"three\n".to_vec()];
    assert_eq!(documents(text).unwrap(), want);
    assert_eq!(documents(&gzip(text)).unwrap(), want);
    assert_eq!(
        documents(b"a page\x0c\n").unwrap(),
        [b"a page\x0c\n".to_vec()],
        "a form feed within a line separates nothing"
    );
    assert!(documents(b"").unwrap().is_empty());
}

#[test]
fn a_damaged_corpus_is_refused() {
    let file = Builtin::English.file();
    let error = documents(&file[..file.len() / 2]).unwrap_err().to_string();
    assert!(error.contains("does not unpack"), "{error}");
    let mut flipped = file.to_vec();
    flipped[file.len() / 2] ^= 1;
    assert!(documents(&flipped).is_err());
    let bomb = gzip(&vec![b'a'; (64 << 20) + 1]);
    assert!(bomb.len() < 1 << 20);
    let error = documents(&bomb).unwrap_err().to_string();
    assert!(error.contains("64 MiB"), "{error}");
}

#[test]
fn a_corpus_is_known_by_name() {
    for corpus in Builtin::ALL {
        assert_eq!(corpus.name().parse::<Builtin>().unwrap(), corpus);
    }
    assert!("fr".parse::<Builtin>().unwrap_err().to_string().contains("en or zh"));
}
