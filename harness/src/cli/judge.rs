//! `ngnlab judge`: a saved trace, judged again, or a capture from a real line.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{json, text};
use ngnlab_reports::scene::NoScenes;
use ngnlab_reports::{Case, Profile, Report, captured};
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{Header, Role, Trace};

use super::{Answer, Judge, Place, file, run};
use crate::campaign::CAPTURE;
use crate::capture::{self, Source};
use crate::error::Error;
use crate::input;
use crate::report::{case_of_trace, check_infos};
use crate::wireshark;

mod captures;

pub(super) fn answer(args: &Judge, place: Place) -> Result<Answer, Error> {
    let Some(path) = &args.trace else {
        let sides = [(Role::Wan, &args.wan), (Role::Lan, &args.lan)];
        let sources = sides.into_iter().filter_map(|(role, path)| {
            let path = PathBuf::from(path.as_ref()?);
            let role = Some(role);
            Some(Source { path, role })
        });
        return captures::answer(args, &sources.collect::<Vec<_>>(), place);
    };
    if let Some(path) = &args.json {
        file::try_out(path)?;
    }
    let mut file = input::open(path)?;
    let first = first_bytes(&mut file).map_err(|source| unread(path, source))?;
    if capture::is_capture(&first) {
        let (path, role) = (path.clone(), None);
        return captures::answer(args, &[Source { path, role }], place);
    }
    if !matches!(first.first(), None | Some(b'{')) {
        return Err(Error::Usage {
            what: format!("{} is neither a trace nor a capture", path.display()),
            help: Some(
                "traces begin with `{`; captures are pcapng or pcap, plain or gzip".to_owned(),
            ),
        });
    }
    if let Some(option) = captures::first_option(args) {
        return Err(Error::Usage {
            what: format!("{option} is for captures, and {} is none", path.display()),
            help: Some("a trace of ours says itself on which line it was taken".to_owned()),
        });
    }
    let trace = Trace::load(file).map_err(|source| unread(path, source))?;
    let shown = Some(path.display().to_string());
    let mut case = case_of_trace(&trace, shown).map_err(|error| unread(path, error.into()))?;
    let beside = path.with_file_name(CAPTURE);
    if beside.is_file() {
        case.capture = Some(beside.display().to_string());
    }
    write_capture(args, &trace, &mut case)?;
    finish(args, &trace.header, case, None, place)
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

/// Writes the capture of a trace, if it is asked for.
fn write_capture(args: &Judge, trace: &Trace, case: &mut Case) -> Result<(), Error> {
    let Some(path) = &args.pcapng else {
        return Ok(());
    };
    let mut written = Vec::new();
    wireshark::write(trace, case, &mut written).map_err(|source| Error::Write {
        path: path.clone(),
        source,
    })?;
    file::write_bytes(path, &written)?;
    case.capture = Some(path.display().to_string());
    Ok(())
}

/// Makes the report of one case.
fn finish(
    args: &Judge,
    header: &Header,
    case: Case,
    captured: Option<captured::Captured>,
    place: Place,
) -> Result<Answer, Error> {
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
    let exit_code = run::exit_code(&report);
    let document = Document::Report(Box::new(report));
    if let Some(path) = &args.json {
        file::write(path, &json::render(&document, false))?;
    }
    Ok(Answer {
        text: text::render(&document, place.look(&NoScenes)),
        remarks: String::new(),
        exit_code,
    })
}
