//! `ngnlab judge` with a capture: what is told of it, and what its report says besides verdicts.

use ngnlab_reports::captured::{Captured, Open, Remark};
use ngnlab_sim::line::Line;
use ngnlab_sim::trace::CapturedAt;

use super::{Redacted, finish, unread, write_capture};
use crate::capture::{self, Request, Source, Told};
use crate::checks::{self, Point, passive};
use crate::cli::{Answer, Judge, Place};
use crate::error::Error;
use crate::report::case_of_trace;
use crate::scenario;

/// Judges a capture.
pub(super) fn answer(args: &Judge, sources: &[Source], place: Place) -> Result<Answer, Error> {
    let request = request(args, sources)?;
    let capture = capture::read(sources, &request)?;
    let redacted = Redacted::new(args);
    let unmapped = |source| unread(&sources[0].path, source);
    let trace = &redacted.trace(capture.trace).map_err(unmapped)?;
    let files: Vec<String> = sources
        .iter()
        .map(|one| one.path.display().to_string())
        .collect();
    let case = case_of_trace(trace, Some(files.join(", ")));
    let mut case = case.map_err(|error| unread(&sources[0].path, error.into()))?;
    let remarks = write_capture(args, trace, &mut case, place)?;
    let at = trace.header.captured.unwrap_or_default();
    let mut captured = captured(capture.told, at);
    let found = captured.found.iter_mut().map(|remark| &mut remark.text);
    for text in found.chain(&mut captured.warnings) {
        *text = redacted.text(text);
    }
    let answer = finish(args, trace, case, Some(captured), place)?;
    Ok(Answer { remarks, ..answer })
}

/// Returns the first option that only a capture takes.
pub(super) fn first_option(args: &Judge) -> Option<&'static str> {
    let given = [
        ("--line", args.line.is_some()),
        ("--area", args.area.is_some()),
        ("--extra-domain", !args.extra_domain.is_empty()),
        ("--wan", args.wan.is_some()),
        ("--lan", args.lan.is_some()),
        ("--device-mac", !args.device_mac.is_empty()),
        ("--start", args.start.is_some()),
    ];
    let mut given = given.into_iter().filter(|(_, is_given)| *is_given);
    given.next().map(|(name, _)| name)
}

fn request(args: &Judge, sources: &[Source]) -> Result<Request, Error> {
    let (Some(name), Some(area)) = (&args.line, args.area) else {
        return Err(Error::Usage {
            what: "a capture does not say which line it was taken on".to_owned(),
            help: Some(format!(
                "say it: --line {} and --area east or west",
                Line::PRESETS.join(", ")
            )),
        });
    };
    let mut line = Line::preset(name, area.into()).ok_or_else(|| Error::Usage {
        what: format!("there is no line `{name}`"),
        help: None,
    })?;
    let mut domains = args.extra_domain.iter();
    if let Some(wrong) = domains.find(|name| !scenario::is_domain(name)) {
        return Err(Error::Usage {
            what: format!("--extra-domain: `{wrong}` is not a domain"),
            help: Some("write labels of letters, digits and hyphens: example.jp".to_owned()),
        });
    }
    line.extra_domains = args.extra_domain.clone();
    // Whole files are the sides themselves.
    let by_file = sources.iter().any(|source| source.role.is_some());
    let interface = |word: &Option<String>| word.clone().filter(|_| !by_file);
    Ok(Request {
        line,
        line_name: name.clone(),
        wan: interface(&args.wan),
        lan: interface(&args.lan),
        macs: args.device_mac.clone(),
        start: args.start.map(|start| start.0),
    })
}

/// Returns what a report says of a capture.
fn captured(told: Told, at: CapturedAt) -> Captured {
    let found = told.found.into_iter().map(|(about, text)| Remark {
        about: about.to_owned(),
        text,
    });
    Captured {
        found: found.collect(),
        warnings: told.warnings,
        open: open(at),
    }
}

/// Returns who could answer what these sides do not show.
fn open(at: CapturedAt) -> Vec<Open> {
    let other = if at.wan { "the LAN" } else { "the WAN" };
    let groups = [
        (
            format!("A capture of {other} at the same time, by the same clock,"),
            &[Point::Wan, Point::Lan, Point::Both][..],
        ),
        (
            "What a terminal shows (its screen, its addresses)".to_owned(),
            &[Point::Terminal][..],
        ),
        (
            "A run (`ngnlab run --device` with the router on two cables)".to_owned(),
            &[Point::Run][..],
        ),
    ];
    let groups = groups.into_iter().map(|(by, points)| {
        let checks = checks::all().map(|check| check.id).filter(|id| {
            let point = passive::point(id);
            points.contains(&point) && !point.is_in(at)
        });
        Open {
            by,
            checks: checks.map(str::to_owned).collect(),
        }
    });
    groups.filter(|open| !open.checks.is_empty()).collect()
}
