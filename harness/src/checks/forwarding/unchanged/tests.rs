use ngnlab_sim::Frame;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::forwarding::test_packets::{online, out};
use crate::checks::test_verdicts::{fails, open, passes};

fn with(frame: &Frame, change: impl Fn(&mut [u8])) -> Frame {
    let mut bytes = frame.to_vec();
    change(&mut bytes);
    bytes.into()
}

#[test]
fn labels_and_classes_stay_as_they_were() {
    for (id, place, value) in [
        ("fwd.flowlabel.kept", 17, 5),
        ("fwd.traffic-class.kept", 14, 0x62),
    ] {
        let mut trace = online();
        assert!(open(id, &trace), "{id}");
        let (before, after) = out(&trace, b"marked");
        let marked = with(&before, |bytes| bytes[place] = value);
        trace.at(2000).frame(Role::Lan, End::Network, marked);
        let mut cleared = online();
        cleared.trace.records.clone_from(&trace.trace.records);
        cleared.frame(Role::Wan, End::Device, after.clone());
        assert!(fails(id, &cleared), "{id}");
        trace.frame(
            Role::Wan,
            End::Device,
            with(&after, |bytes| bytes[place] = value),
        );
        assert!(passes(id, &trace), "{id}");
    }
}

#[test]
fn a_router_may_say_that_it_is_congested() {
    let mut trace = online();
    let (before, after) = out(&trace, b"ecn");
    // The low nibble of the class stands in the high nibble of the second byte.
    let ect = with(&before, |bytes| bytes[15] |= 0x20);
    let ce = with(&after, |bytes| bytes[15] |= 0x30);
    trace
        .frame(Role::Lan, End::Network, ect)
        .frame(Role::Wan, End::Device, ce);
    assert!(passes("fwd.traffic-class.kept", &trace));
}

#[test]
fn datagrams_arrive_byte_by_byte() {
    let trace = online();
    assert!(passes("fwd.payload.intact", &trace));
    let mut trace = online();
    let (before, after) = out(&trace, b"second");
    let spoilt = with(&after, |bytes| bytes[60..62].fill(0));
    trace
        .at(2000)
        .frame(Role::Lan, End::Network, before)
        .frame(Role::Wan, End::Device, spoilt);
    assert!(fails("fwd.payload.intact", &trace));
}

#[test]
fn what_a_terminal_gets_is_for_its_own_mac() {
    let mut trace = online();
    let (site, pc) = (trace.ons_dns(), trace.pc());
    let answer = trace
        .envelope(Role::Wan, End::Network, site, pc)
        .udp(47_002, 47_001, b"answer");
    let mut inside = trace
        .envelope(Role::Lan, End::Device, site, pc)
        .with_hop_limit(63);
    trace.at(2000).frame(Role::Wan, End::Network, answer);
    let mut flooded = online();
    flooded.trace.records.clone_from(&trace.trace.records);
    trace.frame(
        Role::Lan,
        End::Device,
        inside.udp(47_002, 47_001, b"answer"),
    );
    assert!(passes("fwd.to-right-mac", &trace));
    inside.eth_destination = ngnlab_sim::message::packet::Mac([0x33, 0x33, 0, 0, 0, 1]);
    flooded.frame(
        Role::Lan,
        End::Device,
        inside.udp(47_002, 47_001, b"answer"),
    );
    assert!(fails("fwd.to-right-mac", &flooded));
}
