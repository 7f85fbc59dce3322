//! What the members club sends to a terminal, and whether it knows the line that the terminal is on.

use std::net::Ipv6Addr;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::line::members_club::{ContractLine, HOST};
use ngnlab_sim::node::members_club::paths;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{Fact, Screen};

use crate::checks::check::{Check, MEMBERS};
use crate::checks::evidence::shown_pages::{Sent, arrives};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dissection, Told};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "members.pages.shown",
        source: "members-club article; ngn-facts §4.5",
        level: Level::Must,
        profiles: MEMBERS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "メンバーズクラブの画面が端末に届く",
            "The members club's pages come to the terminal",
        ),
        hint: Text::new(
            "大きなパケットを通し、TCPの無通信タイマを30秒より長くしてください。",
            "Let large packets pass, and keep idle TCP connections for longer than 30 s.",
        ),
        judge: pages_shown,
    },
    Check {
        id: "members.line.confirmed",
        source: "members-club article; ngn-facts §4.5 (1, 7; inferred)",
        level: Level::Must,
        profiles: MEMBERS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "契約回線からの契約回線確認が成功し、「ご契約・ご利用情報」が端末に届く",
            "On the member's own line, the check succeeds and brings ご契約・ご利用情報 to the terminal",
        ),
        hint: Text::new(
            "端末には回線に割り当てられたプレフィックスのアドレスを使わせ、TCPの無通信タイマを30秒より長くしてください。",
            "Give terminals addresses of the line's prefix, and keep idle TCP connections for longer than 30 s.",
        ),
        judge: line_confirmed,
    },
];

/// Returns the requests to the club, each with its client, method and path.
fn requests<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = (&'d Told<'d>, Ipv6Addr, &'d str, &'d str)> {
    trace.facts.iter().filter_map(|told| match told.fact {
        Fact::HttpRequest {
            peer,
            method,
            host,
            path,
            ..
        } if host == HOST => Some((told, *peer, &**method, &**path)),
        _ => None,
    })
}

/// Returns the screens that the club sends to a client after a request, up to the next request.
fn answer<'d>(
    trace: &'d Dissection<'_>,
    asked: &Told<'_>,
    peer: Ipv6Addr,
) -> Option<(&'d Told<'d>, Screen)> {
    let mut later = trace.facts.iter().filter(|told| told.record > asked.record);
    later.find_map(|told| match told.fact {
        Fact::ScreenServed { peer: to, screen } if told.node == asked.node && *to == peer => {
            Some((told, *screen))
        }
        _ => None,
    })
}

fn pages_shown(trace: &Dissection<'_>) -> Verdict {
    let site = trace.header().line.area.values().service_site;
    every("request to the members club", requests(trace), |request| {
        let (asked, peer, ..) = request;
        let Some((served, screen)) = answer(trace, asked, peer) else {
            return Ruling::Skip;
        };
        let sent = Sent {
            asked,
            served,
            peer,
            screen,
            site,
        };
        arrives(trace, sent, "the members club's page on the terminal")
    })
}

fn line_confirmed(trace: &Dissection<'_>) -> Verdict {
    if trace.header().line.member.contract != ContractLine::ThisLine {
        let why = "the member's ID is registered with another line";
        return Verdict::Inconclusive(why.to_owned());
    }
    let checks =
        requests(trace).filter(|(_, _, method, path)| *method == "POST" && *path == paths::CHECK);
    every("check of the contract line", checks, |check| {
        confirmed(trace, check.0, check.1)
    })
}

fn confirmed(trace: &Dissection<'_>, asked: &Told<'_>, peer: Ipv6Addr) -> Ruling {
    let outcome = trace.facts.iter().find_map(|told| match told.fact {
        Fact::ScreenServed { peer: to, screen }
            if told.record > asked.record
                && *to == peer
                && matches!(screen, Screen::ClubContract | Screen::ClubNotConfirmed) =>
        {
            Some((told, *screen))
        }
        _ => None,
    });
    let Some((served, screen)) = outcome else {
        return Ruling::Skip;
    };
    if screen == Screen::ClubContract {
        let sent = Sent {
            asked,
            served,
            peer,
            screen,
            site: trace.header().line.area.values().service_site,
        };
        return arrives(trace, sent, "the contract page on the terminal");
    }
    // An address that was the line's a moment ago is the business of other checks.
    let was_assigned = trace
        .assignments()
        .any(|(since, prefix)| since <= served.at && prefix.contains(&peer));
    if was_assigned {
        return Ruling::Unclear("the line had just given another prefix".to_owned());
    }
    broken(
        [asked.record, served.record],
        "the contract page for a terminal on the member's own line",
        format!("the site knows no line with the address {peer}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::test_verdicts::{fails, verdict};
    use crate::dissection::builder::TraceBuilder;

    const CONFIRMED: &str = "members.line.confirmed";
    const CLUB: &str = "members-club";

    #[test]
    fn an_address_of_no_line_fails_and_the_line_s_own_passes() {
        let home = "2408:3ff:e00:ca00::5".parse().unwrap();
        let stranger = "2001:db8::5".parse().unwrap();
        let mut trace = TraceBuilder::new("next-pd");
        assert!(matches!(
            verdict(CONFIRMED, &trace),
            Verdict::Inconclusive(_)
        ));
        check(&mut trace, home, Screen::ClubContract);
        assert!(matches!(
            verdict(CONFIRMED, &trace),
            Verdict::Inconclusive(_)
        ));
        shown(&mut trace);
        assert!(matches!(verdict(CONFIRMED, &trace), Verdict::Pass(_)));
        check(&mut trace, stranger, Screen::ClubNotConfirmed);
        assert!(fails(CONFIRMED, &trace));
        trace.trace.header.line.member.contract = ContractLine::AnotherLine;
        assert!(matches!(
            verdict(CONFIRMED, &trace),
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn an_address_that_the_line_took_back_is_no_fault() {
        let home: Ipv6Addr = "2408:3ff:e00:ca00::5".parse().unwrap();
        let mut trace = TraceBuilder::new("next-pd");
        let prefix = trace.trace.header.line.assignment(0);
        assert!(prefix.contains(&home));
        trace.fact("edge", Fact::Assigned { prefix });
        check(&mut trace, home, Screen::ClubNotConfirmed);
        assert!(matches!(
            verdict(CONFIRMED, &trace),
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn a_page_that_a_terminal_shows_has_come() {
        let home = "2408:3ff:e00:ca00::5".parse().unwrap();
        let id = "members.pages.shown";
        let mut trace = TraceBuilder::new("next-pd");
        check(&mut trace, home, Screen::ClubContract);
        assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
        shown(&mut trace);
        assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    }

    fn shown(trace: &mut TraceBuilder) {
        trace.fact(
            "pc",
            Fact::PageSeen {
                url: format!("https://{HOST}/contract"),
                status: 200,
                screen: Some(Screen::ClubContract),
            },
        );
    }

    fn check(trace: &mut TraceBuilder, peer: Ipv6Addr, screen: Screen) {
        trace.fact(
            CLUB,
            Fact::HttpRequest {
                peer,
                method: "POST".to_owned(),
                host: HOST.to_owned(),
                path: paths::CHECK.to_owned(),
                choice: None,
            },
        );
        trace.fact(CLUB, Fact::ScreenServed { peer, screen });
    }
}
