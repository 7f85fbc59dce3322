//! Where the edge sends what leaves the line: to a server, or nowhere.

use std::net::Ipv6Addr;

use etherparse::{TcpHeader, TcpSlice};
use ipnet::Ipv6Net;

use crate::line::{Isp, Line};
use crate::message::packet::{ETHERNET_HEADER, Envelope, Mac, Packet};

/// What becomes of a packet for a destination outside the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It goes to the server on this core port.
    Core(u8),
    /// It is for another line, which the contract does not allow.
    Prohibited,
    /// The network answers a connection attempt itself, with a reset.
    Reset,
    /// There is no route.
    None,
}

/// Returns the way to a destination outside the line (ngn-facts §4.1 and §4.2).
pub(super) fn way(line: &Line, routes: &[(Ipv6Net, u8)], destination: Ipv6Addr) -> Way {
    let values = line.area.values();
    let in_network = values
        .ngn_ranges
        .iter()
        .any(|range| range.contains(&destination));
    let folded = !in_network && values.folded_range.contains(&destination);
    // ngn-facts §8 row 25: without v6 option there is no line-to-line traffic.
    if folded && !line.v6_option {
        return Way::Prohibited;
    }
    let route = routes
        .iter()
        .filter(|(net, _)| net.contains(&destination))
        .max_by_key(|(net, _)| net.prefix_len());
    match route {
        Some((_, port)) => Way::Core(*port),
        None if in_network || folded || line.isp != Isp::None => Way::None,
        // ngn-facts §4.2: a reset, so that browsers turn to IPv4 quickly.
        None => Way::Reset,
    }
}

/// Builds the reset that answers a segment (RFC 9293 §3.5.2), as an IPv6 packet.
pub(super) fn reset(packet: &Packet<'_>, segment: &TcpSlice<'_>) -> Option<Vec<u8>> {
    if segment.rst() {
        return None;
    }
    let (to, from) = (segment.source_port(), segment.destination_port());
    let mut header = if segment.ack() {
        TcpHeader::new(from, to, segment.acknowledgment_number(), 0)
    } else {
        let flags = u32::from(segment.syn()) + u32::from(segment.fin());
        let length = u32::try_from(segment.payload().len()).unwrap_or(0) + flags;
        let mut header = TcpHeader::new(from, to, 0, 0);
        header.ack = true;
        header.acknowledgment_number = segment.sequence_number().wrapping_add(length);
        header
    };
    header.rst = true;
    let nowhere = Mac([0; 6]);
    let frame = Envelope::new(nowhere, nowhere, packet.destination, packet.source).tcp(header, &[]);
    Some(frame[ETHERNET_HEADER..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Area;

    #[test]
    fn the_folded_range_needs_the_v6_option_and_service_hosts_do_not() {
        for area in Area::ALL {
            let values = area.values();
            let mut line = Line::preset("next-ra", area).unwrap();
            let routes = [("::/0".parse().unwrap(), 1)];
            line.v6_option = true;
            assert_eq!(way(&line, &routes, values.delivery), Way::Core(1));
            line.v6_option = false;
            assert_eq!(way(&line, &routes, values.delivery), Way::Prohibited);
            assert_eq!(way(&line, &routes, values.line_auth), Way::Core(1));
        }
    }

    #[test]
    fn destinations_outside_the_network_are_reset_only_without_an_isp() {
        let outside = "2606:4700:4700::1111".parse().unwrap();
        let mut line = Line::preset("next-ra", Area::East).unwrap();
        assert_eq!(way(&line, &[], outside), Way::Reset);
        assert_eq!(way(&line, &[], line.area.values().line_auth), Way::None);
        line.isp = Isp::Ipoe;
        assert_eq!(way(&line, &[], outside), Way::None);
    }

    #[test]
    fn the_most_specific_route_is_taken() {
        let line = Line::preset("next-ra", Area::East).unwrap();
        let routes = [
            ("2404:1a8::/32".parse().unwrap(), 1),
            ("2404:1a8:f583:af0::1/128".parse().unwrap(), 2),
        ];
        let values = line.area.values();
        assert_eq!(way(&line, &routes, values.line_auth), Way::Core(2));
        assert_eq!(way(&line, &routes, values.ngn_dns[0]), Way::Core(1));
    }
}
