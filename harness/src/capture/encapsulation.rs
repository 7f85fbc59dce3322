//! What a frame on a real line is wrapped in: VLAN tags, PPPoE sessions with IPv6 in them, the "cooked"
//! header that Linux writes with `-i any`. All that comes off, and what is left is an Ethernet frame
//! with IPv6, IPv4, ARP or PPPoE in it.
//!
//! A cooked header does not say whom a frame was for, which matters of all but IPv6: there groups have
//! addresses of their own. Of `-i any` nothing but IPv6 is left.

use etherparse::{EtherType, SingleVlanSlice};
use ngnlab_sim::Frame;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::message::packet::{ALL_NODES, IPV6_HEADER, Mac, ipv4};
use ngnlab_sim::message::{ppp, pppoe};

use super::file::Caught;

/// A packet in an Ethernet frame, bared of the rest.
#[derive(Clone, Debug)]
pub(super) struct Bared {
    /// The frame.
    pub(super) frame: Frame,
    /// The outermost VLAN.
    pub(super) vlan: Option<u16>,
    /// Whether a PPPoE header came off.
    pub(super) pppoe: bool,
    /// What the cooked header says of its way, if there was one.
    pub(super) cooked: Option<Cooked>,
}

/// What the header of `-i any` knows, and what it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cooked {
    /// The number of the interface, in the second version of the header.
    pub(super) interface: Option<u32>,
    /// Which way it went. Whom it was for is not written there.
    pub(super) way: Way,
}

/// Which way a frame went, as the capturing machine saw it (`packet(7)` of Linux).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To that machine.
    In,
    /// To a group.
    ToGroup,
    /// From that machine.
    Out,
    /// From somebody else to somebody else.
    ToAnother,
}

/// Why a frame is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unfit {
    /// It holds nothing that is judged.
    OtherProtocol,
    /// The capture kept a part of it alone.
    Cut,
    /// It is shorter than its headers say, or nonsense.
    Broken,
    /// Its link is none of those that are read.
    OtherLink(i32),
}

/// Takes off what a frame is wrapped in.
pub(super) fn bare(caught: &Caught<'_>, link: i32) -> Result<Bared, Unfit> {
    let is_cut = caught.bytes.len() < caught.length;
    let short = if is_cut { Unfit::Cut } else { Unfit::Broken };
    let (head, kind, payload) = match link {
        ETHERNET => ethernet(caught.bytes),
        LINUX_SLL => cooked(caught.bytes),
        LINUX_SLL2 => cooked_twice(caught.bytes),
        other => return Err(Unfit::OtherLink(other)),
    }
    .ok_or(short)?;
    let inner = unwrapped(kind, payload).ok_or(short)?;
    let packet = match inner.kind {
        EtherType::IPV6 => ipv6(inner.payload),
        _ if head.cooked.is_some() => return Err(Unfit::OtherProtocol),
        EtherType::IPV4 => ipv4(inner.payload),
        EtherType::ARP => inner.payload.get(..ARP_LENGTH),
        pppoe::DISCOVERY | pppoe::SESSION => pppoe_packet(inner.payload),
        _ => return Err(Unfit::OtherProtocol),
    };
    let packet = packet.ok_or(short)?;
    let destination = match head.destination {
        Some(destination) => destination,
        None => group_of(packet).or(head.group).unwrap_or(UNKNOWN),
    };
    let frame = Ethernet {
        source: head.source,
        destination,
        kind: inner.kind,
        payload: packet,
    };
    Ok(Bared {
        frame: frame.frame(),
        vlan: inner.vlan,
        pppoe: inner.pppoe,
        cooked: head.cooked,
    })
}

/// What stands first in a frame.
struct Head {
    source: Mac,
    destination: Option<Mac>,
    /// The group that it was for, where the packet in it is for one host.
    group: Option<Mac>,
    cooked: Option<Cooked>,
}

fn ethernet(bytes: &[u8]) -> Option<(Head, EtherType, &[u8])> {
    let frame = Ethernet::parse(bytes)?;
    let head = Head {
        source: frame.source,
        destination: Some(frame.destination),
        group: None,
        cooked: None,
    };
    Some((head, frame.kind, frame.payload))
}

/// LINKTYPE_LINUX_SLL: packet type, hardware type, address with its length, protocol.
fn cooked(bytes: &[u8]) -> Option<(Head, EtherType, &[u8])> {
    let (header, payload) = bytes.split_first_chunk::<16>()?;
    let [_, way, _, _, _, length, address @ .., k0, k1] = header;
    let head = of_cooked(*way, *length, address, None);
    Some((head, EtherType(u16::from_be_bytes([*k0, *k1])), payload))
}

/// LINKTYPE_LINUX_SLL2: protocol, the interface's number, hardware type, packet type, address.
fn cooked_twice(bytes: &[u8]) -> Option<(Head, EtherType, &[u8])> {
    let (header, payload) = bytes.split_first_chunk::<20>()?;
    let [
        k0,
        k1,
        _,
        _,
        i0,
        i1,
        i2,
        i3,
        _,
        _,
        way,
        length,
        address @ ..,
    ] = header;
    let interface = u32::from_be_bytes([*i0, *i1, *i2, *i3]);
    let head = of_cooked(*way, *length, address, Some(interface));
    Some((head, EtherType(u16::from_be_bytes([*k0, *k1])), payload))
}

fn of_cooked(way: u8, length: u8, address: &[u8; 8], interface: Option<u32>) -> Head {
    let [a, b, c, d, e, f, _, _] = *address;
    let source = match length {
        6 => Mac([a, b, c, d, e, f]),
        _ => UNKNOWN,
    };
    Head {
        source,
        destination: None,
        group: match way {
            TO_ALL => Some(Mac([0xff; 6])),
            TO_GROUP => Some(Mac::multicast(ALL_NODES)),
            _ => None,
        },
        cooked: Some(Cooked {
            interface,
            way: match way {
                OUTGOING => Way::Out,
                OTHER_HOST => Way::ToAnother,
                TO_ALL | TO_GROUP => Way::ToGroup,
                _ => Way::In,
            },
        }),
    }
}

/// What is left when everything is off.
struct Inner<'f> {
    kind: EtherType,
    payload: &'f [u8],
    vlan: Option<u16>,
    pppoe: bool,
}

fn unwrapped(mut kind: EtherType, mut payload: &[u8]) -> Option<Inner<'_>> {
    let mut vlan = None;
    let mut pppoe = false;
    for _ in 0..MOST_WRAPPED {
        if TAGS.contains(&kind) {
            let tag = SingleVlanSlice::from_slice(payload).ok()?;
            vlan = vlan.or(Some(tag.vlan_identifier().value()));
            (kind, payload) = (tag.ether_type(), tag.payload_slice());
        } else if kind == pppoe::SESSION
            && let Some(packet) = ipv6_in_session(payload)
        {
            (kind, payload) = (EtherType::IPV6, packet);
            pppoe = true;
        } else {
            break;
        }
    }
    Some(Inner {
        kind,
        payload,
        vlan,
        pppoe,
    })
}

/// Takes off a PPPoE session's header (RFC 2516 §4) and the PPP protocol, which PPPoE never
/// compresses (§7), if an IPv6 packet is behind them.
fn ipv6_in_session(bytes: &[u8]) -> Option<&[u8]> {
    let ([_, _, _, _, l0, l1, p0, p1], rest) = bytes.split_first_chunk::<8>()?;
    (u16::from_be_bytes([*p0, *p1]) == ppp::IPV6).then_some(())?;
    let length = usize::from(u16::from_be_bytes([*l0, *l1])).checked_sub(2)?;
    rest.get(..length)
}

/// Returns a PPPoE packet without what the frame was filled up with (RFC 2516 §4).
fn pppoe_packet(bytes: &[u8]) -> Option<&[u8]> {
    let header = bytes.first_chunk::<{ pppoe::HEADER }>()?;
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    bytes.get(..pppoe::HEADER + length)
}

/// Returns an IPv4 packet without what the frame was filled up with (RFC 791 §3.1).
fn ipv4(bytes: &[u8]) -> Option<&[u8]> {
    let header = bytes.first_chunk::<{ ipv4::HEADER }>()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let is_whole = header[0] >> 4 == 4 && length >= ipv4::HEADER;
    bytes.get(..length).filter(|_| is_whole)
}

/// Returns the packet without what the frame was filled up with; `None` if it is not whole.
fn ipv6(bytes: &[u8]) -> Option<&[u8]> {
    let header = bytes.first_chunk::<IPV6_HEADER>()?;
    if header[0] >> 4 != 6 {
        return None;
    }
    // RFC 8200 §3: the payload length stands behind version, class and flow label.
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    bytes.get(..IPV6_HEADER + length)
}

/// Returns the Ethernet group that a packet to a multicast address goes to.
fn group_of(packet: &[u8]) -> Option<Mac> {
    let octets: &[u8; 16] = packet.get(24..40)?.first_chunk()?;
    let destination = std::net::Ipv6Addr::from(*octets);
    destination
        .is_multicast()
        .then(|| Mac::multicast(destination))
}

/// What a cooked header does not tell.
pub(super) const UNKNOWN: Mac = Mac([0; 6]);
/// 802.1Q, 802.1ad, and what was used before that was agreed on.
const TAGS: [EtherType; 3] = [
    EtherType::VLAN_TAGGED_FRAME,
    EtherType::PROVIDER_BRIDGING,
    EtherType::VLAN_DOUBLE_TAGGED_FRAME,
];
/// ARP for IPv4 on Ethernet (RFC 826).
const ARP_LENGTH: usize = 28;
/// `PACKET_OTHERHOST` of Linux.
const OTHER_HOST: u8 = 3;
/// `PACKET_BROADCAST`.
const TO_ALL: u8 = 1;
/// `PACKET_MULTICAST`.
const TO_GROUP: u8 = 2;
/// `PACKET_OUTGOING`.
const OUTGOING: u8 = 4;
/// Two tags and a session are what lines have.
const MOST_WRAPPED: usize = 4;
/// The link types of tcpdump.org.
pub(super) const ETHERNET: i32 = 1;
/// The same.
pub(super) const LINUX_SLL: i32 = 113;
/// The same.
pub(super) const LINUX_SLL2: i32 = 276;

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::arp::Arp;
    use ngnlab_sim::message::packet::Envelope;
    use ngnlab_sim::message::pppoe::{Pppoe, Stage};

    use super::*;

    #[test]
    fn whatever_it_is_wrapped_in_the_same_frame_comes_out() {
        let plain = frame();
        let tag = |kind: u16, vlan: u16| [kind.to_be_bytes(), vlan.to_be_bytes()].concat();
        let (addresses, rest) = plain.split_at(12);
        let ip = &rest[2..];
        let length = u16::try_from(ip.len() + 2).unwrap().to_be_bytes();
        let session = [&[0x88, 0x64, 0x11, 0, 0, 7][..], &length, &[0, 0x57], ip].concat();
        let wrapped: [(Vec<u8>, Option<u16>, bool); 5] = [
            (plain.to_vec(), None, false),
            (
                [addresses, &tag(0x8100, 101), rest].concat(),
                Some(101),
                false,
            ),
            (
                [addresses, &tag(0x88a8, 7), &tag(0x8100, 0xe009), rest].concat(),
                Some(7),
                false,
            ),
            ([addresses, &session[..]].concat(), None, true),
            (
                [addresses, &tag(0x8100, 5), &session[..], &[0; 4]].concat(),
                Some(5),
                true,
            ),
        ];
        for (bytes, vlan, pppoe) in wrapped {
            let bared = bare(&caught(&bytes), ETHERNET).unwrap();
            assert_eq!(bared.frame, plain);
            assert_eq!((bared.vlan, bared.pppoe), (vlan, pppoe));
        }
    }

    #[test]
    fn a_cooked_frame_keeps_its_sender_and_its_group() {
        let plain = frame();
        let ip = &plain[14..];
        let address = [2, 0, 0x5e, 0, 0, 1, 0, 0];
        let first = [&[0, 4, 0, 1, 0, 6][..], &address, &[0x86, 0xdd], ip].concat();
        let bared = bare(&caught(&first), LINUX_SLL).unwrap();
        assert_eq!(bared.frame, plain);
        assert_eq!(bared.cooked.unwrap().way, Way::Out);
        let head = [0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 3, 6];
        let second = [&head[..], &address, ip].concat();
        let bared = bare(&caught(&second), LINUX_SLL2).unwrap();
        assert_eq!(bared.frame, plain);
        let cooked = bared.cooked.unwrap();
        assert_eq!((cooked.interface, cooked.way), (Some(3), Way::ToAnother));
    }

    #[test]
    fn what_is_cut_is_told_from_what_is_broken_and_what_is_another_protocol() {
        let plain = frame();
        for kept in 0..plain.len() {
            let cut = Caught {
                length: plain.len(),
                ..caught(&plain[..kept])
            };
            assert_eq!(bare(&cut, ETHERNET).unwrap_err(), Unfit::Cut, "{kept}");
            let broken = caught(&plain[..kept]);
            assert_eq!(
                bare(&broken, ETHERNET).unwrap_err(),
                Unfit::Broken,
                "{kept}"
            );
        }
        // LLDP (IEEE 802.1AB).
        let mut lldp = plain.to_vec();
        lldp[12..14].copy_from_slice(&[0x88, 0xcc]);
        let other = bare(&caught(&lldp), ETHERNET).unwrap_err();
        assert_eq!(other, Unfit::OtherProtocol);
        assert_eq!(
            bare(&caught(&plain), 105).unwrap_err(),
            Unfit::OtherLink(105)
        );
    }

    #[test]
    fn ipv4_arp_and_pppoe_stay_without_what_they_were_filled_up_with() {
        let (mac, to) = (Mac([2, 0, 0x5e, 0, 0, 1]), Mac([2, 0, 0x5e, 0, 0, 2]));
        let (here, there) = ([192, 168, 1, 2].into(), [192, 168, 1, 1].into());
        let packet = ipv4::Header4::new(here, there).udp(68, 67, b"any");
        let arp = Arp {
            is_request: true,
            sender: (mac, here),
            target: (Mac([0; 6]), there),
        };
        let session = |protocol: u16| Pppoe {
            source: mac,
            destination: to,
            session: 7,
            stage: Stage::Session([&protocol.to_be_bytes()[..], &packet].concat()),
        };
        for frame in [
            ipv4::frame_either(mac, to, &packet),
            arp.frame(),
            session(ppp::IPV4).frame(),
            session(ppp::LCP).frame(),
        ] {
            let filled = [&frame[..], &[0; 20]].concat();
            let bared = bare(&caught(&filled), ETHERNET).unwrap();
            assert_eq!(bared.frame, frame);
            let broken = &frame[..frame.len() - 1];
            assert_eq!(bare(&caught(broken), ETHERNET).unwrap_err(), Unfit::Broken);
        }
        // Whom it was for is not known of `-i any`.
        let head = [0, 4, 0, 1, 0, 6, 2, 0, 0x5e, 0, 0, 1, 0, 0, 8, 0];
        let cooked = [&head[..], &packet].concat();
        let other = bare(&caught(&cooked), LINUX_SLL).unwrap_err();
        assert_eq!(other, Unfit::OtherProtocol);
    }

    fn frame() -> Frame {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        let all = ngnlab_sim::message::packet::ALL_DHCP;
        Envelope::new(mac, mac, mac.link_local(), all).udp(546, 547, b"any")
    }

    fn caught(bytes: &[u8]) -> Caught<'_> {
        Caught {
            interface: 0,
            at: 0,
            bytes,
            length: bytes.len(),
        }
    }
}
