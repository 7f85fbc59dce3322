use etherparse::TcpHeader;
use ngnlab_sim::Frame;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::{fails, passes};
use crate::dissection::builder::TraceBuilder;

fn segment(trace: &TraceBuilder, on: Role, from: End, hop_limit: u8, syn: bool) -> Frame {
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let mut header = TcpHeader::new(50_000, 443, 1, 1000);
    header.syn = syn;
    let envelope = trace.envelope(on, from, pc, site).with_hop_limit(hop_limit);
    envelope.tcp(header, b"x")
}

#[test]
fn strangers_stay_outside_and_packet_too_big_comes_in() {
    let mut trace = TraceBuilder::new("next-ra");
    let (pc, stranger) = (trace.pc(), trace.ons_dns());
    let talk = segment(&trace, Role::Lan, End::Network, 64, true);
    let out = segment(&trace, Role::Wan, End::Device, 63, true);
    trace.frame(Role::Lan, End::Network, talk);
    trace.frame(Role::Wan, End::Device, out.clone());

    let outside = trace.envelope(Role::Wan, End::Network, stranger, pc);
    let inside = trace
        .envelope(Role::Lan, End::Device, stranger, pc)
        .with_hop_limit(63);
    trace.injected(Role::Wan, outside.udp(5000, 5000, b"hello"));
    assert!(passes("fw6.no-unsolicited-inbound", &trace));
    trace.frame(Role::Lan, End::Device, inside.udp(5000, 5000, b"hello"));
    assert!(fails("fw6.no-unsolicited-inbound", &trace));

    let body = [&1280u32.to_be_bytes()[..], &out[14..]].concat();
    trace.injected(Role::Wan, outside.icmpv6(PACKET_TOO_BIG, 0, &body));
    assert!(fails("fwd.ptb.relay", &trace));
    trace.frame(
        Role::Lan,
        End::Device,
        inside.icmpv6(PACKET_TOO_BIG, 0, &body),
    );
    assert!(passes("fwd.ptb.relay", &trace));
}

#[test]
fn a_management_port_that_answers_is_open() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {});
    let (router, stranger) = (trace.router(), trace.ons_dns());
    let mut syn = TcpHeader::new(40_000, 80, 1, 1000);
    syn.syn = true;
    let there = trace.envelope(Role::Wan, End::Network, stranger, router);
    trace.at(1000).injected(Role::Wan, there.tcp(syn, &[]));
    assert!(passes("fw6.no-mgmt-on-wan", &trace));
    let back = trace.envelope(Role::Wan, End::Device, router, stranger);
    let mut reply = TcpHeader::new(80, 40_000, 1, 0);
    (reply.rst, reply.ack) = (true, true);
    trace.frame(Role::Wan, End::Device, back.tcp(reply.clone(), &[]));
    assert!(passes("fw6.no-mgmt-on-wan", &trace));
    (reply.rst, reply.syn) = (false, true);
    trace.frame(Role::Wan, End::Device, back.tcp(reply, &[]));
    assert!(fails("fw6.no-mgmt-on-wan", &trace));
}
