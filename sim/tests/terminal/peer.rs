//! A scripted router: advertises, hands DNS servers out, and plays every host behind it.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use hickory_proto::op::{Message, MessageType as DnsType, OpCode};
use hickory_proto::rr::rdata::AAAA;
use hickory_proto::rr::{Name, RData, Record};
use ngnlab_sim::message::dhcpv6::{self, MessageType};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, NeighborAdvert, PrefixInfo, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac, Packet, Udp, forward, is_link_local};
use ngnlab_sim::{Context, Frame, Node, Time};

/// The preferred server.
pub(crate) const DNS: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0xf583, 0xd00, 0, 0, 0x53, 1);
/// The alternate server.
pub(crate) const SECOND_DNS: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0xf583, 0xd00, 0, 0, 0x53, 2);
/// What every name resolves to.
pub(crate) const ANSWER: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0xf583, 0xaf0, 0, 0, 0, 1);

/// The scripted router.
pub(crate) struct Peer {
    pub(crate) advert: Option<RouterAdvert>,
    /// Hosts that answer nothing.
    pub(crate) deaf: Vec<Ipv6Addr>,
    /// How many duplicate address detections are spoilt.
    pub(crate) takes_addresses: u32,
    pub(crate) taken: Vec<Ipv6Addr>,
    pub(crate) queries: Vec<(Ipv6Addr, String)>,
    /// Hosts that are played by a node on another socket.
    pub(crate) routes: Vec<(Ipv6Addr, u8)>,
    terminal: Mac,
}

impl Peer {
    pub(crate) const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
    pub(crate) const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

    pub(crate) fn new() -> Self {
        Self {
            advert: Some(advert()),
            deaf: Vec::new(),
            takes_addresses: 0,
            taken: Vec::new(),
            queries: Vec::new(),
            routes: Vec::new(),
            terminal: Self::MAC,
        }
    }

    pub(crate) fn advertise(&self, cx: &mut Context<'_>) {
        if let Some(advert) = &self.advert {
            let envelope = Envelope::new(Self::MAC, Self::MAC, Self::LINK_LOCAL, ALL_NODES);
            cx.send(0, Ndp::RouterAdvert(advert.clone()).build(envelope));
        }
    }

    fn handle_ndp(&mut self, packet: &Packet<'_>, message: Ndp, cx: &mut Context<'_>) {
        match message {
            Ndp::RouterSolicit(_) => self.advertise(cx),
            Ndp::NeighborSolicit(solicit) => {
                let spoils = packet.source.is_unspecified() && self.takes_addresses > 0;
                if spoils {
                    self.takes_addresses -= 1;
                    self.taken.push(solicit.target);
                } else if solicit.target != Self::LINK_LOCAL {
                    return;
                }
                let to = if spoils { ALL_NODES } else { packet.source };
                let envelope = Envelope::new(Self::MAC, packet.eth_source, solicit.target, to);
                let advert = Ndp::NeighborAdvert(NeighborAdvert {
                    target: solicit.target,
                    router: !spoils,
                    solicited: !spoils,
                    replace: true,
                    target_link_layer: Some(Self::MAC),
                });
                cx.send(0, advert.build(envelope));
            }
            Ndp::RouterAdvert(_) | Ndp::NeighborAdvert(_) => {}
        }
    }

    fn handle_udp(&mut self, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        let (source, payload) = match udp.destination_port {
            547 => (Self::LINK_LOCAL, inform(udp.payload)),
            53 => {
                let Some(query) = Message::from_vec(udp.payload).ok() else {
                    return;
                };
                let name = query.queries[0].name().to_ascii();
                self.queries.push((packet.destination, name));
                (packet.destination, Some(answer(query)))
            }
            _ => return,
        };
        let envelope = Envelope::new(Self::MAC, packet.eth_source, source, packet.source);
        if let Some(payload) = payload {
            let (from, to) = (udp.destination_port, udp.source_port);
            cx.send(0, envelope.udp(from, to, &payload));
        }
    }
}

impl Node for Peer {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        if port != 0 {
            let frame = forward(&packet, Self::MAC, self.terminal);
            return frame.into_iter().for_each(|frame| cx.send(0, frame));
        }
        if self.deaf.contains(&packet.destination) {
            return;
        }
        self.terminal = packet.eth_source;
        let mut routes = self.routes.iter();
        if let Some((_, port)) = routes.find(|(host, _)| *host == packet.destination) {
            let frame = forward(&packet, Self::MAC, Self::MAC);
            return frame.into_iter().for_each(|frame| cx.send(*port, frame));
        }
        if let Some(message) = Ndp::parse(&packet) {
            return self.handle_ndp(&packet, message, cx);
        }
        if let Some(udp) = packet.udp() {
            return self.handle_udp(&packet, udp, cx);
        }
        let echo = packet.icmpv6().filter(|icmpv6| icmpv6.kind == 128);
        if let Some(echo) = echo
            && !is_link_local(packet.destination)
        {
            let (from, to) = (packet.destination, packet.source);
            let envelope = Envelope::new(Self::MAC, packet.eth_source, from, to);
            cx.send(0, envelope.icmpv6(129, 0, echo.body));
        }
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

/// The advertisement of a router on an RA line.
pub(crate) fn advert() -> RouterAdvert {
    RouterAdvert {
        hop_limit: 64,
        managed: false,
        other: true,
        preference: 0,
        lifetime: Duration::from_secs(9000),
        reachable: Duration::from_secs(300),
        retrans: Duration::from_secs(3),
        options: vec![
            NdpOption::SourceLinkLayer(Peer::MAC),
            NdpOption::Prefix(prefix("2408:3ff:e00:ca00::", 604_800, 2_592_000)),
        ],
    }
}

/// A /64 with both flags.
pub(crate) fn prefix(prefix: &str, preferred: u32, valid: u32) -> PrefixInfo {
    PrefixInfo {
        prefix: prefix.parse().expect("a valid prefix"),
        length: 64,
        on_link: true,
        autonomous: true,
        valid,
        preferred,
    }
}

fn inform(request: &[u8]) -> Option<Vec<u8>> {
    let request = dhcpv6::decode(request)?;
    if request.msg_type() != MessageType::InformationRequest {
        return None;
    }
    let reply = dhcpv6::message(
        MessageType::Reply,
        request.xid(),
        [
            DhcpOption::ClientId(dhcpv6::client_id(&request)?.to_vec()),
            DhcpOption::ServerId(Peer::MAC.duid_ll()),
            DhcpOption::DomainNameServers(vec![DNS, SECOND_DNS]),
            DhcpOption::DomainSearchList(vec![
                Name::from_ascii("flets-east.jp.").expect("a valid name"),
            ]),
        ],
    );
    Some(dhcpv6::encode(&reply))
}

fn answer(query: Message) -> Vec<u8> {
    let question = query.queries[0].clone();
    let mut message = Message::new(query.metadata.id, DnsType::Response, OpCode::Query);
    let record = Record::from_rdata(question.name().clone(), 300, RData::AAAA(AAAA(ANSWER)));
    message.add_query(question);
    message.add_answer(record);
    message.to_vec().expect("a small message encodes")
}
