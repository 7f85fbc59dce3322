//! `ngnlab diff`: two saved reports, held against each other.

use std::path::Path;

use ngnlab_reports::comparison::{Comparison, Rules, Trend, compare};
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::changes::{FORMATS, Shown, find};
use ngnlab_reports::{Case, Report};

use super::{Answer, Diff, Place, render};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::mistake::advice;

pub(super) fn answer(args: &Diff, place: Place) -> Result<Answer, Error> {
    let Some(format) = find(&args.format) else {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        return Err(Error::Usage {
            what: format!("a comparison has no format called `{}`", args.format),
            help: advice(&args.format, &known),
        });
    };
    let (old, new) = (reports(&args.old)?, reports(&args.new)?);
    let rules = Rules {
        strict: args.strict,
    };
    let name = |path: &Path| path.display().to_string();
    let comparison = held_against(
        (&name(&args.old), &old),
        (&name(&args.new), &new),
        rules,
        &|_| true,
    )?;
    let shown = Shown {
        colour: place.colour,
        all: args.all,
    };
    Ok(Answer {
        text: (format.render)(&comparison, shown),
        remarks: String::new(),
        exit_code: exit_code(&comparison),
    })
}

/// Reads a report of one device or of several.
pub(super) fn reports(path: &Path) -> Result<Vec<Report>, Error> {
    let (document, remarks) = render::load(path)?;
    // Of a journal nobody knows what is still to come.
    if !remarks.is_empty() {
        return Err(Error::Usage {
            what: format!(
                "{} is the journal of a run that has not ended",
                path.display()
            ),
            help: Some("`--resume` ends the run; its report can be compared".to_owned()),
        });
    }
    Ok(match document {
        Document::Report(report) => vec![*report],
        Document::Matrix(matrix) => matrix.devices,
    })
}

/// Holds new reports against old ones, each under the name that it is called by.
pub(super) fn held_against(
    old: (&str, &[Report]),
    new: (&str, &[Report]),
    rules: Rules,
    is_asked: &dyn Fn(&Case) -> bool,
) -> Result<Comparison, Error> {
    compare(old, new, rules, is_asked).map_err(|why| Error::Incomparable {
        what: why,
        help: "compare reports of one device, over the same scenarios".to_owned(),
    })
}

/// Shows a comparison in the format of a name, without all its places.
pub(super) fn shown_as(format: &str, comparison: &Comparison, colour: bool) -> String {
    let shown = Shown { colour, all: false };
    let format = find(format);
    format.map_or_else(String::new, |format| (format.render)(comparison, shown))
}

/// Returns the exit code that says what a comparison comes to.
pub(super) fn exit_code(comparison: &Comparison) -> u8 {
    match comparison.comes_to {
        Trend::NoWorse => CONFORMANT,
        Trend::Worse(_) => NOT_CONFORMANT,
        Trend::Unclear(_) => UNDETERMINED,
    }
}
