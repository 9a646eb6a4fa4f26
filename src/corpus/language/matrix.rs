//! Rows of numbers as fastText stores them: plain, or quantised, where a byte stands for two numbers or so and another for
//! the row's length.

use super::bytes::Bytes;
use crate::Result;

/// Values that a byte can stand for.
const CENTROIDS: usize = 256;

/// R rows of D numbers.
pub(super) struct Matrix {
    rows: usize,
    columns: usize,
    store: MatrixRows,
}

enum MatrixRows {
    /// (R, D)
    Plain(Vec<f32>),
    Quantised {
        /// (R, parts): for each part of a row the number of its centroid.
        codes: Vec<u8>,
        quantiser: Quantiser,
        /// For each row the number of its length, and the lengths.
        lengths: Option<(Vec<u8>, Quantiser)>,
    },
}

/// What the bytes of a product quantiser stand for: each of a row's parts has 256 centroids of its own.
struct Quantiser {
    columns: usize,
    /// Numbers of a part; the last part has what is left over.
    part: usize,
    centroids: Vec<f32>,
}

impl Quantiser {
    fn read(bytes: &mut Bytes, columns: usize) -> Result<Self> {
        let what = "a quantiser";
        let [dim, parts, part, last] = [bytes.i32(what)?, bytes.i32(what)?, bytes.i32(what)?, bytes.i32(what)?];
        let fits = dim as usize == columns && (1..=dim).contains(&part) && {
            let left = dim % part;
            parts == dim / part + (left > 0) as i32 && last == if left > 0 { left } else { part }
        };
        if !fits {
            return bytes.fault(format_args!(
                "expected {columns} columns in parts, found {dim} in {parts} parts of {part}, the last of {last}"
            ));
        }
        Ok(Quantiser { columns, part: part as usize, centroids: bytes.numbers(columns * CENTROIDS, what)? })
    }

    fn parts(&self) -> usize {
        self.columns.div_ceil(self.part)
    }

    /// The numbers of a row with these codes, part by part, with where each part begins.
    fn row<'a>(&'a self, codes: &'a [u8]) -> impl Iterator<Item = (usize, &'a [f32])> {
        codes.iter().enumerate().map(|(nth, &code)| {
            let start = nth * self.part;
            let length = self.part.min(self.columns - start);
            let at = start * CENTROIDS + code as usize * length;
            (start, &self.centroids[at..at + length])
        })
    }
}

impl Matrix {
    /// Reads one whose rows have `columns` numbers, and of which there are `rows` or more.
    pub(super) fn read(bytes: &mut Bytes, quantised: bool, rows: usize, columns: usize, what: &str) -> Result<Self> {
        let with_lengths = quantised && bytes.flag(what)?;
        let [m, n] = [bytes.i64(what)?, bytes.i64(what)?];
        if n != columns as i64 {
            return bytes.fault(format_args!("expected {columns} columns of {what}, found {n}"));
        }
        if !quantised {
            let m = bytes.count(m, rows as i64, columns * 4, "rows")?;
            return Ok(Matrix { rows: m, columns, store: MatrixRows::Plain(bytes.numbers(m * columns, what)?) });
        }
        let size = bytes.i32(what)?;
        let m = bytes.count(m, rows as i64, 1, "rows")?;
        let size = bytes.count(size.into(), 0, 1, "codes")?;
        let codes = bytes.take(size, what)?.to_vec();
        let quantiser = Quantiser::read(bytes, columns)?;
        if m.checked_mul(quantiser.parts()) != Some(size) {
            return bytes
                .fault(format_args!("expected {} codes for each of {m} rows, found {size}", quantiser.parts()));
        }
        let lengths = match with_lengths {
            true => Some((bytes.take(m, what)?.to_vec(), Quantiser::read(bytes, 1)?)),
            false => None,
        };
        Ok(Matrix { rows: m, columns, store: MatrixRows::Quantised { codes, quantiser, lengths } })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row to `sum`.
    pub(super) fn add_row(&self, row: usize, sum: &mut [f32]) {
        match &self.store {
            MatrixRows::Plain(numbers) => {
                let row = &numbers[row * self.columns..][..self.columns];
                sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
            }
            MatrixRows::Quantised { codes, quantiser, .. } => {
                let (length, parts) = (self.length(row), quantiser.parts());
                for (start, part) in quantiser.row(&codes[row * parts..][..parts]) {
                    sum[start..].iter_mut().zip(part).for_each(|(sum, number)| *sum += length * number);
                }
            }
        }
    }

    /// The product of a row with `vector`.
    pub(super) fn dot_row(&self, row: usize, vector: &[f32]) -> f32 {
        let mut sum = 0.0;
        match &self.store {
            MatrixRows::Plain(numbers) => {
                let row = &numbers[row * self.columns..][..self.columns];
                row.iter().zip(vector).for_each(|(number, factor)| sum += number * factor);
                sum
            }
            MatrixRows::Quantised { codes, quantiser, .. } => {
                let parts = quantiser.parts();
                for (start, part) in quantiser.row(&codes[row * parts..][..parts]) {
                    vector[start..].iter().zip(part).for_each(|(factor, number)| sum += factor * number);
                }
                sum * self.length(row)
            }
        }
    }

    /// What a quantised row is multiplied by.
    fn length(&self, row: usize) -> f32 {
        match &self.store {
            MatrixRows::Quantised { lengths: Some((codes, quantiser)), .. } => quantiser.centroids[codes[row] as usize],
            _ => 1.0,
        }
    }
}
