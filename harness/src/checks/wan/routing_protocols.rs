//! No routing protocol is spoken on the WAN (RFC 7084 §4.2).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Payload;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::ruling::{finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "wan.route.no-dynamic-routing",
    source: "RFC 7084 §4.2 WPD-7",
    level: Level::Must,
    profiles: CE_ROUTER,
    aspects: &[],
    title: Text::new(
        "WAN側で動的経路制御プロトコルを動かさない",
        "No dynamic routing protocol speaks on the WAN",
    ),
    hint: Text::new(
        "RIPngやOSPFv3などをWAN側のインタフェースで無効にしてください。",
        "Turn RIPng, OSPFv3 and the like off on the WAN interface.",
    ),
    judge: no_routing,
}];

/// Long enough for every routing protocol to have said hello (RIPng every 30 s, RFC 2080 §2.3).
const HELLO: Duration = Duration::from_secs(40);

fn no_routing(trace: &Dissection<'_>) -> Verdict {
    const EIGRP: u8 = 88;
    const OSPF: u8 = 89;
    const RIPNG: u16 = 521;
    const BABEL: u16 = 6696;
    let sent = || {
        trace
            .packets
            .iter()
            .filter(|found| found.by_device(Role::Wan))
    };
    let spoken = sent().filter_map(|found| {
        let protocol = match &found.is.payload {
            Payload::Other {
                next_header: OSPF, ..
            } => "OSPFv3",
            Payload::Other {
                next_header: EIGRP, ..
            } => "EIGRP",
            Payload::Udp(udp) if udp.destination_port == RIPNG => "RIPng",
            Payload::Udp(udp) if udp.destination_port == BABEL => "Babel",
            Payload::Udp(_) | Payload::Tcp(_) | Payload::Icmpv6(_) | Payload::Other { .. } => {
                return None;
            }
        };
        // What terminals send into the distance is theirs.
        let own = found.source.is_unicast_link_local() || found.destination.is_multicast();
        own.then(|| finding([found.record], "no routing protocol on the WAN", protocol))
    });
    let long = trace.end() >= Time::ZERO + HELLO;
    let occasions = sent().map(|found| found.record).take(1);
    never(
        "packet from the device on the WAN in a run of 40 s",
        occasions.filter(|_| long),
        spoken,
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use ngnlab_sim::message::packet::ALL_DHCP;
    use ngnlab_sim::trace::End;

    use super::*;
    use crate::checks::test_verdicts::verdict;
    use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

    #[test]
    fn routing_protocols_are_heard() {
        let id = "wan.route.no-dynamic-routing";
        let mut trace = TraceBuilder::new("next-pd");
        let solicit = ((ROUTER_WAN.link_local(), 546), (ALL_DHCP, 547));
        trace
            .at(1_000)
            .udp(Role::Wan, End::Device, solicit, &[1, 0, 0, 1]);
        assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
        let group: Ipv6Addr = "ff02::9".parse().unwrap();
        let ends = ((ROUTER_WAN.link_local(), 521), (group, 521));
        trace.udp(Role::Wan, End::Device, ends, &[1, 1, 0, 0]);
        assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    }
}
