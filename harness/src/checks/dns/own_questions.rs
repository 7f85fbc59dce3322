//! Questions of the device that no terminal has asked, as the health checks of a load balancer.

use std::collections::BTreeSet;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::ruling::finding;
use crate::dissection::{Dissection, Exchange};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.proxy.own-questions",
    source: "RFC 1034 §5.3.3; bound of ours",
    level: Level::Should,
    profiles: EVERY_FORWARDER,
    aspects: &[],
    title: Text::new(
        "端末が尋ねていない名前をDNSサーバに問い合わせ続けない",
        "The device does not keep asking what no terminal has asked",
    ),
    hint: Text::new(
        "DNSサーバの生存確認には端末の問い合わせの結果を使い、独自の問い合わせをやめるか間隔を延ばしてください。",
        "Tell from the terminals' questions whether servers are there, instead of asking all the time.",
    ),
    judge: keeps_quiet,
}];

/// A minute of a resolver that follows delegations and validates has fewer (seen with Unbound, Knot
/// Resolver and BIND); what a load balancer sends each second has more. No RFC has a number.
const MOST: usize = 60;

const PERIOD: Duration = Duration::from_secs(60);

fn keeps_quiet(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let name = |exchange: &Exchange<'_>| exchange.name().to_ascii_lowercase();
    let asked: BTreeSet<String> = lan.iter().map(name).collect();
    let mut own: Vec<_> = upstream
        .iter()
        .filter(|exchange| !asked.contains(&name(exchange)))
        .flat_map(|exchange| {
            let repeats = exchange.repeats.iter().copied();
            std::iter::once(exchange.query).chain(repeats)
        })
        .collect();
    own.sort_by_key(|query| query.record);
    for (index, first) in own.iter().enumerate() {
        let Some(last) = own.get(index + MOST) else {
            break;
        };
        if last.at < first.at + PERIOD {
            let question = first.is.name().unwrap_or("nothing");
            return Verdict::Fail(finding(
                [first.record, last.record],
                format!("at most {MOST} questions a minute that no terminal asked"),
                format!("more, the first for {question}"),
            ));
        }
    }
    match upstream
        .iter()
        .find(|exchange| asked.contains(&name(exchange)))
    {
        Some(exchange) => Verdict::Pass(vec![exchange.query.record]),
        None => Verdict::Inconclusive("the device asked nothing for a terminal".to_owned()),
    }
}
