//! `y = token_table[token] + position_table[position]`.

use super::cpu::adds;
use super::{MAX_GROUPS, Op, WORKGROUP, call, kernel, params, size, strided, windows};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::{Device, Kernel, read, write};
use crate::parallel;
use crate::tape::{Scalar, Tape, Tensor};

params! {
    /// B · T.
    rows: u32,
    context: u32,
    channels: u32,
    /// The window of the token table that is bound: its first row and how many.
    first: u32,
    window: u32,
    /// Rows of the position table.
    positions: u32,
    accumulate: u32,
}

static FORWARD: Kernel = kernel!("embedding", forward);
static BACKWARD_TOKENS: Kernel = kernel!("embedding", backward_tokens);
static BACKWARD_POSITIONS: Kernel = kernel!("embedding", backward_positions);

pub(super) const OP: Op = Op {
    name: "embedding",
    fields: FIELDS,
    kernels: &[&FORWARD, &BACKWARD_TOKENS, &BACKWARD_POSITIONS],
    constants: &[],
};

/// A batch of tokens on the device, with the counting sort that lets the backward pass sum without atomics.
#[derive(Clone)]
pub struct Tokens {
    /// The tokens, B · T of them.
    pub ids: Tensor,
    /// Places of the tokens, sorted by token.
    order: Tensor,
    /// Where each token's places begin in `order`: V + 1 offsets.
    offsets: Tensor,
    context: usize,
}

impl Tokens {
    /// Room for `batch` rows of `context` tokens out of `vocab`.
    pub fn new(tape: &mut Tape, batch: usize, context: usize, vocab: usize) -> Tokens {
        let training = tape.training();
        let (places, offsets) = if training { (batch * context, vocab + 1) } else { (1, 1) };
        Tokens {
            ids: tape.indices(&[batch * context]),
            order: tape.indices(&[places]),
            offsets: tape.indices(&[offsets]),
            context,
        }
    }

    /// Writes a batch: its tokens, and their order and offsets where there is a backward pass.
    ///
    /// # Panics
    /// When a token is not below the vocabulary's size.
    pub fn write(&self, device: &Device, ids: &[u32]) {
        device.write_index(self.ids.view(), ids);
        let vocab = self.offsets.view().len - 1;
        if vocab == 0 {
            return;
        }
        let mut offsets = vec![0_u32; vocab + 1];
        ids.iter().for_each(|&id| offsets[id as usize + 1] += 1);
        (1..=vocab).for_each(|v| offsets[v] += offsets[v - 1]);
        let (mut next, mut order) = (offsets.clone(), vec![0_u32; ids.len()]);
        for (place, &id) in ids.iter().enumerate() {
            order[next[id as usize] as usize] = place as u32;
            next[id as usize] += 1;
        }
        device.write_index(self.order.view(), &order);
        device.write_index(self.offsets.view(), &offsets);
    }
}

/// The rows of `token_table` (V, C) for `tokens` (B, T), plus those of `position_table` (context, C): (B · T, C).
/// Position 0 is the one after those that the cache holds, which in training is the first.
pub fn embedding(tape: &mut Tape, tokens: &Tokens, token_table: &Tensor, position_table: &Tensor) -> Tensor {
    let ([vocab, channels], [positions, width]) = (token_table.matrix("embedding"), position_table.matrix("embedding"));
    assert_eq!(channels, width, "embedding: expected positions (_, {channels}), got {:?}", position_table.shape());
    let rows = tokens.ids.view().len;
    assert!(tokens.context <= positions, "embedding: {} positions for a context of {}", positions, tokens.context);
    let y = tape.tensor(&[rows, channels]);
    let params = Params {
        rows: size(rows),
        context: size(tokens.context),
        channels: size(channels),
        first: 0,
        window: 0,
        positions: size(positions),
        accumulate: 0,
    };
    let parts = windows(vocab, channels, tape.device().max_binding());
    for part in &parts {
        let params = Params { first: size(part.start), window: size(part.len()), ..params };
        let table = token_table.view().slice(part.start * channels..part.end * channels);
        let bindings = vec![
            read(tokens.ids.view()),
            read(table),
            read(position_table.view()),
            read(tape.scalars()),
            write(y.view()),
        ];
        tape.dispatch(call(&FORWARD, params, strided(rows * channels, WORKGROUP), (rows * channels) as u64, bindings));
    }
    let (tokens, token_table, position_table, output) =
        (tokens.clone(), token_table.clone(), position_table.clone(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        if let Some((dtable, how)) = tape.gradient_mut(&token_table) {
            for part in &parts {
                let params =
                    Params { first: size(part.start), window: size(part.len()), accumulate: how as u32, ..params };
                let bindings = vec![
                    read(tokens.order.view()),
                    read(tokens.offsets.view()),
                    read(dy.view()),
                    read(tape.scalars()),
                    write(dtable.slice(part.start * channels..part.end * channels)),
                ];
                let groups = [part.len().min(MAX_GROUPS), 1, 1];
                tape.dispatch(call(&BACKWARD_TOKENS, params, groups, (rows * channels) as u64, bindings));
            }
        }
        if let Some((dpositions, how)) = tape.gradient_mut(&position_table) {
            let params = Params { accumulate: how as u32, ..params };
            let bindings = vec![read(dy.view()), read(tape.scalars()), write(dpositions)];
            let groups = strided(positions * channels, WORKGROUP);
            tape.dispatch(call(&BACKWARD_POSITIONS, params, groups, (rows * channels) as u64, bindings));
        }
    });
    y
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (B·T), (window, C), (positions, C), step scalars, (B·T, C)
    let (ids, table, positions, scalars, y) = (b.index(), b.read(), b.read(), b.read(), b.write());
    let [channels, context, first, window] = [p.channels, p.context, p.first, p.window].map(|n| n as usize);
    let cached = scalars[Scalar::CacheLength as usize].f64() as usize;
    let grain = parallel::grain(channels);
    parallel::each(y.chunks_mut(grain * channels).collect(), |i, block| {
        for (row, y) in block.chunks_exact_mut(channels).enumerate() {
            let row = i * grain + row;
            let id = ids[row] as usize;
            if !(first..first + window).contains(&id) {
                continue;
            }
            let position = (cached + row % context).min(p.positions as usize - 1);
            let (token, position) =
                (&table[(id - first) * channels..][..channels], &positions[position * channels..][..channels]);
            for c in 0..channels {
                y[c] = token[c] + position[c];
            }
        }
    });
}

fn backward_tokens<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (B·T), (V + 1), (B·T, C), step scalars, (window, C)
    let (order, offsets, dy, scalars, dtable) = (b.index(), b.index(), b.read(), b.read(), b.write());
    let (channels, first) = (p.channels as usize, p.first as usize);
    let add = adds(p.accumulate, scalars);
    let grain = parallel::grain(channels);
    parallel::each(dtable.chunks_mut(grain * channels).collect(), |i, block| {
        for (row, d) in block.chunks_exact_mut(channels).enumerate() {
            let id = first + i * grain + row;
            if !add {
                d.fill(F::ZERO);
            }
            for &place in &order[offsets[id] as usize..offsets[id + 1] as usize] {
                d.iter_mut().zip(&dy[place as usize * channels..][..channels]).for_each(|(d, dy)| *d += *dy);
            }
        }
    });
}

fn backward_positions<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (dy, scalars, dpositions) = (b.read(), b.read(), b.write()); // (B·T, C), step scalars, (positions, C)
    let [channels, context, rows] = [p.channels, p.context, p.rows].map(|n| n as usize);
    let add = adds(p.accumulate, scalars);
    parallel::each(dpositions.chunks_mut(channels).collect(), |position, d| {
        if !add {
            d.fill(F::ZERO);
        }
        if position < context {
            for row in (position..rows).step_by(context) {
                d.iter_mut().zip(&dy[row * channels..][..channels]).for_each(|(d, dy)| *d += *dy);
            }
        }
    });
}
