//! The formats a document can be shown in, one file each.

use crate::document::Document;
use crate::words::Lang;

mod conformant;
pub mod excuses;
pub mod json;
pub mod junit;
mod lost;
pub mod markdown;
pub mod matrix;
mod page;
pub mod text;

/// A format: its name on the command line, and what renders it.
#[derive(Clone, Copy)]
pub struct Format {
    /// The name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Turns a document into text that a terminal can only show.
    pub render: fn(&Document, Look) -> String,
}

/// How a document is to look; without anything else said, plain and in English.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether it is coloured, for a terminal.
    pub colour: bool,
    /// What language it speaks.
    pub lang: Lang,
}

impl From<bool> for Look {
    fn from(colour: bool) -> Self {
        Self {
            colour,
            ..Self::default()
        }
    }
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
        name: "junit",
        about: "for CI, by junit-10.xsd of Jenkins' xUnit plugin",
        render: junit::render,
    },
    Format {
        name: "markdown",
        about: "for the summary beside a run in CI",
        render: markdown::render,
    },
    Format {
        name: "excuses",
        about: "`[[excuse]]` entries for a device file, one for each verdict that is missing",
        render: excuses::render,
    },
];

/// Returns the format of a name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
