//! `ngnlab diff`: two saved reports, or two benchmarks, held against each other.

use std::path::{Path, PathBuf};

use clap::Args;
use ngnlab_reports::comparison::{self, Comparison, Rules, Trend, compare};
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::Look;
use ngnlab_reports::formats::changes::{FORMATS, Shown, find};
use ngnlab_reports::{Case, Report};

use super::{Answer, Place, in_words, measured, render};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::input;
use crate::mistake::advice;

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The report from before, as `run --json` wrote it, of one device or several, or the benchmark
    pub old: PathBuf,
    /// The report or benchmark from now
    pub new: PathBuf,
    /// The format
    #[arg(long, default_value = "text", help = formats_in_words())]
    pub format: String,
    /// Names every place of a change, and verdicts that come and go where no scenario exercises
    /// them
    #[arg(long)]
    pub all: bool,
    /// A SHOULD decides as a MUST does, and so does what makes the old report outdated: a failure
    /// or a scenario that is no more
    #[arg(long)]
    pub strict: bool,
}

pub(super) fn answer(args: &Diff, place: Place) -> Result<Answer, Error> {
    let Some(format) = find(&args.format) else {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        return Err(Error::Usage {
            what: format!("a comparison has no format called `{}`", args.format),
            help: advice(&args.format, &known),
        });
    };
    let [old, new] = [&args.old, &args.new].map(|path| input::text(path, input::REPORT));
    let (old, new) = (old?, new?);
    match [&old, &new].map(|text| measured::is_benchmark(text)) {
        [true, true] if args.strict => {
            return Err(Error::Usage {
                what: "two benchmarks cannot be compared with `--strict`".to_owned(),
                help: Some("a rate that is lower by more than chance decides anyway".to_owned()),
            });
        }
        [true, true] => {
            let sides = [(&*old, &*args.old), (&*new, &*args.new)];
            return measured::against(sides, &args.format, place);
        }
        [false, false] => {}
        [is_old, _] => {
            let paths = match is_old {
                true => [&args.old, &args.new],
                false => [&args.new, &args.old],
            };
            let [benchmark, other] = paths.map(|path| path.display());
            return Err(Error::Incomparable {
                what: format!("{benchmark} is a benchmark, and {other} is none"),
                help: "compare two reports, or two benchmarks".to_owned(),
            });
        }
    }
    let (old, new) = (reports_in(&old, &args.old)?, reports_in(&new, &args.new)?);
    let rules = Rules {
        strict: args.strict,
    };
    let name = |path: &Path| path.display().to_string();
    let comparison = held_against(
        (&name(&args.old), &old),
        (&name(&args.new), &new),
        rules,
        &|_, _| true,
    )?;
    let shown = Shown {
        colour: place.colour,
        lang: place.lang(),
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
    reports_in(&input::text(path, input::REPORT)?, path)
}

/// Reads a report of one device or of several; `text` is what is in the file.
fn reports_in(text: &str, path: &Path) -> Result<Vec<Report>, Error> {
    let (document, remarks) = render::read(text, path)?;
    // Of a journal nobody knows what is still to come.
    if remarks.is_some() {
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
    is_asked: &dyn Fn(&Report, &Case) -> bool,
) -> Result<Comparison, Error> {
    tell_apart(old.0, old.1.iter().map(|one| &*one.device))?;
    tell_apart(new.0, new.1.iter().map(|one| &*one.device))?;
    compare(old, new, rules, is_asked).map_err(|why| Error::Incomparable {
        what: why,
        help: "compare reports of one device, over the same scenarios".to_owned(),
    })
}

/// Refuses what is about two devices of one name, by which devices are told apart.
pub(super) fn tell_apart<'a>(
    document: &str,
    devices: impl IntoIterator<Item = &'a str>,
) -> Result<(), Error> {
    comparison::tell_apart(document, devices).map_err(|what| Error::Incomparable {
        what,
        help: "give each device a `name` of its own in its device file, and run again".to_owned(),
    })
}

/// Shows a comparison in the format of a name, without all its places.
pub(super) fn shown_as(format: &str, comparison: &Comparison, look: Look<'_>) -> String {
    let shown = Shown {
        colour: look.colour,
        lang: look.lang,
        all: false,
    };
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

fn formats_in_words() -> String {
    let formats = FORMATS.iter();
    in_words(formats.map(|format| (format.name, format.about)))
}

/// What can be asked, and what the exit codes mean.
pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab diff last.json now.json                      what changed, what decides first
  ngnlab diff last.json now.json --format markdown    the same for a summary in CI
  ngnlab diff last.json now.json --all --strict       every place; whatever changed decides
  ngnlab diff bench-old.json bench-new.json           of two benchmarks: slower, faster, or chance

Exit codes: 0 no worse, 1 worse: a MUST of a profile that either report was made for, a promise of a
scenario or the device fails where it did not, or the device file is newly stale; 2 wrong usage or
file; 3 could not tell: a MUST that a scenario exercises is no longer judged for certain, or nothing
of a profile is, a device is gone, ngnlab broke or was stopped, or the reports have nothing in common.
Of two benchmarks: 1 a device is slower by more than chance, or fails; 3 a rate of the old one has
none that it can be compared with; 0 all else";
