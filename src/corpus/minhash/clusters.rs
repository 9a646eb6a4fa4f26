//! Which documents are copies of each other, through however many others, and which of them is kept.
//!
//! Pairs become clusters by Kiveris and others' alternation of stars ("Connected components in MapReduce and beyond", 2014):
//! each round sorts the pairs and ties every document to the least that it is tied to, until nothing changes. So memory does
//! not grow with the number of documents.

use std::path::{Path, PathBuf};

use super::in_memory::Keys;
use super::sorted_runs::{Sorted, Sorter};
use crate::Result;

/// Collects signatures.
pub struct Clusters {
    folder: PathBuf,
    most: usize,
    buckets: Sorter<3>,
}

/// The documents that are copies of one that is kept, by their numbers, in order; with each the how many-eth copy it is.
pub struct Copies(Sorted<2>);

impl Iterator for Copies {
    type Item = Result<(u64, u64)>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map(|[document, nth]| (document, nth)))
    }
}

impl Clusters {
    /// In memory of about `bytes`, with what does not fit in a folder that is there.
    pub fn new(folder: &Path, bytes: usize) -> Self {
        // Two sorters are full at a time, one with records of three numbers and one of two.
        let most = bytes / 40;
        Clusters { folder: folder.to_owned(), most, buckets: Sorter::new(folder, "buckets", most) }
    }

    /// Takes the keys of the document of this number. Of copies the one with the lowest number is kept.
    pub fn push(&mut self, document: u64, keys: &Keys) -> Result<()> {
        keys.iter().try_for_each(|&[high, low]| self.buckets.push([high, low, document]))
    }

    /// Finds the clusters.
    pub fn copies(self) -> Result<Copies> {
        let Clusters { folder, most, buckets } = self;
        let sorter = |name| Sorter::<2>::new(&folder, name, most);
        // Documents with the same key are each tied to the first.
        let mut ties = sorter("ties");
        let mut first = [u64::MAX; 3];
        for record in buckets.sorted()? {
            let record = record?;
            if record[..2] == first[..2] {
                ties.push([record[2], first[2]])?;
            } else {
                first = record;
            }
        }
        let mut ties = ties.sorted()?;
        loop {
            let mut both = sorter("both");
            for tie in ties {
                let [document, other] = tie?;
                both.push([document, other])?;
                both.push([other, document])?;
            }
            let (mut large, mut small) = (sorter("large"), sorter("small"));
            let chained = tie_the_larger(both.sorted()?, &mut large)?;
            let shared = tie_the_smaller(large.sorted()?, &mut small)?;
            ties = small.sorted()?;
            if !chained && !shared {
                break;
            }
        }
        // Each document is tied to the first of its cluster now.
        let mut members = sorter("members");
        for tie in ties {
            let [document, first] = tie?;
            members.push([first, document])?;
        }
        let mut copies = sorter("copies");
        let (mut last, mut nth) = ([u64::MAX; 2], 0);
        for member in members.sorted()? {
            let member = member?;
            if member != last {
                nth = if member[0] == last[0] { nth + 1 } else { 1 };
                copies.push([member[1], nth])?;
                last = member;
            }
        }
        Ok(Copies(copies.sorted()?))
    }
}

/// Ties all that is tied to a document and comes after it to the least that is tied to it, or to itself. Pairs come in both
/// directions. Whether some document lay between others.
fn tie_the_larger(pairs: Sorted<2>, into: &mut Sorter<2>) -> Result<bool> {
    let (mut last, mut least, mut chained) = ([u64::MAX; 2], 0, false);
    for pair in pairs {
        let pair = pair?;
        let [document, other] = pair;
        if document != last[0] {
            least = document.min(other);
        }
        if other > document && pair != last {
            into.push([other, least])?;
            chained |= least < document;
        }
        last = pair;
    }
    Ok(chained)
}

/// Ties a document, and all that it is tied to and comes before it, to the least of these. Whether some document was tied to
/// more than one.
fn tie_the_smaller(ties: Sorted<2>, into: &mut Sorter<2>) -> Result<bool> {
    let (mut last, mut least, mut shared) = ([u64::MAX; 2], 0, false);
    for tie in ties {
        let tie = tie?;
        let [document, other] = tie;
        if document != last[0] {
            least = other;
            into.push([document, least])?;
        } else if tie != last {
            into.push([other, least])?;
            shared = true;
        }
        last = tie;
    }
    Ok(shared)
}
