//! Documents of any bytes as JSONL, whole: as a person gives them, and as a run keeps its text.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A line of JSONL. A document that is not UTF-8 has its bytes in `base64`.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// Documents as JSONL, one a line: `{"text": …}`, or `{"base64": …}` where the bytes are not UTF-8.
pub fn write_jsonl(documents: &[Vec<u8>]) -> Vec<u8> {
    let mut lines = Vec::new();
    for document in documents {
        let line = match std::str::from_utf8(document) {
            Ok(text) => Line { text: Some(text.into()), base64: None },
            Err(_) => Line { text: None, base64: Some(BASE64_STANDARD.encode(document)) },
        };
        serde_json::to_writer(&mut lines, &line).expect("strings are always JSON");
        lines.push(b'\n');
    }
    lines
}

/// The documents of a JSONL file, one a line that is not blank. `place` names the file in what is refused.
pub fn read_jsonl(place: &str, bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut documents = Vec::new();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let refuse = |found: String| {
            Err(Error::format(
                format!("{place}, line {}", number + 1),
                format!(
                    "expected a JSON object with the text of a document in its string field `text`, not this: {found}"
                ),
            ))
        };
        match serde_json::from_slice::<Line>(line) {
            Ok(Line { text: Some(text), .. }) => documents.push(text.into_owned().into_bytes()),
            Ok(Line { base64: Some(coded), .. }) => match BASE64_STANDARD.decode(&coded) {
                Ok(document) => documents.push(document),
                Err(error) => return refuse(format!("the field `base64` is damaged: {error}")),
            },
            Ok(_) => return refuse("it is missing".into()),
            // Each line is parsed alone, so serde's own number of the line is always 1.
            Err(error) => return refuse(error.to_string().replace(" at line 1 column", " at column")),
        }
    }
    Ok(documents)
}
