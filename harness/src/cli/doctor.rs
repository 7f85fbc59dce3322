//! `ngnlab doctor`: what this machine can do, what it lacks, and the command that mends it.

use std::fmt::Write as _;

use ngnlab_reports::escape::line;

use super::{Answer, Doctor, select};
use crate::doctor::{self, Finding, State};
use crate::error::{CONFORMANT, Error, UNDETERMINED};
use crate::scratch;

pub(super) fn answer(args: &Doctor) -> Result<Answer, Error> {
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
        text: shown(&found),
        remarks: String::new(),
        exit_code: match missing {
            true => UNDETERMINED,
            false => CONFORMANT,
        },
    })
}

fn shown(found: &[Finding]) -> String {
    let width = found
        .iter()
        .map(|one| line(&one.what).chars().count())
        .max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for one in found {
        let state = match one.state {
            State::Fine => "ok",
            State::Missing => "MISSING",
            State::Spare => "not here",
        };
        let (what, detail) = (line(&one.what), line(&one.detail));
        let _ = writeln!(text, "{state:<9} {what:<width$}  {detail}");
        if let Some(mend) = &one.mend {
            let _ = writeln!(text, "{:<9} {:<width$}  {}", "", "", line(mend));
        }
    }
    let missing = found.iter().filter(|one| one.state == State::Missing);
    let _ = match missing.count() {
        0 => writeln!(text, "\nAll that these devices need is there."),
        1 => writeln!(text, "\n1 thing is missing."),
        count => writeln!(text, "\n{count} things are missing."),
    };
    text
}
