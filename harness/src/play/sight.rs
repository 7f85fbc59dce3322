//! What an onlooker knows of a running testbed: addresses and packets seen up to this moment.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use ngnlab_sim::Frame;
use ngnlab_sim::line::Line;
use ngnlab_sim::message::dhcpv6::{self, Message, MessageType};
use ngnlab_sim::message::ndp::{Ndp, RouterAdvert};
use ngnlab_sim::message::packet::{Mac, Packet, is_link_local, is_routable, with_interface_id};
use ngnlab_sim::setup::{Mode, Setup};
use ngnlab_sim::trace::{End, Fact, Record, Role, Seen};

use crate::scenario::step::cable::Wire;

/// The records of a run that goes on, with what was set up.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// What was seen.
    pub records: &'a [Record],
    /// The line.
    pub line: &'a Line,
    /// How the device is configured.
    pub setup: &'a Setup,
}

/// A router's link-local address and its MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its MAC address.
    pub mac: Mac,
    /// Its link-local address.
    pub address: Ipv6Addr,
}

impl Sight<'_> {
    /// Returns the MAC address of the device's WAN interface.
    pub fn wan_mac(&self) -> Mac {
        self.setup.wan_mac
    }

    /// Returns the MAC address of the device's LAN interface.
    pub fn lan_mac(&self) -> Mac {
        self.setup.lan_mac
    }

    /// Returns to which MAC address terminals send what is for the line: the device's, or past a
    /// bridge that of the line's router.
    pub fn next_hop_out(&self) -> Mac {
        match self.setup.mode {
            Mode::Ra | Mode::Pd => self.lan_mac(),
            Mode::Bridge => self.gateway().mac,
        }
    }

    /// Returns to which MAC address the line sends what is for a terminal: the device's, or past a
    /// bridge that of the terminal.
    pub fn next_hop_in(&self, terminal: Ipv6Addr) -> Mac {
        let own = || {
            let mut packets = self.packets(Role::Lan, End::Network).rev();
            packets.find(|packet| packet.source == terminal)
        };
        match self.setup.mode {
            Mode::Ra | Mode::Pd => self.wan_mac(),
            Mode::Bridge => own().map_or(self.wan_mac(), |packet| packet.eth_source),
        }
    }

    /// Returns the router upstream of the device: whoever advertises there.
    pub fn gateway(&self) -> Gateway {
        let advertiser = self
            .packets(Role::Wan, End::Network)
            .rev()
            .find_map(|packet| {
                let Some(Ndp::RouterAdvert(advert)) = Ndp::parse(&packet) else {
                    return None;
                };
                // Low preference is what strangers have here.
                let is_router = !advert.lifetime.is_zero() && advert.preference == 0;
                is_router.then_some(Gateway {
                    mac: packet.eth_source,
                    address: packet.source,
                })
            });
        let edge = self.line.area.values().edge_mac;
        advertiser.unwrap_or(Gateway {
            mac: edge,
            address: edge.link_local(),
        })
    }

    /// Returns an address of another customer, to whom nobody here has ever sent anything.
    pub fn stranger(&self) -> Ipv6Addr {
        let range = self.line.area.values().folded_range.network().to_bits();
        Ipv6Addr::from_bits(range | (0x0bad << 64) | 1)
    }

    /// Returns an address of a router inside the network.
    pub fn network_router(&self) -> Ipv6Addr {
        let range = self.line.area.values().ngn_ranges[0].network().to_bits();
        Ipv6Addr::from_bits(range | (0xffff << 64) | 1)
    }

    /// Returns the global addresses that terminals use.
    pub fn terminal_addresses(&self) -> Vec<Ipv6Addr> {
        let mut addresses = Vec::new();
        for (_, fact) in self.facts() {
            match fact {
                Fact::AddressReady { address, .. } if is_routable(*address) => {
                    addresses.push(*address);
                }
                Fact::AddressGone { address } => addresses.retain(|known| known != address),
                _ => {}
            }
        }
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// Returns the link-local address from which a computer on the LAN has sent something.
    pub fn link_local_of(&self, mac: Mac) -> Ipv6Addr {
        let own = self.genuine(Role::Lan).find_map(|frame| {
            let packet = Packet::parse(frame)?;
            let is_own = packet.eth_source == mac && is_link_local(packet.source);
            is_own.then_some(packet.source)
        });
        own.unwrap_or_else(|| mac.link_local())
    }

    /// Returns the global address from which a terminal last sent something away from its link,
    /// and its MAC address; after a renumbering it is one of the new prefix, if there is one.
    pub fn terminal(&self) -> Option<(Ipv6Addr, Mac)> {
        let assigned = self.facts().filter_map(|(_, fact)| match fact {
            Fact::Assigned { prefix } => Some(*prefix),
            _ => None,
        });
        let latest = assigned.last();
        let mut addresses = self.terminal_addresses();
        let is_current = |address: &Ipv6Addr| latest.is_none_or(|net| net.contains(address));
        if addresses.iter().any(is_current) {
            addresses.retain(is_current);
        }
        let lan = self.lan_prefixes();
        self.genuine(Role::Lan).find_map(|frame| {
            let packet = Packet::parse(frame)?;
            let known = addresses.contains(&packet.source);
            let near = lan.iter().any(|net| net.contains(&packet.destination));
            let away = is_routable(packet.destination) && !near;
            (known && away).then_some((packet.source, packet.eth_source))
        })
    }

    /// Returns where the device itself might answer: its DNS address on the LAN, its global
    /// addresses on the WAN, and its link-local address there.
    pub fn device_addresses(&self) -> Vec<Ipv6Addr> {
        let terminals = self.terminal_addresses();
        let mut addresses = self.device_lan_addresses();
        addresses.retain(|address| is_routable(*address));
        addresses.extend(self.own_addresses(Role::Wan, self.wan_mac()));
        addresses.retain(|address| !terminals.contains(address));
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// Returns the device's addresses on the LAN: those it gives out as DNS server, and those it
    /// uses itself.
    pub fn device_lan_addresses(&self) -> Vec<Ipv6Addr> {
        let learnt = self.facts().filter_map(|(_, fact)| match fact {
            Fact::DnsLearnt { servers, .. } => Some(servers),
            _ => None,
        });
        let lan: Vec<Ipv6Net> = self.lan_prefixes();
        let on_lan = |address: &Ipv6Addr| {
            is_link_local(*address) || lan.iter().any(|prefix| prefix.contains(address))
        };
        let mut addresses: Vec<Ipv6Addr> = learnt.flatten().copied().filter(on_lan).collect();
        addresses.extend(self.own_addresses(Role::Lan, self.lan_mac()));
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// Returns an address in each /64 of the terminals that nobody has.
    pub fn absent_hosts(&self) -> Vec<Ipv6Addr> {
        let absent = |prefix: Ipv6Net| with_interface_id(prefix.network(), ABSENT);
        self.lan_prefixes().into_iter().map(absent).collect()
    }

    /// Returns an address of the delegated prefix in a /64 that no LAN has.
    pub fn unassigned(&self) -> Vec<Ipv6Addr> {
        if self.setup.mode != Mode::Pd {
            return Vec::new();
        }
        let lan = self.lan_prefixes();
        let Some(delegated) = self.delegated() else {
            return Vec::new();
        };
        let last = u128::from(delegated.broadcast()) & !u128::from(u64::MAX);
        let address = with_interface_id(Ipv6Addr::from_bits(last), ABSENT);
        let used = lan.iter().any(|prefix| prefix.contains(&address));
        if used { Vec::new() } else { vec![address] }
    }

    /// Returns the last TCP segment that a terminal sent out to the line, and its source.
    pub fn last_segment_out(&self) -> Option<(Ipv6Addr, Vec<u8>)> {
        let terminals = self.terminal_addresses();
        self.packets(Role::Wan, End::Device)
            .rev()
            .find_map(|packet| {
                packet.tcp()?;
                let ours = terminals.contains(&packet.source);
                ours.then(|| (packet.source, packet.ip.to_vec()))
            })
    }

    /// Returns the last packet of more than 1280 bytes that the device itself sent to a terminal, its
    /// ends, and the terminal's MAC address.
    pub fn last_long_answer(&self) -> Option<(Mac, [Ipv6Addr; 2], Vec<u8>)> {
        let own = self.device_lan_addresses();
        let mut packets = self.packets(Role::Lan, End::Device).rev();
        packets.find_map(|packet| {
            let is_long = own.contains(&packet.source) && packet.ip.len() > MINIMUM_MTU;
            let ends = [packet.source, packet.destination];
            is_long.then(|| (packet.eth_destination, ends, packet.ip.to_vec()))
        })
    }

    /// Returns the global addresses that the device checked for duplicates on a cable.
    pub fn probed_addresses(&self, on: Wire) -> Vec<Ipv6Addr> {
        let (role, mac) = match on {
            Wire::Wan => (Role::Wan, self.wan_mac()),
            Wire::Lan => (Role::Lan, self.lan_mac()),
        };
        let mut addresses = self.own_addresses(role, mac);
        addresses.retain(|address| is_routable(*address));
        addresses
    }

    /// Returns the addresses that the device uses on the WAN, or was about to.
    pub fn own_wan_addresses(&self) -> Vec<Ipv6Addr> {
        let terminals = self.terminal_addresses();
        let mut addresses = self.own_addresses(Role::Wan, self.wan_mac());
        addresses.retain(|address| !terminals.contains(address));
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// Returns what the device has sent to the line, the last packet first.
    pub fn from_the_device(&self) -> impl Iterator<Item = Packet<'_>> {
        self.packets(Role::Wan, End::Device).rev()
    }

    /// Returns the last advertisement of the router upstream that it is one.
    pub fn last_advert(&self) -> Option<(Gateway, RouterAdvert)> {
        self.packets(Role::Wan, End::Network)
            .rev()
            .find_map(|packet| match Ndp::parse(&packet) {
                Some(Ndp::RouterAdvert(advert)) if !advert.lifetime.is_zero() => {
                    let (mac, address) = (packet.eth_source, packet.source);
                    Some((Gateway { mac, address }, advert))
                }
                _ => None,
            })
    }

    /// Returns the last DHCPv6 message that the device sent on the WAN as a client.
    pub fn last_dhcpv6(&self) -> Option<(Ipv6Addr, Message)> {
        self.packets(Role::Wan, End::Device)
            .rev()
            .find_map(|packet| {
                let udp = packet.udp()?;
                let asks = udp.destination_port == dhcpv6::SERVER_PORT;
                let message = dhcpv6::decode(udp.payload).filter(|_| asks)?;
                Some((packet.source, message))
            })
    }

    /// Returns the DHCPv6 messages that came to the device, the last one first.
    pub fn dhcpv6_answers(&self) -> impl Iterator<Item = Message> {
        self.packets(Role::Wan, End::Network)
            .rev()
            .filter_map(|packet| {
                let udp = packet.udp()?;
                let answers = udp.destination_port == dhcpv6::CLIENT_PORT;
                dhcpv6::decode(udp.payload).filter(|_| answers)
            })
    }

    /// Returns what came to the device by a cable from nodes of ours, the last frame first.
    fn genuine(&self, by: Role) -> impl Iterator<Item = &Frame> {
        self.records
            .iter()
            .rev()
            .filter_map(move |record| match &record.seen {
                Seen::Frame {
                    on,
                    from: End::Network,
                    frame,
                    injected: false,
                    ..
                } if *on == by => Some(frame),
                _ => None,
            })
    }

    /// Returns the last Reconfigure that the line itself sent, as it was on the cable.
    pub fn last_reconfigure(&self) -> Option<Frame> {
        self.genuine(Role::Wan).find_map(|frame| {
            let packet = Packet::parse(frame)?;
            let udp = packet.udp()?;
            let told = udp.destination_port == dhcpv6::CLIENT_PORT;
            let message = dhcpv6::decode(udp.payload).filter(|_| told)?;
            (message.msg_type() == MessageType::Reconfigure).then(|| frame.clone())
        })
    }

    /// Returns the prefix that the device was delegated last.
    fn delegated(&self) -> Option<Ipv6Net> {
        self.packets(Role::Wan, End::Network)
            .rev()
            .find_map(|packet| {
                let message = dhcpv6::in_datagram(&packet.udp()?)?;
                let delegation = dhcpv6::delegations(&message).next()?.clone();
                let granted = dhcpv6::prefixes(&delegation)
                    .into_iter()
                    .find(|one| one.valid > 0)?;
                Some(granted.prefix)
            })
    }

    /// Returns the /64s in which terminals have addresses.
    fn lan_prefixes(&self) -> Vec<Ipv6Net> {
        let mut prefixes: Vec<Ipv6Net> = self
            .terminal_addresses()
            .into_iter()
            .filter_map(|address| Ipv6Net::new(address, 64).ok())
            .map(|net| net.trunc())
            .collect();
        prefixes.dedup();
        prefixes
    }

    /// Returns what the device uses as its own on a cable: addresses it checked for duplicates,
    /// and link-local sources.
    fn own_addresses(&self, on: Role, mac: Mac) -> Vec<Ipv6Addr> {
        let own = |packet: Packet<'_>| {
            if packet.eth_source != mac {
                return None;
            }
            if is_link_local(packet.source) {
                return Some(packet.source);
            }
            match Ndp::parse(&packet) {
                Some(Ndp::NeighborSolicit(solicit)) if packet.source.is_unspecified() => {
                    Some(solicit.target)
                }
                _ => None,
            }
        };
        self.packets(on, End::Device).filter_map(own).collect()
    }

    fn facts(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.records.iter().filter_map(|record| match &record.seen {
            Seen::Fact { node, fact } => Some((node.as_str(), fact)),
            _ => None,
        })
    }

    fn packets(&self, on: Role, from: End) -> impl DoubleEndedIterator<Item = Packet<'_>> {
        self.records
            .iter()
            .filter_map(move |record| match &record.seen {
                Seen::Frame {
                    on: cable,
                    from: end,
                    frame,
                    ..
                } if (*cable, *end) == (on, from) => Packet::parse(frame),
                _ => None,
            })
    }
}

/// RFC 8200 §5.
const MINIMUM_MTU: usize = 1280;
/// An interface identifier that is neither EUI-64 nor likely to be drawn.
const ABSENT: [u8; 8] = [0, 0, 0, 0, 0x0a, 0xb5, 0xe4, 0x70];
