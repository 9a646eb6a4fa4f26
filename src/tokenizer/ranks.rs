//! The older formats: `.tiktoken`, tokens in base64 with their ranks, and GPT-2's `vocab.bpe` with `encoder.json`.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine as _;

use super::added::AddedToken;
use super::bpe::{Rule, Vocabulary};
use super::json::check_highest;
use super::pre_tokenizer::{Pattern, Splitter};
use super::{Tokenizer, TokenizerParts, alphabet};
use crate::{Error, Result};

/// What the file of an encoding of OpenAI's does not hold.
struct Known {
    /// How many lines it has, by which it is known.
    ranks: usize,
    pattern: Pattern,
    special: &'static [(u32, &'static str)],
}

const KNOWN: [Known; 4] = [
    Known { ranks: 50_256, pattern: Pattern::Gpt2, special: &[(50_256, "<|endoftext|>")] },
    Known { ranks: 50_280, pattern: Pattern::Gpt2, special: &[(50_256, "<|endoftext|>")] },
    Known {
        ranks: 100_256,
        pattern: Pattern::Cl100k,
        special: &[
            (100_257, "<|endoftext|>"),
            (100_258, "<|fim_prefix|>"),
            (100_259, "<|fim_middle|>"),
            (100_260, "<|fim_suffix|>"),
            (100_276, "<|endofprompt|>"),
        ],
    },
    Known {
        ranks: 199_998,
        pattern: Pattern::O200k,
        special: &[(199_999, "<|endoftext|>"), (200_018, "<|endofprompt|>")],
    },
];

/// The pattern of OpenAI's encoding that has as many ranks as this `.tiktoken` file.
pub(super) fn known_pattern(bytes: &[u8]) -> Option<Pattern> {
    let ranks = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    KNOWN.iter().find(|known| known.ranks == ranks).map(|known| known.pattern)
}

/// A `.tiktoken` file: two neighbours merge wherever their bytes together are a token, the lowest rank first, which
/// is also the id. So every way to cut a token in two tokens is one merge, in the order of the ranks.
pub(super) fn read_tiktoken(bytes: &[u8], pattern: Pattern) -> Result<Tokenizer> {
    const PLACE: &str = "the .tiktoken file";
    let text = std::str::from_utf8(bytes).map_err(|_| Error::format(PLACE, "text is expected, found other bytes"))?;
    let mut ranks: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut tokens: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let damaged = |what: &str| Error::format(PLACE, format!("line {}: {what}", index + 1));
        let (token, rank) = line.split_once(' ').ok_or_else(|| damaged("a token in base64 and a rank are expected"))?;
        let token = base64::engine::general_purpose::STANDARD.decode(token);
        let token = token.map_err(|error| damaged(&format!("the token is not base64: {error}")))?;
        let rank = rank.parse::<u32>().map_err(|_| damaged(&format!("a rank is expected, found {rank:?}")))?;
        if token.is_empty() {
            return Err(damaged("the token is empty"));
        }
        if ranks.insert(token.clone(), rank).is_some() || tokens.insert(rank, token).is_some() {
            return Err(damaged("this token or this rank stands further up already"));
        }
    }
    if tokens.is_empty() {
        return Err(Error::format(PLACE, "it is empty: a token in base64 and a rank a line are expected"));
    }
    check_highest(tokens.keys().copied(), tokens.len(), PLACE)?;
    let mut vocabulary = Vocabulary::default();
    let mut rules: Vec<Rule> = Vec::with_capacity(2 * tokens.len());
    for (&rank, token) in &tokens {
        vocabulary.set(rank, token);
        let merge = rules.last().map_or(0, |last| last.2 + 1);
        for cut in 1..token.len() {
            if let (Some(&left), Some(&right)) = (ranks.get(&token[..cut]), ranks.get(&token[cut..])) {
                rules.push((left, right, merge, rank));
            }
        }
    }
    let known = KNOWN.iter().find(|known| known.ranks == tokens.len()).map_or(&[][..], |known| known.special);
    let added = known.iter().filter(|(id, _)| !tokens.contains_key(id));
    let parts = TokenizerParts {
        vocabulary,
        rules,
        added: added.map(|&(id, content)| AddedToken::special(id, content.into())).collect(),
        splitter: Splitter::tiktoken(pattern),
        prefix_space: false,
        ignore_merges: true,
        foreign: None,
        unspelt: HashSet::new(),
    };
    parts.build(PLACE)
}

/// GPT-2's two files. A token that is neither a byte nor a merge's result is a special one.
pub(super) fn read_gpt2(vocab_bpe: &[u8], encoder_json: &[u8]) -> Result<Tokenizer> {
    let ids: HashMap<String, u32> = serde_json::from_slice(encoder_json)
        .map_err(|error| Error::format("encoder.json", format!("tokens and ids are expected: {error}")))?;
    check_highest(ids.values().copied(), ids.len(), "encoder.json")?;
    let damaged = |index: usize, what: String| Error::format("vocab.bpe", format!("line {}: {what}", index + 1));
    let text = std::str::from_utf8(vocab_bpe)
        .map_err(|_| Error::format("vocab.bpe", "text is expected, found other bytes"))?;
    let (mut rules, mut learnt) = (Vec::new(), HashSet::new());
    let version = text.starts_with("#version") as usize;
    let lines = text.lines().enumerate().skip(version).filter(|(_, line)| !line.is_empty());
    for (index, line) in lines {
        let Some((left, right)) = line.split_once(' ').filter(|(_, right)| !right.contains(' ')) else {
            return Err(damaged(index, format!("two tokens with a space between are expected, found {line:?}")));
        };
        let id = |token: &str| {
            let missing =
                || damaged(index, format!("encoder.json has no id for {token:?}: do the two files belong together?"));
            ids.get(token).copied().ok_or_else(missing)
        };
        let merged = id(&[left, right].concat())?;
        rules.push((id(left)?, id(right)?, rules.len() as u32, merged));
        learnt.insert(merged);
    }
    let (mut vocabulary, mut added, mut seen) = (Vocabulary::default(), Vec::new(), HashSet::new());
    for (token, &id) in &ids {
        if token.is_empty() || !seen.insert(id) {
            return Err(Error::format(
                "encoder.json",
                format!("the token {token:?} is empty, or its id {id} stands twice"),
            ));
        }
        match alphabet::unspell(token) {
            Some(bytes) if bytes.len() == 1 || learnt.contains(&id) => vocabulary.set(id, &bytes),
            _ => added.push(AddedToken::special(id, token.clone())),
        }
    }
    let parts = TokenizerParts {
        vocabulary,
        rules,
        added,
        splitter: Splitter::new(Pattern::Gpt2),
        prefix_space: false,
        ignore_merges: false,
        foreign: None,
        unspelt: HashSet::new(),
    };
    parts.build("encoder.json")
}
