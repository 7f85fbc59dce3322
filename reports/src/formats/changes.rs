//! The formats a comparison can be shown in, one file each.

use crate::Level;
use crate::comparison::{At, Change, Comparison, Decides, Kind, Subject};
use crate::words::Lang;

mod json;
mod markdown;
mod text;

/// How a comparison is to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// In colour, where the format has any.
    pub colour: bool,
    /// What language it speaks.
    pub lang: Lang,
    /// With every place, and with what is not judged where no scenario exercises it.
    pub all: bool,
}

/// A format: its name on the command line, and what renders it.
#[derive(Clone, Copy)]
pub struct Format {
    /// The name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Turns a comparison into text that a terminal can only show.
    pub render: fn(&Comparison, Shown) -> String,
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
        about: "for programs, versioned, with every place",
        render: json::render,
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

/// Says what became of something.
fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::NewlyFailing => "newly failing",
        Kind::NoLongerJudged => "no longer judged for certain",
        Kind::NewlyPassing => "newly passing",
        Kind::NewlyJudged => "newly judged, and passing",
        Kind::NoLongerAsked => "failed, and is no longer asked",
        Kind::OtherExcuse => "the device file or a late host explains it otherwise",
        Kind::OtherEvidence => "failing as before, with other evidence",
        Kind::OtherDiagnosis => "another diagnosis",
    }
}

/// Names what a change is about: a word for its sort, and the thing.
fn subject(change: &Change) -> (&'static str, &str) {
    match (&change.subject, change.level) {
        (Subject::Run, _) => ("DEVICE", "whether the device does its part"),
        (Subject::Promise(what), _) => ("PROMISE", what),
        (Subject::Check(id), Level::Must) => ("MUST", id),
        (Subject::Check(id), Level::Should) => ("SHOULD", id),
        (Subject::Diagnosis, _) => ("GUIDE", "where the flow of p.30 ends"),
    }
}

/// Says where a change is: every place, or the first and how many more.
fn places(places: &[At], all: bool) -> String {
    let shown = if all { places.len() } else { MOST_PLACES };
    let names: Vec<String> = places
        .iter()
        .take(shown)
        .map(|at| at.place.words())
        .collect();
    match places.len().saturating_sub(shown) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Says in how many runs a change is, whether it counts, and what it follows from.
fn told(change: &Change, cause: Option<&str>, lang: Lang) -> String {
    let remark = match (change.kind, change.decides) {
        _ if change.known => ", as the device file says",
        (Kind::NewlyFailing | Kind::NoLongerJudged, Decides::Nothing) => ", does not count",
        _ => "",
    };
    let because = match cause {
        Some(cause) => format!(", because of {cause}"),
        None => String::new(),
    };
    let told = format!("in {}{remark}{because}", runs(change.places.len()));
    lang.say(&told).into_owned()
}

fn runs(count: usize) -> String {
    several(count, "run", "runs")
}

fn several(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

/// Of the places of one change; `--all` shows them all.
const MOST_PLACES: usize = 3;
