//! Packets that travel in fragments, through a NAPT (RFC 791 §3.2; RFC 4787 §10, §11).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::line::internet::SERVICE_SITE;
use ngnlab_sim::line::pppoe::{MTU, Realm};
use ngnlab_sim::message::icmpv4::{DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, PPPOE};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

use super::crossings::{DELIVERED, Seen, at_once, is_calm, is_up, next, outgoing, sessions};
use super::mappings::{PROMPT, judge_answers};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "nat4.frag-allowed",
        source: "RFC 4787 §10 REQ-13 a), §11 REQ-14",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "DFのない大きなパケットを、MTUに収まるフラグメントで送る",
            "A large packet without DF leaves in fragments that fit",
        ),
        hint: Text::new(
            "DFのないパケットがPPPoEのMTU（1454）を超えるときはフラグメントに分け、端末が分けたパケットもNAPTで変換して送ってください。",
            "Fragment what exceeds the session's MTU (1454), and translate what terminals fragmented.",
        ),
        judge: leaves,
    },
    Check {
        id: "nat4.frag-in",
        source: "RFC 4787 §11 REQ-14",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "先頭から順に届いたフラグメントが端末に届く",
            "Fragments that come in order reach the terminal",
        ),
        hint: Text::new(
            "ポートを持たない2番目以降のフラグメントも、先頭のフラグメントと同じ端末に渡してください。",
            "Hand later fragments, which have no ports, to the terminal that the first one is for.",
        ),
        judge: come_in,
    },
    Check {
        id: "nat4.frag-in.any-order",
        source: "RFC 4787 §11 REQ-14",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "順序が入れ替わって届いたフラグメントも端末に届く",
            "Fragments that come out of order reach the terminal",
        ),
        hint: Text::new(
            "先頭より先に届いたフラグメントは破棄せず、先頭が届くまで保持してください。",
            "Keep fragments that come before the first one until that has come.",
        ),
        judge: come_in_any_order,
    },
];

fn leaves(trace: &Dissection<'_>) -> Verdict {
    let up = sessions(trace);
    let packets = outgoing(trace).into_iter().filter(|out| {
        let inside = &out.inside.is;
        let is_large = inside.length > usize::from(MTU) || !inside.pieces.is_empty();
        is_large && inside.ends.is_some() && !inside.dont_fragment && inside.ttl > 1
    });
    every("packet that may be fragmented", packets, |out| {
        let inside = out.inside;
        if let Some(outside) = out.outside {
            let longest = outside.is.longest();
            return expect(
                parts(inside).chain(parts(outside)),
                longest <= usize::from(MTU),
                format!("packets of {MTU} bytes or less"),
                format!("one of {longest} bytes"),
            );
        }
        let stands = inside.is.destination != SERVICE_SITE && is_up(&up, Realm::Isp, inside.at);
        let refused = refusal(trace, inside);
        let seen = match refused {
            Some((DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED)) => "Fragmentation Needed",
            // It is told why: there may be no way for this terminal.
            Some(_) => return Ruling::Skip,
            None => "it leaves by none",
        };
        match stands && is_calm(trace, inside.at) {
            true => broken(parts(inside), "it leaves by the session within 1 s", seen)
                .unless_late(trace, at_once(inside.at)),
            false => Ruling::Skip,
        }
    })
}

fn come_in(trace: &Dissection<'_>) -> Verdict {
    judge_answers(trace, "answer in fragments", |came, idle| {
        !came.is.pieces.is_empty() && came.is.came_in_order() && idle <= PROMPT
    })
}

fn come_in_any_order(trace: &Dissection<'_>) -> Verdict {
    judge_answers(trace, "answer in fragments out of order", |came, idle| {
        !came.is.came_in_order() && idle <= PROMPT
    })
}

/// Returns type and code of the error that a terminal is told of its packet.
fn refusal(trace: &Dissection<'_>, inside: &Seen) -> Option<(u8, u8)> {
    let first = parts(inside).min()?;
    let after = trace.ipv4.partition_point(|found| found.record <= first);
    let mut told = next(&trace.ipv4[after..], inside.at, DELIVERED);
    told.find_map(|found| {
        let error = found.is.error.filter(|_| found.by_device(Role::Lan))?;
        (error.quoted == inside.is.ends).then_some(error.kind)
    })
}

/// Returns the records of a packet's fragments, or of the packet.
fn parts(packet: &Seen) -> impl Iterator<Item = usize> + use<> {
    let pieces: Vec<usize> = packet.is.pieces.iter().map(|piece| piece.record).collect();
    let whole = pieces.is_empty().then_some(packet.record);
    pieces.into_iter().chain(whole)
}
