//! Hugging Face's `tokenizer.json`: read for any byte-level BPE, written so that the same ids come out there.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::added::AddedToken;
use super::bpe::Vocabulary;
use super::pre_tokenizer::{SplitStep, Splitter};
use super::split::Matcher;
use super::{Tokenizer, TokenizerInner, TokenizerParts, alphabet};
use crate::{Error, Result};

const PLACE: &str = "tokenizer.json";

/// The parts of a file that do not concern the ids of a text, or only as it was already understood.
#[derive(Clone, Debug, serde::Deserialize)]
pub(super) struct Foreign {
    #[serde(default)]
    truncation: Value,
    #[serde(default)]
    padding: Value,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    decoder: Value,
}

#[derive(serde::Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<Added>,
    model: Model,
    #[serde(flatten)]
    foreign: Foreign,
}

/// Enough of a file to say what kind of tokenizer it is, whatever its vocabulary looks like.
#[derive(serde::Deserialize)]
struct TokenizerKind {
    #[serde(default)]
    model: KindOfModel,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum KindOfModel {
    Model {
        #[serde(rename = "type")]
        kind: Option<String>,
    },
    Other(serde::de::IgnoredAny),
}

impl Default for KindOfModel {
    fn default() -> Self {
        KindOfModel::Other(serde::de::IgnoredAny)
    }
}

#[derive(serde::Deserialize)]
struct Model {
    dropout: Option<f64>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
    vocab: Entries,
    merges: Vec<MergeHalves>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Added {
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    normalized: Option<bool>,
    #[serde(default)]
    special: bool,
}

/// The vocabulary in the order of the file, a name given twice and all.
struct Entries(Vec<(String, u32)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Entries;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tokens and ids")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (token, id) in &self.0 {
            map.serialize_entry(token, id)?;
        }
        map.end()
    }
}

/// The two halves of a merge: `["a", "b"]`, or `"a b"` in older files.
struct MergeHalves(String, String);

impl<'de> Deserialize<'de> for MergeHalves {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = MergeHalves;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a merge as two strings or as one with a space between")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<MergeHalves, E> {
                match text.split_once(' ') {
                    Some((left, right)) if !right.contains(' ') => Ok(MergeHalves(left.into(), right.into())),
                    _ => Err(E::custom(format!("the merge {text:?} is not two tokens with a space between"))),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> std::result::Result<MergeHalves, A::Error> {
                match (sequence.next_element()?, sequence.next_element()?, sequence.next_element::<String>()?) {
                    (Some(left), Some(right), None) => Ok(MergeHalves(left, right)),
                    _ => Err(serde::de::Error::custom("a merge does not have two halves")),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Serialize for MergeHalves {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        (&self.0, &self.1).serialize(serializer)
    }
}

fn damaged(message: impl Into<String>) -> Error {
    Error::format(PLACE, message)
}

/// The tokenizer in a `tokenizer.json`.
pub(super) fn read(bytes: &[u8]) -> Result<Tokenizer> {
    let unreadable = |error: serde_json::Error| damaged(format!("this is not a tokenizer that can be read: {error}"));
    let TokenizerKind { model } = serde_json::from_slice(bytes).map_err(unreadable)?;
    let kind = match model {
        KindOfModel::Model { kind } => kind,
        KindOfModel::Other(_) => {
            return Err(damaged(
                "a tokenizer.json with a model is expected, found other JSON; an encoder.json is read together with its \
                 vocab.bpe: give that",
            ));
        }
    };
    if let Some(other) = kind.filter(|kind| kind != "BPE") {
        return Err(damaged(format!("a byte-level BPE is expected, found a {other} model")));
    }
    let File { added_tokens, model, foreign } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if model.byte_fallback {
        return Err(damaged("a byte-level BPE is expected, found one over characters with byte_fallback"));
    }
    if model.dropout.is_some_and(|dropout| dropout != 0.0) {
        return Err(damaged("merges with dropout give other ids each time: set dropout to null"));
    }
    for (field, value) in [
        ("continuing_subword_prefix", &model.continuing_subword_prefix),
        ("end_of_word_suffix", &model.end_of_word_suffix),
    ] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            return Err(damaged(format!("a byte-level BPE marks no words, this one has {field} {value:?}")));
        }
    }
    check_normalizer(&foreign.normalizer)?;
    let mut split = Split::default();
    split.read(&foreign.pre_tokenizer)?;
    if !split.byte_level {
        return Err(damaged("a byte-level BPE is expected, but the pre_tokenizer has no ByteLevel step"));
    }
    let added = added(added_tokens)?;
    let Entries(entries) = model.vocab;
    let (ids, vocabulary, unspelt) = vocabulary(&entries, &added)?;
    let id = |token: &str, index: usize| {
        ids.get(token).copied().ok_or_else(|| {
            damaged(format!("merge {} names the token {token:?}, which the vocabulary lacks", index + 1))
        })
    };
    let mut rules = Vec::with_capacity(model.merges.len());
    for (index, MergeHalves(left, right)) in model.merges.iter().enumerate() {
        let merged = id(&[left.as_str(), right].concat(), index)?;
        rules.push((id(left, index)?, id(right, index)?, index as u32, merged));
    }
    let parts = TokenizerParts {
        vocabulary,
        rules,
        added,
        splitter: Splitter::from_steps(split.steps),
        prefix_space: split.prefix_space,
        ignore_merges: model.ignore_merges,
        foreign: Some(foreign),
        unspelt,
    };
    parts.build(PLACE)
}

/// The ids by token, the bytes by id, and the ids whose token is not spelt in the byte alphabet: no text becomes
/// those unless they are added tokens.
type Tables<'a> = (HashMap<&'a str, u32>, Vocabulary, HashSet<u32>);

fn vocabulary<'a>(entries: &'a [(String, u32)], added: &[AddedToken]) -> Result<Tables<'a>> {
    let all = entries.iter().map(|(_, id)| *id).chain(added.iter().map(|token| token.id));
    check_highest(all, entries.len() + added.len(), PLACE)?;
    let mut ids = HashMap::with_capacity(entries.len());
    let mut vocabulary = Vocabulary::default();
    let mut unspelt = HashSet::new();
    for (token, id) in entries {
        if token.is_empty() {
            return Err(damaged(format!("the token {id} is empty")));
        }
        if ids.insert(token.as_str(), *id).is_some() {
            return Err(damaged(format!("the token {token:?} stands twice in the vocabulary")));
        }
        if vocabulary.get(*id).is_some() {
            return Err(damaged(format!("the id {id} stands twice in the vocabulary")));
        }
        match alphabet::unspell(token) {
            Some(bytes) => vocabulary.set(*id, &bytes),
            None => {
                vocabulary.set(*id, token.as_bytes());
                unspelt.insert(*id);
            }
        }
    }
    for token in added {
        match ids.get(token.content.as_str()) {
            Some(&id) if id != token.id => {
                return Err(damaged(format!(
                    "the added token {:?} has the id {}, but {id} in the vocabulary",
                    token.content, token.id
                )));
            }
            None if vocabulary.get(token.id).is_some() => {
                return Err(damaged(format!(
                    "the added token {:?} has the id {}, which is another token's",
                    token.content, token.id
                )));
            }
            _ => {}
        }
    }
    Ok((ids, vocabulary, unspelt))
}

/// Refuses ids far beyond the number of tokens, for which a table would have to be made.
pub(super) fn check_highest(ids: impl Iterator<Item = u32>, count: usize, place: &str) -> Result<()> {
    let most = 4 * count + 65_536;
    match ids.max().filter(|&highest| highest as usize > most) {
        Some(highest) => {
            Err(Error::format(place, format!("the id {highest} is far beyond the {count} tokens there are")))
        }
        None => Ok(()),
    }
}

fn added(tokens: Vec<Added>) -> Result<Vec<AddedToken>> {
    let (mut contents, mut ids) = (HashSet::new(), HashSet::new());
    let mut added = Vec::with_capacity(tokens.len());
    for token in tokens.into_iter().filter(|token| !token.content.is_empty()) {
        if !contents.insert(token.content.clone()) || !ids.insert(token.id) {
            return Err(damaged(format!("the added token {:?} or its id {} stands twice", token.content, token.id)));
        }
        added.push(AddedToken {
            id: token.id,
            content: token.content,
            special: token.special,
            normalized: token.normalized.unwrap_or(!token.special),
            single_word: token.single_word,
            lstrip: token.lstrip,
            rstrip: token.rstrip,
        });
    }
    Ok(added)
}

fn check_normalizer(normalizer: &Value) -> Result<()> {
    match (normalizer, normalizer["type"].as_str(), normalizer["normalizers"].as_array()) {
        (Value::Null, ..) => Ok(()),
        (_, Some("Sequence"), Some(parts)) => parts.iter().try_for_each(check_normalizer),
        (_, kind, _) => Err(damaged(format!(
            "the normalizer {} changes the text before it is encoded, which is not supported: decoding could not give it back",
            kind.unwrap_or("without a type")
        ))),
    }
}

/// What a `pre_tokenizer` comes to.
#[derive(Default)]
struct Split {
    steps: Vec<SplitStep>,
    prefix_space: bool,
    byte_level: bool,
}

impl Split {
    fn read(&mut self, value: &Value) -> Result<()> {
        let kind = value["type"].as_str().unwrap_or("none");
        if self.byte_level {
            return Err(damaged(format!(
                "the step {kind} of the pre_tokenizer stands behind ByteLevel: not supported"
            )));
        }
        match kind {
            "Sequence" => {
                let Some(parts) = value["pretokenizers"].as_array() else {
                    return Err(damaged("the pre_tokenizer is a Sequence without pretokenizers"));
                };
                parts.iter().try_for_each(|part| self.read(part))
            }
            "ByteLevel" => {
                self.byte_level = true;
                self.prefix_space = value["add_prefix_space"].as_bool().unwrap_or(true);
                if self.prefix_space && !self.steps.is_empty() {
                    return Err(damaged("ByteLevel with add_prefix_space behind another split is not supported"));
                }
                if value["use_regex"].as_bool().unwrap_or(true) {
                    self.steps.push(SplitStep::Matcher(Matcher::Gpt2));
                }
                Ok(())
            }
            "Split" => self.read_split(value),
            "Digits" => {
                let digits = value["individual_digits"].as_bool().unwrap_or(false) as usize;
                self.steps.push(SplitStep::Matcher(Matcher::Numbers { digits }));
                Ok(())
            }
            other => Err(damaged(format!("the pre_tokenizer {other} is not supported by a byte-level BPE"))),
        }
    }

    fn read_split(&mut self, value: &Value) -> Result<()> {
        let step = match (value["pattern"]["Regex"].as_str(), value["pattern"]["String"].as_str()) {
            (Some(regex), _) => SplitStep::regex(regex)?,
            (None, Some(literal)) if !literal.is_empty() => SplitStep::Literal(literal.into()),
            _ => return Err(damaged("a Split of the pre_tokenizer has no pattern")),
        };
        let invert = value["invert"].as_bool().unwrap_or(false);
        let covers = matches!(&step, SplitStep::Matcher(matcher) if matcher.covers_all());
        match value["behavior"].as_str() {
            Some("Isolated") => {}
            // Only the matches are kept, and they are everything.
            Some("Removed") if invert && covers => {}
            other => {
                return Err(damaged(format!(
                    "a Split of the pre_tokenizer has the behavior {}{}: only Isolated keeps every byte a piece",
                    other.unwrap_or("none"),
                    if invert { ", inverted" } else { "" }
                )));
            }
        }
        self.steps.push(step);
        Ok(())
    }
}

/// The file for a tokenizer: what it was read with, or the split as a plain regular expression and ByteLevel.
pub(super) fn write(tokenizer: &TokenizerInner) -> Vec<u8> {
    let byte_level = |trim: bool| json!({ "type": "ByteLevel", "add_prefix_space": tokenizer.prefix_space, "trim_offsets": trim, "use_regex": false });
    let foreign = tokenizer.foreign.clone().unwrap_or_else(|| Foreign {
        truncation: Value::Null,
        padding: Value::Null,
        normalizer: Value::Null,
        pre_tokenizer: match tokenizer.splitter.expression() {
            Some(regex) => json!({ "type": "Sequence", "pretokenizers": [
                { "type": "Split", "pattern": { "Regex": regex }, "behavior": "Isolated", "invert": false },
                byte_level(false),
            ] }),
            None => byte_level(false),
        },
        post_processor: Value::Null,
        decoder: byte_level(true),
    });
    let name = |id: u32| {
        let bytes = tokenizer.bpe.vocabulary.get(id)?;
        Some(match tokenizer.added.by_id(id) {
            Some(token) => token.content.clone(),
            None if tokenizer.unspelt.contains(&id) => String::from_utf8_lossy(bytes).into_owned(),
            None => alphabet::spell(bytes),
        })
    };
    // Special tokens stand in the vocabulary too: elsewhere they are numbered anew where ids have holes.
    let entries = (0..tokenizer.bpe.vocabulary.len() as u32).filter_map(|id| Some((name(id)?, id))).collect();
    let half = |id: u32| name(id).expect("a merge names tokens of the vocabulary");
    let merges = tokenizer.bpe.rules.iter().map(|&(left, right, ..)| MergeHalves(half(left), half(right))).collect();
    let added_tokens = tokenizer.added.iter().map(|token| Added {
        id: token.id,
        content: token.content.clone(),
        single_word: token.single_word,
        lstrip: token.lstrip,
        rstrip: token.rstrip,
        normalized: Some(token.normalized),
        special: token.special,
    });
    let file = Written {
        version: "1.0",
        truncation: foreign.truncation,
        padding: foreign.padding,
        added_tokens: added_tokens.collect(),
        normalizer: foreign.normalizer,
        pre_tokenizer: foreign.pre_tokenizer,
        post_processor: foreign.post_processor,
        decoder: foreign.decoder,
        model: WrittenModel {
            kind: "BPE",
            dropout: None,
            unk_token: None,
            continuing_subword_prefix: None,
            end_of_word_suffix: None,
            fuse_unk: false,
            byte_fallback: false,
            ignore_merges: tokenizer.ignore_merges,
            vocab: Entries(entries),
            merges,
        },
    };
    serde_json::to_vec(&file).expect("strings, numbers and values that were read as JSON can be written")
}

#[derive(serde::Serialize)]
struct Written {
    version: &'static str,
    truncation: Value,
    padding: Value,
    added_tokens: Vec<Added>,
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: Value,
    decoder: Value,
    model: WrittenModel,
}

#[derive(serde::Serialize)]
struct WrittenModel {
    #[serde(rename = "type")]
    kind: &'static str,
    dropout: Option<f64>,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    fuse_unk: bool,
    byte_fallback: bool,
    ignore_merges: bool,
    vocab: Entries,
    merges: Vec<MergeHalves>,
}
