use dhcproto::v6::MessageType;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::dhcpv6_client::test_talk::{EACH, solicits};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, client_message};

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
