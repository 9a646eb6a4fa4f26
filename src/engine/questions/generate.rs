//! Text out of a model between two steps: a requested one, reported token by token, or a sample that a run shows of itself.

use web_time::Instant;

use super::pieces::{candidates, piece};
use super::{ModelView, Pending, Question};
use crate::engine::protocol::Event;
use crate::engine::timeline::Snapshot;
use crate::generate::{Choice, Generation, Sampling, prompt_ids};
use crate::model::ModelConfig;
use crate::{Error, Result};

/// Candidates listed beside each token that was chosen.
const MAX_ALTERNATIVES: usize = 8;

/// A text under way.
pub struct Generate {
    prompt: String,
    /// Tokens that it goes on with behind the prompt, before any is drawn.
    given: Vec<u32>,
    max_tokens: usize,
    sampling: Sampling,
    ignore_end: bool,
    /// Whether somebody asked for it: then every token is reported.
    requested: bool,
    /// The weights that write it; none: the live ones.
    at: Option<Snapshot>,
    generation: Option<Generation>,
    choices: Vec<Choice>,
    text: String,
    unfinished: Unfinished,
}

/// Refuses tokens that the model does not know.
pub fn check_tokens(model: &ModelConfig, ids: &[u32]) -> Result<()> {
    let vocab = model.vocab;
    match ids.iter().find(|id| **id as usize >= vocab) {
        None => Ok(()),
        Some(id) => Err(Error::Usage(format!("the text has token {id}, and the model knows those below {vocab}"))),
    }
}

impl Generate {
    /// What somebody asked for.
    pub fn requested(
        prompt: String,
        given: Vec<u32>,
        max_tokens: usize,
        sampling: Sampling,
        ignore_end: bool,
        at: Option<Snapshot>,
    ) -> Generate {
        Generate {
            prompt,
            given,
            max_tokens,
            sampling,
            ignore_end,
            requested: true,
            at,
            generation: None,
            choices: Vec::new(),
            text: String::new(),
            unfinished: Unfinished::default(),
        }
    }

    /// What a run shows of itself.
    pub fn sample(max_tokens: usize, sampling: Sampling) -> Pending {
        let text = Generate::requested(String::new(), Vec::new(), max_tokens, sampling, true, None);
        Pending { id: None, question: Box::new(Generate { requested: false, ..text }) }
    }
}

impl Question for Generate {
    fn advance(&mut self, view: &mut ModelView, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let (tokenizer, end_of_text, step) = (view.tokenizer, view.end_of_text, view.step);
        let generator = view.tapes.generator(view.device, view.model)?;
        if self.generation.is_none() {
            let ids = prompt_ids(tokenizer, &self.prompt, end_of_text);
            self.generation = Some(Generation::with(&ids, &self.given, self.sampling));
        }
        let generation = self.generation.as_mut().expect("made above");
        while self.choices.len() < self.max_tokens {
            let Some((choice, logits)) = generator.advance(generation, deadline)? else { return Ok(false) };
            if choice.id == end_of_text && !self.ignore_end {
                break;
            }
            let text = self.unfinished.push(&tokenizer.decode(&[choice.id])?);
            self.text.push_str(&text);
            if self.requested {
                let found = self.sampling.distribution(&logits);
                events.push(Event::Token {
                    step,
                    index: self.choices.len(),
                    piece: piece(tokenizer, choice.id),
                    text,
                    probability: choice.probability,
                    rank: found.ranks[choice.id as usize],
                    candidates: candidates(tokenizer, &found, &logits, found.ranked.iter().take(MAX_ALTERNATIVES)),
                    id: view.id,
                });
            }
            self.choices.push(choice);
        }
        let (known_words, words) = view.known_words.count(&self.text, !self.prompt.is_empty());
        events.push(Event::Sample {
            step,
            prompt: std::mem::take(&mut self.prompt),
            text: std::mem::take(&mut self.text),
            ids: self.choices.iter().map(|choice| choice.id).collect(),
            probabilities: self.choices.iter().map(|choice| choice.probability).collect(),
            asked: self.requested,
            words,
            known_words,
            id: view.id,
        });
        Ok(true)
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.at.as_ref()
    }

    /// Takes no token more.
    fn stop_generating(&mut self) {
        if self.requested {
            self.max_tokens = 0;
        }
    }
}

/// Bytes of a character that the tokens so far have not finished.
#[derive(Default)]
struct Unfinished(Vec<u8>);

impl Unfinished {
    /// What can be read once `bytes` have come: whole characters, and one mark for each run of bytes that is none.
    fn push(&mut self, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let mut text = String::new();
        let mut at = 0;
        for chunk in self.0.utf8_chunks() {
            text.push_str(chunk.valid());
            at += chunk.valid().len();
            // At the end, the beginning of a character may still become one.
            let unfinished = at + chunk.invalid().len() == self.0.len()
                && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
            if unfinished {
                break;
            }
            if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
                at += chunk.invalid().len();
            }
        }
        self.0.drain(..at);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_never_broken() {
        let mut unfinished = Unfinished::default();
        let read: Vec<String> = "a文😀".bytes().map(|byte| unfinished.push(&[byte])).collect();
        assert_eq!(read, ["a", "", "", "文", "", "", "", "😀"]);
        // A byte that begins nothing, one that is cut off by another, and one that waits.
        assert_eq!(unfinished.push(b"\xff\xe6\x96a\xe6"), "\u{fffd}\u{fffd}a");
        assert_eq!(unfinished.push(b"\x96\x87!"), "文!");
        let all = b"\xe6b\xf0\x9f\x98\x80\x80\xe4\xb8\xad";
        let pieces: String = all.iter().map(|byte| unfinished.push(&[*byte])).collect();
        assert_eq!(pieces, String::from_utf8_lossy(all));
    }
}
