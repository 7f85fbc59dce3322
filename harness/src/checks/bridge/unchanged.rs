//! How frames leave a bridge: as they came, once, and on the other side alone.

use ngnlab_reports::{Level, RecordId, Text, Verdict};

use super::relayed::{Extra, Relayed, Seen};
use crate::checks::check::{Check, ONS};
use crate::checks::ruling::{Ruling, broken, every, finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "bridge.frames.unchanged",
        // A bridge forwards frames and no packets, so that RFC 8200 §3 has it lower no hop limit.
        source: "IEEE 802.1D-2004 §7.1; RFC 8200 §3",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "IPv6ブリッジを通るフレームの中身、MACアドレス、ホップリミットが変わらない",
            "Contents, MAC addresses and hop limit stay as they are on the way through the bridge",
        ),
        hint: Text::new(
            "IPv6ブリッジでは中継もアドレスの変換もせず、フレームをそのまま送ってください。",
            "As a bridge, do not route and do not translate addresses: send frames as they are.",
        ),
        judge: unchanged,
    },
    Check {
        id: "bridge.frames.once",
        source: "IEEE 802.1D-2004 §6.3.4",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "IPv6ブリッジが同じフレームを2回送らない",
            "The bridge passes each frame on once",
        ),
        hint: Text::new(
            "ブリッジとハードウェアオフロードの両方が同じフレームを送っていないか確認してください。",
            "See whether the bridge and a hardware offload both send the same frame.",
        ),
        judge: once,
    },
    Check {
        id: "bridge.frames.not-reflected",
        source: "IEEE 802.1D-2004 §7.7.1",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "IPv6ブリッジがフレームを受け取った側に送り返さない",
            "The bridge sends no frame back to the side it came from",
        ),
        hint: Text::new(
            "送り返された近隣要請は端末の重複アドレス検出を失敗させます。折り返しの設定を無効にしてください。",
            "A Neighbor Solicitation that comes back makes a terminal's duplicate address detection fail: turn hairpin mode off.",
        ),
        judge: not_reflected,
    },
];

fn unchanged(trace: &Dissection<'_>) -> Verdict {
    let relayed = Relayed::of(trace);
    let pairs = relayed.came.iter();
    let pairs = pairs.filter_map(|(before, after)| Some((before, (*after)?)));
    every("frame that crossed", pairs, |(before, after)| {
        let records = [before.record, after.record];
        match change(before, after) {
            None => Ruling::Holds(records.to_vec()),
            Some((expected, seen)) => broken(records, expected, seen),
        }
    })
}

/// Returns how a frame should have left and how it did, if that is not the same.
fn change(before: Seen<'_, '_>, after: Seen<'_, '_>) -> Option<(String, String)> {
    if before.eth_source != after.eth_source {
        let expected = format!("the source MAC address {}", before.eth_source);
        return Some((expected, after.eth_source.to_string()));
    }
    if before.eth_destination != after.eth_destination {
        let expected = format!("the destination MAC address {}", before.eth_destination);
        return Some((expected, after.eth_destination.to_string()));
    }
    if before.hop_limit != after.hop_limit {
        let expected = format!("the hop limit {}", before.hop_limit);
        return Some((expected, after.hop_limit.to_string()));
    }
    (before.is.ip != after.is.ip).then(|| {
        let expected = "the same bytes as before";
        (expected.to_owned(), "the packet was changed".to_owned())
    })
}

fn once(trace: &Dissection<'_>) -> Verdict {
    judge_extra(
        trace,
        "the frame passed on once",
        "it left once more",
        |how| match how {
            Extra::Again(before) => Some(before.record),
            Extra::Own | Extra::Reflected(_) => None,
        },
    )
}

fn not_reflected(trace: &Dissection<'_>) -> Verdict {
    let expected = "the frame passed on to the other side alone";
    judge_extra(trace, expected, "it was sent back, too", |how| match how {
        Extra::Reflected(before) => Some(before.record),
        Extra::Own | Extra::Again(_) => None,
    })
}

/// Judges that no frame leaves as an extra one that `origin` knows the first of.
fn judge_extra(
    trace: &Dissection<'_>,
    expected: &str,
    seen: &str,
    origin: impl Fn(Extra<'_, '_>) -> Option<RecordId>,
) -> Verdict {
    let relayed = Relayed::of(trace);
    let crossed = relayed.came.iter().filter_map(|(before, after)| {
        after.as_ref()?;
        Some(before.record)
    });
    let bad = relayed.extra.iter().filter_map(|(found, how)| {
        let before = origin(*how)?;
        Some(finding([before, found.record], expected, seen))
    });
    never("frame that crossed", crossed, bad)
}
