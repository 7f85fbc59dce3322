//! The folder that `run --out` leaves: what it keeps of the run beside the traces, and how these are
//! judged again.
//!
//! `run.json` has all that a report says and no trace shows: what was asked, how each case ended,
//! when and by what it was run, what the device file knew and excused. Verdicts are not in it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use ngnlab_reports::provenance::Provenance;
use ngnlab_reports::shard::Number;
use ngnlab_reports::stale::stale;
use ngnlab_reports::{Case, LeftOut, Outcome, Profile, Report};
use ngnlab_sim::trace::Trace;
use serde::{Deserialize, Serialize};

use super::file;
use super::watched::watched;
use crate::campaign::{CAPTURE, TRACE};
use crate::dut::description::Known;
use crate::dut::description::excuse::Excuse;
use crate::error::Error;
use crate::input;
use crate::report::{Asked, case_again, check_infos};

mod shards;

pub(super) use shards::elsewhere;

/// A run, apart from its verdicts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KeptRun {
    /// The version of the file, [`VERSION`].
    pub(super) run: u32,
    /// The program and its version.
    pub(super) tool: String,
    /// The run's seed.
    pub(super) seed: u64,
    /// How long it took, in milliseconds.
    pub(super) elapsed_ms: u64,
    /// What was run with each device.
    pub(super) devices: Vec<KeptDevice>,
    /// Which part of a run it is, if it is no whole one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shard: Option<Number>,
}

/// What was run with one device.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KeptDevice {
    /// The device's name.
    pub(super) device: String,
    /// What `ngnlab run` was told besides scenario and area.
    pub(super) arguments: Vec<String>,
    /// The profiles that are judged.
    pub(super) profiles: Vec<Profile>,
    /// Scenarios that were not run, and why.
    pub(super) left_out: Vec<LeftOut>,
    /// When and by what it was run.
    pub(super) provenance: Option<Provenance>,
    /// The text of the device's file, if it has one.
    pub(super) file: Option<String>,
    /// Each scenario in each area, in the report's order.
    pub(super) cases: Vec<KeptCase>,
}

/// One scenario in one area.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KeptCase {
    /// Its folder below that of the run.
    pub(super) folder: PathBuf,
    /// What is asked of it.
    pub(super) asked: Asked,
    /// How it ended.
    pub(super) outcome: Outcome,
    /// Its number in the whole run, if it is a shard's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<usize>,
}

/// What a device file knows and excuses; its other keys are for who runs it.
#[derive(Debug, Default, Deserialize)]
struct Marks {
    firmware: Option<String>,
    #[serde(default)]
    known: Vec<Known>,
    #[serde(default, rename = "excuse")]
    excuses: Vec<Excuse>,
}

/// What is done to a trace before it is judged.
pub(super) type Map<'a> = &'a dyn Fn(Trace) -> io::Result<Trace>;

/// Keeps a run in its folder.
pub(super) fn keep(run: &KeptRun, out: &Path) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(run).expect("a run has string keys only");
    file::write(&out.join(RUN), &(text + "\n"))
}

/// Judges every trace of a run again: a report for each device, as the run made it, but for the
/// verdicts, which are this program's. `named` is what the reports call the folder.
pub(super) fn judge(folder: &Path, named: &Path, map: Map<'_>) -> Result<Vec<Report>, Error> {
    let run = load(folder)?;
    let devices = run.devices.iter();
    let reports = devices.map(|device| report(&run, device, (folder, named), map));
    reports.collect()
}

/// Judges the trace at `path` again as the case of the run that it belongs to; `None` if it lies in
/// no run's folder.
pub(super) fn judge_one(path: &Path, map: Map<'_>) -> Result<Option<Report>, Error> {
    let Some((folder, below)) = run_around(path) else {
        return Ok(None);
    };
    let mut run = load(&folder)?;
    let is_it = |case: &KeptCase| case.folder.join(TRACE) == below;
    let mut devices = run.devices.drain(..);
    let Some(mut device) = devices.find(|device| device.cases.iter().any(is_it)) else {
        return Ok(None);
    };
    drop(devices);
    let is_alone = device.cases.len() == 1;
    device.cases.retain(is_it);
    // As the user names the file, so does the report.
    let up = below.components().count();
    let named = path.ancestors().nth(up).unwrap_or(Path::new(""));
    let named = match path.components().count() > up {
        true => named.to_owned(),
        false => folder.clone(),
    };
    let whole = report(&run, &device, (&folder, &named), map)?;
    Ok(Some(match is_alone {
        true => whole,
        false => of_one(whole),
    }))
}

/// Takes out of a report what is about cases that are not in it.
fn of_one(mut report: Report) -> Report {
    report.left_out.clear();
    let cases = &report.cases;
    let counts = |profile: &Profile| cases.iter().any(|case| profile.counts(case));
    if report.profiles.iter().any(counts) {
        report.profiles.retain(counts);
    }
    report.scored()
}

/// Returns the folder of the run that a file lies in, and where below it.
fn run_around(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let whole = fs::canonicalize(path).ok()?;
    // device/family/name-area, at most.
    let mut above = whole.parent()?.ancestors().take(DEEPEST);
    let folder = above.find(|folder| folder.join(RUN).is_file())?;
    let below = whole.strip_prefix(folder).ok()?;
    Some((folder.to_owned(), below.to_owned()))
}

fn load(folder: &Path) -> Result<KeptRun, Error> {
    let path = folder.join(RUN);
    if !path.is_file()
        && let Some(run) = shards::gathered(folder)?
    {
        return Ok(run);
    }
    if !path.is_file() {
        return Err(Error::Usage {
            what: format!(
                "{} is not the folder of a run that has ended",
                folder.display()
            ),
            help: Some(format!(
                "`ngnlab run --out DIR` leaves one, with {RUN} in it; --resume ends a run that was broken off"
            )),
        });
    }
    let refuse = |why: String| Error::Usage {
        what: format!("{} does not say what was run: {why}", path.display()),
        help: Some("`ngnlab run --out DIR` writes it".to_owned()),
    };
    let text = input::text(&path, input::REPORT)?;
    let head: Head = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    if head.run != VERSION {
        return Err(refuse(format!(
            "its version {} is not {VERSION}; judge it with its own program",
            head.run
        )));
    }
    let run: KeptRun = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let mut cases = run.devices.iter().flat_map(|device| &device.cases);
    match cases.find(|case| !is_below(&case.folder)) {
        Some(case) => Err(refuse(format!("{:?} leads out of it", case.folder))),
        None => Ok(run),
    }
}

/// Returns whether a path leads nowhere but down.
fn is_below(path: &Path) -> bool {
    let mut parts = path.components();
    parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn report(
    run: &KeptRun,
    device: &KeptDevice,
    places: (&Path, &Path),
    map: Map<'_>,
) -> Result<Report, Error> {
    let marks = marks(device)?;
    let cases = device
        .cases
        .iter()
        .map(|kept| case(kept, &marks, places, map));
    let cases = cases.collect::<Result<Vec<Case>, Error>>()?;
    let report = Report {
        format: ngnlab_reports::FORMAT,
        tool: run.tool.clone(),
        device: device.device.clone(),
        firmware: marks.firmware,
        seed: run.seed,
        arguments: device.arguments.clone(),
        captured: None,
        elapsed_ms: run.elapsed_ms,
        checks: check_infos(),
        left_out: device.left_out.clone(),
        stale: stale(&watched(&marks.known, &marks.excuses, &cases)),
        cases,
        profiles: device.profiles.clone(),
        results: Vec::new(),
        comes_to: None,
        provenance: device.provenance.clone(),
    };
    Ok(report.scored())
}

fn marks(device: &KeptDevice) -> Result<Marks, Error> {
    let Some(text) = &device.file else {
        return Ok(Marks::default());
    };
    toml::from_str(text).map_err(|error| Error::Device {
        path: device.device.clone().into(),
        message: error.message().to_owned(),
        help: Some("what its file knows and excuses is another version's".to_owned()),
    })
}

fn case(
    kept: &KeptCase,
    marks: &Marks,
    (folder, named): (&Path, &Path),
    map: Map<'_>,
) -> Result<Case, Error> {
    let place = named.join(&kept.folder);
    let at = folder.join(&kept.folder);
    let trace = match kept.outcome {
        Outcome::Judged => Some(trace(&at.join(TRACE), &kept.asked, map)?),
        Outcome::DeviceFailed { .. } | Outcome::HarnessError(_) | Outcome::NotApplicable(_) => None,
    };
    let mut outcome = kept.outcome.clone();
    if let Outcome::DeviceFailed { log: Some(log), .. } = &mut outcome {
        *log = named.join(&*log).display().to_string();
    }
    let shown = place.join(TRACE).display().to_string();
    let known = &marks.known;
    let mut case = case_again(&kept.asked, outcome, trace.as_ref(), known, Some(shown));
    if at.join(CAPTURE).is_file() {
        case.capture = Some(place.join(CAPTURE).display().to_string());
    }
    Ok(case)
}

/// Reads a trace, which must be that of the case.
fn trace(path: &Path, asked: &Asked, map: Map<'_>) -> Result<Trace, Error> {
    let trace = Trace::load(input::open(path)?)
        .and_then(map)
        .map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
    let header = &trace.header;
    match header.scenario == asked.scenario && header.line.area == asked.area {
        true => Ok(trace),
        false => Err(Error::Usage {
            what: format!(
                "{} is the trace of {} ({}), and not of {} ({})",
                path.display(),
                header.scenario,
                header.line.area.name(),
                asked.scenario,
                asked.area.name()
            ),
            help: Some("it is not where the run put it".to_owned()),
        }),
    }
}

/// What tells which version it is.
#[derive(Deserialize)]
struct Head {
    run: u32,
}

/// The version of [`KeptRun`]; it grows when a reader of the old one would break.
pub(super) const VERSION: u32 = 1;
/// The file beside the traces.
pub(super) const RUN: &str = "run.json";
const DEEPEST: usize = 4;
