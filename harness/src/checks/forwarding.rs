//! Packets on their way through the device: what it has to leave as it is, and what must not pass.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::message::packet::{Packet, Payload, is_link_local, is_routable};
use ngnlab_sim::trace::Role;

use super::{CE_ROUTER, Check, EVERYONE, Ruling, broken, every, expect, finding, never};
use crate::dissection::crossing::{Flow, is_fragment};
use crate::dissection::{Dissection, Found};

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
        id: "fwd.payload.intact",
        source: "RFC 8200 §3, §8.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "中継するUDPデータグラムの中身を変えない",
            "Forwarded datagrams arrive byte by byte as they were sent",
        ),
        hint: Text::new(
            "ALGやチェックサムオフロードが中継パケットを書き換えていないか確認してください。",
            "See whether an ALG or checksum offloading changes what is forwarded.",
        ),
        judge: payload_intact,
    },
    Check {
        id: "fwd.mtu.full-size",
        source: "RFC 2464 §2; ngn-facts §1.1, §1.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "1500バイトのパケットを両方向に中継する",
            "Packets of 1500 bytes are forwarded both ways",
        ),
        hint: Text::new(
            "WANとLANのMTUを1500にしてください。回線のRAもMTU 1500を示します。",
            "Set the MTU to 1500 on both sides, as the line advertises.",
        ),
        judge: full_size,
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
    Check {
        id: "fwd.no-link-local",
        source: "RFC 4291 §2.5.6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "リンクローカルアドレスからのパケットを中継しない",
            "Packets with a link-local source stay on their link",
        ),
        hint: Text::new(
            "fe80::/10を送信元とするパケットは別のリンクへ中継しないでください。",
            "Never forward packets from fe80::/10 to another link.",
        ),
        judge: no_link_local,
    },
    Check {
        id: "fwd.no-loopback",
        source: "RFC 4291 §2.5.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ループバックアドレスのパケットを中継しない",
            "Packets from or to the loopback address are not forwarded",
        ),
        hint: Text::new(
            "::1を送信元または宛先とするパケットは破棄してください。",
            "Drop packets from or to ::1 that come in from outside.",
        ),
        judge: no_loopback,
    },
    Check {
        id: "fwd.no-unspecified",
        source: "RFC 4291 §2.5.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "未指定アドレス（::）からのパケットを中継しない",
            "Packets from the unspecified address are not forwarded",
        ),
        hint: Text::new(
            "送信元が::のパケットは中継しないでください。",
            "Never forward packets whose source is ::.",
        ),
        judge: no_unspecified,
    },
    Check {
        id: "pmtu.outbound-frag",
        source: "RFC 8200 §4.5",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "端末が送るフラグメントを中継する",
            "Fragments from terminals are forwarded",
        ),
        hint: Text::new(
            "2番目以降のフラグメントにはポート番号がありません。破棄しないでください。",
            "Fragments after the first show no ports; do not drop them for that.",
        ),
        judge: fragments_out,
    },
    Check {
        id: "pmtu.inbound-frag",
        source: "RFC 6092 §2.2; RFC 8200 §4.5",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "端末宛ての応答がフラグメントでも届く",
            "Fragmented answers reach terminals complete",
        ),
        hint: Text::new(
            "フィルタが既存の通信のフラグメントを破棄しないようにしてください。",
            "Have the filter pass the fragments of flows that it knows.",
        ),
        judge: fragments_in,
    },
];

/// How long a device may take to pass a packet on, the search for a neighbour included (RFC 4861
/// §10: three solicitations, a second apart).
pub(super) const SOON: Duration = Duration::from_secs(3);
/// How long a flow may be silent before a filter may forget it (RFC 6092 REC-12, REC-14: two
/// minutes), less a second for the way.
pub(super) const IDLE: Duration = Duration::from_secs(119);

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
        found.is.ip.get(6) == Some(&60)
    })
}

fn full_size(trace: &Dissection<'_>) -> Verdict {
    let mut adverts = trace.router_adverts();
    let narrow = adverts.any(|advert| {
        let mut options = advert.is.options.iter();
        advert.by_device(Role::Lan)
            && options.any(|option| matches!(option, NdpOption::Mtu(mtu) if *mtu < 1500))
    });
    must_cross(trace, "packet of 1500 bytes", |found| {
        found.is.ip.len() == 1500 && found.hop_limit > 1 && !narrow
    })
}

/// Judges that packets of a kind come out on the other side, whichever way they go.
fn must_cross<'t>(
    trace: &Dissection<'t>,
    what: &str,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
) -> Verdict {
    let chosen = trace.packets.iter().filter(|found| {
        select(found)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
            && (trace.passes_out_for(found, SOON) || trace.passes_in_for(found, IDLE, SOON))
    });
    every(what, chosen, |found| match trace.crossed(found) {
        Some(after) => Ruling::Holds(vec![found.record, after.record]),
        None => broken(
            [found.record],
            format!("the {what} forwarded"),
            "it did not leave on the other side",
        ),
    })
}

fn payload_intact(trace: &Dissection<'_>) -> Verdict {
    let mut came: BTreeMap<(Role, Flow), Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    let mut left = Vec::new();
    for found in &trace.packets {
        let (Payload::Udp(_), Some(flow)) = (&found.is.payload, Flow::of(&found.is)) else {
            continue;
        };
        let other = match found.on {
            Role::Wan => Role::Lan,
            Role::Lan => Role::Wan,
            Role::Uplink => continue,
        };
        if found.to_device(found.on) {
            came.entry((other, flow)).or_default().push(found);
        } else if found.by_device(found.on) {
            left.push((flow, found));
        }
    }
    every("forwarded UDP datagram", left, |(flow, after)| {
        let origins = came.get(&(after.on, flow)).map_or(&[][..], Vec::as_slice);
        let recent = |before: &&&Found<Packet<'_>>| {
            before.at <= after.at && after.at.since(before.at) <= SOON
        };
        let Some(latest) = origins.iter().rev().find(recent) else {
            return Ruling::Skip;
        };
        let same = origins
            .iter()
            .filter(recent)
            .find(|before| before.is.ip.get(8..) == after.is.ip.get(8..));
        match same {
            Some(before) => Ruling::Holds(vec![before.record, after.record]),
            None => broken(
                [latest.record, after.record],
                "the same bytes after the hop limit as before",
                "the datagram was changed on its way",
            ),
        }
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

fn no_link_local(trace: &Dissection<'_>) -> Verdict {
    must_not_cross(trace, "packet from a link-local address", |found| {
        is_link_local(found.source) && is_routable(found.destination)
    })
}

fn no_loopback(trace: &Dissection<'_>) -> Verdict {
    must_not_cross(trace, "packet with the loopback address", |found| {
        found.source.is_loopback() || found.destination.is_loopback()
    })
}

fn no_unspecified(trace: &Dissection<'_>) -> Verdict {
    must_not_cross(trace, "packet from the unspecified address", |found| {
        found.source.is_unspecified() && is_routable(found.destination)
    })
}

/// Judges that no packet of a kind comes out on the other side.
pub(super) fn must_not_cross<'t>(
    trace: &Dissection<'t>,
    what: &str,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
) -> Verdict {
    let tried: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.to_device(found.on)
                && found.on != Role::Uplink
                && !trace.is_device_address(found.destination)
                && select(found)
        })
        .collect();
    let through = tried.iter().filter_map(|found| {
        let after = trace.crossed(found)?;
        Some(finding(
            [found.record, after.record],
            format!("the {what} dropped"),
            "it left on the other side",
        ))
    });
    never(what, tried.iter().map(|found| found.record), through)
}

fn fragments_out(trace: &Dissection<'_>) -> Verdict {
    let fragments = trace.packets.iter().filter(|found| {
        is_fragment(&found.is)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
            && trace.passes_out_for(found, SOON)
    });
    every("fragment from a terminal", fragments, |found| {
        match trace.crossed(found) {
            Some(after) => Ruling::Holds(vec![found.record, after.record]),
            None => broken(
                [found.record],
                "the fragment forwarded",
                "it did not leave on the WAN",
            ),
        }
    })
}

fn fragments_in(trace: &Dissection<'_>) -> Verdict {
    type Whole<'a> = (Ipv6Addr, Ipv6Addr, &'a [u8]);
    let mut packets: BTreeMap<Whole<'_>, Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    for found in &trace.packets {
        let id = found.is.ip.get(44..48);
        if let Some(id) = id
            && is_fragment(&found.is)
            && found.to_device(Role::Wan)
            && trace.is_terminal(found.destination)
        {
            let key = (found.source, found.destination, id);
            packets.entry(key).or_default().push(found);
        }
    }
    every(
        "fragmented packet for a terminal",
        packets,
        |((source, destination, _), parts)| {
            let (first, last) = (parts[0], parts[parts.len() - 1]);
            let over = last.arrives + SOON;
            // Only an answer has to come in: the terminal must have sent something there.
            let asked = trace.packets.iter().any(|found| {
                found.by_device(Role::Wan)
                    && (found.source, found.destination) == (destination, source)
                    && found.at < first.at
                    && first.at.since(found.at) < IDLE
                    && Flow::of(&found.is).is_some_and(|flow| flow.has_high_ports())
            });
            if !asked || trace.end() < over || trace.is_disturbed(first.at, over) {
                return Ruling::Skip;
            }
            // A device may put the packet together and cut it anew.
            let arrived: Vec<_> = trace
                .packets
                .iter()
                .filter(|found| {
                    found.by_device(Role::Lan)
                        && (found.source, found.destination) == (source, destination)
                        && first.at <= found.at
                        && found.at <= over
                })
                .collect();
            let bytes = |parts: &[&Found<Packet<'_>>]| -> usize {
                parts.iter().map(|part| part.is.ip.len()).sum()
            };
            let records = parts.iter().chain(&arrived).map(|found| found.record);
            // Headers may be fewer than before: at most those of all fragments.
            let headers = 48 * parts.len();
            expect(
                records,
                bytes(&arrived) + headers >= bytes(&parts),
                format!("all {} fragments at the terminal", parts.len()),
                format!("{} packets came through", arrived.len()),
            )
        },
    )
}

#[cfg(test)]
mod tests;
