//! Which session a packet takes, and whom names are asked of (members-club article, ngn-facts §4.5).

use std::collections::BTreeSet;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::line::internet::{SERVICE_SITE, service_domain};
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::setup::{PppoeAccount, in_domain};
use ngnlab_sim::trace::{Fact, FetchError, Role};

use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;
use crate::dissection::dns::A;

use super::crossings::{Outgoing, at_once, is_calm, is_up, outgoing, session_of, sessions};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "v4.dns.session-servers",
        source: "members-club article; RFC 1877 §1.1; RFC 5625 §5.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "サービス情報サイトの名前を、そのセッションのDNSサーバに問い合わせる",
            "Names of the service information site are asked of its session's DNS servers",
        ),
        hint: Text::new(
            "ドメインルーティングで設定したドメインは、そのセッションのIPCPで得たDNSサーバに問い合わせてください。",
            "Ask the servers that IPCP named in the session for the domains routed to it.",
        ),
        judge: session_servers,
    },
    Check {
        id: "v4.route.service-site",
        source: "members-club article; ngn-facts §4.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "サービス情報サイト宛てのパケットを、そのセッションに送る",
            "Packets to the service information site take its session",
        ),
        hint: Text::new(
            "ドメインルーティング（接続先経路）で設定したドメインの宛先を、そのセッションに送ってください。",
            "Send what goes to hosts of the domains entered for a session by that session.",
        ),
        judge: to_service_site,
    },
    Check {
        id: "v4.route.internet",
        source: "ngn-facts §4.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "そのほかの宛先へのパケットを、ISPのセッションに送る",
            "Packets to everywhere else take the session to the ISP",
        ),
        hint: Text::new(
            "ドメインルーティングに当てはまらない宛先は、ISPのセッションに送ってください。",
            "Send what no domain is entered for by the session to the ISP.",
        ),
        judge: to_internet,
    },
    Check {
        id: "v4.route.source-bound",
        source: "members-club article, RT-S300SE, 送信元 IP アドレス",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "送信元IPアドレスを設定したセッションは、その端末のパケットだけを運ぶ",
            "A session bound to a source address carries that terminal's packets alone",
        ),
        hint: Text::new(
            "接続先設定の送信元IPアドレスと一致する端末のパケットだけを、そのセッションに送ってください。",
            "Send packets by a session only if their source is the address entered for it.",
        ),
        judge: source_bound,
    },
    Check {
        id: "v4.service-site.opens",
        source: "members-club article; ngn-facts §4.3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "端末でサービス情報サイトを開ける",
            "Terminals can open the service information site",
        ),
        hint: Text::new(
            "名前解決、経路、NAPT、MTUの順に、どこで止まっているかを確認してください。",
            "Look in this order where it stops: name, way, NAPT, MTU.",
        ),
        judge: opens,
    },
];

fn session_servers(trace: &Dissection<'_>) -> Verdict {
    let domain = service_domain(trace.header().line.area);
    if !has_route(trace) {
        return every("domain entered for a session", [0; 0], |_: usize| {
            Ruling::Skip
        });
    }
    let up = sessions(trace);
    // What a terminal asks somebody else is the terminal's.
    let theirs: BTreeSet<RecordId> = outgoing(trace)
        .iter()
        .filter_map(|out| Some(out.outside?.record))
        .collect();
    let asked = trace.dns.iter().filter(|found| {
        found.by_device(Role::Wan)
            && !found.is.response
            && !theirs.contains(&found.record)
            && found.is.name().is_some_and(|name| in_domain(name, domain))
            && is_up(&up, Realm::ServiceSite, found.at)
    });
    every("question for the service site", asked, |found| {
        let right = Realm::ServiceSite.dns();
        let server = found.destination.to_canonical();
        expect(
            [found.record],
            right.iter().any(|own| server == *own),
            format!("{} or {}, which IPCP named", right[0], right[1]),
            server.to_string(),
        )
    })
}

fn to_service_site(trace: &Dissection<'_>) -> Verdict {
    if !has_route(trace) || is_bound(trace) {
        return every("domain entered for a session", [0; 0], |_: usize| {
            Ruling::Skip
        });
    }
    by_realm(trace, Realm::ServiceSite)
}

fn to_internet(trace: &Dissection<'_>) -> Verdict {
    let isp = has_account(trace, Realm::Isp);
    if !isp || is_bound(trace) {
        return every("session to the ISP", [0; 0], |_: usize| Ruling::Skip);
    }
    by_realm(trace, Realm::Isp)
}

/// Judges what goes to the hosts of a realm while its session is up.
fn by_realm(trace: &Dissection<'_>, realm: Realm) -> Verdict {
    let up = sessions(trace);
    let of_realm = |out: &Outgoing<'_>| {
        let to_site = out.inside.is.destination == SERVICE_SITE;
        to_site == (realm == Realm::ServiceSite) && is_up(&up, realm, out.inside.at)
    };
    let packets = outgoing(trace).into_iter().filter(of_realm);
    let packets = packets.filter(|out| realm == Realm::Isp || was_found(trace, out.inside.at));
    every("packet of a terminal's", packets, |out| {
        let inside = &out.inside.is;
        let Some(outside) = out.outside else {
            let is_plain = inside.ends.is_some() && inside.pieces.is_empty();
            let fits = is_plain && inside.length <= SESSION_MTU && inside.ttl > 1;
            if !fits || !is_calm(trace, out.inside.at) {
                return Ruling::Skip;
            }
            let expected = "it leaves by the session within 1 s";
            return broken([out.inside.record], expected, "it leaves by none")
                .unless_late(trace, at_once(out.inside.at));
        };
        let Some(own) = session_of(&up, outside) else {
            return Ruling::Skip;
        };
        expect(
            [out.inside.record, outside.record],
            own.realm == realm,
            words(realm),
            words(own.realm),
        )
    })
}

fn source_bound(trace: &Dissection<'_>) -> Verdict {
    let up = sessions(trace);
    let known = accounts(trace.header().line.area);
    let entered = &trace.setup().pppoe;
    let packets = outgoing(trace).into_iter().filter(|_| is_bound(trace));
    every("packet of a terminal's", packets, |out| {
        let Some(own) = out.outside.and_then(|outside| session_of(&up, outside)) else {
            // Where each session is for one terminal, there is no way for another.
            let has_none = entered.iter().all(|account| {
                let bound = account.source;
                bound.is_some_and(|bound| bound != out.inside.is.source)
            });
            return match has_none && out.outside.is_none() {
                true => Ruling::Holds(vec![out.inside.record]),
                false => Ruling::Skip,
            };
        };
        let name = known
            .iter()
            .find(|it| it.realm == own.realm)
            .map(|it| it.name);
        let of = |account: &&PppoeAccount| Some(account.name.as_str()) == name;
        let Some(bound) = entered.iter().find(of).and_then(|account| account.source) else {
            return Ruling::Skip;
        };
        let records = out.outside.map(|outside| outside.record);
        expect(
            [out.inside.record].into_iter().chain(records),
            out.inside.is.source == bound,
            format!("packets of {bound}"),
            format!("one of {}", out.inside.is.source),
        )
    })
}

fn opens(trace: &Dissection<'_>) -> Verdict {
    let domain = service_domain(trace.header().line.area);
    let up = sessions(trace);
    let is_site = |url: &str| {
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        in_domain(rest.split('/').next().unwrap_or_default(), domain)
    };
    // Who dials itself has another way than the device's.
    let facts = trace.facts.iter().filter(|told| {
        let mut others = trace.dialling_terminals();
        others.all(|other| other.name != told.node)
    });
    let ends = facts.filter_map(|told| match told.fact {
        Fact::PageSeen { url, .. } | Fact::Downloaded { url, .. } if is_site(url) => {
            Some((told, None))
        }
        Fact::PageFailed { url, reason } if is_site(url) => Some((told, Some(*reason))),
        _ => None,
    });
    let able = has_route(trace) && !is_bound(trace);
    let ends = ends.filter(|_| able);
    every("page of the service site", ends, |(told, failure)| {
        let Some(reason) = failure else {
            return Ruling::Holds(vec![told.record]);
        };
        let asked = told.at - PATIENCE;
        let calm = !trace.is_disturbed(asked, told.at);
        let stood = up.iter().any(|own| {
            own.realm == Realm::ServiceSite && own.from <= asked && told.at <= own.until
        });
        if !calm || !stood {
            return Ruling::Skip;
        }
        broken(
            [told.record],
            "the page is shown",
            match reason {
                FetchError::Name => "its name was not resolved",
                FetchError::Timeout => "nothing answered in time",
                FetchError::Refused => "the connection was refused",
                _ => "it could not be loaded",
            },
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: asked,
                to: told.at,
            },
        )
    })
}

/// Returns whether the device has told somebody the site's address since it last began anew: it routes
/// by what it has seen of names.
fn was_found(trace: &Dissection<'_>, at: Time) -> bool {
    let domain = service_domain(trace.header().line.area);
    let begun = trace.steps.iter().rev();
    let mut begun = begun.filter(|step| step.cuts_power() && step.at <= at);
    let since = begun.next().map_or(Time::ZERO, |step| step.at);
    trace.dns.iter().any(|found| {
        let told = found.by_device(Role::Lan) && found.is.has_answer(A);
        let own = found.is.name().is_some_and(|name| in_domain(name, domain));
        told && own && since <= found.at && found.at <= at
    })
}

/// Returns whether the session to the service site was entered with its domain.
fn has_route(trace: &Dissection<'_>) -> bool {
    let mut entered = trace.setup().pppoe.iter();
    entered.any(|account| !account.domains.is_empty()) && has_account(trace, Realm::ServiceSite)
}

fn has_account(trace: &Dissection<'_>, realm: Realm) -> bool {
    let known = accounts(trace.header().line.area);
    let name = known.iter().find(|it| it.realm == realm).map(|it| it.name);
    let mut entered = trace.setup().pppoe.iter();
    entered.any(|account| Some(account.name.as_str()) == name)
}

/// Returns whether sessions are bound to terminals.
fn is_bound(trace: &Dissection<'_>) -> bool {
    let mut entered = trace.setup().pppoe.iter();
    entered.any(|account| account.source.is_some())
}

fn words(realm: Realm) -> &'static str {
    match realm {
        Realm::Isp => "the session to the ISP",
        Realm::ServiceSite => "the session to the service site",
    }
}

/// ngn-facts §4.5.
const SESSION_MTU: usize = ngnlab_sim::line::pppoe::MTU as usize;
/// How long a terminal tries at most (the browser's patience).
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
