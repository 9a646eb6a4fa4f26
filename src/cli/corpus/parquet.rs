//! Parquet in, row by row: the columns that FineWeb's files have, as far as they are there.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::serialized_reader::ReadOptionsBuilder;
use ::parquet::record::reader::RowIter;
use ::parquet::record::{Field, Row};
use ::parquet::schema::types::Type;
use bytes::Bytes;
use glasshouse::corpus::Document;
use glasshouse::{Error, Result};
use indicatif::ProgressBar;

/// The columns that are read beside the text.
const COLUMNS: [&str; 5] = ["id", "url", "date", "language", "language_score"];

/// Rows unpacked at a time.
const ROWS_AT_A_TIME: usize = 64;

/// A column of a group of rows is refused if it unpacks to more bytes than this and to more than this many times its size:
/// values are unpacked whole.
const MAX_UNPACKED_BYTES: i64 = 64 << 20;
const MAX_PACKING_RATIO: i64 = 200;

/// Reads a file; what is damaged of it costs the rest of its group of rows.
pub struct Rows {
    path: PathBuf,
    /// What the file holds, where it was packed.
    unpacked: Option<Bytes>,
    name: String,
    /// The column of the text.
    field: String,
    bar: ProgressBar,
    groups: Vec<Group>,
    group: usize,
    /// Rows of the group that were read.
    row: u64,
    /// Rows of all groups before.
    before: u64,
    rows: Option<RowIter<'static>>,
}

/// Why a file is not read.
enum ReadFailure {
    /// It is damaged.
    Damage(String),
    /// Whatever the reader does about it.
    Error(Error),
}

impl ReadFailure {
    fn into_error(self, path: &Path) -> Error {
        match self {
            ReadFailure::Damage(what) => Error::format(path.display(), format!("{what}: fetch it again")),
            ReadFailure::Error(error) => error,
        }
    }
}

/// A group of rows.
struct Group {
    rows: u64,
    bytes: u64,
    /// Why it is not read.
    refused: Option<String>,
}

/// What stands in a row.
pub enum RowContent {
    /// A document.
    Document(Document),
    /// No text.
    Nothing,
    /// Damage, and what the reader says of it.
    Damage(String),
}

impl Rows {
    /// Opens a file, after whose name rows without an `id` are called; or what is damaged of it. `unpacked` is what it holds,
    /// where it is packed, `field` the column of the text. `bar` goes on by the bytes of the groups that are read.
    pub fn open(
        path: &Path,
        unpacked: Option<Vec<u8>>,
        name: &str,
        field: &str,
        bar: &ProgressBar,
    ) -> Result<std::result::Result<Self, String>> {
        match Rows::opened(path, unpacked.map(Bytes::from), name, field, bar) {
            Err(ReadFailure::Damage(what)) => Ok(Err(what)),
            Err(ReadFailure::Error(error)) => Err(error),
            Ok(rows) => Ok(Ok(rows)),
        }
    }

    fn opened(
        path: &Path,
        unpacked: Option<Bytes>,
        name: &str,
        field: &str,
        bar: &ProgressBar,
    ) -> std::result::Result<Self, ReadFailure> {
        let mut rows = Rows {
            path: path.to_owned(),
            unpacked,
            name: name.to_owned(),
            field: field.to_owned(),
            bar: bar.clone(),
            groups: Vec::new(),
            group: 0,
            row: 0,
            before: 0,
            rows: None,
        };
        let reader = rows.reader(0)?;
        let metadata = reader.metadata();
        let fields = metadata.file_metadata().schema().get_fields();
        if !fields.iter().any(|field| field.name() == rows.field && field.is_primitive()) {
            let names: Vec<&str> = fields.iter().map(|field| field.name()).take(20).collect();
            let message = format!(
                "expected a column `{field}`, found {}: name the one of the text with --text-field",
                names.join(", ")
            );
            return Err(ReadFailure::Error(Error::format(path.display(), message)));
        }
        let group = |number: usize| {
            let group = metadata.row_group(number);
            let bomb = group.columns().iter().find(|column| {
                let (packed, unpacked) = (column.compressed_size(), column.uncompressed_size());
                unpacked > MAX_UNPACKED_BYTES && unpacked / MAX_PACKING_RATIO > packed
            });
            let refused = bomb
                .map(|column| format!("{} bytes unpack to {}", column.compressed_size(), column.uncompressed_size()));
            Group { rows: group.num_rows().max(0) as u64, bytes: group.compressed_size().max(0) as u64, refused }
        };
        rows.groups = (0..metadata.num_row_groups()).map(group).collect();
        rows.rows = Some(rows.from(reader)?);
        Ok(rows)
    }

    fn fail(&self, error: ParquetError) -> ReadFailure {
        match error {
            ParquetError::External(error) if error.is::<io::Error>() => {
                ReadFailure::Error(Error::io(&self.path, "read", *error.downcast::<io::Error>().expect("it is one")))
            }
            error => ReadFailure::Damage(format!("it is no whole file of Parquet ({error})")),
        }
    }

    /// A reader of the groups from `first` on.
    fn reader(&self, first: usize) -> std::result::Result<Box<dyn FileReader>, ReadFailure> {
        let options = ReadOptionsBuilder::new().with_predicate(Box::new(move |_, group| group >= first)).build();
        let opened = catch_unwind(AssertUnwindSafe(|| match &self.unpacked {
            Some(bytes) => {
                let reader = SerializedFileReader::new_with_options(bytes.clone(), options)?;
                Ok(Box::new(reader) as Box<dyn FileReader>)
            }
            None => {
                let file = File::open(&self.path)?;
                let reader = SerializedFileReader::new_with_options(file, options)?;
                Ok(Box::new(reader) as Box<dyn FileReader>)
            }
        }));
        opened
            .unwrap_or_else(|_| Err(ParquetError::General("its end is damaged".into())))
            .map_err(|error| self.fail(error))
    }

    fn from(&self, reader: Box<dyn FileReader>) -> std::result::Result<RowIter<'static>, ReadFailure> {
        let schema = reader.metadata().file_metadata().schema();
        let wanted = |field: &&Arc<Type>| {
            (COLUMNS.contains(&field.name()) || field.name() == self.field) && field.is_primitive()
        };
        let fields = schema.get_fields().iter().filter(wanted).cloned().collect();
        let columns = Type::group_type_builder(schema.name()).with_fields(fields).build();
        let rows = columns.and_then(|columns| RowIter::from_file_into(reader).project(Some(columns)));
        rows.map(|rows| rows.with_batch_size(ROWS_AT_A_TIME)).map_err(|error| self.fail(error))
    }

    /// Passes over what is left of the group.
    fn next_group(&mut self) {
        let Group { rows, bytes, .. } = self.groups[self.group];
        self.bar.inc(bytes);
        self.before += rows;
        self.group += 1;
        self.row = 0;
    }

    /// The next row, and its number.
    pub fn next(&mut self) -> Result<Option<(u64, RowContent)>> {
        while self.groups.get(self.group).is_some_and(|group| group.rows <= self.row) {
            self.next_group();
        }
        if let Some(what) = self.groups.get_mut(self.group).and_then(|group| group.refused.take()) {
            return self.skip(what).map(Some);
        }
        let Some(rows) = self.rows.as_mut().filter(|_| self.group < self.groups.len()) else { return Ok(None) };
        let row = catch_unwind(AssertUnwindSafe(|| rows.next()));
        let row = row.unwrap_or_else(|_| Some(Err(ParquetError::General("a value is damaged".into()))));
        let number = self.before + self.row;
        match row {
            Some(Ok(row)) => {
                self.row += 1;
                let found = document(&row, &self.field, || format!("{}/{number}", self.name));
                Ok(Some((number, found.map_or(RowContent::Nothing, RowContent::Document))))
            }
            Some(Err(ParquetError::External(error))) if error.is::<io::Error>() => {
                Err(self.fail(ParquetError::External(error)).into_error(&self.path))
            }
            damage => {
                let what = match damage {
                    // Some say all bytes of the value.
                    Some(Err(error)) => error.to_string().chars().take(120).collect(),
                    _ => "rows are missing".into(),
                };
                self.skip(what).map(Some)
            }
        }
    }

    /// Passes over what is left of the group, for this reason.
    fn skip(&mut self, what: String) -> Result<(u64, RowContent)> {
        let number = self.before + self.row;
        self.next_group();
        let from = || self.from(self.reader(self.group)?);
        let rows = (self.group < self.groups.len()).then(from).transpose();
        self.rows = rows.map_err(|fault| fault.into_error(&self.path))?;
        Ok((number, RowContent::Damage(what)))
    }
}

/// The document of a row; none without a text.
fn document(row: &Row, text_column: &str, otherwise: impl FnOnce() -> String) -> Option<Document> {
    let mut document = Document::default();
    let (mut id, mut some) = (None, false);
    for (column, field) in row.get_column_iter() {
        let text = match field {
            Field::Null => continue,
            Field::Str(text) => text.clone(),
            Field::Bytes(bytes) => String::from_utf8(bytes.data().to_vec()).ok()?,
            Field::Double(number) if column == "language_score" => {
                document.language_score = Some(*number);
                continue;
            }
            Field::Float(number) if column == "language_score" => {
                document.language_score = Some(f64::from(*number));
                continue;
            }
            other => other.to_string(),
        };
        match column.as_str() {
            column if column == text_column => (document.text, some) = (text, true),
            "id" => id = Some(text),
            "url" => document.url = Some(text),
            "date" => document.date = Some(text),
            "language" => document.language = Some(text),
            _ => {}
        }
    }
    document.id = id.unwrap_or_else(otherwise);
    some.then_some(document)
}
