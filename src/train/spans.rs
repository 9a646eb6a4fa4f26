//! Where a stream of tokens is cut into windows that a loss is measured over, overlapping or not.

use std::ops::Range;

use crate::data::Batch;
use crate::{Error, Result};

/// A window: the tokens that the model sees, the last of them only as a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Places in the stream.
    pub tokens: Range<usize>,
    /// Predictions at its beginning that were scored by the window before.
    pub known: usize,
}

impl Span {
    /// The tokens that it scores, as places in the stream.
    pub fn scored(&self) -> Range<usize> {
        (self.tokens.start + 1 + self.known).min(self.tokens.end)..self.tokens.end
    }
}

/// Windows over `len` tokens of which each but the first is scored once. Without a `stride` they do not overlap and have
/// `context` tokens and a target. With one a window has `context` tokens in all and begins `stride` behind the one before,
/// of which it scores what that has not: a token then has at least `context` - `stride` before it, but at the very
/// beginning. That is the sliding window of Hugging Face's guide to perplexity, with `max_length` = `context`.
///
/// # Errors
/// Where the windows would leave tokens out.
pub fn spans(len: usize, context: usize, stride: Option<usize>) -> Result<Vec<Span>> {
    let Some(stride) = stride else {
        let starts = (0..len.saturating_sub(1)).step_by(context);
        return Ok(starts.map(|start| Span { tokens: start..(start + context + 1).min(len), known: 0 }).collect());
    };
    if !(1..context).contains(&stride) {
        return Err(Error::Usage(format!(
            "--stride is to lie between 1 and {}, one less than the model's context, not {stride}; without it windows do \
             not overlap",
            context.saturating_sub(1)
        )));
    }
    let (mut found, mut start, mut scored) = (Vec::new(), 0, 1);
    while scored < len {
        let end = (start + context).min(len);
        found.push(Span { tokens: start..end, known: scored - start - 1 });
        (start, scored) = (start + stride, end);
    }
    Ok(found)
}

/// The windows `spans`, each of a stream, as one batch of `batch` rows; what is known already counts nothing.
pub fn batch_of(spans: &[(&[u32], &Span)], batch: usize, context: usize) -> Batch {
    let rows: Vec<&[u32]> = spans.iter().map(|(stream, span)| &stream[span.tokens.clone()]).collect();
    let mut result = Batch::of(&rows, batch, context);
    for (row, (_, span)) in spans.iter().enumerate() {
        result.weights[row * context..][..span.known].fill(0.0);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `for begin_loc in range(0, seq_len, stride)` of the guide gives: begin_loc, end_loc, and the first token that
    /// counts, which is begin_loc + 1 in the first window, whose labels are shifted.
    fn guide(len: usize, max_length: usize, stride: usize) -> Vec<(usize, usize, usize)> {
        let (mut found, mut previous) = (Vec::new(), 0);
        for begin in (0..len).step_by(stride) {
            let end = (begin + max_length).min(len);
            let target = end - previous;
            found.push((begin, end, (end - target).max(begin + 1)));
            previous = end;
            if end == len {
                break;
            }
        }
        found
    }

    #[test]
    fn each_token_is_scored_once_as_the_guide_does() {
        for (len, context, stride) in
            [(2, 8, 1), (8, 8, 3), (9, 8, 3), (100, 16, 5), (100, 16, 15), (33, 16, 1), (5, 2, 1)]
        {
            let found = spans(len, context, Some(stride)).unwrap();
            let as_guide: Vec<_> = found.iter().map(|s| (s.tokens.start, s.tokens.end, s.scored().start)).collect();
            assert_eq!(as_guide, guide(len, context, stride), "{len} {context} {stride}");
        }
        for (len, context, stride) in
            [(1, 4, None), (2, 4, None), (17, 4, None), (40, 7, None), (40, 7, Some(3)), (1, 7, Some(3))]
        {
            let found = spans(len, context, stride).unwrap();
            let scored: Vec<usize> = found.iter().flat_map(Span::scored).collect();
            assert_eq!(scored, (1..len).collect::<Vec<_>>(), "{len} {context} {stride:?}");
        }
        for stride in [0, 7, 8] {
            assert!(spans(40, 7, Some(stride)).is_err());
        }
    }
}
