//! The formats a benchmark can be shown in, one file each.

use super::Look;
use crate::benchmark::Benchmark;

pub mod changes;
mod figures;
mod html;
mod json;
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
    /// Turns a benchmark into text that a terminal can only show.
    pub render: fn(&Benchmark, Look<'_>) -> String,
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
        render: json::render,
    },
    Format {
        name: "markdown",
        about: "for the summary beside a run in CI",
        render: markdown::render,
    },
    Format {
        name: "html",
        about: "one page for a browser, with plots",
        render: html::render,
    },
];

/// Returns the format of a name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
