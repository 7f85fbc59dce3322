//! Traces made by hand, for the tests of checks.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::Encodable;
use dhcproto::v6::{self, DhcpOption, IAPD, IAPrefix, MessageType, OptionCode};
use hickory_proto::op::{Edns, Message, MessageType as DnsKind, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::AAAA;
use hickory_proto::rr::{Name, RData, Record as DnsRecord, RecordType};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, PrefixInfo, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_DHCP, ALL_NODES, Envelope, Mac};
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::trace::{
    End, FORMAT, Fact, Header, Record, Role, Seen, StepOutcome, TerminalTruth,
};
use ngnlab_sim::{Fate, Frame, Pace, Time, Trace};

use crate::scenario::step::Action;

pub(crate) const ROUTER_WAN: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
pub(crate) const ROUTER_LAN: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);
pub(crate) const PC: Mac = Mac([2, 0, 0x5e, 0, 0, 0x10]);

/// Puts a trace together, record by record.
pub(crate) struct TraceBuilder {
    pub(crate) trace: Trace,
    now: Time,
    next_id: u16,
}

impl TraceBuilder {
    /// A clean run on a line with this preset, East.
    pub(crate) fn new(preset: &str) -> Self {
        let line = Line::preset(preset, Area::East).unwrap();
        let values = line.area.values();
        let mode = if line.delegates_to_device() {
            Mode::Pd
        } else {
            Mode::Ra
        };
        let ons = |name: &&str| DomainServers {
            name: (*name).to_owned(),
            servers: values.ons_dns.to_vec(),
        };
        let setup = Setup {
            mode,
            wan_mac: ROUTER_WAN,
            lan_mac: ROUTER_LAN,
            default_dns: values.ngn_dns.to_vec(),
            domains: ngnlab_sim::line::ONS_DOMAINS.iter().map(ons).collect(),
            pppoe: Vec::new(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let header = Header {
            format: FORMAT,
            scenario: "test/by-hand".to_owned(),
            device: "nothing".to_owned(),
            seed: 1,
            pace: Pace::Virtual,
            line,
            setup,
            terminals: vec![TerminalTruth {
                name: "pc".to_owned(),
                mac: PC,
                dials: false,
            }],
            until: Time::from_secs(60),
            tls_secrets: Vec::new(),
            captured: None,
        };
        Self {
            trace: Trace {
                header,
                records: Vec::new(),
            },
            now: Time::ZERO,
            next_id: 1,
        }
    }

    /// The prefix of the line's first assignment.
    pub(crate) fn prefix(&self) -> Ipv6Addr {
        self.trace.header.line.assignment(0).addr()
    }

    /// The router's address on the LAN.
    pub(crate) fn router(&self) -> Ipv6Addr {
        ROUTER_LAN.in_prefix(self.prefix())
    }

    /// The terminal's address.
    pub(crate) fn pc(&self) -> Ipv6Addr {
        PC.in_prefix(self.prefix())
    }

    /// An ONS DNS server of the line.
    pub(crate) fn ons_dns(&self) -> Ipv6Addr {
        self.trace.header.line.ons_dns()[0]
    }

    /// Moves the clock.
    pub(crate) fn at(&mut self, millis: u64) -> &mut Self {
        self.now = Time::ZERO + Duration::from_millis(millis);
        self
    }

    pub(crate) fn frame(&mut self, on: Role, from: End, frame: Frame) -> &mut Self {
        self.seen(Seen::Frame {
            on,
            from,
            frame,
            fate: Fate::Pass,
            injected: false,
        })
    }

    pub(crate) fn injected(&mut self, on: Role, frame: Frame) -> &mut Self {
        self.seen(Seen::Frame {
            on,
            from: End::Network,
            frame,
            fate: Fate::Pass,
            injected: true,
        })
    }

    pub(crate) fn seen(&mut self, seen: Seen) -> &mut Self {
        self.trace.records.push(Record { at: self.now, seen });
        self
    }

    pub(crate) fn done(&mut self, step: &str) -> &mut Self {
        self.step(step, StepOutcome::Done)
    }

    /// A step of the scenario, as its file says it: `link-down = { cable = "wan", lasting = "2s" }`.
    pub(crate) fn step(&mut self, step: &str, outcome: StepOutcome) -> &mut Self {
        let step: Action = toml::from_str(step).unwrap();
        let step = serde_json::to_value(step).unwrap();
        self.seen(Seen::Step { step, outcome })
    }

    pub(crate) fn fact(&mut self, node: &str, fact: Fact) -> &mut Self {
        let node = node.to_owned();
        self.seen(Seen::Fact { node, fact })
    }

    /// The envelope of a packet on a cable; Ethernet addresses follow from the ends.
    pub(crate) fn envelope(
        &self,
        on: Role,
        from: End,
        source: Ipv6Addr,
        destination: Ipv6Addr,
    ) -> Envelope {
        let (router, other) = match on {
            Role::Lan => (ROUTER_LAN, PC),
            Role::Wan | Role::Uplink => (ROUTER_WAN, self.edge()),
        };
        let (own, to) = match from {
            End::Device => (router, other),
            End::Network => (other, router),
        };
        Envelope::new(own, to, source, destination)
    }

    pub(crate) fn edge(&self) -> Mac {
        self.trace.header.line.area.values().edge_mac
    }

    pub(crate) fn ndp(
        &mut self,
        on: Role,
        from: End,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        ndp: &Ndp,
    ) -> &mut Self {
        let frame = ndp.build(self.envelope(on, from, source, destination));
        self.frame(on, from, frame)
    }

    /// The router advertises its prefix on the LAN; `change` makes it odd.
    pub(crate) fn lan_ra(&mut self, change: impl FnOnce(&mut RouterAdvert)) -> &mut Self {
        let mut advert = self.advert();
        change(&mut advert);
        let (source, advert) = (ROUTER_LAN.link_local(), Ndp::RouterAdvert(advert));
        self.ndp(Role::Lan, End::Device, source, ALL_NODES, &advert)
    }

    /// The edge advertises on the WAN; `change` makes it odd.
    pub(crate) fn wan_ra(&mut self, change: impl FnOnce(&mut RouterAdvert)) -> &mut Self {
        let mut advert = self.advert();
        change(&mut advert);
        let (source, advert) = (self.edge().link_local(), Ndp::RouterAdvert(advert));
        self.ndp(Role::Wan, End::Network, source, ALL_NODES, &advert)
    }

    /// An advertisement as the router should send it.
    pub(crate) fn advert(&self) -> RouterAdvert {
        RouterAdvert {
            hop_limit: 64,
            managed: false,
            other: true,
            preference: 0,
            lifetime: Duration::from_secs(1800),
            reachable: Duration::ZERO,
            retrans: Duration::ZERO,
            options: vec![
                NdpOption::Prefix(PrefixInfo {
                    prefix: self.prefix(),
                    length: 64,
                    on_link: true,
                    autonomous: true,
                    valid: 5400,
                    preferred: 2700,
                }),
                NdpOption::Rdnss {
                    lifetime: 1800,
                    servers: vec![self.router()],
                },
            ],
        }
    }

    pub(crate) fn udp(
        &mut self,
        on: Role,
        from: End,
        ends: ((Ipv6Addr, u16), (Ipv6Addr, u16)),
        payload: &[u8],
    ) -> &mut Self {
        let (source, destination) = ends;
        let envelope = self.envelope(on, from, source.0, destination.0);
        let frame = envelope.udp(source.1, destination.1, payload);
        self.frame(on, from, frame)
    }

    /// The terminal asks the router over UDP; returns the id.
    pub(crate) fn ask(&mut self, name: &str, kind: RecordType) -> u16 {
        self.ask_with(name, kind, None)
    }

    pub(crate) fn ask_with(&mut self, name: &str, kind: RecordType, edns: Option<u16>) -> u16 {
        let id = self.fresh_id();
        let ends = ((self.pc(), 30_000 + id), (self.router(), 53));
        self.udp(Role::Lan, End::Network, ends, &query(id, name, kind, edns));
        id
    }

    /// The router answers such a question with addresses, or a response code.
    pub(crate) fn answer(&mut self, id: u16, name: &str, reply: Reply<'_>) -> &mut Self {
        let ends = ((self.router(), 53), (self.pc(), 30_000 + id));
        let bytes = response(id, name, reply);
        self.udp(Role::Lan, End::Device, ends, &bytes)
    }

    /// The router asks a server upstream.
    pub(crate) fn forward(&mut self, id: u16, name: &str, server: Ipv6Addr) -> &mut Self {
        self.forward_with(id, 40_000u16.wrapping_add(id), name, server, None)
    }

    pub(crate) fn forward_with(
        &mut self,
        id: u16,
        port: u16,
        name: &str,
        server: Ipv6Addr,
        edns: Option<u16>,
    ) -> &mut Self {
        let ends = ((self.router(), port), (server, 53));
        let bytes = query(id, name, RecordType::AAAA, edns);
        self.udp(Role::Wan, End::Device, ends, &bytes)
    }

    /// The server answers what [`Self::forward`] asked.
    pub(crate) fn upstream_answer(
        &mut self,
        id: u16,
        name: &str,
        server: Ipv6Addr,
        reply: Reply<'_>,
    ) -> &mut Self {
        let ends = ((server, 53), (self.router(), 40_000u16.wrapping_add(id)));
        let bytes = response(id, name, reply);
        self.udp(Role::Wan, End::Network, ends, &bytes)
    }

    /// A DHCPv6 message on the WAN or LAN; clients send to port 547, servers to 546.
    pub(crate) fn dhcpv6(&mut self, on: Role, from: End, message: &v6::Message) -> &mut Self {
        let bytes = message.to_vec().unwrap();
        let client_is_device = on == Role::Wan;
        let from_client = (from == End::Device) == client_is_device;
        let own = match (on, from) {
            (Role::Wan, End::Device) => ROUTER_WAN,
            (Role::Wan, End::Network) => self.edge(),
            (_, End::Device) => ROUTER_LAN,
            (_, End::Network) => PC,
        };
        let other = match (on, from) {
            (Role::Wan, End::Network) => ROUTER_WAN,
            _ => PC,
        };
        let ends = if from_client {
            ((own.link_local(), 546), (ALL_DHCP, 547))
        } else {
            ((own.link_local(), 547), (other.link_local(), 546))
        };
        self.udp(on, from, ends, &bytes)
    }

    pub(crate) fn fresh_id(&mut self) -> u16 {
        self.next_id += 1;
        self.next_id
    }
}

/// What a DNS server answers.
#[derive(Clone, Copy)]
pub(crate) enum Reply<'a> {
    Addresses(&'a [Ipv6Addr]),
    Code(ResponseCode),
    Truncated,
}

pub(crate) fn query(id: u16, name: &str, kind: RecordType, edns: Option<u16>) -> Vec<u8> {
    let mut message = Message::new(id, DnsKind::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    if let Some(size) = edns {
        let mut opt = Edns::new();
        opt.set_max_payload(size);
        message.set_edns(opt);
    }
    message.to_vec().unwrap()
}

pub(crate) fn response(id: u16, name: &str, reply: Reply<'_>) -> Vec<u8> {
    let name = Name::from_ascii(name).unwrap();
    let mut message = Message::response(id, OpCode::Query);
    message.add_query(Query::query(name.clone(), RecordType::AAAA));
    match reply {
        Reply::Addresses(addresses) => {
            for address in addresses {
                let data = RData::AAAA(AAAA(*address));
                message.add_answer(DnsRecord::from_rdata(name.clone(), 300, data));
            }
        }
        Reply::Code(code) => message.metadata.response_code = code,
        Reply::Truncated => message.metadata.truncation = true,
    }
    message.to_vec().unwrap()
}

/// A client message with everything it should carry.
pub(crate) fn client_message(kind: MessageType, xid: u32, elapsed: u16) -> v6::Message {
    let mut message = v6::Message::new(kind);
    message.set_xid_num(xid);
    let options = message.opts_mut();
    options.insert(DhcpOption::ClientId(ROUTER_WAN.duid_ll()));
    options.insert(DhcpOption::ElapsedTime(elapsed));
    options.insert(DhcpOption::ORO(v6::ORO {
        opts: vec![OptionCode::DomainNameServers, OptionCode::SolMaxRt],
    }));
    if kind != MessageType::InformationRequest {
        options.insert(DhcpOption::IAPD(ia_pd(0, 0, None)));
    }
    message
}

/// A Reply that delegates a prefix.
pub(crate) fn grant(xid: u32, prefix: ipnet::Ipv6Net, lifetimes: [u32; 4]) -> v6::Message {
    let [t1, t2, preferred, valid] = lifetimes;
    let mut message = v6::Message::new(MessageType::Reply);
    message.set_xid_num(xid);
    let options = message.opts_mut();
    options.insert(DhcpOption::ClientId(ROUTER_WAN.duid_ll()));
    options.insert(DhcpOption::ServerId(PC.duid_ll()));
    options.insert(DhcpOption::IAPD(ia_pd(
        t1,
        t2,
        Some((prefix, preferred, valid)),
    )));
    message
}

fn ia_pd(t1: u32, t2: u32, prefix: Option<(ipnet::Ipv6Net, u32, u32)>) -> IAPD {
    let mut opts = v6::DhcpOptions::new();
    if let Some((prefix, preferred_lifetime, valid_lifetime)) = prefix {
        opts.insert(DhcpOption::IAPrefix(IAPrefix {
            preferred_lifetime,
            valid_lifetime,
            prefix_len: prefix.prefix_len(),
            prefix_ip: prefix.addr(),
            opts: v6::DhcpOptions::new(),
        }));
    }
    IAPD {
        id: 1,
        t1,
        t2,
        opts,
    }
}
