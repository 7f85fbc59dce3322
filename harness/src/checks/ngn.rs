//! What is peculiar to this network: one /64 or a delegation without addresses, no internet behind
//! it, resets, and a mark that gets packets lost (ngn-facts §1, §2.1, §4.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Finding, Level, Text, Verdict};
use ngnlab_sim::line::Isp;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::{End, Role};

use super::lan::adverts;
use super::pd::net_of;
use super::{
    Check, EVERYONE, ONS, Ruling, broken, every, finding, never, only_in, seconds, unclear_by_host,
};
use crate::dissection::{Connection, Dissection, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.ra-only.slaac",
        source: "guide p.6; ngn-facts §1.1",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "RA回線では端末のアドレスが回線の/64に属し、その通信に応答が届く",
            "On an RA line terminals live in the line's /64, and answers reach them",
        ),
        hint: Text::new(
            "回線のRAの/64をそのままLANに再配布してください（NDプロキシ）。",
            "Hand the /64 of the line's RA on to the LAN as it is, with an ND proxy.",
        ),
        judge: slaac,
    },
    Check {
        id: "ngn.pd.no-iana",
        source: "ngn-facts §2.1; RFC 8415 §18.2.9",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "アドレス（IA_NA）が払い出されなくても、委任されたプレフィックスを受け取る",
            "A delegation is taken although no address comes with it",
        ),
        hint: Text::new(
            "IA_NAがNoAddrsAvailでも、IA_PDがあればRequestを送ってください。",
            "Request what an Advertise delegates even if it has no IA_NA address.",
        ),
        judge: no_iana,
    },
    Check {
        id: "ngn.pd.lan-apart-from-wan",
        source: "RFC 7084 §4.3 L-2; ngn-facts §1.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "PDではWAN側のRAの/64をLANに広告しない",
            "With PD the LAN is not given the /64 that the line advertises on the WAN",
        ),
        hint: Text::new(
            "RAとPDの両方があるときは、委任されたプレフィックスからLANの/64を取ってください。",
            "Where there are both, cut the LAN's /64 from the delegation.",
        ),
        judge: lan_apart,
    },
    Check {
        id: "ngn.wan.rst-passed",
        source: "ngn-facts §4.2; RFC 6092 §3.3.1 REC-31",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "網が返すTCP RSTが端末に届く",
            "A TCP reset from the network reaches the terminal",
        ),
        hint: Text::new(
            "SYNに対するRSTをフィルタで破棄せず端末に渡してください。破棄するとIPv4への切り替えが遅れます。",
            "Let a reset that answers a SYN pass: without it browsers turn to IPv4 late.",
        ),
        judge: rst_passed,
    },
    Check {
        id: "ngn.wan.no-lost-mark",
        source: "ngn-facts §4.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "網が破棄するTOS値（0x88）をパケットに付けない",
            "Nothing is given the mark (TOS 0x88) with which the network loses packets",
        ),
        hint: Text::new(
            "QoSの設定でDSCP AF41（TOS 0x88）に書き換えないでください。",
            "Do not mark packets as AF41 (TOS 0x88) on their way out.",
        ),
        judge: no_lost_mark,
    },
    Check {
        id: "ngn.closed-network.stays-router",
        source: "ngn-facts §4.2; guide p.6",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "インターネットに到達できなくても、LANのデフォルトルータであり続ける",
            "The device stays the LAN's router although there is no internet",
        ),
        hint: Text::new(
            "インターネット上のホストへの到達性で回線の死活を判断しないでください。",
            "Do not take the line for dead because hosts in the internet cannot be reached.",
        ),
        judge: stays_router,
    },
];

/// SOL_TIMEOUT and REQ_TIMEOUT are 1 s (RFC 8415 §7.6); a client may wait for better offers until
/// its Solicit would be sent again, at most with two tenths more.
const REQUESTED_WITHIN: Duration = Duration::from_secs(5);
/// Forwarding is a matter of microseconds; real routers under load take longer.
const PASSED_WITHIN: Duration = Duration::from_secs(1);
/// Packets with this traffic class are lost in the network.
const LOST_MARK: u8 = 0x88;

fn slaac(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let nets: Vec<_> = trace
            .router_adverts()
            .filter(|ra| ra.to_device(Role::Wan) && !ra.injected)
            .flat_map(|ra| ra.is.prefixes().filter_map(net_of).collect::<Vec<_>>())
            .collect();
        let mut seen = Vec::new();
        for found in &trace.packets {
            let from_terminal = found.to_device(Role::Lan) && !found.injected;
            if from_terminal && is_routable(found.source) && !seen.contains(&found.source) {
                seen.push(found.source);
            }
        }
        if nets.is_empty() {
            return Verdict::Inconclusive("the line advertised no prefix".to_owned());
        }
        every("address of a terminal", seen, |address| {
            let first = trace
                .packets
                .iter()
                .find(|found| found.to_device(Role::Lan) && found.source == address);
            let first = first.map(|found| found.record);
            if !nets.iter().any(|net| net.contains(&address)) {
                let expected = format!("an address in the line's {}", nets[0]);
                return broken(first, expected, address.to_string());
            }
            let answered = trace.packets.iter().find(|found| {
                found.by_device(Role::Lan)
                    && found.destination == address
                    && is_routable(found.source)
                    && !trace.is_device_address(found.source)
            });
            match answered {
                Some(found) => Ruling::Holds(first.into_iter().chain([found.record]).collect()),
                None => Ruling::Skip,
            }
        })
    })
}

fn no_iana(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let offers = trace.dhcpv6.iter().filter(|found| {
            found.to_device(Role::Wan)
                && !found.injected
                && found.is.kind == Kind::Advertise
                && found.is.success()
                // RFC 8415 §21.21 and §21.22 have a client discard the others.
                && found.is.granted().iter().any(|(ia, prefix)| {
                    (ia.t2 == 0 || ia.t1 <= ia.t2) && prefix.preferred <= prefix.valid
                })
        });
        every("offer of a prefix without an address", offers, |offer| {
            let solicit = trace.dhcpv6.iter().rev().find(|found| {
                found.by_device(Role::Wan)
                    && found.is.kind == Kind::Solicit
                    && found.is.xid == offer.is.xid
                    && found.at <= offer.at
            });
            if solicit.is_none() {
                return Ruling::Skip;
            }
            let request = trace.dhcpv6.iter().find(|found| {
                found.by_device(Role::Wan)
                    && found.is.kind == Kind::Request
                    && solicit.is_some_and(|solicit| found.at >= solicit.at)
            });
            let deadline = offer.arrives + REQUESTED_WITHIN;
            let expected = format!("a Request within {}", seconds(REQUESTED_WITHIN));
            match request.map(|found| (found.record, found.at.since(offer.arrives))) {
                Some((record, took)) if took <= REQUESTED_WITHIN => {
                    Ruling::Holds(vec![offer.record, record])
                }
                _ if deadline > trace.end() || trace.is_disturbed(offer.at, deadline) => {
                    Ruling::Skip
                }
                Some((_, took)) if took <= REQUESTED_WITHIN + trace.late => unclear_by_host(trace),
                Some((record, took)) => broken(
                    [offer.record, record],
                    expected,
                    format!("it came after {}", seconds(took)),
                ),
                None => broken([offer.record], expected, "none, and so no prefix"),
            }
        })
    })
}

fn lan_apart(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let on_wan: Vec<_> = trace
            .router_adverts()
            .filter(|ra| ra.to_device(Role::Wan))
            .flat_map(|ra| {
                let nets: Vec<_> = ra.is.prefixes().filter_map(net_of).collect();
                nets.into_iter().map(move |net| (ra.record, net))
            })
            .collect();
        if on_wan.is_empty() {
            return Verdict::Inconclusive("the line advertised no prefix".to_owned());
        }
        let given = adverts(trace).filter(|ra| ra.is.prefixes().any(|info| info.valid > 0));
        every("prefix advertised on the LAN", given, |ra| {
            let shared = on_wan.iter().find(|(_, net)| {
                ra.is
                    .prefixes()
                    .any(|info| info.valid > 0 && net_of(info) == Some(*net))
            });
            match shared {
                None => Ruling::Holds(vec![ra.record]),
                Some((record, net)) => broken(
                    [*record, ra.record],
                    "a /64 of the delegation on the LAN",
                    format!("{net}, which lies on the WAN"),
                ),
            }
        })
    })
}

fn rst_passed(trace: &Dissection<'_>) -> Verdict {
    let of_terminals = |connection: &&Connection| {
        connection.on == Role::Lan && connection.opener == End::Network && !connection.injected
    };
    let attempts = trace.connections.iter().filter(of_terminals);
    every("connection that the network reset", attempts, |attempt| {
        let beyond = trace.connections.iter().find(|other| {
            other.on == Role::Wan
                && (other.client, other.server) == (attempt.client, attempt.server)
                && other.at >= attempt.at
        });
        let reset = beyond
            .and_then(|beyond| beyond.reset)
            .filter(|(_, from)| *from == End::Network);
        let Some((record, _)) = reset else {
            return Ruling::Skip;
        };
        // Only what answers a SYN is beyond doubt: later a reset may be out of window.
        let answered = beyond.is_some_and(|beyond| beyond.accepted.is_some());
        let Some(found) = trace.packets.iter().find(|found| found.record == record) else {
            return Ruling::Skip;
        };
        if answered || found.lost {
            return Ruling::Skip;
        }
        let deadline = found.arrives + PASSED_WITHIN;
        match attempt.reset.filter(|(_, from)| *from == End::Device) {
            Some((passed, _)) => Ruling::Holds(vec![record, passed]),
            None if deadline > trace.end() => Ruling::Skip,
            None if trace.is_disturbed(found.at, deadline) => {
                Ruling::Unclear("a cable or the power was cut, or frames got lost".to_owned())
            }
            None => broken(
                [attempt.syn, record],
                "the reset on the LAN",
                "nothing there",
            ),
        }
    })
}

fn no_lost_mark(trace: &Dissection<'_>) -> Verdict {
    let sent = || {
        trace
            .packets
            .iter()
            .filter(|found| found.by_device(Role::Wan))
    };
    // What a terminal marked itself is its own affair.
    let marked_before = |source: Ipv6Addr| {
        trace.packets.iter().any(|found| {
            found.on == Role::Lan
                && found.from == End::Network
                && found.source == source
                && found.is.traffic_class == LOST_MARK
        })
    };
    let marked = sent().filter(|found| {
        found.is.traffic_class == LOST_MARK
            && is_routable(found.source)
            && !marked_before(found.source)
    });
    never(
        "packet with a global source on the WAN",
        sent()
            .filter(|found| is_routable(found.source))
            .map(|found| found.record),
        marked.map(|found| {
            finding(
                [found.record],
                "any traffic class but 0x88",
                "0x88, with which the network drops it",
            )
        }),
    )
}

fn stays_router(trace: &Dissection<'_>) -> Verdict {
    let line = &trace.header().line;
    if line.isp != Isp::None {
        return super::not_applicable("the line has an ISP");
    }
    let values = line.area.values();
    let inside = |address: Ipv6Addr| {
        let mut ranges = values.ngn_ranges.iter();
        ranges.any(|net| net.contains(&address))
            || values.folded_range.contains(&address)
            || trace.assignments().any(|(_, net)| net.contains(&address))
    };
    let probes: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.by_device(Role::Wan)
                && is_routable(found.source)
                && is_routable(found.destination)
                && !trace.is_terminal(found.source)
                && !inside(found.destination)
        })
        .collect();
    let is_router = |ra: &crate::dissection::Found<_>| ra.by_device(Role::Lan);
    let router: Vec<_> = trace
        .router_adverts()
        .filter(|ra| is_router(ra) && !ra.is.lifetime.is_zero())
        .collect();
    let given_up = trace.router_adverts().filter_map(|ra| -> Option<Finding> {
        let before = router.iter().rev().find(|other| other.at < ra.at)?;
        let probe = probes.iter().rev().find(|probe| probe.at < ra.at)?;
        let ends = is_router(&ra) && ra.is.lifetime.is_zero();
        (ends && !trace.is_disturbed(before.at, ra.at) && is_alive(trace, ra.at)).then(|| {
            finding(
                [probe.record, before.record, ra.record],
                "the device stays default router",
                format!("it gave itself up after asking {}", probe.destination),
            )
        })
    });
    never(
        "advertisement as default router on the LAN",
        router.iter().map(|ra| ra.record),
        given_up,
    )
}

/// Returns whether the line's last advertisement holds at that time, so that it has a router and,
/// where it advertises prefixes, one that is in use.
fn is_alive(trace: &Dissection<'_>, at: ngnlab_sim::Time) -> bool {
    let adverts = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.arrives <= at);
    adverts.last().is_some_and(|ra| {
        let mut prefixes = ra.is.prefixes();
        let in_use = ra.is.prefixes().next().is_none() || prefixes.any(|info| info.preferred > 0);
        ra.arrives + ra.is.lifetime > at && in_use
    })
}

#[cfg(test)]
mod tests;
