use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{Reply, TraceBuilder, query, response};

const NAME: &str = "www.lineauth.mnw";

#[test]
fn the_wan_gets_no_answer() {
    let mut trace = TraceBuilder::new("next-ra");
    let (server, router) = (trace.ons_dns(), trace.router());
    let ends = ((server, 5000), (router, 53));
    let bytes = query(3, NAME, RecordType::AAAA, None);
    trace
        .lan_ra(|_| {})
        .udp(Role::Wan, End::Network, ends, &bytes);
    assert!(matches!(
        verdict("dns.sec.not-open-on-wan", &trace),
        Verdict::Pass(_)
    ));
    let bytes = response(3, NAME, Reply::Code(ResponseCode::Refused));
    trace.udp(Role::Wan, End::Device, (ends.1, ends.0), &bytes);
    assert!(matches!(
        verdict("dns.sec.not-open-on-wan", &trace),
        Verdict::Pass(_)
    ));
    assert!(matches!(
        verdict("dns.sec.silent-on-wan", &trace),
        Verdict::Fail(_)
    ));
    let bytes = response(3, NAME, Reply::Code(ResponseCode::ServFail));
    trace.udp(Role::Wan, End::Device, (ends.1, ends.0), &bytes);
    assert!(matches!(
        verdict("dns.sec.not-open-on-wan", &trace),
        Verdict::Fail(_)
    ));
}
