//! Each packet leaves as often as it came.

use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::ruling::{finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "fwd.once",
    source: "RFC 8200 §3",
    level: Level::Should,
    profiles: EVERYONE,
    aspects: &[],
    title: Text::new("パケットを1回だけ中継する", "A packet is forwarded once"),
    hint: Text::new(
        "ブリッジとルータの両方で中継するなど、同じパケットを重ねて送っていないか確認してください。",
        "See that nothing sends the same packet again, as a bridge beside the router.",
    ),
    judge: once,
}];

fn once(trace: &Dissection<'_>) -> Verdict {
    let extra = trace.multiplied().into_iter().map(|(came, again)| {
        finding(
            [came.record, again.record],
            "the packet forwarded as often as it came",
            "once more",
        )
    });
    let passed = trace.forwarded().into_iter();
    never(
        "packet that was forwarded",
        passed.map(|(_, after)| after.record),
        extra,
    )
}
