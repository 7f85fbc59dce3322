//! How the device asks for routers on the WAN, and when it stops (RFC 4861 §6.3.7).

use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::RouterSolicit;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::{Delay, unless_late};
use crate::checks::ruling::{Ruling, at_least, broken, every, expect, finding, never, seconds};
use crate::dissection::{Dissection, Found};
use crate::scenario::step::cable::Wire;

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
        id: "wan.nd.rs-after-link-up",
        source: "RFC 4861 §6.3.7",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WANのリンクが復旧したらRSを送る",
            "Routers are solicited when the WAN's link comes back",
        ),
        hint: Text::new(
            "WANのリンクが復旧したら、RAを待たずにRSを送ってください。",
            "Send Router Solicitations when the link comes back instead of waiting for an advertisement.",
        ),
        judge: rs_after_link_up,
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
        id: "wan.nd.rs-backoff",
        source: "RFC 4861 §6.3.7, §10; RFC 7559 §2",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "応答のないRSは3回で止めるか、間隔を延ばしていく",
            "Without an answer, Router Solicitations end after the third, or become rarer",
        ),
        hint: Text::new(
            "RAが届かないままのRSは3回で止めるか、4秒、8秒、16秒のように間隔を延ばしてください。",
            "Stop after three solicitations without an advertisement, or double the interval each time.",
        ),
        judge: rs_backoff,
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
];

/// What a sender may be early by: clocks and links are not exact.
const SLACK: Duration = Duration::from_millis(100);

/// How long a Linux host waits at least when it backs off from 4 s by RFC 7559 §2, which allows
/// ten per cent less.
const RS_INTERVAL: Duration = Duration::from_millis(3600);

/// RFC 4861 §10.
const MAX_RTR_SOLICITATIONS: usize = 3;

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

/// Programs that look at the link now and then, and slow duplicate address detection (ngn-facts
/// §1.1).
const NOTICED_AFTER: Duration = Duration::from_secs(30);

fn rs_after_link_up(trace: &Dissection<'_>) -> Verdict {
    let pulls = trace.steps.iter().filter(|step| step.pulls(Wire::Wan));
    every("return of the WAN's cable", pulls, |step| {
        let due = step.at + NOTICED_AFTER;
        let mut sent = trace
            .packets
            .iter()
            .filter(|found| found.by_device(Role::Wan));
        let was_up = sent.any(|found| found.at < step.began() && !found.source.is_unspecified());
        let is_cut = trace.steps.iter().any(|other| {
            let restarts = other.record != step.record && other.restarts_device();
            restarts && step.began() <= other.at && other.began() <= due
        });
        let mut adverts = trace.router_adverts().filter(|ra| ra.to_device(Role::Wan));
        let mut solicits = trace.router_solicits().filter(|rs| rs.by_device(Role::Wan));
        let solicit = solicits.find(|rs| step.at <= rs.at);
        match solicit {
            Some(rs) if rs.at <= due && was_up => Ruling::Holds(vec![step.record, rs.record]),
            _ if !step.is_done() || is_cut || !was_up || trace.end() < due => Ruling::Skip,
            // Who has heard of a router need not ask (RFC 4861 §6.3.7).
            _ if adverts.any(|ra| step.at <= ra.arrives && ra.arrives <= due) => Ruling::Skip,
            later => broken(
                [step.record],
                format!(
                    "a Router Solicitation within {} of the cable's return",
                    seconds(NOTICED_AFTER)
                ),
                "none",
            )
            .unless_late(
                trace,
                Delay::past(step.at, due, later.map(|later| later.at)),
            ),
        }
    })
}

fn rs_after_dad(trace: &Dissection<'_>) -> Verdict {
    // What was tried out before the power was cut has to be tried out again.
    let probe_of = |rs: &Found<&RouterSolicit>| {
        let cuts = trace.steps.iter().filter(|step| step.cuts_power());
        let since = cuts.map(|step| step.at).filter(|at| *at <= rs.at).max();
        let mut probes = trace.neighbor_solicits().filter(|ns| {
            ns.by_device(Role::Wan)
                && ns.source.is_unspecified()
                && ns.is.target == rs.source
                && since.is_none_or(|since| since <= ns.at)
        });
        probes.next().map(|ns| (ns.at, ns.record))
    };
    let solicits = trace.router_solicits().filter(|rs| rs.by_device(Role::Wan));
    every(
        "Router Solicitation from a link-local address",
        solicits,
        |rs| {
            if !rs.source.is_unicast_link_local() {
                return Ruling::Skip;
            }
            match probe_of(&rs) {
                Some((at, record)) if at <= rs.at => at_least(
                    trace,
                    [record, rs.record],
                    [at, rs.at],
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
            [first.at, second.at],
            RS_INTERVAL.saturating_sub(SLACK),
            "4 s between them, or a tenth less",
        )
    })
}

/// The interval after the third solicitation is the fourth of RFC 7559 §2, eight times the first
/// less its jitter. Half of that already shows that a device backs off.
const RARER: Duration = Duration::from_secs(8);

fn rs_backoff(trace: &Dissection<'_>) -> Verdict {
    let mut rows: Vec<Vec<(Time, RecordId)>> = Vec::new();
    for rs in trace.router_solicits().filter(|rs| rs.by_device(Role::Wan)) {
        let goes_on = rows.last().and_then(|row| row.last()).is_some_and(|last| {
            let answered = trace
                .router_adverts()
                .any(|ra| ra.to_device(Role::Wan) && last.0 <= ra.arrives && ra.at <= rs.at);
            let probed = trace.neighbor_solicits().any(|ns| {
                let own = ns.by_device(Role::Wan) && ns.source.is_unspecified();
                own && last.0 < ns.at && ns.at < rs.at
            });
            !answered && !probed && !trace.is_disturbed(last.0, rs.at)
        });
        match rows.last_mut().filter(|_| goes_on) {
            Some(row) => row.push((rs.at, rs.record)),
            None => rows.push(vec![(rs.at, rs.record)]),
        }
    }
    let unanswered = rows.iter().filter(|row| row.len() >= MAX_RTR_SOLICITATIONS);
    every("third Router Solicitation in vain", unanswered, |row| {
        let (third, later) = row.split_at(MAX_RTR_SOLICITATIONS);
        let (at, record) = third[MAX_RTR_SOLICITATIONS - 1];
        // Who has a router, or asks too often as it is, is told so by other checks.
        let known = trace.router_adverts().any(|ra| {
            ra.to_device(Role::Wan) && ra.arrives <= at && at < ra.arrives + ra.is.lifetime
        });
        let too_often = third
            .windows(2)
            .any(|pair| pair[1].0.since(pair[0].0) + SLACK < RS_INTERVAL);
        if known || too_often {
            return Ruling::Skip;
        }
        match later.first() {
            Some((next, again)) => at_least(
                trace,
                [record, *again],
                [at, *next],
                RARER,
                format!("none after the third, or {} and more later", seconds(RARER)),
            ),
            None if trace.end() < at + RARER || trace.is_disturbed(at, at + RARER) => Ruling::Skip,
            None => Ruling::Holds(vec![record]),
        }
    })
}

fn rs_stop(trace: &Dissection<'_>) -> Verdict {
    let solicits = || trace.router_solicits().filter(|rs| rs.by_device(Role::Wan));
    // RFC 4861 §6.3.7 speaks of a host that has solicited: an advertisement that comes by itself
    // before the first solicitation binds nobody.
    let adverts: Vec<_> = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && !ra.is.lifetime.is_zero())
        // RFC 4861 §6.1.2.
        .filter(|ra| ra.source.is_unicast_link_local())
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
            let again = finding(
                [ra.record, rs.record],
                "no Router Solicitation after the advertisement",
                format!("one {} later", seconds(rs.at.since(ra.arrives))),
            );
            let delay = Delay::Overrun {
                from: ra.arrives,
                to: rs.at,
                by: rs.at.since(ra.arrives),
            };
            unless_late(again, trace, delay)
        })
    });
    never(
        "answer to a Router Solicitation on the WAN",
        occasions,
        late,
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
    use ngnlab_sim::message::packet::{ALL_NODES, ALL_ROUTERS, solicited_node};
    use ngnlab_sim::trace::End;

    use super::*;
    use crate::checks::test_verdicts::verdict;
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
}
