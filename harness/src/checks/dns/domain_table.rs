//! Which server is asked for which name: the per-domain table of guide p.7.
//!
//! Only questions that the device itself sends are judged; a terminal with DNS servers of its own
//! (guide p.12) asks whom it likes.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::line::ONS_DOMAINS;
use ngnlab_sim::setup::{Aspect, in_domain};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, ONS, ONS_AND_MEMBERS};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, every, expect, finding, never};
use crate::dissection::dns::PORT;
use crate::dissection::{Dissection, Exchange};
use crate::scenario::step::cable::Wire;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.dns.per-domain",
        source: "guide p.7",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "オンライン資格確認のドメインは指定のDNSサーバに問い合わせる",
            "Names of the ONS domains are asked at the ONS DNS servers",
        ),
        hint: Text::new(
            "ドメインごとのDNS設定（ローカルドメイン問い合わせテーブルなど）に6つのドメインを登録してください。",
            "Enter the six domains with their servers into the per-domain DNS table.",
        ),
        judge: per_domain,
    },
    Check {
        id: "ons.dns.no-leak",
        source: "guide p.7",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "オンライン資格確認の名前を他のDNSサーバに問い合わせない",
            "Names of the ONS domains are never asked anywhere else",
        ),
        hint: Text::new(
            "閉域網の名前をほかのサーバへ同時に、または続けて問い合わせる動作を止めてください。",
            "Do not ask other servers for these names, neither at the same time nor afterwards.",
        ),
        judge: no_leak,
    },
    Check {
        id: "ons.dns.preferred-first",
        source: "guide p.7",
        level: Level::Should,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "優先DNSサーバに先に問い合わせる",
            "The preferred DNS server is asked first",
        ),
        hint: Text::new(
            "優先DNSサーバと代替DNSサーバの設定順を確認してください。",
            "Check the order of the preferred and the alternate server.",
        ),
        judge: preferred_first,
    },
    Check {
        id: "ons.dns.ngn-domain",
        source: "guide p.7",
        level: Level::Must,
        profiles: ONS_AND_MEMBERS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "flets-east.jp/flets-west.jpはNGNのDNSサーバに問い合わせる",
            "The area's service domain is asked at the NGN DNS servers",
        ),
        hint: Text::new(
            "flets-east.jp（西日本はflets-west.jp）の問い合わせ先をNGNのDNSサーバにしてください。",
            "Send flets-east.jp, or flets-west.jp in the West, to the NGN DNS servers.",
        ),
        judge: ngn_domain,
    },
];

/// Returns whether a name lies in one of the ONS domains, or in one that was added to the table.
fn is_ons(trace: &Dissection<'_>, name: &str) -> bool {
    let ngn_domain = trace.header().line.area.values().ngn_domain;
    let added = trace.setup().domains.iter().map(|row| &*row.name);
    ONS_DOMAINS
        .iter()
        .copied()
        .chain(added.filter(|domain| !in_domain(domain, ngn_domain)))
        .any(|domain| in_domain(name, domain))
}

fn asks<'d>(trace: &'d Dissection<'_>) -> Vec<Exchange<'d>> {
    let mut asks = trace.upstream_dns();
    // The table is for look-ups; a NOTIFY is none (RFC 1996 §3).
    asks.retain(|exchange| exchange.query.is.opcode() == 0 && is_ons(trace, exchange.name()));
    asks
}

/// Returns whether both are about one name; a resolver may spell each try anew.
fn is_about_same(one: &Exchange<'_>, other: &Exchange<'_>) -> bool {
    one.name().eq_ignore_ascii_case(other.name())
}

pub(super) fn asked_right(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> bool {
    let servers = trace.setup().servers_for(exchange.name());
    servers.contains(&exchange.query.destination)
}

fn per_domain(trace: &Dissection<'_>) -> Verdict {
    let asks = asks(trace);
    every("question for an ONS name", &asks, |exchange| {
        let right = asks
            .iter()
            .find(|other| is_about_same(other, exchange) && asked_right(trace, other));
        expect(
            [right.map_or(exchange.query.record, |right| right.query.record)],
            right.is_some(),
            format!("{} asked at {}", exchange.name(), servers(trace, exchange)),
            format!("asked at {} only", exchange.query.destination),
        )
    })
}

fn no_leak(trace: &Dissection<'_>) -> Verdict {
    let asks = asks(trace);
    let leaks = asks.iter().filter(|exchange| !asked_right(trace, exchange));
    let findings = leaks.map(|exchange| {
        finding(
            [exchange.query.record],
            format!(
                "{} asked at {} alone",
                exchange.name(),
                servers(trace, exchange)
            ),
            format!("asked at {}, too", exchange.query.destination),
        )
    });
    never(
        "question for an ONS name",
        asks.iter().map(|exchange| exchange.query.record),
        findings,
    )
}

fn preferred_first(trace: &Dissection<'_>) -> Verdict {
    let asks = asks(trace);
    every(
        "question for an ONS name",
        asks.iter().enumerate(),
        |(index, exchange)| {
            let [preferred, _, ..] = *trace.setup().servers_for(exchange.name()) else {
                return Ruling::Skip;
            };
            let before = &asks[..index];
            let continues = before.iter().rev().any(|other| {
                is_about_same(other, exchange)
                    && exchange.query.at.since(other.query.at) < SAME_EFFORT
            });
            // Who asks both at once asks neither of them first.
            let also_asked = asks[index + 1..].iter().any(|other| {
                exchange.query.destination != preferred
                    && is_about_same(other, exchange)
                    && other.query.destination == preferred
                    && other.query.at.since(exchange.query.at) < AT_ONCE
            });
            // A forwarder may remember that a server was silent (RFC 1035 §7.2).
            let was_silent = before
                .iter()
                .any(|other| other.query.destination == preferred && is_silent(other));
            // Who takes no connection is silent, too.
            let takes_none = trace.connections.iter().any(|connection| {
                connection.on == Role::Wan
                    && connection.server == (preferred, PORT)
                    && connection.syn < exchange.query.record
                    && connection.accepted.is_none()
            });
            let was_silent = was_silent || takes_none;
            // On a cable that loses frames the first question may never have been seen.
            let in_vain =
                asked_in_vain(trace, exchange.query.at) || trace.is_lossy(exchange.query.at);
            // Without a default router the first question went nowhere.
            let in_vain = in_vain
                || trace.lan_dns().iter().any(|asked| {
                    let since = exchange.query.at.since(asked.query.at);
                    is_about_same(asked, exchange)
                        && asked.query.at <= exchange.query.at
                        && since < PATIENCE
                        && !trace.has_router(asked.query.at)
                });
            if continues || was_silent || also_asked || in_vain {
                return Ruling::Skip;
            }
            let ruling = expect(
                [exchange.query.record],
                exchange.query.destination == preferred,
                format!("{} asked at {preferred} first", exchange.name()),
                format!("asked at {}", exchange.query.destination),
            );
            // A server can seem slow only to who asked it, and makes nobody ask a third one.
            let was_asked = before
                .iter()
                .any(|other| other.query.destination == preferred);
            if !was_asked || !asked_right(trace, exchange) {
                return ruling;
            }
            let (from, to) = (exchange.query.at, exchange.query.at);
            ruling.unless_late(trace, Delay::Race { from, to })
        },
    )
}

/// Returns whether a server said nothing for so long that a device may take it for silent.
fn is_silent(exchange: &Exchange<'_>) -> bool {
    let late = exchange.query.at + SLOW;
    exchange.replies.iter().all(|reply| reply.at >= late)
}

/// The least that forwarders wait before they turn to another server (RFC 1035 §4.2.1 has two to
/// five seconds, many take less; ours).
const SLOW: Duration = Duration::from_secs(1);

/// Returns whether the device had questions while the WAN cable was out, not long before: what it
/// asked then is in no trace, and it may remember for five minutes that nobody answered
/// (RFC 2308 §7.2).
fn asked_in_vain(trace: &Dissection<'_>, at: Time) -> bool {
    let pulled = trace.steps.iter().filter(|step| step.pulls(Wire::Wan));
    let mut recent = pulled.filter(|step| step.began() <= at && at <= step.at + REMEMBERED);
    recent.any(|step| {
        let questions = trace.lan_dns();
        let mut times = questions.iter().map(|exchange| exchange.query.at);
        // Those of the moments before may not have been answered, either.
        times.any(|asked| step.began() - PATIENCE <= asked && asked <= step.at)
    })
}

/// RFC 2308 §7.2.
pub(super) const REMEMBERED: Duration = Duration::from_secs(300);

fn ngn_domain(trace: &Dissection<'_>) -> Verdict {
    let domain = trace.header().line.area.values().ngn_domain;
    let asks = trace.upstream_dns();
    let asks = asks
        .iter()
        .filter(|exchange| in_domain(exchange.name(), domain));
    every("question for the area's service domain", asks, |exchange| {
        expect(
            [exchange.query.record],
            asked_right(trace, exchange),
            format!("{} asked at {}", exchange.name(), servers(trace, exchange)),
            format!("asked at {}", exchange.query.destination),
        )
    })
}

fn servers(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> String {
    let servers = trace.setup().servers_for(exchange.name());
    let words: Vec<String> = servers.iter().map(ToString::to_string).collect();
    words.join(" or ")
}

/// Questions for one name closer together than this belong to one effort.
const SAME_EFFORT: Duration = Duration::from_secs(10);

/// Copies of one question leave within this time of each other.
const AT_ONCE: Duration = Duration::from_millis(20);

/// How long a resolver goes on asking: four tries of up to a few seconds (guide p.15 shows 2 s).
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;

    use super::*;
    use crate::checks::test_verdicts::verdict;
    use crate::dissection::builder::{Reply, TraceBuilder};

    const NAME: &str = "www.lineauth.mnw";

    #[test]
    fn an_ons_name_belongs_to_the_ons_servers() {
        let mut trace = TraceBuilder::new("next-ra");
        let (right, wrong) = (trace.ons_dns(), trace.trace.header.setup.default_dns[0]);
        trace.lan_ra(|_| {}).at(1000).forward(1, NAME, right);
        assert!(matches!(
            verdict("ons.dns.per-domain", &trace),
            Verdict::Pass(_)
        ));
        assert!(matches!(
            verdict("ons.dns.no-leak", &trace),
            Verdict::Pass(_)
        ));
        assert!(matches!(
            verdict("ons.dns.preferred-first", &trace),
            Verdict::Pass(_)
        ));

        trace.at(2000).forward(2, NAME, wrong);
        assert!(matches!(
            verdict("ons.dns.per-domain", &trace),
            Verdict::Pass(_)
        ));
        assert!(matches!(
            verdict("ons.dns.no-leak", &trace),
            Verdict::Fail(_)
        ));

        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {}).at(1000).forward(1, NAME, wrong);
        assert!(matches!(
            verdict("ons.dns.per-domain", &trace),
            Verdict::Fail(_)
        ));
        trace.trace.header.setup.wrong_on_purpose = vec![Aspect::Dns];
        assert!(matches!(
            verdict("ons.dns.per-domain", &trace),
            Verdict::NotApplicable(_)
        ));
    }

    #[test]
    fn the_alternate_server_comes_second() {
        let mut trace = TraceBuilder::new("next-ra");
        let [_, second] = trace.trace.header.line.ons_dns();
        trace.lan_ra(|_| {}).at(1000).forward(1, NAME, second);
        assert!(matches!(
            verdict("ons.dns.preferred-first", &trace),
            Verdict::Fail(_)
        ));
    }

    #[test]
    fn who_asks_both_servers_at_once_asks_neither_first() {
        for (later, passes) in [(1005, true), (3000, false)] {
            let mut trace = TraceBuilder::new("next-ra");
            let [first, second] = trace.trace.header.line.ons_dns();
            trace.lan_ra(|_| {}).at(1000).forward(1, NAME, second);
            trace.at(later).forward(2, NAME, first);
            let verdict = verdict("ons.dns.preferred-first", &trace);
            assert_eq!(!matches!(verdict, Verdict::Fail(_)), passes, "{verdict:?}");
        }
    }

    #[test]
    fn a_try_at_the_alternate_server_may_be_spelled_anew() {
        let mut trace = TraceBuilder::new("next-ra");
        let [first, second] = trace.trace.header.line.ons_dns();
        trace.lan_ra(|_| {}).at(1000).forward(1, NAME, first);
        trace.upstream_answer(1, NAME, first, Reply::Code(ResponseCode::ServFail));
        trace.at(3000).forward(2, "WWw.liNEauTH.mNW", second);
        assert!(matches!(
            verdict("ons.dns.preferred-first", &trace),
            Verdict::Pass(_)
        ));
    }

    #[test]
    fn the_service_domain_belongs_to_the_ngn_servers() {
        let mut trace = TraceBuilder::new("next-ra");
        let (ons, ngn) = (trace.ons_dns(), trace.trace.header.setup.default_dns[0]);
        trace
            .lan_ra(|_| {})
            .at(1000)
            .forward(1, "assv.asc.flets-east.jp", ngn);
        assert!(matches!(
            verdict("ons.dns.ngn-domain", &trace),
            Verdict::Pass(_)
        ));
        trace.forward(2, "assv.asc.flets-east.jp", ons);
        assert!(matches!(
            verdict("ons.dns.ngn-domain", &trace),
            Verdict::Fail(_)
        ));
    }
}
