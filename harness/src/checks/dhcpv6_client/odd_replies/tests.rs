use dhcproto::v6::{DhcpOption, MessageType, OptionCode, UnknownOption};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::dhcpv6_client::test_talk::send;
use crate::checks::test_verdicts::sign;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, client_message, grant};

/// The device sends a message, and the server answers with a status.
fn refused(asks: MessageType, status: Status) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let question = client_message(asks, 7, 0);
    trace.at(1000).dhcpv6(Role::Wan, End::Device, &question);
    let mut answer = dhcproto::v6::Message::new(MessageType::Reply);
    answer.set_xid_num(7);
    let status = ngnlab_sim::message::dhcpv6::status_option(status, "no");
    answer.opts_mut().insert(status);
    trace.at(1010).dhcpv6(Role::Wan, End::Network, &answer);
    trace
}

#[test]
fn no_binding_leads_to_a_request() {
    let id = "dhcp6c.rep.nobinding";
    let mut trace = refused(MessageType::Renew, Status::NoBinding);
    assert_eq!(sign(id, &trace), '-');
    send(&mut trace, 2000, MessageType::Request, 8);
    assert_eq!(sign(id, &trace), '+');
    let release = refused(MessageType::Release, Status::NoBinding);
    assert_eq!(sign(id, &release), '?');
}

#[test]
fn unspec_fail_is_no_reason_to_hurry() {
    let id = "dhcp6c.rep.unspecfail-rate";
    for (at, expected) in [(1100, '-'), (2050, '+')] {
        let mut trace = refused(MessageType::Request, Status::UnspecFail);
        send(&mut trace, at, MessageType::Request, 7);
        assert_eq!(sign(id, &trace), expected);
    }
    // Who begins anew with a Solicit repeats nothing.
    let mut trace = refused(MessageType::Request, Status::UnspecFail);
    send(&mut trace, 1100, MessageType::Solicit, 8);
    assert_eq!(sign(id, &trace), '+');
}

#[test]
fn use_multicast_ends_unicast() {
    use dhcproto::Encodable;
    let id = "dhcp6c.rep.usemulticast";
    let unicast = |trace: &mut TraceBuilder, at, xid| {
        let ends = (
            (ROUTER_WAN.link_local(), 546),
            (trace.edge().link_local(), 547),
        );
        let bytes = client_message(MessageType::Renew, xid, 0).to_vec().unwrap();
        trace.at(at).udp(Role::Wan, End::Device, ends, &bytes);
    };
    let play = || {
        let mut trace = TraceBuilder::new("next-pd");
        unicast(&mut trace, 1000, 7);
        let answered = refused(MessageType::Renew, Status::UseMulticast);
        let answer = answered.trace.records.last().unwrap().clone();
        trace.trace.records.push(answer);
        trace
    };
    let mut good = play();
    send(&mut good, 2000, MessageType::Renew, 8);
    assert_eq!(sign(id, &good), '+');
    let mut bad = play();
    unicast(&mut bad, 11_000, 7);
    assert_eq!(sign(id, &bad), '-');
    let uncalled = refused(MessageType::Renew, Status::UseMulticast);
    assert_eq!(sign(id, &uncalled), '?');
}

#[test]
fn unknown_options_spoil_nothing() {
    let id = "dhcp6c.msg.unknown-option";
    let mut trace = TraceBuilder::new("next-pd");
    send(&mut trace, 1000, MessageType::Request, 7);
    let prefix = trace.trace.header.line.assignment(0);
    let mut reply = grant(7, prefix, [7200, 10_800, 12_600, 14_400]);
    let option = UnknownOption::new(OptionCode::from(65_001), vec![1]);
    reply.opts_mut().insert(DhcpOption::Unknown(option));
    trace.at(1010).dhcpv6(Role::Wan, End::Network, &reply);
    assert_eq!(sign(id, &trace), '+');
    send(&mut trace, 2050, MessageType::Request, 7);
    assert_eq!(sign(id, &trace), '-');
}

#[test]
fn a_search_list_goes_with_the_reply_that_lacks_it() {
    let id = "dhcp6c.rep.option-withdrawn";
    let play = |keeps: bool| {
        let mut trace = TraceBuilder::new("next-pd");
        let prefix = trace.trace.header.line.assignment(0);
        let list = ngnlab_sim::message::dhcpv6::search_option(&["flets-east.jp"]);
        let advertise = |trace: &mut TraceBuilder, at, with: bool| {
            trace.at(at).lan_ra(|advert| {
                if with {
                    advert.options.push(NdpOption::Dnssl {
                        lifetime: 600,
                        domains: vec!["flets-east.jp".to_owned()],
                    });
                }
            });
        };
        for (at, xid, with) in [(1000, 7, true), (21_000, 8, false)] {
            let mut question = client_message(MessageType::Renew, xid, 0);
            question.opts_mut().remove(OptionCode::ORO);
            let opts = vec![OptionCode::DomainSearchList];
            let oro = DhcpOption::ORO(dhcproto::v6::ORO { opts });
            question.opts_mut().insert(oro);
            trace.at(at).dhcpv6(Role::Wan, End::Device, &question);
            let mut reply = grant(xid, prefix, [20, 35, 50, 70]);
            if with {
                reply.opts_mut().insert(list.clone());
            }
            trace.at(at + 10).dhcpv6(Role::Wan, End::Network, &reply);
            advertise(&mut trace, at + 15_000, with || keeps);
        }
        trace
    };
    assert_eq!(sign(id, &play(false)), '+');
    assert_eq!(sign(id, &play(true)), '-');
}
