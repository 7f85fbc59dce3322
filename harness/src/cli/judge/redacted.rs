//! `ngnlab judge --redact`: what gives people away is mapped before anything is said or written.

use std::path::Path;

use ngnlab_reports::words::Lang;
use ngnlab_sim::Trace;

use super::unread;
use crate::cli::Judge;
use crate::cli::bundle::in_words;
use crate::error::Error;
use crate::redact::{Inside, Redactor};

/// What maps a text.
pub(super) type Texts = Box<dyn Fn(&str) -> String>;

/// Maps a trace if that is asked for; returns also what maps texts in the same way.
pub(super) fn if_asked(args: &Judge, trace: Trace) -> Result<(Trace, Texts), Error> {
    if !args.redact {
        return Ok((trace, Box::new(str::to_owned)));
    }
    let mut redactor = Redactor::new(args.redact_word.iter().cloned());
    redactor.learn(&trace);
    let mapped = redactor.trace(&trace);
    let path = args.trace.as_deref().unwrap_or(Path::new("the capture"));
    let mapped = mapped.map_err(|source| unread(path, source))?;
    Ok((mapped, Box::new(redactor.texts())))
}

/// Returns what gives people away in a capture that was written as it is.
pub(super) fn said(args: &Judge, path: &Path, trace: &Trace, lang: Lang) -> String {
    let inside = in_words(&Inside::of(trace), lang);
    if args.redact || inside.is_empty() {
        return String::new();
    }
    let path = path.display();
    let said = format!(
        "{path} holds {}; --redact maps them to others",
        inside.join(", ")
    );
    format!("{}\n", lang.say(&said))
}
