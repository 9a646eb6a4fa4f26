//! The methods of Python's `str` that datatrove's rules use: white space, lines, length.

use std::ops::Range;

/// Whether `str.isspace`, `str.split` and `\s` take it for white space: unlike Unicode's property, four separators of
/// ASCII are.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c,
        '\t'..='\r' | '\x1c'..=' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}'
        | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// `text.strip()`
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `text.split()`
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// `len(text)`: in code points.
pub(crate) fn length(text: &str) -> usize {
    text.chars().count()
}

/// `text.splitlines()`: CR LF is one end, and there are ten others. What follows the last end is a line if it is not empty.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c| matches!(c, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'));
        let Some(end) = end else { return Some(std::mem::take(&mut rest)) };
        let (line, tail) = rest.split_at(end);
        let skip = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(0, char::len_utf8) };
        rest = &tail[skip..];
        Some(line)
    })
}

/// `re.split("\n{least,}", text)`: what stands between runs of at least `least` newlines.
pub(crate) fn split_newlines(text: &str, least: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        while let Some(found) = text[from..].find('\n') {
            let start = from + found;
            let run = text[start..].bytes().take_while(|&byte| byte == b'\n').count();
            from = start + run;
            if run >= least {
                rest = Some(&text[from..]);
                return Some(&text[..start]);
            }
        }
        rest.take()
    })
}

/// Where `part`, a slice of `text`, stands in it.
pub(crate) fn place(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_python_ends_them() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("\n", &[""]),
            ("a\nb", &["a", "b"]),
            ("a\r\nb\n", &["a", "b"]),
            ("a\n\rb", &["a", "", "b"]),
            ("a\x0bb\x0cc\x1cd\x1de\x1ef", &["a", "b", "c", "d", "e", "f"]),
            ("a\u{85}b\u{2028}c\u{2029}", &["a", "b", "c"]),
            ("a\x1fb\u{a0}c", &["a\x1fb\u{a0}c"]),
        ];
        for (text, want) in cases {
            assert_eq!(lines(text).collect::<Vec<_>>(), want, "{text:?}");
        }
    }

    #[test]
    fn white_space_is_pythons() {
        let spaces: String = ('\0'..=char::MAX).filter(|&c| is_space(c)).collect();
        assert_eq!(spaces.chars().count(), 29);
        assert_eq!(strip(&spaces), "");
        assert_eq!(strip("\x1f a b\u{3000}"), "a b");
        assert_eq!(split("\x1ca\u{200b}b\u{85}c ").collect::<Vec<_>>(), ["a\u{200b}b", "c"]);
        assert_eq!(split(&spaces).next(), None);
    }

    #[test]
    fn newlines_split_as_the_expression_does() {
        let of = |text, least| split_newlines(text, least).collect::<Vec<_>>();
        assert_eq!(of("", 1), [""]);
        assert_eq!(of("\na\n\nb\n", 1), ["", "a", "b", ""]);
        assert_eq!(of("a\nb\n\n\nc\n\n", 2), ["a\nb", "c", ""]);
        assert_eq!(place("abcdef", &"abcdef"[2..4]), 2..4);
    }
}
