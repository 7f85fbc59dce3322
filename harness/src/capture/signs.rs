//! What the frames of one place say about it: whether it is a WAN or a LAN, and who is the router.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

use etherparse::EtherType;
use ipnet::Ipv6Net;
use ngnlab_sim::line::{Area, Line, Upstream};
use ngnlab_sim::message::dhcpv4::{self, MessageType};
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::message::packet::ipv4::in_frame;
use ngnlab_sim::message::packet::{Mac, Packet};
use ngnlab_sim::message::pppoe::{Code, Pppoe};
use ngnlab_sim::trace::Role;

use super::encapsulation::UNKNOWN;
use crate::dissection::{Dhcpv6, Dns, Kind, Transport, dns};

/// What was heard in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    /// How many frames.
    pub(super) frames: u64,
    /// Whether anything but IPv4 and ARP is among them.
    pub(super) tells_much: bool,
    /// Whether a router asked for a prefix there.
    delegation_asked: bool,
    /// Whether somebody asked the servers of an NTT line there.
    line_asked: bool,
    /// Whether somebody asked who advertises the prefix there.
    router_asked: bool,
    /// Whether somebody dialled by PPPoE there.
    dialled: bool,
    /// Whether somebody gave an address by DHCPv4 there.
    leased: bool,
    senders: BTreeMap<Mac, Sender>,
    /// What was advertised, and by whom.
    prefixes: BTreeSet<(Mac, Ipv6Net)>,
}

/// What one of them did there.
#[derive(Clone, Debug, Default)]
struct Sender {
    frames: u64,
    /// It asked for a prefix.
    delegations: u64,
    /// It asked for anything else by DHCPv6, or for routers.
    questions: u64,
    /// It asked for a PPPoE session.
    dials: u64,
    /// It advertised itself as a router.
    adverts: u64,
    /// It answered by DHCP or DNS.
    answers: u64,
}

impl Signs {
    /// Takes a frame in.
    pub(super) fn hear(&mut self, frame: &[u8]) {
        self.frames += 1;
        let Some(ethernet) = Ethernet::parse(frame) else {
            return;
        };
        self.tells_much |= !matches!(ethernet.kind, EtherType::IPV4 | EtherType::ARP);
        let mac = ethernet.source;
        if mac == UNKNOWN || mac.is_multicast() {
            return;
        }
        if self.senders.len() >= MOST_SENDERS && !self.senders.contains_key(&mac) {
            return;
        }
        let sender = self.senders.entry(mac).or_default();
        sender.frames += 1;
        let Some(packet) = Packet::parse(frame) else {
            self.hear_without_ipv6(mac, frame);
            return;
        };
        match Ndp::parse(&packet) {
            Some(Ndp::RouterSolicit(_)) => sender.questions += 1,
            Some(Ndp::RouterAdvert(advert)) => {
                sender.adverts += 1;
                let nets = advert.prefixes().filter_map(|prefix| {
                    let net = Ipv6Net::new(prefix.prefix, prefix.length).ok()?;
                    Some((mac, net.trunc()))
                });
                if self.prefixes.len() < MOST_SENDERS {
                    self.prefixes.extend(nets);
                }
            }
            Some(Ndp::NeighborSolicit(_) | Ndp::NeighborAdvert(_)) => {}
            None => self.hear_datagram(&packet),
        }
    }

    fn hear_without_ipv6(&mut self, mac: Mac, frame: &[u8]) {
        let sender = self.senders.entry(mac).or_default();
        if let Some(packet) = Pppoe::parse(frame) {
            let code = packet.discovery().map(|(code, _)| code);
            if matches!(code, Some(Code::Initiation | Code::Request)) {
                sender.dials += 1;
                self.dialled = true;
            }
        } else if let Some((_, _, packet)) = in_frame(frame)
            && let Some(udp) = packet.udp()
        {
            let ports = (udp.source_port, udp.destination_port);
            if ports.0 == dhcpv4::SERVER_PORT {
                let kind = dhcpv4::decode(udp.payload).and_then(|it| dhcpv4::kind(&it));
                let gives = matches!(kind, Some(MessageType::Offer | MessageType::Ack));
                sender.answers += u64::from(gives);
                self.leased |= gives;
            } else if ports.0 == dns::PORT {
                let message = Dns::read(Transport::Udp, ports, udp.payload);
                sender.answers += u64::from(message.is_some_and(|it| it.response));
            }
        }
    }

    fn hear_datagram(&mut self, packet: &Packet<'_>) {
        let Some(udp) = packet.udp() else {
            return;
        };
        let mac = packet.eth_source;
        let ports = (udp.source_port, udp.destination_port);
        if let Some(message) = Dhcpv6::read(ports, udp.payload) {
            let sender = self.senders.entry(mac).or_default();
            if !message.is_from_client() {
                sender.answers += u64::from(matches!(message.kind, Kind::Advertise | Kind::Reply));
            } else if message.delegations().is_empty() {
                sender.questions += 1;
            } else {
                sender.delegations += 1;
                self.delegation_asked = true;
            }
        } else if ports.0 == dns::PORT || ports.1 == dns::PORT {
            let Some(message) = Dns::read(Transport::Udp, ports, udp.payload) else {
                return;
            };
            if message.response {
                self.senders.entry(mac).or_default().answers += 1;
                return;
            }
            let to = packet.destination;
            self.line_asked |= is_server_of_a_line(to);
            let asked = packet.eth_destination;
            let mut advertised = self.prefixes.iter();
            self.router_asked |= advertised.any(|(by, net)| *by == asked && net.contains(&to));
        }
    }

    /// Returns how much speaks for this being the WAN, and how much for the LAN.
    pub(super) fn points(&self) -> (u32, u32) {
        // Terminals may dial through the router, and a home gateway gives addresses of its own.
        let wan = 10 * u32::from(self.delegation_asked)
            + 6 * u32::from(self.dialled)
            + 3 * u32::from(self.line_asked);
        let lan = 5 * u32::from(self.router_asked) + 2 * u32::from(self.leased);
        (wan, lan)
    }

    /// Returns the router under test, if one was heard: on the WAN it asks, on the LAN it advertises.
    pub(super) fn router(&self, role: Role) -> Option<Mac> {
        let weight = |sender: &Sender| match role {
            Role::Wan => {
                // Who dials may be a terminal behind a router that lets PPPoE pass.
                let asks = (sender.delegations, sender.questions, sender.dials);
                (asks > (0, 0, 0)).then_some((asks, sender.frames))
            }
            Role::Lan | Role::Uplink => {
                let serves = (sender.adverts, sender.answers, 0);
                (serves > (0, 0, 0)).then_some((serves, sender.frames))
            }
        };
        let senders = self.senders.iter();
        let weighed = senders.filter_map(|(mac, sender)| Some((weight(sender)?, *mac)));
        weighed.max().map(|(_, mac)| mac)
    }

    /// Returns whether somebody asked for a prefix to be delegated.
    pub(super) fn asks_for_delegation(&self, by: Mac) -> bool {
        let sender = self.senders.get(&by);
        sender.is_some_and(|sender| sender.delegations > 0)
    }

    /// Returns everybody who was heard, the loudest first.
    pub(super) fn heard(&self) -> Vec<Mac> {
        let mut heard: Vec<(u64, Mac)> = self
            .senders
            .iter()
            .map(|(mac, sender)| (sender.frames, *mac))
            .collect();
        heard.sort_by(|a, b| b.cmp(a));
        heard.into_iter().map(|(_, mac)| mac).collect()
    }
}

/// Returns whether this is a DNS server of either area (guide p.7).
fn is_server_of_a_line(address: Ipv6Addr) -> bool {
    Area::ALL.iter().any(|area| {
        let values = area.values();
        values.ngn_dns.contains(&address) || values.ons_dns.contains(&address)
    })
}

/// Returns a sentence on each thing that does not look like the line that was told.
pub(super) fn doubts(line: &Line, seen: &Seen) -> Vec<String> {
    let mut doubts = Vec::new();
    let delegates = line.delegates_to_device();
    // ngn-facts §1.2: a line that delegates has the M flag. A home gateway advertises without it, and
    // a router below one that never asks has failed.
    let advertises = seen.prefix_advertised && !seen.managed && line.upstream == Upstream::Onu;
    if delegates && !seen.delegated && advertises {
        doubts.push(
            "the line was said to delegate a prefix, but no DHCPv6 Reply has one, and a prefix is \
             advertised without the M flag: it looks like next-ra or hgw-ra"
                .to_owned(),
        );
    }
    if !delegates && seen.delegated {
        doubts.push(
            "the line was said to advertise its prefix, but one is delegated by DHCPv6: it looks \
             like next-pd, cross or hgw-pd"
                .to_owned(),
        );
    }
    if seen.hands_on_nothing {
        doubts.push(
            "the router neither asks the home gateway for a prefix nor advertises the home gateway's \
             own on the LAN: how it is configured is not to be seen"
                .to_owned(),
        );
    }
    let other = line.area.other();
    if seen.areas.contains(&other) && !seen.areas.contains(&line.area) {
        doubts.push(format!(
            "the area was said to be {}, but only DNS servers of {} are seen",
            line.area.name(),
            other.name()
        ));
    }
    doubts
}

/// What was seen of the line.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Whether a prefix was delegated.
    pub(super) delegated: bool,
    /// Whether a prefix was advertised on the WAN.
    pub(super) prefix_advertised: bool,
    /// Whether the router, below a home gateway, has its prefix in neither way.
    pub(super) hands_on_nothing: bool,
    /// Whether what is advertised there has the M flag.
    pub(super) managed: bool,
    /// Whose DNS servers were asked, or told.
    pub(super) areas: BTreeSet<Area>,
}

/// More talk in one place is an attack on our memory.
const MOST_SENDERS: usize = 4096;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ngnlab_sim::message::dhcpv4::{DhcpOption, Message};
    use ngnlab_sim::message::packet::ipv4::{Header4, frame_either};
    use ngnlab_sim::message::pppoe::Stage;

    use super::*;

    const WAN: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const LAN: Mac = Mac([2, 0, 0, 0, 0, 2]);
    const PC: Mac = Mac([2, 0, 0, 0, 0, 3]);

    #[test]
    fn who_dials_and_who_gives_addresses_is_the_router_where_nobody_speaks_ipv6() {
        let mut wan = Signs::default();
        let asked = Pppoe {
            source: WAN,
            destination: Mac::BROADCAST,
            session: 0,
            stage: Stage::Discovery {
                code: Code::Initiation,
                tags: Vec::new(),
            },
        };
        wan.hear(&asked.frame());
        assert_eq!(wan.points(), (6, 0));
        assert_eq!(wan.router(Role::Wan), Some(WAN));
        assert!(wan.tells_much);

        let mut lan = Signs::default();
        let mut message = Message::default();
        message.set_chaddr(&PC.0);
        let gives = DhcpOption::MessageType(MessageType::Offer);
        message.opts_mut().insert(gives);
        let header = Header4::new(Ipv4Addr::new(192, 168, 1, 1), Ipv4Addr::BROADCAST);
        let message = dhcpv4::encode(&message);
        let packet = header.udp(dhcpv4::SERVER_PORT, dhcpv4::CLIENT_PORT, &message);
        lan.hear(&frame_either(PC, LAN, &header.udp(68, 67, b"any")));
        lan.hear(&frame_either(LAN, PC, &packet));
        assert_eq!(lan.points(), (0, 2));
        assert_eq!(lan.router(Role::Lan), Some(LAN));
        assert!(!lan.tells_much);
    }
}
