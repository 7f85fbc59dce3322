//! Which frames a bridge has to pass on: those for who is on the other side, for groups that somebody
//! is in there, and the largest ones, too (IEEE 802.1D-2004 §7.7).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::{ALL_DHCP, ALL_NODES, ALL_ROUTERS, solicited_node};
use ngnlab_sim::trace::Role;

use super::relayed::{Relayed, Seen, Sides, other_side};
use crate::checks::check::{Check, ONS};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "bridge.frames.cross",
        source: "IEEE 802.1D-2004 §7.7",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "端末宛てと回線宛てのIPv6のフレームが、IPv6ブリッジを両方向に通る",
            "IPv6 frames for the terminals and for the line cross the bridge both ways",
        ),
        hint: Text::new(
            "IPv6ブリッジで、端末の台数の制限やIPv6のフィルタが有効になっていないか確認してください。",
            "See whether the bridge limits the number of terminals or filters IPv6.",
        ),
        judge: frames_cross,
    },
    // Nobody here reports membership (RFC 3810), as nobody on the line may: a bridge that snoops has
    // no reason to keep a frame from those who are in the group (inferred; RFC 4541 §3).
    Check {
        id: "bridge.multicast.crosses",
        source: "IEEE 802.1D-2004 §7.7; RFC 4861 §4, §7.2; RFC 8415 §7.1",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "近隣探索とDHCPv6のマルチキャストが、IPv6ブリッジを両方向に通る",
            "The groups of Neighbour Discovery and DHCPv6 cross the bridge both ways",
        ),
        hint: Text::new(
            "RS、RA、近隣要請、DHCPv6のマルチキャストを通し、MLDスヌーピングを無効にしてください。",
            "Let RS, RA, Neighbor Solicitations and DHCPv6 by multicast pass, and turn MLD snooping off.",
        ),
        judge: multicast_crosses,
    },
    Check {
        id: "bridge.full-size",
        source: "IEEE 802.1D-2004 §6.3.8; RFC 2464 §2",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "1500バイトのパケットの入ったフレームが、IPv6ブリッジを両方向に通る",
            "Frames with packets of 1500 bytes cross the bridge both ways",
        ),
        hint: Text::new(
            "ブリッジと両側のインタフェースのMTUを1500にしてください。PPPoE用のMTUが残っていないか確認してください。",
            "Set the MTU of the bridge and of both interfaces to 1500, and look for one left over from PPPoE.",
        ),
        judge: full_size,
    },
];

fn frames_cross(trace: &Dissection<'_>) -> Verdict {
    let sides = Sides::of(trace);
    must_cross(trace, "frame for the other side", |found| {
        found.is.ip.len() <= MINIMUM_MTU && sides.is_for_beyond(found)
    })
}

fn full_size(trace: &Dissection<'_>) -> Verdict {
    let sides = Sides::of(trace);
    must_cross(trace, "large frame for the other side", |found| {
        found.is.ip.len() > MINIMUM_MTU && sides.is_for_beyond(found)
    })
}

fn multicast_crosses(trace: &Dissection<'_>) -> Verdict {
    let sides = Sides::of(trace);
    must_cross(trace, "frame for a group of the other side", |found| {
        let to = found.destination;
        let Some(other) = other_side(found.on).filter(|_| found.eth_destination.is_multicast())
        else {
            return false;
        };
        // Routers and servers are on the line.
        to == ALL_NODES
            || other == Role::Wan && [ALL_ROUTERS, ALL_DHCP].contains(&to)
            || sides.addresses(other).any(|own| solicited_node(own) == to)
    })
}

/// Judges that frames of a kind leave on the other side, in whatever shape.
fn must_cross<'t>(
    trace: &Dissection<'t>,
    what: &str,
    select: impl Fn(Seen<'_, 't>) -> bool,
) -> Verdict {
    let relayed = Relayed::of(trace);
    let chosen = relayed.came.iter().filter(|(found, _)| select(found));
    every(what, chosen, |(found, after)| {
        let over = found.arrives + SOON;
        match after {
            Some(after) => Ruling::Holds(vec![found.record, after.record]),
            None if trace.end() < over || trace.is_disturbed(found.at, over) => Ruling::Skip,
            None => broken(
                [found.record],
                format!("the {what} passed on"),
                "it did not leave on the other side",
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: found.at,
                    to: over,
                },
            ),
        }
    })
}

/// RFC 8200 §5: what every link has room for.
const MINIMUM_MTU: usize = 1280;
