//! A place in a text with what stands around it, for people to read.

use std::ops::Range;

/// A text in three parts: what stands before a place, the place, and what stands after it. Where something is left out there
/// is an ellipsis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands before.
    pub before: String,
    /// The place itself, or its beginning and its end where it is long.
    pub inside: String,
    /// What stands after.
    pub after: String,
}

impl Excerpt {
    /// The bytes `span` of `text`, with `around` characters on either side; of a place of more than four times as many the
    /// first and the last twice as many.
    pub fn new(text: &str, span: Range<usize>, around: usize) -> Self {
        let (head, rest) = text.split_at(span.start);
        let (place, tail) = rest.split_at(span.end - span.start);
        let before = last(head, around);
        let after = first(tail, around);
        let (left, right) = (before.len() < head.len(), after.len() < tail.len());
        let inside = if place.chars().nth(4 * around).is_some() {
            format!("{} … {}", first(place, 2 * around), last(place, 2 * around))
        } else {
            place.to_owned()
        };
        Excerpt {
            before: format!("{}{before}", if left { "… " } else { "" }),
            inside,
            after: format!("{after}{}", if right { " …" } else { "" }),
        }
    }
}

/// The first characters of a text.
fn first(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

/// Its last characters.
fn last(text: &str, count: usize) -> &str {
    match count.checked_sub(1) {
        None => "",
        Some(before) => text.char_indices().rev().nth(before).map_or(text, |(start, _)| &text[start..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, span: Range<usize>) -> (String, String, String) {
        let Excerpt { before, inside, after } = Excerpt::new(text, span, 2);
        (before, inside, after)
    }

    #[test]
    fn what_is_left_out_is_marked() {
        let parts = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(of("abcdefg", 3..4), parts("… bc", "d", "ef …"));
        assert_eq!(of("abcdefg", 2..5), parts("ab", "cde", "fg"));
        assert_eq!(of("宋词元曲诗", 6..9), parts("宋词", "元", "曲诗"));
        assert_eq!(of("0123456789", 0..8), parts("", "01234567", "89"));
        assert_eq!(of("0123456789", 0..9), parts("", "0123 … 5678", "9"));
        assert_eq!(of("", 0..0), parts("", "", ""));
    }
}
