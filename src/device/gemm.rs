//! Matrix products on the CPU, in the crate `gemm`.

use super::float::Float;
use super::parallel;

/// A matrix in a slice: element (i, j) lies at `offset + i * rows + j * columns`.
#[derive(Clone, Copy)]
pub struct Strides {
    /// Of element (0, 0).
    pub offset: usize,
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub column: usize,
}

impl Strides {
    /// Rows of `width` elements, one after another.
    pub fn rows(width: usize) -> Strides {
        Strides { offset: 0, row: width, column: 1 }
    }

    /// The transpose of rows of `width` elements.
    pub fn transposed(width: usize) -> Strides {
        Strides { offset: 0, row: 1, column: width }
    }

    /// The same matrix, begun `offset` elements later.
    pub fn at(self, offset: usize) -> Strides {
        Strides { offset: self.offset + offset, ..self }
    }

    fn last(self, m: usize, n: usize) -> usize {
        self.offset + (m - 1) * self.row + (n - 1) * self.column
    }
}

/// `c = scale · a · b`, or `c + scale · a · b` where `add`, on this thread: `a` is (m, k), `b` (k, n), `c` (m, n).
pub fn multiply<F: Float>(
    [m, k, n]: [usize; 3],
    (a, a_strides): (&[F], Strides),
    (b, b_strides): (&[F], Strides),
    (c, c_strides): (&mut [F], Strides),
    scale: F,
    add: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(
        k > 0 && a_strides.last(m, k) < a.len() && b_strides.last(k, n) < b.len() && c_strides.last(m, n) < c.len()
    );
    assert!(c_strides.column == 1 && c_strides.row >= n || c_strides.row == 1 && c_strides.column >= m);
    // Sound: the last element of each matrix lies inside its slice (asserted), strides are not negative, and distinct
    // (i, j) of `c` are distinct elements of a slice that is borrowed mutably.
    #[allow(unsafe_code)]
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr().add(c_strides.offset),
            c_strides.column as isize,
            c_strides.row as isize,
            add,
            a.as_ptr().add(a_strides.offset),
            a_strides.column as isize,
            a_strides.row as isize,
            b.as_ptr().add(b_strides.offset),
            b_strides.column as isize,
            b_strides.row as isize,
            F::ONE,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The same product over all cores, `c` being whole rows of `width` elements of which columns `0..n` are written.
/// `finish(first row, rows)` runs on each finished block of rows while it is in cache.
pub fn multiply_rows<F: Float>(
    [m, k, n]: [usize; 3],
    (a, a_strides): (&[F], Strides),
    (b, b_strides): (&[F], Strides),
    (c, width): (&mut [F], usize),
    add: bool,
    prepare: impl Fn(usize, &mut [F]) + Sync + Send,
    finish: impl Fn(usize, &mut [F]) + Sync + Send,
) {
    let block = block(m, k * n);
    let blocks: Vec<&mut [F]> = c[..(m - 1) * width + n].chunks_mut(block * width).collect();
    parallel::each(blocks, |i, rows| {
        let first = i * block;
        let count = block.min(m - first);
        prepare(first, rows);
        multiply(
            [count, k, n],
            (a, a_strides.at(first * a_strides.row)),
            (b, b_strides),
            (rows, Strides::rows(width)),
            F::ONE,
            add,
        );
        finish(first, rows);
    });
}

/// Rows of one task: so many that a task is about 8 MFLOP, and a multiple of 16 for the microkernel.
fn block(m: usize, row_work: usize) -> usize {
    let wanted = (4_000_000 / row_work.max(1)).max(16);
    let tasks = (m / wanted).max(1);
    m.div_ceil(tasks).next_multiple_of(16)
}
