//! From logits to the next token on the page's own thread: sliders act at once, also while the worker is in a long step.

use js_sys::{Float64Array, Uint32Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{Answer, from_js, set, to_js};
use crate::generate::Sampling;

/// What `sampling`, `{temperature, top_k, top_p, seed}`, makes of a row of logits over the whole vocabulary: `{kept,
/// kept_by_k, kept_by_p, uniform, picked}` for the draw number `draw`; by rank the token `ranked`, its probability after the
/// temperature `tempered`, the sum of these so far `reached` and what is left of it `shares`; and in the order of ids the
/// sum of the shares, `cumulative`, on which the draw falls. Refuses what no distribution can be made of.
#[wasm_bindgen]
pub fn distribution(logits: &[f32], sampling: JsValue, draw: f64) -> Answer<JsValue> {
    #[derive(Serialize)]
    struct DistributionNumbers {
        kept: usize,
        kept_by_k: usize,
        kept_by_p: usize,
        uniform: f64,
        picked: u32,
    }
    let sampling: Sampling = from_js(sampling)?;
    sampling.validate()?;
    if logits.is_empty() {
        return Err(crate::Error::Usage("there are no logits to choose from".into()).into());
    }
    let found = sampling.distribution(logits);
    let uniform = sampling.draw(draw as u64);
    let object = to_js(&DistributionNumbers {
        kept: found.kept,
        kept_by_k: found.kept_by_k,
        kept_by_p: found.kept_by_p,
        uniform,
        picked: found.pick(uniform),
    });
    let by_rank = |of: &[f64]| found.ranked.iter().map(|id| of[*id as usize]).collect::<Vec<_>>();
    set(&object, "ranked", Uint32Array::from(&found.ranked[..]).into());
    for (name, values) in [
        ("tempered", &by_rank(&found.tempered)),
        ("shares", &by_rank(&found.shares)),
        ("reached", &found.reached),
        ("cumulative", &found.cumulative),
    ] {
        set(&object, name, Float64Array::from(&values[..]).into());
    }
    Ok(object)
}
