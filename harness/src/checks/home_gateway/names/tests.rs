use ngnlab_sim::trace::Fact;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

#[test]
fn ons_names_pass_the_gateway_by() {
    let id = "ons.dns.not-through-home-gateway";
    let mut trace = TraceBuilder::new("hgw-pd");
    let whole = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix: whole });
    let gateway = HomeGateway::lan_address(whole);
    // Any other name may be asked there.
    trace.at(10_000).forward(1, "www.example.jp", gateway);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    let server = trace.ons_dns();
    trace.at(11_000).forward(2, "www.lineauth.mnw", server);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    trace.at(12_000).forward(3, "www.LineAuth.mnw", gateway);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}
