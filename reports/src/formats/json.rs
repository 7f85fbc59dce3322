//! The document as JSON; its `format` field is the version.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Look;
use crate::FORMAT;
use crate::document::Document;
use crate::escape;

/// Renders a document, which speaks English as data, however it is to look.
pub fn render<'a>(document: &Document, _look: impl Into<Look<'a>>) -> String {
    let text = serde_json::to_string_pretty(document).expect("a report has string keys only");
    escape::json(&text).into_owned() + "\n"
}

/// Reads a document back; the error says where and why it is not one.
pub fn parse(text: &str) -> Result<Document, String> {
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if head.format != FORMAT {
        let found = head.format;
        return Err(format!(
            "report format {found} is not {FORMAT}; render it with its own version"
        ));
    }
    let document = match head.devices {
        Some(_) => serde_json::from_str(text).map(Document::Matrix),
        None => serde_json::from_str(text).map(|report| Document::Report(Box::new(report))),
    };
    document.map_err(|error| error.to_string())
}

/// What tells which version and kind of document it is.
#[derive(Deserialize)]
struct Head {
    format: u32,
    devices: Option<IgnoredAny>,
}
