//! ICMPv6 error messages of a router (RFC 4443 §3), as IPv6 packets ready to be routed.
//!
//! Rate limits are the caller's: each error answers exactly one packet, and none answers an error.

use std::net::Ipv6Addr;

use crate::message::icmpv6::{
    ADDRESS_UNREACHABLE, BEYOND_SCOPE, DESTINATION_UNREACHABLE, FIRST_INFORMATIONAL, NO_ROUTE,
    PACKET_TOO_BIG, PARAMETER_PROBLEM, PORT_UNREACHABLE, PROHIBITED, REDIRECT,
    SOURCE_FAILED_POLICY, TIME_EXCEEDED, UNKNOWN_NEXT_HEADER,
};
use crate::message::packet::{ETHERNET_HEADER, Envelope, Mac, Packet, Payload, frame_ip};

/// Why a packet cannot be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Destination Unreachable, no route (RFC 4443 §3.1 code 0).
    NoRoute,
    /// Destination Unreachable, administratively prohibited (code 1).
    Prohibited,
    /// Destination Unreachable, beyond scope of source address (code 2).
    BeyondScope,
    /// Destination Unreachable, address unreachable (code 3).
    AddressUnreachable,
    /// Destination Unreachable, port unreachable (code 4).
    PortUnreachable,
    /// Destination Unreachable, source address failed ingress/egress policy (code 5).
    BadSource,
    /// Packet Too Big, with the MTU of the next link (RFC 4443 §3.2).
    TooBig(u32),
    /// Parameter Problem, next header of an unknown kind, with its place (RFC 4443 §3.4 code 1).
    UnknownNextHeader(u32),
    /// Time Exceeded, hop limit exceeded in transit (RFC 4443 §3.3 code 0).
    HopLimitExceeded,
}

/// Why there is no error about a packet (RFC 4443 §2.4 (e)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoError {
    /// It is an error itself, or a Redirect (e.1, e.2).
    Error,
    /// It went to a group (e.3).
    Multicast,
    /// Its source is not one node (e.6).
    Nobody,
}

/// Returns why there is to be no error about a packet, if so.
pub(crate) fn why_not(packet: &Packet<'_>, problem: Problem) -> Option<NoError> {
    if packet.source.is_unspecified() || packet.source.is_multicast() {
        return Some(NoError::Nobody);
    }
    if packet.destination.is_multicast() && !matches!(problem, Problem::TooBig(_)) {
        return Some(NoError::Multicast);
    }
    match packet.payload {
        Payload::Icmpv6(message)
            if message.kind < FIRST_INFORMATIONAL || message.kind == REDIRECT =>
        {
            Some(NoError::Error)
        }
        _ => None,
    }
}

/// Builds the error about the IPv6 packet `ip`, or nothing where RFC 4443 §2.4 (e) forbids it.
pub(crate) fn error_about(
    ip: &[u8],
    problem: Problem,
    source: Ipv6Addr,
    traffic_class: u8,
) -> Option<(Ipv6Addr, Vec<u8>)> {
    let frame = frame_ip(NOWHERE, NOWHERE, ip);
    let packet = Packet::parse(&frame)?;
    if why_not(&packet, problem).is_some() {
        return None;
    }
    let mut error = error_packet(&packet, problem, source, QUOTED_MAX);
    // RFC 8200 §3: the traffic class stands between version and flow label.
    error[0] |= traffic_class >> 4;
    error[1] |= traffic_class << 4;
    Some((packet.source, error))
}

/// Builds the error about a packet as an IPv6 packet, whether or not there may be one; it quotes
/// up to `room` bytes.
pub(crate) fn error_packet(
    packet: &Packet<'_>,
    problem: Problem,
    source: Ipv6Addr,
    room: usize,
) -> Vec<u8> {
    let (kind, code, value) = match problem {
        Problem::NoRoute => (DESTINATION_UNREACHABLE, NO_ROUTE, 0),
        Problem::Prohibited => (DESTINATION_UNREACHABLE, PROHIBITED, 0),
        Problem::BeyondScope => (DESTINATION_UNREACHABLE, BEYOND_SCOPE, 0),
        Problem::AddressUnreachable => (DESTINATION_UNREACHABLE, ADDRESS_UNREACHABLE, 0),
        Problem::PortUnreachable => (DESTINATION_UNREACHABLE, PORT_UNREACHABLE, 0),
        Problem::BadSource => (DESTINATION_UNREACHABLE, SOURCE_FAILED_POLICY, 0),
        Problem::TooBig(mtu) => (PACKET_TOO_BIG, 0, mtu),
        Problem::UnknownNextHeader(at) => (PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER, at),
        Problem::HopLimitExceeded => (TIME_EXCEEDED, 0, 0),
    };
    let quoted = &packet.ip[..packet.ip.len().min(room)];
    let body = [&u32::to_be_bytes(value)[..], quoted].concat();
    let error = Envelope::new(NOWHERE, NOWHERE, source, packet.source).icmpv6(kind, code, &body);
    error[ETHERNET_HEADER..].to_vec()
}

/// What fits into the minimum MTU besides the headers of IPv6 and ICMPv6 (RFC 4443 §2.4 (c)).
pub(crate) const QUOTED_MAX: usize = 1280 - 40 - 8;
/// The Ethernet addresses of a frame that never leaves this file.
const NOWHERE: Mac = Mac([0; 6]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::icmpv6::ECHO_REQUEST;

    #[test]
    fn an_error_is_never_answered_with_an_error() {
        let ping = Envelope::new(NOWHERE, NOWHERE, HOST, FAR).icmpv6(ECHO_REQUEST, 0, &[0; 4]);
        let (to, error) =
            error_about(&ping[ETHERNET_HEADER..], Problem::NoRoute, ROUTER, 0).unwrap();
        assert_eq!(to, HOST);
        assert_eq!(error_about(&error, Problem::NoRoute, ROUTER, 0), None);
    }

    #[test]
    fn an_error_quotes_no_more_than_the_minimum_mtu_holds() {
        let long = Envelope::new(NOWHERE, NOWHERE, HOST, FAR).udp(1, 2, &[7; 1400]);
        let ip = &long[ETHERNET_HEADER..];
        let (_, error) = error_about(ip, Problem::HopLimitExceeded, ROUTER, 0xb8).unwrap();
        assert_eq!(error.len(), 1280);
    }

    #[test]
    fn nothing_is_sent_to_the_unspecified_address() {
        let probe = Envelope::new(NOWHERE, NOWHERE, Ipv6Addr::UNSPECIFIED, FAR).icmpv6(
            ECHO_REQUEST,
            0,
            &[0; 4],
        );
        let ip = &probe[ETHERNET_HEADER..];
        assert_eq!(error_about(ip, Problem::NoRoute, ROUTER, 0), None);
    }

    const HOST: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca00, 0, 0, 0, 2);
    const FAR: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0, 0, 0, 0, 0, 1);
    const ROUTER: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0, 0, 0, 0, 0, 9);
}
