use dhcproto::v6::{DhcpOption, OptionCode};
use ngnlab_sim::message::packet::ALL_NODES;
use ngnlab_sim::trace::{End, Role};

use crate::checks::dhcpv6_server::test_talk::{exchange, reply, request};
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{PC, ROUTER_LAN};

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
