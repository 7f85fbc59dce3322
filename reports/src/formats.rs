//! The formats a report can be shown in, one file each.

use crate::Report;

pub mod json;
pub mod matrix;
pub mod text;

/// A format: its name on the command line, and what renders it.
#[derive(Clone, Copy)]
pub struct Format {
    /// The name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Turns a report into the bytes of a file.
    pub render: fn(&Report) -> String,
}

/// Every format.
pub const FORMATS: &[Format] = &[
    Format {
        name: "text",
        about: "for people, 80 columns",
        render: text::plain,
    },
    Format {
        name: "json",
        about: "for programs, versioned",
        render: json::render,
    },
];

/// Returns the format of a name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
