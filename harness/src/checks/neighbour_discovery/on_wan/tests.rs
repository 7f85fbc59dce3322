use ngnlab_sim::message::ndp::{NeighborAdvert, NeighborSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac, solicited_node};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

const ROGUE: Mac = Mac([2, 0, 0x5e, 0x30, 0, 9]);

/// The device sends a datagram to the line by way of this neighbour.
fn send_by(trace: &mut TraceBuilder, at: u64, mac: Mac) {
    let envelope = Envelope::new(ROUTER_WAN, mac, trace.router(), trace.ons_dns());
    let frame = envelope.udp(4000, 4000, b"out");
    trace.at(at).frame(Role::Wan, End::Device, frame);
}

#[test]
fn a_forwarded_neighbor_solicitation_gets_no_answer() {
    let id = "wan.nd.ns-validation";
    let target = ROUTER_WAN.link_local();
    let solicit = |hop_limit: u8| {
        let envelope = Envelope::new(ROGUE, ROGUE, ROGUE.link_local(), solicited_node(target));
        let solicit = NeighborSolicit {
            target,
            source_link_layer: Some(ROGUE),
        };
        let mut bytes = Ndp::NeighborSolicit(solicit).build(envelope).to_vec();
        bytes[21] = hop_limit;
        ngnlab_sim::Frame::from(bytes)
    };
    let answer = Ndp::NeighborAdvert(NeighborAdvert {
        target,
        router: true,
        solicited: true,
        replace: true,
        target_link_layer: Some(ROUTER_WAN),
    });
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(20_000).injected(Role::Wan, solicit(254));
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    let edge = trace.edge();
    send_by(&mut trace, 25_000, edge);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let to = ROGUE.link_local();
    trace
        .at(20_010)
        .ndp(Role::Wan, End::Device, target, to, &answer);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    // So it is with a wrong checksum, and from nowhere with an address of a link.
    let mut bytes = solicit(255).to_vec();
    bytes[56] ^= 1;
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(20_000).injected(Role::Wan, bytes.into());
    trace
        .at(20_010)
        .ndp(Role::Wan, End::Device, target, to, &answer);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    assert!(has_empty_option(&[1, 1, 0, 0, 0, 0, 0, 0, 14, 0]) && !has_empty_option(&[]));
    let mut trace = TraceBuilder::new("next-pd");
    let nowhere = Envelope::new(ROGUE, ROGUE, Ipv6Addr::UNSPECIFIED, solicited_node(target));
    let named = NeighborSolicit {
        target,
        source_link_layer: Some(ROGUE),
    };
    let frame = Ndp::NeighborSolicit(named).build(nowhere);
    trace.at(20_000).injected(Role::Wan, frame);
    trace
        .at(20_010)
        .ndp(Role::Wan, End::Device, target, ALL_NODES, &answer);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    // A valid one just before was what it answered.
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(20_000).injected(Role::Wan, solicit(254));
    trace
        .at(20_010)
        .ndp(Role::Wan, End::Device, target, to, &answer);
    trace.at(19_900).injected(Role::Wan, solicit(255));
    assert!(!matches!(verdict(id, &trace), Verdict::Fail(_)));
}
