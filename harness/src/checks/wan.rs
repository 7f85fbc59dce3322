//! The WAN side as a host on the line: soliciting routers, forming addresses, sending from them.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use super::{
    CE_ROUTER, Check, EVERYONE, Ruling, at_least, broken, every, expect, finding, never, seconds,
};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "wan.nd.rs-source-linklocal",
        source: "RFC 7084 §4.2 W-2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "WAN側のRSの送信元がリンクローカルアドレスである",
            "Router Solicitations leave from the WAN link-local address",
        ),
        hint: Text::new(
            "リンクローカルアドレスの確定後に、それを送信元としてRSを送ってください。",
            "Send Router Solicitations from the link-local address once it is there.",
        ),
        judge: rs_source,
    },
    Check {
        id: "wan.nd.rs-after-dad",
        source: "RFC 7084 §4.2 W-2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "リンクローカルアドレスの重複検出が済んでからRSを送る",
            "Router Solicitations wait for duplicate address detection",
        ),
        hint: Text::new(
            "重複アドレス検出（DAD）が終わるまでRSを送らないでください。",
            "Hold Router Solicitations back until the link-local address is unique.",
        ),
        judge: rs_after_dad,
    },
    Check {
        id: "wan.nd.rs-retry-limits",
        source: "RFC 4861 §6.3.7, §10; RFC 7559 §2",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RSの再送間隔が4秒以上である",
            "Router Solicitations are at least 4 s apart",
        ),
        hint: Text::new(
            "RSは4秒以上の間隔で再送してください。",
            "Repeat Router Solicitations every 4 s at most.",
        ),
        judge: rs_apart,
    },
    Check {
        id: "wan.nd.rs-stop-after-ra",
        source: "RFC 4861 §6.3.7",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RAを受け取ったらRSを止める",
            "Router Solicitations stop once an advertisement came",
        ),
        hint: Text::new(
            "有効なRAを受け取った後はRSを送らないでください。",
            "Stop soliciting after a valid Router Advertisement.",
        ),
        judge: rs_stop,
    },
    Check {
        id: "wan.nd.no-ra-sent",
        source: "RFC 4861 §6.2.4; RFC 7084 §4.2 W-1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側にRAを送らない",
            "No Router Advertisement leaves on the WAN",
        ),
        hint: Text::new(
            "RAの送信をLAN側のインタフェースに限ってください。",
            "Advertise on the LAN interface alone.",
        ),
        judge: no_ra,
    },
    Check {
        id: "wan.slaac.dad",
        source: "RFC 4862 §5.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側で使うアドレスの重複検出を行う",
            "Addresses used on the WAN passed duplicate address detection",
        ),
        hint: Text::new(
            "アドレスを使う前に重複アドレス検出（DAD）を行ってください。",
            "Do duplicate address detection before using an address.",
        ),
        judge: wan_dad,
    },
    Check {
        id: "lan.dad",
        source: "RFC 4862 §5.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側で使うアドレスの重複検出を行う",
            "Addresses used on the LAN passed duplicate address detection",
        ),
        hint: Text::new(
            "アドレスを使う前に重複アドレス検出（DAD）を行ってください。",
            "Do duplicate address detection before using an address.",
        ),
        judge: lan_dad,
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

/// What a sender may be early by: clocks and links are not exact.
const SLACK: Duration = Duration::from_millis(100);
/// How long a Linux host waits at least when it backs off from 4 s by RFC 7559 §2, which allows
/// ten per cent less.
const RS_INTERVAL: Duration = Duration::from_millis(3600);
/// RetransTimer, the time one probe of duplicate address detection takes (RFC 4861 §10).
const DAD_TIME: Duration = Duration::from_secs(1);

fn rs_source(trace: &Dissection<'_>) -> Verdict {
    let solicits = trace.router_solicits().filter(|rs| rs.by_device(Role::Wan));
    every("Router Solicitation on the WAN", solicits, |rs| {
        expect(
            [rs.record],
            rs.source.is_unicast_link_local(),
            "a link-local source",
            rs.source.to_string(),
        )
    })
}

/// Returns when the device first probed each address on a cable, and the record of the probe.
fn probes(trace: &Dissection<'_>, on: Role) -> BTreeMap<Ipv6Addr, (Time, usize)> {
    let mut probes = BTreeMap::new();
    for ns in trace.neighbor_solicits() {
        if ns.by_device(on) && ns.source.is_unspecified() {
            probes.entry(ns.is.target).or_insert((ns.at, ns.record));
        }
    }
    probes
}

fn rs_after_dad(trace: &Dissection<'_>) -> Verdict {
    let probes = probes(trace, Role::Wan);
    let solicits = trace.router_solicits().filter(|rs| rs.by_device(Role::Wan));
    every(
        "Router Solicitation from a link-local address",
        solicits,
        |rs| {
            if !rs.source.is_unicast_link_local() {
                return Ruling::Skip;
            }
            match probes.get(&rs.source) {
                Some((at, record)) if *at <= rs.at => at_least(
                    trace,
                    [*record, rs.record],
                    rs.at.since(*at),
                    DAD_TIME.saturating_sub(SLACK),
                    format!(
                        "{} between the probe and the solicitation",
                        seconds(DAD_TIME)
                    ),
                ),
                Some(_) | None => broken(
                    [rs.record],
                    format!("duplicate address detection of {} first", rs.source),
                    "a Router Solicitation without it",
                ),
            }
        },
    )
}

fn rs_apart(trace: &Dissection<'_>) -> Verdict {
    let solicits = trace.router_solicits().filter(|rs| rs.by_device(Role::Wan));
    let solicits: Vec<_> = solicits.collect();
    let probed_between = |from, to| {
        trace.neighbor_solicits().any(|ns| {
            ns.by_device(Role::Wan) && ns.source.is_unspecified() && from < ns.at && ns.at < to
        })
    };
    every("second Router Solicitation", solicits.windows(2), |pair| {
        let (first, second) = (&pair[0], &pair[1]);
        // A restarted interface begins anew (RFC 4861 §6.3.7).
        if trace.is_restarted(first.at, second.at) || probed_between(first.at, second.at) {
            return Ruling::Skip;
        }
        at_least(
            trace,
            [first.record, second.record],
            second.at.since(first.at),
            RS_INTERVAL.saturating_sub(SLACK),
            "4 s between them, or a tenth less",
        )
    })
}

fn rs_stop(trace: &Dissection<'_>) -> Verdict {
    let solicits = || trace.router_solicits().filter(|rs| rs.by_device(Role::Wan));
    // RFC 4861 §6.3.7 speaks of a host that has solicited: an advertisement that comes by itself
    // before the first solicitation binds nobody.
    let adverts: Vec<_> = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && !ra.is.lifetime.is_zero())
        .filter(|ra| solicits().any(|rs| rs.at <= ra.at))
        .collect();
    let occasions = adverts.iter().map(|ra| ra.record);
    let late = solicits().filter_map(|rs| {
        let ra = adverts.iter().rev().find(|ra| ra.arrives + SLACK < rs.at)?;
        let expired = rs.at.since(ra.arrives) >= ra.is.lifetime;
        let restarted = trace.is_disturbed(ra.at, rs.at)
            || trace.neighbor_solicits().any(|ns| {
                ns.by_device(Role::Wan)
                    && ns.source.is_unspecified()
                    && ns.is.target == rs.source
                    && ra.at < ns.at
                    && ns.at <= rs.at
            });
        (!expired && !restarted).then(|| {
            finding(
                [ra.record, rs.record],
                "no Router Solicitation after the advertisement",
                format!("one {} later", seconds(rs.at.since(ra.arrives))),
            )
        })
    });
    never(
        "answer to a Router Solicitation on the WAN",
        occasions,
        late,
    )
}

fn no_ra(trace: &Dissection<'_>) -> Verdict {
    let sent = trace
        .packets
        .iter()
        .filter(|found| found.by_device(Role::Wan));
    let adverts = trace.router_adverts().filter(|ra| ra.by_device(Role::Wan));
    never(
        "packet from the device on the WAN",
        sent.map(|found| found.record).take(1),
        adverts.map(|ra| {
            finding(
                [ra.record],
                "no Router Advertisement on the WAN",
                "the device sent one",
            )
        }),
    )
}

fn wan_dad(trace: &Dissection<'_>) -> Verdict {
    dad(trace, Role::Wan)
}

fn lan_dad(trace: &Dissection<'_>) -> Verdict {
    dad(trace, Role::Lan)
}

fn dad(trace: &Dissection<'_>, on: Role) -> Verdict {
    let mut used: BTreeMap<Ipv6Addr, (Time, usize)> = BTreeMap::new();
    for found in trace.packets.iter().filter(|found| found.by_device(on)) {
        let own = match on {
            Role::Lan => trace.is_device_address(found.source),
            Role::Wan | Role::Uplink => {
                found.source.is_unicast_link_local()
                    || is_routable(found.source)
                        && !trace.is_terminal(found.source)
                        && !trace.is_upstream(found.source)
            }
        };
        if own {
            used.entry(found.source).or_insert((found.at, found.record));
        }
    }
    // A router may use an address of one interface on the other (RFC 7084 §4.2 WAA-9).
    let (wan, lan) = (probes(trace, Role::Wan), probes(trace, Role::Lan));
    let here = |address: &Ipv6Addr| match on {
        Role::Lan => lan.get(address).or_else(|| wan.get(address)),
        Role::Wan | Role::Uplink => wan.get(address).or_else(|| lan.get(address)),
    };
    let what = format!("address of the device in use on the {}", on.name());
    every(&what, used, |(address, (at, record))| {
        match here(&address) {
            Some((probed, probe)) if *probed <= at => Ruling::Holds(vec![*probe, record]),
            _ => broken(
                [record],
                format!("a probe for {address} before its first use"),
                "none",
            ),
        }
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
    use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit, RouterSolicit};
    use ngnlab_sim::message::packet::{ALL_NODES, ALL_ROUTERS, solicited_node};
    use ngnlab_sim::trace::{End, Fact};

    use super::super::verdicts::verdict;
    use super::*;
    use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

    fn probe(trace: &mut TraceBuilder, at: u64) {
        let target = ROUTER_WAN.link_local();
        let ns = NeighborSolicit {
            target,
            source_link_layer: None,
        };
        let (from, to) = (Ipv6Addr::UNSPECIFIED, solicited_node(target));
        trace
            .at(at)
            .ndp(Role::Wan, End::Device, from, to, &Ndp::NeighborSolicit(ns));
    }

    fn solicit(trace: &mut TraceBuilder, at: u64, source: Ipv6Addr) {
        let rs = Ndp::RouterSolicit(RouterSolicit {
            source_link_layer: None,
        });
        trace
            .at(at)
            .ndp(Role::Wan, End::Device, source, ALL_ROUTERS, &rs);
    }

    #[test]
    fn a_patient_router_passes() {
        let mut trace = TraceBuilder::new("next-ra");
        let own = ROUTER_WAN.link_local();
        trace.at(50).wan_ra(|_| {});
        probe(&mut trace, 100);
        solicit(&mut trace, 1200, own);
        solicit(&mut trace, 5300, own);
        trace.at(5500).wan_ra(|_| {});
        for id in [
            "wan.nd.rs-source-linklocal",
            "wan.nd.rs-after-dad",
            "wan.nd.rs-retry-limits",
            "wan.nd.rs-stop-after-ra",
            "wan.nd.no-ra-sent",
            "wan.slaac.dad",
        ] {
            let verdict = verdict(id, &trace);
            assert!(matches!(verdict, Verdict::Pass(_)), "{id}: {verdict:?}");
        }
    }

    #[test]
    fn a_hasty_router_fails() {
        let mut trace = TraceBuilder::new("next-ra");
        let own = ROUTER_WAN.link_local();
        solicit(&mut trace, 100, own);
        solicit(&mut trace, 1100, own);
        trace.at(1200).wan_ra(|_| {});
        solicit(&mut trace, 3000, Ipv6Addr::UNSPECIFIED);
        let advert = Ndp::RouterAdvert(trace.advert());
        trace.ndp(Role::Wan, End::Device, own, ALL_NODES, &advert);
        for id in [
            "wan.nd.rs-source-linklocal",
            "wan.nd.rs-after-dad",
            "wan.nd.rs-retry-limits",
            "wan.nd.rs-stop-after-ra",
            "wan.nd.no-ra-sent",
            "wan.slaac.dad",
        ] {
            assert!(matches!(verdict(id, &trace), Verdict::Fail(_)), "{id}");
        }
    }

    #[test]
    fn an_address_of_the_lan_is_probed_there() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(2000).lan_ra(|_| {});
        assert!(matches!(verdict("lan.dad", &trace), Verdict::Fail(_)));
    }

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
}
