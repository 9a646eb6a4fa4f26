//! Words of Chinese: what stands between the breaks of UAX 29, Chinese characters cut by a dictionary. That is ICU's where it is
//! built in. A build for the browser, which has such a dictionary of its own, is given a function that asks it.

use std::sync::OnceLock;

use super::Token;
use crate::corpus::python_str;

/// Puts where each word of a text ends, in bytes, into the list.
pub type Segmenter = fn(&str, &mut Vec<usize>);

static BROUGHT: OnceLock<Segmenter> = OnceLock::new();

/// Has texts cut by this from now on. The first that is brought stays.
pub fn cut_by(segmenter: Segmenter) {
    BROUGHT.get_or_init(|| segmenter);
}

/// The words of `text`, which is below 4 GiB, without white space.
pub(super) fn words(text: &str, into: &mut Vec<Token>) {
    assert!(text.len() < u32::MAX as usize, "words: expected a text below 4 GiB, got {} bytes", text.len());
    into.clear();
    let mut ends = Vec::new();
    BROUGHT.get().copied().unwrap_or(built_in)(text, &mut ends);
    let mut start = 0;
    for end in ends {
        let part = &text[start..end];
        let word = python_str::strip(part);
        if !word.is_empty() {
            let place = python_str::place(text, word);
            into.push(Token { start: place.start as u32, end: place.end as u32 });
        }
        start = end;
    }
}

#[cfg(feature = "chinese")]
fn built_in(text: &str, ends: &mut Vec<usize>) {
    let segmenter = icu_segmenter::WordSegmenter::new_dictionary(Default::default());
    ends.extend(segmenter.segment_str(text).skip_while(|&end| end == 0));
}

/// Without a dictionary each character is a word.
#[cfg(not(feature = "chinese"))]
fn built_in(text: &str, ends: &mut Vec<usize>) {
    use unicode_segmentation::UnicodeSegmentation;

    ends.extend(text.split_word_bound_indices().map(|(start, word)| start + word.len()));
}
