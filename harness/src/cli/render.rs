//! `ngnlab render`: a saved report or benchmark, or the journal of a report in the making, shown
//! again.

use std::path::Path;

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{FORMATS, find, json};
use ngnlab_reports::{journal, shard};

use super::{Answer, Place, Render, measured};
use crate::error::{CONFORMANT, Error};
use crate::input;
use crate::mistake::advice;
use crate::scene::Kept;

pub(super) fn answer(args: &Render, place: Place) -> Result<Answer, Error> {
    let Some(format) = find(&args.format) else {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        return Err(Error::Usage {
            what: format!("no format is called `{}`", args.format),
            help: advice(&args.format, &known),
        });
    };
    let text = input::text(&args.report, input::REPORT)?;
    if measured::is_benchmark(&text) {
        return measured::shown(&text, args, place);
    }
    let (document, remarks) = read(&text, &args.report)?;
    let remarks = remarks.map_or(String::new(), |remark| {
        format!("{}\n", place.lang().say(&remark))
    });
    let scenes = Kept { for_good: true };
    let text = (format.render)(&document, place.look(&scenes));
    Ok(Answer {
        // A report that is none yet shall not be taken for one, wherever it goes.
        text: match format.name {
            "text" => format!("{remarks}{text}"),
            _ => text,
        },
        remarks,
        exit_code: CONFORMANT,
    })
}

/// Reads what was saved, and what is to be said of it; `text` is what is in the file.
pub(super) fn read(text: &str, path: &Path) -> Result<(Document, Option<String>), Error> {
    let bytes = text.as_bytes();
    if journal::is_journal(bytes) {
        let journal = journal::parse(bytes).map_err(|message| Error::Usage {
            what: format!("{} is no whole journal: {message}", path.display()),
            help: None,
        })?;
        let (planned, ended) = journal.counts();
        let remarks = format!("a journal: {ended} of {planned} runs have ended");
        return Ok((journal.document(), Some(remarks)));
    }
    if measured::is_benchmark(text) {
        return Err(Error::Usage {
            what: format!("{} is a benchmark, and no report", path.display()),
            help: Some("`ngnlab render` shows it, and `ngnlab diff` compares it".to_owned()),
        });
    }
    if let Some(number) = shard::number(text) {
        return Err(Error::Usage {
            what: format!("{} is {number} of a run, and no report", path.display()),
            help: Some("`ngnlab merge` makes a report of all shards".to_owned()),
        });
    }
    let document = json::parse(text).map_err(|message| Error::Usage {
        what: format!("{} is no report: {message}", path.display()),
        help: Some("`ngnlab run --json FILE` writes one".to_owned()),
    })?;
    Ok((document, None))
}
