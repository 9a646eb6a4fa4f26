//! The split patterns written by hand: exactly the pieces that the regular expressions give, without their backtracking.

use super::unicode::{Classes, END, LETTER, LOWER, MARK, NEWLINE, NUMBER, SPACE, SYMBOL, UPPER};
use crate::unicode::decode;

/// A regular expression that has a hand-written equal. The text in the doc comments is the plain form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matcher {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    Gpt2,
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,D}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    Cl100k {
        /// D, the most digits in a piece: 3 in GPT-4 and Llama 3, 1 in Qwen 2.
        digits: usize,
    },
    /// cl100k as tiktoken has written it since 0.8: white space that ends the text is one piece, line ends or not.
    Cl100kTiktoken,
    /// Two word branches by case with an optional contraction at the end, numbers by three, symbols with line ends or slashes.
    O200k,
    /// DeepSeek's third step; it leaves gaps, which are pieces too.
    DeepSeek,
    /// `\p{N}{1,D}`, or with D = 0 `\p{N}+`
    Numbers {
        /// D, the most digits in a piece.
        digits: usize,
    },
    /// `[一-龥\u3040-ゟ゠-ヿ]+`
    Cjk,
}

/// The regular expressions, by their text, that have a hand-written equal.
const KNOWN: [(&str, Matcher); 16] = [
    (GPT2, Matcher::Gpt2),
    (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s", Matcher::Gpt2),
    (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", Matcher::Gpt2),
    (CL100K, Matcher::Cl100k { digits: 3 }),
    (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        Matcher::Cl100k { digits: 3 },
    ),
    (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        Matcher::Cl100k { digits: 2 },
    ),
    (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        Matcher::Cl100k { digits: 3 },
    ),
    (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        Matcher::Cl100k { digits: 2 },
    ),
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Matcher::Cl100k { digits: 1 },
    ),
    (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        Matcher::Cl100kTiktoken,
    ),
    (O200K, Matcher::O200k),
    (r"\p{N}{1,3}", Matcher::Numbers { digits: 3 }),
    (r"\p{N}", Matcher::Numbers { digits: 1 }),
    (r"\p{N}+", Matcher::Numbers { digits: 0 }),
    ("[一-龥\u{3040}-ゟ゠-ヿ]+", Matcher::Cjk),
    (
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
        Matcher::DeepSeek,
    ),
];

/// GPT-2's pattern, in the form that every regular expression engine with look-ahead reads.
pub(super) const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// GPT-4's pattern, likewise.
pub(super) const CL100K: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// GPT-4o's pattern, likewise.
pub(super) const O200K: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

impl Matcher {
    /// The matcher that equals `regex`, if there is one.
    pub(super) fn of(regex: &str) -> Option<Matcher> {
        KNOWN.iter().find(|(text, _)| *text == regex).map(|&(_, matcher)| matcher)
    }

    /// Whether every character of every text is in some match, so that nothing is left between matches.
    pub(super) fn covers_all(self) -> bool {
        !matches!(self, Matcher::DeepSeek | Matcher::Numbers { .. } | Matcher::Cjk)
    }

    /// Calls `piece` with each match in `text` from `from` on, and with what lies between two matches, in order, until
    /// they reach `limit` or the text ends. Gives where the last ends, which is where to go on.
    #[inline]
    pub(super) fn for_each<'a>(
        self,
        text: &'a str,
        from: usize,
        limit: usize,
        mut piece: impl FnMut(&'a str),
    ) -> usize {
        if cfg!(feature = "page") {
            // Everybody fetches the page, and one copy of these loops is enough there.
            let piece: &mut dyn FnMut(&'a str) = &mut piece;
            return self.each(text, from, limit, piece);
        }
        self.each(text, from, limit, piece)
    }

    #[inline]
    fn each<'a>(self, text: &'a str, from: usize, limit: usize, piece: impl FnMut(&'a str)) -> usize {
        let scan = Scan { text: text.as_bytes(), classes: Classes::get() };
        match self {
            Matcher::Gpt2 => pieces(text, from, limit, |at| scan.gpt2(at), piece),
            Matcher::Cl100k { digits } => pieces(text, from, limit, |at| scan.cl100k(at, digits), piece),
            Matcher::Cl100kTiktoken => pieces(text, from, limit, |at| scan.cl100k_tiktoken(at), piece),
            Matcher::O200k => pieces(text, from, limit, |at| scan.o200k(at), piece),
            Matcher::DeepSeek => pieces(text, from, limit, |at| scan.deepseek(at), piece),
            Matcher::Numbers { digits } => pieces(text, from, limit, |at| scan.numbers(at, digits), piece),
            Matcher::Cjk => pieces(text, from, limit, |at| scan.cjk(at), piece),
        }
    }
}

/// Cuts `text` where `end` says that a match ends; `end(at) == at` means that none starts there.
#[inline(always)]
fn pieces<'a>(
    text: &'a str,
    from: usize,
    limit: usize,
    end: impl Fn(usize) -> usize,
    mut piece: impl FnMut(&'a str),
) -> usize {
    let (mut start, mut at) = (from, from);
    // What lies between two matches is one piece: it is not left before its end is known.
    while at < text.len() && (at < limit || start < at) {
        let stop = end(at);
        if stop > at {
            if start < at {
                piece(&text[start..at]);
            }
            piece(&text[at..stop]);
            (start, at) = (stop, stop);
        } else {
            at += 1;
            while !text.is_char_boundary(at) {
                at += 1;
            }
        }
    }
    if start < at {
        piece(&text[start..at]);
    }
    at
}

/// The text and the table. Each method gives the end of the match that starts at `at`, or `at` where there is none.
struct Scan<'a> {
    text: &'a [u8],
    classes: &'static Classes,
}

impl Scan<'_> {
    #[inline(always)]
    fn class(&self, at: usize) -> (u16, usize) {
        self.classes.at(self.text, at)
    }

    /// The end of the run of characters from `at` that are in one of `any` and in none of `none`.
    #[inline(always)]
    fn run(&self, mut at: usize, any: u16, none: u16) -> usize {
        loop {
            let (class, length) = self.class(at);
            if (any != 0 && class & any == 0) || class & (none | END) != 0 {
                return at;
            }
            at += length;
        }
    }

    /// ` ?[^\s\p{L}\p{N}]+` followed by any number of `tail`.
    #[inline(always)]
    fn symbols(&self, at: usize, class: u16, tail: impl Fn(u8) -> bool) -> usize {
        const WORD: u16 = SPACE | LETTER | NUMBER;
        let start = if self.text[at] == b' ' && self.class(at + 1).0 & (WORD | END) == 0 {
            at + 1
        } else if class & WORD == 0 {
            at
        } else {
            return at;
        };
        let mut end = self.run(start, 0, WORD);
        while self.text.get(end).is_some_and(|&byte| tail(byte)) {
            end += 1;
        }
        end
    }

    /// `\s+(?!\S)|\s+`: white space before a word leaves its last character to the word.
    #[inline(always)]
    fn spaces(&self, at: usize) -> usize {
        let (mut end, mut last) = (at, at);
        loop {
            let (class, length) = self.class(end);
            if class & SPACE == 0 {
                return if class & END != 0 || last == at { end } else { last };
            }
            last = end;
            end += length;
        }
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`: white space up to its last line end, and the rest by itself.
    #[inline(always)]
    fn lines_and_spaces(&self, at: usize) -> usize {
        let (mut end, mut last, mut line) = (at, at, at);
        loop {
            let (class, length) = self.class(end);
            if class & SPACE == 0 {
                return match (line > at, class & END != 0 || last == at) {
                    (true, _) => line,
                    (false, true) => end,
                    (false, false) => last,
                };
            }
            last = end;
            end += length;
            if class & NEWLINE != 0 {
                line = end;
            }
        }
    }

    /// The end of `'s|'t|'re|'ve|'m|'ll|'d` at `at`, in lower case only.
    #[inline(always)]
    fn contraction(&self, at: usize) -> usize {
        match self.text[at..] {
            [b'\'', b's' | b't' | b'm' | b'd', ..] => at + 2,
            [b'\'', b'r' | b'v', b'e', ..] | [b'\'', b'l', b'l', ..] => at + 3,
            _ => at,
        }
    }

    /// The same in any case: U+017F, the long s, folds to s, and no other character outside ASCII folds to these letters.
    #[inline(always)]
    fn contraction_any_case(&self, at: usize) -> usize {
        match self.text[at..] {
            [b'\'', b's' | b't' | b'm' | b'd' | b'S' | b'T' | b'M' | b'D', ..] => at + 2,
            [b'\'', b'r' | b'v' | b'R' | b'V', b'e' | b'E', ..] | [b'\'', b'l' | b'L', b'l' | b'L', ..] => at + 3,
            [b'\'', 0xC5, 0xBF, ..] => at + 3,
            _ => at,
        }
    }

    /// `\p{N}{1,digits}`, without bound where `digits` is 0.
    #[inline(always)]
    fn numbers(&self, at: usize, digits: usize) -> usize {
        let (mut end, mut count) = (at, 0);
        loop {
            let (class, length) = self.class(end);
            if class & NUMBER == 0 {
                return end;
            }
            end += length;
            count += 1;
            if count == digits {
                return end;
            }
        }
    }

    #[inline(always)]
    fn gpt2(&self, at: usize) -> usize {
        let (mut class, length) = self.class(at);
        let mut start = at;
        match self.text[at] {
            b' ' => (class, start) = (self.class(at + 1).0, at + 1),
            b'\'' => {
                let end = self.contraction(at);
                if end > at {
                    return end;
                }
            }
            _ => {}
        }
        if class & LETTER != 0 {
            self.run(start, LETTER, 0)
        } else if class & NUMBER != 0 {
            self.run(start, NUMBER, 0)
        } else if class & (SPACE | END) == 0 {
            self.run(start + if start == at { length } else { 0 }, 0, SPACE | LETTER | NUMBER)
        } else {
            self.spaces(at)
        }
    }

    /// `[^\r\n\p{L}\p{N}]?\p{L}+`
    #[inline(always)]
    fn word(&self, at: usize, class: u16, length: usize) -> usize {
        if class & LETTER != 0 {
            self.run(at + length, LETTER, 0)
        } else if class & (NEWLINE | NUMBER) == 0 {
            let end = self.run(at + length, LETTER, 0);
            if end > at + length { end } else { at }
        } else {
            at
        }
    }

    #[inline(always)]
    fn cl100k(&self, at: usize, digits: usize) -> usize {
        let (class, length) = self.class(at);
        if self.text[at] == b'\'' {
            let end = self.contraction_any_case(at);
            if end > at {
                return end;
            }
        }
        let end = self.word(at, class, length);
        if end > at {
            return end;
        }
        if class & NUMBER != 0 {
            return self.numbers(at, digits);
        }
        let end = self.symbols(at, class, |byte| matches!(byte, b'\r' | b'\n'));
        if end > at { end } else { self.lines_and_spaces(at) }
    }

    #[inline(always)]
    fn cl100k_tiktoken(&self, at: usize) -> usize {
        let end = self.cl100k(at, 3);
        // Only a match that is white space can be followed by nothing but white space up to the end of the text.
        if self.class(at).0 & SPACE != 0 && self.run(at, SPACE, 0) == self.text.len() { self.text.len() } else { end }
    }

    #[inline(always)]
    fn o200k(&self, at: usize) -> usize {
        let (class, length) = self.class(at);
        let prefix = (class & (NEWLINE | LETTER | NUMBER) == 0).then_some(at + length);
        let word = prefix
            .and_then(|start| self.lower_word(start))
            .or_else(|| self.lower_word(at))
            .or_else(|| prefix.and_then(|start| self.upper_word(start)))
            .or_else(|| self.upper_word(at));
        if let Some(end) = word {
            return if end < self.text.len() { self.contraction_any_case(end) } else { end };
        }
        if class & NUMBER != 0 {
            return self.numbers(at, 3);
        }
        let end = self.symbols(at, class, |byte| matches!(byte, b'\r' | b'\n' | b'/'));
        if end > at { end } else { self.lines_and_spaces(at) }
    }

    /// `UPPER*LOWER+`. Characters in both classes (no case, modifiers, marks) go to the first run; where nothing
    /// lower follows it, the match ends after the last of them, which is where backtracking would end it.
    #[inline(always)]
    fn lower_word(&self, start: usize) -> Option<usize> {
        let (mut at, mut shared) = (start, None);
        loop {
            let (class, length) = self.class(at);
            if class & UPPER == 0 {
                return if class & LOWER != 0 { Some(self.run(at, LOWER, 0)) } else { shared };
            }
            at += length;
            if class & LOWER != 0 {
                shared = Some(at);
            }
        }
    }

    /// `UPPER+LOWER*`
    #[inline(always)]
    fn upper_word(&self, start: usize) -> Option<usize> {
        let end = self.run(start, UPPER, 0);
        (end > start).then(|| self.run(end, LOWER, 0))
    }

    fn deepseek(&self, at: usize) -> usize {
        let (class, length) = self.class(at);
        if self.text[at].is_ascii_punctuation() {
            let letters = self.text[at + 1..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            if letters > 0 {
                return at + 1 + letters;
            }
        }
        if class & (NEWLINE | LETTER | SYMBOL) == 0 {
            let end = self.run(at + length, LETTER | MARK, 0);
            if end > at + length {
                return end;
            }
        }
        if class & (LETTER | MARK) != 0 {
            return self.run(at, LETTER | MARK, 0);
        }
        let symbol = at + (self.text[at] == b' ') as usize;
        let mut end = self.run(symbol, SYMBOL, 0);
        if end > symbol {
            while matches!(self.text.get(end), Some(b'\r' | b'\n')) {
                end += 1;
            }
            return end;
        }
        self.lines_and_spaces(at)
    }

    fn cjk(&self, at: usize) -> usize {
        let mut end = at;
        while let Some(&byte) = self.text.get(end) {
            if byte < 0xE0 {
                break;
            }
            let (code, length) = decode(self.text, end, byte);
            if !matches!(code, 0x4E00..=0x9FA5 | 0x3040..=0x30FF) {
                break;
            }
            end += length;
        }
        end
    }
}
