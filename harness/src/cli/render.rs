//! `ngnlab render`: a saved report, shown again.

use ngnlab_reports::formats::{FORMATS, find, json};

use super::{Answer, Place, Render};
use crate::error::Error;
use crate::input;
use crate::scenario::mistake::advice;

pub(super) fn answer(args: &Render, place: Place) -> Result<Answer, Error> {
    let Some(format) = find(&args.format) else {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        return Err(Error::Usage {
            what: format!("no format is called `{}`", args.format),
            help: advice(&args.format, &known),
        });
    };
    let saved = input::text(&args.report, input::REPORT)?;
    let document = json::parse(&saved).map_err(|message| Error::Usage {
        what: format!("{} is no report: {message}", args.report.display()),
        help: Some("`ngnlab run --json FILE` writes one".to_owned()),
    })?;
    Ok(Answer::text((format.render)(&document, place.colour)))
}
