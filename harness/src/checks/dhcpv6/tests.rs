use dhcproto::v6::{DhcpOption, MessageType, OptionCode};
use ngnlab_sim::message::packet::ALL_DHCP;
use ngnlab_sim::trace::End;

use super::super::verdicts::verdict;
use super::*;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, client_message, grant};

fn solicits(at: &[u64], change: impl Fn(usize, &mut dhcproto::v6::Message)) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    for (index, millis) in at.iter().enumerate() {
        let elapsed = u16::try_from((millis - at[0]) / 10).unwrap();
        let mut message = client_message(MessageType::Solicit, 7, elapsed);
        change(index, &mut message);
        trace.at(*millis).dhcpv6(Role::Wan, End::Device, &message);
    }
    trace
}

const EACH: [&str; 6] = [
    "ngn.dhcp6.duid-ll",
    "dhcp6c.msg.client-id",
    "dhcp6c.msg.elapsed-time",
    "dhcp6c.msg.xid-kept",
    "dhcp6c.oro.sol-max-rt",
    "dhcp6c.oro.dns",
];

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
fn what_a_solicit_lacks_is_found() {
    let without = |code| {
        solicits(&[1000, 2050], move |_, message| {
            message.opts_mut().remove(code);
        })
    };
    for (code, ids) in [
        (OptionCode::ClientId, &EACH[1..2]),
        (OptionCode::ElapsedTime, &EACH[2..3]),
        (OptionCode::ORO, &EACH[4..6]),
    ] {
        for id in ids {
            assert!(
                matches!(verdict(id, &without(code)), Verdict::Fail(_)),
                "{id}"
            );
        }
    }
    let llt = solicits(&[1000], |_, message| {
        message.opts_mut().remove(OptionCode::ClientId);
        let duid = vec![0, 1, 0, 1, 1, 2, 3, 4, 2, 0, 0x5e, 0, 0, 1];
        message.opts_mut().insert(DhcpOption::ClientId(duid));
    });
    assert!(matches!(
        verdict("ngn.dhcp6.duid-ll", &llt),
        Verdict::Fail(_)
    ));
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
fn a_request_names_a_server_that_answered() {
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(7, prefix, [7200, 10800, 12600, 14400]);
    let mut request = client_message(MessageType::Request, 8, 0);
    trace.dhcpv6(Role::Wan, End::Network, &reply);
    trace.at(500).dhcpv6(Role::Wan, End::Device, &request);
    assert!(matches!(
        verdict("dhcp6c.req.server-id", &trace),
        Verdict::Fail(_)
    ));
    trace.trace.records.pop();
    let id = reply.opts().get(OptionCode::ServerId).unwrap().clone();
    request.opts_mut().insert(id);
    trace.dhcpv6(Role::Wan, End::Device, &request);
    assert!(matches!(
        verdict("dhcp6c.req.server-id", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn an_answer_from_an_odd_port_counts() {
    use dhcproto::Encodable;
    let mut trace = solicits(&[1000], |_, _| {});
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(7, prefix, [1, 2, 3, 4]).to_vec().unwrap();
    let ends = (
        (trace.edge().link_local(), 49153),
        (ROUTER_WAN.link_local(), 546),
    );
    trace.at(1100).udp(Role::Wan, End::Network, ends, &reply);
    assert!(matches!(
        verdict("ngn.dhcp6.reply-from-any-port", &trace),
        Verdict::Pass(_)
    ));
    let again = client_message(MessageType::Solicit, 7, 110);
    trace.at(2100).dhcpv6(Role::Wan, End::Device, &again);
    assert!(matches!(
        verdict("ngn.dhcp6.reply-from-any-port", &trace),
        Verdict::Fail(_)
    ));
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
