//! `glasshouse corpus records`: the records of a web archive, to compare with warcio's.

use std::path::PathBuf;

use clap::Args;
use glasshouse::corpus::warc::{Entry, Reader};
use glasshouse::numerals::hexadecimal;
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::files;
use crate::cli::output;

/// Print each record of a web archive, and each place of damage.
#[derive(Args, Debug)]
pub struct RecordsArgs {
    /// WARC or WET, plain or gzip.
    file: PathBuf,
}

/// Prints one JSON object a record, with the length and the SHA-256 of its content.
pub fn run(args: RecordsArgs) -> Result<()> {
    let fail = |error| Error::io(&args.file, "read", error);
    for found in Reader::new(files::open_raw(&args.file, &ProgressBar::hidden())?, |_| true).map_err(fail)? {
        let object = match found.map_err(fail)? {
            Entry::Damage(place, damage) => json!({ "place": place, "damage": damage.name() }),
            Entry::Record(record) => {
                let hash = hexadecimal(&Sha256::digest(&record.content));
                json!({
                    "place": record.place,
                    "type": record.field("WARC-Type"),
                    "url": record.url(),
                    "date": record.field("WARC-Date"),
                    "id": record.field("WARC-Record-ID"),
                    "http": record.http,
                    "length": record.content.len(),
                    "sha256": hash,
                })
            }
        };
        output::json(&object)?;
    }
    Ok(())
}
