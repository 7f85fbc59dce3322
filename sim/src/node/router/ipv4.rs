//! IPv4 of the reference router: terminals behind NAPT, one session for each way out.
//!
//! A packet takes the session that is bound to its source address (送信元 IP アドレス), else the one whose
//! domains its destination was found under (ドメインルーティング), else the first that is bound to
//! neither. Only a router that dials has IPv4 at all: ONS uses none (guide Q4).

pub(super) mod fragments;
pub(super) mod hairpin;
pub(super) mod lan;
pub(super) mod napt;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV6};

use etherparse::TcpHeader;
use hickory_proto::op::Message;
use hickory_proto::rr::RData;

use super::Router;
use super::defect::{Defects, defects};
use super::dns_proxy::{SessionServers, Side};
use crate::frame::Frame;
use crate::line::pppoe::MTU;
use crate::message::icmpv4::{
    DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, FRAGMENTATION_NEEDED, NET_UNREACHABLE,
    PORT_UNREACHABLE, TIME_EXCEEDED,
};
use crate::message::packet::ipv4::rewrite::clamp_mss;
use crate::message::packet::ipv4::{
    HEADER, Header4, Ipv4, Payload4, forward, icmp_error_body, renew_checksum,
};
use crate::node::Context;
use crate::setup::{PppoeAccount, Setup, in_domain};
use crate::time::Time;

use fragments::Pieces;
use lan::{LAN_ADDRESS, LanSide, is_inside};
use napt::Napt;

/// What the router knows of IPv4.
pub(super) struct Ipv4Router {
    accounts: Vec<PppoeAccount>,
    lan: LanSide,
    /// Of each session that is up.
    napts: BTreeMap<usize, Napt>,
    /// Which session a destination was found under.
    found: BTreeMap<Ipv4Addr, usize>,
    pieces: Pieces,
    defects: Defects,
}

impl Ipv4Router {
    pub(super) fn new(setup: &Setup, defects: &Defects) -> Self {
        Self {
            accounts: setup.pppoe.clone(),
            lan: LanSide::new(setup.lan_mac, defects.clone()),
            napts: BTreeMap::new(),
            found: BTreeMap::new(),
            pieces: Pieces::new(defects.clone()),
            defects: defects.clone(),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.lan.poll_timeout()
    }

    /// Returns which session a packet takes.
    fn session_for(&self, source: Ipv4Addr, destination: Ipv4Addr) -> Option<usize> {
        let numbered = || self.accounts.iter().enumerate();
        let bound = match self.defects.has(IGNORES_SOURCE_BINDING) {
            true => None,
            false => numbered().find(|(_, account)| account.source == Some(source)),
        };
        let found = self.found.get(&destination).copied();
        let found = found.filter(|number| self.accounts[*number].source.is_none());
        let found = found.filter(|_| !self.defects.has(NO_DOMAIN_ROUTING));
        let free = |account: &PppoeAccount| {
            let unbound = account.source.is_none() || self.defects.has(IGNORES_SOURCE_BINDING);
            unbound && account.domains.is_empty()
        };
        let usual = || match self.defects.has(SENDS_ALL_BY_LAST_SESSION) {
            true => numbered().next_back(),
            false => numbered().find(|(_, account)| free(account)),
        };
        let number = |(number, _)| number;
        bound.map(number).or(found).or_else(|| usual().map(number))
    }

    /// Notes which session the addresses in an answer belong to.
    fn find(&mut self, answer: &[u8]) {
        let Ok(message) = Message::from_vec(answer) else {
            return;
        };
        let Some(question) = message.queries.first() else {
            return;
        };
        let name = question.name.to_ascii();
        let of = |account: &PppoeAccount| account.domains.iter().any(|it| in_domain(&name, it));
        let Some(session) = self.accounts.iter().position(of) else {
            return;
        };
        for record in &message.answers {
            if let RData::A(address) = &record.data
                && self.found.len() < FOUND_MAX
            {
                self.found.insert(address.0, session);
            }
        }
    }
}

impl Router {
    /// Takes in a frame from the LAN that is no IPv6.
    pub(super) fn handle_ipv4(&mut self, frame: &Frame, cx: &mut Context<'_>) {
        if self.setup.pppoe.is_empty() || self.ram.hung {
            return;
        }
        let mut out = Vec::new();
        let packet = self.ram.ipv4.lan.handle(frame, cx.now(), &mut out);
        self.send_on_lan(out, cx);
        let pieces = &mut self.ram.ipv4.pieces;
        let whole = packet.and_then(|packet| pieces.whole_of_terminal(packet.ip, cx.now()));
        let Some(packet) = whole.as_deref().and_then(Ipv4::parse) else {
            return;
        };
        match packet.destination {
            LAN_ADDRESS => self.handle_own_ipv4(&packet, cx),
            to if is_inside(to) || to.is_multicast() || to.is_broadcast() => {}
            to if self.ram.ipv4.turns_back(to) => self.turn_back(&packet, cx),
            _ => self.pass_out_ipv4(&packet, cx),
        }
    }

    /// Takes in a packet of a session.
    pub(super) fn handle_session_ipv4(&mut self, session: usize, ip: &[u8], cx: &mut Context<'_>) {
        let Some(packet) = Ipv4::parse(ip) else {
            return;
        };
        let now = cx.now();
        let Some(outside) = self.ram.ipv4.napts.get(&session).map(Napt::outside) else {
            return;
        };
        if packet.destination != outside || is_inside(packet.source) {
            return;
        }
        let Some(whole) = self.ram.ipv4.pieces.whole_of_session(packet.ip, now) else {
            return;
        };
        let Some(packet) = Ipv4::parse(&whole) else {
            return;
        };
        let mut ip = packet.ip.to_vec();
        let napt = self.ram.ipv4.napts.get_mut(&session);
        if let Some(inside) = napt.and_then(|napt| napt.pass_in(&mut ip, now)) {
            self.clamp(&mut ip);
            self.pass_in_ipv4(inside, &ip, cx);
            return;
        }
        match &packet.payload {
            Payload4::Udp(udp) if udp.checksum_ok => {
                let from = SocketAddrV6::new(packet.source.to_ipv6_mapped(), udp.source_port, 0, 0);
                let to = SocketAddrV6::new(outside.to_ipv6_mapped(), udp.destination_port, 0, 0);
                let random = cx.random();
                self.ram
                    .dns
                    .handle_udp(Side::Wan, from, to, udp.payload, now, random);
                self.flush_dns(cx);
            }
            Payload4::Tcp(tcp) => {
                if self.defects.has(RESETS_STRANGERS) && tcp.syn() && !tcp.ack() {
                    let mut rst = TcpHeader::new(tcp.destination_port(), tcp.source_port(), 0, 0);
                    (rst.rst, rst.ack) = (true, true);
                    rst.acknowledgment_number = tcp.sequence_number().wrapping_add(1);
                    let ip = Header4::new(outside, packet.source).tcp(rst, &[]);
                    self.send_in_session(session, ip, cx);
                }
                self.ram
                    .dns
                    .handle_tcp(Side::Wan, packet.ip, now, cx.random());
                self.flush_dns(cx);
            }
            Payload4::Icmp(icmp) if icmp.checksum_ok && icmp.kind == ECHO_REQUEST => {
                let header = Header4::new(outside, packet.source);
                self.send_in_session(session, header.icmp(ECHO_REPLY, 0, icmp.body), cx);
            }
            Payload4::Icmp(icmp) if icmp.checksum_ok => {
                self.pass_error_in(session, &packet, (icmp.kind, icmp.code), icmp.body, cx);
            }
            Payload4::Udp(_) | Payload4::Icmp(_) | Payload4::Other { .. } => {}
        }
    }

    /// Brings the NAPTs and the forwarder's servers in line with the sessions.
    pub(super) fn settle_ipv4(&mut self) {
        let up = self.ram.pppoe.up();
        let ipv4 = &mut self.ram.ipv4;
        ipv4.napts.retain(|session, napt| {
            up.iter()
                .any(|own| own.session == *session && own.address == napt.outside())
        });
        for own in &up {
            ipv4.napts
                .entry(own.session)
                .or_insert_with(|| Napt::new(own.address, ipv4.defects.clone()));
        }
        let servers = up.iter().map(|own| SessionServers {
            own: own.address.to_ipv6_mapped(),
            servers: own.dns.iter().map(Ipv4Addr::to_ipv6_mapped).collect(),
            domains: self.setup.pppoe[own.session].domains.clone(),
        });
        self.ram.dns.set_sessions(servers.collect());
    }

    pub(super) fn handle_ipv4_timeout(&mut self, cx: &mut Context<'_>) {
        let mut out = Vec::new();
        self.settle_ipv4();
        self.ram.ipv4.lan.handle_timeout(cx.now(), &mut out);
        self.send_on_lan(out, cx);
    }

    /// Sends a packet of the forwarder's.
    pub(super) fn send_ipv4_for_dns(
        &mut self,
        side: Side,
        (from, to): (Ipv4Addr, Ipv4Addr),
        ip: &[u8],
        cx: &mut Context<'_>,
    ) {
        match side {
            Side::Lan => self.pass_in_ipv4(to, ip, cx),
            Side::Wan => {
                let mut napts = self.ram.ipv4.napts.iter();
                let session = napts.find(|(_, napt)| napt.outside() == from);
                if let Some(session) = session.map(|(session, _)| *session) {
                    self.send_in_session(session, ip.to_vec(), cx);
                }
            }
        }
    }

    /// Learns the ways to domains from what a terminal is told.
    pub(super) fn learn_domain_routes(&mut self, answer: &[u8]) {
        if !self.setup.pppoe.is_empty() {
            self.ram.ipv4.find(answer);
        }
    }

    fn handle_own_ipv4(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) {
        let now = cx.now();
        match &packet.payload {
            Payload4::Icmp(icmp)
                if icmp.checksum_ok && icmp.kind == ECHO_REQUEST && icmp.body.len() >= 4 =>
            {
                let header = Header4::new(LAN_ADDRESS, packet.source);
                self.pass_in_ipv4(packet.source, &header.icmp(ECHO_REPLY, 0, icmp.body), cx);
            }
            Payload4::Udp(udp) if udp.checksum_ok => {
                let from = SocketAddrV6::new(packet.source.to_ipv6_mapped(), udp.source_port, 0, 0);
                let own = packet.destination.to_ipv6_mapped();
                let to = SocketAddrV6::new(own, udp.destination_port, 0, 0);
                let random = cx.random();
                let taken = self
                    .ram
                    .dns
                    .handle_udp(Side::Lan, from, to, udp.payload, now, random);
                self.flush_dns(cx);
                if !taken {
                    self.complain_ipv4(packet, (DESTINATION_UNREACHABLE, PORT_UNREACHABLE), 0, cx);
                }
            }
            Payload4::Tcp(_) => {
                self.ram
                    .dns
                    .handle_tcp(Side::Lan, packet.ip, now, cx.random());
                self.flush_dns(cx);
            }
            Payload4::Udp(_) | Payload4::Icmp(_) | Payload4::Other { .. } => {}
        }
    }

    fn pass_out_ipv4(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) {
        let passed = match self.defects.has(KEEPS_TTL) {
            true => Some(packet.ip.to_vec()),
            false => forward(packet),
        };
        let Some(mut ip) = passed else {
            return self.complain_ipv4(packet, (TIME_EXCEEDED, 0), 0, cx);
        };
        let ipv4 = &mut self.ram.ipv4;
        let session = ipv4.session_for(packet.source, packet.destination);
        let napt = session.and_then(|session| Some((session, ipv4.napts.get_mut(&session)?)));
        let Some((session, napt)) = napt.filter(|_| is_inside(packet.source)) else {
            let error = (DESTINATION_UNREACHABLE, NET_UNREACHABLE);
            return self.complain_ipv4(packet, error, 0, cx);
        };
        if ip.len() > usize::from(MTU) && packet.dont_fragment {
            // RFC 1191 §4: the MTU of the session is what fits.
            let error = (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED);
            return self.complain_ipv4(packet, error, MTU.into(), cx);
        }
        let translated = match ipv4.defects.has(NO_NAPT) {
            true => Some(()),
            false => napt.pass_out(&mut ip, cx.now(), cx.random()),
        };
        if translated.is_some() {
            self.clamp(&mut ip);
            if self.defects.has(BREAKS_CHECKSUMS) {
                break_checksum(&mut ip);
            }
            for piece in self.ram.ipv4.pieces.for_session(&ip) {
                self.send_in_session(session, piece, cx);
            }
        }
    }

    /// Hands an ICMP error on to whose packet it is about (RFC 5508 §4.1).
    fn pass_error_in(
        &mut self,
        session: usize,
        packet: &Ipv4<'_>,
        (kind, code): (u8, u8),
        body: &[u8],
        cx: &mut Context<'_>,
    ) {
        let Some((value, quoted)) = body.split_first_chunk::<4>() else {
            return;
        };
        let mut quoted = quoted.to_vec();
        let napt = self.ram.ipv4.napts.get(&session);
        let drops = self.defects.has(DROPS_ICMP_ERRORS);
        let Some(inside) = napt
            .filter(|_| !drops)
            .and_then(|napt| napt.quoted_inside(&mut quoted, cx.now()))
        else {
            return;
        };
        renew_checksum(&mut quoted);
        let body = [&value[..], &quoted].concat();
        let header = Header4::new(packet.source, inside);
        self.pass_in_ipv4(inside, &header.icmp(kind, code, &body), cx);
    }

    fn complain_ipv4(
        &mut self,
        about: &Ipv4<'_>,
        (kind, code): (u8, u8),
        value: u32,
        cx: &mut Context<'_>,
    ) {
        // RFC 1812 §4.3.2.7: no errors about errors.
        let is_error = matches!(&about.payload, Payload4::Icmp(icmp)
            if !matches!(icmp.kind, ECHO_REQUEST | ECHO_REPLY));
        let hides = match (kind, code) {
            (TIME_EXCEEDED, _) => self.defects.has(NO_TIME_EXCEEDED),
            (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED) => {
                self.defects.has(NO_FRAGMENTATION_NEEDED)
            }
            _ => false,
        };
        if is_error || hides || about.ip.len() < HEADER {
            return;
        }
        let body = icmp_error_body(value, about.ip);
        let ip = Header4::new(LAN_ADDRESS, about.source).icmp(kind, code, &body);
        self.pass_in_ipv4(about.source, &ip, cx);
    }

    fn clamp(&self, ip: &mut [u8]) {
        if !self.defects.has(NO_MSS_CLAMP) {
            clamp_mss(ip, MTU - 40);
        }
    }

    fn pass_in_ipv4(&mut self, to: Ipv4Addr, ip: &[u8], cx: &mut Context<'_>) {
        let mut out = Vec::new();
        for piece in Pieces::for_lan(ip) {
            self.ram.ipv4.lan.send(to, &piece, cx.now(), &mut out);
        }
        self.send_on_lan(out, cx);
    }

    fn send_in_session(&mut self, session: usize, ip: Vec<u8>, cx: &mut Context<'_>) {
        self.ram.pppoe.send_ipv4(session, ip, cx);
    }

    fn send_on_lan(&self, frames: Vec<Frame>, cx: &mut Context<'_>) {
        for frame in frames {
            cx.send(Self::LAN, frame);
        }
    }
}

/// Spoils the checksum of a TCP segment or a UDP datagram.
fn break_checksum(ip: &mut [u8]) {
    let at = match ip.get(9) {
        Some(6) => HEADER + 16,
        Some(17) => HEADER + 6,
        _ => return,
    };
    if let Some(byte) = ip.get_mut(at) {
        *byte ^= 0x5a;
    }
}

/// More addresses than the domains of a site have (ours).
const FOUND_MAX: usize = 256;

defects! {
    /// Sends everything by its first session, whatever was found under the domains of another one.
    NO_DOMAIN_ROUTING = "no-domain-routing",
        "ドメインルーティングの設定を使わず、すべてを最初のPPPoEセッションに送る。";
    /// Sends what no domain is entered for by its last session.
    SENDS_ALL_BY_LAST_SESSION = "sends-all-by-last-session",
        "ドメインルーティングに当てはまらないパケットを、最後のPPPoEセッションに送る。";
    /// Leaves checksums as they were when it rewrites addresses and ports.
    BREAKS_CHECKSUMS = "breaks-checksums",
        "NAPTで書き換えたパケットのチェックサムを更新しない。";
    /// Forwards IPv4 packets with their TTL as it was.
    KEEPS_TTL = "keeps-ttl",
        "転送するIPv4パケットのTTLを減らさない。";
    /// Answers connections from strangers with a reset at once.
    RESETS_STRANGERS = "resets-strangers",
        "頼んでいないSYNに、すぐRSTを返す。";
    /// Takes no notice of the source address that a session is bound to.
    IGNORES_SOURCE_BINDING = "ignores-source-binding",
        "セッションに設定された送信元IPアドレスを見ない。";
    /// Sends terminals' packets out under their private addresses.
    NO_NAPT = "no-napt",
        "端末のプライベートアドレスのまま、パケットをPPPoEセッションに送り出す。";
    /// Leaves the segment size in SYNs as it is, though its sessions are narrower than Ethernet.
    NO_MSS_CLAMP = "no-mss-clamp",
        "PPPoEのMTUに合わせてTCPのMSSを書き換えない。";
    /// Hands ICMP errors from a session on to nobody.
    DROPS_ICMP_ERRORS = "drops-icmp-errors",
        "PPPoEセッションから届いたICMPのエラーを、端末に渡さない。";
    /// Drops packets that are too large for a session without saying so.
    NO_FRAGMENTATION_NEEDED = "no-fragmentation-needed",
        "PPPoEのMTUを超えるパケットを、通知せずに破棄する。";
    /// Drops packets whose TTL runs out without saying so.
    NO_TIME_EXCEEDED = "no-ipv4-time-exceeded",
        "TTLの尽きたIPv4パケットを、通知せずに破棄する。";
}
