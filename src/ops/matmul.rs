//! y = x · weight + bias, and the products of its backward pass: dx = dy · weightᵀ, dweight = xᵀ · dy, dbias = Σ dy.

use super::cpu::{adds, partial_sums, store};
use super::{Forms, Op, call, forms, operations, params, size, windows};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::gemm::{Strides, multiply_parallel};
use crate::device::{Dispatch, View, read, write};
use crate::parallel;
use crate::tape::{Accumulate, Tape, Tensor};

params! {
    /// Rows of the product.
    rows: u32,
    /// Terms of each sum.
    inner: u32,
    /// Columns of the product.
    columns: u32,
    /// Elements from one row of `a` as it lies in memory to the next.
    a_stride: u32,
    /// Elements in front of its first row.
    a_offset: u32,
    /// The same for the product.
    c_stride: u32,
    c_offset: u32,
    accumulate: u32,
    /// Whether there is a bias.
    bias: u32,
}

static FORWARD: Form = Form { kernels: forms!("matmul", forward), transposed: [false, false] };
static TIMES_TRANSPOSE: Form = Form { kernels: forms!("matmul", times_transpose), transposed: [false, true] };
static TRANSPOSE_TIMES: Form = Form { kernels: forms!("matmul", transpose_times), transposed: [true, false] };
static COLUMN_SUMS: Forms = forms!("matmul", column_sums);

pub(super) const OP: Op = Op {
    name: "matmul",
    fields: FIELDS,
    kernels: &[
        &FORWARD.kernels.hardware,
        &FORWARD.kernels.emulated,
        &TIMES_TRANSPOSE.kernels.hardware,
        &TIMES_TRANSPOSE.kernels.emulated,
        &TRANSPOSE_TIMES.kernels.hardware,
        &TRANSPOSE_TIMES.kernels.emulated,
        &COLUMN_SUMS.hardware,
        &COLUMN_SUMS.emulated,
    ],
    constants: &[("SIDE", &[8, 16]), ("ALIGNED", &[0, 1])],
};

/// One of the three products.
struct Form {
    kernels: Forms,
    /// Whether `a` and `b` lie transposed in memory.
    transposed: [bool; 2],
}

/// Columns and rows that one workgroup of an emulated kernel computes; matmul.wgsl has the same numbers.
const EMULATED: [usize; 2] = [64, 32];

/// Large tiles of the product, 128 rows and columns, are worth it where there are this many of them; else they have 64.
const LARGE_TILES_FROM: usize = 128;

/// A product as the launchers below describe it.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub rows: usize,
    pub inner: usize,
    pub columns: usize,
    /// Row stride of `a` in memory and where its first element lies, where it is a window of wider rows.
    pub a: (usize, usize),
    /// The same for the product.
    pub c: (usize, usize),
}

impl Product {
    /// (rows, inner) · (inner, columns), all of them whole.
    pub fn new(rows: usize, inner: usize, columns: usize, a_stride: usize) -> Product {
        Product { rows, inner, columns, a: (a_stride, 0), c: (columns, 0) }
    }

    fn params(self, accumulate: Accumulate, bias: bool) -> Params {
        Params {
            rows: size(self.rows),
            inner: size(self.inner),
            columns: size(self.columns),
            a_stride: size(self.a.0),
            a_offset: size(self.a.1),
            c_stride: size(self.c.0),
            c_offset: size(self.c.1),
            accumulate: accumulate as u32,
            bias: u32::from(bias),
        }
    }

    fn work(self) -> u64 {
        operations([2, self.rows, self.inner, self.columns])
    }

    /// c (rows, columns) = a (rows, inner) · b (inner, columns) + bias (columns).
    pub fn forward(
        self,
        tape: &Tape,
        a: View,
        b: View,
        bias: Option<View>,
        c: View,
        accumulate: Accumulate,
    ) -> Dispatch {
        self.call(tape, &FORWARD, [a, b, bias.unwrap_or(b), c], accumulate, bias.is_some())
    }

    /// c (rows, columns) = a (rows, inner) · bᵀ, with b (columns, inner).
    pub fn times_transpose(self, tape: &Tape, a: View, b: View, c: View, accumulate: Accumulate) -> Dispatch {
        self.call(tape, &TIMES_TRANSPOSE, [a, b, b, c], accumulate, false)
    }

    /// c (rows, columns) = aᵀ · b, with a (inner, rows), b (inner, columns).
    pub fn transpose_times(self, tape: &Tape, a: View, b: View, c: View, accumulate: Accumulate) -> Dispatch {
        self.call(tape, &TRANSPOSE_TIMES, [a, b, b, c], accumulate, false)
    }

    fn call(
        self,
        tape: &Tape,
        form: &'static Form,
        [a, b, bias, c]: [View; 4],
        accumulate: Accumulate,
        has_bias: bool,
    ) -> Dispatch {
        let bindings = vec![read(a), read(b), read(bias), read(tape.scalars()), write(c)];
        let tiles = |[width, height]: [usize; 2]| [self.columns.div_ceil(width), self.rows.div_ceil(height), 1];
        let side = if tiles([128; 2]).iter().product::<usize>() >= LARGE_TILES_FROM { 16 } else { 8 };
        let a_width = if form.transposed[0] { self.rows } else { self.inner };
        let b_width = if form.transposed[1] { self.inner } else { self.columns };
        let aligned = [self.a.0, self.a.1, a_width, b_width].iter().all(|n| n % 4 == 0);
        let (kernel, tile) = if aligned && tape.device().is_emulated() {
            (&form.kernels.emulated, EMULATED)
        } else {
            (&form.kernels.hardware, [8 * side as usize; 2])
        };
        Dispatch {
            constants: constants(side, aligned),
            ..call(kernel, self.params(accumulate, has_bias), tiles(tile), self.work(), bindings)
        }
    }
}

/// The lines in front of the WGSL.
fn constants(side: u32, aligned: bool) -> Vec<(&'static str, u32)> {
    vec![("SIDE", side), ("ALIGNED", u32::from(aligned))]
}

/// `x` (N, K) · `weight` (K, M) + `bias` (M): (N, M).
pub fn matmul(tape: &mut Tape, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let ([rows, inner], [weight_rows, columns]) = (x.matrix("matmul"), weight.matrix("matmul"));
    assert_eq!(inner, weight_rows, "matmul: expected a weight ({inner}, _), got {:?}", weight.shape());
    if let Some(bias) = bias {
        assert!(bias.shape() == [columns], "matmul: expected a bias ({columns}), got {:?}", bias.shape());
    }
    let y = tape.tensor(&[rows, columns]);
    let product = Product::new(rows, inner, columns, inner);
    let dispatch =
        product.forward(tape, x.view(), weight.view(), bias.map(Tensor::view), y.view(), Accumulate::Overwrite);
    tape.dispatch(dispatch);
    let (x, weight, bias, output) = (x.clone(), weight.clone(), bias.cloned(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        if let Some((dw, how)) = tape.gradient_mut(&weight) {
            let product = Product::new(inner, rows, columns, inner);
            tape.dispatch(product.transpose_times(tape, x.view(), dy.view(), dw, how));
        }
        if let Some((db, how)) = bias.and_then(|bias| tape.gradient_mut(&bias)) {
            let params = Product::new(rows, 0, columns, columns).params(how, false);
            let bindings = vec![read(dy.view()), read(tape.scalars()), write(db)];
            let (kernel, groups) = COLUMN_SUMS.strided(tape.device(), columns, 16);
            let dispatch = call(kernel, params, groups, (rows * columns) as u64, bindings);
            tape.dispatch(Dispatch { constants: constants(8, false), ..dispatch });
        }
        if let Some((dx, how)) = tape.gradient_mut(&x) {
            let product = Product::new(rows, columns, inner, columns);
            tape.dispatch(product.times_transpose(tape, dy.view(), weight.view(), dx, how));
        }
    });
    y
}

/// `hidden` (N, C) · `weight`ᵀ with `weight` (V, C): the logits (N, V), whole; without a backward pass.
pub fn logits(tape: &mut Tape, hidden: &Tensor, weight: &Tensor) -> Tensor {
    let ([rows, channels], [vocab, inner]) = (hidden.matrix("logits"), weight.matrix("logits"));
    assert_eq!(channels, inner, "logits: expected a weight (_, {channels}), got {:?}", weight.shape());
    let y = tape.tensor(&[rows, vocab]);
    for window in windows(vocab, channels, tape.device().max_binding()) {
        let product = Product { c: (vocab, window.start), ..Product::new(rows, channels, window.len(), channels) };
        let part = weight.view().slice(window.start * channels..window.end * channels);
        tape.dispatch(product.times_transpose(tape, hidden.view(), part, y.view(), Accumulate::Overwrite));
    }
    y
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (N, K), (K, M), (M), step scalars, (N, M)
    let (a, w, bias, _, c) = (b.read(), b.read(), b.read(), b.read(), b.write());
    let bias = (p.bias == 1).then_some(bias);
    let strides = Strides::rows(p.a_stride as usize).at(p.a_offset as usize);
    product(p, (a, strides), (w, Strides::rows(p.columns as usize)), bias, c, p.accumulate == Accumulate::Add as u32);
}

fn times_transpose<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (N, K), (M, K), no bias, step scalars, (N, M)
    let (a, w, _, _, c) = (b.read(), b.read(), b.read(), b.read(), b.write());
    let strides = Strides::rows(p.a_stride as usize).at(p.a_offset as usize);
    product(
        p,
        (a, strides),
        (w, Strides::transposed(p.inner as usize)),
        None,
        c,
        p.accumulate == Accumulate::Add as u32,
    );
}

fn transpose_times<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (K, N), (K, M), no bias, step scalars, (N, M)
    let (a, w, _, scalars, c) = (b.read(), b.read(), b.read(), b.read(), b.write());
    let strides = Strides::transposed(p.a_stride as usize).at(p.a_offset as usize);
    product(p, (a, strides), (w, Strides::rows(p.columns as usize)), None, c, adds(p.accumulate, scalars));
}

fn product<F: Float>(p: &Params, a: (&[F], Strides), b: (&[F], Strides), bias: Option<&[F]>, c: &mut [F], add: bool) {
    let [rows, inner, columns] = [p.rows, p.inner, p.columns].map(|n| n as usize);
    let stride = p.c_stride as usize;
    if let Some(bias) = bias {
        let grain = parallel::grain(columns);
        parallel::each(c.chunks_mut(grain * stride).collect(), |_, block| {
            block.chunks_mut(stride).for_each(|row| row[..columns].copy_from_slice(bias));
        });
    }
    let c = (c, Strides::rows(stride).at(p.c_offset as usize));
    multiply_parallel([rows, inner, columns], a, b, c, add || bias.is_some());
}

fn column_sums<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (dy, scalars, db) = (b.read(), b.read(), b.write()); // (N, M), step scalars, (M)
    let columns = p.columns as usize;
    let sums = partial_sums(p.rows as usize, columns, |row, sums: &mut [F]| {
        sums.iter_mut().zip(&dy[row * columns..][..columns]).for_each(|(sum, dy)| *sum += *dy);
    });
    store(db, &sums, p.accumulate, scalars);
}
