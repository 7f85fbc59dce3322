//! `ngnlab device check`: one device on the simplest line, stage by stage.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ngnlab_reports::words::Lang;
use ngnlab_reports::{Level, Profile, Verdict, escape};
use ngnlab_sim::line::Area;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::time::Time;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::{Answer, DeviceCheck, Place, file, select};
use crate::campaign;
use crate::checks;
use crate::dissection::Dissection;
use crate::dut::description::{Description, Known};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT};
use crate::job::{Device, Job};
use crate::launch;
use crate::play::{Ending, Run};
use crate::report::case_of_trace;
use crate::scratch;
use crate::stages::{Reached, Stage};

mod answers;

/// How far a device came in one mode.
#[derive(Debug, Serialize)]
struct Checked {
    mode: Mode,
    area: &'static str,
    /// From the start of its programs until the cables were plugged in.
    ready_ms: Option<u64>,
    /// Each stage with the milliseconds since then.
    stages: Vec<(Stage, u64)>,
    /// What came of the terminal's DNS questions, in their order.
    dns: Option<String>,
    stopped: Option<Stopped>,
    logs: PathBuf,
}

/// Where and why it came no further.
#[derive(Debug, Serialize)]
struct Stopped {
    before: Stage,
    /// In which way the device failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
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
    let device = select::device(&args.file)?;
    let description = Description::load(&device)?;
    if let Some(path) = &args.json {
        file::try_out(path)?;
    }
    launch::attempt(&device)?;
    scratch::sweep();
    let area = args.area.map_or(Area::East, Area::from);
    let out = match &args.out {
        Some(out) => out.clone(),
        None => env::temp_dir().join(format!("ngnlab-check-{}", std::process::id())),
    };
    let mut all = Vec::new();
    for mode in &description.offers.modes {
        let out = out.join(mode.word());
        all.push(check(&device, &description, *mode, area, out, place)?);
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
            .map(|one| shown(&description.name, one, place.lang()))
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
    device: &Path,
    description: &Description,
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
    // A bridge dials nothing itself.
    let dials = description.offers.pppoe && mode != Mode::Bridge;
    let passes = description.offers.pppoe_pass_through && mode != Mode::Bridge;
    fs::write(&scenario, simplest_line(mode, dials, passes)).map_err(fail(&scenario))?;
    let job = Job {
        scenario,
        area,
        delivery: None,
        seed: 1,
        pace: None,
        device: Device::File(device.to_owned()),
        // A machine is switched on like any other, so that its boot is seen.
        prepared: None,
        out: Some(out.clone()),
    };
    let clock = Clock::starting_at(Time::ZERO);
    let lang = place.lang();
    let line = format!("{}, {} line", mode.word(), area.name());
    (place.announce)(&lang.say(&line));
    let mut ready_ms = None;
    let mut stages: Vec<(Stage, u64)> = Vec::new();
    let mut tell = |reached: Reached| {
        let ready = *ready_ms.get_or_insert(millis(clock.now().since(Time::ZERO)));
        let at = match reached.stage {
            Stage::Started => format!("after {} of starting", seconds(ready)),
            _ => format!("{} later", seconds(millis(reached.at))),
        };
        let stage = lang.say(reached.stage.words());
        let blanks = STAGE.saturating_sub(stage.width());
        (place.announce)(&format!("  {stage}{:blanks$} {}", "", lang.say(&at)));
        stages.push((reached.stage, millis(reached.at)));
    };
    let run = launch::run_staged(&job, device, &AtomicBool::new(false), &mut tell)?;
    let missing = Stage::all(dials).get(stages.len()).copied();
    let trace = Dissection::new(&run.trace).expect("it has steps of ours alone");
    let wrong = match run.ending {
        Ending::Complete => wrong(&trace, area, &description.known),
        Ending::DeviceFailed(_) | Ending::NotOffered(_) => Vec::new(),
    };
    let mut case = case_of_trace(&run.trace, None).expect("it has steps of ours alone");
    if !matches!(run.ending, Ending::Complete) {
        // What it had not come to by then proves nothing.
        case.verdicts.clear();
        case.diagnosis = None;
    }
    campaign::keep(&run.trace, &case, &out)?;
    let dns = answers::in_words(&trace);
    let stopped = missing.map(|before| Stopped {
        before,
        how: match &run.ending {
            Ending::DeviceFailed(failure) => Some(failure.how.name()),
            Ending::Complete | Ending::NotOffered(_) => None,
        },
        reason: reason(before, &run, dns.as_deref()),
        hint: match run.ending {
            // Its end is the matter, not what it had not come to by then.
            Ending::DeviceFailed(_) => Stage::Started.hint(mode),
            Ending::Complete | Ending::NotOffered(_) => before.hint(mode),
        },
        wrong: wrong.into_iter().map(|one| one.said).collect(),
    });
    Ok(Checked {
        mode,
        area: area.name(),
        ready_ms,
        dns,
        stopped,
        stages,
        logs: out.join("logs"),
    })
}

fn reason(before: Stage, run: &Run, dns: Option<&str>) -> String {
    match (&run.ending, before, dns) {
        (Ending::DeviceFailed(failure), _, _) => failure.message.clone(),
        (Ending::NotOffered(what), _, _) => format!("it does not offer {what}"),
        (Ending::Complete, Stage::Dns, Some(came)) => {
            format!("a terminal asked for {NAME} again and again: {came}")
        }
        (Ending::Complete, Stage::Dns, None) => {
            format!(
                "no terminal knew whom to ask within {}",
                seconds(millis(WITHIN))
            )
        }
        (Ending::Complete, _, _) => {
            format!("nothing of the kind within {}", seconds(millis(WITHIN)))
        }
    }
}

/// A MUST that failed on the way.
struct Wrong {
    id: &'static str,
    said: String,
}

/// Returns what the device did wrong, from the line up to the site: a cause comes before what it
/// causes.
///
/// Only what ONS needs on a line of the area, and the device file does not know of.
fn wrong(trace: &Dissection<'_>, area: Area, known: &[Known]) -> Vec<Wrong> {
    let profile = match area {
        Area::East => Profile::OnsEast,
        Area::West => Profile::OnsWest,
    };
    let scenario = &trace.header().scenario;
    let verdicts = checks::judge_dissected(trace);
    let because = checks::because(trace, &verdicts);
    let failed = verdicts.into_iter().filter_map(|(id, verdict)| {
        let counts = checks::find(id)
            .is_some_and(|check| check.level == Level::Must && check.profiles.contains(&profile));
        let is_known = known.iter().any(|one| one.is_about(id, scenario));
        match verdict {
            // What a late host explains is nothing that the device did wrong.
            Verdict::Fail(finding) if counts && !is_known && finding.excuse.is_none() => {
                Some(Wrong {
                    id,
                    said: format!(
                        "{id}: expected {}, seen {}",
                        finding.expected, finding.actual
                    ),
                })
            }
            _ => None,
        }
    });
    let mut failed: Vec<Wrong> = failed.collect();
    let begins = |one: &Wrong, way: &str| one.id.starts_with(way);
    let place = |one: &Wrong| WAY.iter().position(|way| begins(one, way));
    failed.sort_by_key(|one| {
        let is_explained = because.contains_key(one.id);
        (is_explained, place(one).unwrap_or(WAY.len()))
    });
    failed
}

fn shown(name: &str, checked: &Checked, lang: Lang) -> String {
    let (name, mode) = (escape::line(name), checked.mode.word());
    let field = |label: &str, value: &str| {
        let label = lang.say(label);
        let blanks = LABEL.saturating_sub(label.width());
        format!("  {label}{:blanks$} {value}\n", "")
    };
    let Some(stopped) = &checked.stopped else {
        // A session may come up before the terminals are served, and is told behind that.
        let last = checked.stages.iter().map(|(_, at)| *at).max();
        let last = last.unwrap_or_default();
        let ready = checked.ready_ms.unwrap_or_default();
        let at_first = checked.dns.as_ref().filter(|came| came.contains(", then "));
        let at_first = at_first.map_or_else(String::new, |came| field("dns", &lang.say(came)));
        let line = format!(
            "{name} ({mode}): ready after {}, serves its terminals {} later",
            seconds(ready),
            seconds(last)
        );
        return format!("{}\n{at_first}", lang.say(&line));
    };
    let line = format!(
        "{name} ({mode}): stopped before it {}",
        match stopped.before {
            Stage::Prefix => "gets a prefix",
            Stage::Started => "had started",
            Stage::Session => "had a session",
            stage => stage.words(),
        }
    );
    let how = stopped
        .how
        .map(|how| lang.say(how).into_owned() + lang.colon());
    let reason = how.unwrap_or_default() + &lang.say(&stopped.reason);
    let reason = reason.replace('\n', "\n          ");
    let mut text = format!("{}\n", lang.say(&line));
    text.push_str(&field("reason", &reason));
    text.push_str(&field("hint", &lang.say(stopped.hint)));
    text.push_str(&field(
        "logs",
        &escape::line(&checked.logs.to_string_lossy()),
    ));
    for wrong in stopped.wrong.iter().take(MOST_WRONG) {
        text.push_str(&field("wrong", &escape::line(&lang.say(wrong))));
    }
    if let more @ 1.. = stopped.wrong.len().saturating_sub(MOST_WRONG) {
        text.push_str(&field("", &lang.say(&format!("and {more} more"))));
    }
    text
}

/// Returns a scenario in which one terminal asks for one name again and again, as a browser would.
fn simplest_line(mode: Mode, dials: bool, passes: bool) -> String {
    let (preset, device, terminal) = match mode {
        Mode::Ra | Mode::Pd => (mode, device_table(dials, passes), ""),
        // Terminals are on the line itself, and know the ONS servers (guide p.12).
        Mode::Bridge => (
            Mode::Ra,
            "device = { mode = \"bridge\" }\n",
            "[[terminal]]\nname = \"pc\"\ndns = \"ons\"\n",
        ),
    };
    let mut text = format!(
        "about = {{ en = \"One terminal asks for one name again and again.\", \
                    ja = \"端末が一つの名前を繰り返し引く。\" }}\n\
         source = \"none\"\n\
         line = {{ preset = \"next-{}\" }}\n\
         {device}\
         terminals = [\"pc\"]\n\
         until = \"{}s\"\n\
         {terminal}\
         [[step]]\n\
         when = \"terminal-online\"\n\
         do.resolve = {{ name = \"{NAME}\" }}\n",
        preset.word(),
        WITHIN.as_secs()
    );
    for second in (AGAIN.as_secs()..WITHIN.as_secs()).step_by(2) {
        text.push_str(&format!(
            "[[step]]\nat = \"{second}s\"\ndo.resolve = {{ name = \"{NAME}\" }}\n"
        ));
    }
    text
}

/// Returns how a router is set up that can do these.
fn device_table(dials: bool, passes: bool) -> &'static str {
    match (dials, passes) {
        (true, true) => "device = { pppoe = [\"isp\"], pppoe-pass-through = true }\n",
        (true, false) => "device = { pppoe = [\"isp\"] }\n",
        (false, true) => "device = { pppoe-pass-through = true }\n",
        (false, false) => "",
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
/// How the ids of checks begin, on the way from the line to the site.
const WAY: [&str; 10] = [
    "wan.",
    "ngn.",
    "dhcp6c.",
    "pd.",
    "lan.",
    "dhcp6s.",
    "ons.dns.",
    "dns.",
    "ons.terminal.",
    "ons.",
];
/// When the terminal asks for the second time, whether or not it has asked by then; every two
/// seconds from there.
const AGAIN: Duration = Duration::from_secs(4);
/// The first name that a terminal needs (guide p.15).
const NAME: &str = "www.lineauth.mnw";
const MOST_WRONG: usize = 5;
/// How wide the stages are.
const STAGE: usize = 17;
/// How wide the labels are.
const LABEL: usize = 7;
