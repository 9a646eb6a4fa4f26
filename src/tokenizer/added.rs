//! Special and other added tokens: texts that become one id before any splitting.

use super::unicode::{Classes, END, SPACE, WORD};

/// A text with an id of its own, as `tokenizer.json` lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddedToken {
    pub(super) id: u32,
    pub(super) content: String,
    /// A control token, which text can only become where the caller allows it. Others are always matched.
    pub(super) special: bool,
    /// Matched only after those that are not.
    pub(super) normalized: bool,
    /// Matched only where no word goes on before or after it.
    pub(super) single_word: bool,
    /// Takes the white space before it.
    pub(super) lstrip: bool,
    /// Takes the white space after it.
    pub(super) rstrip: bool,
}

impl AddedToken {
    pub(super) fn special(id: u32, content: String) -> Self {
        AddedToken { id, content, special: true, normalized: false, single_word: false, lstrip: false, rstrip: false }
    }
}

/// The added tokens of a tokenizer, with what finds them in a text.
#[derive(Clone, Debug, Default)]
pub(super) struct AddedTokens {
    tokens: Vec<AddedToken>,
    /// Those matched first, and those matched in what is left.
    tries: [Trie; 2],
}

/// A part of a text: bytes to be split and merged, or an added token.
pub(super) enum TextOrToken<'a> {
    Text(&'a [u8]),
    Token(u32),
}

impl AddedTokens {
    /// `tokens` in any order; their contents must not be empty.
    pub(super) fn new(mut tokens: Vec<AddedToken>) -> Self {
        tokens.sort_by_key(|token| token.id);
        let mut tries = [Trie::default(), Trie::default()];
        for (index, token) in tokens.iter().enumerate() {
            tries[token.normalized as usize].insert(token.content.as_bytes(), index as u32);
        }
        AddedTokens { tokens, tries }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &AddedToken> {
        self.tokens.iter()
    }

    pub(super) fn by_id(&self, id: u32) -> Option<&AddedToken> {
        self.tokens.binary_search_by_key(&id, |token| token.id).ok().map(|index| &self.tokens[index])
    }

    pub(super) fn by_content(&self, content: &str) -> Option<&AddedToken> {
        self.tokens.iter().find(|token| token.content == content)
    }

    /// Calls `part` with each part of `document`, in order; special tokens are parts only if `special`.
    pub(super) fn for_each<'a>(&self, document: &'a [u8], special: bool, mut part: impl FnMut(TextOrToken<'a>)) {
        let searched = |trie: &Trie| !trie.is_empty() && (special || self.tokens.iter().any(|token| !token.special));
        match (searched(&self.tries[0]), searched(&self.tries[1])) {
            (false, false) if document.is_empty() => {}
            (false, false) => part(TextOrToken::Text(document)),
            _ => self.search(0, document, special, &mut |first| match first {
                TextOrToken::Text(text) => self.search(1, text, special, &mut part),
                token => part(token),
            }),
        }
    }

    fn search<'a>(&self, trie: usize, text: &'a [u8], special: bool, part: &mut dyn FnMut(TextOrToken<'a>)) {
        let trie = &self.tries[trie];
        let (mut start, mut at) = (0, 0);
        while at < text.len() {
            let Some((index, end)) = trie.longest(text, at) else {
                at += 1;
                continue;
            };
            let token = &self.tokens[index as usize];
            let mut range = at..end;
            at = end;
            if token.special && !special {
                continue;
            }
            if token.single_word && (ends_with_word(&text[..range.start]) || starts_with_word(&text[end..])) {
                continue;
            }
            if token.lstrip {
                let before = &text[start..range.start];
                range.start -= white_space_before(before);
            }
            if token.rstrip {
                range.end += white_space_after(&text[end..]);
                at = range.end;
            }
            if start < range.start {
                part(TextOrToken::Text(&text[start..range.start]));
            }
            part(TextOrToken::Token(token.id));
            start = range.end;
        }
        if start < text.len() {
            part(TextOrToken::Text(&text[start..]));
        }
    }
}

/// The start of the last character of `text`, if that is UTF-8.
fn last_character(text: &[u8]) -> Option<usize> {
    let start = (text.len().saturating_sub(4)..text.len()).rev().find(|&at| text[at] & 0xC0 != 0x80)?;
    std::str::from_utf8(&text[start..]).ok().map(|_| start)
}

/// The first character of `text`, if that is UTF-8.
fn first_character(text: &[u8]) -> Option<&[u8]> {
    (1..=text.len().min(4)).map(|length| &text[..length]).find(|part| std::str::from_utf8(part).is_ok())
}

fn is_word(character: &[u8]) -> bool {
    Classes::get().at(character, 0).0 & (WORD | END) == WORD
}

fn ends_with_word(text: &[u8]) -> bool {
    last_character(text).is_some_and(|start| is_word(&text[start..]))
}

fn starts_with_word(text: &[u8]) -> bool {
    first_character(text).is_some_and(is_word)
}

fn white_space_before(text: &[u8]) -> usize {
    let mut start = text.len();
    while let Some(at) = last_character(&text[..start]) {
        if Classes::get().at(text, at).0 & SPACE == 0 {
            break;
        }
        start = at;
    }
    text.len() - start
}

fn white_space_after(text: &[u8]) -> usize {
    let mut end = 0;
    while let Some(character) = first_character(&text[end..]) {
        if Classes::get().at(character, 0).0 & (SPACE | END) != SPACE {
            break;
        }
        end += character.len();
    }
    end
}

/// Texts by their bytes; node 0 is the root.
#[derive(Clone, Debug, Default)]
struct Trie {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    token: Option<u32>,
    /// Sorted by byte.
    children: Vec<(u8, u32)>,
}

impl Trie {
    fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn insert(&mut self, text: &[u8], token: u32) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut node = 0;
        for &byte in text {
            let count = self.nodes.len() as u32;
            let children = &mut self.nodes[node].children;
            node = match children.binary_search_by_key(&byte, |child| child.0) {
                Ok(found) => children[found].1,
                Err(free) => {
                    children.insert(free, (byte, count));
                    self.nodes.push(Node::default());
                    count
                }
            } as usize;
        }
        self.nodes[node].token.get_or_insert(token);
    }

    /// The longest text of the trie that starts at `at`, and where it ends.
    #[inline]
    fn longest(&self, text: &[u8], at: usize) -> Option<(u32, usize)> {
        let (mut node, mut found) = (self.nodes.first()?, None);
        for (offset, &byte) in text[at..].iter().enumerate() {
            let Ok(child) = node.children.binary_search_by_key(&byte, |child| child.0) else { break };
            node = &self.nodes[node.children[child].1 as usize];
            if let Some(token) = node.token {
                found = Some((token, at + offset + 1));
            }
        }
        found
    }
}
