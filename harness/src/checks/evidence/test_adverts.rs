//! Prefixes that come by the line and are advertised on the LAN, by hand, for the tests of checks.

use ngnlab_sim::message::ndp::{NdpOption, PrefixInfo, RouterAdvert};
use ngnlab_sim::trace::Fact;

use crate::dissection::builder::TraceBuilder;

pub(in crate::checks) fn prefix(advert: &mut RouterAdvert) -> &mut PrefixInfo {
    match advert.options.first_mut() {
        Some(NdpOption::Prefix(prefix)) => prefix,
        _ => panic!("the builder puts the prefix first"),
    }
}

/// The line advertises its prefix at one second, valid for an hour.
pub(in crate::checks) fn on_line() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let assigned = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix: assigned });
    trace.at(1000).wan_ra(|advert| {
        prefix(advert).valid = 3600;
        prefix(advert).preferred = 1800;
    });
    trace
}

pub(in crate::checks) fn lan_ra(trace: &mut TraceBuilder, at: u64, preferred: u32, valid: u32) {
    trace.at(at).lan_ra(|advert| {
        prefix(advert).preferred = preferred;
        prefix(advert).valid = valid;
    });
}
