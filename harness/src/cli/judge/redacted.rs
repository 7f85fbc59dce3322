//! `ngnlab judge --redact`: what gives people away is mapped before anything is said or written.

use std::cell::RefCell;
use std::io;
use std::path::Path;

use ngnlab_reports::Report;
use ngnlab_reports::words::Lang;
use ngnlab_sim::Trace;

use crate::cli::Judge;
use crate::cli::bundle::in_words;
use crate::redact::{Inside, Redactor};

/// What maps traces and all else that is said, if that is asked for.
pub(super) struct Redacted(Option<RefCell<Redactor>>);

impl Redacted {
    pub(super) fn new(args: &Judge) -> Self {
        let words = args.redact_word.iter().cloned();
        Self(args.redact.then(|| RefCell::new(Redactor::new(words))))
    }

    /// Maps a trace.
    pub(super) fn trace(&self, trace: Trace) -> io::Result<Trace> {
        let Some(redactor) = &self.0 else {
            return Ok(trace);
        };
        redactor.borrow_mut().learn(&trace);
        redactor.borrow().trace(&trace)
    }

    /// Maps a text.
    pub(super) fn text(&self, text: &str) -> String {
        match &self.0 {
            Some(redactor) => redactor.borrow().texts()(text),
            None => text.to_owned(),
        }
    }

    /// Maps what a report says besides its cases, which are those of mapped traces.
    pub(super) fn report(&self, report: Report) -> io::Result<Report> {
        match &self.0 {
            Some(redactor) => redactor.borrow().report(report),
            None => Ok(report),
        }
    }
}

/// Returns what gives people away in a capture that was written as it is.
pub(super) fn said(args: &Judge, path: &Path, trace: &Trace, lang: Lang) -> String {
    let inside = in_words(&Inside::of(trace), lang);
    if args.redact || inside.is_empty() {
        return String::new();
    }
    let path = path.display();
    let said = format!("{path} holds {inside}; --redact maps them to others");
    format!("{}\n", lang.say(&said))
}
