//! Changing the addresses and ports of an IPv4 packet, as a NAPT does, with its checksums renewed (RFC
//! 3022 §4.1).

use std::net::Ipv4Addr;

use etherparse::checksum::Sum16BitWords;

use super::renew_checksum;

/// One end of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where it comes from.
    Source,
    /// Where it goes to.
    Destination,
}

/// A protocol with ports, or with identifiers that serve as such (RFC 3022 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// The queries of ICMP: echo and its reply.
    Query,
}

/// Who speaks to whom in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// What they speak.
    pub protocol: Protocol,
    /// The source and its port.
    pub source: (Ipv4Addr, u16),
    /// The destination and its port; an ICMP query has one identifier, which stands for both.
    pub destination: (Ipv4Addr, u16),
}

/// Reads the ends of a packet, which may be cut after the first eight octets of its data, as in an ICMP
/// error; `None` for fragments behind the first and for other protocols.
pub fn ends(ip: &[u8]) -> Option<Ends> {
    let header = header_length(ip)?;
    let address = |at: usize| -> Option<Ipv4Addr> {
        let octets: [u8; 4] = ip.get(at..at + 4)?.try_into().ok()?;
        Some(octets.into())
    };
    let word = |at: usize| -> Option<u16> {
        let octets: [u8; 2] = ip.get(header + at..header + at + 2)?.try_into().ok()?;
        Some(u16::from_be_bytes(octets))
    };
    if u16::from_be_bytes([*ip.get(6)?, *ip.get(7)?]) & OFFSET != 0 {
        return None;
    }
    let (protocol, source, destination) = match *ip.get(PROTOCOL)? {
        TCP => (Protocol::Tcp, word(0)?, word(2)?),
        UDP => (Protocol::Udp, word(0)?, word(2)?),
        ICMP if matches!(ip.get(header)?, 0 | 8) => (Protocol::Query, word(4)?, word(4)?),
        _ => return None,
    };
    Some(Ends {
        protocol,
        source: (address(SOURCE)?, source),
        destination: (address(DESTINATION)?, destination),
    })
}

/// Writes another address and port into one end; checksums are renewed as far as the packet is there.
pub fn rewrite(ip: &mut [u8], end: End, (address, port): (Ipv4Addr, u16)) -> Option<()> {
    let protocol = ends(ip)?.protocol;
    let header = header_length(ip)?;
    let (address_at, port_at) = match (end, protocol) {
        (End::Source, Protocol::Query) => (SOURCE, 4),
        (End::Destination, Protocol::Query) => (DESTINATION, 4),
        (End::Source, _) => (SOURCE, 0),
        (End::Destination, _) => (DESTINATION, 2),
    };
    ip[address_at..address_at + 4].copy_from_slice(&address.octets());
    ip[header + port_at..header + port_at + 2].copy_from_slice(&port.to_be_bytes());
    renew_transport(ip, protocol);
    renew_checksum(ip);
    Some(())
}

/// Makes a SYN ask for segments no longer than this (MSS clamping; ngn-facts §4.5: 1414); returns
/// whether it asked for longer ones.
pub fn clamp_mss(ip: &mut [u8], most: u16) -> bool {
    let Some(header) = header_length(ip) else {
        return false;
    };
    let is_syn = ip.get(PROTOCOL) == Some(&TCP)
        && ip.get(header + 13).is_some_and(|flags| flags & 0x02 != 0);
    let Some(length) = ip.get(header + 12).map(|first| usize::from(first >> 4) * 4) else {
        return false;
    };
    let mut at = header + 20;
    while is_syn && at < header + length {
        match (ip.get(at), ip.get(at + 1)) {
            // RFC 9293 §3.1: the end of the list, nothing, the maximum segment size.
            (Some(0), _) | (None, _) => return false,
            (Some(1), _) => at += 1,
            (Some(2), Some(4)) => {
                let Some([high, low]) = ip.get(at + 2..at + 4).and_then(|it| it.first_chunk())
                else {
                    return false;
                };
                if u16::from_be_bytes([*high, *low]) <= most {
                    return false;
                }
                ip[at + 2..at + 4].copy_from_slice(&most.to_be_bytes());
                renew_transport(ip, Protocol::Tcp);
                return true;
            }
            (Some(_), Some(skip)) if *skip >= 2 => at += usize::from(*skip),
            _ => return false,
        }
    }
    false
}

fn renew_transport(ip: &mut [u8], protocol: Protocol) {
    let Some(header) = header_length(ip) else {
        return;
    };
    let at = header
        + match protocol {
            Protocol::Tcp => 16,
            Protocol::Udp => 6,
            Protocol::Query => 2,
        };
    let total = ip
        .get(2..4)
        .map_or(0, |it| usize::from(u16::from_be_bytes([it[0], it[1]])));
    let unused = protocol == Protocol::Udp && ip.get(at..at + 2) == Some(&[0, 0]);
    // What an error quotes may end before the checksum, and before what it covers.
    if total != ip.len() || ip.len() < at + 2 || unused {
        return;
    }
    ip[at..at + 2].fill(0);
    let mut sum = Sum16BitWords::new();
    if protocol != Protocol::Query {
        let length = u16::try_from(ip.len() - header).unwrap_or(u16::MAX);
        sum = sum
            .add_slice(&ip[SOURCE..HEADER])
            .add_2bytes([0, ip[PROTOCOL]])
            .add_2bytes(length.to_be_bytes());
    }
    let checksum = match sum.add_slice(&ip[header..]).ones_complement() {
        // RFC 768: zero would mean none.
        0 if protocol == Protocol::Udp => 0xffff,
        checksum => checksum,
    };
    ip[at..at + 2].copy_from_slice(&checksum.to_ne_bytes());
}

fn header_length(ip: &[u8]) -> Option<usize> {
    let length = usize::from(ip.first()? & 0xf) * 4;
    (length >= HEADER && ip.len() > length).then_some(length)
}

/// Where the fields stand (RFC 791 §3.1).
const PROTOCOL: usize = 9;
const SOURCE: usize = 12;
const DESTINATION: usize = 16;
const HEADER: usize = 20;
const OFFSET: u16 = 0x1fff;
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;

#[cfg(test)]
mod tests {
    use etherparse::{TcpHeader, TcpOptionElement};
    use proptest::prelude::*;

    use super::super::{Header4, Ipv4, Payload4};
    use super::*;

    #[test]
    fn a_rewritten_packet_of_each_protocol_has_right_checksums() {
        let mut syn = TcpHeader::new(40_000, 443, 7, 1000);
        syn.syn = true;
        let packets = [
            header().udp(40_000, 53, b"odd"),
            header().icmp(8, 0, &[0x9c, 0x40, 0, 1, 9]),
            header().tcp(syn, b""),
        ];
        for mut ip in packets {
            rewrite(&mut ip, End::Source, (OUTSIDE, 1234)).unwrap();
            let packet = Ipv4::parse(&ip).unwrap();
            assert_eq!(ends(&ip).unwrap().source, (OUTSIDE, 1234));
            let right = match packet.payload {
                Payload4::Udp(udp) => udp.checksum_ok,
                Payload4::Icmp(icmp) => icmp.checksum_ok,
                Payload4::Tcp(tcp) => {
                    let sum = tcp.to_header().calc_checksum_ipv4_raw(
                        packet.source.octets(),
                        packet.destination.octets(),
                        tcp.payload(),
                    );
                    sum.unwrap() == tcp.checksum()
                }
                Payload4::Other { .. } => false,
            };
            assert!(right);
        }
    }

    #[test]
    fn a_large_segment_size_is_clamped_and_a_small_one_stays() {
        for (asked, clamped) in [(1460, true), (1414, false), (536, false)] {
            let mut syn = TcpHeader::new(40_000, 80, 7, 1000);
            syn.syn = true;
            let options = [
                TcpOptionElement::Noop,
                TcpOptionElement::MaximumSegmentSize(asked),
            ];
            syn.set_options(&options).unwrap();
            let mut ip = header().tcp(syn, b"");
            assert_eq!(clamp_mss(&mut ip, 1414), clamped);
            let Payload4::Tcp(tcp) = Ipv4::parse(&ip).unwrap().payload else {
                panic!("it is TCP still");
            };
            let wanted = TcpOptionElement::MaximumSegmentSize(asked.min(1414));
            assert!(tcp.options_iterator().any(|it| it == Ok(wanted.clone())));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(mut ip in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(first) = ip.first_mut() {
                *first = 0x45 | (*first & 0xa);
            }
            ends(&ip);
            clamp_mss(&mut ip, 1414);
            rewrite(&mut ip, End::Destination, (OUTSIDE, 1));
        }
    }

    const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 16);

    fn header() -> Header4 {
        Header4::new(Ipv4Addr::new(192, 168, 1, 2), Ipv4Addr::new(192, 0, 2, 80))
    }
}
