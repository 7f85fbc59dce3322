//! The same scenario with the same seed leaves the same trace, apart from the bytes TLS draws.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::BTreeSet;
use std::path::Path;

use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::play;
use ngnlab_harness::scenario::Scenario;
use ngnlab_sim::line::Area;
use ngnlab_sim::message::packet::{ETHERNET_HEADER, IPV6_HEADER, Packet};
use ngnlab_sim::trace::{Seen, Trace};
use ngnlab_sim::{Frame, Pace};

#[test]
fn the_same_seed_gives_the_same_trace() {
    for name in ["succeeds-on-an-ra-line", "succeeds-on-a-pd-line"] {
        let (first, second) = (masked(run(name, 7)), masked(run(name, 7)));
        assert_eq!(first.records.len(), second.records.len(), "{name}");
        for (number, (a, b)) in first.records.iter().zip(&second.records).enumerate() {
            assert_eq!(a, b, "{name}, record {number}");
        }
        assert_eq!(first.header, second.header, "{name}");
    }
}

#[test]
fn another_seed_gives_another_trace() {
    let name = "succeeds-on-a-pd-line";
    assert_ne!(masked(run(name, 7)).records, masked(run(name, 8)).records);
}

fn run(name: &str, seed: u64) -> Trace {
    let path = format!("../scenarios/line-auth/{name}.toml");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let scenario = Scenario::load(&path).unwrap();
    let mut device = Reference::new(BTreeSet::new());
    play::run(&scenario, Area::East, seed, &mut device, Pace::Virtual)
        .unwrap()
        .trace
}

/// Masks TLS records and the TCP checksums over them, and nothing else.
fn masked(mut trace: Trace) -> Trace {
    trace.header.tls_secrets.clear();
    for record in &mut trace.records {
        if let Seen::Frame { frame, .. } = &mut record.seen {
            *frame = mask(frame);
        }
    }
    trace
}

fn mask(frame: &Frame) -> Frame {
    let tls = Packet::parse(frame).and_then(|packet| {
        let tcp = packet.tcp()?;
        let https = tcp.source_port() == 443 || tcp.destination_port() == 443;
        https.then(|| tcp.payload().len())
    });
    let mut bytes = frame.to_vec();
    if let Some(payload) = tls {
        let start = bytes.len() - payload;
        bytes[start..].fill(0);
        let checksum = ETHERNET_HEADER + IPV6_HEADER + 16;
        bytes[checksum..checksum + 2].fill(0);
    }
    bytes.into()
}
