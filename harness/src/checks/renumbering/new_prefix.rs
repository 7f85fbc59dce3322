//! What becomes of the LAN when the line gets its prefix, and when it gets another one
//! (ngn-facts §1.1, §1.3; guide p.6, p.16).

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::ruling::{Ruling, broken, every, expect, only_in, seconds};
use crate::dissection::{Dissection, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.ra.first-prefix",
        source: "guide p.6; RFC 4861 §6.3.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線のRAのプレフィックスが60秒以内にLANに広告される",
            "The prefix of the line's RA is advertised on the LAN within 60 s",
        ),
        hint: Text::new(
            "RSへの応答でないRAも受け入れ、そのプレフィックスをLANに再配布してください。",
            "Take in advertisements that nobody solicited, too, and hand their prefix on.",
        ),
        judge: first_prefix,
    },
    Check {
        id: "ngn.ra.renumber",
        source: "ngn-facts §1.3; guide p.6, p.16",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "RA回線のプレフィックスが変わると、60秒以内に新しいものがLANに広告される",
            "After an RA line was renumbered the LAN hears of the new prefix within 60 s",
        ),
        hint: Text::new(
            "起動時のプレフィックスを使い続けず、RAの変化に追従してください（ngn typeなど）。",
            "Follow what the line advertises instead of keeping the first prefix.",
        ),
        judge: ra_renumber,
    },
    Check {
        id: "ngn.pd.renumber",
        source: "ngn-facts §1.3; RFC 8415 §18.2.10.1; guide p.16",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "別のプレフィックスが委任されると、60秒以内にLANに広告される",
            "After another prefix was delegated the LAN hears of it within 60 s",
        ),
        hint: Text::new(
            "Replyで委任されたプレフィックスが変わったら、LANのプレフィックスも変えてください。",
            "Move the LAN to the prefix of the latest Reply.",
        ),
        judge: pd_renumber,
    },
    Check {
        id: "ngn.renumber.passes-new-prefix",
        source: "ngn-facts §1.3; RFC 7084 §4.5 S-2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "プレフィックスの変更後、端末の新しいアドレスからの通信を通す",
            "After renumbering, what terminals send from new addresses is passed on",
        ),
        hint: Text::new(
            "送信元アドレスのフィルタと経路を新しいプレフィックスに合わせてください。",
            "Have source filter and routes follow the new prefix.",
        ),
        judge: passes_new_prefix,
    },
    Check {
        id: "ngn.renumber.own-source",
        source: "RFC 4862 §5.5.4; RFC 8415 §18.2.10.1",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "取り下げられたプレフィックスの送信元でDNSを問い合わせない",
            "The device's own DNS questions leave a withdrawn prefix behind",
        ),
        hint: Text::new(
            "DNSの問い合わせの送信元を、新しいプレフィックスのアドレスに切り替えてください。",
            "Have the DNS proxy send from an address of the new prefix.",
        ),
        judge: own_source,
    },
];

/// No document names a bound (inferred): the line's Retrans Timer takes 10 s for duplicate address
/// detection (ngn-facts §1.1), advertisements are 3 s apart, and programs start one another.
const HANDED_ON_WITHIN: Duration = Duration::from_secs(60);

/// The same without the LAN's part.
const SOURCE_MOVES_WITHIN: Duration = Duration::from_secs(25);

/// Time to set filter and routes once the LAN has heard of a prefix.
const FILTER_MOVES_WITHIN: Duration = Duration::from_secs(10);

/// Fewer packets that do not get through may have other reasons.
const FEWEST: usize = 3;

/// What the line said of one prefix at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    record: RecordId,
    at: Time,
    net: Ipv6Net,
    alive: bool,
    valid: bool,
}

/// Returns what the line itself said of its prefixes, by the way the device is configured for.
pub(super) fn words(trace: &Dissection<'_>) -> Vec<Word> {
    match trace.setup().mode {
        Mode::Ra | Mode::Bridge => trace
            .router_adverts()
            .filter(|ra| ra.to_device(Role::Wan) && !ra.injected)
            .flat_map(|ra| {
                let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
                prefixes.into_iter().filter_map(move |info| {
                    // Nobody takes one that is preferred for longer than valid (RFC 4862 §5.5.3 c).
                    let fits = info.length == 64 && info.preferred <= info.valid;
                    let usable = info.autonomous && fits && is_routable(info.prefix);
                    Some(Word {
                        record: ra.record,
                        at: ra.arrives,
                        net: net_of(&info).filter(|_| usable)?,
                        alive: info.preferred > 0 && info.valid > 0,
                        valid: info.valid > 0,
                    })
                })
            })
            .collect(),
        Mode::Pd => trace
            .dhcpv6
            .iter()
            .filter(|found| found.to_device(Role::Wan) && !found.injected)
            // Another router on the segment has its own.
            .filter(|found| {
                let to = found.eth_destination;
                to.is_multicast() || trace.device_macs().contains(&to)
            })
            .filter(|found| found.is.kind == Kind::Reply && found.is.success())
            .flat_map(|found| {
                let good = found.is.delegations().into_iter().filter(|ia| ia.success);
                good.flat_map(|ia| ia.prefixes).map(move |prefix| Word {
                    record: found.record,
                    at: found.arrives,
                    net: prefix.prefix,
                    alive: prefix.preferred > 0 && prefix.valid > 0,
                    valid: prefix.valid > 0,
                })
            })
            .collect(),
    }
}

/// One moment at which the line went over to a prefix, the first one included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) record: RecordId,
    pub(super) at: Time,
    pub(super) before: Option<Ipv6Net>,
    net: Ipv6Net,
    /// When the line took it back or went on to another one.
    pub(super) until: Time,
}

pub(super) fn changes(words: &[Word]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for word in words {
        let current = changes.last_mut().filter(|last| last.until == Time::NEVER);
        match (current, word.alive) {
            (Some(last), true) if last.net == word.net => {}
            (Some(last), false) if last.net == word.net => last.until = word.at,
            (_, false) => {}
            // Two prefixes at once are no change.
            (Some(last), true) if speaks_of(words, word.record, last.net) => {}
            (last, true) => {
                if let Some(last) = last {
                    last.until = word.at;
                }
                let before = changes.last().map(|last| last.net);
                changes.push(Change {
                    record: word.record,
                    at: word.at,
                    before: before.filter(|net| *net != word.net),
                    net: word.net,
                    until: Time::NEVER,
                });
            }
        }
    }
    changes
}

fn speaks_of(words: &[Word], record: RecordId, net: Ipv6Net) -> bool {
    words
        .iter()
        .any(|word| word.record == record && word.net == net && word.alive)
}

fn first_prefix(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let first = changes(&words(trace)).into_iter().take(1);
        every("prefix from the line", first, |change| {
            handed_on(trace, &change)
        })
    })
}

fn ra_renumber(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || renumbered(trace))
}

fn pd_renumber(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || renumbered(trace))
}

fn renumbered(trace: &Dissection<'_>) -> Verdict {
    let changes = changes(&words(trace)).into_iter();
    let moved = changes.filter(|change| change.before.is_some());
    every("change of the line's prefix", moved, |change| {
        // What lies in the smaller delegation, too, stays as it is.
        let stays = trace.lan_prefixes().iter().any(|net| {
            change.net.contains(net) && change.before.is_some_and(|it| it.contains(net))
        });
        if stays {
            return Ruling::Skip;
        }
        handed_on(trace, &change)
    })
}

fn handed_on(trace: &Dissection<'_>, change: &Change) -> Ruling {
    let since = trace.heard_on_lan_from(change.at);
    let deadline = since + HANDED_ON_WITHIN;
    let told = adverts(trace).find(|ra| {
        ra.at >= change.at
            && ra.is.prefixes().any(|info| {
                let net = net_of(info);
                info.preferred > 0 && net.is_some_and(|net| change.net.contains(&net))
            })
    });
    let expected = format!(
        "a part of {} advertised on the LAN within {}",
        change.net,
        seconds(HANDED_ON_WITHIN)
    );
    let took = told.as_ref().map(|ra| ra.at.since(since));
    match (told, took) {
        (Some(ra), Some(took)) if took <= HANDED_ON_WITHIN => {
            Ruling::Holds(vec![change.record, ra.record])
        }
        _ if deadline > trace.end() || deadline > change.until => Ruling::Skip,
        _ if trace.is_claimed(deadline) => {
            Ruling::Unclear("somebody has claimed the device's addresses".to_owned())
        }
        _ if trace.is_interrupted(change.at, deadline) => {
            Ruling::Unclear("a cable or the power was cut, or frames got lost".to_owned())
        }
        (Some(ra), Some(took)) => broken(
            [change.record, ra.record],
            expected,
            format!("it came after {}", seconds(took)),
        )
        .unless_late(
            trace,
            Delay::Overrun {
                from: since,
                to: ra.at,
                by: took - HANDED_ON_WITHIN,
            },
        ),
        _ => broken([change.record], expected, "nothing of the kind").unless_late(
            trace,
            Delay::Silence {
                from: since,
                due: deadline,
            },
        ),
    }
}

fn passes_new_prefix(trace: &Dissection<'_>) -> Verdict {
    let changes = changes(&words(trace)).into_iter();
    let moved = changes.filter(|change| change.before.is_some());
    every("change of the line's prefix", moved, |change| {
        let told = adverts(trace).find(|ra| {
            ra.at >= change.at
                && ra.is.lifetime > Duration::ZERO
                && ra.is.prefixes().any(|info| {
                    info.preferred > 0 && net_of(info).is_some_and(|net| change.net.contains(&net))
                })
        });
        let Some(told) = told else {
            return Ruling::Skip;
        };
        let from = told.at + FILTER_MOVES_WITHIN;
        let outward = |source: Ipv6Addr, to: Ipv6Addr| {
            change.net.contains(&source) && is_routable(to) && !change.net.contains(&to)
        };
        let sent: Vec<_> = trace
            .packets
            .iter()
            .filter(|found| {
                found.to_device(Role::Lan)
                    && !found.injected
                    && (from..change.until).contains(&found.at)
                    && found.hop_limit > 1
                    && outward(found.source, found.destination)
                    && !trace.is_device_address(found.destination)
                    && is_transport(&found.is)
            })
            .collect();
        let passed = trace.packets.iter().find(|found| {
            found.by_device(Role::Wan)
                && found.at >= change.at
                && trace.is_terminal(found.source)
                && outward(found.source, found.destination)
        });
        match passed {
            Some(found) => Ruling::Holds(vec![change.record, found.record]),
            None if sent.len() < FEWEST => Ruling::Skip,
            None if trace.is_disturbed(change.at, trace.end()) => {
                Ruling::Unclear("a cable or the power was cut, or frames got lost".to_owned())
            }
            None => broken(
                [change.record, told.record]
                    .into_iter()
                    .chain(sent.iter().map(|found| found.record)),
                format!("packets from {} passed on to the line", change.net),
                "not one left on the WAN",
            )
            .unless_late(
                trace,
                Delay::InVain {
                    from: told.at,
                    to: sent.last().map_or(from, |last| last.at),
                },
            ),
        }
    })
}

fn is_transport(packet: &ngnlab_sim::message::packet::Packet<'_>) -> bool {
    packet.udp().is_some() || packet.tcp().is_some()
}

fn own_source(trace: &Dissection<'_>) -> Verdict {
    let words = words(trace);
    let changes = changes(&words);
    let asked = trace.upstream_dns().into_iter().filter_map(|exchange| {
        let query = exchange.query;
        let change = changes
            .iter()
            .find(|change| (change.at..change.until).contains(&query.at))?;
        let settled = change.before.is_some() && change.at + SOURCE_MOVES_WITHIN <= query.at;
        settled.then_some((*change, query))
    });
    every(
        "DNS question of the device after the line was renumbered",
        asked,
        |(change, query)| {
            // Only what the line took back explicitly is not to be used.
            let last = words.iter().rev().find(|word| {
                word.at + SOURCE_MOVES_WITHIN <= query.at && word.net.contains(&query.source)
            });
            let gone = last.is_some_and(|word| match trace.setup().mode {
                Mode::Ra | Mode::Bridge => !word.alive,
                Mode::Pd => !word.valid,
            });
            expect(
                [change.record, query.record],
                !gone,
                format!("a source in {}", change.net),
                format!("{}, which the line has withdrawn", query.source),
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: change.at,
                    to: query.at,
                    by: last.map_or(Duration::ZERO, |word| {
                        query.at.since(word.at + SOURCE_MOVES_WITHIN)
                    }),
                },
            )
        },
    )
}

#[cfg(test)]
mod tests;
