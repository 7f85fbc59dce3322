use dhcproto::v6::{DhcpOption, MessageType};
use ngnlab_sim::message::dhcpv6::reconfigure::{Reconfigure, key_option};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::sign;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, client_message, grant};

/// A device that accepts Reconfigure and has its key.
fn keyed() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let mut request = client_message(MessageType::Request, 7, 0);
    request.opts_mut().insert(DhcpOption::ReconfAccept);
    trace.at(1000).dhcpv6(Role::Wan, End::Device, &request);
    let prefix = trace.trace.header.line.assignment(0);
    let mut reply = grant(7, prefix, [7200, 10_800, 12_600, 14_400]);
    reply.opts_mut().insert(key_option([1; 16], 1));
    trace.at(1010).dhcpv6(Role::Wan, End::Network, &reply);
    trace
}

fn told(trace: &mut TraceBuilder, at: u64, forged: bool) {
    let message = Reconfigure {
        server: Some(vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 9]),
        client: Some(ROUTER_WAN.duid_ll()),
        kind: MessageType::Renew,
        key: (!forged).then_some([1; 16]),
        replay: at,
    };
    let (source, to) = (trace.edge().link_local(), ROUTER_WAN.link_local());
    let envelope = trace.envelope(Role::Wan, End::Network, source, to);
    let frame = envelope.udp(547, 546, &message.encode());
    if forged {
        trace.at(at).injected(Role::Wan, frame);
    } else {
        trace.at(at).frame(Role::Wan, End::Network, frame);
    }
}

fn renew(trace: &mut TraceBuilder, at: u64, xid: u32) {
    let message = client_message(MessageType::Renew, xid, 0);
    trace.at(at).dhcpv6(Role::Wan, End::Device, &message);
}

#[test]
fn the_servers_own_word_is_followed() {
    let id = "dhcp6c.rcf.renew";
    let mut trace = keyed();
    told(&mut trace, 20_000, false);
    assert_eq!(sign(id, &trace), '-');
    renew(&mut trace, 20_100, 8);
    assert_eq!(sign(id, &trace), '+');
    let mut keyless = TraceBuilder::new("next-pd");
    told(&mut keyless, 20_000, false);
    assert_eq!(sign(id, &keyless), '?');
}

#[test]
fn a_strangers_word_is_not() {
    let id = "dhcp6c.rcf.auth";
    let mut trace = keyed();
    told(&mut trace, 20_000, true);
    assert_eq!(sign(id, &trace), '+');
    renew(&mut trace, 20_100, 8);
    assert_eq!(sign(id, &trace), '-');
}

#[test]
fn one_is_followed_at_a_time() {
    let id = "dhcp6c.rcf.one-at-a-time";
    let mut trace = keyed();
    told(&mut trace, 20_000, false);
    renew(&mut trace, 20_100, 8);
    told(&mut trace, 22_000, false);
    assert_eq!(sign(id, &trace), '+');
    renew(&mut trace, 22_100, 9);
    assert_eq!(sign(id, &trace), '-');
}

#[test]
fn who_asks_by_itself_may_be_told_to_ask_anew() {
    let id = "dhcp6c.rcf.one-at-a-time";
    let mut trace = keyed();
    renew(&mut trace, 20_000, 8);
    told(&mut trace, 22_000, false);
    renew(&mut trace, 22_100, 9);
    assert_eq!(sign(id, &trace), '?');
    told(&mut trace, 24_000, false);
    renew(&mut trace, 24_100, 10);
    assert_eq!(sign(id, &trace), '-');
}
