use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

const NAME: &str = "www.lineauth.mnw";

#[test]
fn ids_and_ports_must_vary() {
    let mut trace = TraceBuilder::new("next-ra");
    let server = trace.ons_dns();
    trace.lan_ra(|_| {});
    for id in 1..=9 {
        trace.forward_with(id, 40_000, NAME, server, None);
    }
    assert!(matches!(
        verdict("dns.sec.random-id", &trace),
        Verdict::Fail(_)
    ));
    assert!(matches!(
        verdict("dns.sec.random-port", &trace),
        Verdict::Fail(_)
    ));
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    for id in 1..=9u16 {
        trace.forward(id.wrapping_mul(id).wrapping_mul(40_503), NAME, server);
    }
    assert!(
        matches!(
            verdict("dns.sec.random-id", &trace),
            Verdict::Inconclusive(_)
        ),
        "nine questions say little"
    );
    for id in 10..=99u16 {
        trace.forward(id.wrapping_mul(id).wrapping_mul(40_503), NAME, server);
    }
    assert!(matches!(
        verdict("dns.sec.random-id", &trace),
        Verdict::Pass(_)
    ));
    assert!(matches!(
        verdict("dns.sec.random-port", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn a_question_that_goes_to_both_servers_is_one() {
    let mut trace = TraceBuilder::new("next-ra");
    let servers = [trace.ons_dns(), trace.trace.header.setup.default_dns[0]];
    trace.lan_ra(|_| {});
    for id in 1..=99u16 {
        for server in servers {
            trace.forward(id.wrapping_mul(id).wrapping_mul(40_503), NAME, server);
        }
    }
    assert!(matches!(
        verdict("dns.sec.random-id", &trace),
        Verdict::Pass(_)
    ));
}
