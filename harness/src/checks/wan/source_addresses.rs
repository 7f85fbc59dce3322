//! From which address the device speaks on the WAN (RFC 7084 §4.2; ngn-facts §4.1).

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::dhcpv6_exchanges::received;
use crate::checks::evidence::formed_addresses::offered;
use crate::checks::evidence::given_prefixes::{Given, given};
use crate::checks::evidence::wan_adverts::wan_adverts;
use crate::checks::ruling::{Ruling, every, expect, only_in};
use crate::dissection::{Dissection, Kind};

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
        id: "ngn.wan.source-in-assignment",
        source: "ngn-facts §4.1; RFC 6092 §3.1 REC-5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線に割り当てられたプレフィックスの送信元だけを送り出す",
            "Only sources inside the line's assignment leave on the WAN",
        ),
        hint: Text::new(
            "割り当て外の送信元アドレスのパケットをWAN側で破棄してください。",
            "Drop packets on their way out whose source was not assigned to the line.",
        ),
        judge: source_in_assignment,
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
        // RFC 7084 §4.2 WAA-7 is for who got no address, neither by advertisement nor by DHCPv6.
        let named: Vec<Ipv6Addr> = received(trace)
            .filter(|reply| reply.is.kind == Kind::Reply)
            .flat_map(|reply| reply.is.addresses())
            .collect();
        let questions = trace.upstream_dns();
        every("question of the router's own", &questions, |exchange| {
            let query = exchange.query;
            let known: Vec<_> = granted
                .iter()
                .filter(|given| given.at <= query.at)
                .collect();
            // After a power cut it has nothing until it is given a prefix again.
            let mut steps = trace.steps.iter().rev();
            let booted = steps.find(|step| step.cuts_power() && step.at <= query.at);
            let now = known
                .iter()
                .filter(|given| booted.is_none_or(|step| given.at >= step.at));
            // Another prefix needs another address, which is tentative at first (RFC 4862 §5.4).
            let change = now.fold(None, |latest: Option<&Given>, given| match latest {
                Some(latest) if latest.net == given.net => Some(latest),
                _ => Some(*given),
            });
            let Some(change) = change else {
                return Ruling::Skip;
            };
            if query.source.to_ipv4_mapped().is_some() {
                // It went by a PPPoE session, whose address is its own.
                return Ruling::Skip;
            }
            let may_be_tentative =
                query.source.is_unicast_link_local() && query.at < change.at + IN_USE_AFTER;
            if may_be_tentative
                || named.contains(&query.source)
                || own.iter().any(|net| net.contains(&query.source))
            {
                return Ruling::Skip;
            }
            let ruling = expect(
                [query.record],
                known.iter().any(|given| given.net.contains(&query.source)),
                "a source inside the delegated prefix",
                query.source.to_string(),
            );
            if !query.source.is_unicast_link_local() {
                return ruling;
            }
            let ready = change.at + IN_USE_AFTER;
            ruling.unless_late(trace, Delay::past(change.at, ready, Some(query.at)))
        })
    })
}

fn source_in_assignment(trace: &Dissection<'_>) -> Verdict {
    let assignments: Vec<_> = trace.assignments().collect();
    if assignments.is_empty() {
        return Verdict::Inconclusive("the trace does not tell what was assigned".to_owned());
    }
    let sent = trace
        .packets
        .iter()
        .filter(|found| found.by_device(Role::Wan) && is_routable(found.source));
    every("packet with a global source on the WAN", sent, |found| {
        let inside = assignments
            .iter()
            .any(|(at, net)| *at <= found.at && net.contains(&found.source));
        expect(
            [found.record],
            inside,
            "a source inside the assignment",
            found.source.to_string(),
        )
    })
}

#[cfg(test)]
mod tests {
    use ngnlab_sim::trace::{End, Fact};

    use super::*;
    use crate::checks::test_verdicts::verdict;
    use crate::dissection::builder::{ROUTER_WAN, TraceBuilder, grant};

    #[test]
    fn a_source_outside_the_assignment_is_found() {
        let mut trace = TraceBuilder::new("next-ra");
        let (site, router) = (trace.ons_dns(), trace.router());
        let prefix = trace.trace.header.line.assignment(0);
        trace.fact("edge", Fact::Assigned { prefix });
        assert!(matches!(
            verdict("ngn.wan.source-in-assignment", &trace),
            Verdict::Inconclusive(_)
        ));
        trace.at(1000).forward(1, "www.lineauth.mnw", site);
        assert!(matches!(
            verdict("ngn.wan.source-in-assignment", &trace),
            Verdict::Pass(_)
        ));
        trace.udp(Role::Wan, End::Device, ((site, 1), (router, 2)), &[]);
        assert!(matches!(
            verdict("ngn.wan.source-in-assignment", &trace),
            Verdict::Fail(_)
        ));
    }

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
    fn another_prefix_or_a_power_cut_leaves_the_router_without_an_address_for_a_while() {
        let id = "wan.addr.gua-from-pd";
        for (what, asks_at, fails) in [
            ("nothing", 33_000, true),
            ("renumbered", 33_000, false),
            ("renumbered", 50_000, true),
            ("cut", 33_000, false),
        ] {
            let mut trace = TraceBuilder::new("next-pd");
            let given = |trace: &TraceBuilder, at| {
                grant(
                    1,
                    trace.trace.header.line.assignment(at),
                    [1, 2, 3000, 4000],
                )
            };
            let first = given(&trace, 0);
            trace.at(2_000).dhcpv6(Role::Wan, End::Network, &first);
            match what {
                "renumbered" => {
                    let other = given(&trace, 1);
                    trace.at(30_000).dhcpv6(Role::Wan, End::Network, &other);
                }
                "cut" => {
                    trace.at(30_000).done("power-cycle = {}");
                }
                _ => {}
            }
            let kind = hickory_proto::rr::RecordType::AAAA;
            let question = crate::dissection::builder::query(7, "www.lineauth.mnw", kind, None);
            let ends = ((ROUTER_WAN.link_local(), 40_001), (trace.ons_dns(), 53));
            trace
                .at(asks_at)
                .udp(Role::Wan, End::Device, ends, &question);
            let verdict = verdict(id, &trace);
            assert_eq!(
                matches!(verdict, Verdict::Fail(_)),
                fails,
                "{what}: {verdict:?}"
            );
        }
    }

    #[test]
    fn an_address_by_dhcpv6_is_as_good() {
        use dhcproto::v6::{DhcpOption, DhcpOptions, IAAddr, IANA};
        let mut trace = TraceBuilder::new("next-pd");
        let address: Ipv6Addr = "2001:db8::7".parse().unwrap();
        let mut reply = grant(1, trace.trace.header.line.assignment(0), [1, 2, 3000, 4000]);
        let mut opts = DhcpOptions::new();
        opts.insert(DhcpOption::IAAddr(IAAddr {
            addr: address,
            preferred_life: 3000,
            valid_life: 4000,
            opts: DhcpOptions::new(),
        }));
        reply.opts_mut().insert(DhcpOption::IANA(IANA {
            id: 1,
            t1: 1,
            t2: 2,
            opts,
        }));
        trace.at(2_000).dhcpv6(Role::Wan, End::Network, &reply);
        let kind = hickory_proto::rr::RecordType::AAAA;
        let question = crate::dissection::builder::query(7, "www.lineauth.mnw", kind, None);
        let ends = ((address, 40_001), (trace.ons_dns(), 53));
        trace
            .at(19_000)
            .udp(Role::Wan, End::Device, ends, &question);
        let server = trace.ons_dns();
        trace.forward(1, "www.lineauth.mnw", server);
        let verdict = verdict("wan.addr.gua-from-pd", &trace);
        assert!(matches!(verdict, Verdict::Pass(_)), "{verdict:?}");
    }
}
