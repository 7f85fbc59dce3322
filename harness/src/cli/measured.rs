//! A saved benchmark: shown again, and held against another one.

use std::path::Path;

use ngnlab_reports::benchmark::comparison::{Comparison, Trend, compare};
use ngnlab_reports::benchmark::{self, Benchmark};
use ngnlab_reports::formats::benchmark::{FORMATS, changes, find};
use ngnlab_reports::scene::NoScenes;

use super::{Answer, Place, Render};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::mistake::advice;

pub(super) use ngnlab_reports::benchmark::is_benchmark;

/// Shows a benchmark in the format that is asked for.
pub(super) fn shown(text: &str, args: &Render, place: Place) -> Result<Answer, Error> {
    let Some(format) = find(&args.format) else {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        return Err(Error::Usage {
            what: format!("a benchmark has no format called `{}`", args.format),
            help: advice(&args.format, &known),
        });
    };
    let benchmark = read(text, &args.report)?;
    Ok(Answer::text((format.render)(
        &benchmark,
        place.look(&NoScenes),
    )))
}

/// Holds a new benchmark against an old one, each with what is in its file, and shows what changed.
pub(super) fn against(
    [old, new]: [(&str, &Path); 2],
    format: &str,
    place: Place,
) -> Result<Answer, Error> {
    let Some(format) = changes::find(format) else {
        let known: Vec<&str> = changes::FORMATS.iter().map(|one| one.name).collect();
        return Err(Error::Usage {
            what: format!("a comparison has no format called `{format}`"),
            help: advice(format, &known),
        });
    };
    let (before, after) = (read(old.0, old.1)?, read(new.0, new.1)?);
    let [old_name, new_name] = [old.1, new.1].map(|path| path.display().to_string());
    let comparison = held_against((&old_name, &before), (&new_name, &after))?;
    Ok(Answer {
        text: (format.render)(&comparison, place.look(&NoScenes)),
        remarks: String::new(),
        exit_code: exit_code(&comparison),
    })
}

/// Reads a benchmark of a file.
pub(super) fn read(text: &str, path: &Path) -> Result<Benchmark, Error> {
    benchmark::read(text).map_err(|message| Error::Usage {
        what: format!("{} is no benchmark: {message}", path.display()),
        help: Some("`ngnlab bench dns --json FILE` writes one".to_owned()),
    })
}

/// Holds a new benchmark against an old one, each under the name that it is called by.
pub(super) fn held_against(
    old: (&str, &Benchmark),
    new: (&str, &Benchmark),
) -> Result<Comparison, Error> {
    compare(old, new).map_err(|why| Error::Incomparable {
        what: why,
        help: "compare benchmarks of one device, with the same questions".to_owned(),
    })
}

/// Returns the exit code that says what a comparison comes to.
pub(super) fn exit_code(comparison: &Comparison) -> u8 {
    match comparison.comes_to {
        Trend::NoWorse => CONFORMANT,
        Trend::Worse(_) => NOT_CONFORMANT,
        Trend::Unclear(_) => UNDETERMINED,
    }
}
