//! The portal as every terminal uses it: today and in half an hour, the first and the second, with
//! many connections.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Fact;

use crate::checks::check::{Check, ONS};
use crate::checks::delay::Delay;
use crate::checks::evidence::site_visits::{
    LINE_AUTH, PORTAL, STILL_OPENING, TEST_PORTAL, beyond, hosts, opened, owner, reaches,
    tried_in_vain,
};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Connection, Dissection, Told};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.test-portal.reachable",
        source: "guide p.15, p.18",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末から接続テスト用の画面に接続できる",
            "Terminals reach the connection-test portal over TLS",
        ),
        hint: Text::new(
            "hweb.oqs-st.onshikaku.orgの名前解決と、IPv6のTCP 443番の通過を確認してください。",
            "Look at how hweb.oqs-st.onshikaku.org resolves, and let TCP port 443 pass over IPv6.",
        ),
        judge: reaches_test_portal,
    },
    Check {
        id: "ons.portal.stays-reachable",
        source: "guide Q1; ngn-facts §3.4",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "一度接続できたオンライン資格確認に、時間がたっても接続できる",
            "ONS, once reached, is still reached later",
        ),
        hint: Text::new(
            "数分後に切れるときは、上位からの近隣要請に答え続けるか、再配布をDHCPv6-PDに変更してください。",
            "If it breaks after minutes, keep answering solicitations from upstream, or change to DHCPv6-PD.",
        ),
        judge: stays_reachable,
    },
    Check {
        id: "ons.second-terminal.works",
        source: "guide Q14, Q16",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "2台目の端末からもオンライン資格確認に接続できる",
            "The second terminal reaches ONS, too",
        ),
        hint: Text::new(
            "中継や近隣代理の対象を1台に限らず、すべての端末の通信を通してください。",
            "Do not limit forwarding or neighbour proxying to one terminal.",
        ),
        judge: second_terminal,
    },
    Check {
        id: "ons.parallel-connections",
        source: "guide Q14",
        level: Level::Should,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末が同時に開く多数の接続がすべて通る",
            "Many connections that a terminal opens at once all get through",
        ),
        hint: Text::new(
            "端末あたりのセッション数の上限を見直してください。",
            "Raise the limit on sessions for each terminal.",
        ),
        judge: parallel_connections,
    },
    Check {
        id: "ons.portal.reachable",
        source: "guide p.18",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末からオンライン資格確認等システムの画面に接続できる",
            "Terminals reach the ONS portal over TLS",
        ),
        hint: Text::new(
            "onshikaku.orgの名前解決と、IPv6のTCP 443番の通過を確認してください。",
            "Look at how onshikaku.org resolves, and let TCP port 443 pass over IPv6.",
        ),
        judge: reaches_portal,
    },
];

const NAMES: [&str; 3] = [LINE_AUTH, PORTAL, TEST_PORTAL];

fn reaches_test_portal(trace: &Dissection<'_>) -> Verdict {
    let site = trace.header().line.area.values().portal_test;
    reaches(trace, &[TEST_PORTAL], &[site], |_, _| true)
}

/// Returns the first TLS session with one of the sites, and its client.
fn first_reached<'t>(trace: &Dissection<'t>) -> Option<(Told<'t>, Ipv6Addr)> {
    trace.facts.iter().find_map(|told| match told.fact {
        Fact::Tls {
            host: Some(host),
            peer,
            ..
        } if NAMES.contains(&&**host) => Some((*told, *peer)),
        _ => None,
    })
}

fn stays_reachable(trace: &Dissection<'_>) -> Verdict {
    let Some((first, _)) = first_reached(trace) else {
        return Verdict::Inconclusive("no site was reached in the first place".to_owned());
    };
    let since = first.at + LATER;
    let later = reaches(trace, &NAMES, &hosts(trace), |at, _| at >= since);
    match (later, tried_in_vain(trace, since)) {
        (Verdict::Inconclusive(_), Some(tried)) => every("later attempt", [tried], |tried| {
            if trace.is_disturbed(since, tried.at) {
                return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
            }
            broken(
                [first.record, tried.record],
                "a connection to ONS as before",
                "the terminal had nothing to send it with",
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: since,
                    to: tried.at,
                },
            )
        }),
        (verdict, _) => verdict,
    }
}

fn second_terminal(trace: &Dissection<'_>) -> Verdict {
    let first = first_reached(trace);
    let Some((first, mac)) = first.and_then(|(told, peer)| Some((told, owner(trace, peer)?)))
    else {
        return Verdict::Inconclusive("no site was reached in the first place".to_owned());
    };
    reaches(trace, &NAMES, &hosts(trace), |at, other| {
        at >= first.at && other != mac
    })
}

fn parallel_connections(trace: &Dissection<'_>) -> Verdict {
    let all = opened(trace, &hosts(trace));
    let at_once = |one: &&Connection| {
        let near = |other: &&&Connection| {
            other.client.0 == one.client.0
                && other.at <= one.at + AT_ONCE
                && one.at <= other.at + AT_ONCE
        };
        all.iter().filter(near).count() >= MANY
    };
    let many = all.iter().copied().filter(at_once);
    every("ten connections at once", many, |near| passes(trace, near))
}

fn passes(trace: &Dissection<'_>, near: &Connection) -> Ruling {
    if near.at + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    if trace.is_disturbed(near.at, near.last.1) {
        return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
    }
    let expected = "each of the connections passed on, and its answers back";
    let Some(far) = beyond(trace, near) else {
        return broken([near.syn], expected, "one never left on the WAN").unless_late(
            trace,
            Delay::InVain {
                from: near.at,
                to: near.last.1,
            },
        );
    };
    if far.accepted.is_none() {
        return Ruling::Unclear("the site did not answer".to_owned());
    }
    if far.last.1 + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    expect(
        [near.syn, far.syn, far.last.0],
        near.accepted.is_some() && near.down >= far.down,
        expected,
        format!(
            "{} of the site's {} bytes reached the LAN",
            near.down, far.down
        ),
    )
    .unless_late(
        trace,
        Delay::InVain {
            from: near.at,
            to: far.last.1 + STILL_OPENING,
        },
    )
}

/// Long enough for entries of neighbours to become stale (RFC 4861 §10: 30 s).
const LATER: Duration = Duration::from_secs(30);

/// So many connections within so short a time are opened at once, as browsers do.
const MANY: usize = 10;

const AT_ONCE: Duration = Duration::from_secs(2);

fn reaches_portal(trace: &Dissection<'_>) -> Verdict {
    let values = trace.header().line.area.values();
    let sites = [values.portal, values.portal_test];
    reaches(trace, &[PORTAL, TEST_PORTAL], &sites, |_, _| true)
}

#[cfg(test)]
mod tests;
