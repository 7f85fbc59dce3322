use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{Reply, TraceBuilder};

const NAME: &str = "www.lineauth.mnw";

fn asked(name: &str, kind: RecordType) -> (TraceBuilder, u16) {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    let id = trace.at(1000).ask(name, kind);
    (trace, id)
}

#[test]
fn a_proxy_that_never_answers_is_not_present() {
    let (mut trace, id) = asked(NAME, RecordType::AAAA);
    assert!(matches!(
        verdict("dns.proxy.present", &trace),
        Verdict::Fail(_)
    ));
    let server = trace.ons_dns();
    trace.forward(5, NAME, server);
    assert!(matches!(
        verdict("dns.proxy.present", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.answer(id, NAME, Reply::Addresses(&[server]));
    assert!(matches!(
        verdict("dns.proxy.present", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn filtered_aaaa_records_are_missed() {
    let (mut trace, id) = asked(NAME, RecordType::AAAA);
    let server = trace.ons_dns();
    trace.forward(5, NAME, server);
    trace.upstream_answer(5, NAME, server, Reply::Addresses(&[server]));
    trace.answer(id, NAME, Reply::Addresses(&[]));
    assert!(matches!(
        verdict("ons.dns.aaaa-kept", &trace),
        Verdict::Fail(_)
    ));
}

#[test]
fn records_that_the_servers_have_lost_are_not_missed() {
    let (mut trace, id) = asked(NAME, RecordType::AAAA);
    let server = trace.ons_dns();
    trace.forward(5, NAME, server);
    trace.upstream_answer(5, NAME, server, Reply::Addresses(&[server]));
    trace.answer(id, NAME, Reply::Addresses(&[server]));
    let later = trace.at(400_000).ask(NAME, RecordType::AAAA);
    trace.forward(6, NAME, server);
    trace.upstream_answer(6, NAME, server, Reply::Addresses(&[]));
    trace.answer(later, NAME, Reply::Addresses(&[]));
    assert!(!matches!(
        verdict("ons.dns.aaaa-kept", &trace),
        Verdict::Fail(_)
    ));
}

#[test]
fn a_name_error_has_to_arrive_as_one() {
    for (code, passes) in [
        (ResponseCode::NXDomain, true),
        (ResponseCode::NoError, false),
    ] {
        let (mut trace, id) = asked(NAME, RecordType::AAAA);
        let server = trace.ons_dns();
        trace.forward(5, NAME, server);
        let no = Reply::Code(ResponseCode::NXDomain);
        trace
            .upstream_answer(5, NAME, server, no)
            .answer(id, NAME, Reply::Code(code));
        let verdict = verdict("dns.proxy.name-error-kept", &trace);
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
    }
}

#[test]
fn capital_letters_come_back() {
    let (mut trace, id) = asked("WWW.LineAuth.mnw", RecordType::AAAA);
    assert!(matches!(
        verdict("dns.proxy.case-kept", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.answer(id, "www.lineauth.mnw", Reply::Addresses(&[]));
    assert!(matches!(
        verdict("dns.proxy.case-kept", &trace),
        Verdict::Fail(_)
    ));
}

#[test]
fn an_unknown_type_is_answered_or_passed_on() {
    let (trace, _) = asked(NAME, RecordType::Unknown(65400));
    assert!(matches!(
        verdict("dns.proxy.qtype-any", &trace),
        Verdict::Fail(_)
    ));
    let (trace, _) = asked(NAME, RecordType::A);
    assert!(matches!(
        verdict("dns.proxy.qtype-any", &trace),
        Verdict::Inconclusive(_)
    ));
}
