//! Weights and moments out of safetensors files, ours or those of transformers.

use std::collections::HashMap;

use super::{FIRST, MODEL, Moments, OPTIMIZER, SECOND, SaveFiles, Sums, Tensor, config::SAVE, safetensors};
use crate::{
    Error, Result,
    model::{
        config::ModelConfig,
        parameters::{Parameter, parameters},
    },
};

/// The head, where somebody has written it beside the token embedding that it is.
const HEAD: &str = "lm_head.weight";
/// What stands before the names of a model with a head, and not of one without.
const PREFIX: &str = "transformer.";
const EMBEDDING: &str = "transformer.wte.weight";

/// A file that was read to its end.
pub(super) struct WholeFile<T> {
    /// What it holds.
    pub content: T,
    /// The id of its save, if it bears one.
    pub mark: Option<String>,
    /// Whether its sum is the one that it was saved with, where that is known.
    pub intact: Result<()>,
}

/// Reads `model.safetensors` in any order of tensors, with or without prefix and head. Gives the tensors in the order
/// of [`parameters`]. `tied` is what the configuration says of the head.
pub(super) fn read_model(
    source: &mut dyn SaveFiles,
    config: &ModelConfig,
    tied: bool,
    sums: &Sums,
) -> Result<WholeFile<Vec<Tensor>>> {
    let place = source.place(MODEL);
    let missing = absent(source)?;
    let Some((reader, len)) = source.open(MODEL)? else {
        return Err(Error::format(place, missing));
    };
    let mut reader = sums.reader(MODEL, reader);
    let list = parameters(config);
    let wanted = Wanted::new(&place, &list);
    let mut contents = safetensors::read(&place, &mut reader, len, &mut |name, shape| {
        if name == HEAD {
            return wanted.check(name, EMBEDDING, shape).map(|()| true);
        }
        let base = name.strip_prefix(PREFIX).unwrap_or(name);
        // Masks that older versions of transformers kept among the weights.
        if base.starts_with("h.") && (base.ends_with(".attn.bias") || base.ends_with(".attn.masked_bias")) {
            return Ok(false);
        }
        wanted.check(name, &format!("{PREFIX}{base}"), shape).map(|()| true)
    })?;
    let intact = reader.check(&place);
    let head = contents.tensors.remove(HEAD);
    let mut tensors = Vec::new();
    for parameter in &list {
        let bare = contents.tensors.remove(&parameter.name[PREFIX.len()..]);
        let full = contents.tensors.remove(&parameter.name);
        let values = match (bare, full) {
            (Some(values), None) | (None, Some(values)) => values,
            (None, None) => return Err(wanted.missing(&parameter.name)),
            (Some(_), Some(_)) => {
                let message = format!("{}: it is there twice, with and without `{PREFIX}`", parameter.name);
                return Err(Error::format(place, message));
            }
        };
        tensors.push((parameter.name.clone(), parameter.shape.clone(), values));
    }
    match head {
        Some(head) if head != tensors[0].2 => Err(Error::format(
            place,
            format!("{HEAD} is not {EMBEDDING} again: a model with a head of its own is not computed here"),
        )),
        None if !tied => Err(Error::format(
            place,
            format!("{HEAD} is missing, and config.json says that it is not {EMBEDDING} again: get the file again"),
        )),
        _ => Ok(WholeFile { content: tensors, mark: contents.metadata.remove(SAVE), intact }),
    }
}

/// Reads `optimizer.safetensors`, if there is one, and the id of its save.
pub(super) fn read_moments(
    source: &mut dyn SaveFiles,
    config: &ModelConfig,
    sums: &Sums,
) -> Result<Option<WholeFile<Moments>>> {
    let place = source.place(OPTIMIZER);
    let Some((reader, len)) = source.open(OPTIMIZER)? else {
        return Ok(None);
    };
    let mut reader = sums.reader(OPTIMIZER, reader);
    let list = parameters(config);
    let wanted = Wanted::new(&place, &list);
    let mut contents = safetensors::read(&place, &mut reader, len, &mut |name, shape| {
        let parameter = name.strip_prefix(FIRST).or_else(|| name.strip_prefix(SECOND)).unwrap_or(name);
        wanted.check(name, parameter, shape).map(|()| true)
    })?;
    let intact = reader.check(&place);
    let mut take = |prefix: &str| -> Result<Vec<Vec<f32>>> {
        let names = list.iter().map(|parameter| format!("{prefix}{}", parameter.name));
        names.map(|name| contents.tensors.remove(&name).ok_or_else(|| wanted.missing(&name))).collect()
    };
    let moments = Moments { first: take(FIRST)?, second: take(SECOND)? };
    Ok(Some(WholeFile { content: moments, mark: contents.metadata.remove(SAVE), intact }))
}

/// Why there is no `model.safetensors`, in case there is none.
fn absent(source: &mut dyn SaveFiles) -> Result<String> {
    for other in ["model.safetensors.index.json", "pytorch_model.bin"] {
        if source.open(other)?.is_some() {
            return Ok(format!(
                "it is missing, but there is {other}: load the model with transformers and save it in one piece, with \
                 save_pretrained(…, max_shard_size=\"100GB\")"
            ));
        }
    }
    Ok("it is missing: expected the weights of the model".into())
}

/// The parameters that a file is to hold.
struct Wanted<'a> {
    place: &'a str,
    shapes: HashMap<&'a str, &'a [usize]>,
}

impl<'a> Wanted<'a> {
    fn new(place: &'a str, list: &'a [Parameter]) -> Self {
        Wanted { place, shapes: list.iter().map(|parameter| (&parameter.name[..], &parameter.shape[..])).collect() }
    }

    /// Refuses the tensor `name` unless it has the shape of `parameter`.
    fn check(&self, name: &str, parameter: &str, shape: &[usize]) -> Result<()> {
        let message = match self.shapes.get(parameter) {
            Some(expected) if *expected == shape => return Ok(()),
            Some(expected) => {
                format!("{name}: expected the shape {expected:?} that config.json asks for, found {shape:?}")
            }
            None => format!("{name}: a GPT-2 of the shape in config.json has no such tensor"),
        };
        Err(Error::format(self.place, message))
    }

    fn missing(&self, name: &str) -> Error {
        Error::format(self.place, format!("{name} is missing, and config.json asks for it: get the file again"))
    }
}
