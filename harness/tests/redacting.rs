//! A redacted trace is judged like the one it was made of, and nothing in it gives anybody away.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::{BTreeMap, BTreeSet};

use ngnlab_harness::built_in;
use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::play;
use ngnlab_harness::redact::{Inside, Redactor};
use ngnlab_harness::report::case_of_trace;
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{Seen, Trace};
use ngnlab_sim::{Pace, node::router::defect::Defect};

#[test]
fn every_verdict_stays_and_nothing_else_of_the_line() {
    let mut judged = 0;
    for path in scenario::files(&built_in::scenarios()).unwrap() {
        let scenario = Scenario::load(&path).unwrap();
        if scenario.has_real_terminals() || !scenario.line.areas.contains(&Area::East) {
            continue;
        }
        // What fails has to stay, too.
        let defects: BTreeSet<Defect> = scenario.notices().take(1).collect();
        let mut device = Reference::new(defects);
        let run = play::run(&scenario, Area::East, 5, &mut device, Pace::Virtual).unwrap();
        let mut redactor = Redactor::new(["Secret-7".to_owned()]);
        redactor.learn(&run.trace);
        let redacted = redactor.trace(&run.trace).unwrap();
        let name = &scenario.name;
        assert_eq!(outcomes(&redacted), outcomes(&run.trace), "{name}");
        assert_eq!(redacted.records.len(), run.trace.records.len(), "{name}");
        nothing_is_left(&run.trace, &redacted, name);
        judged += 1;
    }
    assert!(judged > 150, "{judged}");
}

/// Returns what each check came to, and on which records.
fn outcomes(trace: &Trace) -> BTreeMap<String, String> {
    let case = case_of_trace(trace, None).unwrap();
    let verdicts = case.verdicts.into_iter().map(|(id, judged)| {
        use ngnlab_reports::Verdict;
        let outcome = match judged.verdict {
            Verdict::Pass(_) => "pass".to_owned(),
            Verdict::Fail(finding) => format!("fail {:?} {:?}", finding.records, judged.because),
            Verdict::Inconclusive(_) => "inconclusive".to_owned(),
            Verdict::NotApplicable(_) => "not applicable".to_owned(),
        };
        (id, outcome)
    });
    let mut outcomes: BTreeMap<String, String> = verdicts.collect();
    let diagnosis = case.diagnosis.map(|diagnosis| diagnosis.id);
    outcomes.insert("diagnosis".to_owned(), format!("{diagnosis:?}"));
    outcomes
}

fn nothing_is_left(original: &Trace, redacted: &Trace, name: &str) {
    let inside = Inside::of(original);
    let mut saved = Vec::new();
    redacted.save(&mut saved).unwrap();
    let text = String::from_utf8(saved).unwrap();
    let frames = redacted
        .records
        .iter()
        .filter_map(|record| match &record.seen {
            Seen::Frame { frame, .. } => Some(&frame[..]),
            _ => None,
        });
    let frames: Vec<&[u8]> = frames.collect();
    let holds = |bytes: &[u8]| {
        let mut frames = frames.iter();
        frames.any(|frame| frame.windows(bytes.len()).any(|window| window == bytes))
    };
    for mac in &inside.macs {
        assert!(!text.contains(&mac.to_string()), "{name}: {mac} in a text");
        let link_local = mac.link_local().to_string();
        assert!(!text.contains(&link_local), "{name}: {link_local}");
        assert!(!holds(&mac.0), "{name}: {mac} in a frame");
        assert!(!holds(&mac.interface_id()), "{name}: {mac} in an address");
    }
    for id in &inside.customer_ids {
        assert!(!text.contains(id), "{name}: {id}");
    }
    for secret in &original.header.tls_secrets {
        let (owner, secret) = secret.rsplit_once(' ').unwrap();
        assert!(!text.contains(secret), "{name}");
        assert!(text.contains(owner), "{name}");
    }
}
