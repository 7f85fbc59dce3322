//! Captures that Linux takes with `-i any`: their header does not say whom a frame was for, and what
//! is not known is no failure of the router.

use std::collections::BTreeSet;
use std::fs;

use ngnlab_harness::built_in;
use ngnlab_harness::capture::{self, Source};
use ngnlab_harness::checks;
use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::play;
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_reports::Verdict;
use ngnlab_reports::words::Lang;
use ngnlab_sim::Pace;
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{Role, Trace};

use crate::tap::{self, PCAP, Pcap};

#[test]
fn a_header_that_does_not_tell_the_receiver_makes_no_failure() {
    let mut judged = 0;
    let files = scenario::files(&built_in::scenarios()).unwrap();
    for path in files {
        let scenario = Scenario::load(&path).unwrap();
        // There a neighbour's conversation is on the same cable, and nothing tells it from the
        // router's own.
        if scenario.name == "home-gateway/another-router-on-the-segment" {
            continue;
        }
        if scenario.has_real_terminals() || !scenario.line.areas.contains(&Area::East) {
            continue;
        }
        let mut device = Reference::new(BTreeSet::new());
        let run = play::run(&scenario, Area::East, 1, &mut device, Pace::Virtual).unwrap();
        let plain = failed(&run.trace, PCAP, |frame| frame.to_vec());
        let own = [
            run.trace.header.setup.wan_mac,
            run.trace.header.setup.lan_mac,
        ];
        let cooked = |frame: &[u8]| {
            let is_own = own.iter().any(|mac| frame[6..12] == mac.0);
            // PACKET_OUTGOING or PACKET_HOST, Ethernet, and whom it is from (LINKTYPE_LINUX_SLL).
            let kind = if is_own { 4 } else { 0 };
            let head = [0, kind, 0, 1, 0, 6];
            [&head[..], &frame[6..12], &[0, 0], &frame[12..]].concat()
        };
        let found = failed(&run.trace, Pcap { link: 113, ..PCAP }, cooked);
        let new: Vec<_> = found.difference(&plain).collect();
        assert!(new.is_empty(), "{}: {new:?}", scenario.name);
        judged += 1;
    }
    assert!(judged > 150, "{judged}");
}

/// Returns what fails in a capture of both sides, a file each.
fn failed(trace: &Trace, kind: Pcap, wrap: impl Fn(&[u8]) -> Vec<u8>) -> BTreeSet<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let tap = tap::tapped(trace);
    let sides = [(Role::Wan, "wan.pcap"), (Role::Lan, "lan.pcap")];
    let sources = sides.map(|(role, name)| {
        let path = folder.path().join(name);
        let bytes = tap::pcap(&tap, |on| on == role, kind, |_, frame| wrap(frame));
        fs::write(&path, bytes).unwrap();
        let role = Some(role);
        Source { path, role }
    });
    let found = capture::read(&sources, &tap::request(trace));
    // A run in which the router says nothing has no capture to judge.
    let Ok(found) = found.map_err(|error| error.pretty(Lang::En)) else {
        return BTreeSet::new();
    };
    let verdicts = checks::judge(&found.trace).unwrap().into_iter();
    let failed = verdicts.filter(|(_, verdict)| matches!(verdict, Verdict::Fail(_)));
    failed.map(|(id, _)| id).collect()
}
