//! A router, a line that answers as much as its script says, and a LAN.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::message::dhcpv6::{self, Delegated, Message, MessageType, reconfigure};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, NeighborAdvert, PrefixInfo, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_DHCP, ALL_NODES, Envelope, Mac, Packet};
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::setup::{Mode, Setup};
use ngnlab_sim::{Cable, Context, Frame, Handle, Node, Pace, Time, World};

pub(crate) const WAN_SIDE: u8 = Router::WAN;
pub(crate) const LAN_SIDE: u8 = Router::LAN;
pub(crate) const WAN_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
pub(crate) const LAN_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);
pub(crate) const EDGE_MAC: Mac = Mac([0xc4, 0x7d, 0x4f, 0xb3, 0x2b, 0xc6]);
pub(crate) const HOST_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 9]);
pub(crate) const SERVER: [u8; 10] = [0, 3, 0, 1, 0, 0x19, 0xe7, 0x13, 0x6c, 0x1b];
pub(crate) const RA_PREFIX: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca00, 0, 0, 0, 0);
pub(crate) const WEB: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0xf583, 0xaf0, 0, 0, 0, 1);

/// A router, a line that answers as much as its script says, and a LAN.
pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) router: Handle<Router>,
    pub(crate) sides: [Handle<Side>; 2],
    pub(crate) lan_cable: Cable,
    pub(crate) line: Script,
    pub(crate) lan: Script,
}

/// What one side answers by itself.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) mac: Mac,
    pub(crate) neighbors: Vec<Ipv6Addr>,
    pub(crate) answers_dhcpv6: bool,
    /// What proves its Reconfigures, if it sends them.
    pub(crate) key: Option<reconfigure::Key>,
    pub(crate) prefix: ipnet::Ipv6Net,
}

/// One side of the router: keeps what it hears.
pub(crate) struct Side {
    script: Script,
    heard: Vec<(Time, Frame)>,
}

impl Lab {
    pub(crate) fn new<const N: usize>(mode: Mode, defects: [Defect; N]) -> Self {
        let setup = Setup {
            mode,
            wan_mac: WAN_MAC,
            lan_mac: LAN_MAC,
            default_dns: Vec::new(),
            domains: Vec::new(),
            pppoe: Vec::new(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let script = |mac| Script {
            mac,
            neighbors: vec![Mac::link_local(mac)],
            answers_dhcpv6: true,
            key: None,
            prefix: "2408:3ff:e00:ca00::/56".parse().expect("it is a prefix"),
        };
        let (line, lan) = (script(EDGE_MAC), script(HOST_MAC));
        let mut world = World::new(1, Pace::Virtual);
        let defects = BTreeSet::from(defects);
        let router = world.add("router", Router::new(RouterConfig { setup, defects }));
        let sides = [("line", &line), ("lan", &lan)].map(|(name, script)| {
            world.add(
                name,
                Side {
                    script: script.clone(),
                    heard: Vec::new(),
                },
            )
        });
        world.connect(router.port(Router::WAN), sides[0].port(0));
        let lan_cable = world.connect(router.port(Router::LAN), sides[1].port(0));
        Self {
            world,
            router,
            sides,
            lan_cable,
            line,
            lan,
        }
    }

    /// Thirty seconds after an advertisement of a line of the mode's kind.
    pub(crate) fn online<const N: usize>(mode: Mode, defects: [Defect; N]) -> Self {
        let mut lab = Self::new(mode, defects);
        lab.run_until(3);
        lab.advertise_line(match mode {
            Mode::Ra | Mode::Bridge => Some(RA_PREFIX),
            Mode::Pd => None,
        });
        lab.run_until(30);
        lab
    }

    pub(crate) fn advertise_line(&mut self, prefix: Option<Ipv6Addr>) {
        let mut options = vec![NdpOption::SourceLinkLayer(EDGE_MAC)];
        options.extend(prefix.map(|prefix| {
            NdpOption::Prefix(PrefixInfo {
                prefix,
                length: 64,
                on_link: true,
                autonomous: true,
                valid: 2_592_000,
                preferred: 604_800,
            })
        }));
        let advert = RouterAdvert {
            hop_limit: 64,
            managed: prefix.is_none(),
            other: true,
            preference: 0,
            lifetime: Duration::from_secs(65_000),
            reachable: Duration::from_secs(300),
            retrans: Duration::from_secs(10),
            options,
        };
        let envelope = Envelope::new(EDGE_MAC, EDGE_MAC, EDGE_MAC.link_local(), ALL_NODES);
        self.send(WAN_SIDE, Ndp::RouterAdvert(advert).build(envelope));
    }

    pub(crate) fn run_until(&mut self, secs: i64) {
        for (side, script) in self.sides.into_iter().zip([&self.line, &self.lan]) {
            self.world
                .with(side, |side, _| side.script = script.clone());
        }
        // The line keeps advertising, else the router would lose its default router.
        while self.world.now() + Duration::from_secs(60_000) < Time::from_secs(secs) {
            let next = self.world.now() + Duration::from_secs(60_000);
            self.world.run_until(next).expect("there are no links");
            self.advertise_line(None);
        }
        self.world
            .run_until(Time::from_secs(secs))
            .expect("there are no links");
    }

    pub(crate) fn run_for(&mut self, secs: i64) {
        let until = self.world.now().as_millis() / 1000 + secs;
        self.run_until(until);
    }

    pub(crate) fn send(&mut self, side: u8, frame: Frame) {
        self.world
            .with(self.sides[usize::from(side)], |_, cx| cx.send(0, frame));
    }

    /// Has the line's server tell the router to renew.
    pub(crate) fn reconfigure(&mut self, replay: u64) {
        let message = reconfigure::Reconfigure {
            server: Some(SERVER.to_vec()),
            client: Some(WAN_MAC.duid_ll()),
            kind: MessageType::Renew,
            key: self.line.key,
            replay,
        };
        let (edge, router) = (EDGE_MAC.link_local(), WAN_MAC.link_local());
        let envelope = Envelope::new(EDGE_MAC, WAN_MAC, edge, router);
        self.send(WAN_SIDE, envelope.udp(547, 546, &message.encode()));
    }

    pub(crate) fn sent(&mut self, side: u8) -> Vec<(Time, Frame)> {
        let side = self.sides[usize::from(side)];
        self.world.with(side, |side, _| side.heard.clone())
    }

    pub(crate) fn frames(&mut self, side: u8) -> Vec<Frame> {
        let sent = self.sent(side).into_iter();
        sent.map(|(_, frame)| frame).collect()
    }

    pub(crate) fn ndp(&mut self, side: u8) -> Vec<(Time, Ipv6Addr, Ndp)> {
        self.sent(side)
            .iter()
            .filter_map(|(at, frame)| {
                let packet = Packet::parse(frame)?;
                Some((*at, packet.source, Ndp::parse(&packet)?))
            })
            .collect()
    }

    pub(crate) fn dhcpv6(&mut self, side: u8) -> Vec<(Time, Message)> {
        self.sent(side)
            .iter()
            .filter_map(|(at, frame)| {
                let udp = Packet::parse(frame)?.udp()?;
                Some((*at, dhcpv6::in_datagram(&udp)?))
            })
            .collect()
    }

    /// Hop limits and payloads of what is not DHCPv6.
    pub(crate) fn udp(&mut self, side: u8) -> Vec<(u8, Vec<u8>)> {
        self.sent(side)
            .iter()
            .filter_map(|(_, frame)| {
                let packet = Packet::parse(frame)?;
                let udp = packet.udp()?;
                let dhcpv6 = dhcpv6::in_datagram(&udp).is_some();
                (!dhcpv6).then(|| (packet.hop_limit, udp.payload.to_vec()))
            })
            .collect()
    }

    pub(crate) fn last_advert(&mut self) -> RouterAdvert {
        let mut adverts = self
            .ndp(LAN_SIDE)
            .into_iter()
            .filter_map(|(_, _, ndp)| match ndp {
                Ndp::RouterAdvert(advert) => Some(advert),
                _ => None,
            });
        adverts.next_back().expect("the LAN was told")
    }

    /// Returns an address of a terminal that answers there.
    pub(crate) fn lan_host(&mut self) -> Ipv6Addr {
        let advert = self.last_advert();
        let prefix = advert.prefixes().next().expect("there is a prefix").prefix;
        let host = HOST_MAC.in_prefix(prefix);
        self.lan.neighbors.push(host);
        host
    }

    pub(crate) fn ask_for_dns(&mut self) -> Vec<Ipv6Addr> {
        let question = dhcpv6::message(MessageType::InformationRequest, [7, 7, 7], []);
        let envelope = Envelope::new(HOST_MAC, HOST_MAC, HOST_MAC.link_local(), ALL_DHCP);
        self.send(LAN_SIDE, envelope.udp(546, 547, &dhcpv6::encode(&question)));
        self.run_for(1);
        let (_, reply) = self.dhcpv6(LAN_SIDE).pop().expect("the router answers");
        assert_eq!(reply.xid(), [7, 7, 7]);
        dhcpv6::dns_servers(&reply)
    }
}

impl Node for Side {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, cx: &mut Context<'_>) {
        self.heard.push((cx.now(), frame.clone()));
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        if let Some(Ndp::NeighborSolicit(solicit)) = Ndp::parse(&packet)
            && self.script.neighbors.contains(&solicit.target)
        {
            let advert = NeighborAdvert {
                target: solicit.target,
                router: self.script.mac == EDGE_MAC,
                solicited: true,
                replace: true,
                target_link_layer: Some(self.script.mac),
            };
            let envelope = Envelope::new(
                self.script.mac,
                packet.eth_source,
                solicit.target,
                packet.source,
            );
            cx.send(0, Ndp::NeighborAdvert(advert).build(envelope));
        }
        let question = packet.udp().and_then(|udp| dhcpv6::in_datagram(&udp));
        if let Some(answer) = question.and_then(|question| self.script.answer(&question)) {
            let mac = self.script.mac;
            let envelope = Envelope::new(mac, packet.eth_source, mac.link_local(), packet.source);
            // ngn-facts §3.3: the source port is any.
            cx.send(0, envelope.udp(49153, 546, &dhcpv6::encode(&answer)));
        }
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

impl Script {
    pub(crate) fn answer(&self, question: &Message) -> Option<Message> {
        let kind = match question.msg_type() {
            MessageType::Solicit => MessageType::Advertise,
            MessageType::Request
            | MessageType::Renew
            | MessageType::Rebind
            | MessageType::InformationRequest => MessageType::Reply,
            _ => return None,
        };
        if !self.answers_dhcpv6 {
            return None;
        }
        let granted = Delegated {
            prefix: self.prefix,
            preferred: 12_600,
            valid: 14_400,
        };
        let associations = dhcpv6::delegations(question)
            .map(|ia| dhcpv6::delegation(ia.id, 7200, 10_800, &[granted]));
        let key = self.key.map(|key| reconfigure::key_option(key, 1));
        let options = [
            dhcproto::v6::DhcpOption::ServerId(SERVER.to_vec()),
            dhcproto::v6::DhcpOption::ClientId(dhcpv6::client_id(question)?.to_vec()),
        ];
        Some(dhcpv6::message(
            kind,
            question.xid(),
            options.into_iter().chain(associations).chain(key),
        ))
    }
}
