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
use ngnlab_sim::message::packet::ipv4::{Ipv4, Payload4};
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Packet};
use ngnlab_sim::trace::{Seen, Trace};
use ngnlab_sim::{Frame, Pace};

#[test]
fn the_same_seed_gives_the_same_trace() {
    for name in [
        "line-auth/succeeds-on-an-ra-line",
        "line-auth/succeeds-on-a-pd-line",
        "members-club/v4-page-gives-a-pass",
    ] {
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
    let name = "line-auth/succeeds-on-a-pd-line";
    assert_ne!(masked(run(name, 7)).records, masked(run(name, 8)).records);
}

fn run(name: &str, seed: u64) -> Trace {
    let path = format!("../scenarios/{name}.toml");
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
    let ip = match &frame[12..14] {
        // In a PPPoE session (RFC 2516 §4).
        [0x88, 0x64] => &frame[ETHERNET_HEADER + 8..],
        _ => &frame[ETHERNET_HEADER..],
    };
    let ipv4 = Ipv4::parse(ip);
    let packet = Packet::parse(frame);
    let tcp = match (&packet, &ipv4) {
        (Some(packet), _) => packet.tcp(),
        (None, Some(packet)) => match &packet.payload {
            Payload4::Tcp(tcp) => Some(tcp.clone()),
            _ => None,
        },
        (None, None) => None,
    };
    let mut bytes = frame.to_vec();
    if let Some(tcp) = tcp
        && [tcp.source_port(), tcp.destination_port()].contains(&443)
    {
        let start = bytes.len() - tcp.payload().len();
        let checksum = bytes.len() - tcp.slice().len() + 16;
        bytes[start..].fill(0);
        bytes[checksum..checksum + 2].fill(0);
    }
    bytes.into()
}
