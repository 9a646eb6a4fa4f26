//! Sorting more than fits in memory: sorted runs on disk, merged as they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// At most this many runs are merged at once; if there are more, some are merged into one first.
const RUNS: usize = 256;

/// Sorts records, which are arrays of numbers. Below `most` of them nothing is written.
pub struct Sorter<const N: usize> {
    /// Where runs are written, and what their names begin with.
    folder: PathBuf,
    name: &'static str,
    most: usize,
    records: Vec<[u64; N]>,
    runs: Vec<SortedRun>,
    written: usize,
}

/// A run on disk, which goes with its file.
struct SortedRun(PathBuf);

impl Drop for SortedRun {
    fn drop(&mut self) {
        // A file that stays is in a folder that is removed as a whole.
        let _ = fs::remove_file(&self.0);
    }
}

impl<const N: usize> Sorter<N> {
    /// A sorter that holds at most `most` records in memory and writes the others into `folder`, which must exist.
    pub fn new(folder: &Path, name: &'static str, most: usize) -> Self {
        Sorter { folder: folder.to_owned(), name, most: most.max(1), records: Vec::new(), runs: Vec::new(), written: 0 }
    }

    /// Takes a record.
    pub fn push(&mut self, record: [u64; N]) -> Result<()> {
        if self.records.len() == self.most {
            self.records.sort_unstable();
            let records = std::mem::take(&mut self.records);
            self.write(records.iter().map(|record| Ok(*record)))?;
            self.records = records;
            self.records.clear();
            if self.runs.len() == RUNS {
                let runs = std::mem::take(&mut self.runs);
                self.write(Sorted::merge(runs, Vec::new())?)?;
            }
        }
        if self.records.len() == self.records.capacity() {
            // Twice as much, but no more than there will be.
            let more = self.records.len().max(1024).min(self.most - self.records.len());
            self.records.reserve_exact(more);
        }
        self.records.push(record);
        Ok(())
    }

    /// Writes a run.
    fn write(&mut self, records: impl Iterator<Item = Result<[u64; N]>>) -> Result<()> {
        let run = SortedRun(self.folder.join(format!("{}-{}.run", self.name, self.written)));
        self.written += 1;
        let fail = |error| Error::io(&run.0, "write", error);
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&run.0).map_err(fail)?);
        for record in records {
            for number in record? {
                file.write_all(&number.to_le_bytes()).map_err(fail)?;
            }
        }
        file.flush().map_err(fail)?;
        self.runs.push(run);
        Ok(())
    }

    /// All records in their order.
    pub fn sorted(mut self) -> Result<Sorted<N>> {
        self.records.sort_unstable();
        Sorted::merge(self.runs, self.records)
    }
}

/// Records in their order.
pub struct Sorted<const N: usize> {
    /// What is left of each run.
    runs: Vec<RunReader<N>>,
    /// The least record of each.
    heads: BinaryHeap<Reverse<([u64; N], usize)>>,
}

enum RunReader<const N: usize> {
    Memory(std::vec::IntoIter<[u64; N]>),
    Disk(BufReader<File>, SortedRun),
}

impl<const N: usize> RunReader<N> {
    fn next(&mut self) -> Result<Option<[u64; N]>> {
        match self {
            RunReader::Memory(records) => Ok(records.next()),
            RunReader::Disk(reader, run) => {
                let mut record = [0; N];
                for (n, number) in record.iter_mut().enumerate() {
                    let mut bytes = [0; 8];
                    match reader.read_exact(&mut bytes) {
                        Ok(()) => *number = u64::from_le_bytes(bytes),
                        Err(error) if n == 0 && error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                        Err(error) => return Err(Error::io(&run.0, "read", error)),
                    }
                }
                Ok(Some(record))
            }
        }
    }
}

impl<const N: usize> Sorted<N> {
    fn merge(runs: Vec<SortedRun>, records: Vec<[u64; N]>) -> Result<Self> {
        let mut sources = vec![RunReader::Memory(records.into_iter())];
        for run in runs {
            let file = File::open(&run.0).map_err(|error| Error::io(&run.0, "read", error))?;
            sources.push(RunReader::Disk(BufReader::with_capacity(1 << 18, file), run));
        }
        let mut sorted = Sorted { runs: sources, heads: BinaryHeap::new() };
        for run in 0..sorted.runs.len() {
            sorted.pull(run)?;
        }
        Ok(sorted)
    }

    /// Puts the next record of a run among the heads.
    fn pull(&mut self, run: usize) -> Result<()> {
        if let Some(record) = self.runs[run].next()? {
            self.heads.push(Reverse((record, run)));
        }
        Ok(())
    }
}

impl<const N: usize> Iterator for Sorted<N> {
    type Item = Result<[u64; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        // In memory alone there is nothing to merge.
        if let [RunReader::Memory(records)] = &mut self.runs[..] {
            let head = self.heads.pop()?;
            self.heads.extend(records.next().map(|record| Reverse((record, 0))));
            return Some(Ok(head.0.0));
        }
        let Reverse((record, run)) = self.heads.pop()?;
        Some(self.pull(run).map(|()| record))
    }
}
