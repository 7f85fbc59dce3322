//! Wireshark finds nothing to complain about in what our nodes send.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_harness::{play, report, wireshark};
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{End, Role, Seen, Trace};
use ngnlab_sim::{Frame, Pace};

mod same_fields;
mod tshark;

/// The moods in which DNS servers send what is no DNS message.
const BROKEN_ON_PURPOSE: [&str; 3] = ["malformed", "mutated", "random-bytes"];
/// Scenarios with many kinds of frames.
const READ_TWICE: [&str; 11] = [
    "address/reconfigure-tells-of-another-prefix",
    "address/requests-fail-at-first",
    "address/what-an-information-request-asks-for",
    "cpe/dhcpv6-clients-of-every-kind",
    "cpe/hop-limits-and-echoes",
    "dns/answers-of-many-shapes",
    "dns/many-transports",
    "line-auth/certificate-is-not-installed",
    "line-auth/consent-is-refused",
    "pppoe/service-site-by-domain-routing",
    "pppoe/two-terminals-behind-one-address",
];

#[test]
fn every_scenario_dissects_cleanly() {
    if !tshark::is_installed() {
        eprintln!("left out: tshark is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    for path in scenario::files(&scenarios).unwrap() {
        let scenario = Scenario::load(&path).unwrap();
        let capture = folder.path().join("run.pcapng");
        let trace = run(&scenario);
        // What a home gateway passes on unchanged would be a conversation that repeats itself.
        let mut complaints = Vec::new();
        for is_uplink in [false, true] {
            let part = only(&trace, |on| (on == Role::Uplink) == is_uplink);
            if part.records.is_empty() {
                continue;
            }
            write(&part, &capture);
            complaints.extend(tshark::complaints(&capture));
        }
        if breaks_answers(&path) {
            complaints.retain(|complaint| !complaint.contains("Malformed Packet"));
        }
        assert!(
            complaints.is_empty(),
            "{}:\n{}",
            scenario.name,
            complaints.join("\n")
        );
    }
}

#[test]
fn a_spoilt_checksum_is_found() {
    if !tshark::is_installed() {
        eprintln!("left out: tshark is not installed");
        return;
    }
    let path = "../scenarios/line-auth/succeeds-on-a-pd-line.toml";
    let scenario = Scenario::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut trace = run(&scenario);
    let spoilt = trace
        .records
        .iter_mut()
        .find_map(|record| match &mut record.seen {
            Seen::Frame {
                on: Role::Wan,
                from: End::Network,
                frame,
                ..
            } if frame.len() > 80 => Some(frame),
            _ => None,
        });
    let frame = spoilt.expect("the line sends something");
    let mut bytes = frame.to_vec();
    *bytes.last_mut().unwrap() ^= 0xff;
    *frame = Frame::from(bytes);
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("spoilt.pcapng");
    write(&trace, &capture);
    assert_eq!(tshark::complaints(&capture).len(), 1);
}

#[test]
fn the_decoder_reads_what_wireshark_reads() {
    if !tshark::is_installed() {
        eprintln!("left out: tshark is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut compared = BTreeMap::new();
    for name in READ_TWICE {
        let path = scenarios.join(name).with_extension("toml");
        let trace = run(&Scenario::load(&path).unwrap());
        // Wireshark takes what crosses both cables for one conversation that repeats itself.
        for role in Role::ALL {
            let trace = only(&trace, |on| on == role);
            let capture = folder.path().join("run.pcapng");
            write(&trace, &capture);
            same_fields::compare(
                name,
                &trace,
                &same_fields::theirs::of_frames(&capture),
                &mut compared,
            );
        }
    }
    for (field, count) in same_fields::names().map(|name| (name, compared.get(name))) {
        assert!(count.is_some(), "no frame has {field}");
    }
}

/// Returns whether a scenario has DNS servers send answers that are broken on purpose.
fn breaks_answers(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap();
    let mood = |name: &&str| text.contains(&format!("mood = \"{name}\""));
    BROKEN_ON_PURPOSE.iter().any(mood)
}

fn run(scenario: &Scenario) -> Trace {
    let mut device = Reference::new(BTreeSet::new());
    play::run(scenario, Area::West, 1, &mut device, Pace::Virtual)
        .unwrap()
        .trace
}

/// Returns the frames on some cables.
fn only(trace: &Trace, cables: impl Fn(Role) -> bool) -> Trace {
    let mut trace = trace.clone();
    trace
        .records
        .retain(|record| matches!(&record.seen, Seen::Frame { on, .. } if cables(*on)));
    trace
}

fn write(trace: &Trace, to: &Path) {
    let case = report::case_of_trace(trace, None).unwrap();
    wireshark::write(trace, &case, File::create(to).unwrap()).unwrap();
}
