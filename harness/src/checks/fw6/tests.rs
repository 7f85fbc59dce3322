use etherparse::TcpHeader;
use ngnlab_sim::message::icmpv6::NO_ROUTE;
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Envelope};
use ngnlab_sim::trace::End;

use super::super::verdicts::{fails, passes};
use super::*;
use crate::dissection::builder::TraceBuilder;

/// A long run in which the terminal's datagram went out at these seconds.
fn talked(at: &[u64]) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.trace.header.until = ngnlab_sim::Time::from_secs(600);
    trace.lan_ra(|_| {});
    let (pc, site) = (trace.pc(), trace.ons_dns());
    for second in at {
        let came = trace.envelope(Role::Lan, End::Network, pc, site);
        let left = trace.envelope(Role::Wan, End::Device, pc, site);
        trace
            .at(second * 1000)
            .frame(Role::Lan, End::Network, came.udp(47_001, 47_002, b"out"))
            .frame(
                Role::Wan,
                End::Device,
                left.with_hop_limit(63).udp(47_001, 47_002, b"out"),
            );
    }
    trace
}

/// Something comes in, and goes on to the terminal or not.
fn comes(
    trace: &mut TraceBuilder,
    at: u64,
    through: bool,
    frame: impl Fn(Envelope) -> ngnlab_sim::Frame,
) {
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let came = trace.envelope(Role::Wan, End::Network, site, pc);
    let left = trace.envelope(Role::Lan, End::Device, site, pc);
    trace.at(at * 1000).injected(Role::Wan, frame(came));
    if through {
        trace.frame(Role::Lan, End::Device, frame(left.with_hop_limit(63)));
    }
}

fn answer(envelope: Envelope) -> ngnlab_sim::Frame {
    envelope.udp(47_002, 47_001, b"in")
}

#[test]
fn a_udp_flow_is_remembered_for_two_minutes() {
    for (at, through, passing, failing) in [
        (100, true, true, false),
        (100, false, false, true),
        // Too early to prove anything, and too late to be owed anything.
        (20, false, false, false),
        (131, false, false, false),
    ] {
        let mut trace = talked(&[10]);
        comes(&mut trace, at, through, answer);
        assert_eq!(passes("fw6.udp-idle", &trace), passing, "{at}");
        assert_eq!(fails("fw6.udp-idle", &trace), failing, "{at}");
    }
}

#[test]
fn a_flow_lives_as_long_as_the_terminal_sends() {
    for (sent, failing) in [
        (&[10, 100, 190, 280][..], true),
        // A gap of more than two minutes may end it.
        (&[10, 190, 280], false),
    ] {
        let mut trace = talked(sent);
        comes(&mut trace, 350, false, answer);
        assert_eq!(fails("fw6.udp-refresh-out", &trace), failing);
    }
    let mut trace = talked(&[10, 100, 190, 280]);
    comes(&mut trace, 350, true, answer);
    assert!(passes("fw6.udp-refresh-out", &trace));
}

#[test]
fn errors_come_in_for_flows_and_for_nothing_else() {
    let quoted = |trace: &TraceBuilder, port| {
        let envelope = trace.envelope(Role::Wan, End::Device, trace.pc(), trace.ons_dns());
        let sent = envelope.udp(47_001, port, b"out");
        [&[0; 4], &sent[ETHERNET_HEADER..]].concat()
    };
    for (port, through, related, unmatched) in [
        (47_002, true, Some(true), None),
        (47_002, false, Some(false), None),
        (9, false, None, Some(true)),
        (9, true, None, Some(false)),
    ] {
        let mut trace = talked(&[10]);
        let body = quoted(&trace, port);
        comes(&mut trace, 11, through, |envelope| {
            envelope.icmpv6(DESTINATION_UNREACHABLE, NO_ROUTE, &body)
        });
        for (id, good) in [
            ("fw6.related-unreachable", related),
            ("fw6.icmp-error-unmatched", unmatched),
        ] {
            assert_eq!(passes(id, &trace), good == Some(true), "{id} {port}");
            assert_eq!(fails(id, &trace), good == Some(false), "{id} {port}");
        }
        comes(&mut trace, 15, false, answer);
        assert_eq!(
            fails("fw6.udp-icmp-not-fatal", &trace),
            port == 47_002,
            "{port}"
        );
    }
}

#[test]
fn answers_and_ipsec_are_welcome_and_strangers_are_not() {
    let mut trace = talked(&[10]);
    comes(&mut trace, 11, true, answer);
    comes(&mut trace, 12, true, |envelope| {
        envelope.udp(IKE, IKE, b"ike")
    });
    assert!(passes("fw6.ike", &trace));
    assert!(!fails("fw6.no-unsolicited-inbound", &trace));
    comes(&mut trace, 13, false, |envelope| {
        envelope.udp(IKE, IKE, b"again")
    });
    assert!(fails("fw6.ike", &trace));
    comes(&mut trace, 14, true, |envelope| envelope.udp(9, 9, b"no"));
    assert!(fails("fw6.no-unsolicited-inbound", &trace));
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
