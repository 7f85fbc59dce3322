//! The device's own packets on a narrow path (RFC 8201 §4).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::PACKET_TOO_BIG;
use ngnlab_sim::message::packet::{IPV6_HEADER, Packet};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::crossing::is_fragment;
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "pmtu.own-packets",
    source: "RFC 8201 §4; RFC 8200 §5",
    level: Level::Must,
    profiles: EVERYONE,
    aspects: &[],
    title: Text::new(
        "Packet Too Bigを受けたら、自分が送るパケットを短くする",
        "The device's own packets become as short as a Packet Too Big asks",
    ),
    hint: Text::new(
        "示されたMTUを宛先ごとに記憶し、DNSなど自分の応答もその長さまでに分割してください。",
        "Remember the MTU for each destination, and cut answers of your own, as DNS, to it.",
    ),
    judge: shorter,
}];

fn shorter(trace: &Dissection<'_>) -> Verdict {
    let errors = trace.errors.iter().filter(|error| {
        error.is.kind == PACKET_TOO_BIG && !error.lost && error.to_device(error.on)
    });
    every(
        "Packet Too Big about a packet of the device's own, and a long packet after it",
        errors,
        |error| {
            let Some(quoted) = error.is.quoted else {
                return Ruling::Skip;
            };
            let is_ours = |found: &&Found<Packet<'_>>| {
                found.by_device(error.on)
                    && trace.is_device_address(found.source)
                    && found.destination == quoted.destination
            };
            let mut ours = trace.packets.iter().filter(is_ours);
            let is_sent = ours.any(|found| found.record < error.record);
            if !is_sent || !trace.is_device_address(quoted.source) {
                return Ruling::Skip;
            }
            // RFC 8201 §4: below the minimum of IPv6 nobody need go.
            let most = usize::try_from(error.is.value).unwrap_or(usize::MAX);
            let most = most.max(MINIMUM);
            let later = trace
                .packets
                .iter()
                .filter(is_ours)
                .filter(|found| found.at >= error.arrives + SOON);
            let is_long =
                |found: &&Found<Packet<'_>>| found.is.ip.len() >= LONG || is_fragment(&found.is);
            let long: Vec<&Found<Packet<'_>>> = later.filter(is_long).collect();
            match long.iter().find(|found| found.is.ip.len() > most) {
                Some(found) => broken(
                    [error.record, found.record],
                    format!("packets of at most {most} bytes to {}", quoted.destination),
                    format!("one of {} bytes", found.is.ip.len()),
                ),
                None => match long.first() {
                    Some(found) => Ruling::Holds(vec![error.record, found.record]),
                    None => Ruling::Skip,
                },
            }
        },
    )
}

/// RFC 8200 §5.
const MINIMUM: usize = 1280;
/// What a short path shows in: nothing is cut that is far below the minimum.
const LONG: usize = MINIMUM - IPV6_HEADER - 100;
/// What was on its way may still come, and a host may be late.
const SOON: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::packet::{ETHERNET_HEADER, icmpv6_error_body};
    use ngnlab_sim::trace::{End, Role};

    use super::*;
    use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes};
    use crate::dissection::builder::TraceBuilder;

    const CHECK: &str = "pmtu.own-packets";

    #[test]
    fn answers_are_no_longer_than_the_path_allows() {
        assert_passes(CHECK, &answered(1200));
        assert_fails(CHECK, &answered(1400));
        assert_open(CHECK, &answered(100));
    }

    /// A long answer is too big for somebody on the way, and one of `length` bytes follows.
    fn answered(length: usize) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-pd");
        let (router, pc) = (trace.router(), trace.pc());
        let ends = ((router, 53), (pc, 30_000));
        trace.lan_ra(|_| {}).at(1000);
        let envelope = trace.envelope(Role::Lan, End::Device, router, pc);
        let sent = envelope.udp(53, 30_000, &[0; 1400]);
        let body = icmpv6_error_body(1280, &sent[ETHERNET_HEADER..]);
        trace.udp(Role::Lan, End::Device, ends, &[0; 1400]);
        let back = trace.envelope(Role::Lan, End::Network, pc, router);
        trace.injected(Role::Lan, back.icmpv6(PACKET_TOO_BIG, 0, &body));
        trace
            .at(9000)
            .udp(Role::Lan, End::Device, ends, &vec![0; length]);
        trace
    }
}
