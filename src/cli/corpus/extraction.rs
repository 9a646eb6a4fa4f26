//! The stage that extracts the main text of pages, with a time limit for each.

use glasshouse::corpus::filters::Size;
use glasshouse::corpus::page::{NOT_HERE, Page, Rejected, STAGE};
use glasshouse::corpus::{Document, Report};

use super::batches::NOT_ASKED;

/// What a page that took too long is counted as.
const LATE: &str = "not_in_time";

/// The document of a page, counted in `report`; `size` says how much its text is.
pub fn document(page: Page, report: &mut Report, size: impl FnOnce(&Document) -> Size) -> Result<Document, Rejected> {
    let before = Size { bytes: page.bytes.len() as u64, tokens: 0 };
    let result = page.document(guarded);
    if let Err(refused) = &result
        && refused.1.reason == LATE
    {
        report.not_reproducible.push(refused.0.id.clone());
    }
    let after = result.as_ref().map(size).map_err(|refused| &*refused.1.reason);
    report.stage(STAGE).count(before, after);
    result
}

/// The text of a page, unless it takes too long, or the extraction fails.
#[cfg(feature = "extraction")]
fn guarded(html: String) -> Result<String, (&'static str, usize)> {
    use std::cell::RefCell;
    use std::time::Duration;

    use glasshouse::corpus::page;

    use super::watchdog::{Failure, Watchdog};

    type Text = Result<String, (&'static str, usize)>;
    /// Far above what the limits of the extraction let a page cost.
    const MAX_EXTRACTION_TIME: Duration = Duration::from_secs(60);
    thread_local! {
        static GUARD: RefCell<Watchdog<String, Text>> =
            RefCell::new(Watchdog::new(|html: String| page::text(&html), MAX_EXTRACTION_TIME));
    }
    match GUARD.with_borrow_mut(|guard| guard.run(html)) {
        Ok(found) => found,
        Err(Failure::Panicked) => Err(("extraction_failed", 0)),
        Err(Failure::Late) => Err((LATE, MAX_EXTRACTION_TIME.as_secs() as usize)),
    }
}

/// This build cannot extract text.
#[cfg(not(feature = "extraction"))]
fn guarded(html: String) -> Result<String, (&'static str, usize)> {
    glasshouse::corpus::page::text(&html)
}

/// Says so where pages came of which no text was taken, for want of a stage or of a build.
pub fn warn(report: &Report) {
    if let Some(pages) = report.skipped.get(NOT_ASKED) {
        crate::cli::output::note(format!(
            "pages in HTML were passed over ({pages}), as --only leaves the stage extract out: add --only extract"
        ));
    }
    if report.stages.iter().any(|stage| stage.reasons.contains_key(NOT_HERE)) {
        crate::cli::output::note("this build takes no text out of pages in HTML: build it with `--features full`");
    }
}
