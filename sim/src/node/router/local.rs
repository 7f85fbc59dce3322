//! What is addressed to the router itself: neighbour discovery, echo, DHCPv6.

use std::net::Ipv6Addr;
use std::time::Duration;

use etherparse::{TcpHeader, TcpSlice};

use super::defect::Defect;
use super::interface::Interface;
use super::{Router, lan_dhcpv6};
use crate::message::dhcpv6;
use crate::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST, PACKET_TOO_BIG};
use crate::message::ndp::{
    NEIGHBOR_SOLICITATION, Ndp, NdpOption, NeighborAdvert, NeighborSolicit, ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION, RouterAdvert, RouterSolicit,
};
use crate::message::packet::{
    ALL_DHCP, ALL_NODES, Envelope, IPV6_HEADER, Icmpv6, Packet, Payload, Udp, is_link_local,
    is_routable, solicited_node,
};
use crate::node::Context;
use crate::node::part::icmp_error::Problem;
use crate::setup::Mode;

impl Router {
    /// Takes in a Neighbour Discovery message.
    pub(super) fn handle_ndp(&mut self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if self.is_fatal(packet) {
            self.ram.hung = true;
            return;
        }
        match Ndp::parse(packet).or_else(|| self.parse_invalid(port, packet)) {
            Some(Ndp::RouterAdvert(advert)) if port == Self::WAN => {
                self.handle_router_advert(packet, &advert, cx);
            }
            Some(Ndp::RouterSolicit(solicit)) if port == Self::LAN => {
                self.handle_router_solicit(packet, solicit, cx);
            }
            Some(Ndp::RouterSolicit(_)) if self.defects.has(Defect::AnswersRsOnWan) => {
                self.answer_as_router(packet, cx);
            }
            Some(Ndp::NeighborSolicit(solicit)) => self.handle_solicit(port, packet, &solicit, cx),
            Some(Ndp::NeighborAdvert(advert)) => self.handle_advert(port, packet, &advert, cx),
            // As a host on the WAN and a router on the LAN (RFC 7084 §4.2 W-1).
            Some(Ndp::RouterAdvert(_) | Ndp::RouterSolicit(_)) | None => {}
        }
    }

    fn parse_invalid(&self, port: u8, packet: &Packet<'_>) -> Option<Ndp> {
        let message = packet.icmpv6()?;
        let defect = match (message.kind, port) {
            (ROUTER_SOLICITATION, _) => Defect::AnswersInvalidRs,
            (ROUTER_ADVERTISEMENT, Self::WAN) => Defect::AcceptsInvalidRa,
            (NEIGHBOR_SOLICITATION, _) => Defect::AnswersInvalidNs,
            _ => return None,
        };
        let accepts = self.defects.has(defect);
        accepts.then(|| Ndp::parse_message(message))?
    }

    /// Returns whether a defect makes this advertisement the last packet we read.
    fn is_fatal(&self, packet: &Packet<'_>) -> bool {
        let empty = |message: Icmpv6<'_>| {
            message.kind == ROUTER_ADVERTISEMENT && Ndp::parse_message(message).is_none()
        };
        self.defects.has(Defect::HangsOnEmptyOption) && packet.icmpv6().is_some_and(empty)
    }

    /// Answers a solicitation on the WAN, where we are a host.
    fn answer_as_router(&self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let wan = &self.ram.wan;
        let advert = RouterAdvert {
            hop_limit: 64,
            managed: false,
            other: false,
            preference: 0,
            lifetime: Duration::ZERO,
            reachable: Duration::ZERO,
            retrans: Duration::ZERO,
            options: vec![NdpOption::SourceLinkLayer(wan.mac())],
        };
        let envelope = Envelope::new(
            wan.mac(),
            packet.eth_source,
            wan.link_local(),
            packet.source,
        );
        wan.send_frame(Ndp::RouterAdvert(advert).build(envelope), cx);
    }

    fn handle_router_advert(
        &mut self,
        packet: &Packet<'_>,
        advert: &RouterAdvert,
        cx: &mut Context<'_>,
    ) {
        let from_router =
            is_link_local(packet.source) || self.defects.has(Defect::AcceptsInvalidRa);
        let strange = |option: &NdpOption| matches!(option, NdpOption::Other(..));
        let drops =
            self.defects.has(Defect::DropsUnknownRaOptions) && advert.options.iter().any(strange);
        if !from_router || drops || !self.ram.wan.is_up() {
            return;
        }
        for option in &advert.options {
            if let NdpOption::SourceLinkLayer(mac) = option {
                self.ram.wan.learn(packet.source, *mac, cx);
            }
        }
        self.ram
            .wan
            .set_timers(advert.reachable, advert.retrans, cx);
        self.ram
            .discovery
            .handle_advert(packet.source, advert, cx.now());
        // RFC 7084 §4.2 WPD-4: either flag shows that there is DHCPv6.
        self.ram
            .client
            .handle_flags(advert.managed, advert.other, cx);
        self.settle(cx);
    }

    fn handle_router_solicit(
        &mut self,
        packet: &Packet<'_>,
        solicit: RouterSolicit,
        cx: &mut Context<'_>,
    ) {
        let nowhere = packet.source.is_unspecified();
        // RFC 4861 §6.1.1: no link-layer address without an address.
        if nowhere && solicit.source_link_layer.is_some() {
            return;
        }
        if let Some(mac) = solicit.source_link_layer {
            self.ram.lan.learn(packet.source, mac, cx);
        }
        self.ram
            .advertiser
            .handle_solicit(packet.source, solicit.source_link_layer, cx);
    }

    fn handle_solicit(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        solicit: &NeighborSolicit,
        cx: &mut Context<'_>,
    ) {
        let nowhere = packet.source.is_unspecified();
        // RFC 4861 §7.1.1.
        let to_group = packet.destination == solicited_node(solicit.target);
        let invalid = nowhere && (!to_group || solicit.source_link_layer.is_some());
        if invalid && !self.defects.has(Defect::AnswersInvalidNs) {
            return;
        }
        let (near, _) = self.sides(port);
        if near.handle_solicit(packet, solicit, cx) {
            return;
        }
        if !self.is_shared(solicit.target) {
            let strange = port == Self::WAN && is_routable(solicit.target) && !nowhere;
            if strange && self.defects.has(Defect::NdProxyAnswersStrangers) {
                self.ram.wan.answer(packet, solicit.target, false, cx);
            }
            return;
        }
        let (near, far) = match port {
            Self::WAN => (&self.ram.wan, &self.ram.lan),
            _ => (&self.ram.lan, &self.ram.wan),
        };
        let upstream = port == Self::WAN;
        self.ram
            .proxy
            .handle_solicit(packet, solicit, near, far, upstream, cx);
    }

    fn handle_advert(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        advert: &NeighborAdvert,
        cx: &mut Context<'_>,
    ) {
        // RFC 4861 §7.1.2.
        if packet.destination.is_multicast() && advert.solicited {
            return;
        }
        let (far, _) = self.sides(port);
        far.handle_advert(advert, cx);
        if port == Self::WAN && !advert.router && self.ram.discovery.router() == Some(advert.target)
        {
            // RFC 4861 §7.2.5: who clears R is no router any more.
            self.ram.discovery.drop_router();
            self.settle(cx);
        }
        if self.is_shared(advert.target) {
            let (near, far) = match port {
                Self::WAN => (&self.ram.lan, &self.ram.wan),
                _ => (&self.ram.wan, &self.ram.lan),
            };
            self.ram.proxy.handle_advert(advert.target, near, far, cx);
        }
    }

    /// Returns whether an address may lie on either side.
    fn is_shared(&self, address: Ipv6Addr) -> bool {
        self.setup.mode == Mode::Ra && self.lan_net().is_some_and(|net| net.contains(&address))
    }

    /// Takes in a packet for one of our addresses, or for a group we listen to.
    pub(super) fn handle_own(&mut self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        match &packet.payload {
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok && icmpv6.kind == ECHO_REQUEST => {
                self.answer_echo(port, packet, *icmpv6, cx);
            }
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok && icmpv6.kind == ECHO_REPLY => {
                self.ram.liveness.answered();
            }
            // RFC 4443 §3.2: a link on the way to a server is narrow.
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok && icmpv6.kind == PACKET_TOO_BIG => {
                if let Some(mtu) = icmpv6.body.first_chunk() {
                    let mtu = usize::try_from(u32::from_be_bytes(*mtu)).unwrap_or(usize::MAX);
                    self.ram.dns.handle_packet_too_big(mtu);
                }
            }
            Payload::Udp(udp) if udp.checksum_ok => self.handle_udp(port, packet, *udp, cx),
            Payload::Icmpv6(icmpv6)
                if icmpv6.checksum_ok
                    && icmpv6.kind > ECHO_REPLY
                    && self.defects.has(Defect::AnswersUnknownIcmp) =>
            {
                let problem = Problem::UnknownNextHeader(IPV6_HEADER as u32);
                self.complain(port, packet, problem, cx);
            }
            Payload::Tcp(tcp) if port == Self::WAN && self.has_management(tcp) => {
                self.accept_management(packet, tcp, cx);
            }
            Payload::Other { next_header, .. } if port == Self::LAN => {
                self.handle_unknown_protocol(packet, *next_header, cx);
            }
            Payload::Tcp(_) if !packet.destination.is_multicast() => {
                self.offer_tcp_to_dns(port, packet, cx);
            }
            _ => {}
        }
    }

    /// RFC 4443 §3.4 and RFC 8200 §4: who sends what we do not have is told so.
    fn handle_unknown_protocol(&mut self, packet: &Packet<'_>, number: u8, cx: &mut Context<'_>) {
        // What is only cut short or in fragments is known well enough.
        let known = matches!(number, TCP | UDP | ICMPV6 | NO_NEXT_HEADER);
        let first = packet.ip[NEXT_HEADER] == number;
        if first && !known && !self.defects.has(Defect::NoParameterProblem) {
            let problem = Problem::UnknownNextHeader(NEXT_HEADER as u32);
            self.complain(Self::LAN, packet, problem, cx);
        }
    }

    fn has_management(&self, tcp: &TcpSlice<'_>) -> bool {
        let page = tcp.destination_port() == HTTP && tcp.syn() && !tcp.ack();
        page && self.defects.has(Defect::ManagementOnWan)
    }

    /// Agrees to a connection, as far as a stranger needs to see that somebody is there.
    fn accept_management(&mut self, packet: &Packet<'_>, tcp: &TcpSlice<'_>, cx: &mut Context<'_>) {
        let near = self.interface(Self::WAN);
        let mut header = TcpHeader::new(HTTP, tcp.source_port(), 1, u16::MAX);
        (header.syn, header.ack) = (true, true);
        header.acknowledgment_number = tcp.sequence_number().wrapping_add(1);
        let envelope = Envelope::new(
            near.mac(),
            packet.eth_source,
            packet.destination,
            packet.source,
        );
        near.send_frame(envelope.tcp(header, &[]), cx);
    }

    fn answer_echo(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        echo: Icmpv6<'_>,
        cx: &mut Context<'_>,
    ) {
        let to_group = packet.destination.is_multicast() || packet.source.is_multicast();
        if to_group || packet.source.is_unspecified() || self.defects.has(Defect::NoEchoReply) {
            return;
        }
        let near = self.interface(port);
        let envelope = Envelope::new(
            near.mac(),
            packet.eth_source,
            packet.destination,
            packet.source,
        );
        near.send_frame(envelope.icmpv6(ECHO_REPLY, 0, echo.body), cx);
    }

    fn handle_udp(&mut self, port: u8, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        match (port, udp.destination_port) {
            (Self::WAN, dhcpv6::CLIENT_PORT) => self.handle_dhcpv6_answer(packet, udp, cx),
            (_, dhcpv6::SERVER_PORT) => self.handle_dhcpv6_question(port, packet, udp, cx),
            _ if packet.destination.is_multicast() => {}
            _ => {
                if !self.offer_to_dns(port, packet, udp, cx) && port == Self::LAN {
                    self.complain(port, packet, Problem::PortUnreachable, cx);
                }
            }
        }
    }

    /// ngn-facts §3.3: home gateways answer from any port, so the source port says nothing.
    fn handle_dhcpv6_answer(&mut self, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        let filtered = udp.source_port != dhcpv6::SERVER_PORT
            && self.defects.has(Defect::FiltersSourcePort547);
        if filtered || packet.destination.is_multicast() {
            return;
        }
        let message = dhcpv6::decode(udp.payload);
        if message.is_none() && self.defects.has(Defect::HangsOnBadDhcpv6) {
            self.ram.hung = true;
            return;
        }
        if let Some(message) = message {
            let (from, bytes) = (packet.source, udp.payload);
            self.ram.client.handle_message(&message, from, bytes, cx);
            self.settle(cx);
        }
    }

    fn handle_dhcpv6_question(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        udp: Udp<'_>,
        cx: &mut Context<'_>,
    ) {
        let serves = port == Self::LAN || self.defects.has(Defect::Dhcpv6ServerOnWan);
        // RFC 8415 §16: an Information-Request to a unicast address is dropped.
        let to_all =
            packet.destination == ALL_DHCP || self.defects.has(Defect::AnswersMisdirectedDhcpv6);
        if !serves || !to_all || !is_link_local(packet.source) {
            return;
        }
        let Some(question) = dhcpv6::decode(udp.payload) else {
            return;
        };
        // Without a global address the link-local one must do.
        let dns = self.ram.advertiser.offer().dns;
        let dns = dns.unwrap_or(self.ram.lan.link_local());
        let duid = self.setup.wan_mac.duid_ll();
        let line = self.ram.client.options();
        let Some(answer) = lan_dhcpv6::answer(&question, &duid, dns, line, &self.defects) else {
            return;
        };
        let near = self.interface(port);
        let envelope = Envelope::new(
            near.mac(),
            packet.eth_source,
            near.link_local(),
            if self.defects.has(Defect::MulticastsLanReplies) {
                ALL_NODES
            } else {
                packet.source
            },
        );
        let bytes = dhcpv6::encode(&answer);
        near.send_frame(
            envelope.udp(dhcpv6::SERVER_PORT, dhcpv6::CLIENT_PORT, &bytes),
            cx,
        );
    }

    fn sides(&mut self, port: u8) -> (&mut Interface, &mut Interface) {
        match port {
            Self::WAN => (&mut self.ram.wan, &mut self.ram.lan),
            _ => (&mut self.ram.lan, &mut self.ram.wan),
        }
    }
}

const HTTP: u16 = 80;
/// Where the IPv6 header names what follows (RFC 8200 §3), and the protocols that the router has.
const NEXT_HEADER: usize = 6;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// RFC 8200 §4.7.
const NO_NEXT_HEADER: u8 = 59;
