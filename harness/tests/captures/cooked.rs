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
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::trace::{Role, Trace};

use crate::tap::{self, PCAP, Pcap};

#[test]
fn a_header_that_does_not_tell_the_receiver_makes_no_failure() {
    let mut judged = 0;
    let files = scenario::files(&built_in::scenarios()).unwrap();
    for path in files {
        let scenario = Scenario::load(&path).unwrap();
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
        for at in [At::TheRouter, At::AMirror, At::NobodyKnows] {
            let wrap = |frame: &[u8]| cooked(frame, &own, at);
            let found = failed(&run.trace, Pcap { link: 113, ..PCAP }, wrap);
            let new: Vec<_> = found.difference(&plain).collect();
            assert!(new.is_empty(), "{} {at:?}: {new:?}", scenario.name);
        }
        judged += 1;
    }
    assert!(judged > 150, "{judged}");
}

/// Where a capture is taken, which decides what Linux says of a frame's way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    /// On the router: it knows what it sends, and what is for it.
    TheRouter,
    /// On a port that mirrors one of the router's: all is for somebody else, or for all.
    AMirror,
    /// Behind something that forgets it: all but what the router sends is for the machine itself.
    NobodyKnows,
}

/// Puts the header LINKTYPE_LINUX_SLL in the place of the one of Ethernet.
pub(crate) fn cooked(frame: &[u8], own: &[Mac], at: At) -> Vec<u8> {
    let is_own = |address: &[u8]| own.iter().any(|mac| address == mac.0);
    let (to, from) = (&frame[..6], &frame[6..12]);
    let way = match at {
        At::TheRouter | At::NobodyKnows if is_own(from) => OUTGOING,
        At::NobodyKnows => HOST,
        _ if to[0] & 1 == 1 => MULTICAST,
        At::TheRouter if is_own(to) => HOST,
        At::TheRouter | At::AMirror => OTHER_HOST,
    };
    // Of Ethernet; how long an address is, and whose it is.
    let head = [0, way, 0, 1, 0, 6];
    [&head[..], from, &[0, 0], &frame[12..]].concat()
}

/// `PACKET_HOST` and its like of Linux.
const HOST: u8 = 0;
const MULTICAST: u8 = 2;
const OTHER_HOST: u8 = 3;
const OUTGOING: u8 = 4;

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
