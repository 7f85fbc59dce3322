use std::net::Ipv6Addr;

use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::{End, Role};

use crate::checks::forwarding::test_packets::online;
use crate::checks::test_verdicts::{fails, open, passes};
use crate::dissection::builder::{PC, ROUTER_LAN};

#[test]
fn addresses_of_one_link_stay_there() {
    for (id, source) in [
        ("fwd.no-link-local", PC.link_local()),
        ("fwd.no-loopback", Ipv6Addr::LOCALHOST),
        ("fwd.no-unspecified", Ipv6Addr::UNSPECIFIED),
        ("fw6.mcast-source", "ff08::1".parse().unwrap()),
        ("fw6.martian", "fec0::1".parse().unwrap()),
        ("fw6.ula-border", "fd00::1".parse().unwrap()),
        ("fw6.egress-source", "2001:a7ff::1".parse().unwrap()),
    ] {
        let mut trace = online();
        assert!(open(id, &trace), "{id}");
        let site = trace.ons_dns();
        let came = Envelope::new(PC, ROUTER_LAN, source, site);
        let left = trace
            .envelope(Role::Wan, End::Device, source, site)
            .with_hop_limit(63);
        trace.injected(Role::Lan, came.udp(1, 2, b"x"));
        assert!(passes(id, &trace), "{id}");
        trace.frame(Role::Wan, End::Device, left.udp(1, 2, b"x"));
        assert!(fails(id, &trace), "{id}");
    }
}
