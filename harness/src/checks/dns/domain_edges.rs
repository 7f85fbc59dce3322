//! The edges of the per-domain table of guide p.7: which names belong to a domain, and which only
//! look like it.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use ngnlab_reports::{Finding, Level, RecordId, Text, Verdict};
use ngnlab_sim::line::ONS_DOMAINS;
use ngnlab_sim::setup::{Aspect, in_domain};

use crate::checks::check::{Check, ONS};
use crate::checks::ruling::{Ruling, broken, every, finding, never};
use crate::dissection::{Dissection, Exchange};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.dns.each-domain",
        source: "guide p.7",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "6つのドメインのすべてを指定のDNSサーバに問い合わせる",
            "Each of the six domains is asked at the ONS DNS servers",
        ),
        hint: Text::new(
            "6つのドメインがすべて登録されているか、登録できる件数の上限を超えていないか確認してください。",
            "Check that all six domains are in the table, and that it has room for them.",
        ),
        judge: each_domain,
    },
    Check {
        id: "ons.dns.any-depth",
        source: "guide p.7; RFC 1034 §3.1",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "ドメインそのものと、何階層下の名前も指定のDNSサーバに問い合わせる",
            "A domain holds itself and every name below it, however deep",
        ),
        hint: Text::new(
            "ドメインの一致は「*.」の1階層だけでなく、ドメイン自身とすべての下位の名前に適用してください。",
            "Match the domain itself and names any number of labels below it.",
        ),
        judge: |trace| {
            asked_right(
                trace,
                "question for a domain itself or a deep name",
                |name| depth(name).is_some_and(|depth| depth == 0 || depth > 2),
            )
        },
    },
    Check {
        id: "ons.dns.any-case",
        source: "RFC 4343 §3; guide p.7",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "大文字を含む名前も同じドメインとして扱う",
            "Names match their domain whatever the case of their letters",
        ),
        hint: Text::new(
            "ドメインの比較では大文字と小文字を区別しないでください。",
            "Compare domains without regard to case.",
        ),
        judge: |trace| {
            asked_right(
                trace,
                "question for an ONS name with capital letters",
                |name| name.bytes().any(|byte| byte.is_ascii_uppercase()),
            )
        },
    },
    Check {
        id: "ons.dns.lookalikes",
        source: "guide p.7; RFC 1034 §3.1",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "似ているだけの名前をオンライン資格確認のDNSサーバに問い合わせない",
            "Names that only look like an ONS domain stay away from its servers",
        ),
        hint: Text::new(
            "ドメインはラベル（ピリオド区切り）単位で末尾から比較してください。",
            "Compare domains label by label from their end.",
        ),
        judge: lookalikes,
    },
    Check {
        id: "ons.dns.area",
        source: "guide p.7",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "他エリア（東日本・西日本）のDNSサーバに問い合わせない",
            "The servers of the other area are never asked",
        ),
        hint: Text::new(
            "契約しているエリアのDNSサーバのアドレスだけを設定してください。",
            "Configure the DNS servers of the line's own area only.",
        ),
        judge: area,
    },
    Check {
        id: "ons.dns.added-domains",
        source: "guide p.7; ngn-facts §5.3, §9 row 12",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "追加したドメインも指定のDNSサーバに問い合わせる",
            "Domains that were added to the table are asked where it says",
        ),
        hint: Text::new(
            "6つのドメイン以外も、ドメインごとのDNS設定に追加できるようにしてください。",
            "Let the per-domain table take domains beside the six.",
        ),
        judge: added_domains,
    },
];

/// Returns how many labels a name has below its ONS domain.
fn depth(name: &str) -> Option<usize> {
    let labels = |name: &str| name.trim_end_matches('.').split('.').count();
    let mut domains = ONS_DOMAINS.iter();
    let domain = domains.find(|domain| in_domain(name, domain))?;
    Some(labels(name) - labels(domain))
}

fn is_right(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> bool {
    let servers = trace.setup().servers_for(exchange.name());
    servers.contains(&exchange.query.destination)
}

/// Rules on a question upstream for which the right servers were asked, then or another time.
fn ruling(trace: &Dissection<'_>, asks: &[Exchange<'_>], exchange: &Exchange<'_>) -> Ruling {
    let right = asks
        .iter()
        .find(|other| other.name().eq_ignore_ascii_case(exchange.name()) && is_right(trace, other));
    match right {
        Some(right) => Ruling::Holds(vec![right.query.record]),
        None => broken(
            [exchange.query.record],
            format!(
                "{} asked at {}",
                exchange.name(),
                words(trace.setup().servers_for(exchange.name()))
            ),
            format!("asked at {} only", exchange.query.destination),
        ),
    }
}

fn words(servers: &[Ipv6Addr]) -> String {
    let words: Vec<String> = servers.iter().map(ToString::to_string).collect();
    words.join(" or ")
}

/// Says that there is no table to have edges, if every question for an ONS name went astray;
/// `ons.dns.per-domain` fails then.
fn no_table(trace: &Dissection<'_>, asks: &[Exchange<'_>]) -> Option<Verdict> {
    let mut ours = asks
        .iter()
        .filter(|exchange| depth(exchange.name()).is_some());
    let first = ours.next()?;
    if is_right(trace, first) || ours.any(|exchange| is_right(trace, exchange)) {
        return None;
    }
    let why = "no ONS name at all was asked at its servers (ons.dns.per-domain)";
    Some(Verdict::Inconclusive(why.to_owned()))
}

fn asked_right(trace: &Dissection<'_>, what: &str, concerns: fn(&str) -> bool) -> Verdict {
    let asks = questions(trace);
    if let Some(verdict) = no_table(trace, &asks) {
        return verdict;
    }
    let ours = asks
        .iter()
        .filter(|exchange| depth(exchange.name()).is_some() && concerns(exchange.name()));
    let lan = trace.lan_dns();
    every(what, ours, |exchange| {
        let name = exchange.name();
        // Who spells a name anew for each question cannot send one of the spellings elsewhere.
        let is_respelled = lan
            .iter()
            .any(|asked| asked.name().eq_ignore_ascii_case(name))
            && !lan.iter().any(|asked| asked.name() == name);
        // Else the same name in other letters proves nothing about these.
        let is_same = |other: &&Exchange<'_>| {
            let respelled = is_respelled && concerns(other.name());
            other.name() == name || respelled && other.name().eq_ignore_ascii_case(name)
        };
        let same: Vec<Exchange<'_>> = asks.iter().filter(is_same).cloned().collect();
        ruling(trace, &same, exchange)
    })
}

/// Returns what the device asked upstream; a NOTIFY or an UPDATE is no question for a name, and
/// forwarders send it to their default servers.
fn questions<'d>(trace: &'d Dissection<'_>) -> Vec<Exchange<'d>> {
    let mut asks = trace.upstream_dns();
    asks.retain(|exchange| exchange.query.is.opcode() == 0);
    asks
}

fn each_domain(trace: &Dissection<'_>) -> Verdict {
    let asks = questions(trace);
    if let Some(verdict) = no_table(trace, &asks) {
        return verdict;
    }
    let within: Vec<(&str, &Exchange<'_>)> = asks
        .iter()
        .filter_map(|exchange| {
            let mut domains = ONS_DOMAINS.into_iter();
            let domain = domains.find(|domain| in_domain(exchange.name(), domain))?;
            Some((domain, exchange))
        })
        .collect();
    let verdict = every("question for an ONS name", &within, |(_, exchange)| {
        ruling(trace, &asks, exchange)
    });
    let seen: BTreeSet<&str> = within.iter().map(|(domain, _)| *domain).collect();
    match verdict {
        Verdict::Pass(_) if seen.len() < ONS_DOMAINS.len() => Verdict::Inconclusive(format!(
            "only {} of the {} domains were asked for",
            seen.len(),
            ONS_DOMAINS.len()
        )),
        other => other,
    }
}

/// Whether a name has an ONS domain in it somewhere, and lies in none of the table's.
fn is_lookalike(trace: &Dissection<'_>, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ONS_DOMAINS.iter().any(|domain| lower.contains(domain))
        && !ONS_DOMAINS.iter().any(|domain| in_domain(name, domain))
        && !trace
            .setup()
            .domains
            .iter()
            .any(|row| in_domain(name, &row.name))
}

fn lookalikes(trace: &Dissection<'_>) -> Verdict {
    let ons = trace.header().line.ons_dns();
    let asks = questions(trace);
    let alike: Vec<&Exchange<'_>> = asks
        .iter()
        .filter(|exchange| is_lookalike(trace, exchange.name()))
        .collect();
    let wrong = alike
        .iter()
        .filter(|exchange| ons.contains(&exchange.query.destination) && !is_right(trace, exchange));
    let findings = wrong.map(|exchange| {
        finding(
            [exchange.query.record],
            format!(
                "{} asked at {}, since it lies in no ONS domain",
                exchange.name(),
                words(trace.setup().servers_for(exchange.name()))
            ),
            format!("asked at {}", exchange.query.destination),
        )
    });
    never(
        "question for a name that looks like an ONS domain",
        alike.iter().map(|exchange| exchange.query.record),
        findings,
    )
}

fn area(trace: &Dissection<'_>) -> Verdict {
    let other = trace.header().line.area.other().values();
    let foreign = [other.ngn_dns, other.ons_dns].concat();
    let asks = questions(trace);
    let occasions: Vec<RecordId> = asks.iter().map(|exchange| exchange.query.record).collect();
    let findings = asks.iter().filter_map(|exchange| -> Option<Finding> {
        let to = exchange.query.destination;
        foreign.contains(&to).then(|| {
            finding(
                [exchange.query.record],
                format!(
                    "{} asked at {}",
                    exchange.name(),
                    words(trace.setup().servers_for(exchange.name()))
                ),
                format!("asked at {to}, a server of the other area"),
            )
        })
    });
    never("question upstream", occasions, findings)
}

fn added_domains(trace: &Dissection<'_>) -> Verdict {
    let asks = questions(trace);
    if let Some(verdict) = no_table(trace, &asks) {
        return verdict;
    }
    let ngn_domain = trace.header().line.area.values().ngn_domain;
    let rows = &trace.setup().domains;
    let added = rows.iter().filter(|row| {
        !in_domain(&row.name, ngn_domain) && !ONS_DOMAINS.contains(&row.name.trim_end_matches('.'))
    });
    let names: Vec<&str> = added.map(|row| row.name.as_str()).collect();
    let ours = asks
        .iter()
        .filter(|exchange| names.iter().any(|name| in_domain(exchange.name(), name)));
    every("question for an added domain", ours, |exchange| {
        ruling(trace, &asks, exchange)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::find;
    use crate::dissection::builder::TraceBuilder;

    #[test]
    fn all_six_domains_have_to_be_asked_for_and_each_at_the_right_servers() {
        let right = TraceBuilder::new("next-pd").ons_dns();
        let names = ONS_DOMAINS.map(|domain| format!("www.{domain}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = "ons.dns.each-domain";
        assert!(matches!(asked(id, &names, right), Verdict::Pass(_)));
        assert!(matches!(
            asked(id, &names[1..], right),
            Verdict::Inconclusive(_)
        ));
        let mut mixed = forwarded(&names[1..], right);
        mixed.forward(9, names[0], ngn());
        assert!(matches!(of(id, &mixed), Verdict::Fail(_)));
    }

    #[test]
    fn without_any_table_its_edges_are_not_judged() {
        let (id, names) = ("ons.dns.each-domain", ["www.lineauth.mnw"]);
        assert!(matches!(asked(id, &names, ngn()), Verdict::Inconclusive(_)));
        let verdict = asked("ons.dns.per-domain", &names, ngn());
        assert!(matches!(verdict, Verdict::Fail(_)));
    }

    #[test]
    fn deep_names_and_capital_letters_belong_to_their_domain() {
        let right = TraceBuilder::new("next-pd").ons_dns();
        for (id, name) in [
            ("ons.dns.any-depth", "a.b.c.lineauth.mnw"),
            ("ons.dns.any-depth", "onshikaku.org"),
            ("ons.dns.any-case", "WWW.lineauth.mnw"),
        ] {
            assert!(matches!(asked(id, &[name], right), Verdict::Pass(_)));
            let plain = ["www.lineauth.mnw"];
            let mut mixed = forwarded(&plain, right);
            mixed.forward(9, name, ngn());
            assert!(matches!(of(id, &mixed), Verdict::Fail(_)));
            assert!(matches!(asked(id, &plain, ngn()), Verdict::Inconclusive(_)));
        }
    }

    #[test]
    fn letters_that_the_device_draws_itself_are_no_letters_of_a_terminal() {
        let id = "ons.dns.any-case";
        let right = TraceBuilder::new("next-pd").ons_dns();
        for (asked, fails) in [("www.lineauth.mnw", false), ("Www.LineAuth.mnw", true)] {
            let mut trace = TraceBuilder::new("next-pd");
            trace.lan_ra(|_| {}).at(1000);
            trace.ask(asked, hickory_proto::rr::RecordType::AAAA);
            trace.forward(1, "wWW.lineauth.mnw", right);
            trace.forward(2, "Www.LineAuth.mnw", ngn());
            let verdict = of(id, &trace);
            assert_eq!(matches!(verdict, Verdict::Fail(_)), fails, "{verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Pass(_)), !fails, "{verdict:?}");
        }
    }

    #[test]
    fn names_that_look_alike_belong_to_the_default_servers() {
        let wrong = TraceBuilder::new("next-pd").ons_dns();
        let id = "ons.dns.lookalikes";
        for name in ["lineauth.mnw.example", "notonshikaku.org"] {
            assert!(matches!(asked(id, &[name], ngn()), Verdict::Pass(_)));
            assert!(matches!(asked(id, &[name], wrong), Verdict::Fail(_)));
        }
        let plain = ["www.onshikaku.org", "www.example.jp"];
        assert!(matches!(asked(id, &plain, wrong), Verdict::Inconclusive(_)));
    }

    #[test]
    fn the_other_area_is_left_alone() {
        let trace = TraceBuilder::new("next-pd");
        let other = trace.trace.header.line.area.other().values().ons_dns[1];
        let (id, names) = ("ons.dns.area", ["www.lineauth.mnw"]);
        assert!(matches!(
            asked(id, &names, trace.ons_dns()),
            Verdict::Pass(_)
        ));
        assert!(matches!(asked(id, &names, other), Verdict::Fail(_)));
    }

    #[test]
    fn an_added_domain_is_asked_where_the_table_says() {
        let right = TraceBuilder::new("next-pd").ons_dns();
        let (id, names) = ("ons.dns.added-domains", ["www.rece"]);
        assert!(matches!(asked(id, &names, right), Verdict::Inconclusive(_)));
        for (server, passes) in [(right, true), (ngn(), false)] {
            let mut trace = forwarded(&names, server);
            let setup = &mut trace.trace.header.setup;
            let mut row = setup.domains[0].clone();
            row.name = "rece".to_owned();
            setup.domains.push(row);
            let verdict = of(id, &trace);
            assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Fail(_)), !passes, "{verdict:?}");
        }
    }

    fn ngn() -> Ipv6Addr {
        TraceBuilder::new("next-pd").trace.header.setup.default_dns[0]
    }

    fn forwarded(names: &[&str], server: Ipv6Addr) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-pd");
        trace.lan_ra(|_| {}).at(1000);
        for (id, name) in (1..).zip(names) {
            trace.forward(id, name, server);
        }
        trace
    }

    /// What a check says when the router asks a server for these names.
    fn asked(id: &str, names: &[&str], server: Ipv6Addr) -> Verdict {
        of(id, &forwarded(names, server))
    }

    fn of(id: &str, trace: &TraceBuilder) -> Verdict {
        find(id)
            .unwrap()
            .verdict(&Dissection::new(&trace.trace).unwrap())
    }
}
