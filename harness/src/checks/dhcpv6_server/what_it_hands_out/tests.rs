use std::net::Ipv6Addr;

use dhcproto::v6::{DhcpOption, MessageType, ORO};
use ngnlab_sim::trace::{End, Fact};

use super::*;
use crate::checks::dhcpv6_server::test_talk::{exchange, reply};
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{ROUTER_LAN, TraceBuilder, client_message, grant};

#[test]
fn what_the_line_told_is_passed_on() {
    let list = || DhcpOption::DomainSearchList(vec!["flets-east.jp".parse().unwrap()]);
    let told = |at: u64, answer: TraceBuilder| {
        let mut trace = asked();
        let mut reply = reply(3);
        reply.opts_mut().insert(list());
        trace.at(at).dhcpv6(Role::Wan, End::Network, &reply);
        trace.trace.records.extend(answer.trace.records);
        trace
    };
    let mut kept = asked();
    kept.trace.records.extend(exchange(|_| {}).trace.records);
    assert!(matches!(
        verdict("dhcp6s.search", &kept),
        Verdict::Inconclusive(_)
    ));
    // Whoever does not ask the line is told nothing.
    assert!(matches!(
        verdict("dhcp6s.search", &exchange(|_| {})),
        Verdict::NotApplicable(_)
    ));
    let trace = told(1000, exchange(|_| {}));
    assert!(fails("dhcp6s.search", &trace));
    assert!(matches!(
        verdict("dhcp6s.pass-options", &trace),
        Verdict::NotApplicable(_)
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

/// A device that asks the line for its search list.
fn asked() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let mut solicit = client_message(MessageType::Solicit, 3, 0);
    let wanted = DhcpOption::ORO(ORO {
        opts: vec![OptionCode::DomainSearchList],
    });
    solicit.opts_mut().insert(wanted);
    trace.at(500).dhcpv6(Role::Wan, End::Device, &solicit);
    trace
}

fn on_line() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    trace.at(500).wan_ra(|_| {});
    trace
}

#[test]
fn dhcpv6_on_the_lan_names_dns_servers() {
    use dhcproto::v6::{DhcpOption, MessageType};
    let mut trace = on_line();
    let ask = client_message(MessageType::InformationRequest, 4, 0);
    trace.at(1000).dhcpv6(Role::Lan, End::Network, &ask);
    assert!(fails("dhcp6s.mode", &trace));
    let prefix = trace.trace.header.line.assignment(0);
    let mut reply = grant(4, prefix, [1, 2, 3, 4]);
    trace.at(1100).dhcpv6(Role::Lan, End::Device, &reply);
    assert!(passes("dhcp6s.mode", &trace));
    assert!(fails("dhcp6s.dns", &trace));
    trace.trace.records.pop();
    let servers: Vec<Ipv6Addr> = vec![ROUTER_LAN.link_local()];
    reply
        .opts_mut()
        .insert(DhcpOption::DomainNameServers(servers));
    trace.dhcpv6(Role::Lan, End::Device, &reply);
    assert!(passes("dhcp6s.dns", &trace));
}
