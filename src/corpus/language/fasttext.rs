//! fastText's classifiers, as lid.176 is one: the mean of the rows of a text's words and their parts, and a tree of yes and
//! no over the labels. The arithmetic is fastText's, single precision and all.

use super::bytes::Bytes;
use super::dictionary::{Dictionary, Subwords};
use super::matrix::Matrix;
use crate::Result;

const MAGIC: i32 = 793_712_314;
/// The newest version of the format.
const VERSION: i32 = 12;
/// The kinds of model and of loss that lid.176 is.
const SUPERVISED: i32 = 3;
const HIERARCHICAL: i32 = 1;
/// Models have some tens or hundreds of columns, parts of words a few characters, and words are hashed by twos or threes.
const MAX_COLUMNS: i64 = 1 << 16;
const MAX_SUBWORD_LENGTH: i32 = 64;

/// A model that gives texts labels.
pub struct FastTextModel {
    dictionary: Dictionary,
    input: Matrix,
    output: Matrix,
    columns: usize,
    /// What each inner node of the tree decides between, the root last; labels come first in the numbering.
    nodes: Vec<[u32; 2]>,
}

impl FastTextModel {
    /// Reads a .bin or .ftz file of this name.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self> {
        let mut bytes = Bytes::new(name, bytes);
        let [magic, version] = [bytes.i32("the head")?, bytes.i32("the head")?];
        if magic != MAGIC || !(11..=VERSION).contains(&version) {
            return bytes
                .fault(format_args!("expected fastText's mark and version 11 or 12, found {magic:#x} and {version}"));
        }
        let what = "the settings";
        let mut settings = [0; 12];
        for setting in &mut settings {
            *setting = bytes.i32(what)?;
        }
        bytes.take(8, what)?;
        let [columns, _, _, _, _, words, loss, model, buckets, least, most, _] = settings;
        if model != SUPERVISED || loss != HIERARCHICAL {
            return bytes.fault("expected a classifier with hierarchical softmax, as lid.176 is, found another model");
        }
        // Old classifiers know no parts of words.
        let most = if version == 11 { 0 } else { most };
        let fits = (1..=MAX_COLUMNS).contains(&columns.into())
            && (0..=MAX_SUBWORD_LENGTH).contains(&words)
            && (0..=MAX_SUBWORD_LENGTH).contains(&most)
            && least >= 0
            && (buckets > 0 || (most == 0 && words <= 1));
        if !fits {
            return bytes.fault(format_args!(
                "expected settings of a model, found {columns} columns, {buckets} rows of hashes, parts of {least} to {most} \
                 characters, {words} words in a row"
            ));
        }
        let parts = Subwords {
            least: least as usize,
            most: most as usize,
            words: words as usize,
            buckets: buckets.max(0) as u32,
        };
        let columns = columns as usize;
        let dictionary = Dictionary::read(&mut bytes, parts)?;
        let quantised = bytes.flag("the kind of a matrix")?;
        let input = Matrix::read(&mut bytes, quantised, dictionary.rows(), columns, "the rows of words")?;
        let quantised = bytes.flag("the kind of a matrix")? && quantised;
        let labels = dictionary.labels.len();
        let output = Matrix::read(&mut bytes, quantised, labels, columns, "the rows of labels")?;
        if output.rows() != labels {
            return bytes.fault(format_args!("expected {labels} rows of labels, found {}", output.rows()));
        }
        bytes.end()?;
        let nodes = tree(&dictionary.labels);
        Ok(FastTextModel { dictionary, input, output, columns, nodes })
    }

    /// Whether it has a label.
    pub fn tells(&self, label: &str) -> bool {
        self.dictionary.labels.iter().any(|(known, _)| known == label)
    }

    /// The labels of a text, which is taken for one line, each with how sure it is, the surest first. None where the model
    /// knows nothing of the text, and labels that are all but impossible are not among them.
    pub fn labels(&self, text: &str) -> Vec<(&str, f32)> {
        let mut rows = Vec::new();
        self.dictionary.line(text, &mut rows);
        if rows.is_empty() {
            return Vec::new();
        }
        let mut mean = vec![0.0; self.columns];
        rows.iter().for_each(|&row| self.input.add_row(row as usize, &mut mean));
        let share = (1.0 / rows.len() as f64) as f32;
        mean.iter_mut().for_each(|number| *number *= share);

        let labels = &self.dictionary.labels;
        let mut scores = vec![f32::NEG_INFINITY; labels.len() + self.nodes.len()];
        *scores.last_mut().expect("there is a label") = 0.0;
        let least = log(0.0);
        for (nth, &[no, yes]) in self.nodes.iter().enumerate().rev() {
            let score = scores[labels.len() + nth];
            if score >= least {
                let product = self.output.dot_row(nth, &mean);
                let sure = (1.0 / (1.0 + libm::expf(-product)) as f64) as f32;
                scores[no as usize] = score + log((1.0 - sure as f64) as f32);
                scores[yes as usize] = score + log(sure);
            }
        }
        let likely = labels.iter().zip(scores).filter(|(_, score)| *score >= least);
        let mut found: Vec<(&str, f32)> =
            likely.map(|((label, _), score)| (label.as_str(), libm::expf(score))).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found
    }
}

/// fastText's logarithm, which is finite at 0.
fn log(x: f32) -> f32 {
    libm::log(x as f64 + 1e-5) as f32
}

/// Huffman's tree over the labels, which come with the most frequent first: what each inner node stands between.
fn tree(labels: &[(String, i64)]) -> Vec<[u32; 2]> {
    /// More than all labels have together.
    const UNKNOWN: i64 = 1_000_000_000_000_000;
    let count = labels.len();
    let mut counts: Vec<i64> = labels.iter().map(|(_, count)| *count).collect();
    counts.resize(2 * count - 1, UNKNOWN);
    let (mut leaf, mut node) = (count, count);
    let mut nodes = Vec::with_capacity(count - 1);
    for new in count..2 * count - 1 {
        let mut least = || {
            if leaf > 0 && counts[leaf - 1] < counts[node] {
                leaf -= 1;
                leaf
            } else {
                node += 1;
                node - 1
            }
        };
        let pair = [least(), least()];
        counts[new] = counts[pair[0]] + counts[pair[1]];
        nodes.push(pair.map(|number| number as u32));
    }
    nodes
}
