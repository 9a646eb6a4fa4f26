//! Matrix products on the CPU, in the crate `gemm`.

use super::float::Float;

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
    shape: [usize; 3],
    a: (&[F], Strides),
    b: (&[F], Strides),
    c: (&mut [F], Strides),
    scale: F,
    add: bool,
) {
    product(shape, a, b, c, scale, add, gemm::Parallelism::None);
}

fn product<F: Float>(
    [m, k, n]: [usize; 3],
    (a, a_strides): (&[F], Strides),
    (b, b_strides): (&[F], Strides),
    (c, c_strides): (&mut [F], Strides),
    scale: F,
    add: bool,
    parallelism: gemm::Parallelism,
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
            parallelism,
        );
    }
}

/// The same product over all cores; the crate divides it, and its results do not depend on how many there are.
pub fn multiply_parallel<F: Float>(
    shape: [usize; 3],
    a: (&[F], Strides),
    b: (&[F], Strides),
    c: (&mut [F], Strides),
    add: bool,
) {
    product(shape, a, b, c, F::ONE, add, parallelism());
}

/// How the crate `gemm` is to divide a product.
fn parallelism() -> gemm::Parallelism {
    #[cfg(not(target_arch = "wasm32"))]
    return gemm::Parallelism::Rayon(0);
    #[cfg(target_arch = "wasm32")]
    gemm::Parallelism::None
}
