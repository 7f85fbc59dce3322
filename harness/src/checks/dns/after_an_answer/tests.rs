use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use crate::checks::test_verdicts::{fails, passes};
use crate::dissection::builder::{Reply, TraceBuilder};

const NAME: &str = "www.lineauth.mnw";

/// A question that a server answers like this, and whom the device asks then.
fn asked(first: Reply, then: Option<usize>) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {});
    let servers = trace.trace.header.setup.servers_for(NAME).to_vec();
    let id = trace.at(1000).ask(NAME, RecordType::AAAA);
    trace.forward(5, NAME, servers[0]);
    trace.upstream_answer(5, NAME, servers[0], first);
    if let Some(then) = then {
        trace.at(1010).forward(6, NAME, servers[then]);
    }
    trace
        .at(1020)
        .answer(id, NAME, Reply::Code(ResponseCode::NXDomain));
    trace.at(20_000);
    trace
}

#[test]
fn nobody_else_is_asked_once_a_server_has_answered() {
    let id = "dns.proxy.answer-suffices";
    let good = || Reply::Code(ResponseCode::NXDomain);
    assert!(passes(id, &asked(good(), None)));
    assert!(fails(id, &asked(good(), Some(1))));
    let failure = Reply::Code(ResponseCode::ServFail);
    assert!(!fails(id, &asked(failure, Some(1))));
}

#[test]
fn who_failed_is_not_asked_the_same_again() {
    let id = "dns.proxy.failed-left-out";
    let failure = || Reply::Code(ResponseCode::ServFail);
    assert!(passes(id, &asked(failure(), None)));
    assert!(passes(id, &asked(failure(), Some(1))));
    assert!(fails(id, &asked(failure(), Some(0))));
}
