//! One reader for all text: what a file is, by its content and not by its name, and the documents in it.

mod content;
#[cfg(feature = "encodings")]
mod decoding;
mod encoding;
mod json_kind;
mod kind;
mod packing;
mod python_json;
mod records;
mod signatures;
mod split;
mod tally;

pub use crate::reading::{As, Reading, Units};
pub use content::{Found, Unread, documents};
pub use encoding::{Decoded, check_encoding, decode};
pub use kind::{HEAD_BYTES, Kind, head_kind};
pub use packing::{Packing, unpacked};
pub use python_json::{Fault, Parsed, Value, parse};
pub(crate) use records::line;
pub use records::{Entries, Entry, text_of};
pub use tally::Tally;
