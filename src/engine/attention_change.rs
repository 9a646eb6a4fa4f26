//! How updates changed where the heads look: two looks at the same tokens, held against each other.

use super::protocol::HeadShift;

/// What changed of `before` (L, H, T, T), with `heads` H and `len` T: after - before, each head's shift, and the place of
/// the head among them whose mean is the largest.
pub fn attention_change(before: &[f32], after: &[f32], heads: usize, len: usize) -> (Vec<f32>, Vec<HeadShift>, usize) {
    assert_eq!(before.len(), after.len(), "attention_change: two looks at the same tokens");
    let change: Vec<f32> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    let shifts: Vec<HeadShift> = change
        .chunks_exact(len * len)
        .enumerate()
        .map(|(i, change)| {
            let mut shift = HeadShift { layer: i / heads, head: i % heads, mean: 0.0, largest: 0.0, from: 0, to: 0 };
            for (from, row) in change.chunks_exact(len).enumerate() {
                for (to, change) in row[..=from].iter().map(|change| f64::from(*change)).enumerate() {
                    shift.mean += change.abs();
                    if change.abs() > shift.largest.abs() {
                        (shift.largest, shift.from, shift.to) = (change, from, to);
                    }
                }
            }
            shift.mean /= (len * (len + 1) / 2) as f64;
            shift
        })
        .collect();
    let first = |most: usize, i: usize| if shifts[i].mean > shifts[most].mean { i } else { most };
    let most = (0..shifts.len()).fold(0, first);
    (change, shifts, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_by_hand() {
        // Two layers of one head over two tokens.
        let before = [1.0, 0.0, 0.5, 0.5, 1.0, 0.0, 0.25, 0.75];
        let after = [1.0, 0.0, 0.75, 0.25, 1.0, 0.0, 0.75, 0.25];
        let (change, shifts, most) = attention_change(&before, &after, 1, 2);
        assert_eq!(change, [0.0, 0.0, 0.25, -0.25, 0.0, 0.0, 0.5, -0.5]);
        assert_eq!(shifts[0], HeadShift { layer: 0, head: 0, mean: 0.5 / 3.0, largest: 0.25, from: 1, to: 0 });
        assert_eq!(shifts[1], HeadShift { layer: 1, head: 0, mean: 1.0 / 3.0, largest: 0.5, from: 1, to: 0 });
        assert_eq!(most, 1);
        // What goes down may be the largest; where nothing changes the first head is named.
        let (_, shifts, most) = attention_change(&after, &before, 2, 2);
        assert_eq!((shifts[0].largest, shifts[1].largest), (-0.25, -0.5));
        assert_eq!(((shifts[1].layer, shifts[1].head), most), ((0, 1), 1));
        let (_, shifts, most) = attention_change(&before, &before, 2, 2);
        assert_eq!((shifts[1].mean, shifts[1].largest, most), (0.0, 0.0, 0));
    }
}
