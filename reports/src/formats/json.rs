//! The document as JSON; its `format` field is the version.

use std::cmp::Ordering;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Look;
use crate::FORMAT;
use crate::document::{Document, once};
use crate::escape;

mod lines;

/// Renders a document, which speaks English as data, however it is to look.
pub fn render<'a>(document: &Document, _look: impl Into<Look<'a>>) -> String {
    // A report, its cases, a case, its verdicts; in a comparison the devices stand above them.
    let depth = match document {
        Document::Report(_) => 4,
        Document::Matrix(_) => 6,
    };
    let text = lines::json(document, depth);
    escape::json(&text).into_owned() + "\n"
}

/// Reads a document back; the error says where and why it is not one.
pub fn parse(text: &str) -> Result<Document, String> {
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let found = head.format;
    let writer = match found.cmp(&FORMAT) {
        Ordering::Equal => None,
        Ordering::Less => Some("an older ngnlab"),
        Ordering::Greater => Some("a newer ngnlab"),
    };
    if let Some(writer) = writer {
        return Err(format!(
            "it was written by {writer} (report format {found}, where this one reads {FORMAT}); \
             show it with that one, or run again"
        ));
    }
    let document = match head.devices {
        Some(_) => once::parse(text).map(Document::Matrix),
        None => once::parse(text).map(|report| Document::Report(Box::new(report))),
    };
    document.map_err(|error| error.to_string())
}

/// What tells which version and kind of document it is.
#[derive(Deserialize)]
struct Head {
    format: u32,
    devices: Option<IgnoredAny>,
}
