//! `ngnlab device check`: one device on the simplest line, stage by stage.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ngnlab_reports::{Level, Verdict, escape};
use ngnlab_sim::line::Area;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::time::Time;
use serde::Serialize;

use super::{Answer, DeviceCheck, Place, file};
use crate::checks;
use crate::dut::description::Description;
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT};
use crate::job::{Device, Job};
use crate::launch;
use crate::play::{Ending, Run};
use crate::scratch;
use crate::stages::{Reached, Stage};

/// How far a device came in one mode.
#[derive(Debug, Serialize)]
struct Checked {
    mode: Mode,
    area: &'static str,
    /// From the start of its programs until the cables were plugged in.
    ready_ms: Option<u64>,
    /// Each stage with the milliseconds since then.
    stages: Vec<(Stage, u64)>,
    stopped: Option<Stopped>,
    logs: PathBuf,
}

/// Where and why it came no further.
#[derive(Debug, Serialize)]
struct Stopped {
    before: Stage,
    reason: String,
    hint: &'static str,
    /// What it did wrong by then, as checks say.
    wrong: Vec<String>,
}

/// What goes into the JSON file.
#[derive(Debug, Serialize)]
struct Document<'a> {
    format: u32,
    device: &'a str,
    modes: &'a [Checked],
}

pub(super) fn answer(args: &DeviceCheck, place: Place) -> Result<Answer, Error> {
    let description = Description::load(&args.file)?;
    launch::attempt(&args.file)?;
    scratch::sweep();
    let area = args.area.map_or(Area::East, Area::from);
    let out = match &args.out {
        Some(out) => out.clone(),
        None => env::temp_dir().join(format!("ngnlab-check-{}", std::process::id())),
    };
    let mut all = Vec::new();
    for mode in &description.offers.modes {
        all.push(check(args, *mode, area, out.join(word(*mode)), place)?);
    }
    if let Some(path) = &args.json {
        let document = Document {
            format: ngnlab_reports::FORMAT,
            device: &description.name,
            modes: &all,
        };
        let text = serde_json::to_string_pretty(&document).expect("all keys are strings");
        file::write(path, &(escape::json(&text) + "\n"))?;
    }
    let stopped = all.iter().any(|one| one.stopped.is_some());
    if !stopped && args.out.is_none() {
        // Nobody has asked for them, and there is nothing to look up.
        let _ = fs::remove_dir_all(&out);
    }
    Ok(Answer {
        text: all
            .iter()
            .map(|one| shown(&description.name, one))
            .collect(),
        remarks: String::new(),
        exit_code: match stopped {
            true => NOT_CONFORMANT,
            false => CONFORMANT,
        },
    })
}

/// Brings the device up on a line of its mode, and says on the way how far it is.
fn check(
    args: &DeviceCheck,
    mode: Mode,
    area: Area,
    out: PathBuf,
    place: Place,
) -> Result<Checked, Error> {
    let fail = |path: &PathBuf| {
        let path = path.clone();
        move |source| Error::Write { path, source }
    };
    let folder = out.join("check");
    fs::create_dir_all(&folder).map_err(fail(&folder))?;
    let scenario = folder.join("simplest-line.toml");
    fs::write(&scenario, simplest_line(mode)).map_err(fail(&scenario))?;
    let job = Job {
        scenario,
        area,
        seed: 1,
        pace: None,
        device: Device::File(args.file.clone()),
        // A machine is switched on like any other, so that its boot is seen.
        prepared: None,
        out: Some(out.clone()),
    };
    let clock = Clock::starting_at(Time::ZERO);
    (place.announce)(&format!("{}, {} line", word(mode), area.name()));
    let mut ready_ms = None;
    let mut stages: Vec<(Stage, u64)> = Vec::new();
    let mut tell = |reached: Reached| {
        let ready = *ready_ms.get_or_insert(millis(clock.now().since(Time::ZERO)));
        let at = match reached.stage {
            Stage::Started => format!("after {} of starting", seconds(ready)),
            _ => format!("{} later", seconds(millis(reached.at))),
        };
        (place.announce)(&format!("  {:<17} {at}", reached.stage.words()));
        stages.push((reached.stage, millis(reached.at)));
    };
    let run = launch::run_staged(&job, &args.file, &AtomicBool::new(false), &mut tell)?;
    let missing = Stage::ALL.get(stages.len()).copied();
    Ok(Checked {
        mode,
        area: area.name(),
        ready_ms,
        stopped: missing.map(|before| stopped(before, mode, &run)),
        stages,
        logs: out.join("logs"),
    })
}

fn stopped(before: Stage, mode: Mode, run: &Run) -> Stopped {
    let reason = match &run.ending {
        Ending::DeviceFailed(failure) => format!("{}: {}", failure.how.name(), failure.message),
        Ending::NotOffered(what) => format!("it does not offer {what}"),
        Ending::Complete => format!("nothing of the kind within {}", seconds(millis(WITHIN))),
    };
    let verdicts = match run.ending {
        Ending::Complete => checks::judge(&run.trace).expect("it has steps of ours alone"),
        Ending::DeviceFailed(_) | Ending::NotOffered(_) => Default::default(),
    };
    let wrong = verdicts.into_iter().filter_map(|(id, verdict)| {
        let is_must = checks::find(id).is_some_and(|check| check.level == Level::Must);
        match verdict {
            Verdict::Fail(finding) if is_must => Some(format!(
                "{id}: expected {}, seen {}",
                finding.expected, finding.actual
            )),
            _ => None,
        }
    });
    Stopped {
        before,
        reason,
        hint: before.hint(mode),
        wrong: wrong.collect(),
    }
}

fn shown(name: &str, checked: &Checked) -> String {
    let (name, mode) = (escape::line(name), word(checked.mode));
    let Some(stopped) = &checked.stopped else {
        let last = checked.stages.last().map_or(0, |(_, at)| *at);
        let ready = checked.ready_ms.unwrap_or_default();
        return format!(
            "{name} ({mode}): ready after {}, serves its terminals {} later\n",
            seconds(ready),
            seconds(last)
        );
    };
    let mut text = format!(
        "{name} ({mode}): stopped before it {}\n  reason  {}\n  hint    {}\n  logs    {}\n",
        match stopped.before {
            Stage::Prefix => "gets a prefix",
            Stage::Started => "had started",
            stage => stage.words(),
        },
        stopped.reason.replace('\n', "\n          "),
        stopped.hint,
        escape::line(&checked.logs.to_string_lossy()),
    );
    for wrong in stopped.wrong.iter().take(MOST_WRONG) {
        text.push_str(&format!("  wrong   {}\n", escape::line(wrong)));
    }
    text
}

/// Returns a scenario in which one terminal asks for one name.
fn simplest_line(mode: Mode) -> String {
    format!(
        "about = {{ en = \"One terminal asks for one name.\", ja = \"端末が名前を一つ引く。\" }}\n\
         source = \"none\"\n\
         line = {{ preset = \"next-{}\" }}\n\
         terminals = [\"pc\"]\n\
         until = \"{}s\"\n\
         [[step]]\n\
         when = \"terminal-online\"\n\
         do.resolve = {{ name = \"www.lineauth.mnw\" }}\n",
        word(mode),
        WITHIN.as_secs()
    )
}

fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Ra => "ra",
        Mode::Pd => "pd",
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

/// Duplicate address detection takes 10 s on the line; a device that takes a minute is broken.
const WITHIN: Duration = Duration::from_secs(60);
const MOST_WRONG: usize = 5;
