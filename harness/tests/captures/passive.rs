//! Each passive check, held against whole traces: of every scenario, with the clean reference and
//! with each defect.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use ngnlab_harness::capture;
use ngnlab_harness::checks::{self, Point, passive};
use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::play::{self, Ending};
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_reports::Verdict;
use ngnlab_sim::Pace;
use ngnlab_sim::line::Area;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Trace;
use tempfile::TempDir;

use crate::tap;

#[test]
fn what_a_passive_check_says_follows_from_frames_alone() {
    let jobs = Mutex::new(jobs());
    let wrong = Mutex::new(Vec::new());
    let unfound = Mutex::new(BTreeSet::new());
    let judged = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let folder = TempDir::new().unwrap();
                while let Some(job) = next(&jobs) {
                    let found = compare(&job, folder.path());
                    wrong.lock().unwrap().extend(found.wrong);
                    unfound.lock().unwrap().extend(found.unfound);
                    judged.lock().unwrap().extend(found.judged);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), wrong.join("\n"));
    // A router that does not show itself as one has to be told.
    let unfound = unfound.into_inner().unwrap();
    assert!(unfound.len() <= 12, "{unfound:#?}");
    let is_one_side = |told: &String| !told.contains("together");
    assert!(unfound.iter().all(is_one_side), "{unfound:#?}");
    let judged = judged.into_inner().unwrap();
    let unjudged: Vec<&str> = checks::all()
        .map(|check| check.id)
        .filter(|id| passive::point(id) < Point::Terminal && !judged.contains(id))
        .collect();
    assert!(
        unjudged.is_empty(),
        "passive, but never judged: {unjudged:?}"
    );
}

struct Job {
    scenario: Scenario,
    area: Area,
    defect: Option<Defect>,
}

/// The clean reference in every area, and each defect in the first area of who notices it.
fn jobs() -> Vec<Job> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = scenario::files(&folder).unwrap();
    let mut jobs = Vec::new();
    for path in files {
        let scenario = Scenario::load(&path).unwrap();
        // Whose frames all are others' cannot be found in a capture, and is asked of nothing there.
        if scenario.mode() == Mode::Bridge {
            continue;
        }
        let defects: Vec<Defect> = scenario.notices().collect();
        for (number, area) in scenario.line.areas.iter().enumerate() {
            let clean = [None].into_iter();
            let defects = defects.iter().copied().map(Some).filter(|_| number == 0);
            jobs.extend(clean.chain(defects).map(|defect| Job {
                scenario: scenario.clone(),
                area: *area,
                defect,
            }));
        }
    }
    jobs.reverse();
    jobs
}

fn next(jobs: &Mutex<Vec<Job>>) -> Option<Job> {
    jobs.lock().unwrap().pop()
}

#[derive(Default)]
struct Found {
    wrong: Vec<String>,
    unfound: Option<String>,
    judged: BTreeSet<&'static str>,
}

fn compare(job: &Job, folder: &Path) -> Found {
    let mut device = Reference::new(job.defect.into_iter().collect());
    let run = play::run(&job.scenario, job.area, 1, &mut device, Pace::Virtual).unwrap();
    if !matches!(run.ending, Ending::Complete) {
        return Found::default();
    }
    let defect = job.defect.map_or("", Defect::name);
    let place = format!("{} {} {defect}", job.scenario.name, job.area.name());
    held_against(&run.trace, &place, job.defect.is_none(), folder)
}

/// Holds what a capture says against what the whole trace says; of a clean run also what a capture
/// of one side says, and one that was begun in the middle.
fn held_against(trace: &Trace, place: &str, is_clean: bool, folder: &Path) -> Found {
    let mut found = Found::default();
    let tap = tap::tapped(trace);
    let path = folder.join("capture.pcapng");
    tap::pcapng(&tap, &path);
    let request = tap::request(trace);
    let both = match capture::read(&[tap::source(&path)], &request) {
        Ok(both) => both.trace,
        Err(error) => {
            found.unfound = Some(format!("{place}: {}", error.with_causes()));
            return found;
        }
    };
    let macs = |trace: &Trace| (trace.header.setup.wan_mac, trace.header.setup.lan_mac);
    if macs(&both) != macs(trace) {
        let (seen, right) = (macs(&both), macs(trace));
        found
            .wrong
            .push(format!("{place}: found {seen:?}, not {right:?}"));
        return found;
    }
    let full = checks::judge(trace).unwrap();
    let against = |read: &Trace, how: &str, is_meant: fn(Point) -> bool, found: &mut Found| {
        for (id, seen) in checks::judge(read).unwrap() {
            if !is_meant(passive::point(id)) {
                continue;
            }
            if matches!(seen, Verdict::Pass(_) | Verdict::Fail(_)) {
                found.judged.insert(id);
            }
            if !agrees(trace, id, is_clean, &full[id], &seen) {
                let right = &full[id];
                found
                    .wrong
                    .push(format!("{place}: {how}: {id}: {seen:?}, not {right:?}"));
            }
        }
    };
    against(&both, "both sides", |_| true, &mut found);
    if !is_clean {
        return found;
    }
    for (name, is_meant) in [
        ("wan", (|point| point == Point::Wan) as fn(Point) -> bool),
        ("lan", |point| point == Point::Lan),
    ] {
        let mut one = request.clone();
        match name {
            "wan" => one.wan = Some(name.to_owned()),
            _ => one.lan = Some(name.to_owned()),
        }
        let read = capture::read(&[tap::source(&path)], &one).unwrap();
        against(&read.trace, name, is_meant, &mut found);
    }
    // Begun in the middle, nothing may fail that did not fail.
    tap::pcapng(&tap::second_half(tap), &path);
    let mut middle = request;
    middle.macs = vec![trace.header.setup.wan_mac, trace.header.setup.lan_mac];
    if let Ok(read) = capture::read(&[tap::source(&path)], &middle) {
        for (id, seen) in checks::judge(&read.trace).unwrap() {
            let is_new = !matches!(full[id], Verdict::Fail(_) | Verdict::NotApplicable(_));
            if matches!(seen, Verdict::Fail(_)) && is_new {
                found
                    .wrong
                    .push(format!("{place}: second half: {id}: {seen:?}"));
            }
        }
    }
    found
}

/// Returns whether a capture says what the whole trace says, or less.
fn agrees(trace: &Trace, id: &str, is_clean: bool, full: &Verdict, seen: &Verdict) -> bool {
    match (full, seen) {
        (_, Verdict::Inconclusive(_) | Verdict::NotApplicable(_)) => true,
        (Verdict::Pass(_), Verdict::Pass(_)) | (Verdict::Fail(_), Verdict::Fail(_)) => true,
        // A router that passes others' PPPoE on as its own is one that dials, as far as frames say.
        (Verdict::NotApplicable(_), Verdict::Pass(_))
            if !is_clean && id.starts_with("ppp.") && trace.header.setup.pppoe.is_empty() =>
        {
            true
        }
        // That it was wrong on purpose is not to be seen: an engineer wants to hear of it.
        (Verdict::NotApplicable(_), _) => !trace.header.setup.wrong_on_purpose.is_empty(),
        _ => false,
    }
}
