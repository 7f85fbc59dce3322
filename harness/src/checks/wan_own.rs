//! What the device says on the WAN for itself: from which address, and in which protocols
//! (RFC 7084 §4.2).

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Payload;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use super::ce::wan_adverts;
use super::pd::given;
use super::wan_slaac::offered;
use super::{CE_ROUTER, Check, EVERYONE, Ruling, every, expect, finding, never, only_in};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "wan.addr.gua-from-pd",
        source: "RFC 7084 §4.2 WAA-7",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "ルータ自身の通信に、委任されたプレフィックスのアドレスを使う",
            "The router's own packets come from the delegated prefix",
        ),
        hint: Text::new(
            "WAN側にグローバルアドレスがないときは、委任されたプレフィックスのアドレスを送信元にしてください。",
            "Without a global address on the WAN, send from an address of the delegated prefix.",
        ),
        judge: own_source,
    },
    Check {
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
    },
];

/// Until a new address may be used: duplicate address detection (RFC 4862 §5.4) after the program
/// that got the prefix has told the one that gives the address.
const IN_USE_AFTER: Duration = Duration::from_secs(10);

fn own_source(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let granted = given(trace);
        let adverts = wan_adverts(trace);
        let own: Vec<Ipv6Net> = offered(&adverts)
            .filter(|(_, prefix, _)| prefix.autonomous)
            .map(|(.., net)| net)
            .collect();
        let questions = trace.upstream_dns();
        every("question of the router's own", &questions, |exchange| {
            let query = exchange.query;
            let known: Vec<_> = granted
                .iter()
                .filter(|given| given.at <= query.at)
                .collect();
            let Some(first) = known.first() else {
                return Ruling::Skip;
            };
            let may_be_tentative =
                query.source.is_unicast_link_local() && query.at < first.at + IN_USE_AFTER;
            if may_be_tentative || own.iter().any(|net| net.contains(&query.source)) {
                return Ruling::Skip;
            }
            expect(
                [query.record],
                known.iter().any(|given| given.net.contains(&query.source)),
                "a source inside the delegated prefix",
                query.source.to_string(),
            )
        })
    })
}

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

    use super::super::verdicts::verdict;
    use super::*;
    use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, grant};

    #[test]
    fn the_routers_own_questions_come_from_the_delegation() {
        let id = "wan.addr.gua-from-pd";
        let mut trace = TraceBuilder::new("next-pd");
        let reply = grant(1, trace.trace.header.line.assignment(0), [1, 2, 3000, 4000]);
        trace.at(2_000).dhcpv6(Role::Wan, End::Network, &reply);
        let server = trace.ons_dns();
        trace.at(19_000).forward(1, "www.lineauth.mnw", server);
        assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
        let question = crate::dissection::builder::query(
            7,
            "www.lineauth.mnw",
            hickory_proto::rr::RecordType::AAAA,
            None,
        );
        let ends = ((ROUTER_WAN.link_local(), 40_001), (server, 53));
        trace.udp(Role::Wan, End::Device, ends, &question);
        assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    }

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
