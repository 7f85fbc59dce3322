//! `ngnlab run`: scenarios against a router, and what came of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{Look, json, text};
use ngnlab_reports::journal::{self, Header};
use ngnlab_reports::scene::NoScenes;
use ngnlab_reports::stale::stale;
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Case, LeftOut, Outcome, Profile, Report};
use ngnlab_sim::line::Area;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::time::{Pace, Time};

use super::select::{self, Found};
use super::traces::{self, KeptRun};
use super::watched::watched;
use super::{Answer, Place, Run, diff, file, interrupt, provenance};
use crate::built_in;
use crate::campaign::estimate::Estimate;
use crate::campaign::{Campaign, Entry, folder};
use crate::dut::description::Known;
use crate::dut::description::excuse::Excuse;
use crate::error::{self, Error};
use crate::installed;
use crate::job::{Device, Job};
use crate::launch::{self, Preparation};
use crate::play;
use crate::scenario::Scenario;
use crate::scene;
use crate::scratch::{self, Scratch};

mod baseline;
pub(super) mod device;
mod header;
pub(super) mod jobs;
mod kept;
mod saved;
mod shard;
mod split;
mod verdict;

use baseline::Baseline;
use device::Chosen;
use kept::Kept;
pub(super) use split::number;
pub(super) use verdict::exit_code_of_all;

pub(super) fn answer(args: &Run, place: Place) -> Result<Answer, Error> {
    let clock = Clock::starting_at(Time::ZERO);
    let made = (place.provenance)();
    let devices = device::chosen(args)?;
    let found = select::scenarios(&args.scenarios.folder(), &args.scenario)?;
    // A page that draws what happened needs the traces, if only until it is drawn.
    let is_drawn_only = args.outputs.html.is_some() && args.out.is_none();
    let room = is_drawn_only.then(Scratch::new).transpose()?;
    let room = room.as_ref().map(Scratch::path).or(args.out.as_deref());
    let plan = |device| plan(&found, args, device, room);
    let mut plans: Vec<Plan> = devices.iter().map(plan).collect();
    let mut header = header::header(args, &devices, &plans)?;
    let shard = match args.shard {
        Some(number) => {
            shard::path(args)?;
            let whole = shard::whole(&header);
            split::keep(&mut plans, number);
            header = shard::own(&header, &plans);
            Some((number, whole))
        }
        None => None,
    };
    let runs = plans.iter().map(|plan| plan.entries.len()).sum();
    let jobs = jobs::at_once(&devices, args.jobs, runs)?;
    let baseline = baseline::read(args, &header)?;
    let stop = interrupt::stop_at_signals();
    let kept = kept::claim(args, &header)?;
    scratch::sweep();
    let elapsed_ms = || {
        let here = u64::try_from(clock.now().as_millis()).unwrap_or_default();
        kept.elapsed_ms() + here
    };
    let begun = prepare(&mut plans, &kept, &stop).and_then(|preparations| {
        let jobs = jobs::that_can_open_files(jobs, place)?;
        Ok((preparations, jobs))
    });
    let (_preparations, jobs) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            kept.abandon();
            return Err(error);
        }
    };
    let missing = missing(&plans, &kept);
    let entries: Vec<&Entry> = missing.iter().map(|(_, entry)| *entry).collect();
    if devices.iter().any(|device| device.real_time) {
        let left_out = plans.iter().map(|plan| plan.left_out.len()).max();
        let estimate = Estimate::new(&entries, jobs, left_out.unwrap_or_default());
        (place.announce)(&place.lang().say(&estimate.to_string()));
    }
    let campaign = Campaign {
        jobs,
        progress: place.progress.in_language(place.lang()),
        stop: &stop,
    };
    let ended = campaign.run_and_keep(&entries, &|index, case| {
        let ((device, _), _) = missing[index];
        kept.keep(device, elapsed_ms(), case)
    });
    let places = missing.iter().map(|(place, _)| *place);
    let mut cases: Cases = places.zip(ended).collect();
    let elapsed_ms = elapsed_ms();
    let mut ended: Vec<Vec<(&Entry, Option<Case>)>> = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        let cases = plan.entries.iter().enumerate().map(|(index, entry)| {
            let new = cases.remove(&(number, index));
            (
                entry,
                new.unwrap_or_else(|| kept.case(number, entry).cloned()),
            )
        });
        ended.push(cases.collect());
    }
    let ended: Vec<_> = devices.iter().zip(ended).collect();
    let reports = ended.iter().zip(&header.devices);
    let reports = reports.map(|((device, ended), plan)| {
        let mut report = report(&header, plan, device, ended.clone(), elapsed_ms);
        let made = provenance::of_run(made.clone(), args, &device.device, &header);
        report.provenance = Some(made);
        report
    });
    let reports: Vec<Report> = reports.collect();
    let of_whole = shard.as_ref();
    let saved = saved::run(args, &header, &devices, &plans, &reports, of_whole);
    if let Some(shard) = shard {
        let parts = ended.into_iter().zip(reports);
        let parts =
            parts.map(|((device, ended), report)| shard::part(device, ended, report.provenance));
        let parts = parts.collect();
        let ran = shard::Ran { parts, elapsed_ms };
        return shard::tell(args, kept, shard, ran, saved.as_ref(), place.lang());
    }
    tell(
        args,
        place,
        kept,
        baseline.as_ref(),
        reports,
        saved.as_ref(),
    )
}

/// What came of the cases that were run, by the numbers of device and entry; nothing of those that
/// were stopped.
type Cases = BTreeMap<(usize, usize), Option<Case>>;

/// What is to be run with one device, in the order of its report.
struct Plan {
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
}

fn plan(found: &[Found], args: &Run, device: &Chosen, room: Option<&Path>) -> Plan {
    let (kept, left_out) = leave_out(found, args, device);
    let mut entries = entries(&kept, args, device, room);
    // The longest first, so that no thread is left with it at the end.
    entries.sort_by_key(|entry| Reverse(entry.scenario.until));
    Plan { entries, left_out }
}

/// Prepares the devices that are still needed; what the machine lacks is lacking for every run, so
/// once said is enough.
fn prepare(plans: &mut [Plan], kept: &Kept, stop: &AtomicBool) -> Result<Vec<Preparation>, Error> {
    let mut preparations = Vec::new();
    for (number, plan) in plans.iter_mut().enumerate() {
        let mut missing = plan.entries.iter();
        let first = missing.find(|entry| kept.case(number, entry).is_none());
        let preparation = match first.map(|entry| &entry.job.device) {
            Some(Device::File(path)) => launch::prepare(path, stop)?,
            Some(Device::Reference(_)) | None => Preparation::default(),
        };
        for entry in &mut plan.entries {
            if kept.case(number, entry).is_none() {
                kept.make_room(entry)?;
            }
            entry.job.prepared = preparation.prepared.clone();
        }
        preparations.push(preparation);
    }
    Ok(preparations)
}

/// Returns the entries of every device that have not ended before, with the numbers of device and
/// entry, the longest first.
fn missing<'a>(plans: &'a [Plan], kept: &Kept) -> Vec<((usize, usize), &'a Entry)> {
    let mut missing = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        for (index, entry) in plan.entries.iter().enumerate() {
            if kept.case(number, entry).is_none() {
                missing.push(((number, index), entry));
            }
        }
    }
    missing.sort_by_key(|(_, entry)| Reverse(entry.scenario.until));
    missing
}

/// Makes the report of one device.
fn report(
    header: &Header,
    plan: &journal::Plan,
    device: &Chosen,
    ended: Vec<(&Entry, Option<Case>)>,
    elapsed_ms: u64,
) -> Report {
    let mut left_out = plan.left_out.clone();
    let mut cases = Vec::new();
    for (entry, case) in ended {
        match case {
            Some(case) => cases.push(case),
            None => left_out.push(header::planned(entry).left_out(STOPPED)),
        }
    }
    let stale = stale(&watched(&device.known, &device.excuses, &cases));
    header.report(plan, cases, left_out, stale, elapsed_ms)
}

/// Writes the report and says what is in it; one that cannot be written is said all the same.
fn tell(
    args: &Run,
    place: Place,
    kept: Kept,
    baseline: Option<&Baseline<'_>>,
    reports: Vec<Report>,
    saved: Option<&KeptRun>,
) -> Result<Answer, Error> {
    let is_stopped = |one: &LeftOut| one.cut_off;
    let stopped = reports
        .iter()
        .any(|one| one.left_out.iter().any(is_stopped));
    let broke = |case: &Case| matches!(case.outcome, Outcome::HarnessError(_));
    let broken = reports.iter().any(|one| one.cases.iter().any(broke));
    let change = baseline.map(|baseline| baseline.against(&reports));
    let code = match &change {
        Some(Ok(change)) => diff::exit_code(change),
        Some(Err(error)) => error.exit_code(),
        None => exit_code_of_all(&reports),
    };
    let mut document = Document::of(reports);
    let lang = place.lang();
    let scenes = scene::Kept {
        for_good: args.out.is_some(),
    };
    let drawn = args.outputs.draw(&document, place.look(&scenes));
    if args.out.is_none() {
        document.forget_traces();
    }
    let mut remarks = remarks(stopped, broken, kept.has_journal(), lang);
    // Beside the traces there is always a report, whatever becomes of what is printed.
    let beside = || args.out.as_ref().map(|out| out.join("report.json"));
    let written = match args.outputs.json.clone().or_else(beside) {
        Some(path) => file::write(&path, &json::render(&document, false)),
        None => Ok(()),
    };
    let saved = saved.zip(args.out.as_deref());
    let written = written.and(saved.map_or(Ok(()), |(run, out)| traces::keep(run, out)));
    // As long as something can be gone on with, the journal stays.
    let removed = match written.is_ok() && !stopped && !broken {
        true => kept.remove(),
        false => Ok(()),
    };
    let look = place.look(&NoScenes);
    let plain = Look {
        colour: false,
        ..look
    };
    let change_as = |name: &str, look: Look<'_>| match &change {
        Some(Ok(change)) => format!("\n{}", diff::shown_as(name, change, look)),
        Some(Err(_)) | None => String::new(),
    };
    let for_ci = args
        .outputs
        .write_for_ci(&document, look, &|format| match format {
            "markdown" => change_as("markdown", plain),
            _ => String::new(),
        });
    let told = written.and(removed).and(for_ci).and(drawn);
    if let Err(error) = &told {
        remarks.push_str(&error.pretty(lang));
    }
    if let Some(Err(error)) = &change {
        remarks.push_str(&error.pretty(lang));
    }
    Ok(Answer {
        text: text::render(&document, look) + &change_as("text", look),
        remarks,
        exit_code: match told {
            Ok(()) => code,
            Err(_) => error::UNDETERMINED,
        },
    })
}

fn remarks(stopped: bool, broken: bool, journal: bool, lang: Lang) -> String {
    let resume = match journal {
        true => "; --resume runs the rest",
        false => "",
    };
    let remark = match (stopped, broken) {
        (true, _) => format!("{STOPPED}; what had ended by then is judged{resume}"),
        (false, true) if journal => "--resume runs again what ngnlab broke".to_owned(),
        (false, _) => return String::new(),
    };
    format!("{}\n", lang.say(&remark))
}

/// Returns what a case of this run needs besides scenario and area to come out the same again.
fn arguments(args: &Run, device: &Chosen) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Device::File(path) = &device.device {
        arguments.extend(["--device".to_owned(), built_in::name(path)]);
    }
    for defect in &args.defect {
        arguments.extend(["--defect".to_owned(), defect.name().to_owned()]);
    }
    if let Some(delivery) = args.delivery {
        arguments.extend([
            "--delivery".to_owned(),
            Mode::from(delivery).word().to_owned(),
        ]);
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
                cut_off: false,
            }),
            None => kept.push(found),
        }
    }
    (kept, left_out)
}

fn reason_against(scenario: &Scenario, args: &Run, device: &Chosen) -> Option<String> {
    if !device.real_time {
        let real = scenario.has_real_terminals();
        return real.then(|| play::NEEDS_REAL_TIME.to_owned());
    }
    if scenario.is_long() && !args.long {
        return Some(format!(
            "takes {} in real time; --long runs it",
            scenario.until
        ));
    }
    let lacking = installed::check(&scenario.name, play::running::needs(scenario)).err();
    lacking.map(|error| error.with_causes())
}

fn entries(found: &[&Found], args: &Run, device: &Chosen, room: Option<&Path>) -> Vec<Entry> {
    let known: Arc<[Known]> = device.known.clone().into();
    let excuses: Arc<[Excuse]> = device.excuses.clone().into();
    let only = args.area.map(Area::from);
    let out = room.map(|out| match &device.folder {
        Some(folder) => out.join(folder),
        None => out.to_owned(),
    });
    let mut entries = Vec::new();
    for Found { path, scenario } in found {
        let delivery = scenario.delivery_for(&device.modes, args.delivery.map(Mode::from));
        let scenario = scenario.clone().delivered_by(delivery);
        for area in select::areas(&scenario, only) {
            let out = out.as_deref();
            entries.push(Entry {
                job: Job {
                    scenario: path.clone(),
                    area,
                    delivery,
                    seed: args.seed,
                    pace: args.real_time.then_some(Pace::Realtime),
                    device: device.device.clone(),
                    prepared: None,
                    out: out.map(|out| folder(out, &scenario.name, area.name())),
                },
                scenario: scenario.clone(),
                known: Arc::clone(&known),
                excuses: Arc::clone(&excuses),
            });
        }
    }
    entries
}

/// Returns the profiles the user chose, or those of the areas that are to be run.
fn profiles(args: &Run, entries: &[Entry]) -> Vec<Profile> {
    if !args.profile.is_empty() {
        return args.profile.iter().copied().map(Profile::from).collect();
    }
    let run = |area: Area| entries.iter().any(|entry| entry.job.area == area);
    let default = [
        (Area::East, Profile::OnsEast),
        (Area::West, Profile::OnsWest),
    ];
    let areas = default.into_iter().filter(|(area, _)| run(*area));
    areas.map(|(_, profile)| profile).collect()
}

const STOPPED: &str = "stopped by the user";
