//! The LAN as IPv4 sees it: the router's address there, ARP, and addresses for terminals by DHCPv4.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::frame::Frame;
use crate::message::arp::Arp;
use crate::message::packet::Mac;
use crate::message::packet::ipv4::{Ipv4, in_frame};
use crate::node::part::arp::ArpTable;
use crate::node::part::dhcpv4_server::{Dhcpv4Config, Dhcpv4Server};
use crate::node::router::defect::{Defects, defects};
use crate::time::Time;

/// The side towards the terminals.
pub(super) struct LanSide {
    mac: Mac,
    arp: ArpTable,
    dhcp: Dhcpv4Server,
    defects: Defects,
}

impl LanSide {
    pub(super) fn new(mac: Mac, defects: Defects) -> Self {
        let dns = match defects.has(NAMES_PUBLIC_DNS) {
            true => crate::line::internet::PUBLIC_DNS.to_vec(),
            false => vec![LAN_ADDRESS],
        };
        let config = Dhcpv4Config {
            own: LAN_ADDRESS,
            net: Ipv4Net::new_assert(LAN_ADDRESS, 24).trunc(),
            pool: (FIRST_GIVEN, GIVEN),
            lease: LEASE,
            names_itself: !defects.has(NO_SERVER_ID),
            dns,
        };
        Self {
            mac,
            arp: ArpTable::new(mac),
            dhcp: Dhcpv4Server::new(mac, config),
            defects,
        }
    }

    /// Takes in a frame; returns the packet in it unless ARP or DHCP is all that it is.
    pub(super) fn handle<'a>(
        &mut self,
        frame: &'a Frame,
        now: Time,
        out: &mut Vec<Frame>,
    ) -> Option<Ipv4<'a>> {
        if let Some(arp) = Arp::parse(frame) {
            self.arp.handle(Some(LAN_ADDRESS), &arp, now, out);
            return None;
        }
        let (from, to, packet) = in_frame(frame)?;
        let heard = to == self.mac || to == Mac::BROADCAST;
        if !heard || from == self.mac {
            return None;
        }
        if !self.defects.has(NO_DHCPV4)
            && let Some(answer) = self.dhcp.answer(&packet)
        {
            out.push(answer);
            return None;
        }
        (to == self.mac).then_some(packet)
    }

    /// Sends a packet to a terminal.
    pub(super) fn send(&mut self, to: Ipv4Addr, ip: &[u8], now: Time, out: &mut Vec<Frame>) {
        if is_inside(to) {
            self.arp.send(LAN_ADDRESS, to, ip, now, out);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Time, out: &mut Vec<Frame>) {
        self.arp.handle_timeout(Some(LAN_ADDRESS), now, out);
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.arp.poll_timeout()
    }
}

/// Returns whether an address is one of the LAN's.
pub(super) fn is_inside(address: Ipv4Addr) -> bool {
    address.octets()[..3] == LAN_ADDRESS.octets()[..3]
}

/// The router's address on the LAN (192.168.1.x: members-club article; the last octet is inferred).
pub(in crate::node::router) const LAN_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
/// What terminals get (inferred).
const FIRST_GIVEN: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
const GIVEN: u8 = 64;
/// How long (inferred: four hours, as ngn-facts §3 has them for home gateways).
const LEASE: Duration = Duration::from_secs(4 * 3600);

defects! {
    /// Gives terminals no IPv4 addresses.
    NO_DHCPV4 = "no-dhcpv4",
        "端末にIPv4アドレスを割り当てない。";
    /// Names public resolvers by DHCPv4 instead of itself.
    NAMES_PUBLIC_DNS = "names-public-dns",
        "DHCPv4で、自分ではなく公開DNSサーバを端末に通知する。";
    /// Leaves the server identifier out of its DHCPACKs.
    NO_SERVER_ID = "no-dhcpv4-server-id",
        "DHCPACKにサーバ識別子を入れない。";
}
