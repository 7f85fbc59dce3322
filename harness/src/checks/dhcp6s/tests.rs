use dhcproto::v6::{self, MessageType, ORO};
use ngnlab_sim::message::packet::ALL_NODES;
use ngnlab_sim::trace::End;

use super::super::verdicts::{fails, passes, verdict};
use super::*;
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder, client_message};

/// The terminal asks for what the line tells.
fn request(xid: u32) -> v6::Message {
    let mut ask = client_message(MessageType::InformationRequest, xid, 0);
    let opts = vec![OptionCode::DomainSearchList, OptionCode::from(SNTP_SERVERS)];
    ask.opts_mut().remove(OptionCode::ORO);
    ask.opts_mut().insert(DhcpOption::ORO(ORO { opts }));
    ask
}

fn reply(xid: u32) -> v6::Message {
    let mut reply = v6::Message::new(MessageType::Reply);
    reply.set_xid_num(xid);
    let client = client_message(MessageType::InformationRequest, xid, 0);
    let id = client.opts().get(OptionCode::ClientId).unwrap().clone();
    reply.opts_mut().insert(id);
    reply
        .opts_mut()
        .insert(DhcpOption::ServerId(ROUTER_LAN.duid_ll()));
    reply
}

/// The terminal asks at 30 s and is answered; `change` makes the answer odd.
fn exchange(change: impl FnOnce(&mut v6::Message)) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let mut answer = reply(7);
    change(&mut answer);
    trace
        .at(30_000)
        .dhcpv6(Role::Lan, End::Network, &request(7))
        .at(30_100)
        .dhcpv6(Role::Lan, End::Device, &answer);
    trace
}

#[test]
fn an_answer_carries_what_the_question_did() {
    let good = exchange(|_| {});
    for id in [
        "dhcp6s.echo-xid",
        "dhcp6s.echo-client-id",
        "dhcp6s.server-id",
        "dhcp6s.unicast-answer",
    ] {
        assert!(passes(id, &good), "{:?}", verdict(id, &good));
    }
    let other = exchange(|reply| {
        reply.set_xid_num(8);
    });
    assert!(fails("dhcp6s.echo-xid", &other));
    let nobody = exchange(|reply| {
        reply.opts_mut().remove(OptionCode::ClientId);
        reply.opts_mut().remove(OptionCode::ServerId);
    });
    assert!(fails("dhcp6s.echo-client-id", &nobody));
    assert!(fails("dhcp6s.server-id", &nobody));
}

#[test]
fn a_server_keeps_its_identifier() {
    let mut trace = exchange(|_| {});
    let mut later = reply(9);
    later.opts_mut().remove(OptionCode::ServerId);
    later.opts_mut().insert(DhcpOption::ServerId(PC.duid_ll()));
    trace
        .at(40_000)
        .dhcpv6(Role::Lan, End::Network, &request(9))
        .dhcpv6(Role::Lan, End::Device, &later);
    assert!(fails("dhcp6s.server-id", &trace));
}

#[test]
fn an_answer_goes_to_one_client() {
    use dhcproto::Encodable;
    let mut trace = exchange(|_| {});
    let ends = ((ROUTER_LAN.link_local(), 547), (ALL_NODES, 546));
    trace
        .at(40_000)
        .dhcpv6(Role::Lan, End::Network, &request(9));
    trace.udp(Role::Lan, End::Device, ends, &reply(9).to_vec().unwrap());
    assert!(fails("dhcp6s.unicast-answer", &trace));
}

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
fn what_the_line_told_is_passed_on() {
    let list = || DhcpOption::DomainSearchList(vec!["flets-east.jp".parse().unwrap()]);
    let told = |at: u64, answer: TraceBuilder| {
        let mut trace = TraceBuilder::new("next-pd");
        let mut reply = reply(3);
        reply.opts_mut().insert(list());
        trace.at(at).dhcpv6(Role::Wan, End::Network, &reply);
        trace.trace.records.extend(answer.trace.records);
        trace
    };
    let kept = exchange(|_| {});
    assert!(matches!(
        verdict("dhcp6s.search", &kept),
        Verdict::Inconclusive(_)
    ));
    let trace = told(1000, exchange(|_| {}));
    assert!(fails("dhcp6s.search", &trace));
    assert!(matches!(
        verdict("dhcp6s.pass-options", &trace),
        Verdict::Inconclusive(_)
    ));
    let trace = told(
        1000,
        exchange(|reply| {
            reply.opts_mut().insert(list());
        }),
    );
    assert!(passes("dhcp6s.search", &trace));
    // It may take a moment.
    let trace = told(29_000, exchange(|_| {}));
    assert!(matches!(
        verdict("dhcp6s.search", &trace),
        Verdict::Inconclusive(_)
    ));
}
