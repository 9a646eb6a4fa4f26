//! Words with a rule of their own: contractions, abbreviations, times, emoticons.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::Token;
use crate::corpus::tables;

/// All of them, and what is needed to find them fast.
pub(super) struct Specials {
    /// The ends of the words that each is cut into.
    rules: FxHashMap<Box<[u8]>, Vec<u8>>,
    /// For each first byte the lengths that there are, a bit a length.
    lengths: [u32; 256],
    /// Those that the other rules would have cut, by the first word that these would have given.
    sequences: FxHashMap<&'static [u8], Vec<Sequence>>,
    /// The lengths of these first words, by their first byte.
    first_lengths: [u32; 256],
}

/// A special that the other rules would have cut.
struct Sequence {
    /// The words that these would have given.
    words: Vec<&'static [u8]>,
    whole: Box<[u8]>,
    /// Whether its own rule cuts it elsewhere.
    differs: bool,
}

impl Specials {
    /// The one table of the process.
    pub(super) fn get() -> &'static Specials {
        static TABLE: OnceLock<Specials> = OnceLock::new();
        TABLE.get_or_init(Specials::build)
    }

    fn build() -> Specials {
        let joined = |text: &str| text.replace(' ', "").into_bytes().into_boxed_slice();
        let mut rules = FxHashMap::default();
        let mut lengths = [0; 256];
        for text in tables::SPECIAL {
            let mut ends: Vec<u8> = Vec::new();
            for word in text.split(' ') {
                ends.push(ends.last().unwrap_or(&0) + word.len() as u8);
            }
            let whole = joined(text);
            lengths[whole[0] as usize] |= 1 << whole.len();
            rules.insert(whole, ends);
        }
        let mut sequences: FxHashMap<_, Vec<Sequence>> = FxHashMap::default();
        for text in tables::SEQUENCES {
            let words: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
            let whole = joined(text);
            let differs = rules[&whole].len() != words.len() || rules[&whole][0] as usize != words[0].len();
            sequences.entry(words[0]).or_default().push(Sequence { words, whole, differs });
        }
        let mut first_lengths = [0; 256];
        sequences.keys().for_each(|word| first_lengths[word[0] as usize] |= 1 << word.len());
        Specials { rules, lengths, sequences, first_lengths }
    }

    /// The ends of the words that `run` is cut into, if it is special.
    #[inline]
    pub(super) fn rule(&self, run: &[u8]) -> Option<&[u8]> {
        let &first = run.first()?;
        if run.len() >= 32 || self.lengths[first as usize] & 1 << run.len() == 0 {
            return None;
        }
        self.rules.get(run).map(Vec::as_slice)
    }

    /// Whether words of one run, which has no white space, are those that the other rules made of a special.
    #[inline]
    pub(super) fn has_sequence(&self, text: &[u8], tokens: &[Token]) -> bool {
        tokens.iter().enumerate().any(|(n, token)| {
            let sequences = self.sequences_from(token.of(text));
            sequences.iter().any(|sequence| sequence.differs && sequence.is_at(text, &tokens[n..], true))
        })
    }

    /// The sequences that begin with this word.
    #[inline]
    fn sequences_from(&self, word: &[u8]) -> &[Sequence] {
        if word.len() >= 32 || self.first_lengths[word[0] as usize] & 1 << word.len() == 0 {
            return &[];
        }
        self.sequences.get(word).map_or(&[], Vec::as_slice)
    }

    /// Puts specials in the place of what the other rules made of them. Where two overlap the longer one counts, of two as
    /// long the first; one with white space in it keeps others from its words, but is left as it is.
    pub(super) fn restore(&self, text: &[u8], tokens: &mut Vec<Token>) {
        let mut found: Vec<(usize, &Sequence)> = Vec::new();
        for n in 0..tokens.len() {
            let sequences = self.sequences_from(tokens[n].of(text));
            found.extend(sequences.iter().filter(|it| it.is_at(text, &tokens[n..], false)).map(|it| (n, it)));
        }
        found.sort_by_key(|(n, sequence)| (std::cmp::Reverse(sequence.words.len()), *n));
        let mut taken = vec![false; tokens.len()];
        let mut chosen: Vec<Option<&Sequence>> = vec![None; tokens.len()];
        for (n, sequence) in found {
            let end = n + sequence.words.len();
            if !taken[n] && !taken[end - 1] {
                chosen[n] = Some(sequence);
            }
            taken[n..end].fill(true);
        }
        let before = std::mem::take(tokens);
        let mut n = 0;
        while n < before.len() {
            let Some(sequence) = chosen[n] else {
                tokens.push(before[n]);
                n += 1;
                continue;
            };
            let parts = &before[n..n + sequence.words.len()];
            n += parts.len();
            let start = parts[0].start;
            if (parts[parts.len() - 1].end - start) as usize != sequence.whole.len() {
                tokens.extend_from_slice(parts);
                continue;
            }
            let mut at = start;
            for &end in &self.rules[&sequence.whole] {
                tokens.push(Token { start: at, end: start + end as u32 });
                at = start + end as u32;
            }
        }
    }
}

impl Sequence {
    /// Whether `tokens` begin with it, with no white space between them if they are to be `together`.
    fn is_at(&self, text: &[u8], tokens: &[Token], together: bool) -> bool {
        tokens.len() >= self.words.len()
            && self.words.iter().zip(tokens).all(|(&word, token)| token.of(text) == word)
            && (!together || (tokens[self.words.len() - 1].end - tokens[0].start) as usize == self.whole.len())
    }
}
