//! Captures in which one place holds both sides of the router: a mirror of two ports, or `-i any` on
//! the router itself without the numbers of its interfaces.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use ngnlab_harness::built_in;
use ngnlab_harness::capture;
use ngnlab_harness::checks;
use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::play;
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_reports::Verdict;
use ngnlab_reports::words::Lang;
use ngnlab_sim::Pace;
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::{Role, Trace};

use crate::cooked::{At, cooked};
use crate::tap::{self, PCAP, Pcap};

#[test]
fn a_mirror_that_catches_each_frame_twice_makes_no_failure() {
    for name in [
        "address/dhcpv6-server-late",
        "ons/connection-test-portal",
        "ons/revocation-list-is-downloaded",
    ] {
        let path = scenario::files(&built_in::scenarios()).unwrap();
        let path = path
            .iter()
            .find(|path| path.ends_with(format!("{name}.toml")));
        let scenario = Scenario::load(path.unwrap()).unwrap();
        let mut device = Reference::new(BTreeSet::new());
        let run = play::run(&scenario, Area::East, 1, &mut device, Pace::Virtual).unwrap();
        let mut twice = tap::tapped(&run.trace);
        let once = twice.records.len();
        let again = twice.records.clone().into_iter().map(|mut record| {
            record.at += Duration::from_micros(20);
            record
        });
        twice.records.extend(again.collect::<Vec<_>>());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("twice.pcapng");
        tap::pcapng(&twice, &path);
        let found = capture::read(&[tap::source(&path)], &tap::request(&run.trace)).unwrap();
        assert_eq!(found.trace.records.len(), once, "{name}");
        let told = found.told.found.iter().find(|(what, _)| *what == "frames");
        let words = format!("{once} caught twice");
        assert!(told.unwrap().1.contains(&words), "{told:?}");
        let verdicts = checks::judge(&found.trace).unwrap();
        assert_eq!(failed(&verdicts).collect::<Vec<_>>(), [""; 0], "{name}");
    }
}

#[test]
fn both_sides_in_one_place_make_no_failure() {
    let mut wrong = Vec::new();
    let (mut noticed, mut judged) = (0, 0);
    for path in scenario::files(&built_in::scenarios()).unwrap() {
        let scenario = Scenario::load(&path).unwrap();
        // A bridge is not found in a capture: a terminal is taken for the router then.
        let is_bridge = scenario.mode() == Mode::Bridge;
        let is_of_east = scenario.line.areas.contains(&Area::East);
        if scenario.has_real_terminals() || !is_of_east || is_bridge {
            continue;
        }
        let mut device = Reference::new(BTreeSet::new());
        let run = play::run(&scenario, Area::East, 1, &mut device, Pace::Virtual).unwrap();
        let right: BTreeSet<&str> = failed(&checks::judge(&run.trace).unwrap()).collect();
        let mirrored = tap::tapped(&run.trace);
        let plain = |_: Role, frame: &[u8]| frame.to_vec();
        for (kind, bytes) in [
            ("mirror", tap::pcap(&mirrored, |_| true, PCAP, plain)),
            ("any", any(&mirrored)),
        ] {
            judged += 1;
            match read(&run.trace, &bytes) {
                Err(why) => noticed += usize::from(why.contains("together")),
                Ok(found) => {
                    let found = checks::judge(&found).unwrap();
                    let new: Vec<_> = failed(&found).filter(|id| !right.contains(id)).collect();
                    if !new.is_empty() {
                        wrong.push(format!("{kind} {}: {new:?}", scenario.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(noticed * 10 > judged * 8, "{noticed} of {judged}");
}

fn any(tap: &Trace) -> Vec<u8> {
    let setup = &tap.header.setup;
    let own = [setup.wan_mac, setup.lan_mac];
    let wrap = |_: Role, frame: &[u8]| cooked(frame, &own, At::TheRouter);
    tap::pcap(tap, |_| true, Pcap { link: 113, ..PCAP }, wrap)
}

fn read(trace: &Trace, bytes: &[u8]) -> Result<Trace, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.pcap");
    fs::write(&path, bytes).unwrap();
    let found = capture::read(&[tap::source(&path)], &tap::request(trace));
    found
        .map(|found| found.trace)
        .map_err(|error| error.pretty(Lang::En))
}

fn failed<'v>(
    verdicts: &'v std::collections::BTreeMap<&'static str, Verdict>,
) -> impl Iterator<Item = &'static str> + 'v {
    let failed = verdicts.iter();
    failed
        .filter(|(_, verdict)| matches!(verdict, Verdict::Fail(_)))
        .map(|(id, _)| *id)
}
