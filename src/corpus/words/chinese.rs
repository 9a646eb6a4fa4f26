//! Words of Chinese: what stands between the breaks of UAX 29, Chinese characters cut by ICU's dictionary.

use icu_segmenter::WordSegmenter;

use super::Token;
use crate::corpus::python;

/// The words of `text`, which is below 4 GiB, without white space.
pub(super) fn words(text: &str, into: &mut Vec<Token>) {
    assert!(text.len() < u32::MAX as usize, "words: expected a text below 4 GiB, got {} bytes", text.len());
    into.clear();
    let segmenter = WordSegmenter::new_dictionary(Default::default());
    let mut start = 0;
    for end in segmenter.segment_str(text) {
        let part = &text[start..end];
        let word = python::strip(part);
        if !word.is_empty() {
            let place = python::place(text, word);
            into.push(Token { start: place.start as u32, end: place.end as u32 });
        }
        start = end;
    }
}
