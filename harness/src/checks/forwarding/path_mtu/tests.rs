use ngnlab_sim::Frame;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::forwarding::test_packets::{online, out};
use crate::checks::test_verdicts::{fails, open, passes};
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

#[test]
fn packets_of_1500_bytes_have_to_pass() {
    let mut trace = online();
    assert!(open("fwd.mtu.full-size", &trace));
    let (before, after) = out(&trace, &[7; 1452]);
    trace.at(5000).frame(Role::Lan, End::Network, before);
    assert!(fails("fwd.mtu.full-size", &trace));
    trace.frame(Role::Wan, End::Device, after);
    assert!(passes("fwd.mtu.full-size", &trace));
}

#[test]
fn what_waits_for_a_neighbour_may_be_lost() {
    use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
    use ngnlab_sim::message::packet::solicited_node;
    let mut trace = online();
    let (before, _) = out(&trace, &[7; 1452]);
    trace.at(5000).frame(Role::Lan, End::Network, before);
    assert!(fails("fwd.mtu.full-size", &trace));
    let (own, target) = (ROUTER_WAN.link_local(), trace.edge().link_local());
    let solicit = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: Some(ROUTER_WAN),
    });
    let group = solicited_node(target);
    trace.ndp(Role::Wan, End::Device, own, group, &solicit);
    assert!(open("fwd.mtu.full-size", &trace));
}

#[test]
fn nothing_has_to_pass_that_came_before_anything_did_or_at_the_end() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {});
    let (before, _) = out(&trace, &[7; 1452]);
    trace
        .at(1000)
        .frame(Role::Lan, End::Network, before.clone());
    assert!(open("fwd.mtu.full-size", &trace));
    let mut trace = online();
    trace.at(59_000).frame(Role::Lan, End::Network, before);
    assert!(open("fwd.mtu.full-size", &trace));
}

#[test]
fn a_fragmented_packet_may_be_cut_anew_under_another_identification() {
    let id = "pmtu.outbound-frag";
    let trace = online();
    let (before, after) = out(&trace, &[7; 2000]);
    let came = cut(&before, 1000, 1);
    let leaves = |parts: &[Frame]| {
        let mut trace = online();
        trace.at(5000);
        for part in &came {
            trace.frame(Role::Lan, End::Network, part.clone());
        }
        for part in parts {
            trace.frame(Role::Wan, End::Device, part.clone());
        }
        trace
    };
    assert!(fails(id, &leaves(&[])));
    assert!(passes(id, &leaves(&cut(&after, 1000, 1))));
    assert!(passes(id, &leaves(&cut(&after, 1000, 2))));
    assert!(passes(id, &leaves(&cut(&after, 640, 2))));
    assert!(passes(id, &leaves(&[after])));
    // Something is missing, or is not as it was.
    assert!(fails(id, &leaves(&cut(&before, 1000, 2)[..1])));
    let (_, other) = out(&trace, &[8; 2000]);
    assert!(fails(id, &leaves(&cut(&other, 1000, 2))));
}

#[test]
fn a_fragment_that_came_alone_may_be_kept_back() {
    let mut trace = online();
    let (before, _) = out(&trace, &[7; 2000]);
    let first = cut(&before, 1000, 1).remove(0);
    trace.at(5000).frame(Role::Lan, End::Network, first);
    assert!(open("pmtu.outbound-frag", &trace));
}

/// Cuts a packet's content into fragments of this length (RFC 8200 §4.5).
fn cut(frame: &Frame, length: usize, id: u32) -> Vec<Frame> {
    let (headers, content) = frame.split_at(14 + 40);
    let pieces = content.chunks(length).enumerate();
    let cut = pieces.map(|(index, piece)| {
        let more = u16::from((index + 1) * length < content.len());
        let offset = u16::try_from(index * length).unwrap();
        let mut bytes = headers.to_vec();
        let size = u16::try_from(piece.len() + 8).unwrap();
        bytes[18..20].copy_from_slice(&size.to_be_bytes());
        bytes.extend([bytes[20], 0]);
        bytes[20] = 44;
        bytes.extend((offset | more).to_be_bytes());
        bytes.extend(id.to_be_bytes());
        bytes.extend(piece);
        Frame::from(bytes)
    });
    cut.collect()
}
