use dhcproto::v6::MessageType;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::dhcpv6_client::test_talk::{EACH, assert_verdicts, send, solicits};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, client_message, grant};

#[test]
fn a_client_by_the_book_passes() {
    let trace = solicits(&[1000, 2050, 4150], |_, _| {});
    for id in EACH.iter().chain(&["dhcp6c.sol.backoff"]) {
        let verdict = verdict(id, &trace);
        assert!(matches!(verdict, Verdict::Pass(_)), "{id}: {verdict:?}");
    }
}

#[test]
fn only_an_exchange_that_began_before_there_was_an_address_begins_late() {
    use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
    use ngnlab_sim::message::packet::solicited_node;
    let own = ROUTER_WAN.link_local();
    let probe = Ndp::NeighborSolicit(NeighborSolicit {
        target: own,
        source_link_layer: None,
    });
    for (since, passes) in [(400, true), (40, false)] {
        let mut trace = TraceBuilder::new("next-pd");
        let unspecified = std::net::Ipv6Addr::UNSPECIFIED;
        let group = solicited_node(own);
        trace
            .at(500)
            .ndp(Role::Wan, End::Device, unspecified, group, &probe);
        let release = client_message(MessageType::Release, 6, 0);
        trace.at(1600).dhcpv6(Role::Wan, End::Device, &release);
        let late = client_message(MessageType::Solicit, 7, since);
        trace.at(2500).dhcpv6(Role::Wan, End::Device, &late);
        let verdict = verdict("dhcp6c.msg.elapsed-time", &trace);
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
    }
}

#[test]
fn retransmissions_keep_their_id_and_slow_down() {
    let fresh = solicits(&[1000, 2050, 4150], |index, message| {
        message.set_xid_num(u32::try_from(index).unwrap());
    });
    assert!(matches!(
        verdict("dhcp6c.msg.xid-kept", &fresh),
        Verdict::Fail(_)
    ));
    let storm = solicits(&[1000, 2000, 3000, 4000], |_, _| {});
    assert!(matches!(
        verdict("dhcp6c.sol.backoff", &storm),
        Verdict::Fail(_)
    ));
    let short = solicits(&[1000, 2000], |_, _| {});
    assert!(matches!(
        verdict("dhcp6c.sol.backoff", &short),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn a_new_exchange_has_an_id_of_its_own_and_begins_at_zero() {
    let (fresh, elapsed) = ("dhcp6c.msg.xid-fresh", "dhcp6c.msg.elapsed-time");
    let talk = |renewals: &[(u64, u32)]| {
        let mut trace = TraceBuilder::new("next-pd");
        for (at, xid) in renewals {
            send(&mut trace, *at, MessageType::Renew, *xid);
            let mut reply = grant(*xid, trace.trace.header.line.assignment(0), [1, 2, 3, 4]);
            reply.set_xid_num(*xid);
            trace.at(at + 10).dhcpv6(Role::Wan, End::Network, &reply);
        }
        trace
    };
    assert_verdicts(&talk(&[(1000, 7)]), &[(fresh, '?'), (elapsed, '+')]);
    let own = talk(&[(1000, 7), (20_000, 8)]);
    assert_verdicts(&own, &[(fresh, '+'), (elapsed, '+')]);
    // That the id is an old one is one fault; Elapsed Time is as it must be.
    let reused = talk(&[(1000, 7), (20_000, 7)]);
    assert_verdicts(&reused, &[(fresh, '-'), (elapsed, '+')]);
    // A Request is no retransmission of a Solicit.
    let mut request = solicits(&[1000], |_, _| {});
    send(&mut request, 2000, MessageType::Request, 7);
    assert_verdicts(&request, &[(fresh, '-'), (elapsed, '+')]);
}

#[test]
fn an_elapsed_time_that_stands_still_is_no_new_exchange() {
    let trace = solicits(&[1000, 2050, 4150], |index, message| {
        if index > 0 {
            message
                .opts_mut()
                .remove(dhcproto::v6::OptionCode::ElapsedTime);
            let still = dhcproto::v6::DhcpOption::ElapsedTime(0);
            message.opts_mut().insert(still);
        }
    });
    let expected = [
        ("dhcp6c.msg.elapsed-time", '-'),
        ("dhcp6c.msg.xid-fresh", '?'),
    ];
    assert_verdicts(&trace, &expected);
}

#[test]
fn two_clients_side_by_side_have_exchanges_of_their_own() {
    use dhcproto::v6::{DhcpOption, DhcpOptions, IANA, OptionCode};
    let mut trace = TraceBuilder::new("next-pd");
    let mut say = |at: u64, xid: u32, elapsed: u16, address: bool| {
        let mut message = client_message(MessageType::Solicit, xid, elapsed);
        if address {
            message.opts_mut().remove(OptionCode::IAPD);
            message.opts_mut().insert(DhcpOption::IANA(IANA {
                id: 1,
                t1: 0,
                t2: 0,
                opts: DhcpOptions::new(),
            }));
        }
        trace.at(at).dhcpv6(Role::Wan, End::Device, &message);
    };
    for (at, elapsed) in [(1000, 0), (2050, 105), (4150, 315)] {
        say(at, 7, elapsed, false);
        say(at + 300, 8, elapsed, true);
    }
    let ids = [
        "dhcp6c.msg.xid-kept",
        "dhcp6c.sol.backoff",
        "dhcp6c.msg.xid-fresh",
    ];
    for id in ids {
        assert_verdicts(&trace, &[(id, '+')]);
    }
}

#[test]
fn an_exchange_that_began_while_the_cable_was_out_begins_late_in_the_trace() {
    // The cable was out from 60 to 180 s; the exchange began at 113 s, or at 190 s.
    for (since, passes) in [(12_601, true), (4_900, false)] {
        let mut trace = TraceBuilder::new("next-pd");
        let first = client_message(MessageType::Solicit, 6, 0);
        trace.at(2000).dhcpv6(Role::Wan, End::Device, &first);
        trace
            .at(180_000)
            .done("link-down = { cable = \"wan\", lasting = \"120s\" }");
        let late = client_message(MessageType::Solicit, 7, since);
        trace.at(239_000).dhcpv6(Role::Wan, End::Device, &late);
        let verdict = verdict("dhcp6c.msg.elapsed-time", &trace);
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
    }
}
