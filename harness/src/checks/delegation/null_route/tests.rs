use ngnlab_sim::trace::End;

use super::*;
use crate::checks::evidence::test_dhcpv6::{delegated, granted};
use crate::checks::test_verdicts::{sign, verdict};

#[test]
fn strays_do_not_go_back() {
    let mut trace = delegated(56);
    let mut octets = trace.prefix().octets();
    octets[7] = 0x77;
    let (server, stray) = (trace.ons_dns(), octets.into());
    trace.at(2000).lan_ra(|_| {});
    let ends = ((server, 1), (stray, 2));
    trace.udp(Role::Wan, End::Network, ends, b"stray");
    assert!(matches!(
        verdict("pd.use.null-route", &trace),
        Verdict::Pass(_)
    ));
    trace.udp(Role::Wan, End::Device, ends, b"stray");
    assert!(matches!(
        verdict("pd.use.null-route", &trace),
        Verdict::Fail(_)
    ));
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
