//! What is addressed to the router itself: echo, UDP and TCP for its services, and protocols that it
//! does not have.

use etherparse::{TcpHeader, TcpSlice};

use super::defect::defects;
use super::{Ram, Router};
use crate::message::dhcpv6;
use crate::message::fragment::{fragments, is_fragment};
use crate::message::icmpv6::{
    DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, PACKET_TOO_BIG, PORT_UNREACHABLE,
};
use crate::message::packet::{
    ETHERNET_HEADER, Envelope, IPV6_HEADER, Icmpv6, Packet, Payload, Udp, frame_ip,
};
use crate::node::Context;
use crate::node::part::icmp_error::Problem;

impl Router {
    /// Takes in a packet for one of our addresses, or for a group we listen to; what comes in
    /// fragments, once it is whole (RFC 8200 §4.5).
    pub(super) fn handle_own(&mut self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if !is_fragment(packet.ip) {
            return self.handle_whole(port, packet, cx);
        }
        if self.defects.has(DROPS_FRAGMENTS_FOR_ITSELF) {
            return;
        }
        if let Some(whole) = self.ram.fragments.take_in(packet.ip) {
            let frame = frame_ip(packet.eth_source, packet.eth_destination, &whole);
            if let Some(packet) = Packet::parse(&frame) {
                self.handle_whole(port, &packet, cx);
            }
        }
    }

    fn handle_whole(&mut self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        match &packet.payload {
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok && icmpv6.kind == ECHO_REQUEST => {
                self.answer_echo(port, packet, *icmpv6, cx);
            }
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok && icmpv6.kind == ECHO_REPLY => {
                self.ram.probe.answered();
            }
            // RFC 4443 §3.2: a link on the way is narrow.
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok && icmpv6.kind == PACKET_TOO_BIG => {
                let Ram {
                    wan,
                    lan,
                    path_mtus,
                    dns,
                    ..
                } = &mut self.ram;
                let owns = |source| wan.owns(source) || lan.owns(source);
                if let Some(mtu) = path_mtus.learn(icmpv6.body, owns, cx.now()) {
                    dns.handle_packet_too_big(mtu);
                }
            }
            Payload::Icmpv6(icmpv6)
                if icmpv6.checksum_ok
                    && (icmpv6.kind, icmpv6.code)
                        == (DESTINATION_UNREACHABLE, PORT_UNREACHABLE) =>
            {
                self.tell_dns_of_closed_port(*icmpv6, cx);
            }
            Payload::Udp(udp) if udp.checksum_ok => self.handle_udp(port, packet, *udp, cx),
            Payload::Icmpv6(icmpv6)
                if icmpv6.checksum_ok
                    && icmpv6.kind > ECHO_REPLY
                    && self.defects.has(ANSWERS_UNKNOWN_ICMP) =>
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
        if first && !known && !self.defects.has(NO_PARAMETER_PROBLEM) {
            let problem = Problem::UnknownNextHeader(NEXT_HEADER as u32);
            self.complain(Self::LAN, packet, problem, cx);
        }
    }

    fn has_management(&self, tcp: &TcpSlice<'_>) -> bool {
        let page = tcp.destination_port() == HTTP && tcp.syn() && !tcp.ack();
        page && self.defects.has(MANAGEMENT_ON_WAN)
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
        if to_group || packet.source.is_unspecified() || self.defects.has(NO_ECHO_REPLY) {
            return;
        }
        let mtu = self.ram.path_mtus.to(packet.source, cx.now());
        let near = self.interface(port);
        let mut own = near.assigned().into_iter();
        let other = own.find(|own| *own != packet.destination);
        let other = other.filter(|_| self.defects.has(ECHO_FROM_OTHER_ADDRESS));
        let envelope = Envelope::new(
            near.mac(),
            packet.eth_source,
            other.unwrap_or(packet.destination),
            packet.source,
        );
        let most = match self.defects.has(CUTS_LARGE_ECHOES) {
            true => USUAL_ECHO,
            false => echo.body.len(),
        };
        let body = &echo.body[..echo.body.len().min(most)];
        let envelope = match self.defects.has(ECHO_REPLY_HOP_LIMIT_1) {
            true => envelope.with_hop_limit(1),
            false => envelope,
        };
        let reply = envelope.icmpv6(ECHO_REPLY, 0, body);
        for ip in fragments(&reply[ETHERNET_HEADER..], mtu) {
            near.send_frame(frame_ip(near.mac(), packet.eth_source, &ip), cx);
        }
    }

    fn handle_udp(&mut self, port: u8, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        match (port, udp.destination_port) {
            (Self::WAN, dhcpv6::CLIENT_PORT) => self.handle_dhcpv6_answer(packet, udp, cx),
            (_, dhcpv6::SERVER_PORT) => self.handle_dhcpv6_question(port, packet, udp, cx),
            _ if packet.destination.is_multicast() => {}
            _ => {
                let silent = self.defects.has(SILENT_ABOUT_CLOSED_PORTS);
                if !self.offer_to_dns(port, packet, udp, cx) && port == Self::LAN && !silent {
                    self.complain(port, packet, Problem::PortUnreachable, cx);
                }
            }
        }
    }
}

const HTTP: u16 = 80;
/// As much as a defect has room for: the identifier, and 56 bytes as most programs send.
const USUAL_ECHO: usize = 4 + 56;
/// Where the IPv6 header names what follows (RFC 8200 §3), and the protocols that the router has.
const NEXT_HEADER: usize = 6;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// RFC 8200 §4.7.
const NO_NEXT_HEADER: u8 = 59;

defects! {
    /// Drops fragments of what is addressed to itself.
    DROPS_FRAGMENTS_FOR_ITSELF = "drops-fragments-for-itself",
        "自分宛てのフラグメントを破棄する。";
    /// Does not answer echo requests.
    NO_ECHO_REPLY = "no-echo-reply",
        "エコー要求に応答しない。";
    /// Answers echo requests from another of its addresses than the one that was asked.
    ECHO_FROM_OTHER_ADDRESS = "echo-from-other-address",
        "エコー要求に、問われたものとは別の自分のアドレスから応答する。";
    /// Answers echo requests with a hop limit of 1, so that no answer leaves the link.
    ECHO_REPLY_HOP_LIMIT_1 = "echo-reply-hop-limit-1",
        "エコー応答のホップリミットを1にし、応答がリンクの外に届かない。";
    /// Sends no more than the usual amount of data back in an echo reply.
    CUTS_LARGE_ECHOES = "cuts-large-echoes",
        "大きいエコー要求に、データを短く切って応答する。";
    /// Drops datagrams for its closed ports without saying so.
    SILENT_ABOUT_CLOSED_PORTS = "silent-about-closed-ports",
        "開いていないUDPポートに届いたパケットを、通知せずに破棄する。";
    /// Answers unheard-of informational ICMPv6 with a Parameter Problem.
    ANSWERS_UNKNOWN_ICMP = "answers-unknown-icmp",
        "未知の種別のICMPv6情報メッセージにParameter Problemを返す。";
    /// Drops packets to itself of a protocol it does not have without saying so.
    NO_PARAMETER_PROBLEM = "no-parameter-problem",
        "対応していないプロトコルの自分宛てのパケットを、通知せずに破棄する。";
    /// Has its management page open on the WAN.
    MANAGEMENT_ON_WAN = "management-on-wan",
        "管理画面をWAN側に開いている。";
}
