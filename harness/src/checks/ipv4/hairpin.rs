//! Terminals that reach each other by their outside addresses and ports (RFC 4787 §6).

use std::net::Ipv4Addr;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::ipv4::rewrite::Protocol;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, PPPOE};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

use super::crossings::{
    DELIVERED, Outgoing, Seen, at_once, is_calm, is_up, next, outgoing, own_addresses, session_of,
    sessions,
};
use super::mappings::RECENT;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "nat4.hairpin-udp",
    source: "RFC 4787 §6 REQ-9",
    level: Level::Must,
    profiles: PPPOE,
    aspects: &[],
    title: Text::new(
        "端末どうしが、外側のアドレスとポートで届き合う（ヘアピン）",
        "Terminals reach each other by their outside addresses and ports (hairpinning)",
    ),
    hint: Text::new(
        "LANから自分の外側のアドレス宛てに届いたパケットは、送信元も外側のアドレスとポートに変換して、対応する端末に折り返してください。",
        "Translate the source as on its way out, the destination as on its way in, and hand it on.",
    ),
    judge: hairpins,
}];

fn hairpins(trace: &Dissection<'_>) -> Verdict {
    let (sent, up) = (outgoing(trace), sessions(trace));
    let own = own_addresses(trace);
    let packets = trace.ipv4.iter().enumerate().filter(|(_, found)| {
        found.to_device(Role::Lan)
            && !found.injected
            && trace.device_macs().contains(&found.eth_destination)
            && own.contains(&found.is.destination)
            && found.is.protocol() == Some(Protocol::Udp)
            && found.is.ttl > 1
    });
    every(
        "datagram for another terminal's outside port",
        packets,
        |(at, packet)| {
            let Some(ends) = packet.is.ends else {
                return Ruling::Skip;
            };
            // What others have seen of both, by one session.
            let peer = mapped(&sent, packet, |_, outside| outside == ends.destination);
            let own = mapped(&sent, packet, |inside, _| inside == ends.source);
            let (Some((peer, _, session)), Some((_, outside, same))) = (peer, own) else {
                return Ruling::Skip;
            };
            // RFC 4787 §5 REQ-8: whom a terminal has sent nothing to may be kept from it.
            let lets_in = trace.ipv4[..at].iter().any(|found| {
                let said = found.is.ends.filter(|_| found.to_device(Role::Lan));
                let pair = said.map(|said| (said.protocol, said.source, said.destination));
                pair == Some((Protocol::Udp, peer, outside)) && packet.at.since(found.at) < RECENT
            });
            if session.is.session != same.is.session || !lets_in {
                return Ruling::Skip;
            }
            let came = next(&trace.ipv4[at + 1..], packet.arrives, DELIVERED).find_map(|found| {
                let said = found.is.ends.filter(|_| found.by_device(Role::Lan))?;
                let is_theirs = [ends.source.0, outside.0].contains(&said.source.0);
                let is_it =
                    said.destination == peer && is_theirs && found.is.data == packet.is.data;
                is_it.then_some((found, said.source))
            });
            if let Some((came, source)) = came {
                return expect(
                    [packet.record, came.record],
                    source == outside,
                    format!("it comes from {}", words(outside)),
                    format!("it comes from {}", words(source)),
                );
            }
            let stands = session_of(&up, same).is_some_and(|own| is_up(&up, own.realm, packet.at));
            match stands && is_calm(trace, packet.at) {
                true => broken(
                    [packet.record],
                    format!("it reaches {}", words(peer)),
                    "it reaches nobody",
                )
                .unless_late(trace, at_once(packet.at)),
                false => Ruling::Skip,
            }
        },
    )
}

type End = (Ipv4Addr, u16);

/// Returns the inside and the outside of a port that somebody beyond has seen lately, and by which packet.
fn mapped<'d>(
    sent: &[Outgoing<'d>],
    before: &Seen,
    is_it: impl Fn(End, End) -> bool,
) -> Option<(End, End, &'d Seen)> {
    let mut sent = sent.iter().rev();
    sent.find_map(|out| {
        let (inside, outside) = (out.inside.is.ends?, out.outside?);
        let seen = outside.is.ends?;
        let is_lately = inside.protocol == Protocol::Udp
            && out.inside.record < before.record
            && before.at.since(out.inside.at) < RECENT;
        let found = is_lately && is_it(inside.source, seen.source);
        found.then_some((inside.source, seen.source, outside))
    })
}

fn words((address, port): End) -> String {
    format!("{address}:{port}")
}
