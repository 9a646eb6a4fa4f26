//! How tokens come about: the merges of a training one by one, a tokenizer after its first merges, the tree of a token.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::bpe::{Bpe, Whole};
use super::{Tokenizer, TokenizerInner};

/// A merge as it happened in a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The first token of the pair.
    pub left: u32,
    /// The second.
    pub right: u32,
    /// The token that the pair became.
    pub id: u32,
    /// How often the pair stood in the text. Where a token repeats, pairs overlap, and not each of them can be merged.
    pub count: u64,
    /// How many tokens the whole text has since.
    pub tokens: u64,
}

/// A token in the tree of the merges that made another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeNode {
    /// The token.
    pub id: u32,
    /// What it was merged from; none for a byte, a special token, and a token that its own bytes do not merge to, which
    /// therefore no merge ever makes.
    pub halves: Option<Halves>,
}

/// What a token was merged from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halves {
    /// Which merge it was, from 0: with this many merges and one the token exists.
    pub rank: u32,
    /// Where in the tree the left half stands.
    pub left: usize,
    /// Where in the tree the right half stands.
    pub right: usize,
}

impl Tokenizer {
    /// How many merges there are. Tokens of a `.tiktoken` file may be cut in two in several ways, which are one merge.
    pub fn merge_count(&self) -> usize {
        self.0.bpe.rules.last().map_or(0, |rule| rule.2 as usize + 1)
    }

    /// This tokenizer with its first `count` merges alone: as it was when its training had come that far. Ids stay, also
    /// those that no text becomes any more.
    pub fn with_merges(&self, count: usize) -> Tokenizer {
        if count >= self.merge_count() {
            return self.clone();
        }
        let TokenizerInner { bpe, added, splitter, prefix_space, ignore_merges, foreign, unspelt } = &*self.0;
        let rules = bpe.rules[..bpe.rules.partition_point(|rule| (rule.2 as usize) < count)].to_vec();
        let mut learnt: Vec<u32> = rules.iter().map(|rule| rule.3).filter(|id| !unspelt.contains(id)).collect();
        learnt.sort_unstable();
        learnt.dedup();
        let whole = if *ignore_merges { Whole::All } else { Whole::Reachable };
        Tokenizer(Arc::new(TokenizerInner {
            bpe: Bpe::new(bpe.vocabulary.clone(), bpe.byte_ids, rules, &learnt, whole),
            added: added.clone(),
            splitter: splitter.clone(),
            prefix_space: *prefix_space,
            ignore_merges: *ignore_merges,
            foreign: foreign.clone(),
            unspelt: unspelt.clone(),
        }))
    }

    /// The merges that make the token `id` of its bytes, as encoding does them. Halves stand before what they become, so
    /// the token itself stands last. None outside the vocabulary.
    pub fn merge_tree(&self, id: u32) -> Option<Vec<TreeNode>> {
        let token = self.token_bytes(id)?;
        let leaf = vec![TreeNode { id, halves: None }];
        if self.is_special(id) {
            return Some(leaf);
        }
        let nodes = merge(&self.0.bpe, token);
        // One node for each byte, and one for each of the merges, which are one fewer if they leave one token.
        let whole = nodes.len() == 2 * token.len() - 1 && nodes.last().is_some_and(|node| node.id == id);
        Some(if whole { nodes } else { leaf })
    }
}

/// All tokens on the way from the bytes of `token` to what they merge to, in the order in which encoding makes them.
fn merge(bpe: &Bpe, token: &[u8]) -> Vec<TreeNode> {
    let length = token.len();
    let mut nodes: Vec<TreeNode> =
        token.iter().map(|&byte| TreeNode { id: bpe.byte_ids[byte as usize], halves: None }).collect();
    // The node that begins at a byte, and where the one behind it and the one before it begin.
    let mut starting: Vec<Option<usize>> = (0..length).map(Some).collect();
    let mut next: Vec<usize> = (1..=length).collect();
    let mut previous: Vec<usize> = (0..length).map(|at| at.saturating_sub(1)).collect();
    // The least rank first, then from the left.
    let pairs = nodes.windows(2).enumerate();
    let mut queue: BinaryHeap<Reverse<(u32, usize)>> = pairs
        .filter_map(|(at, pair)| bpe.merge_of(pair[0].id, pair[1].id).map(|(rank, _)| Reverse((rank, at))))
        .collect();
    while let Some(Reverse((rank, at))) = queue.pop() {
        let second = next[at];
        let both = starting[at].zip(starting.get(second).copied().flatten());
        let Some((left, right)) = both else { continue };
        // What was queued may have been merged away since.
        let Some((_, id)) = bpe.merge_of(nodes[left].id, nodes[right].id).filter(|merge| merge.0 == rank) else {
            continue;
        };
        nodes.push(TreeNode { id, halves: Some(Halves { rank, left, right }) });
        (starting[at], starting[second]) = (Some(nodes.len() - 1), None);
        next[at] = next[second];
        if next[at] < length {
            previous[next[at]] = at;
        }
        for first in [previous[at], at] {
            let both = starting[first].zip(starting.get(next[first]).copied().flatten());
            let found = both.and_then(|(left, right)| bpe.merge_of(nodes[left].id, nodes[right].id));
            queue.extend(found.map(|(rank, _)| Reverse((rank, first))));
        }
    }
    nodes
}
