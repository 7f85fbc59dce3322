use dhcproto::v6::{DhcpOption, IANA};
use ngnlab_sim::trace::End;

use super::super::verdicts::sign;
use super::*;
use crate::dissection::builder::{TraceBuilder, grant};

fn granted(times: [u32; 4]) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let reply = grant(5, trace.trace.header.line.assignment(0), times);
    trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
    trace
}

#[test]
fn odd_delegations_stay_out_of_use() {
    for (id, times) in [
        ("dhcp6c.t.t1-gt-t2", [900, 600, 1000, 2000]),
        ("pd.accept.pref-gt-valid", [300, 600, 2000, 1000]),
    ] {
        let mut trace = granted(times);
        assert_eq!(sign(id, &trace), '+', "{id}");
        trace.at(3000).lan_ra(|_| {});
        assert_eq!(sign(id, &trace), '-', "{id}");
        let sane = granted([300, 600, 1000, 2000]);
        assert_eq!(sign(id, &sane), '?', "{id}");
    }
}

#[test]
fn a_prefix_without_an_address_is_used() {
    let id = "pd.accept.without-iana";
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let mut reply = grant(5, prefix, [7200, 10_800, 12_600, 14_400]);
    let status = ngnlab_sim::message::dhcpv6::status_option(
        ngnlab_sim::message::dhcpv6::Status::NoAddrsAvail,
        "none",
    );
    reply.opts_mut().insert(DhcpOption::IANA(IANA {
        id: 1,
        t1: 0,
        t2: 0,
        opts: [status].into_iter().collect(),
    }));
    trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
    assert_eq!(sign(id, &trace), '-');
    trace.at(3000).lan_ra(|_| {});
    assert_eq!(sign(id, &trace), '+');
    assert_eq!(sign(id, &granted([7200, 10_800, 12_600, 14_400])), '?');
}

#[test]
fn a_prefix_with_a_valid_lifetime_of_zero_goes_out_of_use() {
    let id = "pd.use.zero-valid";
    let withdrawn = |preferred| {
        let mut trace = granted([7200, 10_800, 12_600, 14_400]);
        let gone = grant(6, trace.trace.header.line.assignment(0), [0; 4]);
        trace.at(5000).dhcpv6(Role::Wan, End::Network, &gone);
        trace.at(20_000).lan_ra(move |advert| {
            use ngnlab_sim::message::ndp::NdpOption;
            if let Some(NdpOption::Prefix(prefix)) = advert.options.first_mut() {
                prefix.preferred = preferred;
            }
        });
        trace
    };
    assert_eq!(sign(id, &withdrawn(2700)), '-');
    assert_eq!(sign(id, &withdrawn(0)), '+');
    assert_eq!(sign(id, &granted([7200, 10_800, 12_600, 14_400])), '?');
}

#[test]
fn a_stray_is_reported_as_unreachable() {
    let id = "pd.use.null-route-icmp";
    let mut trace = granted([7200, 10_800, 12_600, 14_400]);
    let mut octets = trace.prefix().octets();
    octets[7] = 0x77;
    let (server, stray) = (trace.ons_dns(), octets.into());
    trace.at(2000).lan_ra(|_| {});
    trace.udp(Role::Wan, End::Network, ((server, 1), (stray, 2)), b"stray");
    assert_eq!(sign(id, &trace), '-');
    let packet = trace
        .envelope(Role::Wan, End::Network, server, stray)
        .udp(1, 2, b"stray");
    let body = ngnlab_sim::message::packet::icmpv6_error_body(0, &packet[14..]);
    let router = trace.router();
    let error = trace
        .envelope(Role::Wan, End::Device, router, server)
        .icmpv6(DESTINATION_UNREACHABLE, 0, &body);
    trace.at(2100).frame(Role::Wan, End::Device, error);
    assert_eq!(sign(id, &trace), '+');
}
