//! Tokens as a person sees them: grouped so that no character is cut, and spelt where they are only a part of one.

use unicode_segmentation::UnicodeSegmentation;

use super::Tokenizer;
use crate::Result;

/// Tokens in a row that together are whole characters, as few as that takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Segment {
    /// The place of the first of them.
    pub first: usize,
    /// How many they are.
    pub count: usize,
    /// What they stand for.
    pub text: String,
}

impl Tokenizer {
    /// Groups `ids` so that no group ends within a character, which is what Unicode calls an extended grapheme cluster:
    /// a letter with its accents, a flag, a family of emoji. What is not UTF-8 ends a character on either side and is
    /// shown as U+FFFD, as [`String::from_utf8_lossy`] does; a special token stands alone. So the groups' texts one
    /// after the other are the lossy text of all.
    ///
    /// # Errors
    /// As [`decode`](Tokenizer::decode).
    pub fn segments(&self, ids: &[u32]) -> Result<Vec<Segment>> {
        let mut segments = Vec::new();
        let mut first = 0;
        for run in ids.chunk_by(|&one, &other| !self.is_special(one) && !self.is_special(other)) {
            let bytes = self.decode(run)?;
            let mut lengths = run.iter().filter_map(|&id| self.token_bytes(id)).map(<[u8]>::len);
            // Up to where there are characters, and up to where there are tokens.
            let (mut at, mut end, mut count, mut text) = (0, 0, 0, String::new());
            for (character, length) in characters(&bytes) {
                text.push_str(character);
                at += length;
                while end < at {
                    end += lengths.next().expect("the tokens are as long as their bytes");
                    count += 1;
                }
                if end == at {
                    segments.push(Segment { first, count, text: std::mem::take(&mut text) });
                    (first, count) = (first + count, 0);
                }
            }
        }
        Ok(segments)
    }
}

/// The characters of a text, each with the number of bytes that it takes there.
fn characters(bytes: &[u8]) -> impl Iterator<Item = (&str, usize)> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = Some(("\u{FFFD}", chunk.invalid().len())).filter(|(_, length)| *length > 0);
        chunk.valid().graphemes(true).map(|character| (character, character.len())).chain(invalid)
    })
}

/// The text of a token on its own: what is not UTF-8 there is spelt byte by byte, as `<0xE4>`.
pub fn visible(token: &[u8]) -> String {
    let spell = |byte: &u8| format!("<0x{byte:02X}>");
    let chunks = token.utf8_chunks();
    chunks.map(|chunk| chunk.valid().to_owned() + &chunk.invalid().iter().map(spell).collect::<String>()).collect()
}
