//! `ngnlab judge`: a saved trace, judged again.

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{json, text};
use ngnlab_reports::{Profile, Report};
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::Trace;

use super::{Answer, Judge, Place, file, run};
use crate::error::Error;
use crate::input;
use crate::report::{case_of_trace, check_infos};

pub(super) fn answer(args: &Judge, place: Place) -> Result<Answer, Error> {
    let fail = |source| Error::Read {
        path: args.trace.clone(),
        source,
    };
    let trace = Trace::load(input::open(&args.trace)?).map_err(fail)?;
    let shown = Some(args.trace.display().to_string());
    let case = case_of_trace(&trace, shown).map_err(|error| fail(error.into()))?;
    let profile = match trace.header.line.area {
        Area::East => Profile::OnsEast,
        Area::West => Profile::OnsWest,
    };
    let report = Report {
        format: ngnlab_reports::FORMAT,
        tool: format!("ngnlab {}", env!("CARGO_PKG_VERSION")),
        device: trace.header.device.clone(),
        seed: trace.header.seed,
        arguments: Vec::new(),
        elapsed_ms: 0,
        checks: check_infos(),
        cases: vec![case],
        left_out: Vec::new(),
        stale: Vec::new(),
        profiles: vec![profile],
        results: Vec::new(),
        comes_to: None,
    }
    .scored();
    let exit_code = run::exit_code(&report);
    let document = Document::Report(Box::new(report));
    if let Some(path) = &args.json {
        file::write(path, &json::render(&document, false))?;
    }
    Ok(Answer {
        text: text::render(&document, place.look()),
        remarks: String::new(),
        exit_code,
    })
}
