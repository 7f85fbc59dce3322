//! ICMP messages (RFC 792), with what later documents added to them (RFC 1191, RFC 1256, RFC 4884).

use ngnlab_sim::message::icmpv4::{
    DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, FRAGMENTATION_NEEDED, PARAMETER_PROBLEM,
    TIME_EXCEEDED,
};

use super::checksum::{self, Sum};
use super::icmp_extensions;
use super::next::{Ends, Next, Part};
use super::shown;
use super::walk::{Read, Walk, layer, plain};

/// The protocol number of ICMP.
pub(super) const ICMP: u8 = 1;

/// What a message announces.
struct Found {
    next: Next,
    /// How long the quoted packet is, where something stands behind it.
    quoted: Option<usize>,
}

/// Reads a message.
pub(super) fn message(ends: Ends, bytes: &[u8], at: usize, end: usize) -> Part {
    let mut remark = "";
    let (layer, found) = layer("ICMP", bytes, at..end, |walk| {
        let kind = walk.u8("Type", |kind| shown::named(kind, type_name(kind)))?;
        let code = walk.u8("Code", |code| shown::named(code, code_name(kind, code)))?;
        walk.summary = match type_name(kind) {
            Some(name) => name.to_lowercase(),
            None => format!("ICMP type {kind} code {code}"),
        };
        let whole = bytes.get(at..end).filter(|_| ends.is_whole);
        if checksum::read_alone(walk, "Checksum", whole)? == Sum::Wrong {
            remark = ", with a wrong checksum";
        }
        let found = body(kind, code, ends.hop_limit, walk);
        walk.summary.push_str(remark);
        found
    });
    let mut says = layer.summary.clone();
    let Some(found) = found else {
        return Part::last(layer, says);
    };
    let start = layer.start + layer.length;
    if found.next == Next::Quoted
        && let Some(packet) = bytes.get(start..end)
        && let (Some(source), Some(destination)) = (address(packet, 12), address(packet, 16))
    {
        says.push_str(&format!(" for {source} -> {destination}"));
    }
    let mut part = Part::before(layer, says, found.next);
    if let Some(quoted) = found.quoted
        && start + quoted < end
    {
        part.behind = Some(icmp_extensions::structure(bytes, start + quoted, end));
        return part.until(start + quoted);
    }
    part
}

fn address(packet: &[u8], at: usize) -> Option<std::net::Ipv4Addr> {
    let octets: &[u8; 4] = packet.get(at..)?.first_chunk()?;
    Some((*octets).into())
}

fn body(kind: u8, code: u8, time_to_live: u8, walk: &mut Walk<'_>) -> Read<Found> {
    let mut quoted = None;
    match kind {
        DESTINATION_UNREACHABLE => {
            walk.hex("Unused", 1)?;
            quoted = length(walk)?;
            if code == FRAGMENTATION_NEEDED {
                // RFC 1191 §4.
                let mtu = walk.u16("Next-Hop MTU", plain)?;
                walk.summary = format!("fragmentation needed, MTU {mtu}");
            } else {
                walk.hex("Unused", 2)?;
                walk.summary = format!("destination unreachable (code {code})");
            }
        }
        TIME_EXCEEDED => {
            walk.hex("Unused", 1)?;
            quoted = length(walk)?;
            walk.hex("Unused", 2)?;
            walk.summary = format!("time exceeded (code {code})");
        }
        PARAMETER_PROBLEM => {
            let pointer = walk.u8("Pointer", plain)?;
            quoted = length(walk)?;
            walk.hex("Unused", 2)?;
            walk.summary = format!("parameter problem (code {code}) at byte {pointer}");
        }
        REDIRECT => {
            let gateway = walk.ipv4("Gateway Internet Address")?;
            walk.summary = format!("redirect to {gateway}");
        }
        SOURCE_QUENCH => {
            walk.hex("Unused", 4)?;
        }
        _ => {
            query(kind, time_to_live, walk)?;
            return Ok(Found {
                next: Next::Nothing,
                quoted,
            });
        }
    }
    Ok(Found {
        next: Next::Quoted,
        quoted,
    })
}

/// Reads how long the quoted packet is (RFC 4884 §4); zero says nothing of it.
fn length(walk: &mut Walk<'_>) -> Read<Option<usize>> {
    let bytes = |words: u8| usize::from(words) * 4;
    let words = walk.u8("Length", |words| shown::bytes(bytes(words)))?;
    Ok((words > 0).then(|| bytes(words)))
}

/// Reads a message that is about no packet.
fn query(kind: u8, time_to_live: u8, walk: &mut Walk<'_>) -> Read<()> {
    match kind {
        ECHO_REQUEST | ECHO_REPLY => {
            let sequence = numbers(walk)?;
            walk.summary
                .push_str(&format!(" {sequence} (TTL {time_to_live})"));
        }
        TIMESTAMP | TIMESTAMP_REPLY => {
            numbers(walk)?;
            let words = |time| format!("{time} ms after midnight");
            for name in [
                "Originate Timestamp",
                "Receive Timestamp",
                "Transmit Timestamp",
            ] {
                walk.u32(name, words)?;
            }
        }
        INFORMATION_REQUEST | INFORMATION_REPLY => {
            numbers(walk)?;
        }
        MASK_REQUEST | MASK_REPLY => {
            numbers(walk)?;
            walk.ipv4("Address Mask")?;
        }
        // RFC 1256 §3.
        ROUTER_ADVERTISEMENT => {
            let count = walk.u8("Num Addrs", plain)?;
            walk.u8("Addr Entry Size", plain)?;
            walk.u16("Lifetime", |it| shown::seconds(it.into()))?;
            for _ in 0..count {
                walk.ipv4("Router Address")?;
                walk.u32("Preference Level", |it| it.cast_signed().to_string())?;
            }
        }
        ROUTER_SOLICITATION => {
            walk.hex("Reserved", 4)?;
        }
        _ => walk.summary.push_str(&format!(" (TTL {time_to_live})")),
    }
    if walk.left() > 0 {
        walk.note_rest("Data");
    }
    Ok(())
}

/// Reads what answers are matched by; returns the second.
fn numbers(walk: &mut Walk<'_>) -> Read<u16> {
    walk.u16("Identifier", |id| format!("{id:#06x}"))?;
    walk.u16("Sequence Number", plain)
}

fn type_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        ECHO_REPLY => "Echo Reply",
        DESTINATION_UNREACHABLE => "Destination Unreachable",
        SOURCE_QUENCH => "Source Quench",
        REDIRECT => "Redirect",
        ECHO_REQUEST => "Echo Request",
        ROUTER_ADVERTISEMENT => "Router Advertisement",
        ROUTER_SOLICITATION => "Router Solicitation",
        TIME_EXCEEDED => "Time Exceeded",
        PARAMETER_PROBLEM => "Parameter Problem",
        TIMESTAMP => "Timestamp Request",
        TIMESTAMP_REPLY => "Timestamp Reply",
        INFORMATION_REQUEST => "Information Request",
        INFORMATION_REPLY => "Information Reply",
        MASK_REQUEST => "Address Mask Request",
        MASK_REPLY => "Address Mask Reply",
        _ => return None,
    })
}

/// RFC 792, RFC 1122 §3.2.2 and RFC 1812 §5.2.7.
fn code_name(kind: u8, code: u8) -> Option<&'static str> {
    let names: &[&'static str] = match kind {
        DESTINATION_UNREACHABLE => &[
            "net unreachable",
            "host unreachable",
            "protocol unreachable",
            "port unreachable",
            "fragmentation needed and DF set",
            "source route failed",
            "destination network unknown",
            "destination host unknown",
            "source host isolated",
            "destination network administratively prohibited",
            "destination host administratively prohibited",
            "network unreachable for type of service",
            "host unreachable for type of service",
            "communication administratively prohibited",
            "host precedence violation",
            "precedence cutoff in effect",
        ],
        REDIRECT => &[
            "for the network",
            "for the host",
            "for the type of service and network",
            "for the type of service and host",
        ],
        TIME_EXCEEDED => &[
            "time to live exceeded in transit",
            "fragment reassembly time exceeded",
        ],
        PARAMETER_PROBLEM => &[
            "pointer indicates the error",
            "a required option is missing",
            "bad length",
        ],
        _ => &[],
    };
    names.get(usize::from(code)).copied()
}

// RFC 792, RFC 950 and RFC 1256.
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ROUTER_ADVERTISEMENT: u8 = 9;
const ROUTER_SOLICITATION: u8 = 10;
const TIMESTAMP: u8 = 13;
const TIMESTAMP_REPLY: u8 = 14;
const INFORMATION_REQUEST: u8 = 15;
const INFORMATION_REPLY: u8 = 16;
const MASK_REQUEST: u8 = 17;
const MASK_REPLY: u8 = 18;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ngnlab_sim::message::packet::Mac;
    use ngnlab_sim::message::packet::ipv4::{Header4, frame_either, icmp_error_body};

    use super::*;
    use crate::decode::alone;

    const PC: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
    const SITE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

    fn decoded(kind: u8, code: u8, body: &[u8]) -> ngnlab_reports::decoded::Decoded {
        let packet = Header4::new(SITE, PC).icmp(kind, code, body);
        let mac = Mac([2, 0, 0, 0, 0, 1]);
        alone(&frame_either(mac, mac, &packet))
    }

    #[test]
    fn an_error_tells_whose_packet_it_is_about_and_quotes_what_there_is_of_it() {
        let mut packet = Header4::new(PC, SITE).udp(40_000, 53, &[0; 600]);
        packet.truncate(28);
        let body = icmp_error_body(1454, &packet);
        let error = decoded(DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, &body);
        assert_eq!(
            error.summary,
            "fragmentation needed, MTU 1454 for 192.168.1.2 -> 203.0.113.1"
        );
        let names: Vec<_> = error.layers.iter().map(|it| &it.name[..]).collect();
        assert_eq!(names, ["Ethernet", "IPv4", "ICMP", "IPv4", "UDP"]);
        // A quote ends early by right.
        let told = error.layers.iter().map(|it| &it.summary[..]);
        assert!(
            told.clone().all(|it| !it.contains("malformed")),
            "{error:#?}"
        );
    }

    #[test]
    fn what_stands_behind_a_quote_is_read_where_the_length_says_so() {
        let packet = Header4::new(PC, SITE).udp(40_000, 53, b"abc");
        let mut quote = packet.clone();
        quote.resize(128, 0);
        // RFC 4950: one label, 16 000, the last of its stack, with 255 hops to go.
        let labels = [0x20, 0, 0, 0, 0, 8, 1, 1, 0x03, 0xe8, 0x01, 0xff];
        let body = [&[0, 32, 0, 0], &quote[..], &labels].concat();
        let error = decoded(TIME_EXCEEDED, 0, &body);
        let names: Vec<_> = error.layers.iter().map(|it| &it.name[..]).collect();
        let right = [
            "Ethernet",
            "IPv4",
            "ICMP",
            "IPv4",
            "UDP",
            "DNS",
            "Padding",
            "ICMP extensions",
        ];
        assert_eq!(names, right, "{error:#?}");
        let last = error.layers.last().unwrap();
        assert_eq!(last.summary, "MPLS Label Stack");
    }

    #[test]
    fn an_echo_has_its_number_and_what_is_unknown_its_type() {
        let echo = decoded(ECHO_REQUEST, 0, &[0, 1, 0, 7, 1, 2, 3]);
        assert_eq!(echo.summary, "echo request 7 (TTL 64)");
        let odd = decoded(40, 3, &[0; 4]);
        assert_eq!(odd.summary, "ICMP type 40 code 3 (TTL 64)");
    }
}
