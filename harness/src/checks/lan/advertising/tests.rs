use dhcproto::v6::{DhcpOption, DhcpOptions, IAAddr, IANA, MessageType, OptionCode};
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::ALL_NODES;
use ngnlab_sim::trace::{End, Fact};

use super::*;
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{TraceBuilder, client_message, grant};

fn on_line() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    trace.at(500).wan_ra(|_| {});
    trace
}

#[test]
fn a_good_advertisement_passes_and_bad_ones_fail() {
    let mut trace = on_line();
    trace.at(1000).lan_ra(|_| {});
    for id in [
        "lan.ra.advertising",
        "lan.ra.a-l-flags",
        "lan.ra.m0-o1",
        "lan.ra.rdnss",
        "lan.ra.linklocal-source",
        "ngn.lan.prefix-inside-assignment",
    ] {
        assert!(passes(id, &trace), "{id}: {:?}", verdict(id, &trace));
    }
    trace.at(2000).lan_ra(|advert| {
        advert.managed = true;
        advert.options.truncate(1);
        if let Some(NdpOption::Prefix(prefix)) = advert.options.first_mut() {
            prefix.autonomous = false;
            prefix.prefix = "2001:db8::".parse().unwrap();
        }
    });
    for id in [
        "lan.ra.a-l-flags",
        "lan.ra.rdnss",
        "lan.ra.multicast-rate",
        "ngn.lan.prefix-inside-assignment",
    ] {
        assert!(fails(id, &trace), "{id}: {:?}", verdict(id, &trace));
    }
}

#[test]
fn the_m_flag_is_right_where_addresses_are_given() {
    let id = "lan.ra.m0-o1";
    let mut trace = on_line();
    trace.at(1000).lan_ra(|advert| advert.other = false);
    assert!(fails(id, &trace));
    let mut trace = on_line();
    trace.at(1000).lan_ra(|advert| advert.managed = true);
    assert!(!passes(id, &trace) && !fails(id, &trace));
    // Somebody asks, and gets an address or not.
    let association = |address| {
        let opts = match address {
            Some(addr) => {
                let address = IAAddr {
                    addr,
                    preferred_life: 1800,
                    valid_life: 3600,
                    opts: DhcpOptions::new(),
                };
                [DhcpOption::IAAddr(address)].into_iter().collect()
            }
            None => DhcpOptions::new(),
        };
        let (id, t1, t2) = (1, 0, 0);
        DhcpOption::IANA(IANA { id, t1, t2, opts })
    };
    let mut solicit = client_message(MessageType::Solicit, 7, 0);
    solicit.opts_mut().insert(association(None));
    trace.at(2000).dhcpv6(Role::Lan, End::Network, &solicit);
    assert!(fails(id, &trace));
    let mut advertise = solicit.clone();
    advertise.set_msg_type(MessageType::Advertise);
    advertise.opts_mut().remove(OptionCode::IANA);
    advertise.opts_mut().insert(association(Some(trace.pc())));
    trace.at(2100).dhcpv6(Role::Lan, End::Device, &advertise);
    assert!(!fails(id, &trace));
}

#[test]
fn a_silent_lan_is_found() {
    let mut trace = on_line();
    trace.trace.header.until = ngnlab_sim::Time::from_secs(30);
    assert!(matches!(
        verdict("lan.ra.advertising", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.trace.header.until = ngnlab_sim::Time::from_secs(90);
    assert!(fails("lan.ra.advertising", &trace));
}

#[test]
fn what_a_client_must_discard_need_not_be_advertised() {
    let granted = |lifetimes| {
        let mut trace = TraceBuilder::new("next-pd");
        trace.trace.header.until = ngnlab_sim::Time::from_secs(90);
        let reply = grant(5, trace.trace.header.line.assignment(0), lifetimes);
        trace.at(3_000).dhcpv6(Role::Wan, End::Network, &reply);
        trace
    };
    let good = granted([7200, 10_800, 12_600, 14_400]);
    assert!(fails("lan.ra.advertising", &good));
    // RFC 8415 §21.22: preferred longer than valid.
    let odd = granted([7200, 10_800, 14_400, 12_600]);
    assert!(!fails("lan.ra.advertising", &odd) && !passes("lan.ra.advertising", &odd));
}

#[test]
fn an_advertisement_from_a_global_address_is_found() {
    let mut trace = on_line();
    let (source, advert) = (trace.router(), Ndp::RouterAdvert(trace.advert()));
    trace.ndp(Role::Lan, End::Device, source, ALL_NODES, &advert);
    assert!(fails("lan.ra.linklocal-source", &trace));
}
