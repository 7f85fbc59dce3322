use ngnlab_sim::message::ndp::PrefixInfo;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::evidence::test_addresses::{advertise, answer, info, probe, settled, solicit};
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::ROUTER_WAN;

#[test]
fn nobody_cuts_a_lifetime_below_two_hours() {
    let id = "wan.slaac.two-hour-rule";
    let cut = |answered: bool| {
        let mut trace = settled();
        let address = ROUTER_WAN.in_prefix(trace.prefix());
        let edge = trace.edge().link_local();
        trace.at(14_000);
        solicit(&mut trace, Role::Wan, End::Network, edge, address);
        answer(&mut trace, 14_001, End::Device, address);
        let short = PrefixInfo {
            valid: 5,
            preferred: 5,
            ..info(&trace.prefix().to_string(), 64)
        };
        advertise(&mut trace, 20_000, short);
        trace.at(30_000);
        solicit(&mut trace, Role::Wan, End::Network, edge, address);
        if answered {
            answer(&mut trace, 30_001, End::Device, address);
        }
        trace
    };
    assert!(matches!(verdict(id, &cut(true)), Verdict::Pass(_)));
    assert!(matches!(verdict(id, &cut(false)), Verdict::Fail(_)));
}

#[test]
fn what_is_deprecated_asks_no_more() {
    let id = "wan.slaac.deprecate-now";
    let asks_from = |fresh: bool| {
        let mut trace = settled();
        let old = PrefixInfo {
            preferred: 0,
            valid: 7200,
            ..info(&trace.prefix().to_string(), 64)
        };
        advertise(&mut trace, 20_000, old);
        let new = info("2001:db8:0:1::", 64);
        advertise(&mut trace, 20_001, new);
        probe(&mut trace, 20_500, ROUTER_WAN.in_prefix(new.prefix));
        let prefix = if fresh { new.prefix } else { trace.prefix() };
        let question = crate::dissection::builder::query(
            7,
            "www.lineauth.mnw",
            hickory_proto::rr::RecordType::AAAA,
            None,
        );
        let ends = (
            (ROUTER_WAN.in_prefix(prefix), 40_001),
            (trace.ons_dns(), 53),
        );
        trace
            .at(40_000)
            .udp(Role::Wan, End::Device, ends, &question);
        trace
    };
    assert!(matches!(verdict(id, &asks_from(true)), Verdict::Pass(_)));
    assert!(matches!(verdict(id, &asks_from(false)), Verdict::Fail(_)));
}
