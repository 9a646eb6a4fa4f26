//! Products of one row with a matrix that lies in the first cache: what is too small for the crate `gemm`.
//! All of it is to be inlined into [`Float::vectorised`].

use super::float::Float;

/// `out[j] = Σ a[i] · b[i · stride + j]`: a row times a matrix, each sum in an order that only the shape decides.
#[inline(always)]
pub fn row_times_matrix<F: Float>(out: &mut [F], a: &[F], b: &[F], stride: usize) {
    let n = out.len();
    let mut j = 0;
    while j + 64 <= n {
        let mut sums = [F::ZERO; 64];
        for (i, &a) in a.iter().enumerate() {
            let row = &b[i * stride + j..][..64];
            for l in 0..64 {
                sums[l] = a.mul_add(row[l], sums[l]);
            }
        }
        out[j..j + 64].copy_from_slice(&sums);
        j += 64;
    }
    while j + 16 <= n {
        // Four sums at once: one alone would wait for itself.
        let mut sums = [[F::ZERO; 16]; 4];
        let whole = a.len() / 4 * 4;
        for i in (0..whole).step_by(4) {
            for u in 0..4 {
                let row = &b[(i + u) * stride + j..][..16];
                for l in 0..16 {
                    sums[u][l] = a[i + u].mul_add(row[l], sums[u][l]);
                }
            }
        }
        for i in whole..a.len() {
            let row = &b[i * stride + j..][..16];
            for l in 0..16 {
                sums[0][l] = a[i].mul_add(row[l], sums[0][l]);
            }
        }
        for l in 0..16 {
            out[j + l] = (sums[0][l] + sums[1][l]) + (sums[2][l] + sums[3][l]);
        }
        j += 16;
    }
    while j < n {
        out[j] = a.iter().enumerate().map(|(i, &a)| a * b[i * stride + j]).sum();
        j += 1;
    }
}

/// `c[i · b.len() + j] += a[i] · b[j]`.
#[inline(always)]
pub fn add_outer<F: Float>(c: &mut [F], a: &[F], b: &[F]) {
    for (&a, row) in a.iter().zip(c.chunks_exact_mut(b.len())) {
        for (c, &b) in row.iter_mut().zip(b) {
            *c = a.mul_add(b, *c);
        }
    }
}

/// The transpose of `rows` rows of `width` elements that begin `stride` apart, each new row `padded` long.
#[inline(always)]
pub fn transpose<F: Float>(a: &[F], rows: usize, width: usize, stride: usize, padded: usize) -> Vec<F> {
    let mut transposed = vec![F::ZERO; width * padded];
    for r in 0..rows {
        for (c, &x) in a[r * stride..][..width].iter().enumerate() {
            transposed[c * padded + r] = x;
        }
    }
    transposed
}

/// `rows` rows of `width` elements that begin `stride` apart, side by side.
#[inline(always)]
pub fn gather<F: Float>(a: &[F], rows: usize, width: usize, stride: usize) -> Vec<F> {
    let mut gathered = Vec::with_capacity(rows * width);
    (0..rows).for_each(|r| gathered.extend_from_slice(&a[r * stride..][..width]));
    gathered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_times_matrices_of_all_widths() {
        for (k, n) in [(1, 1), (3, 16), (7, 17), (16, 64), (5, 95), (33, 130)] {
            let a: Vec<f64> = (0..k).map(|i| (i as f64 * 0.7).sin()).collect();
            let b: Vec<f64> = (0..k * n).map(|i| (i as f64 * 0.3).cos()).collect();
            let mut out = vec![f64::NAN; n];
            row_times_matrix(&mut out, &a, &b, n);
            for j in 0..n {
                let want: f64 = (0..k).map(|i| a[i] * b[i * n + j]).sum();
                assert!((out[j] - want).abs() < 1e-12, "({k}, {n}) [{j}]: got {}, want {want}", out[j]);
            }
            let mut outer = vec![1.0; k * n];
            add_outer(&mut outer, &a, &b[..n]);
            assert!((0..k * n).all(|i| (outer[i] - 1.0 - a[i / n] * b[i % n]).abs() < 1e-12));
            assert_eq!(
                transpose(&b, k, n, n, k),
                transpose(&transpose(&transpose(&b, k, n, n, k), n, k, k, n), k, n, n, k)
            );
            assert_eq!(gather(&b, k, n, n), b);
        }
    }
}
