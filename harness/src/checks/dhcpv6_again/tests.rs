use dhcproto::v6::{DhcpOption, MessageType};
use ngnlab_sim::trace::{End, Role, Seen, StepOutcome};

use super::super::verdicts::sign;
use super::*;
use crate::dissection::builder::{PC, TraceBuilder, client_message, grant};

fn lasting(preset: &str, secs: i64) -> TraceBuilder {
    let mut trace = TraceBuilder::new(preset);
    trace.trace.header.until = Time::from_secs(secs);
    trace
}

fn send(trace: &mut TraceBuilder, at: u64, kind: MessageType, xid: u32) {
    let message = client_message(kind, xid, 0);
    trace.at(at).dhcpv6(Role::Wan, End::Device, &message);
}

fn lease(trace: &mut TraceBuilder, at: u64, times: [u32; 4]) {
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(5, prefix, times);
    trace.at(at).dhcpv6(Role::Wan, End::Network, &reply);
}

fn link_up(trace: &mut TraceBuilder, at: u64) {
    trace.at(at).seen(Seen::Step {
        step: "pull the wan cable for 10s".to_owned(),
        outcome: StepOutcome::Done,
    });
}

#[test]
fn the_links_return_is_answered() {
    let id = "dhcp6c.link.rebind-with-pd";
    let mut trace = lasting("next-pd", 100);
    link_up(&mut trace, 500);
    assert_eq!(sign(id, &trace), '?');
    lease(&mut trace, 1000, [7200, 10_800, 12_600, 14_400]);
    link_up(&mut trace, 30_000);
    assert_eq!(sign(id, &trace), '-');
    send(&mut trace, 31_000, MessageType::Rebind, 9);
    assert_eq!(sign(id, &trace), '+');

    let id = "dhcp6c.link.inf-refresh";
    let mut trace = lasting("next-ra", 100);
    send(&mut trace, 900, MessageType::InformationRequest, 5);
    lease(&mut trace, 1000, [0; 4]);
    link_up(&mut trace, 30_000);
    assert_eq!(sign(id, &trace), '-');
    send(&mut trace, 31_000, MessageType::InformationRequest, 9);
    assert_eq!(sign(id, &trace), '+');
}

#[test]
fn information_is_refreshed_in_its_time() {
    let informed = |refresh: Option<u32>, until: i64, next: Option<u64>| {
        let mut trace = lasting("next-ra", until);
        send(&mut trace, 900, MessageType::InformationRequest, 5);
        let mut reply = dhcproto::v6::Message::new(MessageType::Reply);
        reply.set_xid_num(5);
        reply.opts_mut().insert(DhcpOption::ServerId(PC.duid_ll()));
        let option = refresh.map(DhcpOption::InformationRefreshTime);
        if let Some(option) = option {
            reply.opts_mut().insert(option);
        }
        trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
        if let Some(next) = next {
            send(&mut trace, next, MessageType::InformationRequest, 6);
        }
        trace
    };
    let id = "dhcp6c.inf.irt-default";
    assert_eq!(sign(id, &informed(None, 100_000, Some(86_402_000))), '+');
    assert_eq!(sign(id, &informed(None, 100_000, None)), '-');
    assert_eq!(sign(id, &informed(None, 60, None)), '?');
    let id = "dhcp6c.inf.irt-minimum";
    assert_eq!(sign(id, &informed(Some(10), 60, None)), '+');
    assert_eq!(sign(id, &informed(Some(10), 60, Some(11_500))), '-');
    assert_eq!(sign(id, &informed(Some(10), 25, None)), '?');
}
