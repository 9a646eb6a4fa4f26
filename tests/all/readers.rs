//! What other programs make of the same texts.

use base64::{Engine, prelude::BASE64_STANDARD};
use glasshouse::corpus::readers::{Kind, Reading, Tally, documents};

/// Lines and their texts as Python's json reads them: tests/parity/json_lines.py writes them.
const LINES: &str = include_str!("../golden/readers/json_lines.json");

#[test]
fn lines_are_read_as_python_reads_them() {
    let lines: Vec<(String, Option<String>)> = serde_json::from_str(LINES).unwrap();
    assert!(lines.len() > 60);
    // One good line makes a file of lines of whatever stands in it.
    let reading = Reading { taken_as: Some("jsonl".parse().unwrap()), ..Reading::default() };
    for (line, text) in lines {
        let line = BASE64_STANDARD.decode(line).unwrap();
        if line.contains(&b'\n') {
            continue;
        }
        let file = [&b"{\"text\": \"first\"}\n"[..], &line, b"\n"].concat();
        let found = documents("lines", file, &reading, &mut Tally::default());
        let found = found.unwrap_or_else(|unread| panic!("{unread:?}"));
        let shown = String::from_utf8_lossy(&line).chars().take(80).collect::<String>();
        let want: Vec<Vec<u8>> = text.iter().map(|text| BASE64_STANDARD.decode(text).unwrap()).collect();
        assert_eq!(found.kind, Kind::Lines);
        assert_eq!(found.documents[1..], want, "{shown}");
    }
}

/// Files of JSON and their texts as Hugging Face's datasets reads them: tests/parity/readers.py writes them.
const FILES: &str = include_str!("../golden/readers/datasets.json");

#[test]
fn files_of_json_are_read_as_datasets_reads_them() {
    let golden: serde_json::Value = serde_json::from_str(FILES).unwrap();
    let cases: Vec<(String, String, Option<Vec<String>>)> = serde_json::from_value(golden["cases"].clone()).unwrap();
    let mut refused = 0;
    for (text_field, file, texts) in cases {
        let file = BASE64_STANDARD.decode(file).unwrap();
        let shown = String::from_utf8_lossy(&file).into_owned();
        let reading = Reading { text_field, ..Reading::default() };
        let mut tally = Tally::default();
        let found =
            documents("case.json", file, &reading, &mut tally).unwrap_or_else(|unread| panic!("{shown}: {unread:?}"));
        match texts {
            Some(texts) => {
                assert_eq!(found.documents, texts.iter().map(|text| text.as_bytes()).collect::<Vec<_>>(), "{shown}")
            }
            // Of what it refuses whole the good lines are taken, and the others told.
            None => {
                refused += 1;
                assert!(!tally.notes().is_empty(), "{shown}");
            }
        }
    }
    assert_eq!(refused, 2);
}
