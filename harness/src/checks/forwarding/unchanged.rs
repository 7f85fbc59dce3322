//! What packets look like when they come out: as they went in.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use ngnlab_reports::{Finding, Level, RecordId, Text, Verdict};
use ngnlab_sim::message::packet::{IPV6_HEADER, Packet, Payload};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::evidence::through_device::{SOON, must_cross};
use crate::checks::firewall::border::has_routing_header_0;
use crate::checks::ruling::{Ruling, broken, every, expect, finding};
use crate::dissection::crossing::Flow;
use crate::dissection::{Connection, Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fwd.flowlabel.kept",
        source: "RFC 6437 §3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "フローラベルを変えずに中継する",
            "Flow labels are forwarded unchanged",
        ),
        hint: Text::new(
            "0以外のフローラベルは書き換えないでください。",
            "Leave a flow label other than zero alone.",
        ),
        judge: flow_label_kept,
    },
    Check {
        id: "fwd.traffic-class.kept",
        source: "RFC 8200 §7; RFC 3168 §5",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "トラフィッククラス（DSCPとECN）を変えずに中継する",
            "The traffic class, DSCP and ECN, is forwarded unchanged",
        ),
        hint: Text::new(
            "QoS設定でDSCPを書き換えていないか、ECNを消していないか確認してください。",
            "See whether a QoS setting rewrites the DSCP or clears ECN.",
        ),
        judge: traffic_class_kept,
    },
    Check {
        id: "fwd.exthdr.pass",
        source: "RFC 7045 §2.1; RFC 8200 §4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "拡張ヘッダの付いたパケットを中継する",
            "Packets with extension headers are forwarded",
        ),
        hint: Text::new(
            "拡張ヘッダがあるという理由だけで破棄しないでください。",
            "Do not drop a packet only because it has extension headers.",
        ),
        judge: extensions_pass,
    },
    Check {
        id: "fwd.exthdr.routing",
        source: "RFC 5095 §4.2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "タイプ0以外のルーティングヘッダの付いたパケットを中継する",
            "Packets with a routing header of another type than 0 are forwarded",
        ),
        hint: Text::new(
            "ルーティングヘッダのうち、タイプ0だけを破棄してください。",
            "Of routing headers, drop those of type 0 alone.",
        ),
        judge: routing_headers_pass,
    },
    Check {
        id: "fwd.payload.intact",
        source: "RFC 8200 §3, §8.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "中継するUDPデータグラムとTCPの中身を変えない",
            "Forwarded datagrams and TCP streams arrive byte by byte as they were sent",
        ),
        hint: Text::new(
            "ALGやチェックサムオフロードが中継パケットを書き換えていないか確認してください。",
            "See whether an ALG or checksum offloading changes what is forwarded.",
        ),
        judge: payload_intact,
    },
    Check {
        id: "fwd.to-right-mac",
        source: "RFC 4861 §7.2; RFC 2464 §6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "中継先のMACアドレス宛てにだけ送る",
            "Forwarded packets go to the MAC address of their next hop",
        ),
        hint: Text::new(
            "近隣探索で得たMACアドレスに送り、全端末へ流さないでください。",
            "Send to the link-layer address that neighbour discovery found, not to everybody.",
        ),
        judge: to_right_mac,
    },
];

fn flow_label_kept(trace: &Dissection<'_>) -> Verdict {
    let labelled = trace.forwarded().into_iter();
    every(
        "forwarded packet with a flow label",
        labelled.filter(|(before, _)| before.is.flow_label != 0),
        |(before, after)| {
            expect(
                [before.record, after.record],
                before.is.flow_label == after.is.flow_label,
                format!("flow label {:#x}", before.is.flow_label),
                format!("{:#x}", after.is.flow_label),
            )
        },
    )
}

fn traffic_class_kept(trace: &Dissection<'_>) -> Verdict {
    let marked = trace.forwarded().into_iter();
    every(
        "forwarded packet with a traffic class",
        marked.filter(|(before, _)| before.is.traffic_class != 0),
        |(before, after)| {
            let (was, is) = (before.is.traffic_class, after.is.traffic_class);
            // RFC 3168 §5: a router that is congested says so to those who understand.
            let congested = was & 3 != 0 && is == was | 3;
            expect(
                [before.record, after.record],
                was == is || congested,
                format!("traffic class {was:#04x}"),
                format!("{is:#04x}"),
            )
        },
    )
}

fn extensions_pass(trace: &Dissection<'_>) -> Verdict {
    // RFC 8200 §4.6; what has Hop-by-Hop Options may be dropped (RFC 7045 §2.2).
    must_cross(trace, "packet with a Destination Options header", |found| {
        found.is.ip.get(6) == Some(&60) && !has_routing_header_0(found.is.ip)
    })
}

fn routing_headers_pass(trace: &Dissection<'_>) -> Verdict {
    must_cross(trace, "packet with a routing header of type 2", |found| {
        // RFC 8200 §4.4: the type is the third octet.
        found.is.ip.get(6) == Some(&43) && found.is.ip.get(IPV6_HEADER + 2) == Some(&2)
    })
}

fn payload_intact(trace: &Dissection<'_>) -> Verdict {
    let mut came: BTreeMap<(Role, Flow), Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    let mut left = Vec::new();
    for found in &trace.packets {
        let (Payload::Udp(_), Some(flow)) = (&found.is.payload, Flow::of(&found.is)) else {
            continue;
        };
        let Some(other) = found.on.across() else {
            continue;
        };
        if found.to_device(found.on) {
            came.entry((other, flow)).or_default().push(found);
        } else if found.by_device(found.on) {
            left.push((flow, found));
        }
    }
    if let Some(finding) = changed_stream(trace) {
        return Verdict::Fail(finding);
    }
    let datagrams = every(
        "forwarded UDP datagram or TCP stream",
        &left,
        |(flow, after)| {
            let origins = came.get(&(after.on, *flow)).map_or(&[][..], Vec::as_slice);
            let recent = |before: &&&Found<Packet<'_>>| {
                before.at <= after.at && after.at.since(before.at) <= SOON
            };
            let Some(latest) = origins.iter().rev().find(recent) else {
                return Ruling::Skip;
            };
            let is_same = |one: &Found<Packet<'_>>, other: &Found<Packet<'_>>| {
                one.is.ip.get(8..) == other.is.ip.get(8..)
            };
            let same = origins
                .iter()
                .filter(recent)
                .find(|before| is_same(before, after));
            // What came out whole before explains nothing that comes out now: a capture may lack
            // the frame that did.
            let is_out = left.iter().any(|(_, out)| {
                (latest.record..after.record).contains(&out.record)
                    && out.on == after.on
                    && is_same(latest, out)
            });
            if same.is_none() && is_out {
                return Ruling::Skip;
            }
            match same {
                Some(before) => Ruling::Holds(vec![before.record, after.record]),
                None => broken(
                    [latest.record, after.record],
                    "the same bytes after the hop limit as before",
                    "the datagram was changed on its way",
                ),
            }
        },
    );
    match (datagrams, unchanged_stream(trace)) {
        (Verdict::Inconclusive(_), Some(records)) => Verdict::Pass(records),
        (verdict, _) => verdict,
    }
}

/// Returns the first TCP connection whose bytes, or whose checksums, the device changes.
fn changed_stream(trace: &Dissection<'_>) -> Option<Finding> {
    let wrong = trace.packets.iter().find(|found| {
        let Payload::Tcp(tcp) = &found.is.payload else {
            return false;
        };
        let (from, to) = (found.source.octets(), found.destination.octets());
        let header = tcp.to_header();
        let sum = header.calc_checksum_ipv6_raw(from, to, tcp.payload());
        found.by_device(found.on)
            && (trace.is_terminal(found.source) || trace.is_terminal(found.destination))
            && !trace.is_device_address(found.source)
            && sum.is_ok_and(|sum| sum != header.checksum)
    });
    if let Some(wrong) = wrong {
        let expected = "a segment with the checksum that it came with";
        let seen = "its checksum is wrong when it leaves";
        return Some(finding([wrong.record], expected, seen));
    }
    both_sides(trace).find_map(|(near, far)| {
        let down = near.down > 0 && near.down == far.down && near.down_hash != far.down_hash;
        let up = near.up > 0 && near.up == far.up && near.up_hash != far.up_hash;
        let records = [near.syn, far.syn, near.last.0, far.last.0];
        let expected = "the same bytes on both sides";
        let seen = "the bytes of the connection were changed on their way";
        (down || up).then(|| finding(records, expected, seen))
    })
}

/// Returns what shows a TCP connection whose bytes all came out as they went in.
fn unchanged_stream(trace: &Dissection<'_>) -> Option<Vec<RecordId>> {
    let whole = |(near, far): &(&Connection, &Connection)| {
        near.down > 0 && (near.down, near.down_hash) == (far.down, far.down_hash)
    };
    let (near, far) = both_sides(trace).find(whole)?;
    Some(vec![near.syn, far.syn, near.last.0, far.last.0])
}

/// Returns the terminals' connections, and each one as it is beyond the device.
fn both_sides<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = (&'d Connection, &'d Connection)> {
    let near = trace.connections.iter().filter(|one| one.on == Role::Lan);
    near.filter_map(|near| {
        let mut far = trace.connections.iter();
        let far = far.find(|far| {
            far.on == Role::Wan
                && (far.client, far.server) == (near.client, near.server)
                && far.at >= near.at
        })?;
        Some((near, far))
    })
}

fn to_right_mac(trace: &Dissection<'_>) -> Verdict {
    let mut known: BTreeMap<(Role, Ipv6Addr), Vec<_>> = BTreeMap::new();
    let mut upstream = Vec::new();
    for found in &trace.packets {
        if found.from == ngnlab_sim::trace::End::Network && !found.injected {
            if found.on == Role::Wan {
                upstream.push(found.eth_source);
            }
            let owners = known.entry((found.on, found.source)).or_default();
            if !owners.contains(&found.eth_source) {
                owners.push(found.eth_source);
            }
        }
    }
    // Whoever advertises on the WAN may be taken for its router.
    let strangers = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.injected && !ra.is.lifetime.is_zero())
        .filter(|ra| ra.source.is_unicast_link_local());
    upstream.extend(strangers.map(|ra| ra.eth_source));
    upstream.sort();
    upstream.dedup();
    every("forwarded packet", trace.forwarded(), |(before, after)| {
        let owners = match after.on {
            Role::Wan => Some(&upstream),
            _ => known.get(&(after.on, after.destination)),
        };
        let Some(owners) = owners.filter(|owners| !owners.is_empty()) else {
            return Ruling::Skip;
        };
        expect(
            [before.record, after.record],
            owners.contains(&after.eth_destination),
            format!("a frame to {}", owners[0]),
            format!("one to {}", after.eth_destination),
        )
    })
}

#[cfg(test)]
mod tests;
