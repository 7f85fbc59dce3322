use dhcproto::v6::MessageType;
use ngnlab_sim::Time;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::{fails, passes};
use crate::dissection::builder::{TraceBuilder, client_message, grant};

#[test]
fn an_offer_without_an_address_is_requested() {
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let solicit = client_message(MessageType::Solicit, 7, 0);
    let mut offer = grant(7, prefix, [300, 480, 600, 900]);
    offer.set_msg_type(MessageType::Advertise);
    let request = client_message(MessageType::Request, 8, 0);
    trace.at(1000).dhcpv6(Role::Wan, End::Device, &solicit);
    trace.at(1100).dhcpv6(Role::Wan, End::Network, &offer);
    assert!(fails("ngn.pd.no-iana", &trace));
    trace.at(2100).dhcpv6(Role::Wan, End::Device, &request);
    // An offer that comes twice needs no second Request.
    trace.at(2200).dhcpv6(Role::Wan, End::Network, &offer);
    assert!(passes("ngn.pd.no-iana", &trace));
    trace.trace.header.until = Time::from_secs(3);
    let mut short = TraceBuilder::new("next-pd");
    short.trace.header.until = Time::from_secs(3);
    short.at(1000).dhcpv6(Role::Wan, End::Device, &solicit);
    short.at(1100).dhcpv6(Role::Wan, End::Network, &offer);
    assert!(!fails("ngn.pd.no-iana", &short));
}

#[test]
fn the_lan_is_not_given_the_prefix_of_the_wan() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(1000).lan_ra(|_| {});
    assert!(!fails("ngn.pd.lan-apart-from-wan", &trace));
    trace.at(2000).wan_ra(|_| {});
    assert!(fails("ngn.pd.lan-apart-from-wan", &trace));
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(500).wan_ra(|_| {});
    trace.at(1000).lan_ra(|advert| {
        advert.options.truncate(1);
        if let Some(ngnlab_sim::message::ndp::NdpOption::Prefix(info)) = advert.options.first_mut()
        {
            info.prefix = "2408:3ff:e00:ca01::".parse().unwrap();
        }
    });
    assert!(passes("ngn.pd.lan-apart-from-wan", &trace));
}
