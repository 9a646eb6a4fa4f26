//! Clusters of near copies among documents that fit in memory; the result is that of the sort on disk.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::{BUCKETS, Signature, bucket_key};

/// What stands for a signature where it is compared with others: a key a bucket.
pub type Keys = [[u64; 2]; BUCKETS];

/// The keys of a signature.
pub fn keys(signature: &Signature) -> Keys {
    std::array::from_fn(|bucket| bucket_key(bucket, &signature[bucket]))
}

/// A document that is a copy of one that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Its number.
    pub document: usize,
    /// The number of the one that is kept.
    pub of: usize,
    /// The how many-eth copy of it this is.
    pub nth: u64,
}

/// The copies among documents that come in the order of their numbers; the first of each cluster is not a copy.
pub fn copies<'a>(signed: impl IntoIterator<Item = (usize, &'a Keys)>) -> Vec<Copy> {
    let mut seen: FxHashMap<(usize, [u64; 2]), usize> = FxHashMap::default();
    let (mut documents, mut parents) = (Vec::new(), Vec::new());
    for (place, (document, keys)) in signed.into_iter().enumerate() {
        documents.push(document);
        parents.push(place);
        for (bucket, &key) in keys.iter().enumerate() {
            match seen.entry((bucket, key)) {
                Entry::Vacant(entry) => _ = entry.insert(place),
                Entry::Occupied(entry) => {
                    let (one, other) = (root(&mut parents, *entry.get()), root(&mut parents, place));
                    parents[one.max(other)] = one.min(other);
                }
            }
        }
    }
    let mut counts = vec![0; documents.len()];
    let mut copies = Vec::new();
    for place in 0..documents.len() {
        let first = root(&mut parents, place);
        if first != place {
            counts[first] += 1;
            copies.push(Copy { document: documents[place], of: documents[first], nth: counts[first] });
        }
    }
    copies
}

/// The first place of a cluster; the ways to it grow shorter.
fn root(parents: &mut [usize], mut place: usize) -> usize {
    while parents[place] != place {
        parents[place] = parents[parents[place]];
        place = parents[place];
    }
    place
}
