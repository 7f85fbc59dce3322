//! Answering the line's neighbour solicitations for terminals, where the upstream /64 is shared
//! (guide FAQ 1; ngn-facts §3.4).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::NeighborAdvert;
use ngnlab_sim::message::packet::solicited_node;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::{Fact, Role};

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::ruling::{Ruling, broken, every, expect, finding, never, only_in, within};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.nd.answers-for-lan",
        source: "guide FAQ 1; ngn-facts §3.4; RFC 4861 §7.2.2, §7.3.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線側からの近隣要請に、LAN側の端末に代わって、また自身のアドレスについて応答する",
            "Solicitations from the line for terminals, and for the device's own address, are answered",
        ),
        hint: Text::new(
            "NDプロキシを有効にし、WAN側のフィルタでICMPv6の近隣探索を許可し、マルチキャストのNSにもユニキャストのNSにも応答させてください。応答しないと数分後に通信できなくなります。",
            "Turn the ND proxy on, let Neighbour Discovery in on the WAN side, and let it answer multicast solicitations and unicast probes alike; without its answers all is over after minutes.",
        ),
        judge: answers_for_lan,
    },
    Check {
        id: "ngn.nd.silent-for-absent",
        source: "ngn-facts §3.4",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "存在しない端末に代わって応答しない",
            "Solicitations for absent hosts are not answered",
        ),
        hint: Text::new(
            "NDプロキシは、LAN側に実在する端末のアドレスにだけ応答させてください。",
            "Let the ND proxy answer only for addresses that exist on the LAN.",
        ),
        judge: silent_for_absent,
    },
    Check {
        id: "ngn.nd.own-link-layer",
        source: "RFC 4861 §7.2.8; ngn-facts §3.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末に代わる応答には自分のMACアドレスを入れる",
            "Answers for terminals carry the device's own MAC address",
        ),
        hint: Text::new(
            "NDプロキシの応答のTarget Link-Layer AddressはWAN側の自分のMACにしてください。",
            "Put the MAC address of the WAN into the Target Link-Layer Address option.",
        ),
        judge: own_link_layer,
    },
    Check {
        id: "ngn.nd.no-override",
        source: "RFC 4861 §7.2.4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末に代わる応答ではOフラグを立てない",
            "Answers for terminals leave the O flag clear",
        ),
        hint: Text::new(
            "代理のNAではOverrideフラグを0にしてください。本人の応答が優先されます。",
            "Clear the Override flag, so that the owner's own answer wins.",
        ),
        judge: no_override,
    },
    Check {
        id: "ngn.nd.silent-for-strangers",
        source: "RFC 4861 §7.2.3; ngn-facts §3.4",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "他回線のアドレスについて応答しない",
            "Solicitations for addresses of other lines are not answered",
        ),
        hint: Text::new(
            "回線のプレフィックス以外のアドレスへの近隣要請には応答しないでください。",
            "Answer only for addresses in the prefix of the line.",
        ),
        judge: silent_for_strangers,
    },
    Check {
        id: "ngn.nd.dad-relayed",
        source: "RFC 4389 §4.1.3.1; RFC 4862 §5.4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末の重複アドレス検出を回線側に伝える",
            "Terminals' duplicate address detection is relayed to the line",
        ),
        hint: Text::new(
            "送信元::の近隣要請もNDプロキシで回線側へ中継してください。",
            "Relay solicitations from :: to the line, too.",
        ),
        judge: detection_relayed,
    },
    Check {
        id: "ngn.nd.dad-defended",
        source: "RFC 4389 §4.1.3.1; RFC 4862 §5.4.3",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線側の重複アドレス検出から端末のアドレスを守る",
            "Terminals' addresses are defended against duplicates on the line",
        ),
        hint: Text::new(
            "送信元::の近隣要請をLAN側へも中継し、端末の応答を回線側へ中継してください。",
            "Relay solicitations from :: to the LAN, and the terminal's answer to the line.",
        ),
        judge: detection_defended,
    },
];

/// A proxy first looks on the LAN itself: three probes of a second (design §12).
const ANSWER: Duration = Duration::from_secs(3);

/// MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT (RFC 4861 §10).
const MAX_SOLICIT: usize = 3;

/// Who asks again does so within the RetransTimer: a second (RFC 4861 §10), or the ten seconds that
/// the line advertises (ngn-facts §1.1), and what frames take.
const BETWEEN: Duration = Duration::from_secs(12);

/// Returns the device's advertisements for a solicited address on the WAN.
fn answer<'d>(
    trace: &'d Dissection<'_>,
    ns: &Found<Ipv6Addr>,
) -> Option<Found<&'d NeighborAdvert>> {
    trace.neighbor_adverts().find(|na| {
        na.by_device(Role::Wan)
            && na.is.target == ns.is
            && na.at >= ns.at
            && na.at <= ns.arrives + ANSWER
    })
}

fn solicited(trace: &Dissection<'_>) -> Vec<Found<Ipv6Addr>> {
    trace
        .neighbor_solicits()
        .filter(|ns| ns.to_device(Role::Wan) && !ns.source.is_unspecified())
        .map(|ns| ns.with(ns.is.target))
        .collect()
}

fn answers_for_lan(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let own_questions = trace.upstream_dns().into_iter();
        let asked_by: Vec<_> = own_questions
            .map(|exchange| (exchange.query.source, exchange.query.at))
            .collect();
        let present = series(solicited(trace), trace)
            .into_iter()
            .filter(|series| {
                let ns = &series[0];
                let spoke = trace.packets.iter().any(|found| {
                    found.to_device(Role::Lan)
                        && !found.injected
                        && found.source == ns.is
                        && found.at <= ns.at
                });
                let gone = trace.facts.iter().any(|told| {
                    matches!(told.fact, Fact::AddressGone { address } if *address == ns.is)
                        && told.at <= ns.at + ANSWER
                });
                // What it asks by; another address of its own it may answer from, and not be asked for.
                let is_own = asked_by
                    .iter()
                    .any(|(source, at)| *source == ns.is && *at <= ns.at);
                spoke && !gone && trace.is_terminal(ns.is)
                    || is_own && !trace.is_terminal(ns.is) && !ns.is.is_unicast_link_local()
            });
        every(
            "solicitation from the line for a terminal or the device",
            present,
            |series| {
                let (first, last) = (&series[0], &series[series.len() - 1]);
                if let Some(na) = answer(trace, last) {
                    return Ruling::Holds(vec![last.record, na.record]);
                }
                let over = last.arrives
                    + if series.len() < MAX_SOLICIT {
                        BETWEEN
                    } else {
                        ANSWER
                    };
                if trace.end() < over || trace.is_disturbed(first.at, over) {
                    return Ruling::Skip;
                }
                let kind = if first.destination.is_multicast() {
                    "multicast"
                } else {
                    "unicast"
                };
                broken(
                    series.iter().map(|ns| ns.record),
                    format!("a Neighbor Advertisement of {} within 3 s", first.is),
                    format!("none, though asked {} times by {kind}", series.len()),
                )
                .unless_late(
                    trace,
                    Delay::InVain {
                        from: first.at,
                        to: last.at,
                    },
                )
            },
        )
    })
}

/// Sorts solicitations into questions: who gets no answer asks again, and gives the neighbour up
/// after the third time (RFC 4861 §7.2.2, §7.3.3). An answer ends the question.
fn series(solicited: Vec<Found<Ipv6Addr>>, trace: &Dissection<'_>) -> Vec<Vec<Found<Ipv6Addr>>> {
    let mut series: Vec<Vec<Found<Ipv6Addr>>> = Vec::new();
    for ns in solicited {
        let asks_again = |before: &&mut Vec<Found<Ipv6Addr>>| {
            let last = &before[before.len() - 1];
            let same = last.is == ns.is
                && last.source == ns.source
                && last.destination.is_multicast() == ns.destination.is_multicast();
            same && before.len() < MAX_SOLICIT
                && ns.at.since(last.at) < BETWEEN
                && answer(trace, last).is_none()
        };
        match series.iter_mut().rev().find(asks_again) {
            Some(before) => before.push(ns),
            None => series.push(vec![ns]),
        }
    }
    series
}

/// Judges that no address of these was answered for.
fn unanswered(
    trace: &Dissection<'_>,
    what: &str,
    asked: &[Found<Ipv6Addr>],
    about: &str,
) -> Verdict {
    let answered = asked.iter().filter_map(|ns| {
        let na = answer(trace, ns)?;
        Some(finding(
            [ns.record, na.record],
            format!("silence about {}, {about}", ns.is),
            "a Neighbor Advertisement",
        ))
    });
    never(what, asked.iter().map(|ns| ns.record), answered)
}

fn silent_for_absent(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let mut absent = solicited(trace);
        absent.retain(|ns| {
            let lives = trace.packets.iter().any(|found| found.source == ns.is);
            let probed = trace
                .neighbor_solicits()
                .any(|other| other.source.is_unspecified() && other.is.target == ns.is);
            ns.injected && !ns.is.is_unicast_link_local() && !lives && !probed
        });
        let what = "solicitation for an absent host";
        unanswered(trace, what, &absent, "which nobody has")
    })
}

/// Returns what the device says on the WAN about terminals' addresses.
fn proxied<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = Found<&'d NeighborAdvert>> {
    trace.neighbor_adverts().filter(|na| {
        na.by_device(Role::Wan)
            && !na.is.target.is_unicast_link_local()
            && trace.is_terminal(na.is.target)
    })
}

fn own_link_layer(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        every("answer for a terminal", proxied(trace), |na| {
            let Some(named) = na.is.target_link_layer else {
                return Ruling::Skip;
            };
            // Whoever bridges sends the terminal's frames under the terminal's own MAC address.
            expect(
                [na.record],
                named == na.eth_source || named == trace.setup().wan_mac,
                format!("the device's MAC address {}", trace.setup().wan_mac),
                named.to_string(),
            )
        })
    })
}

fn no_override(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        every("answer for a terminal", proxied(trace), |na| {
            expect(
                [na.record],
                !na.is.replace,
                "the O flag clear",
                "the O flag set",
            )
        })
    })
}

fn silent_for_strangers(trace: &Dissection<'_>) -> Verdict {
    let foreign: Vec<_> = solicited(trace)
        .into_iter()
        .filter(|ns| {
            let ours = trace.assignments().any(|(_, net)| net.contains(&ns.is))
                || trace.lan_prefixes().iter().any(|net| net.contains(&ns.is));
            let probed = trace
                .neighbor_solicits()
                .any(|other| other.source.is_unspecified() && other.is.target == ns.is);
            ns.injected && !ns.is.is_unicast_link_local() && !ours && !probed
        })
        .collect();
    let what = "solicitation for an address of another line";
    unanswered(trace, what, &foreign, "an address of another line")
}

fn detection_relayed(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let detections = trace.neighbor_solicits().filter(|ns| {
            ns.to_device(Role::Lan)
                // Who tries out the device's own address need not be told of the line.
                && !ns.injected
                && ns.source.is_unspecified()
                // RFC 4861 §7.1.1: any other from `::` is thrown away, not handed on.
                && ns.hop_limit == 255
                && ns.is.source_link_layer.is_none()
                && ns.destination == solicited_node(ns.is.target)
                && trace
                    .lan_prefixes()
                    .iter()
                    .any(|net| net.contains(&ns.is.target))
        });
        every(
            "duplicate address detection of a terminal",
            detections,
            |ns| {
                let mut told = trace
                    .router_adverts()
                    .filter(|ra| ra.by_device(Role::Lan) && ra.arrives <= ns.at + ANSWER);
                // What the line has taken back is looked for by nobody.
                let is_gone = told.any(|ra| {
                    ra.is.prefixes().any(|info| {
                        let net = net_of(info).is_some_and(|net| net.contains(&ns.is.target));
                        net && info.preferred == 0
                    })
                });
                if is_gone || trace.is_disturbed(ns.at, ns.arrives + ANSWER) {
                    return Ruling::Skip;
                }
                let relayed = trace.neighbor_solicits().find(|other| {
                    other.by_device(Role::Wan)
                        && other.is.target == ns.is.target
                        && other.at >= ns.at
                });
                within(
                    trace,
                    &ns,
                    relayed.as_ref(),
                    ANSWER,
                    "the solicitation on the WAN",
                )
            },
        )
    })
}

fn detection_defended(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let detections = trace.neighbor_solicits().filter(|ns| {
            ns.to_device(Role::Wan)
                && ns.injected
                && ns.source.is_unspecified()
                && trace.is_terminal(ns.is.target)
        });
        every(
            "duplicate address detection on the line",
            detections,
            |ns| {
                if trace.is_disturbed(ns.at, ns.arrives + ANSWER) {
                    return Ruling::Skip;
                }
                let defended = trace.neighbor_adverts().find(|na| {
                    na.by_device(Role::Wan) && na.is.target == ns.is.target && na.at >= ns.at
                });
                within(
                    trace,
                    &ns,
                    defended.as_ref(),
                    ANSWER,
                    "a Neighbor Advertisement",
                )
            },
        )
    })
}

#[cfg(test)]
mod tests;
