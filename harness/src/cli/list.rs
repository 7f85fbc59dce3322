//! `ngnlab list`: what can happen, what is checked, what the reference can do wrong.

use std::fmt::Write as _;

use ngnlab_reports::Level;
use ngnlab_sim::node::router::defect::Defect;

use super::{Answer, List, select};
use crate::checks;
use crate::error::Error;

pub(super) fn answer(args: &List) -> Result<Answer, Error> {
    let mut text = String::new();
    if args.checks {
        list_checks(&mut text);
    }
    if args.defects {
        for defect in Defect::ALL {
            let _ = writeln!(text, "{defect}");
        }
    }
    if !args.checks && !args.defects {
        for found in select::scenarios(&args.scenarios.scenarios, &[])? {
            let scenario = &found.scenario;
            let _ = writeln!(text, "{} ({})", scenario.name, scenario.until);
            let _ = writeln!(text, "    {}", scenario.about);
        }
    }
    Ok(Answer::text(text))
}

fn list_checks(text: &mut String) {
    for check in checks::all() {
        let level = match check.level {
            Level::Must => "must",
            Level::Should => "should",
        };
        let _ = writeln!(text, "{level:<6} {}", check.id);
        let _ = writeln!(text, "       {}", check.title.en);
    }
}
