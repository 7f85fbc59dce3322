//! Names of ONS are not asked at the ひかり電話ルータ (guide p.5, p.30; ngn-facts §3.5).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::setup::{Aspect, in_domain};

use crate::checks::check::Check;
use crate::checks::home_gateway::below::{BELOW, below};
use crate::checks::ruling::{every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "ons.dns.not-through-home-gateway",
    source: "guide p.5, p.30; ngn-facts §3.5",
    level: Level::Must,
    profiles: BELOW,
    aspects: &[Aspect::Dns],
    title: Text::new(
        "オンライン資格確認の名前を、上位のひかり電話ルータに問い合わせない",
        "ONS names are not asked at the Hikari Denwa router",
    ),
    hint: Text::new(
        "ひかり電話ルータのアドレスではなく、接続ガイドp.7のDNSサーバを設定してください。",
        "Enter the DNS servers of guide p.7 instead of the Hikari Denwa router's address.",
    ),
    judge: not_through_gateway,
}];

fn not_through_gateway(trace: &Dissection<'_>) -> Verdict {
    below(trace, || {
        let domains: Vec<&str> = trace.header().line.ons_domains().collect();
        let gateways: Vec<_> = trace
            .assignments()
            .filter(|(_, net)| net.prefix_len() <= 64)
            .map(|(_, net)| HomeGateway::lan_address(net))
            .collect();
        let link_local = HomeGateway::lan_link_local();
        let questions = trace.upstream_dns();
        let ons = questions.iter().filter(|exchange| {
            let asked = exchange.query.is.question.as_ref();
            asked.is_some_and(|asked| domains.iter().any(|domain| in_domain(&asked.name, domain)))
        });
        every("question of the device for an ONS name", ons, |exchange| {
            let query = exchange.query;
            let at_gateway =
                gateways.contains(&query.destination) || query.destination == link_local;
            expect(
                [query.record],
                !at_gateway,
                "a question to the servers of guide p.7",
                "one to the Hikari Denwa router, which does not know the name",
            )
        })
    })
}

#[cfg(test)]
mod tests;
