//! The stage that takes the main text out of pages.

use glasshouse::corpus::filters::Size;
use glasshouse::corpus::{Document, Removal, Report};

use super::pieces::Page;

/// The stage's name.
pub const STAGE: &str = "extract";

/// A page without a text: the document with its HTML, and why.
pub type Refused = Box<(Document, Removal)>;

/// The document of a page, counted in `report`; `size` says how much its text is.
#[cfg(feature = "extraction")]
pub fn document(page: Page, report: &mut Report, size: impl FnOnce(&Document) -> Size) -> Result<Document, Refused> {
    use std::cell::RefCell;
    use std::time::Duration;

    use glasshouse::corpus::extract::{self, Reason};

    use super::guard::{Failure, Guard};

    type Text = Result<String, (Reason, usize)>;
    /// Far above what the limits of [`extract`] let a page cost.
    const LIMIT: Duration = Duration::from_secs(60);
    thread_local! {
        static GUARD: RefCell<Guard<String, Text>> =
            RefCell::new(Guard::new(|html: String| extract::text(&html), LIMIT));
    }

    let Page { mut document, bytes, content_type } = page;
    let before = Size { bytes: bytes.len() as u64, tokens: 0 };
    let found = match extract::decode(&bytes, content_type.as_deref()) {
        Err((reason, value)) => {
            document.text = String::from_utf8_lossy(&bytes).into_owned();
            Err((reason.name(), value))
        }
        Ok(html) => {
            document.text = html.clone();
            match GUARD.with_borrow_mut(|guard| guard.run(html)) {
                Ok(found) => found.map_err(|(reason, value)| (reason.name(), value)),
                Err(Failure::Panicked) => Err(("extraction_failed", 0)),
                Err(Failure::Late) => {
                    report.not_reproducible.push(document.id.clone());
                    Err(("not_in_time", LIMIT.as_secs() as usize))
                }
            }
        }
    };
    let stage = report.stage(STAGE);
    match found {
        Ok(text) => {
            document.text = text;
            stage.count(before, Ok(size(&document)));
            Ok(document)
        }
        Err((reason, value)) => {
            stage.count(before, Err(reason));
            let span = 0..document.text.len();
            let removal = Removal { stage: STAGE.into(), reason: reason.into(), value: value as f64, span };
            Err(Box::new((document, removal)))
        }
    }
}

/// This build takes no text out of pages.
#[cfg(not(feature = "extraction"))]
pub fn document(page: Page, report: &mut Report, _: impl FnOnce(&Document) -> Size) -> Result<Document, Refused> {
    let Page { mut document, bytes, content_type: _ } = page;
    let before = Size { bytes: bytes.len() as u64, tokens: 0 };
    report.stage(STAGE).count(before, Err(NOT_HERE));
    document.text = String::from_utf8_lossy(&bytes).into_owned();
    let span = 0..document.text.len();
    Err(Box::new((document, Removal { stage: STAGE.into(), reason: NOT_HERE.into(), value: 0.0, span })))
}

/// The reason of a build without extraction.
const NOT_HERE: &str = "not_in_this_build";

/// Says so where pages came that this build takes no text out of.
pub fn warn(report: &Report) {
    if report.stages.iter().any(|stage| stage.reasons.contains_key(NOT_HERE)) {
        eprintln!("this build takes no text out of pages in HTML: build it with `--features full`");
    }
}
