//! The formats a document can be shown in, one file each.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::Document;
use crate::scene::{NoScenes, Scenes};
use crate::words::Lang;
use crate::{Outcome, Report};

pub mod benchmark;
mod captured;
pub mod changes;
mod conformant;
pub mod excuses;
pub mod html;
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
    pub render: fn(&Document, Look<'_>) -> String,
}

/// What a format may know besides the document.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Whether colour is wanted, where a format has any.
    pub colour: bool,
    /// What language it speaks.
    pub lang: Lang,
    /// Who can tell what happened in each case.
    pub scenes: &'a dyn Scenes,
}

impl From<bool> for Look<'_> {
    fn from(colour: bool) -> Self {
        Self {
            colour,
            ..Look::PLAIN
        }
    }
}

impl Look<'_> {
    /// A look without colour, in English, and with nobody to tell more than the document does.
    pub const PLAIN: Look<'static> = Look {
        colour: false,
        lang: Lang::En,
        scenes: &NoScenes,
    };
}

/// Every format.
pub const FORMATS: &[Format] = &[
    Format {
        name: "text",
        about: "for people, 80 columns",
        render: |document, look| text::render(document, look),
    },
    Format {
        name: "json",
        about: "for programs, versioned",
        render: |document, look| json::render(document, look),
    },
    Format {
        name: "junit",
        about: "for CI, by junit-10.xsd of Jenkins' xUnit plugin",
        render: |document, look| junit::render(document, look),
    },
    Format {
        name: "markdown",
        about: "for the summary beside a run in CI",
        render: |document, look| markdown::render(document, look),
    },
    Format {
        name: "html",
        about: "one page for a browser, with every exchange drawn",
        render: |document, look| html::render(document, look),
    },
    Format {
        name: "excuses",
        about: "`[[excuse]]` entries for a device file, one for each verdict that is missing",
        render: |document, look| excuses::render(document, look),
    },
];

/// Returns the format of a name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Returns what the device does not offer, each with the scenarios that ask for it.
fn not_offered(report: &Report) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut by_reason: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in &report.cases {
        if let Outcome::NotApplicable(why) = &case.outcome {
            let names = by_reason.entry(why).or_default();
            names.insert(&case.scenario);
        }
    }
    by_reason
}
