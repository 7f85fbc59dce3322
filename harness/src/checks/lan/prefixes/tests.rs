use ngnlab_sim::message::ndp::{NdpOption, PrefixInfo};

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

/// One advertisement, its prefix option changed.
fn with(change: impl FnOnce(&mut PrefixInfo)) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace
        .at(1000)
        .lan_ra(|advert| match &mut advert.options[0] {
            NdpOption::Prefix(prefix) => change(prefix),
            _ => panic!("the builder puts the prefix first"),
        });
    trace
}

#[test]
fn terminals_get_a_64() {
    let id = "lan.ra.one-64-per-lan";
    assert!(matches!(verdict(id, &with(|_| {})), Verdict::Pass(_)));
    let whole = with(|prefix| prefix.length = 56);
    assert!(matches!(verdict(id, &whole), Verdict::Fail(_)));
    let on_link_only = with(|prefix| (prefix.length, prefix.autonomous) = (56, false));
    assert!(matches!(
        verdict(id, &on_link_only),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn lifetimes_are_in_order() {
    let id = "lan.ra.preferred-le-valid";
    let equal = with(|prefix| prefix.preferred = prefix.valid);
    assert!(matches!(verdict(id, &equal), Verdict::Pass(_)));
    let swapped = with(|prefix| (prefix.preferred, prefix.valid) = (5400, 2700));
    assert!(matches!(verdict(id, &swapped), Verdict::Fail(_)));
}
