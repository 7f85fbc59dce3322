use dhcproto::v6::MessageType;
use ngnlab_sim::message::packet::ALL_DHCP;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::dhcpv6_server::test_talk::{exchange, reply, request};
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{PC, ROUTER_LAN, ROUTER_WAN, TraceBuilder, client_message, grant};

#[test]
fn messages_for_nobody_stay_unanswered() {
    let foreign = |kind, xid| {
        let mut message = client_message(kind, xid, 0);
        message
            .opts_mut()
            .insert(DhcpOption::ServerId(PC.duid_ll()));
        message
    };
    let cases = [
        (
            "dhcp6s.solicit-with-serverid",
            foreign(MessageType::Solicit, 20),
        ),
        ("dhcp6s.foreign-serverid", foreign(MessageType::Renew, 20)),
        (
            "dhcp6s.foreign-serverid",
            foreign(MessageType::InformationRequest, 20),
        ),
        ("dhcp6s.inf-with-ia", {
            let mut message = client_message(MessageType::Solicit, 20, 0);
            message.set_msg_type(MessageType::InformationRequest);
            message
        }),
    ];
    for (id, message) in cases {
        // Without an answer to anything there may be no server at all.
        let mut silent = TraceBuilder::new("next-pd");
        silent.at(20_000).dhcpv6(Role::Lan, End::Network, &message);
        assert!(
            matches!(verdict(id, &silent), Verdict::Inconclusive(_)),
            "{id}"
        );
        let mut trace = exchange(|_| {});
        trace.at(40_000).dhcpv6(Role::Lan, End::Network, &message);
        assert!(passes(id, &trace), "{id}: {:?}", verdict(id, &trace));
        trace.at(40_100).dhcpv6(Role::Lan, End::Device, &reply(20));
        assert!(fails(id, &trace), "{id}");
    }
}

#[test]
fn a_server_is_not_found_by_unicast() {
    use dhcproto::Encodable;
    let id = "dhcp6s.unicast-solicit";
    let mut trace = exchange(|_| {});
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    let ends = ((PC.link_local(), 546), (ROUTER_LAN.link_local(), 547));
    trace.at(40_000);
    trace.udp(
        Role::Lan,
        End::Network,
        ends,
        &request(30).to_vec().unwrap(),
    );
    assert!(passes(id, &trace));
    trace.dhcpv6(Role::Lan, End::Device, &reply(30));
    assert!(fails(id, &trace));
}

#[test]
fn a_server_on_the_wan_is_found() {
    use dhcproto::Encodable;
    let mut trace = TraceBuilder::new("next-pd");
    let solicit = client_message(MessageType::Solicit, 9, 0).to_vec().unwrap();
    let edge = trace.edge().link_local();
    trace.udp(
        Role::Wan,
        End::Network,
        ((edge, 546), (ALL_DHCP, 547)),
        &solicit,
    );
    assert!(matches!(
        verdict("dhcp6s.not-on-wan", &trace),
        Verdict::Pass(_)
    ));
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(9, prefix, [1, 2, 3, 4]).to_vec().unwrap();
    let own = ROUTER_WAN.link_local();
    trace.udp(Role::Wan, End::Device, ((own, 547), (edge, 546)), &reply);
    assert!(matches!(
        verdict("dhcp6s.not-on-wan", &trace),
        Verdict::Fail(_)
    ));
}
