//! The way of a terminal to the site of line authentication.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, ONS};
use crate::checks::evidence::site_visits::{LINE_AUTH, reaches};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "ons.line-auth.reaches-site",
    source: "guide p.16",
    level: Level::Must,
    profiles: ONS,
    aspects: &[Aspect::Delivery, Aspect::Dns],
    title: Text::new(
        "端末から回線認証サイトにTLSで接続できる",
        "Terminals reach the line-authentication site over TLS",
    ),
    hint: Text::new(
        "www.lineauth.mnwの名前解決と、IPv6のTCP 443番の通過を確認してください。",
        "Look at how www.lineauth.mnw resolves, and let TCP port 443 pass over IPv6.",
    ),
    judge: reaches_line_auth,
}];

fn reaches_line_auth(trace: &Dissection<'_>) -> Verdict {
    let site = trace.header().line.area.values().line_auth;
    reaches(trace, &[LINE_AUTH], &[site], |_, _| true)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::RecordType;
    use ngnlab_sim::trace::{End, Fact, Role, Seen};

    use super::*;
    use crate::checks::evidence::site_visits::HTTPS;
    use crate::checks::test_verdicts::{fails, is_explained, verdict};
    use crate::dissection::builder::{Reply, TraceBuilder, query};

    fn advertised() -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(1000).lan_ra(|_| {});
        trace.ask("www.lineauth.mnw", RecordType::AAAA);
        trace
    }

    #[test]
    fn a_site_whose_name_does_not_resolve_is_not_reached() {
        let mut trace = advertised();
        let id = trace.ask("www.lineauth.mnw", RecordType::AAAA);
        let wrong = trace.trace.header.setup.default_dns[0];
        let no = Reply::Code(ResponseCode::NXDomain);
        trace.forward(8, "www.lineauth.mnw", wrong);
        trace.upstream_answer(8, "www.lineauth.mnw", wrong, no);
        trace.answer(id, "www.lineauth.mnw", no);
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Fail(_)
        ));
        let server = trace.ons_dns();
        trace.forward(9, "www.lineauth.mnw", server);
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn no_delay_makes_a_name_that_exists_one_that_does_not() {
        let id = "ons.line-auth.reaches-site";
        let mut trace = advertised();
        trace.seen(Seen::Late(Duration::from_secs(8)));
        let asked = trace.ask("www.lineauth.mnw", RecordType::AAAA);
        let wrong = trace.trace.header.setup.default_dns[0];
        let no = Reply::Code(ResponseCode::NXDomain);
        trace.forward(8, "www.lineauth.mnw", wrong);
        trace.upstream_answer(8, "www.lineauth.mnw", wrong, no);
        trace.answer(asked, "www.lineauth.mnw", no);
        assert!(fails(id, &trace) && !is_explained(id, &trace));
    }

    #[test]
    fn connections_that_are_tried_again_and_again_do_not_all_meet_with_a_short_delay() {
        let id = "ons.line-auth.reaches-site";
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(1000).lan_ra(|_| {});
        let (pc, site) = (trace.pc(), trace.trace.header.line.area.values().line_auth);
        let syn = |trace: &mut TraceBuilder, at| {
            let mut header = etherparse::TcpHeader::new(50_000, HTTPS, 1, 1000);
            header.syn = true;
            let envelope = trace.envelope(Role::Lan, End::Network, pc, site);
            trace.at(at);
            trace.frame(Role::Lan, End::Network, envelope.tcp(header, &[]));
        };
        syn(&mut trace, 10_000);
        trace
            .at(10_500)
            .seen(Seen::Late(Duration::from_millis(1_500)));
        assert!(is_explained(id, &trace));
        for at in [11_000, 13_000, 17_000] {
            syn(&mut trace, at);
        }
        assert!(fails(id, &trace) && !is_explained(id, &trace));
    }

    #[test]
    fn a_question_that_a_late_host_explains_hides_none_that_it_does_not() {
        let id = "dns.proxy.present";
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(1000).lan_ra(|_| {});
        trace.seen(Seen::Late(Duration::from_secs(2)));
        let failed = Reply::Code(ResponseCode::ServFail);
        let asked = trace.ask("www.lineauth.mnw", RecordType::AAAA);
        trace.answer(asked, "www.lineauth.mnw", failed);
        assert!(is_explained(id, &trace));
        trace
            .at(40_000)
            .ask("hweb.oqs.onshikaku.org", RecordType::AAAA);
        assert!(fails(id, &trace) && !is_explained(id, &trace));
    }

    #[test]
    fn a_proxy_that_says_nothing_or_refuses_fails_for_that() {
        let id = "ons.line-auth.reaches-site";
        for refusal in [None, Some(ResponseCode::Refused)] {
            let mut trace = TraceBuilder::new("next-ra");
            trace.at(1000).lan_ra(|_| {});
            let asked = trace.ask("www.lineauth.mnw", RecordType::AAAA);
            if let Some(code) = refusal {
                trace.answer(asked, "www.lineauth.mnw", Reply::Code(code));
            }
            assert!(matches!(
                verdict("dns.proxy.present", &trace),
                Verdict::Fail(_)
            ));
            let text = format!("{:?}", verdict(id, &trace));
            assert!(text.contains("because dns.proxy.present failed"), "{text}");
        }
    }

    #[test]
    fn a_question_that_still_waits_at_the_end_is_no_name_that_does_not_resolve() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(1000).lan_ra(|_| {});
        trace.at(55_000).ask("www.lineauth.mnw", RecordType::AAAA);
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn a_name_that_resolves_when_asked_again_resolves() {
        let id = "ons.line-auth.reaches-site";
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(1000).lan_ra(|_| {});
        let site = trace.trace.header.line.area.values().line_auth;
        let first = trace.ask("www.lineauth.mnw", RecordType::AAAA);
        let failed = Reply::Code(ResponseCode::ServFail);
        trace.answer(first, "www.lineauth.mnw", failed);
        assert!(matches!(
            verdict("dns.proxy.present", &trace),
            Verdict::Fail(_)
        ));
        let again = trace.at(3000).ask("www.lineauth.mnw", RecordType::AAAA);
        trace.answer(again, "www.lineauth.mnw", Reply::Addresses(&[site]));
        assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    }

    #[test]
    fn no_server_is_blamed_that_was_not_asked_for_ipv6_addresses() {
        let mut trace = advertised();
        let server = trace.ons_dns();
        let ends = ((trace.router(), 40_009), (server, 53));
        let ipv4 = query(9, "www.lineauth.mnw", RecordType::A, None);
        trace
            .wan_ra(|_| {})
            .udp(Role::Wan, End::Device, ends, &ipv4);
        let text = format!("{:?}", verdict("ons.line-auth.reaches-site", &trace));
        assert!(text.contains("because dns.proxy.present failed"), "{text}");
    }

    #[test]
    fn a_site_is_reached_once_tls_began() {
        let mut trace = advertised();
        let site = trace.trace.header.line.area.values().line_auth;
        let header = {
            let mut header = etherparse::TcpHeader::new(50_000, HTTPS, 1, 1000);
            header.syn = true;
            header
        };
        let pc = trace.pc();
        let envelope = trace.envelope(Role::Lan, End::Network, pc, site);
        trace
            .at(2000)
            .frame(Role::Lan, End::Network, envelope.tcp(header, &[]));
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Fail(_)
        ));
        let host = Some("www.lineauth.mnw".to_owned());
        trace.fact(
            "line-auth",
            Fact::Tls {
                host,
                peer: pc,
                error: None,
            },
        );
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Pass(_)
        ));
    }
}
