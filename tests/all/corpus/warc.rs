//! Web archives: whole ones give their records, broken ones all others and the place of the damage. tests/parity/warc.py
//! holds the reader to warcio's.

use std::io::{BufReader, Read, Write};

use flate2::{Compression, write::GzEncoder};
use glasshouse::corpus::warc::{Damage, Entry, MAX_RECORD_BYTES, Reader, Record, begins};
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn record(kind: &str, number: usize, block: &[u8]) -> Vec<u8> {
    let length = block.len();
    let head = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <{number}>\r\nWARC-Target-URI: http://x.org/{number}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

/// A few records, the text of each its own.
fn records() -> Vec<Vec<u8>> {
    (0..6).map(|n| record("conversion", n, format!("text {n} {}", "of a page ".repeat(n * 50)).as_bytes())).collect()
}

fn read(bytes: &[u8]) -> Vec<Entry> {
    let wanted = |kind: &str| kind == "conversion" || kind == "response";
    Reader::new(BufReader::with_capacity(100, bytes), wanted).unwrap().map(Result::unwrap).collect()
}

/// The ids of the records, and the damage with its place.
fn told(bytes: &[u8]) -> (Vec<String>, Vec<(u64, Damage)>) {
    let (mut ids, mut damage) = (Vec::new(), Vec::new());
    for found in read(bytes) {
        match found {
            // The field itself may be damaged.
            Entry::Record(record) => {
                ids.push(record.field("warc-record-id").unwrap_or("?").trim_matches(['<', '>']).to_owned());
            }
            Entry::Damage(place, what) => damage.push((place, what)),
        }
    }
    (ids, damage)
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| number.to_string()).collect()
}

#[test]
fn a_whole_archive_gives_its_records() {
    let plain = records().concat();
    let members: Vec<u8> = records().iter().flat_map(|record| gzip(record)).collect();
    for bytes in [&plain, &members, &gzip(&plain)] {
        assert_eq!(told(bytes), (ids(0..6), vec![]));
    }
    let Entry::Record(second) = &read(&members)[1] else { panic!("a record") };
    assert_eq!(second.place, gzip(&records()[0]).len() as u64);
    assert_eq!(second.content, format!("text 1 {}", "of a page ".repeat(50)).as_bytes());
    assert_eq!(second.url().as_deref(), Some("http://x.org/1"));
    assert_eq!(told(b""), (vec![], vec![]));
    // Other types are passed over.
    assert_eq!(told(&[record("request", 1, b"GET"), record("conversion", 2, b"text")].concat()).0, ids([2]));
}

#[test]
fn a_page_is_what_the_server_meant() {
    let page = |head: &str, body: &[u8]| {
        let block = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n\r\n", body].concat();
        let found = read(&record("response", 1, &block)).pop().unwrap();
        let Entry::Record(Record { content, http: Some(_), .. }) = found else { panic!("a page") };
        String::from_utf8(content).unwrap()
    };
    let packed = gzip(b"a page");
    let chunks = |body: &[u8]| [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    assert_eq!(page("Content-Type: text/html", b"a page"), "a page");
    assert_eq!(page("transfer-encoding: chunked", b"2\r\na \r\n4;x=y\r\npage\r\n0\r\n\r\n"), "a page");
    assert_eq!(page("Content-Encoding: gzip", &packed), "a page");
    assert_eq!(page("Transfer-Encoding: chunked\r\nContent-Encoding: GZIP", &chunks(&packed)), "a page");
    assert_eq!(page("Content-Encoding: gzip", b"a page"), "a page", "it only says that it is packed");
    assert_eq!(page("Transfer-Encoding: chunked", b"a page"), "a page", "it only says that it is in chunks");
    assert_eq!(page("Transfer-Encoding: chunked", b"9\r\na page"), "a page", "the chunk is cut off");
    let mut bomb = record(
        "response",
        1,
        &[b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", &gzip(&vec![0; MAX_RECORD_BYTES + 1])[..]].concat(),
    );
    bomb.extend(record("conversion", 2, b"text"));
    assert_eq!(told(&bomb), (ids([2]), vec![(0, Damage::TooLong)]));
}

#[test]
fn damage_costs_the_record_that_it_is_in() {
    let parts = records();
    let members: Vec<Vec<u8>> = parts.iter().map(|part| gzip(part)).collect();
    let at = |parts: &[Vec<u8>], n: usize| parts[..n].concat().len() as u64;
    let with = |parts: &[Vec<u8>], changed: &[u8]| [&parts[..3].concat(), changed, &parts[4..].concat()].concat();
    let others = ids([0, 1, 2, 4, 5]);

    let mut broken = members[3].clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 9].fill(0xFF);
    for damaged in
        [&broken[..], &members[3][..40], &members[3][..members[3].len() - 9], b"\x1f\x8b\x08nothing", b"nothing"]
    {
        let (found, damage) = told(&with(&members, damaged));
        assert_eq!(found.iter().filter(|id| *id != "3").cloned().collect::<Vec<_>>(), others);
        assert_eq!((damage[0].0, damage[0].1), (at(&members, 3), Damage::Packed), "{damage:?}");
    }
    let half = |part: &[u8]| part[..part.len() - 100].to_vec();
    let (found, damage) = told(&[parts[..5].concat(), half(&parts[5])].concat());
    assert_eq!((found, damage), (ids(0..6), vec![(at(&parts, 5), Damage::Truncated)]), "what is there is given");
    let (found, damage) = told(&with(&parts, b"no record\r\nat all\r\n"));
    assert_eq!((found, damage), (others.clone(), vec![(at(&parts, 3), Damage::Misframed)]));
    let changed = |from: &str, to: &str| String::from_utf8(parts[3].clone()).unwrap().replace(from, to).into_bytes();
    for (lengths, kept) in [
        ("Content-Length: many", false),
        ("Content-Length: -5", false),
        ("No-Length: 3", false),
        ("Content-Length: 5", true),
    ] {
        let (found, damage) = told(&with(&parts, &changed("Content-Length: 1507", lengths)));
        assert_eq!(found, if kept { ids(0..6) } else { others.clone() }, "{lengths}");
        assert!(matches!(damage[..], [(_, Damage::Misframed)]), "{lengths}: {damage:?}");
    }
    // A head without an end.
    let endless = format!("WARC/1.0\r\n{}", "A: b\r\n".repeat(2000));
    assert_eq!(told(&with(&parts, endless.as_bytes())).0, others);
    assert_eq!(told(&with(&parts, &[b"WARC/1.0\r\n", &b"x".repeat(1 << 20)[..], b"\r\n\r\n"].concat())).0, others);
}

/// A record of a terabyte, and one that says that it is: neither is held in memory.
#[test]
fn a_record_that_is_too_long_is_passed_over() {
    let length = MAX_RECORD_BYTES as u64 * 2;
    let head = format!("WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: {length}\r\n\r\n");
    let long = head.as_bytes().chain(std::io::repeat(b'x').take(length)).chain(&b"\r\n\r\n"[..]);
    let last = record("conversion", 7, b"text");
    let reader = Reader::new(BufReader::new(long.chain(&last[..])), |_| true).unwrap();
    let found: Vec<Entry> = reader.map(Result::unwrap).collect();
    assert_eq!(found[0], Entry::Damage(0, Damage::TooLong));
    assert!(matches!(&found[1..], [Entry::Record(record)] if record.content == b"text"));
    let says = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 1000000000000\r\n\r\ntext";
    assert_eq!(told(says).1, [(0, Damage::TooLong)]);
    // Where another record follows before that, it is read.
    for packed in [false, true] {
        let long = [&says[..], b"\r\n\r\n"].concat();
        let parts: Vec<Vec<u8>> = [&record("conversion", 1, b"text")[..], &long, &last, &record("conversion", 8, b"")]
            .iter()
            .map(|part| if packed { gzip(part) } else { part.to_vec() })
            .collect();
        let (found, damage) = told(&parts.concat());
        assert_eq!((found, damage), (ids([1, 7, 8]), vec![(parts[0].len() as u64, Damage::TooLong)]));
    }
}

/// What stands before the first record does not hide it.
#[test]
fn an_archive_may_begin_with_blank_lines() {
    let archive = record("conversion", 1, b"text");
    for (before, damage) in
        [(&b"\r\n\r\n"[..], false), (b"\xef\xbb\xbf", false), (b"\xef\xbb\xbf \n", true), (b"noise\n", true)]
    {
        let bytes = [before, &archive].concat();
        let (found, told) = told(&bytes);
        assert_eq!((found, !told.is_empty()), (ids([1]), damage), "{before:?}");
        assert_eq!(begins(&bytes), before != b"noise\n");
    }
    assert!(!begins(b"") && !begins(b"{\"text\": \"WARC/1.0\"}"));
}

/// As warcio has it, what was asked for and what was the same as before are heads of HTTP without content.
#[test]
fn what_was_asked_for_has_no_content() {
    let bytes = [
        record("request", 1, b"GET /1 HTTP/1.1\r\nHost: x.org\r\n\r\n"),
        record("revisit", 2, b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"),
        record("metadata", 3, b"a: b\r\n\r\n"),
    ]
    .concat();
    let records: Vec<Entry> = Reader::new(&bytes[..], |_| true).unwrap().map(Result::unwrap).collect();
    let lengths: Vec<(usize, bool)> = records
        .iter()
        .map(|found| match found {
            Entry::Record(record) => (record.content.len(), record.http.is_some()),
            Entry::Damage(..) => panic!("no damage"),
        })
        .collect();
    assert_eq!(lengths, [(0, true), (0, true), (8, false)]);
}

/// What looks like members again and again is not unpacked for ever.
#[test]
fn members_that_are_none_take_no_time() {
    // A stored block of 65,535 bytes begins at each of them.
    let start = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0xff, 0xff, 0, 0];
    let bytes = [start.repeat((4 << 20) / start.len()), gzip(&records()[0])].concat();
    let (found, damage) = told(&bytes);
    assert_eq!(found, ids([0]));
    assert!(!damage.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// However it is broken, the reading ends, and what lies far from the damage is found.
    #[test]
    fn any_bytes_are_read(packed in any::<bool>(), at in 0.0..1.0_f64, cut in 0_usize..300, noise in prop::collection::vec(any::<u8>(), 0..50)) {
        let parts: Vec<Vec<u8>> = records().iter().map(|part| if packed { gzip(part) } else { part.clone() }).collect();
        let mut bytes = parts.concat();
        let at = (at * bytes.len() as f64) as usize;
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, noise);
        let (found, _) = told(&bytes);
        let mut start = 0;
        for (n, part) in parts.iter().enumerate() {
            let whole = start + part.len() <= at;
            prop_assert!(!whole || found.contains(&n.to_string()), "record {} stands before the damage", n);
            start += part.len();
        }
    }
}
