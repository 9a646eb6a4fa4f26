//! What a view shows of tokens, against plain recounts: the merges one by one, the first of them, trees, whole characters.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use glasshouse::corpus::{self, Builtin};
use glasshouse::tokenizer::{
    BpeTrainer, Merged, Pattern, Segment, SpecialHandling, Ties, Tokenizer, TrainOptions, TreeNode, visible,
};
use proptest::prelude::*;

fn trainer(text: &[u8], merges: usize, pattern: Pattern) -> BpeTrainer {
    let options = TrainOptions { pattern, ..TrainOptions::new(256 + merges) };
    let mut trainer = BpeTrainer::new(options).unwrap();
    trainer.feed(text).unwrap();
    trainer
}

/// The merges of a training, and the tokenizer that it gives.
fn trained(text: &[u8], merges: usize, pattern: Pattern) -> (Vec<Merged>, Tokenizer) {
    let mut trainer = trainer(text, merges, pattern);
    trainer.step(usize::MAX);
    (trainer.history().to_vec(), trainer.finish_within().unwrap())
}

fn corpus(corpus: Builtin) -> Vec<u8> {
    corpus::documents(corpus.file()).unwrap().concat()
}

fn cl100k() -> Tokenizer {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("build/vocabularies/cl100k_base.tiktoken");
    let bytes = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run scripts/setup.sh vocabularies first", path.display()));
    assert_eq!(Tokenizer::tiktoken_pattern(&bytes), Some(Pattern::Cl100k));
    Tokenizer::from_tiktoken(&bytes, Pattern::Cl100k).unwrap()
}

const SMALL: &str =
    "Low lower lowest; new newer newest. aaaaaaa aaa abababab\n\n 天地玄黄,宇宙洪荒。天地,宇宙 👩‍👩‍👧‍👦 é e\u{301}\n";

/// The tokens that the history tells after each merge are those that encoding with so many merges gives.
fn history_is_encoding(text: &[u8], merges: usize, pattern: Pattern, some: &[usize]) {
    let (history, tokenizer) = trained(text, merges, pattern);
    assert_eq!(tokenizer.merge_count(), history.len());
    for &count in some {
        let tokens = count.checked_sub(1).map_or(text.len() as u64, |last| history[last].tokens);
        let early = tokenizer.with_merges(count);
        let ids = early.encode(text);
        assert_eq!(ids.len() as u64, tokens, "after {count} merges");
        assert!(ids.iter().all(|&id| (id as usize) < 256 + count));
        assert_eq!((early.merge_count(), early.vocab_size()), (count, tokenizer.vocab_size()));
        assert!(early.decode(&ids).unwrap() == text);
    }
    assert_eq!(tokenizer.with_merges(history.len()).encode(text), tokenizer.encode(text));
    assert_eq!(tokenizer.with_merges(usize::MAX).to_json(), tokenizer.to_json());
}

#[test]
fn the_tokens_of_the_history_are_those_of_encoding() {
    for builtin in Builtin::ALL {
        history_is_encoding(&corpus(builtin), 2_000, Pattern::Cl100k, &[0, 1, 2, 50, 777, 1_999, 2_000]);
    }
    for pattern in Pattern::ALL {
        let all: Vec<usize> = (0..=trained(SMALL.as_bytes(), 300, pattern).0.len()).collect();
        history_is_encoding(SMALL.as_bytes(), 300, pattern, &all);
    }
}

/// The pieces of a text as tokens, after the merges of `history`.
fn pieces(text: &[u8], pattern: Pattern, history: &[Merged]) -> Vec<Vec<u32>> {
    let mut pieces: Vec<Vec<u32>> = Vec::new();
    pattern.split(text, |piece| pieces.push(piece.iter().map(|&byte| byte as u32).collect()));
    for merge in history {
        for piece in &mut pieces {
            let mut at = 0;
            while at + 1 < piece.len() {
                if piece[at..at + 2] == [merge.left, merge.right] {
                    piece.splice(at..at + 2, [merge.id]);
                }
                at += 1;
            }
        }
    }
    pieces
}

/// All pairs with how often they stand, in the order in which they would be merged.
fn naive_pairs(pieces: &[Vec<u32>]) -> Vec<(u32, u32, u64)> {
    let mut counts: HashMap<(u32, u32), u64> = HashMap::new();
    pieces
        .iter()
        .flat_map(|piece| piece.windows(2))
        .for_each(|pair| *counts.entry((pair[0], pair[1])).or_default() += 1);
    let mut pairs: Vec<_> = counts.into_iter().map(|((left, right), count)| (left, right, count)).collect();
    pairs.sort_by_key(|&(left, right, count)| (Reverse(count), left, right));
    pairs
}

#[test]
fn counts_and_top_pairs_are_those_of_a_recount() {
    for pattern in [Pattern::Cl100k, Pattern::None] {
        let text = SMALL.as_bytes();
        let mut trainer = trainer(text, 300, pattern);
        assert_eq!((trainer.bytes(), trainer.history()), (text.len() as u64, &[][..]));
        loop {
            let now = pieces(text, pattern, trainer.history());
            let pairs = naive_pairs(&now);
            assert_eq!(trainer.top_pairs(8), pairs[..pairs.len().min(8)]);
            assert_eq!(trainer.top_pairs(usize::MAX), pairs);
            let before = trainer.history().len();
            if trainer.step(1).finished && trainer.history().len() == before {
                assert!(pairs.is_empty());
                break;
            }
            let merge = *trainer.history().last().unwrap();
            assert_eq!((merge.left, merge.right, merge.count), pairs[0]);
            assert_eq!(merge.id as usize, 256 + before);
            let tokens: usize = pieces(text, pattern, trainer.history()).iter().map(Vec::len).sum();
            assert_eq!(merge.tokens, tokens as u64);
            assert_eq!(
                trainer.token_bytes(merge.id).unwrap(),
                [trainer.token_bytes(merge.left).unwrap(), trainer.token_bytes(merge.right).unwrap()].concat()
            );
        }
    }
}

#[test]
fn looking_at_a_training_changes_nothing() {
    let text = corpus(Builtin::English);
    for ties in [Ties::Rank, Ties::Hf] {
        let options = TrainOptions { ties, ..TrainOptions::new(600) };
        let mut trainer = BpeTrainer::new(options.clone()).unwrap();
        trainer.feed(&text).unwrap();
        let mut next = Vec::new();
        while trainer.history().len() < 344 {
            next.push(trainer.top_pairs(8)[0]);
            trainer.step(1);
        }
        let seen = trainer.history().iter().map(|merge| (merge.left, merge.right, merge.count));
        assert!(seen.eq(next), "the first of the top pairs is merged next");
        let mut unseen = BpeTrainer::new(options).unwrap();
        unseen.feed(&text).unwrap();
        assert_eq!(trainer.finish().unwrap().to_json(), unseen.finish().unwrap().to_json());
    }
}

/// The ids of a tree's leaves, in order; each token on the way is the bytes of its halves.
fn leaves(tokenizer: &Tokenizer, tree: &[TreeNode]) -> Vec<u32> {
    let mut spans: Vec<Vec<u32>> = Vec::new();
    for node in tree {
        spans.push(match node.halves {
            Some(halves) => {
                let [left, right] =
                    [halves.left, halves.right].map(|half| tokenizer.token_bytes(tree[half].id).unwrap());
                assert_eq!([left, right].concat(), tokenizer.token_bytes(node.id).unwrap());
                [&spans[halves.left][..], &spans[halves.right]].concat()
            }
            None => vec![node.id],
        });
    }
    spans.pop().unwrap()
}

fn check_tree(tokenizer: &Tokenizer, id: u32) {
    let tree = tokenizer.merge_tree(id).unwrap();
    assert_eq!(tree.last().unwrap().id, id);
    let leaves = leaves(tokenizer, &tree);
    assert!(leaves.iter().all(|&leaf| tokenizer.token_bytes(leaf).unwrap().len() == 1), "{id}: {tree:?}");
    assert_eq!(tokenizer.decode(&leaves).unwrap(), tokenizer.token_bytes(id).unwrap());
}

#[test]
fn the_leaves_of_a_tree_are_the_bytes_of_its_token() {
    for builtin in Builtin::ALL {
        let (history, tokenizer) = trained(&corpus(builtin), 2_000, Pattern::Cl100k);
        for (rank, merge) in history.iter().enumerate() {
            check_tree(&tokenizer, merge.id);
            let tree = tokenizer.merge_tree(merge.id).unwrap();
            let halves = tree.last().unwrap().halves.unwrap();
            let made = (tree[halves.left].id, tree[halves.right].id, halves.rank as usize);
            assert_eq!(made, (merge.left, merge.right, rank));
        }
    }
    let mut trainer =
        BpeTrainer::new(TrainOptions { special: vec!["<|s|>".into()], ..TrainOptions::new(270) }).unwrap();
    trainer.feed(SMALL.as_bytes()).unwrap();
    let tokenizer = trainer.finish().unwrap();
    for id in [0, 65, 255, 269] {
        assert_eq!(tokenizer.merge_tree(id), Some(vec![TreeNode { id, halves: None }]));
    }
    assert_eq!(tokenizer.merge_tree(270), None);
    // A token that the merges do not reach is a leaf.
    assert_eq!(tokenizer.with_merges(3).merge_tree(260), Some(vec![TreeNode { id: 260, halves: None }]));
    // No depth is too deep: one piece, merged from the left again and again.
    let (_, tokenizer) = trained(&b"a".repeat(1 << 14), 14, Pattern::None);
    check_tree(&tokenizer, 269);
}

#[test]
fn the_trees_and_first_merges_of_cl100k() {
    let tokenizer = cl100k();
    assert_eq!(tokenizer.merge_count(), 100_000);
    for id in 0..100_256 {
        check_tree(&tokenizer, id);
    }
    assert_eq!(tokenizer.merge_tree(100_257), Some(vec![TreeNode { id: 100_257, halves: None }]));
    assert_eq!(tokenizer.merge_tree(100_256), None);
    let shown = |id| {
        let tree = tokenizer.merge_tree(id).unwrap();
        let halves = tree.last().unwrap().halves.unwrap();
        [halves.left, halves.right].map(|half| visible(tokenizer.token_bytes(tree[half].id).unwrap()))
    };
    assert_eq!(shown(15339), ["h", "ello"]);
    assert_eq!(shown(9468), ["<0xF0>", "<0x9F>"]);

    let text = "It's 12345 o'clock, naïve café 你好 🎉🎉\n\n   x hello world".as_bytes();
    let mut last = text.len();
    for merges in [0, 1, 100, 5_000, 50_000, 99_999, 100_000, usize::MAX] {
        let early = tokenizer.with_merges(merges);
        let ids = early.encode(text);
        assert!(ids.len() <= last && ids.iter().all(|&id| (id as usize) < merges.saturating_add(256)));
        assert_eq!(early.decode(&ids).unwrap(), text);
        last = ids.len();
    }
    assert_eq!(tokenizer.with_merges(0).encode(text).len(), text.len());
    assert_eq!(tokenizer.with_merges(100_000).encode(text), tokenizer.encode(text));
    // With half of the merges a text is what a file of half of the ranks gives.
    let tokens = 50_000usize;
    let english = &corpus(Builtin::English)[..100_000];
    let half: String = (0..256 + tokens as u32).map(|id| line(tokenizer.token_bytes(id).unwrap(), id)).collect();
    let half = Tokenizer::from_tiktoken(half.as_bytes(), Pattern::Cl100k).unwrap();
    assert_eq!(tokenizer.with_merges(tokens).encode(english), half.encode(english));
}

/// A line of a `.tiktoken` file.
fn line(token: &[u8], rank: u32) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in token.chunks(3) {
        let bits = three.iter().chain(&[0; 2]).take(3).fold(0, |bits, &byte| bits << 8 | byte as usize);
        let digit = |place: usize| DIGITS[bits >> (18 - 6 * place) & 63] as char;
        text.extend((0..4).map(|place| if place <= three.len() { digit(place) } else { '=' }));
    }
    format!("{text} {rank}\n")
}

fn segments(tokenizer: &Tokenizer, text: &[u8]) -> Vec<Segment> {
    tokenizer.segments(&tokenizer.encode(text)).unwrap()
}

fn texts(segments: &[Segment]) -> Vec<&str> {
    segments.iter().map(|segment| segment.text.as_str()).collect()
}

#[test]
fn no_character_is_cut() {
    let bytes = trained(b"", 0, Pattern::None).1;
    for character in ["a", "é", "e\u{301}\u{323}", "你", "🇩🇪", "👩‍👩‍👧‍👦", "👍🏽", "각", "\r\n"]
    {
        let twice = character.repeat(2);
        let shown = segments(&bytes, twice.as_bytes());
        assert_eq!(texts(&shown), [character, character]);
        let length = character.len();
        assert_eq!(shown[1], Segment { first: length, count: length, text: character.into() });
    }
    // Bytes that are not UTF-8 stand alone, a beginning of a character as one, also before what would join them.
    let shown = segments(&bytes, b"a\xFF\xE4\xBDb\xCC\x81\xFF\xCC\x81\xE4");
    assert_eq!(texts(&shown), ["a", "\u{FFFD}", "\u{FFFD}", "b\u{301}", "\u{FFFD}", "\u{301}", "\u{FFFD}"]);
    assert_eq!(shown.iter().map(|segment| segment.count).collect::<Vec<_>>(), [1, 1, 2, 3, 1, 2, 1]);
    assert!(bytes.segments(&[]).unwrap().is_empty());
    assert!(bytes.segments(&[65, 256]).is_err());

    // cl100k has "👍" as three tokens.
    let tokenizer = cl100k();
    let shown = segments(&tokenizer, "👍👍 hello".as_bytes());
    assert_eq!(texts(&shown), ["👍", "👍", " hello"]);
    assert_eq!((shown[1].first, shown[1].count), (3, 3));
    let family = segments(&tokenizer, "A 👩‍👩‍👧‍👦!".as_bytes());
    assert_eq!(texts(&family), ["A", " 👩‍👩‍👧‍👦", "!"]);
    let ids =
        tokenizer.encode_with("é<|endoftext|>\u{301}<|endoftext|><|endoftext|>".as_bytes(), SpecialHandling::Token);
    let shown = tokenizer.segments(&ids).unwrap();
    assert_eq!(texts(&shown), ["é", "<|endoftext|>", "\u{301}", "<|endoftext|>", "<|endoftext|>"]);
}

#[test]
fn a_part_of_a_character_is_spelt() {
    let cases: [(&[u8], &str); 5] =
        [(b" the", " the"), ("é".as_bytes(), "é"), (b"\xE4\xBD", "<0xE4><0xBD>"), (b"a\xFF", "a<0xFF>"), (b"", "")];
    for (token, text) in cases {
        assert_eq!(visible(token), text);
    }
}

/// Texts of what joins and what breaks characters.
fn characters() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = [
        "a", " ", "\r", "\n", "\u{301}", "\u{200D}", "👩", "👧", "🏽", "🇩", "🇪", "你", "한", "ᄒ", "ᅡ", "क", "्", "<|s|>",
    ]
    .iter()
    .map(|part| part.as_bytes())
    .chain([&b"\xFF"[..], b"\xE4", b"\xBD", b"\xF0\x9F", b"\xCC"])
    .collect();
    prop::collection::vec(prop::sample::select(parts), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_texts_of_segments_are_the_text(
        learnt in characters(), text in characters(), any in prop::collection::vec(any::<u8>(), 0..60),
        merges in 0usize..60, pattern in prop::sample::select(Pattern::ALL.to_vec()),
    ) {
        let options = TrainOptions { pattern, special: vec!["<|s|>".into()], ..TrainOptions::new(257 + merges) };
        let mut trainer = BpeTrainer::new(options).unwrap();
        trainer.feed(&learnt).unwrap();
        // The text of the special token may have been learnt.
        let Ok(tokenizer) = trainer.finish_within() else { return Ok(()) };
        for (bytes, special) in [(&text, SpecialHandling::Text), (&text, SpecialHandling::Token), (&any, SpecialHandling::Text)] {
            let ids = tokenizer.encode_with(bytes, special);
            let segments = tokenizer.segments(&ids).unwrap();
            prop_assert_eq!(texts(&segments).concat(), String::from_utf8_lossy(bytes));
            prop_assert!(segments.iter().all(|segment| segment.count > 0 && !segment.text.is_empty()));
            let mut first = 0;
            for segment in &segments {
                prop_assert_eq!(segment.first, first);
                first += segment.count;
            }
            prop_assert_eq!(first, ids.len());
        }
    }
}
