//! `ngnlab run`: scenarios against a router, and what came of it.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use ngnlab_reports::formats::{json, text};
use ngnlab_reports::score::Overall;
use ngnlab_reports::{Case, LeftOut, Level, Outcome, Profile, Report, StaleKnown, Verdict};
use ngnlab_sim::line::Area;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::{Pace, Time};

use super::select::{self, Found};
use super::{Answer, Place, Run, interrupt};
use crate::campaign::estimate::Estimate;
use crate::campaign::{Campaign, Entry, folder};
use crate::dut::description::{Description, Known, WAITING_TOGETHER};
use crate::dut::launch::{self, Preparation};
use crate::dut::reference;
use crate::error::{self, Error};
use crate::job::{Device, Job};
use crate::report::check_infos;

pub(super) fn answer(args: &Run, place: Place) -> Result<Answer, Error> {
    let clock = Clock::starting_at(Time::ZERO);
    let device = device(args)?;
    let only = args.area.map(Area::from);
    let found = select::scenarios(&args.scenarios.scenarios, &args.scenario)?;
    let (found, mut left_out) = leave_out_long(found, args, &device);
    let mut entries = entries(&found, args, &device, only);
    let stop = interrupt::stop_at_ctrl_c();
    // What the machine lacks is lacking for every run: once said is enough.
    let preparation = match &device.device {
        Device::File(path) => launch::prepare(path, &stop)?,
        Device::Reference(_) => Preparation::default(),
    };
    for entry in &mut entries {
        entry.job.prepared = preparation.prepared.clone();
    }
    let jobs = args.jobs.map_or_else(|| device.jobs(), usize::from);
    if device.real_time {
        let estimate = Estimate::new(&entries, jobs, left_out.len());
        (place.announce)(&estimate.to_string());
    }
    let campaign = Campaign {
        jobs,
        known: &device.known,
        progress: place.progress,
        stop: &stop,
    };
    let ended = campaign.run(&entries);
    let stopped = ended.iter().any(Option::is_none);
    let mut cases = Vec::new();
    for (case, entry) in ended.into_iter().zip(&entries) {
        match case {
            Some(case) => cases.push(case),
            None => left_out.push(LeftOut {
                scenario: format!("{} ({})", entry.scenario.name, entry.job.area.name()),
                reason: STOPPED.to_owned(),
            }),
        }
    }
    let stale = stale(&device.known, &cases);
    let report = Report {
        format: ngnlab_reports::FORMAT,
        tool: format!("ngnlab {}", env!("CARGO_PKG_VERSION")),
        device: device.name.clone(),
        seed: args.seed,
        arguments: arguments(args),
        elapsed_ms: u64::try_from(clock.now().as_millis()).unwrap_or_default(),
        checks: check_infos(),
        profiles: profiles(args, &cases),
        cases,
        left_out,
        stale,
        results: Vec::new(),
    }
    .scored();
    if let Some(path) = &args.json {
        write(path, &json::render(&report))?;
    }
    Ok(Answer {
        text: text::render(&report, place.colour),
        remarks: match stopped {
            true => format!("{STOPPED}; what had ended by then is judged\n"),
            false => String::new(),
        },
        exit_code: if stopped {
            error::UNDETERMINED
        } else {
            exit_code(&report)
        },
    })
}

/// Writes a file, and the folder it goes into.
pub(super) fn write(path: &Path, content: &str) -> Result<(), Error> {
    let fail = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    fs::write(path, content).map_err(fail)
}

/// Returns what a case of this run needs besides scenario and area to come out the same again.
fn arguments(args: &Run) -> Vec<String> {
    let mut arguments = Vec::new();
    if args.device != reference::NAME {
        arguments.extend(["--device".to_owned(), args.device.clone()]);
    }
    for defect in &args.defect {
        arguments.extend(["--defect".to_owned(), defect.name().to_owned()]);
    }
    arguments.extend(args.real_time.then(|| "--real-time".to_owned()));
    arguments.extend(args.long.then(|| "--long".to_owned()));
    arguments.extend(["--seed".to_owned(), args.seed.to_string()]);
    arguments
}

/// The device as the command line names it.
struct Chosen {
    name: String,
    device: Device,
    known: Vec<Known>,
    /// How many share a processor.
    at_once: usize,
    real_time: bool,
}

fn device(args: &Run) -> Result<Chosen, Error> {
    if args.device == reference::NAME {
        let defects: BTreeSet<_> = args.defect.iter().copied().collect();
        let names: Vec<&str> = defects.iter().map(|defect| defect.name()).collect();
        let name = match &names[..] {
            [] => reference::NAME.to_owned(),
            names => format!("{} with {}", reference::NAME, names.join(", ")),
        };
        return Ok(Chosen {
            name,
            device: Device::Reference(defects),
            known: Vec::new(),
            at_once: if args.real_time { WAITING_TOGETHER } else { 1 },
            real_time: args.real_time,
        });
    }
    if !args.defect.is_empty() {
        return Err(Error::Usage {
            what: "only the reference router can be given defects".to_owned(),
            help: Some("leave out --defect or --device".to_owned()),
        });
    }
    let path = PathBuf::from(&args.device);
    if !path.exists() {
        return Err(Error::Usage {
            what: format!("there is no device file {}", path.display()),
            help: Some(
                "--device takes `reference` or a device file; harness/devices has some to start \
                 from"
                    .to_owned(),
            ),
        });
    }
    let description = Description::load(&path)?;
    Ok(Chosen {
        name: description.name,
        device: Device::File(path),
        at_once: description.driver.at_once(),
        known: description.known,
        real_time: true,
    })
}

impl Chosen {
    /// Returns how many run at the same time unless the user says so.
    fn jobs(&self) -> usize {
        processors() * self.at_once
    }
}

/// In real time, parts with scenarios that would take long, unless they are wanted.
fn leave_out_long(found: Vec<Found>, args: &Run, device: &Chosen) -> (Vec<Found>, Vec<LeftOut>) {
    let (long, kept): (Vec<Found>, Vec<Found>) = found
        .into_iter()
        .partition(|found| device.real_time && !args.long && found.scenario.is_long());
    let left_out = long.into_iter().map(|found| LeftOut {
        reason: format!(
            "takes {} in real time; --long runs it",
            found.scenario.until
        ),
        scenario: found.scenario.name,
    });
    (kept, left_out.collect())
}

fn entries(found: &[Found], args: &Run, device: &Chosen, only: Option<Area>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for Found { path, scenario } in found {
        for area in select::areas(scenario, only) {
            let out = args.out.as_deref();
            entries.push(Entry {
                job: Job {
                    scenario: path.clone(),
                    area,
                    seed: args.seed,
                    pace: args.real_time.then_some(Pace::Realtime),
                    device: device.device.clone(),
                    prepared: None,
                    out: out.map(|out| folder(out, &scenario.name, area.name())),
                },
                scenario: scenario.clone(),
            });
        }
    }
    // The longest first, so that no thread is left with it at the end.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.scenario.until));
    entries
}

/// Returns as many as there are processors.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

fn profiles(args: &Run, cases: &[Case]) -> Vec<Profile> {
    if !args.profile.is_empty() {
        return args.profile.iter().copied().map(Profile::from).collect();
    }
    let run = |area: Area| cases.iter().any(|case| case.area == area.name());
    let default = [
        (Area::East, Profile::OnsEast),
        (Area::West, Profile::OnsWest),
    ];
    let areas = default.into_iter().filter(|(area, _)| run(*area));
    areas.map(|(_, profile)| profile).collect()
}

/// Returns the known failures that did not fail wherever they were judged.
fn stale(known: &[Known], cases: &[Case]) -> Vec<StaleKnown> {
    let is_stale = |known: &&Known| {
        let failed: Vec<bool> = cases
            .iter()
            .flat_map(|case| failures(known, case))
            .collect();
        !known.wavers && !failed.is_empty() && failed.iter().all(|failed| !failed)
    };
    let stale = known.iter().filter(is_stale).map(|known| StaleKnown {
        check: known.name(),
        reason: known.reason.clone(),
    });
    stale.collect()
}

/// Returns whether what a known failure speaks of failed, as often as it was judged.
fn failures(known: &Known, case: &Case) -> Vec<bool> {
    let verdicts = case.verdicts.iter();
    let judged = verdicts
        .filter(|(id, _)| known.is_about(id, &case.scenario))
        .filter_map(|(_, judged)| match judged.verdict {
            Verdict::Fail(_) => Some(true),
            Verdict::Pass(_) => Some(false),
            Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => None,
        });
    let promises = case.expectations.iter();
    let promised = promises
        .filter(|one| known.breaks(one.promise, &case.scenario))
        .map(|one| !one.met);
    judged.chain(promised).collect()
}

fn broke(case: &Case) -> bool {
    matches!(case.outcome, Outcome::HarnessError(_))
}

/// Design §10: 3 outranks 1, since who could not tell has nothing to say.
pub(super) fn exit_code(report: &Report) -> u8 {
    let failed = |case: &Case| matches!(case.outcome, Outcome::DeviceFailed { .. });
    let unmet = |case: &Case| {
        let mut promises = case.expectations.iter();
        promises.any(|one| !one.met && !one.remark && !one.excused && one.known.is_none())
    };
    let asked = |id: &str, case: &Case| {
        let info = report.checks.get(id);
        info.is_some_and(|info| {
            let mut profiles = info.profiles.iter();
            info.level == Level::Must
                && profiles.any(|profile| report.profiles.contains(profile) && profile.counts(case))
        })
    };
    let breaks = |case: &Case| {
        case.verdicts.iter().any(|(id, judged)| {
            matches!(judged.verdict, Verdict::Fail(_)) && judged.known.is_none() && asked(id, case)
        })
    };
    let nothing_judged = |profile: &Profile| {
        !report.cases.iter().any(failed) && report.overall(*profile) == Overall::Undetermined
    };
    // A failure that may be the host's says nothing about the device, and hides what would.
    let excused = |case: &Case| {
        let mut verdicts = case.verdicts.iter();
        let mut promises = case.expectations.iter();
        verdicts.any(|(id, judged)| judged.excused && asked(id, case))
            || promises.any(|one| one.excused && !one.remark && one.known.is_none())
    };
    if report.cases.iter().any(|case| broke(case) || excused(case))
        || report.profiles.iter().any(nothing_judged)
    {
        error::UNDETERMINED
    } else if report
        .cases
        .iter()
        .any(|case| failed(case) || unmet(case) || breaks(case))
        || !report.stale.is_empty()
    {
        error::NOT_CONFORMANT
    } else if report.cases.is_empty() {
        error::UNDETERMINED
    } else {
        error::CONFORMANT
    }
}

const STOPPED: &str = "stopped by the user";

#[cfg(test)]
mod tests;
