//! The words of a text: of what a model writes, how many occur in what it was trained on.

use rustc_hash::FxHashSet;

/// Of a longer text, in bytes, no words are kept.
const MAX_BYTES: usize = 64 << 20;

/// The words that occur in a text.
#[derive(Default)]
pub struct KnownWords(FxHashSet<Box<str>>);

impl KnownWords {
    /// Those of `documents`; none where they are too long.
    pub fn of(documents: &[Vec<u8>]) -> KnownWords {
        let mut found = FxHashSet::default();
        if documents.iter().map(Vec::len).sum::<usize>() <= MAX_BYTES {
            for chunk in documents.iter().flat_map(|document| document.utf8_chunks()) {
                each(chunk.valid(), |word| {
                    if !found.contains(word) {
                        found.insert(word.into());
                    }
                });
            }
        }
        KnownWords(found)
    }

    /// How many words of `text` occur, and of how many. What may be cut off does not count: letters at its end, and at its
    /// beginning where something stands `before` it.
    pub fn count(&self, text: &str, before: bool) -> (usize, usize) {
        let text = text.trim_end_matches(char::is_alphabetic);
        let text = if before { text.trim_start_matches(char::is_alphabetic) } else { text };
        let (mut known, mut all) = (0, 0);
        if !self.0.is_empty() {
            each(text, |word| {
                known += usize::from(self.0.contains(word));
                all += 1;
            });
        }
        (known, all)
    }
}

/// Calls `hear` with each word of `text`: letters between others than letters. Where a script has no spaces, each two
/// letters that stand side by side.
fn each(text: &str, mut hear: impl FnMut(&str)) {
    for run in text.split(|c: char| !c.is_alphabetic()).filter(|run| !run.is_empty()) {
        if !run.contains(spaceless) {
            hear(run);
            continue;
        }
        let letters: Vec<(usize, char)> = run.char_indices().collect();
        for pair in letters.windows(2) {
            let [(start, _), (last, letter)] = pair else { unreachable!("windows of two") };
            hear(&run[*start..last + letter.len_utf8()]);
        }
    }
}

/// Whether a letter is of Chinese or Japanese.
fn spaceless(letter: char) -> bool {
    matches!(letter, '\u{3005}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_occur_are_counted_and_what_is_cut_off_is_not() {
        let words = KnownWords::of(&[b"To be, or not".to_vec(), "to été".as_bytes().to_vec(), b"\xffbe\xfe".to_vec()]);
        // "To", "or" and "be" occur, "Or" and "mot" do not; "t" at the end may be cut off.
        assert_eq!(words.count("To or Or be mot t", false), (3, 5));
        // Behind a prompt the first letters may be the end of a word.
        assert_eq!(words.count("To or Or be mot. ", true), (2, 4));
        assert_eq!(words.count("1, 2: be", false), (0, 0));
    }

    #[test]
    fn without_spaces_each_two_letters_are_a_word() {
        let words = KnownWords::of(&["床前明月光，疑是地上霜。".as_bytes().to_vec()]);
        // 明月 and 月光 occur, 光明 does not; behind the comma 地上 does, and 霜 alone is no pair.
        assert_eq!(words.count("明月光明，地上。霜。", false), (3, 4));
        assert_eq!(KnownWords::of(&[]).count("明月。", false), (0, 0));
    }
}
