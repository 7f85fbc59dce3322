//! TCP connections that have begun go on in both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::{Packet, is_routable};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::silent_line::{gives_no_prefix, waits_for_prefix};
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every, seconds};
use crate::dissection::crossing::Flow;
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "fwd.flow-goes-on",
    source: "RFC 8200 §3; RFC 6092 REC-31, REC-35",
    level: Level::Must,
    profiles: EVERYONE,
    aspects: &[],
    title: Text::new(
        "始まったTCP接続のセグメントを両方向に中継し続ける",
        "Segments of a TCP connection that has begun keep crossing both ways",
    ),
    hint: Text::new(
        "プレフィックスが有効な間は、使われている接続のセグメントを破棄しないでください。経路、非推奨になったアドレスの扱い、フィルタの状態表を確認してください。",
        "While the prefix is valid, drop no segment of a connection in use; look at routes, at what becomes of deprecated addresses, and at the filter's table.",
    ),
    judge: flow_goes_on,
}];

type Segment<'d, 't> = &'d Found<Packet<'t>>;

/// What one direction of a connection shows on both cables, by time.
#[derive(Default)]
struct Direction<'d, 't> {
    came: Vec<Segment<'d, 't>>,
    left: Vec<Segment<'d, 't>>,
}

fn flow_goes_on(trace: &Dissection<'_>) -> Verdict {
    every(
        "TCP connection through the device",
        directions(trace),
        |(flow, direction)| match direction.swallowed(trace, flow) {
            Some(run) => says_swallowed(trace, &run),
            None => direction.left.first().map_or(Ruling::Skip, |left| {
                Ruling::Holds(vec![direction.came[0].record, left.record])
            }),
        },
    )
}

/// Returns the directions of terminals' connections in which something came to the device.
fn directions<'d, 't>(trace: &'d Dissection<'t>) -> BTreeMap<Flow, Direction<'d, 't>> {
    let mut directions = BTreeMap::<Flow, Direction<'_, '_>>::new();
    for found in &trace.packets {
        let ends = [found.source, found.destination];
        let is_through = |end| is_routable(end) && !trace.is_device_address(end);
        if found.is.tcp().is_none() || !ends.into_iter().all(is_through) {
            continue;
        }
        let Some(flow) = Flow::of(&found.is) else {
            continue;
        };
        if found.to_device(found.on) && found.on != Role::Uplink && !found.injected {
            directions.entry(flow).or_default().came.push(found);
        } else if found.by_device(found.on)
            && let Some(direction) = directions.get_mut(&flow)
        {
            direction.left.push(found);
        }
    }
    // What the device opens itself ends in it, whatever address it does that from.
    let came = |direction: &Direction<'_, '_>| direction.came.iter().any(|it| it.on == Role::Lan);
    let of_terminals: BTreeSet<Flow> = directions
        .iter()
        .filter(|(_, direction)| came(direction))
        .flat_map(|(flow, _)| [*flow, flow.reversed()])
        .collect();
    directions.retain(|flow, _| of_terminals.contains(flow));
    directions
}

impl<'d, 't> Direction<'d, 't> {
    /// Returns segments in a row that had to cross, as often as nobody loses them by chance, after
    /// which nothing of the connection left the device.
    fn swallowed(&self, trace: &Dissection<'t>, flow: Flow) -> Option<Vec<Segment<'d, 't>>> {
        let mut rest = &self.came[..];
        while rest.len() >= IN_A_ROW {
            let from = rest[0].at;
            let next = self.left.iter().find(|left| left.at >= from);
            let silent = |found: &&Segment<'_, '_>| next.is_none_or(|next| found.arrives < next.at);
            let run = rest.iter().take_while(silent).count();
            if run >= IN_A_ROW {
                let run = &rest[..run];
                let long = run[run.len() - 1].at.since(from) >= SOON;
                if long && run.iter().all(|found| must_cross(trace, found, flow)) {
                    return Some(run.to_vec());
                }
            }
            rest = &rest[run.max(1)..];
        }
        None
    }
}

/// Returns whether the device has to pass a segment on: it did so with the connection shortly
/// before, and nothing has ended that.
fn must_cross<'t>(trace: &Dissection<'t>, found: Segment<'_, 't>, flow: Flow) -> bool {
    let inward = found.on == Role::Wan;
    let way_out = if inward { flow.reversed() } else { flow };
    let passes = match inward {
        true => trace.passes_in_for(found, IN_USE, SOON),
        false => trace.passes_out_for(found, SOON),
    };
    let terminal = if inward {
        found.destination
    } else {
        found.source
    };
    let current = trace.assignments().filter(|(at, _)| *at <= found.at).last();
    passes
        && current.is_none_or(|(_, net)| net.contains(&terminal))
        && (trace.last_out(way_out, found.record))
            .is_some_and(|out| found.at.since(out.at) < IN_USE)
        && !is_reset(trace, found, flow)
        && !was_answered(trace, found)
        && !trace.was_looking_for_next_hop(found, SOON)
        && !trace.is_lossy(found.at)
        && !trace.is_claimed(found.at)
        && !waits_for_prefix(trace, found.at)
        && gives_no_prefix(trace, found.at).is_none()
}

/// Returns whether somebody has reset the connection: a filter may forget it.
fn is_reset(trace: &Dissection<'_>, found: Segment<'_, '_>, flow: Flow) -> bool {
    trace.packets.iter().any(|other| {
        let resets = other.is.tcp().is_some_and(|tcp| tcp.rst());
        resets
            && other.record <= found.record
            && Flow::of(&other.is).is_some_and(|it| it == flow || it == flow.reversed())
    })
}

/// Returns whether the device says itself why it passes a packet on no further.
fn was_answered(trace: &Dissection<'_>, found: Segment<'_, '_>) -> bool {
    trace.errors.iter().any(|error| {
        error.by_device(found.on)
            && error.destination == found.source
            && found.at <= error.at
            && error.at <= found.arrives + SOON
    })
}

fn says_swallowed(trace: &Dissection<'_>, run: &[Segment<'_, '_>]) -> Ruling {
    let (first, last) = (run[0], run[run.len() - 1]);
    let way = if first.on == Role::Wan { "LAN" } else { "WAN" };
    broken(
        [first.record, run[1].record, last.record],
        format!("the segments on the {way}: their connection is in use"),
        format!(
            "{} in a row within {}, and none left",
            run.len(),
            seconds(last.at.since(first.at))
        ),
    )
    .unless_late(
        trace,
        Delay::InVain {
            from: first.at,
            to: last.arrives + SOON,
        },
    )
}

/// How many segments in a row must be swallowed: one or two may fall victim to a queue.
const IN_A_ROW: usize = 3;
/// How long ago the terminal sent something last: Linux forgets a connection that its last side is
/// closing after 30 s.
const IN_USE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use etherparse::TcpHeader;
    use ngnlab_sim::trace::End;

    use super::super::test_packets::online;
    use super::*;
    use crate::checks::test_verdicts::{fails, passes};
    use crate::dissection::builder::TraceBuilder;

    const CHECK: &str = "fwd.flow-goes-on";

    fn syn(trace: &mut TraceBuilder, on: Role, from: End) {
        let (pc, site) = (trace.pc(), trace.ons_dns());
        let mut header = TcpHeader::new(47_001, 443, 7, 1000);
        header.syn = true;
        let frame = trace.envelope(on, from, pc, site).tcp(header, &[]);
        trace.frame(on, from, frame);
    }

    fn syn_ack(trace: &mut TraceBuilder, on: Role, from: End) {
        let (pc, site) = (trace.pc(), trace.ons_dns());
        let mut header = TcpHeader::new(443, 47_001, 9, 1000);
        (header.syn, header.ack) = (true, true);
        header.acknowledgment_number = 8;
        let frame = trace.envelope(on, from, site, pc).tcp(header, &[]);
        trace.frame(on, from, frame);
    }

    /// A terminal opens a connection, and the site answers so often.
    fn answered(times: u64) -> TraceBuilder {
        let mut trace = online();
        syn(trace.at(50_000), Role::Lan, End::Network);
        syn(trace.at(50_001), Role::Wan, End::Device);
        for number in 0..times {
            syn_ack(trace.at(50_002 + 2000 * number), Role::Wan, End::Network);
        }
        trace
    }

    #[test]
    fn answers_that_are_swallowed_one_after_another_fail() {
        let mut trace = answered(4);
        trace.at(70_000).lan_ra(|_| {});
        assert!(fails(CHECK, &trace));
    }

    #[test]
    fn two_may_fall_victim_to_a_queue() {
        let mut trace = answered(2);
        trace.at(70_000).lan_ra(|_| {});
        assert!(!fails(CHECK, &trace));
    }

    #[test]
    fn answers_that_cross_pass() {
        let mut trace = answered(1);
        syn_ack(trace.at(50_003), Role::Lan, End::Device);
        trace.at(70_000).lan_ra(|_| {});
        assert!(passes(CHECK, &trace));
    }

    #[test]
    fn what_the_device_opens_itself_ends_in_it() {
        let mut trace = online();
        syn(trace.at(50_001), Role::Wan, End::Device);
        for number in 0..4 {
            syn_ack(trace.at(50_002 + 2000 * number), Role::Wan, End::Network);
        }
        trace.at(70_000).lan_ra(|_| {});
        assert!(!fails(CHECK, &trace));
    }
}
