//! A page as it was fetched, where it comes from, and the stage that makes a document of it.

use super::{Document, Removal, warc};

/// The stage's name.
pub const STAGE: &str = "extract";

/// The reason of a build that takes no text out of pages.
pub const NOT_HERE: &str = "not_in_this_build";

/// What the pipeline takes in.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A text.
    Text(Document),
    /// A page that has no text yet.
    Page(Page),
}

/// A page in HTML.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// What is known of it, with no text.
    pub document: Document,
    /// Its bytes, as they were fetched.
    pub bytes: Vec<u8>,
    /// What the server said that it is.
    pub content_type: Option<String>,
}

/// A page without a text: the document with its HTML, and why.
pub type Rejected = Box<(Document, Removal)>;

impl Page {
    /// A file of HTML.
    pub fn of_file(name: String, bytes: Vec<u8>) -> Self {
        Page { document: Document { id: name, ..Document::default() }, bytes, content_type: None }
    }

    /// The document with the page's main text, which `extract` takes out of its HTML.
    #[cfg(feature = "extraction")]
    pub fn document(
        self,
        extract: impl FnOnce(String) -> Result<String, (&'static str, usize)>,
    ) -> Result<Document, Rejected> {
        let Page { mut document, bytes, content_type } = self;
        let found = match super::extract::decode(&bytes, content_type.as_deref()) {
            Ok(html) => {
                document.text.clone_from(&html);
                extract(html)
            }
            Err((reason, value)) => {
                document.text = String::from_utf8_lossy(&bytes).into_owned();
                Err((reason.name(), value))
            }
        };
        match found {
            Ok(text) => Ok(Document { text, ..document }),
            Err((reason, value)) => Err(refused(document, reason, value)),
        }
    }

    /// The page with its HTML: this build takes no text out of it.
    #[cfg(not(feature = "extraction"))]
    pub fn document(
        self,
        _: impl FnOnce(String) -> Result<String, (&'static str, usize)>,
    ) -> Result<Document, Rejected> {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        Err(refused(Document { text, ..self.document }, NOT_HERE, 0))
    }
}

fn refused(document: Document, reason: &'static str, value: usize) -> Rejected {
    let span = 0..document.text.len();
    Box::new((document, Removal { stage: STAGE.into(), reason: reason.into(), value: value as f64, span }))
}

/// The main text of a page; or why there is none, by the name under which that is counted, and what was measured.
#[cfg(feature = "extraction")]
pub fn text(html: &str) -> Result<String, (&'static str, usize)> {
    super::extract::text(html).map_err(|(reason, value)| (reason.name(), value))
}

/// This build cannot extract text.
#[cfg(not(feature = "extraction"))]
pub fn text(_: &str) -> Result<String, (&'static str, usize)> {
    Err((NOT_HERE, 0))
}

impl warc::Record {
    /// The text of a page that the record is, or the page; or why it is neither.
    pub fn input(self) -> Result<Input, &'static str> {
        let field = |name| self.field(name).map(str::to_owned);
        let mut document = self.described();
        let identified = field("WARC-Identified-Payload-Type");
        if self.field("WARC-Type") == Some("conversion") {
            let kind = identified.or(field("Content-Type")).unwrap_or_default();
            if !kind.starts_with("text/plain") {
                return Err("not_text");
            }
            document.text = String::from_utf8(self.content).map_err(|_| "not_utf8")?;
            return Ok(Input::Text(document));
        }
        let answered =
            |(name, value): &(String, String)| name.eq_ignore_ascii_case("content-type").then(|| value.clone());
        let content_type = self.http.as_ref().and_then(|fields| fields.iter().find_map(answered));
        let is_page = match identified.or(content_type.clone()) {
            Some(kind) => {
                let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                matches!(&*kind, "text/html" | "application/xhtml+xml")
            }
            None => looks_like_html(&self.content),
        };
        if !is_page {
            return Err("not_html");
        }
        Ok(Input::Page(Page { document, bytes: self.content, content_type }))
    }
}

/// Whether bytes without a content type begin like an HTML page.
fn looks_like_html(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| start.contains(tag))
}
