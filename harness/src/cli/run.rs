//! `ngnlab run`: scenarios against a router, and what came of it.

use std::cmp::Reverse;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{json, text};
use ngnlab_reports::{Case, LeftOut, Profile, Report};
use ngnlab_sim::line::Area;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::{Pace, Time};

use super::select::{self, Found};
use super::{Answer, Place, Run, interrupt};
use crate::campaign::estimate::Estimate;
use crate::campaign::{Campaign, Entry, folder};
use crate::dut::description::Known;
use crate::dut::needs;
use crate::error::{self, Error};
use crate::job::{Device, Job};
use crate::launch::{self, Preparation};
use crate::report::check_infos;
use crate::runner;
use crate::scenario::Scenario;

mod device;
mod verdict;

use device::Chosen;
pub(super) use verdict::exit_code;
use verdict::stale;

pub(super) fn answer(args: &Run, place: Place) -> Result<Answer, Error> {
    let clock = Clock::starting_at(Time::ZERO);
    let devices = device::chosen(args)?;
    let found = select::scenarios(&args.scenarios.scenarios, &args.scenario)?;
    let mut plans: Vec<Plan> = devices.iter().map(|one| plan(&found, args, one)).collect();
    let stop = interrupt::stop_at_ctrl_c();
    // What the machine lacks is lacking for every run: once said is enough.
    let prepared = devices.iter().map(|device| match &device.device {
        Device::File(path) => launch::prepare(path, &stop),
        Device::Reference(_) => Ok(Preparation::default()),
    });
    let preparations = prepared.collect::<Result<Vec<Preparation>, Error>>()?;
    for (plan, preparation) in plans.iter_mut().zip(&preparations) {
        for entry in &mut plan.entries {
            entry.job.prepared = preparation.prepared.clone();
        }
    }
    let (owners, entries) = side_by_side(&plans);
    let real_time = devices.iter().any(|device| device.real_time);
    let jobs = jobs(&devices, args.jobs)?;
    if real_time {
        let left_out = plans.iter().map(|plan| plan.left_out.len()).max();
        let estimate = Estimate::new(&entries, jobs, left_out.unwrap_or_default());
        (place.announce)(&estimate.to_string());
    }
    let campaign = Campaign {
        jobs,
        progress: place.progress,
        stop: &stop,
    };
    let ended = campaign.run(&entries);
    let stopped = ended.iter().any(Option::is_none);
    let mut ended_of: Vec<Vec<Ended>> = plans.iter().map(|_| Vec::new()).collect();
    for ((owner, entry), case) in owners.into_iter().zip(entries).zip(ended) {
        ended_of[owner].push((entry, case));
    }
    let elapsed = clock.now();
    let reports: Vec<Report> = devices
        .iter()
        .zip(plans.iter().zip(ended_of))
        .map(|(device, (plan, ended))| report(args, device, &plan.left_out, ended, elapsed))
        .collect();
    let worst = reports.iter().map(exit_code).max();
    let document = Document::of(reports);
    if let Some(path) = &args.json {
        write(path, &json::render(&document, false))?;
    }
    Ok(Answer {
        text: text::render(&document, place.colour),
        remarks: match stopped {
            true => format!("{STOPPED}; what had ended by then is judged\n"),
            false => String::new(),
        },
        // Design §10: 2 and 3 outrank 1.
        exit_code: match worst {
            Some(code) if !stopped => code,
            _ => error::UNDETERMINED,
        },
    })
}

/// What is to be run with one device.
struct Plan {
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
}

/// An entry and what came of it, unless it was stopped.
type Ended<'a> = (&'a Entry, Option<Case>);

fn plan(found: &[Found], args: &Run, device: &Chosen) -> Plan {
    let (kept, left_out) = leave_out(found, args, device);
    Plan {
        entries: entries(&kept, args, device),
        left_out,
    }
}

/// Returns the entries of every device with the device's number, the longest first, so that no
/// thread is left with it at the end.
fn side_by_side(plans: &[Plan]) -> (Vec<usize>, Vec<&Entry>) {
    let mut entries: Vec<(usize, &Entry)> = plans
        .iter()
        .enumerate()
        .flat_map(|(owner, plan)| plan.entries.iter().map(move |entry| (owner, entry)))
        .collect();
    entries.sort_by_key(|(_, entry)| Reverse(entry.scenario.until));
    entries.into_iter().unzip()
}

/// Makes the report of one device.
fn report(
    args: &Run,
    device: &Chosen,
    left_out: &[LeftOut],
    ended: Vec<Ended<'_>>,
    elapsed: Time,
) -> Report {
    let mut left_out = left_out.to_owned();
    let mut cases = Vec::new();
    for (entry, case) in ended {
        match case {
            Some(case) => cases.push(case),
            None => left_out.push(LeftOut {
                scenario: format!("{} ({})", entry.scenario.name, entry.job.area.name()),
                reason: STOPPED.to_owned(),
            }),
        }
    }
    let stale = stale(&device.known, &cases);
    Report {
        format: ngnlab_reports::FORMAT,
        tool: format!("ngnlab {}", env!("CARGO_PKG_VERSION")),
        device: device.name.clone(),
        seed: args.seed,
        arguments: arguments(args, device),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or_default(),
        checks: check_infos(),
        profiles: profiles(args, &cases),
        cases,
        left_out,
        stale,
        results: Vec::new(),
    }
    .scored()
}

/// Returns how many run at the same time: as many as the user says, where he does, and else what
/// the heaviest device allows.
fn jobs(devices: &[Chosen], wanted: Option<u16>) -> Result<usize, Error> {
    // The reference router in virtual time keeps nobody waiting.
    let waiting = devices.iter().filter(|device| device.real_time);
    let at_once = waiting.map(|device| device.at_once).min();
    let jobs = wanted.map_or(processors() * at_once.unwrap_or(1), usize::from);
    let limited = devices
        .iter()
        .filter_map(|device| Some((device, device.most_at_once?)));
    match limited.min_by_key(|(_, most)| *most) {
        Some((device, most)) if jobs > most && wanted.is_some() => Err(Error::Usage {
            what: format!("{} runs {most} scenario at a time", device.name),
            help: Some("leave out --jobs".to_owned()),
        }),
        Some((_, most)) => Ok(jobs.min(most)),
        None => Ok(jobs),
    }
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
fn arguments(args: &Run, device: &Chosen) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Device::File(path) = &device.device {
        arguments.extend(["--device".to_owned(), path.display().to_string()]);
    }
    for defect in &args.defect {
        arguments.extend(["--defect".to_owned(), defect.name().to_owned()]);
    }
    arguments.extend(args.real_time.then(|| "--real-time".to_owned()));
    arguments.extend(args.long.then(|| "--long".to_owned()));
    arguments.extend(["--seed".to_owned(), args.seed.to_string()]);
    arguments
}

/// Parts with scenarios that cannot be run here, or would take long and were not wanted.
fn leave_out<'a>(
    found: &'a [Found],
    args: &Run,
    device: &Chosen,
) -> (Vec<&'a Found>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let mut kept = Vec::new();
    for found in found {
        match reason_against(&found.scenario, args, device) {
            Some(reason) => left_out.push(LeftOut {
                scenario: found.scenario.name.clone(),
                reason,
            }),
            None => kept.push(found),
        }
    }
    (kept, left_out)
}

fn reason_against(scenario: &Scenario, args: &Run, device: &Chosen) -> Option<String> {
    if !device.real_time {
        let real = scenario.has_real_terminals();
        return real.then(|| runner::NEEDS_REAL_TIME.to_owned());
    }
    if scenario.is_long() && !args.long {
        return Some(format!(
            "takes {} in real time; --long runs it",
            scenario.until
        ));
    }
    let lacking = needs::check_programs(&scenario.name, scenario.needs()).err();
    lacking.map(|error| error.with_causes())
}

fn entries(found: &[&Found], args: &Run, device: &Chosen) -> Vec<Entry> {
    let known: Arc<[Known]> = device.known.clone().into();
    let only = args.area.map(Area::from);
    let out = args.out.as_deref().map(|out| match &device.folder {
        Some(folder) => out.join(folder),
        None => out.to_owned(),
    });
    let mut entries = Vec::new();
    for Found { path, scenario } in found {
        for area in select::areas(scenario, only) {
            let out = out.as_deref();
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
                known: Arc::clone(&known),
            });
        }
    }
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

const STOPPED: &str = "stopped by the user";
