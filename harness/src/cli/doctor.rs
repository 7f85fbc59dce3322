//! `ngnlab doctor`: what this machine can do, what it lacks, and the command that mends it.

use std::fmt::Write as _;

use ngnlab_reports::escape::line;
use ngnlab_reports::words::Lang;
use unicode_width::UnicodeWidthStr as _;

use super::{Answer, Doctor, Place, select};
use crate::doctor::{self, Finding, State};
use crate::error::{CONFORMANT, Error, UNDETERMINED};
use crate::scratch;

pub(super) fn answer(args: &Doctor, place: Place) -> Result<Answer, Error> {
    let files = match &args.files[..] {
        [] => select::device_files(&select::devices(args.devices.as_deref()))?,
        files => {
            let files = files.iter().map(|file| select::device(file));
            files.collect::<Result<_, Error>>()?
        }
    };
    scratch::sweep();
    let found = doctor::look(&files)?;
    let missing = found.iter().any(|one| one.state == State::Missing);
    Ok(Answer {
        text: shown(&found, place.lang()),
        remarks: String::new(),
        exit_code: match missing {
            true => UNDETERMINED,
            false => CONFORMANT,
        },
    })
}

fn shown(found: &[Finding], lang: Lang) -> String {
    let shown = |words: &str| line(&lang.say(words)).into_owned();
    let filled = |words: &str, width: usize| {
        let blanks = width.saturating_sub(words.width());
        format!("{words}{:blanks$}", "")
    };
    let width = found.iter().map(|one| shown(&one.what).width()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for one in found {
        let state = match one.state {
            State::Fine => "ok",
            State::Missing => "MISSING",
            State::Spare => "not here",
        };
        let (state, what) = (
            filled(&shown(state), STATE),
            filled(&shown(&one.what), width),
        );
        let _ = writeln!(text, "{state} {what}  {}", shown(&one.detail));
        if let Some(mend) = &one.mend {
            let _ = writeln!(text, "{:STATE$} {:width$}  {}", "", "", shown(mend));
        }
    }
    let missing = found.iter().filter(|one| one.state == State::Missing);
    let last = match missing.count() {
        0 => "All that these devices need is there.".to_owned(),
        1 => "1 thing is missing.".to_owned(),
        count => format!("{count} things are missing."),
    };
    let _ = writeln!(text, "\n{}", lang.say(&last));
    text
}

/// How wide the states are.
const STATE: usize = 9;
