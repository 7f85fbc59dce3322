//! Nothing is forwarded before there is a prefix (RFC 7084 §4.1).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::{Aspect, Mode};

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::evidence::given_prefixes::given;
use crate::checks::evidence::through_device::{SOON, to_pass_on};
use crate::checks::ruling::{Ruling, broken, every, only_in};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "ce.gen.no-forward-before-pd",
    source: "RFC 7084 §4.1 G-3",
    level: Level::Must,
    profiles: CE_ROUTER,
    aspects: &[Aspect::Delivery],
    title: Text::new(
        "プレフィックスが委任されるまでLANとWANの間で転送しない",
        "Nothing is forwarded before a prefix was delegated",
    ),
    hint: Text::new(
        "DHCPv6-PDが完了するまで、LAN側のパケットを回線へ転送しないでください。",
        "Do not forward between LAN and WAN until the delegation is complete.",
    ),
    judge: no_forward_before_pd,
}];

fn no_forward_before_pd(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let granted = given(trace).first().map(|given| (given.at, given.record));
        let before = |at| granted.is_none_or(|(granted, _)| at < granted);
        let forwarded = trace.forwarded();
        let early = to_pass_on(trace).filter(|found| before(found.at));
        every(
            "packet for the line before the delegation",
            early,
            |found| {
                let through = forwarded
                    .iter()
                    .find(|(came, _)| came.record == found.record)
                    .map(|(_, left)| left)
                    .filter(|left| before(left.at));
                match through {
                    Some(left) => broken(
                        [found.record, left.record],
                        "no packet of the LAN on the WAN before a prefix was delegated",
                        format!("one from {} to {}", found.source, found.destination),
                    ),
                    None if trace.end() < found.arrives + SOON => Ruling::Skip,
                    None => Ruling::Holds(vec![found.record]),
                }
            },
        )
    })
}

#[cfg(test)]
mod tests;
