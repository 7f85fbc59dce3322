//! The way of a terminal to the site of the members club.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::line::Area;
use ngnlab_sim::line::members_club::HOST;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, MEMBERS};
use crate::checks::evidence::site_visits::{is_for_address, reaches, resolves};
use crate::checks::ruling::{Ruling, every};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "members.site.resolves",
        source: "members-club article; ngn-facts §4.5 (5)",
        level: Level::Must,
        profiles: MEMBERS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末からサービス情報サイト（flets-east.jp）の名前を解決できる",
            "Terminals resolve the service information site, flets-east.jp",
        ),
        hint: Text::new(
            "端末のDNSサーバをルータにし、flets-east.jpをNGNのDNSサーバに問い合わせて、AAAAの応答をそのまま返してください。",
            "Be the terminals' DNS server, ask the NGN servers for flets-east.jp, and hand their AAAA records on.",
        ),
        judge: resolves_site,
    },
    Check {
        id: "members.site.reached",
        source: "members-club article; ngn-facts §4.3, §4.5 (7)",
        level: Level::Must,
        profiles: MEMBERS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末からサービス情報サイトにIPv6のTLSで接続できる",
            "Terminals reach the service information site over IPv6 and TLS",
        ),
        hint: Text::new(
            "端末のIPv6を有効にし、flets-east.jpの名前解決と、IPv6のTCP 443番の通過を確認してください。",
            "Have IPv6 on at the terminal, look at how flets-east.jp resolves, and let TCP port 443 pass over IPv6.",
        ),
        judge: reaches_site,
    },
];

fn resolves_site(trace: &Dissection<'_>) -> Verdict {
    let asked = trace.lan_dns().into_iter().filter(|exchange| {
        exchange.name().eq_ignore_ascii_case(HOST)
            && is_for_address(exchange)
            && !exchange.query.injected
    });
    let asked = asked.filter(|_| has_site(trace));
    every("question for flets-east.jp", asked, |exchange| {
        let mut replies = exchange.replies.iter();
        match resolves(trace, &exchange) {
            // It resolved; or what came of it is for others to say.
            Ruling::Skip if replies.any(|reply| !reply.is.aaaa().is_empty()) => {
                Ruling::Holds(exchange.records().into_iter().collect())
            }
            ruling => ruling,
        }
    })
}

fn reaches_site(trace: &Dissection<'_>) -> Verdict {
    let site = trace.header().line.area.values().service_site;
    reaches(trace, &[HOST], &[site], |_, _| has_site(trace))
}

/// Returns whether the line has the club: it is one of the east.
fn has_site(trace: &Dissection<'_>) -> bool {
    trace.header().line.area == Area::East
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::RecordType;

    use super::*;
    use crate::checks::test_verdicts::{fails, verdict};
    use crate::dissection::builder::{Reply, TraceBuilder};

    const RESOLVES: &str = "members.site.resolves";

    #[test]
    fn a_name_without_an_address_fails_and_one_with_it_passes() {
        let mut trace = TraceBuilder::new("next-pd");
        trace.at(1000).lan_ra(|_| {});
        assert!(matches!(
            verdict(RESOLVES, &trace),
            Verdict::Inconclusive(_)
        ));
        let site = trace.trace.header.line.area.values().service_site;
        let asked = trace.ask(HOST, RecordType::AAAA);
        trace.answer(asked, HOST, Reply::Addresses(&[site]));
        assert!(matches!(verdict(RESOLVES, &trace), Verdict::Pass(_)));
        let again = trace.at(20_000).ask(HOST, RecordType::AAAA);
        let wrong = trace.ons_dns();
        let no = Reply::Code(ResponseCode::NXDomain);
        trace.forward(8, HOST, wrong);
        trace.upstream_answer(8, HOST, wrong, no);
        trace.answer(again, HOST, no);
        assert!(fails(RESOLVES, &trace));
    }

    #[test]
    fn a_line_of_the_west_has_no_such_site() {
        let mut trace = TraceBuilder::new("next-pd");
        trace.at(1000).lan_ra(|_| {});
        trace.trace.header.line.area = Area::West;
        let asked = trace.ask(HOST, RecordType::AAAA);
        trace.answer(asked, HOST, Reply::Code(ResponseCode::NXDomain));
        assert!(matches!(
            verdict(RESOLVES, &trace),
            Verdict::Inconclusive(_)
        ));
    }
}
