use etherparse::TcpHeader;
use ngnlab_sim::Frame;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::firewall::test_flows::{answer, comes, talked};
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::TraceBuilder;

fn segment(trace: &TraceBuilder, on: Role, from: End, hop_limit: u8, syn: bool) -> Frame {
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let mut header = TcpHeader::new(50_000, 443, 1, 1000);
    header.syn = syn;
    let envelope = trace.envelope(on, from, pc, site).with_hop_limit(hop_limit);
    envelope.tcp(header, b"x")
}

#[test]
fn a_connection_lives_through_a_silence() {
    let mut trace = TraceBuilder::new("next-ra");
    let opening = segment(&trace, Role::Lan, End::Network, 64, true);
    trace.frame(Role::Lan, End::Network, opening);
    assert!(matches!(
        verdict("ngn.tcp.survives-silence", &trace),
        Verdict::Inconclusive(_)
    ));
    let late = segment(&trace, Role::Lan, End::Network, 64, false);
    trace.at(26_000).frame(Role::Lan, End::Network, late);
    assert!(fails("ngn.tcp.survives-silence", &trace));
    let after = segment(&trace, Role::Wan, End::Device, 63, false);
    trace.frame(Role::Wan, End::Device, after);
    assert!(passes("ngn.tcp.survives-silence", &trace));
}

#[test]
fn a_segment_that_passes_when_it_is_sent_again_passes() {
    let mut trace = TraceBuilder::new("next-ra");
    let opening = segment(&trace, Role::Lan, End::Network, 64, true);
    trace.frame(Role::Lan, End::Network, opening);
    // On a slow cable the second one is on its way before the first one has arrived.
    for at in [26_000, 27_000] {
        let late = segment(&trace, Role::Lan, End::Network, 64, false);
        trace.at(at).frame(Role::Lan, End::Network, late);
    }
    let after = segment(&trace, Role::Wan, End::Device, 63, false);
    trace.frame(Role::Wan, End::Device, after);
    assert!(passes("ngn.tcp.survives-silence", &trace));
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
