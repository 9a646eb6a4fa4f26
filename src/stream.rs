//! A text as it is read: its documents joined into one line of bytes, and any stretch of it as characters.

use serde::Serialize;

/// Documents in one line. Offsets count bytes; where a document begins an end-of-text token stands, which has none.
pub struct Stream {
    bytes: Vec<u8>,
    /// Where each document begins.
    starts: Vec<usize>,
}

/// One document of a stream.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct DocumentSpan {
    /// Its first byte in the stream.
    pub start: usize,
    /// Its length in bytes.
    pub bytes: usize,
    /// The beginning of its first line that is not blank.
    pub title: String,
}

/// One character of a stream: its bytes, and whether a document begins with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Character<'a> {
    /// The UTF-8 of one character, or one byte that is none.
    pub bytes: &'a [u8],
    /// Whether it is the first of a document.
    pub begins: bool,
}

impl Character<'_> {
    /// The character; none where its byte is no UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes).ok()
    }
}

/// Characters of a title.
const TITLE: usize = 48;

impl Stream {
    /// Joins `documents`; empty ones count as documents all the same.
    pub fn new(documents: &[Vec<u8>]) -> Stream {
        let mut stream = Stream { bytes: Vec::new(), starts: Vec::new() };
        for document in documents {
            stream.starts.push(stream.bytes.len());
            stream.bytes.extend(document);
        }
        stream
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many documents there are.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The documents from the one at `first` on, in order.
    pub fn documents(&self, first: usize) -> impl Iterator<Item = DocumentSpan> + '_ {
        let starts = self.starts.get(first..).unwrap_or_default();
        let ends = starts.iter().skip(1).copied().chain([self.bytes.len()]);
        starts.iter().zip(ends).map(|(&start, end)| DocumentSpan {
            start,
            bytes: end - start,
            title: title(&self.bytes[start..end]),
        })
    }

    /// Up to `count` characters from the one that holds byte `at` on.
    pub fn characters(&self, at: usize, count: usize) -> Vec<Character<'_>> {
        let mut at = self.character_at(at.min(self.bytes.len()));
        let mut found = Vec::new();
        while at < self.bytes.len() && found.len() < count {
            let length = character(&self.bytes[at..]);
            found.push(Character {
                bytes: &self.bytes[at..at + length],
                begins: self.starts.binary_search(&at).is_ok(),
            });
            at += length;
        }
        found
    }

    /// Where the character begins that holds byte `at`.
    pub fn character_at(&self, at: usize) -> usize {
        let least = at.saturating_sub(3);
        (least..at).find(|&start| start + character(&self.bytes[start..]) > at).unwrap_or(at)
    }
}

/// Bytes of the first character of `bytes`, 1 where they do not begin with one.
fn character(bytes: &[u8]) -> usize {
    let most = bytes.len().min(4);
    (1..=most).find(|&length| std::str::from_utf8(&bytes[..length]).is_ok()).unwrap_or(1)
}

/// The beginning of the first line of a document that is not blank.
pub fn title(document: &[u8]) -> String {
    let text = String::from_utf8_lossy(&document[..document.len().min(4096)]);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(TITLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn documents_stand_one_behind_the_other() {
        let stream = Stream::new(&[b"\n  The one\nx".to_vec(), Vec::new(), "宋词".into()]);
        let titles: Vec<_> = stream.documents(0).map(|d| (d.start, d.bytes, d.title)).collect();
        assert_eq!(titles, [(0, 12, "The one".into()), (12, 0, String::new()), (12, 6, "宋词".into())]);
        assert_eq!(stream.documents(2).map(|d| d.start).collect::<Vec<_>>(), [12]);
        assert_eq!((stream.count(), stream.documents(3).count(), stream.documents(9).count()), (3, 0, 0));
        assert_eq!(stream.bytes(), "\n  The one\nx宋词".as_bytes());
    }

    #[test]
    fn characters_are_whole_and_know_where_documents_begin() {
        let stream = Stream::new(&["a宋".into(), vec![0xff, b'b']]);
        let want = [(&b"a"[..], true), ("宋".as_bytes(), false), (&[0xff], true), (b"b", false)];
        let found: Vec<_> = stream.characters(0, 9).iter().map(|c| (c.bytes, c.begins)).collect();
        assert_eq!(found, want);
        // From the middle of a character: from its first byte.
        for at in 1..4 {
            assert_eq!(stream.characters(at, 1)[0].text(), Some("宋"), "{at}");
        }
        assert_eq!(stream.characters(4, 1)[0].text(), None);
        assert!(stream.characters(99, 1).is_empty());
    }

    proptest! {
        #[test]
        fn characters_give_the_bytes_back(documents: Vec<Vec<u8>>, count in 1usize..20) {
            let stream = Stream::new(&documents);
            let (mut at, mut back) = (0, Vec::new());
            while at < stream.bytes().len() {
                let part: Vec<u8> = stream.characters(at, count).iter().flat_map(|c| c.bytes.to_vec()).collect();
                at += part.len();
                back.extend(part);
            }
            prop_assert_eq!(back, documents.concat());
        }

        #[test]
        fn every_byte_of_a_text_lies_in_its_character(text: String) {
            let stream = Stream::new(&[text.clone().into_bytes()]);
            for (start, c) in text.char_indices() {
                for at in start..start + c.len_utf8() {
                    prop_assert_eq!(stream.character_at(at), start);
                }
            }
        }
    }
}
