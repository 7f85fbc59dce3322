//! What a host that is late all the time excuses: the failures of these checks, and no others.
//!
//! Every defect in every scenario that notices it is judged once more as if the host had been late
//! by more than a second again and again. A check that comes new into the snapshot says that time
//! explains a failure of it: that must be so.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use ngnlab_harness::checks;
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_reports::Verdict;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::trace::{Record, Seen};
use ngnlab_sim::{Time, Trace};

#[test]
fn a_late_host_excuses_what_time_explains_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = scenario::files(&folder).expect("the scenarios are there");
    let mut excused = BTreeSet::new();
    for path in files {
        let scenario = Scenario::load(&path).expect("the scenarios have no mistakes");
        if scenario.has_real_terminals() {
            continue;
        }
        for defect in scenario.notices() {
            let trace = trace(&path, &scenario, defect);
            let quiet = checks::judge(&trace).expect("its steps are ours");
            let late = checks::judge(&on_a_late_host(&trace)).expect("its steps are ours");
            for (id, verdict) in quiet {
                let is_certain =
                    matches!(&late[id], Verdict::Fail(finding) if finding.excuse.is_none());
                if matches!(verdict, Verdict::Fail(_)) && !is_certain {
                    excused.insert(id);
                }
            }
        }
    }
    let excused: Vec<&str> = excused.into_iter().collect();
    insta::assert_snapshot!(excused.join("\n"));
}

fn trace(path: &Path, scenario: &Scenario, defect: Defect) -> Trace {
    let job = Job {
        scenario: path.to_owned(),
        area: scenario.line.areas[0],
        delivery: None,
        seed: 1,
        pace: None,
        device: Device::Reference(BTreeSet::from([defect])),
        prepared: None,
        out: None,
    };
    job.run().expect("it runs in virtual time").trace
}

/// Returns the same trace of a host that is late by [`BY`] every few seconds.
fn on_a_late_host(trace: &Trace) -> Trace {
    let mut late = trace.clone();
    let mut next = late.records.first().map_or(Time::ZERO, |first| first.at);
    let mut records = Vec::new();
    for record in late.records.drain(..) {
        while next <= record.at {
            records.push(Record {
                at: next,
                seen: Seen::Late(BY),
            });
            next += EVERY;
        }
        records.push(record);
    }
    late.records = records;
    late
}

const EVERY: Duration = Duration::from_secs(4);
const BY: Duration = Duration::from_millis(1_200);
