//! Crafted packets that are to cross the device, or must not: a terminal's towards the line, and
//! a stranger's towards a terminal.
//!
//! Packets of a terminal carry its own addresses, so that whatever answers them reaches a node.

use std::net::Ipv6Addr;

use etherparse::TcpHeader;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::icmpv6::{
    DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, NO_ROUTE, PACKET_TOO_BIG, PARAMETER_PROBLEM,
    TIME_EXCEEDED,
};
use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
use ngnlab_sim::message::packet::{
    ALL_NODES, ETHERNET_HEADER, Envelope, IPV6_HEADER, Mac, icmpv6_error_body, is_link_local,
    solicited_node, with_interface_id,
};
use ngnlab_sim::setup::Mode;

use super::raw::{self, fragments, insert, relabel};
use crate::play::sight::Sight;
use crate::scenario::step::crafted::Crossing;

/// Returns the frames of a name as a terminal would send them, or why there are none.
pub fn from_a_terminal(what: Crossing, sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let Some((address, mac)) = sight.terminal() else {
        return Err("no terminal has sent anything from a global address".to_owned());
    };
    let stranger = sight.stranger();
    let payload = payload(sight);
    let from = |source, to| Envelope::new(mac, sight.next_hop_out(), source, to);
    let out = from(address, stranger);
    let udp = |envelope: Envelope| envelope.udp(TERMINAL_PORT, STRANGER_PORT, &payload);
    let to_device = |frame: &dyn Fn(Envelope) -> Frame| -> Vec<Frame> {
        let own = sight.device_lan_addresses();
        own.into_iter()
            .filter(|to| !is_link_local(*to))
            .map(|to| frame(from(address, to)))
            .collect()
    };
    Ok(match what {
        Crossing::Datagram => vec![udp(out)],
        Crossing::EmptyDatagram => vec![out.udp(TERMINAL_PORT, STRANGER_PORT, b"")],
        Crossing::ForAnotherHost => vec![udp(Envelope {
            eth_destination: NOBODY,
            ..out
        })],
        Crossing::MarkedDatagram => vec![relabel(&udp(out.with_traffic_class(MARK)), FLOW_LABEL)],
        Crossing::LargeDatagram => vec![large(out, (TERMINAL_PORT, STRANGER_PORT))],
        Crossing::Fragments => fragments(&out.udp(TERMINAL_PORT, STRANGER_PORT, &[0x4e; 2000])),
        Crossing::ExtensionHeaders => [raw::HOP_BY_HOP, raw::DESTINATION_OPTIONS]
            .map(|number| insert(&udp(out), number, &raw::PADDING))
            .to_vec(),
        Crossing::RoutingHeader0 => source_routed(&udp(out), stranger),
        Crossing::RoutingHeader2 => vec![raw::routing_header_2(&udp(out), stranger)],
        Crossing::OtherProtocol => vec![raw::packet(out, EXPERIMENT, &payload)],
        Crossing::Echo => vec![out.icmpv6(ECHO_REQUEST, 0, &[&ECHO_ID, &payload[..]].concat())],
        Crossing::TcpSyn => vec![syn(out, (TERMINAL_PORT, STRANGER_PORT))],
        Crossing::TcpAck => vec![segment(out, OUT, (2, 2), |_| {}, b"")],
        Crossing::TcpData => vec![segment(out, OUT, (2, 2), |tcp| tcp.psh = true, b"out")],
        Crossing::TcpFin => vec![segment(out, OUT, (2, 2), |tcp| tcp.fin = true, b"")],
        Crossing::HopLimit2 => vec![udp(out.with_hop_limit(2))],
        Crossing::LargeEcho => to_device(&|envelope| envelope.icmpv6(ECHO_REQUEST, 0, &echo(1400)))
            .into_iter()
            .chain(
                to_device(&|envelope| envelope.icmpv6(ECHO_REQUEST, 0, &echo(2000)))
                    .iter()
                    .flat_map(fragments),
            )
            .collect(),
        Crossing::ClosedPort => {
            to_device(&|envelope| envelope.udp(TERMINAL_PORT, UNUSED_PORT, &payload))
        }
        Crossing::UnroutableAddresses => vec![
            udp(from(address, NOBODY_ON_THE_LINK)),
            udp(from(sight.link_local_of(mac), stranger)),
            udp(from(Ipv6Addr::UNSPECIFIED, stranger)),
            udp(from(Ipv6Addr::LOCALHOST, stranger)),
            udp(from(address, Ipv6Addr::LOCALHOST)),
        ],
        Crossing::MulticastAddresses => GROUPS
            .iter()
            .map(|group| udp(from(address, *group)))
            .chain([udp(from(GROUPS[1], stranger))])
            .collect(),
        Crossing::MartianAddresses => MARTIANS.iter().map(|to| udp(from(address, *to))).collect(),
        Crossing::UniqueLocalAddresses => vec![
            udp(from(UNIQUE_LOCAL[0], stranger)),
            udp(from(address, UNIQUE_LOCAL[1])),
        ],
        Crossing::LargeHopLimit1 => {
            vec![large(
                out.with_hop_limit(1),
                (TERMINAL_PORT, STRANGER_PORT + 1),
            )]
        }
        Crossing::ErrorHopLimit1 => {
            let echo = from(stranger, address).icmpv6(ECHO_REQUEST, 0, b"\x4e\x47\x00\x02ngnlab");
            let body = icmpv6_error_body(0, &echo[ETHERNET_HEADER..]);
            vec![
                out.with_hop_limit(1)
                    .icmpv6(DESTINATION_UNREACHABLE, NO_ROUTE, &body),
            ]
        }
        Crossing::BurstHopLimit1 => (0..BURST)
            .map(|number: u16| {
                let envelope = out.with_hop_limit(1);
                envelope.udp(TERMINAL_PORT, BURST_PORT + number, b"ngnlab")
            })
            .collect(),
        Crossing::MulticastProblems => {
            // RFC 4443 §2.4 (e.3) and (e.4).
            let mut in_multicast_frame = out.with_hop_limit(1);
            in_multicast_frame.eth_destination = Mac::multicast(ALL_NODES);
            vec![
                udp(from(address, ALL_NODES)),
                raw::packet(from(address, ALL_NODES), EXPERIMENT, &payload),
                udp(in_multicast_frame),
            ]
        }
        // RFC 4443 §2.4 (e.6).
        Crossing::AnonymousProblems => [Ipv6Addr::UNSPECIFIED, ALL_NODES]
            .into_iter()
            .flat_map(|source| {
                let mut frames: Vec<Frame> = to_device(&|envelope| {
                    let envelope = Envelope { source, ..envelope };
                    raw::packet(envelope, EXPERIMENT, &payload)
                });
                frames.push(udp(from(source, stranger).with_hop_limit(1)));
                frames
            })
            .collect(),
        Crossing::UnknownIcmp => {
            to_device(&|envelope| envelope.icmpv6(UNKNOWN_INFORMATIONAL, 0, &payload))
        }
        Crossing::UnknownProtocol => {
            to_device(&|envelope| raw::packet(envelope, EXPERIMENT, &payload))
        }
        Crossing::UnassignedSubnet => each(sight.unassigned(), &|to| udp(from(address, to)))?,
        Crossing::AbsentHost => each(sight.absent_hosts(), &|to| udp(from(address, to)))?,
        Crossing::ErrorsAboutDatagram
        | Crossing::ErrorsAboutEcho
        | Crossing::ErrorAboutOtherProtocol
        | Crossing::ProblemOfDatagram
        | Crossing::ErrorsAboutNothing
        | Crossing::DatagramsFromServices
        | Crossing::DatagramToAnotherPort
        | Crossing::TcpWithoutState
        | Crossing::TcpSynAck
        | Crossing::InsideSource
        | Crossing::Ipsec
        | Crossing::ManagementPorts
        | Crossing::DuplicateDetection
        | Crossing::NeighborOfAnotherLine => {
            return Err("such packets come from the line only".to_owned());
        }
    })
}

/// Returns the frames of a name as they would come from the line, or why there are none.
pub fn from_a_stranger(what: Crossing, sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let Some((address, mac)) = sight.terminal() else {
        return Err("no terminal has sent anything from a global address".to_owned());
    };
    let (gateway, stranger) = (sight.gateway(), sight.stranger());
    let payload = payload(sight);
    let from = |source, to| Envelope::new(gateway.mac, sight.next_hop_in(to), source, to);
    let into = from(stranger, address);
    let error = from(sight.network_router(), address);
    let udp = |envelope: Envelope| envelope.udp(STRANGER_PORT, TERMINAL_PORT, &payload);
    let quoted = |port| {
        let sent = Envelope::new(mac, mac, address, stranger).udp(TERMINAL_PORT, port, b"ngnlab");
        move |value| icmpv6_error_body(value, &sent[ETHERNET_HEADER..])
    };
    Ok(match what {
        Crossing::Datagram => vec![udp(into)],
        Crossing::EmptyDatagram => vec![into.udp(STRANGER_PORT, TERMINAL_PORT, b"")],
        Crossing::DatagramToAnotherPort => {
            vec![into.udp(STRANGER_PORT, UNUSED_PORT, &payload)]
        }
        Crossing::ForAnotherHost => vec![udp(Envelope {
            eth_destination: NOBODY,
            ..into
        })],
        Crossing::MarkedDatagram => {
            vec![relabel(&udp(into.with_traffic_class(MARK)), FLOW_LABEL)]
        }
        Crossing::LargeDatagram => vec![large(into, (STRANGER_PORT, TERMINAL_PORT))],
        Crossing::Fragments => fragments(&into.udp(STRANGER_PORT, TERMINAL_PORT, &[0x47; 2000])),
        Crossing::ExtensionHeaders => {
            vec![insert(&udp(into), raw::DESTINATION_OPTIONS, &raw::PADDING)]
        }
        Crossing::RoutingHeader0 => source_routed(&udp(into), address),
        Crossing::RoutingHeader2 => vec![raw::routing_header_2(&udp(into), address)],
        Crossing::OtherProtocol => vec![raw::packet(into, EXPERIMENT, &payload)],
        Crossing::Echo => vec![into.icmpv6(ECHO_REPLY, 0, &[&ECHO_ID, &payload[..]].concat())],
        Crossing::ErrorsAboutEcho => {
            let asked = Envelope::new(mac, mac, address, stranger);
            let asked = asked.icmpv6(ECHO_REQUEST, 0, &[&ECHO_ID[..], b"ngnlab"].concat());
            let body = icmpv6_error_body(0, &asked[ETHERNET_HEADER..]);
            vec![
                error.icmpv6(DESTINATION_UNREACHABLE, NO_ROUTE, &body),
                error.icmpv6(TIME_EXCEEDED, 0, &body),
            ]
        }
        Crossing::ErrorAboutOtherProtocol => {
            let sent = raw::packet(
                Envelope::new(mac, mac, address, stranger),
                EXPERIMENT,
                b"ngnlab",
            );
            let body = icmpv6_error_body(0, &sent[ETHERNET_HEADER..]);
            vec![error.icmpv6(DESTINATION_UNREACHABLE, NO_ROUTE, &body)]
        }
        Crossing::ErrorsAboutDatagram => {
            let body = quoted(STRANGER_PORT)(0);
            vec![
                error.icmpv6(DESTINATION_UNREACHABLE, NO_ROUTE, &body),
                error.icmpv6(TIME_EXCEEDED, 0, &body),
            ]
        }
        Crossing::ProblemOfDatagram => {
            // RFC 4443 §3.4: the pointer is that of the next header.
            let body = quoted(STRANGER_PORT)(NEXT_HEADER);
            vec![error.icmpv6(PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER, &body)]
        }
        Crossing::ErrorsAboutNothing => {
            let body = quoted(UNUSED_PORT);
            vec![
                error.icmpv6(DESTINATION_UNREACHABLE, NO_ROUTE, &body(0)),
                error.icmpv6(PACKET_TOO_BIG, 0, &body(1280)),
            ]
        }
        Crossing::DatagramsFromServices => sight
            .terminal_addresses()
            .into_iter()
            .flat_map(|to| SERVICES.map(|port| from(stranger, to).udp(port, UNUSED_PORT, &payload)))
            .collect(),
        Crossing::TcpWithoutState => {
            let ports = (HTTPS, UNUSED_PORT);
            vec![
                segment(into, ports, (1, 1), |_| {}, b""),
                segment(into, ports, (1, 1), |tcp| tcp.psh = true, b"in"),
                segment(into, ports, (1, 1), |tcp| tcp.syn = true, b""),
                segment(into, ports, (1, 1), |tcp| tcp.fin = true, b""),
            ]
        }
        Crossing::TcpSyn => vec![syn(into, (STRANGER_PORT, TERMINAL_PORT))],
        Crossing::TcpSynAck => vec![segment(into, IN, (1, 2), |tcp| tcp.syn = true, b"")],
        Crossing::TcpData => vec![segment(into, IN, (2, 3), |tcp| tcp.psh = true, b"in")],
        Crossing::TcpFin => vec![segment(into, IN, (2, 2), |tcp| tcp.fin = true, b"")],
        Crossing::HopLimit2 => vec![udp(into.with_hop_limit(2))],
        Crossing::UnroutableAddresses => {
            vec![
                udp(from(gateway.address, address)),
                udp(from(Ipv6Addr::UNSPECIFIED, address)),
                udp(from(Ipv6Addr::LOCALHOST, address)),
            ]
        }
        Crossing::MulticastAddresses => GROUPS
            .iter()
            .map(|group| udp(from(stranger, *group)))
            .chain([udp(from(GROUPS[1], address))])
            .collect(),
        Crossing::MartianAddresses => MARTIANS
            .iter()
            .map(|source| udp(from(*source, address)))
            .collect(),
        Crossing::UniqueLocalAddresses => vec![udp(from(UNIQUE_LOCAL[1], address))],
        Crossing::InsideSource => {
            if sight.setup.mode != Mode::Pd {
                return Err("on an RA line the prefix lies outside, too".to_owned());
            }
            let source = with_interface_id(address, [0, 0, 0, 0, 0x0a, 0xb5, 0xe4, 0x71]);
            vec![udp(from(source, address))]
        }
        Crossing::Ipsec => vec![
            insert(&udp(into), raw::AUTHENTICATION, &raw::AH_BODY),
            raw::packet(into, raw::ESP, &[0x4e; 64]),
            into.udp(IKE, IKE, &payload),
        ],
        Crossing::ManagementPorts => sight
            .device_addresses()
            .into_iter()
            .flat_map(|to| {
                let source = if is_link_local(to) {
                    gateway.address
                } else {
                    stranger
                };
                MANAGEMENT.map(|port| syn(from(source, to), (STRANGER_PORT, port)))
            })
            .collect(),
        Crossing::DuplicateDetection => {
            let nowhere = Envelope::new(
                gateway.mac,
                gateway.mac,
                Ipv6Addr::UNSPECIFIED,
                solicited_node(address),
            );
            vec![solicit(nowhere, address, None)]
        }
        Crossing::NeighborOfAnotherLine => {
            let other = sight.line.area.other().values();
            let target =
                with_interface_id(other.assignments[0].addr(), [0, 0, 0, 0, 0, 0, 0, 0x4e]);
            let group = solicited_node(target);
            let envelope = Envelope::new(gateway.mac, gateway.mac, gateway.address, group);
            vec![solicit(envelope, target, Some(gateway.mac))]
        }
        Crossing::LargeHopLimit1
        | Crossing::TcpAck
        | Crossing::LargeEcho
        | Crossing::ClosedPort
        | Crossing::ErrorHopLimit1
        | Crossing::BurstHopLimit1
        | Crossing::MulticastProblems
        | Crossing::AnonymousProblems
        | Crossing::UnknownIcmp
        | Crossing::UnknownProtocol
        | Crossing::UnassignedSubnet
        | Crossing::AbsentHost => {
            return Err("such packets come from a terminal only".to_owned());
        }
    })
}

fn each(addresses: Vec<Ipv6Addr>, frame: &dyn Fn(Ipv6Addr) -> Frame) -> Result<Vec<Frame>, String> {
    if addresses.is_empty() {
        return Err("there is no such address on this line".to_owned());
    }
    Ok(addresses.into_iter().map(frame).collect())
}

fn solicit(envelope: Envelope, target: Ipv6Addr, source_link_layer: Option<Mac>) -> Frame {
    let message = NeighborSolicit {
        target,
        source_link_layer,
    };
    Ndp::NeighborSolicit(message).build(envelope.with_hop_limit(255))
}

/// Returns data that differs from moment to moment, so that no packet is taken for another.
fn payload(sight: &Sight<'_>) -> Vec<u8> {
    format!("ngnlab {:08}", sight.records.len()).into_bytes()
}

fn large(envelope: Envelope, ports: (u16, u16)) -> Frame {
    const UDP_HEADER: usize = 8;
    // ngn-facts §1.1 and §1.2: the line's MTU.
    envelope.udp(ports.0, ports.1, &[0x4e; 1500 - IPV6_HEADER - UDP_HEADER])
}

fn syn(envelope: Envelope, ports: (u16, u16)) -> Frame {
    let mut header = TcpHeader::new(ports.0, ports.1, 1, 65_535);
    header.syn = true;
    envelope.tcp(header, &[])
}

/// Returns a packet behind a routing header of type 0: alone, and after other extension headers,
/// where it is as bad.
fn source_routed(frame: &Frame, by_way_of: Ipv6Addr) -> Vec<Frame> {
    let routed = raw::routing_header_0(frame, by_way_of);
    let after = |number, body: &[u8]| insert(&routed, number, body);
    vec![
        after(raw::DESTINATION_OPTIONS, &raw::PADDING),
        after(raw::DESTINATION_OPTIONS, &raw::MORE_PADDING),
        after(raw::HOP_BY_HOP, &raw::PADDING),
        routed,
    ]
}

/// Builds a segment that acknowledges something; `change` sets what else it says.
fn segment(
    envelope: Envelope,
    ports: (u16, u16),
    (sequence, acknowledged): (u32, u32),
    change: impl FnOnce(&mut TcpHeader),
    data: &[u8],
) -> Frame {
    let mut header = TcpHeader::new(ports.0, ports.1, sequence, 65_535);
    header.ack = true;
    header.acknowledgment_number = acknowledged;
    change(&mut header);
    envelope.tcp(header, data)
}

/// Returns an echo with `length` bytes of data, no two neighbours of which are the same.
fn echo(length: u16) -> Vec<u8> {
    let [high, low] = length.to_be_bytes();
    let data = (0..length).map(|at| at.to_be_bytes()[1] ^ 0x4e);
    [0x4e, 0x47, high, low].into_iter().chain(data).collect()
}

/// The ports of a TCP connection of the terminal, as each side has them.
const OUT: (u16, u16) = (TERMINAL_PORT, STRANGER_PORT);
const IN: (u16, u16) = (STRANGER_PORT, TERMINAL_PORT);
/// DNS, DHCP, NTP, DHCPv6, and multicast DNS.
const SERVICES: [u16; 5] = [53, 67, 123, 547, 5353];
const HTTPS: u16 = 443;
/// RFC 4443 §3.4.
const UNKNOWN_NEXT_HEADER: u8 = 1;
/// RFC 8200 §3: where the IPv6 header names what follows.
const NEXT_HEADER: u32 = 6;
/// The MAC address of a host that is not there.
const NOBODY: Mac = Mac([0x02, 0x00, 0x5e, 0x34, 0xba, 0xd0]);
/// A link-local address that no node has (RFC 7042 §2.1 leaves the number to examples).
const NOBODY_ON_THE_LINK: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0x0200, 0x5eff, 0xfe00, 0x53ff);
/// Both outside the well-known range, where RFC 6092 §3.2.3 is strictest.
const TERMINAL_PORT: u16 = 47_001;
const STRANGER_PORT: u16 = 47_002;
/// Identifier and sequence number of the terminal's echo to the stranger (RFC 4443 §4.1).
const ECHO_ID: [u8; 4] = [0x4e, 0x47, 0, 0x10];
/// A port that no terminal has talked to.
const UNUSED_PORT: u16 = 47_099;
/// RFC 3692 §2.1 and RFC 4727 §2.1: for experiments.
const EXPERIMENT: u8 = 253;
/// RFC 4443 §2.1: for private experimentation, and informational.
const UNKNOWN_INFORMATIONAL: u8 = 200;
/// DSCP AF11 (RFC 2597 §6) and ECT(0) (RFC 3168 §5).
const MARK: u8 = 0x2a;
const FLOW_LABEL: u32 = 0xa_bcde;
const IKE: u16 = 500;
const BURST: u16 = 200;
const BURST_PORT: u16 = 48_000;
/// SSH, Telnet, HTTP, HTTPS, TR-069, and HTTP at its second home.
const MANAGEMENT: [u16; 6] = [22, 23, 80, 443, 7547, 8080];
/// Site-local and organization-local groups (RFC 4291 §2.7) that no protocol of a router uses.
const GROUPS: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0x4e47),
    Ipv6Addr::new(0xff08, 0, 0, 0, 0, 0, 0, 0x4e47),
];
/// RFC 6092 §3.1 REC-3: site-local, IPv4-compatible, and ORCHID.
const MARTIANS: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfec0, 0, 0, 1, 0, 0, 0, 1),
    Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0xc000, 0x0201),
    Ipv6Addr::new(0x2001, 0x10, 0, 0, 0, 0, 0, 1),
];
const UNIQUE_LOCAL: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd4e, 0x474e, 0x4c42, 1, 0, 0, 0, 1),
    Ipv6Addr::new(0xfd4e, 0x474e, 0x4c42, 2, 0, 0, 0, 1),
];
