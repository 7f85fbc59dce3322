use ngnlab_sim::trace::End;

use super::*;
use crate::checks::evidence::test_addresses::{answer, settled};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

#[test]
fn an_address_of_the_lan_is_probed_there() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(2000).lan_ra(|_| {});
    assert!(matches!(verdict("lan.dad", &trace), Verdict::Fail(_)));
}

#[test]
fn a_duplicate_is_not_used() {
    let id = "wan.slaac.dad-fail";
    let mut trace = settled();
    let address = ROUTER_WAN.in_prefix(trace.prefix());
    answer(&mut trace, 1_600, End::Network, address);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    answer(&mut trace, 30_000, End::Device, address);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    // Too late: by then it was the device's.
    let mut late = settled();
    answer(&mut late, 5_000, End::Network, address);
    answer(&mut late, 30_000, End::Device, address);
    assert!(matches!(verdict(id, &late), Verdict::Inconclusive(_)));
}
