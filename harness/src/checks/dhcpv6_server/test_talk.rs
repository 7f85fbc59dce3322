//! DHCPv6 on the LAN by hand, for the tests of checks.

use dhcproto::v6;
use dhcproto::v6::{DhcpOption, MessageType, ORO, OptionCode};
use ngnlab_sim::message::dhcpv6::SNTP_SERVERS;
use ngnlab_sim::trace::{End, Role};

use crate::dissection::builder::{ROUTER_LAN, TraceBuilder, client_message};

/// The terminal asks for what the line tells.
pub(super) fn request(xid: u32) -> v6::Message {
    let mut ask = client_message(MessageType::InformationRequest, xid, 0);
    let opts = vec![OptionCode::DomainSearchList, OptionCode::from(SNTP_SERVERS)];
    ask.opts_mut().remove(OptionCode::ORO);
    ask.opts_mut().insert(DhcpOption::ORO(ORO { opts }));
    ask
}

pub(super) fn reply(xid: u32) -> v6::Message {
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
pub(super) fn exchange(change: impl FnOnce(&mut v6::Message)) -> TraceBuilder {
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
