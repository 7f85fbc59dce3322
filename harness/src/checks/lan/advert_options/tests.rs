use ngnlab_sim::message::ndp::{NdpOption, ROUTER_ADVERTISEMENT};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder, grant};

/// One advertisement with these options besides the prefix and the DNS server.
fn with(options: impl IntoIterator<Item = NdpOption>) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace
        .at(1000)
        .lan_ra(|advert| advert.options.extend(options));
    trace
}

fn passes(id: &str, options: impl IntoIterator<Item = NdpOption>) -> bool {
    matches!(verdict(id, &with(options)), Verdict::Pass(_))
}

fn fails(id: &str, options: impl IntoIterator<Item = NdpOption>) -> bool {
    matches!(verdict(id, &with(options)), Verdict::Fail(_))
}

fn says_nothing(id: &str, options: impl IntoIterator<Item = NdpOption>) -> bool {
    matches!(verdict(id, &with(options)), Verdict::Inconclusive(_))
}

fn route(length: u8, lifetime: u32, octets: &[u8]) -> NdpOption {
    let bytes = [&[length, 0], &lifetime.to_be_bytes()[..], octets].concat();
    NdpOption::Other(ROUTE, bytes)
}

#[test]
fn lengths_are_those_of_the_options() {
    let id = "lan.ra.options-well-formed";
    assert!(passes(id, [NdpOption::Mtu(1500)]));
    assert!(passes(id, [NdpOption::Other(200, vec![7; 30])]));
    assert!(passes(id, [route(56, 60, &[0x24; 8])]));
    assert!(passes(id, [route(0, 60, &[])]));
    assert!(fails(id, [route(56, 60, &[])]));
    assert!(fails(id, [route(72, 60, &[0x24; 8])]));
    assert!(fails(id, [NdpOption::Other(RDNSS, vec![0; 30])]));
    assert!(fails(id, [NdpOption::Other(PREFIX, vec![0; 6])]));
    // An advertisement whose last option says more than there is.
    let mut trace = TraceBuilder::new("next-pd");
    let own = ROUTER_LAN.link_local();
    let envelope = trace.envelope(Role::Lan, End::Device, own, PC.link_local());
    for cut in [
        &[5_u8, 9, 0, 0, 0, 0, 5, 0xdc][..],
        &[5, 0, 0, 0, 0, 0, 5, 0xdc],
    ] {
        let body = [&[0; 12], cut].concat();
        let frame = envelope
            .with_hop_limit(255)
            .icmpv6(ROUTER_ADVERTISEMENT, 0, &body);
        trace.trace.records.clear();
        trace.frame(Role::Lan, End::Device, frame);
        assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    }
}

#[test]
fn reserved_fields_are_zero() {
    let id = "lan.ra.reserved-zero";
    assert!(passes(id, [NdpOption::Mtu(1500)]));
    assert!(fails(
        id,
        [NdpOption::Other(MTU, vec![0, 1, 0, 0, 5, 0xdc])]
    ));
}

#[test]
fn the_mac_is_one_of_the_devices_own() {
    let id = "lan.ra.slla";
    assert!(says_nothing(id, []));
    assert!(passes(id, [NdpOption::SourceLinkLayer(ROUTER_LAN)]));
    assert!(fails(id, [NdpOption::SourceLinkLayer(PC)]));
}

#[test]
fn an_mtu_is_one_that_ethernet_carries() {
    let id = "lan.ra.mtu-consistent";
    let without = verdict(id, &with([]));
    assert!(matches!(without, Verdict::NotApplicable(_)));
    for (mtu, good) in [(1280, true), (1500, true), (1279, false), (9000, false)] {
        assert_eq!(passes(id, [NdpOption::Mtu(mtu)]), good);
    }
}

#[test]
fn a_search_list_is_written_out() {
    let list = |names: &[u8]| {
        let bytes = [&[0, 0, 0, 0, 7, 8], names].concat();
        [NdpOption::Other(DNSSL, bytes)]
    };
    let id = "lan.ra.dnssl";
    assert!(says_nothing(id, []));
    assert!(passes(id, list(b"\x03lan\0")));
    assert!(passes(id, list(b"\x05flets\x02jp\0\x03lan\0")));
    // Exactly two units, with no padding at all.
    assert!(passes(id, list(b"\x06router\0")));
    assert!(fails(id, list(b"\x03lan\0\0\0\x01")));
    assert!(fails(id, list(b"\x05flets\x02jp\0\x03lan\xc0\x06")));
    assert!(fails(id, list(b"\x07router1")));
    assert!(fails(id, list(b"\x0frouter1")));
    assert!(fails(id, list(b"\0")));
}

#[test]
fn the_delegation_is_advertised_as_a_route() {
    let id = "lan.ra.rio";
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let lan = prefix.network().octets();
    let reply = grant(5, prefix, [7200, 10_800, 12_600, 14_400]);
    trace.at(500).dhcpv6(Role::Wan, End::Network, &reply);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    trace.at(1000).lan_ra(|_| {});
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    trace
        .at(5000)
        .lan_ra(|advert| advert.options.push(route(64, 60, &lan[..8])));
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    trace
        .at(9000)
        .lan_ra(|advert| advert.options.push(route(56, 60, &lan[..8])));
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
}

#[test]
fn a_route_is_named_once() {
    let id = "lan.ra.rio-no-duplicate";
    let one = || route(56, 60, &[0x24; 8]);
    assert!(says_nothing(id, []));
    assert!(passes(id, [one(), route(48, 60, &[0x24; 8])]));
    assert!(fails(id, [one(), route(56, 90, &[0x24; 8])]));
}

#[test]
fn dns_servers_outlive_three_intervals() {
    let id = "lan.ra.rdnss-lifetime";
    let adverts = |gap: u64, lifetime: u32| {
        let mut trace = TraceBuilder::new("next-ra");
        for at in [1000, 1000 + gap * 1000] {
            trace.at(at).lan_ra(|advert| {
                advert.options.truncate(1);
                let servers = vec![ROUTER_LAN.link_local()];
                advert.options.push(NdpOption::Rdnss { lifetime, servers });
            });
        }
        verdict(id, &trace)
    };
    assert!(matches!(adverts(600, 1800), Verdict::Pass(_)));
    assert!(matches!(adverts(600, 1200), Verdict::Fail(_)));
    assert!(matches!(adverts(600, 0), Verdict::Inconclusive(_)));
    // The prefix itself is valid for no longer.
    assert!(matches!(adverts(2000, 5400), Verdict::Pass(_)));
    assert!(says_nothing(id, []));
}

#[test]
fn lifetimes_beyond_the_prefix_are_capped() {
    let id = "lan.cap.rio-rdnss";
    assert!(passes(id, [route(56, 5400, &[0x24; 8])]));
    assert!(fails(id, [route(56, 5401, &[0x24; 8])]));
    let domains = vec!["lan".to_owned()];
    let lifetime = u32::MAX;
    assert!(fails(id, [NdpOption::Dnssl { lifetime, domains }]));
}
