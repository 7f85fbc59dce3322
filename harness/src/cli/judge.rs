//! `ngnlab judge`: the traces of a run, judged again, or a capture from a real line.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use clap::Args;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::text;
use ngnlab_reports::scene::{NoScenes, Scenes};
use ngnlab_reports::{Case, Profile, Report, captured};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::trace::{Role, Trace};

use super::{Answer, AreaName, Outputs, Place, file, run, traces};
use crate::campaign::CAPTURE;
use crate::capture::{self, Source};
use crate::error::Error;
use crate::input;
use crate::period::Period;
use crate::report::{case_of_trace, check_infos};
use crate::wireshark;

mod captures;
mod drawn;
mod redacted;

use drawn::Drawn;
use redacted::Redacted;

/// The arguments of `judge`.
#[derive(Debug, Args)]
pub struct Judge {
    /// Writes the capture for Wireshark, with a comment on each frame that decided a verdict
    #[arg(long, value_name = "FILE")]
    pub pcapng: Option<PathBuf>,
    /// Judges and writes a trace in which customer IDs, MAC addresses and the addresses made of them,
    /// PPP passwords and TLS secrets are mapped to others, the same one each time; every verdict
    /// stays
    #[arg(long)]
    pub redact: bool,
    /// With --redact: another word that is mapped wherever it stands, as a user name
    #[arg(long, value_name = "WORD", requires = "redact")]
    pub redact_word: Vec<String>,
    /// The folder of a run, as `run --out` leaves it, a trace in one, or a capture: pcapng or pcap,
    /// plain or gzip
    #[arg(value_name = "FILE", required_unless_present_any = ["wan", "lan"])]
    pub trace: Option<PathBuf>,
    /// The line that a capture was taken on
    #[arg(long, value_name = "LINE", value_parser = clap::builder::PossibleValuesParser::new(Line::PRESETS))]
    pub line: Option<String>,
    /// The area of that line
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// A domain beyond the guide's six that the ONS servers resolve on that line, and that was entered
    /// into the router
    #[arg(long, value_name = "DOMAIN")]
    pub extra_domain: Vec<String>,
    /// The interface in the capture that is the router's WAN, by its name or number, with `.101`
    /// behind it for a VLAN; without FILE, a capture taken there
    #[arg(long, value_name = "IF|FILE")]
    pub wan: Option<String>,
    /// The same of its LAN; unless one of them is given, they are found by what they carry
    #[arg(long, value_name = "IF|FILE")]
    pub lan: Option<String>,
    /// The router's own MAC address, where it is not found: once for the WAN, once for the LAN
    #[arg(long, value_name = "MAC")]
    pub device_mac: Vec<Mac>,
    /// When time begins, counted from the first frame: `90s` where the router was switched on then
    #[arg(long, value_name = "SPAN")]
    pub start: Option<Period>,
    /// Where the report goes
    #[command(flatten)]
    pub outputs: Outputs,
}

pub(super) fn answer(args: &Judge, place: Place) -> Result<Answer, Error> {
    args.outputs.try_out()?;
    let Some(path) = &args.trace else {
        one_file_each(args)?;
        let sides = [(Role::Wan, &args.wan), (Role::Lan, &args.lan)];
        let sources = sides.into_iter().filter_map(|(role, path)| {
            let path = PathBuf::from(path.as_ref()?);
            let role = Some(role);
            Some(Source { path, role })
        });
        return captures::answer(args, &sources.collect::<Vec<_>>(), place);
    };
    if path.is_dir() {
        return folder(args, path, place);
    }
    let mut file = input::open(path)?;
    let first = first_bytes(&mut file).map_err(|source| unread(path, source))?;
    if capture::is_capture(&first) {
        let (path, role) = (path.clone(), None);
        return captures::answer(args, &[Source { path, role }], place);
    }
    if first.is_empty() {
        return Err(Error::Usage {
            what: format!("{} is empty", path.display()),
            help: Some(KINDS.to_owned()),
        });
    }
    if !first.starts_with(b"{") {
        return Err(Error::Usage {
            what: format!("{} is neither a trace nor a capture", path.display()),
            help: Some(KINDS.to_owned()),
        });
    }
    no_capture(args, path)?;
    let redacted = Redacted::new(args);
    let map = |trace| redacted.trace(trace);
    let whole = || {
        let loaded = Trace::load(file).and_then(&map);
        loaded.map_err(|source| unread(path, source))
    };
    if let Some(report) = traces::judge_one(path, &map)? {
        let mut report = redacted
            .report(report)
            .map_err(|source| unread(path, source))?;
        let mut remarks = String::new();
        if args.pcapng.is_some() {
            let trace = whole()?;
            for case in &mut report.cases {
                remarks += &write_capture(args, &trace, case, place)?;
            }
        }
        let answer = tell(args, vec![report], &Drawn::Kept(&redacted), place)?;
        return Ok(Answer { remarks, ..answer });
    }
    let trace = whole()?;
    let shown = Some(path.display().to_string());
    let mut case = case_of_trace(&trace, shown).map_err(|error| unread(path, error.into()))?;
    let beside = path.with_file_name(CAPTURE);
    if beside.is_file() {
        case.capture = Some(beside.display().to_string());
    }
    let remarks = write_capture(args, &trace, &mut case, place)?;
    let answer = finish(args, &trace, case, None, place)?;
    Ok(Answer { remarks, ..answer })
}

/// Refuses one file for both sides: what is seen twice would cross the router without it.
fn one_file_each(args: &Judge) -> Result<(), Error> {
    let (Some(wan), Some(lan)) = (&args.wan, &args.lan) else {
        return Ok(());
    };
    let place = |path: &String| fs::canonicalize(path).ok();
    if place(wan).is_none() || place(wan) != place(lan) {
        return Ok(());
    }
    Err(Error::Usage {
        what: format!("--wan and --lan are the same file, {wan}"),
        help: Some(
            "a file with both sides is FILE, and --wan and --lan name the interfaces in it"
                .to_owned(),
        ),
    })
}

/// Judges the traces of a run again.
fn folder(args: &Judge, path: &Path, place: Place) -> Result<Answer, Error> {
    no_capture(args, path)?;
    if args.pcapng.is_some() {
        return Err(Error::Usage {
            what: format!(
                "--pcapng is for one trace, and {} is a folder",
                path.display()
            ),
            help: Some(format!("`run --out` left a {CAPTURE} beside each trace")),
        });
    }
    let redacted = Redacted::new(args);
    let reports = traces::judge(path, path, &|trace| redacted.trace(trace))?;
    let reports = reports.into_iter().map(|report| redacted.report(report));
    let reports = reports.collect::<io::Result<_>>();
    let reports = reports.map_err(|source| unread(path, source))?;
    tell(args, reports, &Drawn::Kept(&redacted), place)
}

/// Refuses what only a capture needs to be told.
fn no_capture(args: &Judge, path: &Path) -> Result<(), Error> {
    let Some(option) = captures::first_option(args) else {
        return Ok(());
    };
    Err(Error::Usage {
        what: format!("{option} is for captures, and {} is none", path.display()),
        help: Some("a trace of ours says itself on which line it was taken".to_owned()),
    })
}

/// Returns how a file begins, and leaves it at its beginning.
fn first_bytes(file: &mut File) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    file.take(4).read_to_end(&mut first)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(first)
}

fn unread(path: &Path, source: io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}

/// Writes the capture of a trace, if it is asked for; returns what gives people away in it.
fn write_capture(
    args: &Judge,
    trace: &Trace,
    case: &mut Case,
    place: Place,
) -> Result<String, Error> {
    let Some(path) = &args.pcapng else {
        return Ok(String::new());
    };
    let mut written = Vec::new();
    wireshark::write(trace, case, &mut written).map_err(|source| Error::Write {
        path: path.clone(),
        source,
    })?;
    file::write_bytes(path, &written)?;
    case.capture = Some(path.display().to_string());
    Ok(redacted::said(args, path, trace, place.lang()))
}

/// Makes the report of one case.
fn finish(
    args: &Judge,
    trace: &Trace,
    case: Case,
    captured: Option<captured::Captured>,
    place: Place,
) -> Result<Answer, Error> {
    let header = &trace.header;
    let profile = match header.line.area {
        Area::East => Profile::OnsEast,
        Area::West => Profile::OnsWest,
    };
    let report = Report {
        format: ngnlab_reports::FORMAT,
        tool: format!("ngnlab {}", env!("CARGO_PKG_VERSION")),
        device: header.device.clone(),
        seed: header.seed,
        arguments: Vec::new(),
        captured,
        elapsed_ms: 0,
        checks: check_infos(),
        cases: vec![case],
        left_out: Vec::new(),
        stale: Vec::new(),
        profiles: vec![profile],
        results: Vec::new(),
        comes_to: None,
        firmware: None,
        provenance: None,
    }
    .scored();
    tell(args, vec![report], &Drawn::Judged(trace), place)
}

/// Says what was judged, and when and by what: that is no part of the run, if there was one.
fn tell(
    args: &Judge,
    mut reports: Vec<Report>,
    scenes: &dyn Scenes,
    place: Place,
) -> Result<Answer, Error> {
    let mut judged = (place.provenance)();
    for word in &mut judged.command {
        for secret in args.redact_word.iter().filter(|secret| !secret.is_empty()) {
            *word = word.replace(secret, "…");
        }
    }
    for report in &mut reports {
        if report.captured.is_some() {
            report.provenance = Some(judged.clone());
            continue;
        }
        let made = report.provenance.get_or_insert_default();
        made.judged = Some(Box::new(judged.clone()));
    }
    let exit_code = run::exit_code_of_all(&reports);
    let document = Document::of(reports);
    args.outputs
        .write(&document, place.look(scenes), &|_| String::new())?;
    Ok(Answer {
        text: text::render(&document, place.look(&NoScenes)),
        remarks: String::new(),
        exit_code,
    })
}

/// What a file can be.
const KINDS: &str = "traces begin with `{`; captures are pcapng or pcap, plain or gzip";
