//! From logits to the next token on the page's own thread: sliders act at once, also while the worker is in a long step.

use js_sys::Float64Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{Answer, from_js, set, to_js};
use crate::generate::Sampling;

/// What `sampling`, `{temperature, top_k, top_p, seed}`, makes of a row of logits: `{kept, uniform, picked, chances,
/// reached}` for the draw number `draw`. `chances` has `{tempered, share}` for each of `ids`, in their order; `reached` is
/// the probability after the temperature summed up by rank, over the whole vocabulary. Refuses what no distribution can
/// be made of.
#[wasm_bindgen]
pub fn distribution(logits: &[f32], sampling: JsValue, draw: f64, ids: &[u32]) -> Answer<JsValue> {
    #[derive(Serialize)]
    struct Chance {
        tempered: f64,
        share: f64,
    }
    #[derive(Serialize)]
    struct Told {
        kept: usize,
        uniform: f64,
        picked: u32,
        chances: Vec<Chance>,
    }
    let sampling: Sampling = from_js(sampling)?;
    sampling.validate()?;
    if logits.is_empty() {
        return Err(crate::Error::Usage("there are no logits to choose from".into()).into());
    }
    let found = sampling.distribution(logits);
    let uniform = sampling.draw(draw as u64);
    let known = ids.iter().map(|id| *id as usize).filter(|id| *id < logits.len());
    let told = to_js(&Told {
        kept: found.kept,
        uniform,
        picked: found.pick(uniform),
        chances: known.map(|id| Chance { tempered: found.tempered[id], share: found.shares[id] }).collect(),
    });
    set(&told, "reached", Float64Array::from(&found.reached[..]).into());
    Ok(told)
}
