//! The bytes of a model file, read from the front. Nothing is taken that is not there, so nothing is allocated either.

use crate::{Error, Result};

/// What is left of a file.
pub(super) struct Bytes<'a> {
    name: &'a str,
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    /// The bytes of the file of this name.
    pub(super) fn new(name: &'a str, all: &'a [u8]) -> Self {
        Bytes { name, all, at: 0 }
    }

    /// A fault at this place.
    pub(super) fn fault<T>(&self, message: impl std::fmt::Display) -> Result<T> {
        Err(Error::format(
            self.name,
            format!("at byte {}: {message}; it is no whole fastText model: fetch it again", self.at),
        ))
    }

    /// The next `count` bytes, for `what`.
    pub(super) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8]> {
        let rest = &self.all[self.at..];
        if count > rest.len() {
            return self.fault(format_args!("expected {count} bytes of {what}, found {}", rest.len()));
        }
        self.at += count;
        Ok(&rest[..count])
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        Ok(self.take(N, what)?.try_into().expect("so many were taken"))
    }

    pub(super) fn i32(&mut self, what: &str) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array(what)?))
    }

    pub(super) fn i64(&mut self, what: &str) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array(what)?))
    }

    /// A byte that is 0 or 1.
    pub(super) fn flag(&mut self, what: &str) -> Result<bool> {
        match self.array::<1>(what)? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => self.fault(format_args!("expected 0 or 1 for {what}, found {other}")),
        }
    }

    /// A number that is `least` or more and that so many things of `size` bytes are left.
    pub(super) fn count(&mut self, number: i64, least: i64, size: usize, what: &str) -> Result<usize> {
        let most = (self.all.len() - self.at) / size.max(1);
        match usize::try_from(number) {
            Ok(count) if number >= least && count <= most => Ok(count),
            Ok(count) if number >= least => self
                .fault(format_args!("expected bytes for {count} {what}, found enough for {most}: the file is cut off")),
            _ => self.fault(format_args!("expected {least} {what} or more, found {number}")),
        }
    }

    /// The bytes up to a zero, which is passed over.
    pub(super) fn word(&mut self, what: &str) -> Result<&'a [u8]> {
        let Some(length) = self.all[self.at..].iter().position(|&byte| byte == 0) else {
            return self.fault(format_args!("expected the end of {what}, found none"));
        };
        let word = self.take(length, what)?;
        self.at += 1;
        Ok(word)
    }

    /// `count` finite numbers.
    pub(super) fn numbers(&mut self, count: usize, what: &str) -> Result<Vec<f32>> {
        let Some(bytes) = count.checked_mul(4) else { return self.fault(format_args!("too many numbers in {what}")) };
        let bytes = self.take(bytes, what)?.as_chunks::<4>().0;
        let numbers: Vec<f32> = bytes.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        match numbers.iter().find(|number| !number.is_finite()) {
            Some(number) => self.fault(format_args!("expected finite numbers in {what}, found {number}")),
            None => Ok(numbers),
        }
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<()> {
        match self.all.len() - self.at {
            0 => Ok(()),
            left => self.fault(format_args!("expected the end, found {left} bytes more")),
        }
    }
}
