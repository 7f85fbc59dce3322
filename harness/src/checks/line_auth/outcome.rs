//! Line authentication as the site sees it: it comes to its end, from addresses of the line alone,
//! and a power cut of the router does not undo it.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Fact, LineState, Role, Screen};

use crate::checks::check::{Check, ONS};
use crate::checks::delay::Delay;
use crate::checks::evidence::shown_pages::{Sent, arrives};
use crate::checks::evidence::site_visits::{
    HTTPS, LINE_AUTH, PORTAL, TEST_PORTAL, reaches, tried_in_vain,
};
use crate::checks::evidence::trouble::delegates_instead;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Told};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.line-auth.completes",
        source: "guide p.16, p.17",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "登録済みの回線で「希望する」を選ぶと、回線認証の成功画面が端末に届く",
            "On a registered line, choosing 希望する brings the success screen to the terminal",
        ),
        hint: Text::new(
            "端末のアドレスを回線のプレフィックスから割り当て、TCPの無通信タイマを30秒より長くしてください。",
            "Give terminals addresses of the line's prefix, and keep idle TCP connections for longer than 30 s.",
        ),
        judge: completes,
    },
    Check {
        id: "ons.line-auth.one-source",
        source: "guide Q14, Q16; ngn-facts §5.9",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末からオンライン資格確認への通信が、すべて回線に割り当てられたプレフィックスから出る",
            "Everything terminals send to ONS comes from the prefix assigned to the line",
        ),
        hint: Text::new(
            "LANには回線から配布されたプレフィックスだけを再配布し、アドレス変換はしないでください。",
            "Hand on nothing but the line's prefix to the LAN, and translate no addresses.",
        ),
        judge: one_source,
    },
    Check {
        id: "ons.line-auth.after-power-cut",
        source: "guide p.16; ngn-facts §5.9",
        level: Level::Should,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "ルータの電源を入れ直しても、1分後にはオンライン資格確認に接続できる",
            "A minute after a power cut of the router, ONS is reached again",
        ),
        hint: Text::new(
            "プレフィックスの取得とドメインごとのDNS設定が、再起動後に自動で復元されることを確認してください。",
            "Make sure that the prefix and the per-domain DNS table come back by themselves after a restart.",
        ),
        judge: after_power_cut,
    },
];

fn completes(trace: &Dissection<'_>) -> Verdict {
    let line = &trace.header().line;
    if line.first_state() != LineState::Registered {
        return Verdict::Inconclusive("the line is not registered for ONS".to_owned());
    }
    let chosen = trace.facts.iter().filter(|told| {
        matches!(told.fact, Fact::HttpRequest { host, choice: Some(choice), .. }
            if host == LINE_AUTH && choice == ACCEPT)
    });
    every("choice of 希望する", chosen, |told| {
        outcome(trace, told)
    })
}

fn outcome(trace: &Dissection<'_>, chosen: &Told<'_>) -> Ruling {
    let Fact::HttpRequest { peer, .. } = chosen.fact else {
        return Ruling::Skip;
    };
    let answer = trace.facts.iter().find_map(|told| match told.fact {
        Fact::ScreenServed { peer: to, screen }
            if told.record > chosen.record && told.node == chosen.node && to == peer =>
        {
            Some((told, *screen))
        }
        _ => None,
    });
    let Some((served, screen)) = answer else {
        return Ruling::Skip;
    };
    let records = [chosen.record, served.record];
    match screen {
        Screen::M1 | Screen::M1b | Screen::M2 | Screen::M2b => {}
        // The line is registered, but this address belongs to no line or to another one.
        Screen::M7 if !is_assigned(trace, *peer, served) => {
            return broken(
                records,
                "the success screen for a terminal of the registered line",
                format!("the site knows no line with the address {peer}"),
            );
        }
        // What the site says of itself is not the device's fault.
        _ => return Ruling::Skip,
    }
    let sent = Sent {
        asked: chosen,
        served,
        peer: *peer,
        screen,
        site: trace.header().line.area.values().line_auth,
    };
    arrives(trace, sent, "the success screen on the terminal")
}

fn is_assigned(trace: &Dissection<'_>, peer: std::net::Ipv6Addr, at: &Told<'_>) -> bool {
    trace
        .assignments()
        .any(|(since, prefix)| since <= at.at && prefix.contains(&peer))
}

fn one_source(trace: &Dissection<'_>) -> Verdict {
    let values = trace.header().line.area.values();
    let sites = [values.line_auth, values.portal, values.portal_test];
    let left = trace.connections.iter().filter(|connection| {
        connection.on == Role::Wan
            && connection.opener == End::Device
            && !connection.injected
            && connection.server.1 == HTTPS
            && sites.contains(&connection.server.0)
            && is_routable(connection.client.0)
    });
    every("connection to ONS", left, |connection| {
        let source = connection.client.0;
        let assigned: Vec<_> = trace
            .assignments()
            .filter(|(since, _)| *since <= connection.at)
            .map(|(_, prefix)| prefix)
            .collect();
        let Some(last) = assigned.last() else {
            return Ruling::Skip;
        };
        // An address that was the line's a moment ago is the business of other checks.
        expect(
            [connection.syn],
            assigned.iter().any(|prefix| prefix.contains(&source)),
            format!("a source in {last}, which the line was assigned"),
            format!("{source}"),
        )
    })
}

fn after_power_cut(trace: &Dissection<'_>) -> Verdict {
    let mut cuts = trace.steps.iter().filter(|step| step.cuts_power());
    let Some(cut) = cuts.next_back() else {
        return Verdict::Inconclusive("the power was not cut".to_owned());
    };
    if trace
        .steps
        .iter()
        .any(|step| delegates_instead(trace, step))
    {
        return Verdict::Inconclusive(
            "the line delegates since ひかり電話 was added, and the router is set to RA".to_owned(),
        );
    }
    let values = trace.header().line.area.values();
    let sites = [values.line_auth, values.portal, values.portal_test];
    let since = cut.at + BACK_AFTER;
    let names = [LINE_AUTH, PORTAL, TEST_PORTAL];
    let later = reaches(trace, &names, &sites, |at, _| at >= since);
    match (later, tried_in_vain(trace, since)) {
        // Nothing on the wire although a terminal tried: it had no address or no DNS server.
        (Verdict::Inconclusive(_), Some(tried)) => {
            every("attempt after the power cut", [tried], |tried| {
                broken(
                    [cut.record, tried.record],
                    "a connection to ONS a minute after the power cut",
                    "the terminal had nothing to send it with",
                )
                .unless_late(
                    trace,
                    Delay::Silence {
                        from: cut.at,
                        due: since,
                    },
                )
            })
        }
        (verdict, _) => verdict,
    }
}

/// The button (guide p.16).
const ACCEPT: &str = "希望する";

/// How long a router may take to come back: ours, no document says it. A Linux router needs 15 s
/// on this line (ngn-facts §1.1), and its boot comes on top.
const BACK_AFTER: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
