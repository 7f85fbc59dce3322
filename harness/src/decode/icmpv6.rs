//! ICMPv6 messages (RFC 4443), and those of Multicast Listener Discovery (RFC 2710, RFC 3810).

use ngnlab_sim::message::icmpv6::{
    DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, FIRST_INFORMATIONAL, PACKET_TOO_BIG,
    PARAMETER_PROBLEM, REDIRECT, TIME_EXCEEDED,
};

use super::checksum::{self, Sum};
use super::ndp;
use super::next::{Ends, Next, Part};
use super::shown;
use super::walk::{Read, Walk, layer, plain};

/// The protocol number of ICMPv6.
pub(super) const ICMPV6: u8 = 58;

/// Reads a message.
pub(super) fn message(ends: Ends, bytes: &[u8], at: usize, end: usize) -> Part {
    let mut remark = "";
    let (layer, found) = layer("ICMPv6", bytes, at..end, |walk| {
        let kind = walk.u8("Type", |kind| shown::named(kind, type_name(kind)))?;
        let code = walk.u8("Code", |code| shown::named(code, code_name(kind, code)))?;
        walk.summary = match type_name(kind) {
            Some(name) => name.to_lowercase(),
            None => format!("ICMPv6 type {kind} code {code}"),
        };
        let sum = checksum::read(walk, ICMPV6, ends, at, end.saturating_sub(at))?;
        if sum == Sum::Wrong {
            remark = ", with a wrong checksum";
        }
        let next = body(kind, code, ends.hop_limit, walk);
        walk.summary.push_str(remark);
        next
    });
    let mut says = layer.summary.clone();
    if let Some(Next::Quoted) = found
        && let Some(packet) = bytes.get(layer.start + layer.length..end)
        && let (Some(source), Some(destination)) = (address(packet, 8), address(packet, 24))
    {
        says.push_str(&format!(" for {source} -> {destination}"));
    }
    match found {
        Some(next) => Part::before(layer, says, next),
        None => Part::last(layer, says),
    }
}

fn address(packet: &[u8], at: usize) -> Option<std::net::Ipv6Addr> {
    let octets: &[u8; 16] = packet.get(at..)?.first_chunk()?;
    Some((*octets).into())
}

fn body(kind: u8, code: u8, hop_limit: u8, walk: &mut Walk<'_>) -> Read<Next> {
    match kind {
        DESTINATION_UNREACHABLE => {
            walk.summary = format!("destination unreachable (code {code})");
            walk.hex("Unused", 4)?;
            Ok(Next::Quoted)
        }
        PACKET_TOO_BIG => {
            let mtu = walk.u32("MTU", plain)?;
            walk.summary = format!("packet too big, MTU {mtu}");
            Ok(Next::Quoted)
        }
        TIME_EXCEEDED => {
            walk.summary = format!("time exceeded (code {code})");
            walk.hex("Unused", 4)?;
            Ok(Next::Quoted)
        }
        PARAMETER_PROBLEM => {
            let pointer = walk.u32("Pointer", plain)?;
            walk.summary = format!("parameter problem (code {code}) at byte {pointer}");
            Ok(Next::Quoted)
        }
        ..FIRST_INFORMATIONAL => {
            walk.summary = format!("ICMPv6 error {kind} code {code}");
            walk.hex("Unknown", 4)?;
            Ok(Next::Quoted)
        }
        ECHO_REQUEST | ECHO_REPLY => {
            walk.u16("Identifier", |id| format!("{id:#06x}"))?;
            let sequence = walk.u16("Sequence Number", plain)?;
            walk.summary
                .push_str(&format!(" {sequence} (hop limit {hop_limit})"));
            if walk.left() > 0 {
                walk.note_rest("Data");
            }
            Ok(Next::Nothing)
        }
        LISTENER_QUERY | LISTENER_REPORT | LISTENER_DONE => {
            old_listener(walk)?;
            Ok(Next::Nothing)
        }
        LISTENER_REPORT_V2 => {
            listener_report(walk)?;
            Ok(Next::Nothing)
        }
        ndp::FIRST..=REDIRECT => {
            ndp::body(kind, walk)?;
            // RFC 4861 §6.1, §7.1, §8.1.
            if hop_limit != u8::MAX {
                walk.summary
                    .push_str(&format!(", not valid with hop limit {hop_limit}"));
            } else if code != 0 {
                walk.summary
                    .push_str(&format!(", not valid with code {code}"));
            }
            Ok(Next::Nothing)
        }
        _ => {
            walk.summary.push_str(&format!(" (hop limit {hop_limit})"));
            if walk.left() > 0 {
                walk.note_rest("Message Body");
            }
            Ok(Next::Nothing)
        }
    }
}

/// Reads a Query of either version, or a Report or Done of the first.
fn old_listener(walk: &mut Walk<'_>) -> Read<()> {
    walk.u16("Maximum Response Code", |code| format!("{code} ms"))?;
    walk.hex("Reserved", 2)?;
    let group = walk.address("Multicast Address")?;
    if !group.is_unspecified() {
        walk.summary.push_str(&format!(" for {group}"));
    }
    if walk.left() == 0 {
        return Ok(());
    }
    // RFC 3810 §5.1.
    let start = walk.at();
    let flags = walk.skip(1)?[0];
    walk.note("S", start..start + 1, shown::flag(flags & 8 != 0));
    walk.note("QRV", start..start + 1, plain(flags & 7));
    walk.u8("QQIC", plain)?;
    let count = walk.u16("Number of Sources", plain)?;
    for _ in 0..count {
        walk.address("Source Address")?;
    }
    Ok(())
}

/// Reads a Version 2 Multicast Listener Report (RFC 3810 §5.2).
fn listener_report(walk: &mut Walk<'_>) -> Read<()> {
    walk.hex("Reserved", 2)?;
    let count = walk.u16("Nr of Mcast Address Records", plain)?;
    for number in 0..count {
        let mut told = String::new();
        walk.group("Multicast Address Record", |walk| {
            let kind = walk.u8("Record Type", |kind| shown::named(kind, record_name(kind)))?;
            let extra = usize::from(walk.u8("Aux Data Len", plain)?) * 4;
            let sources = walk.u16("Number of Sources", plain)?;
            let group = walk.address("Multicast Address")?;
            for _ in 0..sources {
                walk.address("Source Address")?;
            }
            if extra > 0 {
                walk.hex("Auxiliary Data", extra)?;
            }
            told = format!("{} {group}", record_name(kind).unwrap_or("unknown"));
            Ok(told.clone())
        })?;
        if number < TOLD {
            let comma = if number == 0 { ": " } else { ", " };
            walk.summary.push_str(&format!("{comma}{told}"));
        }
    }
    if count > TOLD {
        walk.summary.push_str(", …");
    }
    Ok(())
}

fn record_name(kind: u8) -> Option<&'static str> {
    match kind {
        1 => Some("is include"),
        2 => Some("is exclude"),
        3 => Some("to include"),
        4 => Some("to exclude"),
        5 => Some("allow"),
        6 => Some("block"),
        _ => None,
    }
}

fn type_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        DESTINATION_UNREACHABLE => "Destination Unreachable",
        PACKET_TOO_BIG => "Packet Too Big",
        TIME_EXCEEDED => "Time Exceeded",
        PARAMETER_PROBLEM => "Parameter Problem",
        ECHO_REQUEST => "Echo Request",
        ECHO_REPLY => "Echo Reply",
        LISTENER_QUERY => "Multicast Listener Query",
        LISTENER_REPORT => "Multicast Listener Report",
        LISTENER_DONE => "Multicast Listener Done",
        LISTENER_REPORT_V2 => "Multicast Listener Report v2",
        133 => "Router Solicitation",
        134 => "Router Advertisement",
        135 => "Neighbor Solicitation",
        136 => "Neighbor Advertisement",
        REDIRECT => "Redirect",
        _ => return None,
    })
}

/// RFC 4443 §3, RFC 4443 §3.1 codes 5 and 6 among them.
fn code_name(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (DESTINATION_UNREACHABLE, 0) => "no route to destination",
        (DESTINATION_UNREACHABLE, 1) => "administratively prohibited",
        (DESTINATION_UNREACHABLE, 2) => "beyond scope of source address",
        (DESTINATION_UNREACHABLE, 3) => "address unreachable",
        (DESTINATION_UNREACHABLE, 4) => "port unreachable",
        (DESTINATION_UNREACHABLE, 5) => "source address failed policy",
        (DESTINATION_UNREACHABLE, 6) => "reject route to destination",
        (TIME_EXCEEDED, 0) => "hop limit exceeded in transit",
        (TIME_EXCEEDED, 1) => "fragment reassembly time exceeded",
        (PARAMETER_PROBLEM, 0) => "erroneous header field",
        (PARAMETER_PROBLEM, 1) => "unrecognized Next Header",
        (PARAMETER_PROBLEM, 2) => "unrecognized IPv6 option",
        _ => return None,
    })
}

// RFC 2710 §3.1 and RFC 3810 §5.2.
const LISTENER_QUERY: u8 = 130;
const LISTENER_REPORT: u8 = 131;
const LISTENER_DONE: u8 = 132;
const LISTENER_REPORT_V2: u8 = 143;
/// How many groups a summary names.
const TOLD: u16 = 4;
