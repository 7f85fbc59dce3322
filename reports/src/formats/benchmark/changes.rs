//! The formats two benchmarks held against each other can be shown in.

use crate::benchmark::comparison::Comparison;
use crate::escape;
use crate::formats::Look;

mod markdown;
mod sentences;
mod text;

/// A format: its name on the command line, and what renders it.
#[derive(Clone, Copy)]
pub struct Format {
    /// The name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Turns a comparison into text that a terminal can only show.
    pub render: fn(&Comparison, Look<'_>) -> String,
}

/// Every format.
pub const FORMATS: &[Format] = &[
    Format {
        name: "text",
        about: "for people, 80 columns",
        render: text::render,
    },
    Format {
        name: "json",
        about: "for programs, versioned",
        render: |comparison, _look| {
            let text = serde_json::to_string_pretty(comparison);
            let text = text.expect("plain values are serializable");
            escape::json(&text).into_owned() + "\n"
        },
    },
    Format {
        name: "markdown",
        about: "for the summary beside a run in CI",
        render: markdown::render,
    },
];

/// Returns the format of a name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
