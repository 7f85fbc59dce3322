use std::net::Ipv6Addr;

use ngnlab_sim::Frame;
use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::evidence::test_addresses::{advertise, info, probe, settled, solicit};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{PC, ROUTER_LAN, ROUTER_WAN, TraceBuilder};

#[test]
fn an_address_is_formed_or_missed() {
    let id = "wan.slaac.support";
    assert!(matches!(verdict(id, &settled()), Verdict::Pass(_)));
    let mut lazy = TraceBuilder::new("next-ra");
    let own = info(&lazy.prefix().to_string(), 64);
    advertise(&mut lazy, 1_000, own);
    assert!(matches!(verdict(id, &lazy), Verdict::Fail(_)));
}

#[test]
fn unfit_prefixes_make_no_address() {
    let unfit = [
        (
            "wan.slaac.a-flag-clear",
            PrefixInfo {
                autonomous: false,
                ..info("2001:db8:0:1::", 64)
            },
        ),
        (
            "wan.slaac.pref-gt-valid",
            PrefixInfo {
                preferred: 601,
                ..info("2001:db8:0:1::", 64)
            },
        ),
        ("wan.slaac.prefixlen-mismatch", info("2001:db8::", 56)),
    ];
    for (id, prefix) in unfit {
        let mut trace = settled();
        advertise(&mut trace, 20_000, prefix);
        assert!(matches!(verdict(id, &trace), Verdict::Pass(_)), "{id}");
        // A terminal's own probe that is passed on is not the device's.
        let theirs = PC.in_prefix(prefix.prefix);
        trace.at(21_000);
        let nowhere = Ipv6Addr::UNSPECIFIED;
        solicit(&mut trace, Role::Lan, End::Network, nowhere, theirs);
        probe(&mut trace, 21_001, theirs);
        assert!(matches!(verdict(id, &trace), Verdict::Pass(_)), "{id}");
        probe(&mut trace, 21_500, ROUTER_WAN.in_prefix(prefix.prefix));
        assert!(matches!(verdict(id, &trace), Verdict::Fail(_)), "{id}");
    }
    // Who forms none at all proves nothing.
    let mut trace = TraceBuilder::new("next-pd");
    advertise(&mut trace, 20_000, info("2001:db8::", 56));
    let verdict = verdict("wan.slaac.prefixlen-mismatch", &trace);
    assert!(matches!(verdict, Verdict::Inconclusive(_)));
}

#[test]
fn without_the_l_flag_the_router_is_the_way() {
    let id = "wan.slaac.l-flag";
    let (mut trace, frame) = sent_off_link();
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    trace.at(20_001).frame(Role::Wan, End::Device, frame);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let (own, to) = (ROUTER_WAN.link_local(), FAR.parse().unwrap());
    solicit(&mut trace, Role::Wan, End::Device, own, to);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn a_router_that_is_looked_for_in_vain_is_the_way_too() {
    let id = "wan.slaac.l-flag";
    let own = ROUTER_WAN.link_local();
    let looked_for = |target| {
        let (mut trace, _) = sent_off_link();
        trace.at(20_001);
        solicit(&mut trace, Role::Wan, End::Device, own, target);
        verdict(id, &trace)
    };
    let edge = TraceBuilder::new("next-pd").edge().link_local();
    assert!(matches!(looked_for(edge), Verdict::Pass(_)));
    let somebody = PC.link_local();
    assert!(matches!(looked_for(somebody), Verdict::Inconclusive(_)));
}

/// A terminal's packet for a prefix that the line advertised without the L flag.
fn sent_off_link() -> (TraceBuilder, Frame) {
    let mut trace = TraceBuilder::new("next-pd");
    let off = PrefixInfo {
        on_link: false,
        ..info("2001:db8::", 64)
    };
    advertise(&mut trace, 10_000, off);
    let to: Ipv6Addr = FAR.parse().unwrap();
    let frame = Envelope::new(PC, ROUTER_LAN, trace.pc(), to).udp(4000, 4000, b"far");
    trace
        .at(20_000)
        .frame(Role::Lan, End::Network, frame.clone());
    (trace, frame)
}

const FAR: &str = "2001:db8::1";
