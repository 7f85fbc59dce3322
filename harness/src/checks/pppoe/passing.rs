//! PPPoE of terminals that dial themselves (PPPoEパススルー, PPPoEブリッジ): where the router is set up so,
//! it crosses as it is, and where it is not, none of it does.
//!
//! ONS uses no PPPoE (guide Q4), but terminals of オンライン請求 behind the same router may (guide p.7).
//! No standard says what pass-through is; makers' manuals do.

use std::collections::{BTreeMap, BTreeSet};

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::trace::Role;

use super::sessions::Seen;
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every, expect, finding, never, not_applicable};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "pppoe.pass.crosses",
        source: "guide p.7, Q4; Yamaha, PPPoE pass-through (rtpro.yamaha.co.jp)",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PPPoEパススルーを有効にすると、端末のPPPoEのフレームが両方向に通る",
            "With PPPoE pass-through on, PPPoE frames of terminals cross both ways",
        ),
        hint: Text::new(
            "ディスカバリ（0x8863）とセッション（0x8864）の両方を、端末の台数を限らずに中継してください。",
            "Pass discovery (0x8863) and session frames (0x8864) on, of any number of terminals.",
        ),
        judge: crosses,
    },
    Check {
        id: "pppoe.pass.unchanged",
        source: "guide p.7, Q4; Yamaha, PPPoE pass-through (rtpro.yamaha.co.jp); RFC 2516 §4",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PPPoEパススルーで通るフレームのMACアドレスと中身が変わらない",
            "PPPoE frames that pass keep their MAC addresses and their contents",
        ),
        hint: Text::new(
            "中継するPPPoEのフレームを書き換えないでください。セッションは、両端のMACアドレスとSESSION_IDで決まります。",
            "Change nothing in what passes: a session is known by the MAC addresses of both ends and its SESSION_ID.",
        ),
        judge: unchanged,
    },
    // That it is off unless somebody sets it up is how makers have it; no standard asks for it.
    Check {
        id: "pppoe.pass.off",
        source: "Yamaha, PPPoE pass-through (rtpro.yamaha.co.jp): between the interfaces named, and no others",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PPPoEパススルーが無効なら、端末のPPPoEを通さない",
            "With PPPoE pass-through off, no PPPoE of terminals passes",
        ),
        hint: Text::new(
            "PPPoEパススルーが無効のときは、LANからのPPPoEのフレームを回線に出さないでください。フィルタを経ずに外とつながります。",
            "Keep PPPoE frames of the LAN off the line then: they go past the filter.",
        ),
        judge: off,
    },
];

fn crosses(trace: &Dissection<'_>) -> Verdict {
    if let Some(why) = no_pass_through(trace) {
        return not_applicable(why);
    }
    every(WHAT, came(trace), |(found, after)| {
        let over = found.arrives + SOON;
        match after {
            Some(after) => Ruling::Holds(vec![found.record, after.record]),
            None if trace.end() < over || trace.is_disturbed(found.at, over) => Ruling::Skip,
            None => broken(
                [found.record],
                "the PPPoE frame passed on",
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

fn unchanged(trace: &Dissection<'_>) -> Verdict {
    if let Some(why) = no_pass_through(trace) {
        return not_applicable(why);
    }
    let passed = came(trace).into_iter();
    let passed = passed.filter_map(|(found, after)| Some((found, after?)));
    every(WHAT, passed, |(found, after)| {
        expect(
            [found.record, after.record],
            found.is.packet == after.is.packet,
            "the PPPoE frame as it came",
            difference(found, after),
        )
    })
}

fn off(trace: &Dissection<'_>) -> Verdict {
    if trace.header().captured.is_some() {
        return not_applicable("a capture does not tell whether PPPoE pass-through is set up");
    }
    if trace.setup().pppoe_pass_through {
        return not_applicable("PPPoE pass-through is set up in this scenario");
    }
    let came = came(trace);
    let passed = came.iter().filter_map(|(found, after)| {
        let after = after.as_ref()?;
        Some(finding(
            [found.record, after.record],
            "no PPPoE frame of a terminal on the other side",
            "it was passed on",
        ))
    });
    never(WHAT, came.iter().map(|(found, _)| found.record), passed)
}

/// Returns why nothing has to pass, if that is so.
fn no_pass_through(trace: &Dissection<'_>) -> Option<&'static str> {
    let set_up = trace.setup().pppoe_pass_through;
    (!set_up).then_some("PPPoE pass-through is not set up in this scenario")
}

/// Returns what terminals that dial sent to somebody beyond the router, and what came for them, each
/// with what left on the other side for it, in whatever shape.
fn came<'d>(trace: &'d Dissection<'_>) -> Vec<(&'d Seen, Option<&'d Seen>)> {
    let terminals: BTreeSet<Mac> = trace.dialling_terminals().map(|own| own.mac).collect();
    let passes = |found: &Seen| match found.on {
        Role::Lan => {
            terminals.contains(&found.eth_source)
                && !trace.device_macs().contains(&found.eth_destination)
        }
        Role::Wan => terminals.contains(&found.eth_destination),
        Role::Uplink => false,
    };
    // What leaves under the router's own address is among its own.
    let all = trace.terminals_pppoe.iter().chain(&trace.pppoe);
    let mut all: Vec<&Seen> = all.collect();
    all.sort_by_key(|found| found.record);
    let mut came: Vec<(&Seen, Option<&Seen>)> = Vec::new();
    let mut waiting: BTreeMap<Role, Vec<usize>> = BTreeMap::new();
    for found in all {
        let Some(other) = found.on.across() else {
            continue;
        };
        if found.to_device(found.on) && !found.injected && passes(found) {
            let times = if trace.is_doubled(found.record) { 2 } else { 1 };
            let places = waiting.entry(other).or_default();
            places.extend([came.len()].repeat(times));
            came.push((found, None));
        } else if found.by_device(found.on) {
            let places = waiting.entry(found.on).or_default();
            // The last one comes first: what was lost before is not what leaves now.
            let like = |alike: fn(&Seen, &Seen) -> bool| {
                places.iter().rposition(|place| {
                    let before = came[*place].0;
                    found.at.since(before.at) <= SOON && alike(before, found)
                })
            };
            if let Some(place) = like(is_same).or_else(|| like(is_alike)) {
                let place = places.remove(place);
                came[place].1.get_or_insert(found);
            }
        }
    }
    came
}

fn is_same(before: &Seen, after: &Seen) -> bool {
    before.is.packet == after.is.packet
}

/// Returns whether one may be the other with its addresses or its contents changed.
fn is_alike(before: &Seen, after: &Seen) -> bool {
    let ends = |found: &Seen| (found.eth_source, found.eth_destination);
    let same_kind = before.is.session() == after.is.session()
        && before.is.code() == after.is.code()
        && before.is.protocol() == after.is.protocol();
    same_kind && (ends(before) == ends(after) || before.is.packet.stage == after.is.packet.stage)
}

fn difference(before: &Seen, after: &Seen) -> String {
    if before.eth_source != after.eth_source {
        return format!("one whose source became {}", after.eth_source);
    }
    if before.eth_destination != after.eth_destination {
        return format!("one whose destination became {}", after.eth_destination);
    }
    match before.is.code() {
        Some(_) => "one with other tags".to_owned(),
        None => "one with other contents".to_owned(),
    }
}

const WHAT: &str = "PPPoE frame of a terminal that dials itself";

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::pppoe::{Code, HOST_UNIQ, Pppoe, Stage, Tag};
    use ngnlab_sim::trace::End;

    use super::*;
    use crate::checks::test_verdicts::{fails, is_explained, open, passes, verdict};
    use crate::dissection::builder::{PC, ROUTER_LAN, ROUTER_WAN, TraceBuilder};

    #[test]
    fn what_passes_as_it_came_passes() {
        let trace = both_ways(true, Some);
        for id in [CROSSES, UNCHANGED] {
            assert!(passes(id, &trace), "{id}");
        }
        assert!(is_not_asked(OFF, &trace));
    }

    #[test]
    fn what_is_lost_or_changed_fails() {
        let lost = both_ways(true, |packet| (packet.destination != PC).then_some(packet));
        assert!(fails(CROSSES, &lost) && !is_explained(CROSSES, &lost));
        let renamed = both_ways(true, |packet| {
            let source = match packet.source {
                PC => ROUTER_WAN,
                other => other,
            };
            Some(Pppoe { source, ..packet })
        });
        assert!(passes(CROSSES, &renamed) && fails(UNCHANGED, &renamed));
        let stripped = both_ways(true, |mut packet| {
            if let Stage::Discovery { tags, .. } = &mut packet.stage {
                tags.clear();
            }
            Some(packet)
        });
        assert!(passes(CROSSES, &stripped) && fails(UNCHANGED, &stripped));
    }

    #[test]
    fn what_passes_although_it_is_off_fails() {
        let kept = both_ways(false, |_| None);
        assert!(passes(OFF, &kept) && is_not_asked(CROSSES, &kept));
        assert!(fails(OFF, &both_ways(false, Some)));
    }

    #[test]
    fn frames_for_the_router_itself_need_not_pass() {
        let mut trace = dialling(true);
        let own = packet((PC, ROUTER_LAN), Code::Request);
        trace.at(1000).frame(Role::Lan, End::Network, own.frame());
        assert!(open(CROSSES, &trace));
    }

    fn is_not_asked(id: &str, trace: &TraceBuilder) -> bool {
        matches!(verdict(id, trace), Verdict::NotApplicable(_))
    }

    /// A PADI and its PADO, as a router passes them on.
    fn both_ways(set_up: bool, pass: impl Fn(Pppoe) -> Option<Pppoe>) -> TraceBuilder {
        let mut trace = dialling(set_up);
        let asked = packet((PC, Mac::BROADCAST), Code::Initiation);
        let offered = packet((AC, PC), Code::Offer);
        for (at, packet, from, to) in [
            (1000, asked, Role::Lan, Role::Wan),
            (2000, offered, Role::Wan, Role::Lan),
        ] {
            trace.at(at).frame(from, End::Network, packet.frame());
            if let Some(passed) = pass(packet) {
                trace.at(at + 1).frame(to, End::Device, passed.frame());
            }
        }
        trace
    }

    fn dialling(set_up: bool) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-ra");
        let header = &mut trace.trace.header;
        header.setup.pppoe_pass_through = set_up;
        header.terminals[0].dials = true;
        trace
    }

    fn packet((source, destination): (Mac, Mac), code: Code) -> Pppoe {
        Pppoe {
            source,
            destination,
            session: 0,
            stage: Stage::Discovery {
                code,
                tags: vec![Tag::new(HOST_UNIQ, [7])],
            },
        }
    }

    const CROSSES: &str = "pppoe.pass.crosses";
    const UNCHANGED: &str = "pppoe.pass.unchanged";
    const OFF: &str = "pppoe.pass.off";
    const AC: Mac = Mac([2, 0, 0x5e, 0, 0x88, 1]);
}
