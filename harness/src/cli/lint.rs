//! `ngnlab lint`: mistakes in scenario files.

use std::fmt::Write as _;

use super::{Answer, Lint, select};
use crate::error::{self, Error};
use crate::input;
use crate::mistake::Mistakes;
use crate::promises;

pub(super) fn answer(args: &Lint) -> Result<Answer, Error> {
    let files = if args.files.is_empty() {
        select::files(&args.scenarios.scenarios)?
    } else {
        args.files.clone()
    };
    let mut answer = Answer::default();
    let mut bad = 0;
    for file in &files {
        match promises::load(file) {
            Ok(scenario) => {
                let text = input::text(file, input::DESCRIPTION)?;
                let doubts = Mistakes::new(file, &text, scenario.doubts(&text));
                answer.remarks.push_str(&doubts.as_warnings());
            }
            Err(error @ Error::Scenario(_)) => {
                bad += 1;
                answer.remarks.push_str(&error.pretty());
            }
            Err(other) => return Err(other),
        }
    }
    let good = files.len() - bad;
    let _ = writeln!(answer.text, "{good} scenarios without mistakes, {bad} with");
    if bad > 0 {
        answer.exit_code = error::BAD_INPUT;
    }
    Ok(answer)
}
