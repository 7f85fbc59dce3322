//! Whether both sides have one clock: a packet that crosses the router leaves it after it came in.

use std::collections::HashMap;
use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::trace::{End, Role};

use crate::dissection::Dissection;

/// Returns by how much the clock of one side is ahead, if packets leave before they come in.
pub(super) fn apart(dissection: &Dissection<'_>) -> Option<Duration> {
    let ways = [(Role::Lan, Role::Wan), (Role::Wan, Role::Lan)];
    ways.into_iter().find_map(|(from, to)| {
        let mut early = early(dissection, from, to);
        early.sort_unstable();
        let half = *early.get(early.len() / 2)?;
        (early.len() >= ENOUGH && half < 0).then(|| Duration::from_nanos(half.unsigned_abs()))
    })
}

/// Returns how long each packet took from one side to the other, in nanoseconds.
fn early(dissection: &Dissection<'_>, from: Role, to: Role) -> Vec<i64> {
    let mut came: HashMap<&[u8], Option<Time>> = HashMap::new();
    let mut took = Vec::new();
    let crossing = dissection.packets.iter();
    let crossing = crossing.filter(|found| {
        is_routable(found.source) && is_routable(found.destination) && !found.injected
    });
    let crossing: Vec<_> = crossing.take(MOST_PACKETS).collect();
    for found in &crossing {
        if found.on == from && found.from == End::Network {
            // What was sent twice cannot be told apart.
            let entry = came.entry(without_hop_limit(found.is.ip));
            entry.and_modify(|at| *at = None).or_insert(Some(found.at));
        }
    }
    for found in &crossing {
        if found.on == to
            && found.from == End::Device
            && let Some(Some(at)) = came.remove(without_hop_limit(found.is.ip))
        {
            took.push(found.at.as_nanos().saturating_sub(at.as_nanos()));
        }
    }
    took
}

/// Returns the part of a packet that a router leaves as it is: addresses and payload (RFC 8200 §3).
fn without_hop_limit(ip: &[u8]) -> &[u8] {
    ip.get(8..).unwrap_or_default()
}

/// Fewer prove nothing.
const ENOUGH: usize = 4;
/// As many as show it.
const MOST_PACKETS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissection::builder::TraceBuilder;

    #[test]
    fn packets_that_leave_before_they_come_in_show_two_clocks() {
        for (shift, right) in [(2, None), (-300, Some(Duration::from_millis(300)))] {
            let mut trace = TraceBuilder::new("next-pd");
            let (pc, site) = (trace.pc(), trace.ons_dns());
            for number in 0..6_u16 {
                let at = 1_000 + 500 * i64::from(number);
                for (role, from, at) in [
                    (Role::Lan, End::Network, at),
                    (Role::Wan, End::Device, at + shift),
                ] {
                    let envelope = trace.envelope(role, from, pc, site);
                    let frame = envelope.udp(40_000 + number, 123, b"time");
                    trace.at(at.unsigned_abs()).frame(role, from, frame);
                }
            }
            let dissection = Dissection::new(&trace.trace).unwrap();
            assert_eq!(apart(&dissection), right);
        }
    }
}
