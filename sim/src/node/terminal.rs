//! The terminal of オンライン資格確認: a computer on the LAN, as the guide's p.8–p.16 sets it up.
//!
//! It configures itself by SLAAC and stateless DHCPv6, looks names up, browses and pings. Each
//! action ends with a [`Fact`], whatever happens. It has IPv4 only where a scenario wants it: ONS
//! uses none (guide Q4).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rand::Rng;

pub use hickory_proto::rr::RecordType;

pub use crate::node::terminal::asker::{Carrier, Inquiry};
pub use crate::node::terminal::browser::{Choice, Press};
pub use crate::node::terminal::ipv4::{Ipv4Config, Ipv4Lease};

use crate::frame::Frame;
use crate::message::fragment::{Reassembly, is_fragment};
use crate::message::packet::ipv4::Ipv4;
use crate::message::packet::{Mac, Packet, frame_ip};
use crate::node::{Context, Node};
use crate::time::Time;
use crate::trace::Fact;

use downloads::Downloads;
use holds::Holds;
use ipv4::Arrival;
use network::Network;
use outgoing::{Body, Outgoing};
use pages::{Action, Pages};
use pings::Pings;
use resolver::{Ended, LookupId};

mod addresses;
mod asker;
pub mod browser;
mod downloads;
mod holds;
mod host;
mod information;
mod ipv4;
mod name_servers;
mod network;
mod outgoing;
mod pages;
mod pings;
mod resolver;
mod routers;

/// A computer on the LAN.
pub struct Terminal {
    started: bool,
    network: Network,
    asked: Vec<LookupId>,
    pings: Pings,
    pages: Pages,
    holds: Holds,
    downloads: Downloads,
    /// What has come of packets in fragments.
    fragments: Reassembly,
    told_online: bool,
    has_ipv6: bool,
}

/// How a terminal is set up.
#[derive(Clone, Debug)]
pub struct TerminalConfig {
    /// Its MAC address.
    pub mac: Mac,
    /// Whether the root certificate of ONS was installed (guide Q8).
    pub trusts_ons_root: bool,
    /// DNS servers set by hand instead of those learnt (guide p.12).
    pub fixed_dns: Vec<Ipv6Addr>,
    /// How it gets an IPv4 address, if at all.
    pub ipv4: Option<Ipv4Config>,
}

/// A name to be looked up.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The name; its case is kept.
    pub name: String,
    /// What is asked for.
    pub kind: RecordType,
    /// How to ask.
    pub transport: Transport,
    /// The payload size announced with EDNS, or no EDNS.
    pub edns: Option<u16>,
    /// Whom to ask instead of the terminal's own servers.
    pub server: Option<Ipv6Addr>,
}

/// How a name is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Over UDP, and over TCP after a truncated answer.
    Udp,
    /// Over TCP from the start.
    Tcp,
}

impl Terminal {
    /// The only socket.
    pub const PORT: u8 = PORT;

    /// Makes a terminal that starts with the world.
    pub fn new(config: TerminalConfig) -> Self {
        Self {
            started: false,
            network: Network::new(&config),
            asked: Vec::new(),
            pings: Pings::default(),
            pages: Pages::new(config.trusts_ons_root),
            holds: Holds::default(),
            downloads: Downloads::default(),
            fragments: Reassembly::default(),
            told_online: false,
            has_ipv6: true,
        }
    }

    /// Takes IPv6 off its network interface (guide p.8 has the user put it on).
    pub fn without_ipv6(mut self) -> Self {
        self.has_ipv6 = false;
        self
    }

    /// Puts IPv6 on at its network interface, as guide p.8 has the user do.
    pub fn put_ipv6_on(&mut self, cx: &mut Context<'_>) {
        let had = std::mem::replace(&mut self.has_ipv6, true);
        if self.started && !had {
            self.network.host.start_ipv6(cx);
        } else if !self.started {
            self.started = true;
            self.network.start(true, cx);
        }
        self.work(cx);
    }

    /// Makes its user go on when the browser warns of a certificate (guide p.16, Q8).
    pub fn going_on_after_warnings(mut self) -> Self {
        self.pages.go_on_after_warnings();
        self
    }

    /// Looks a name up; ends with [`Fact::Resolved`], IPv4 addresses mapped into IPv6.
    pub fn resolve(&mut self, ask: Ask, cx: &mut Context<'_>) {
        let id = self.network.look_up(ask, cx);
        self.asked.push(id);
        self.work(cx);
    }

    /// Sends questions of any shape; no [`Fact`] tells of their end, for the frames do.
    pub fn ask(&mut self, inquiry: Inquiry, cx: &mut Context<'_>) {
        self.network.ask(inquiry, cx);
        self.work(cx);
    }

    /// Opens a page in the browser, after the page before it is there.
    ///
    /// Looks the host up first, which gives a [`Fact::Resolved`]; ends with [`Fact::PageSeen`] or
    /// [`Fact::PageFailed`].
    pub fn open(&mut self, url: &str, cx: &mut Context<'_>) {
        self.pages.add(Action::Open(url.to_owned()));
        self.work(cx);
    }

    /// Presses a button of the consent screen; ends as [`Terminal::open`] does, or with a
    /// [`Fact::Note`] if there is no such button.
    pub fn choose(&mut self, choice: Choice, cx: &mut Context<'_>) {
        self.pages.add(Action::Choose(choice));
        self.work(cx);
    }

    /// Presses the browser's back button; ends as [`Terminal::open`] does, or with a
    /// [`Fact::Note`] if there is no page to go back to.
    pub fn back(&mut self, cx: &mut Context<'_>) {
        self.pages.add(Action::Back);
        self.work(cx);
    }

    /// Fills fields of the page shown by the words beside them, and presses a button or a link by
    /// its words; ends as [`Terminal::open`] does, if that leads anywhere.
    pub fn press(&mut self, label: &str, fill: &[(String, String)], cx: &mut Context<'_>) -> Press {
        let pressed = self.pages.press(label, fill, &mut self.network, cx);
        self.work(cx);
        pressed
    }

    /// Deletes the browser's cookies.
    pub fn delete_cookies(&mut self) {
        self.pages.delete_cookies();
    }

    /// Installs the root certificate of ONS (guide p.16).
    pub fn install_certificate(&mut self) {
        self.pages.install_certificate();
    }

    /// Closes the browser, whatever it is doing; what it was asked for does not end.
    pub fn close_browser(&mut self, cx: &mut Context<'_>) {
        self.pages.close(&mut self.network, cx);
        self.work(cx);
    }

    /// Connects to a site, stays silent for `idle`, then asks for the page.
    ///
    /// Ends with [`Fact::StillConnected`], or [`Fact::PageFailed`] if it never was connected.
    pub fn hold(&mut self, url: &str, idle: Duration, cx: &mut Context<'_>) {
        self.holds.add(url.to_owned(), idle, &mut self.network, cx);
        self.work(cx);
    }

    /// Has a file over plain HTTP; ends with [`Fact::Downloaded`] or [`Fact::PageFailed`].
    pub fn download(&mut self, url: &str, cx: &mut Context<'_>) {
        self.downloads.add(url.to_owned(), &mut self.network, cx);
        self.work(cx);
    }

    /// Sends an echo request; ends with [`Fact::Pinged`], after two seconds at the latest.
    pub fn ping(&mut self, to: Ipv6Addr, hop_limit: Option<u8>, cx: &mut Context<'_>) {
        self.pings.start(to, hop_limit, &mut self.network.host, cx);
        self.work(cx);
    }

    /// Sends a datagram of any kind, from a port of its own unless told, and expects nothing; over IPv4
    /// it may be cut into fragments if that is said.
    pub fn send_udp(
        &mut self,
        to: Ipv6Addr,
        (from_port, port): (Option<u16>, u16),
        (payload, may_be_cut): (&[u8], bool),
        hop_limit: Option<u8>,
        cx: &mut Context<'_>,
    ) {
        let body = Body::Udp {
            from_port: from_port.unwrap_or_else(|| ephemeral_port(cx)),
            to_port: port,
            payload,
            may_be_cut,
        };
        let out = Outgoing {
            to,
            hop_limit,
            body,
        };
        self.network.host.send(out, cx);
    }

    /// Returns whether an action is under way.
    pub fn is_busy(&self) -> bool {
        self.network.is_resolving()
            || self.network.is_asking()
            || self.pings.is_busy()
            || self.pages.is_busy()
            || self.holds.is_busy()
            || self.downloads.is_busy()
    }

    /// Returns whether it has had a global address, a router and a DNS server at the same time.
    pub fn is_online(&self) -> bool {
        self.told_online
    }

    /// Returns the addresses in use with whether each is temporary, the preferred source first
    /// and the link-local address last.
    pub fn addresses(&self) -> Vec<(Ipv6Addr, bool)> {
        let usable = self.network.addresses();
        usable
            .into_iter()
            .map(|own| (own.address, own.temporary))
            .collect()
    }

    /// Returns the DNS servers in the order they are asked.
    pub fn name_servers(&self) -> Vec<Ipv6Addr> {
        self.network.servers()
    }

    /// Returns what it has of IPv4 by DHCPv4; nothing without a lease.
    pub fn ipv4_lease(&self) -> Option<Ipv4Lease> {
        self.network.host.ipv4.as_ref()?.lease()
    }

    /// Returns the link-layer address that a neighbour has told by ARP, if it has.
    pub fn ipv4_neighbor(&self, neighbor: Ipv4Addr) -> Option<Mac> {
        self.network.host.ipv4.as_ref()?.neighbor(neighbor)
    }

    /// Returns the router that gets what is not on the link.
    pub fn default_router(&self) -> Option<Ipv6Addr> {
        self.network.host.default_router()
    }

    /// Does everything that has become due; called after every event.
    fn work(&mut self, cx: &mut Context<'_>) {
        // Applications may end look-ups at once, by starting ones that cannot succeed.
        loop {
            let ended = self.network.work(cx);
            self.pages.work(&mut self.network, cx);
            self.holds.work(&mut self.network, cx);
            self.downloads.work(&mut self.network, cx);
            if ended.is_empty() && !self.network.has_ended() {
                break;
            }
            for ended in ended {
                self.hand_out(ended, cx);
            }
        }
        self.pings.handle_timeout(cx);
        self.network.flush(cx);
        if !self.told_online && self.network.is_complete(cx.now()) {
            self.told_online = true;
            cx.record(Fact::Online);
        }
    }

    /// Gives the end of a look-up to whoever started it.
    fn hand_out(&mut self, ended: Ended, cx: &mut Context<'_>) {
        let network = &mut self.network;
        let Some(ended) = self.pages.handle_ended(ended, network, cx) else {
            return;
        };
        let Some(ended) = self.holds.handle_ended(ended, network, cx) else {
            return;
        };
        let Some(ended) = self.downloads.handle_ended(ended, network, cx) else {
            return;
        };
        if self.asked.contains(&ended.id) {
            self.asked.retain(|id| *id != ended.id);
            cx.record(Fact::Resolved {
                name: ended.name,
                addresses: ended.addresses,
                outcome: ended.outcome,
            });
        }
    }
}

impl Terminal {
    fn is_to_start(&self) -> bool {
        !self.started && (self.has_ipv6 || self.network.host.ipv4.is_some())
    }

    fn handle_ipv4(&mut self, frame: &Frame, cx: &mut Context<'_>) {
        let Some(ipv4) = &mut self.network.host.ipv4 else {
            return;
        };
        match ipv4.handle(frame, cx) {
            Arrival::Nothing => {}
            Arrival::Configured => self.work(cx),
            Arrival::Packet(packet) => self.take_in_ipv4(&packet, cx),
            Arrival::Unpacked(ip) => {
                if let Some(packet) = Ipv4::parse(&ip) {
                    self.take_in_ipv4(&packet, cx);
                }
            }
        }
    }

    fn take_in_ipv4(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) {
        let answered = self.network.handle_ipv4(packet, cx);
        if let Some(id) = answered {
            self.pings.answered(packet.source.to_ipv6_mapped(), id, cx);
        }
        self.work(cx);
    }

    fn handle_packet(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        self.pings.handle(packet, cx);
        self.network.handle(packet, cx);
        self.work(cx);
    }
}

impl Node for Terminal {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some(packet) = Packet::parse(frame) else {
            return self.handle_ipv4(frame, cx);
        };
        if !self.has_ipv6 || !self.network.host.is_for_us(&packet) {
            return;
        }
        if !is_fragment(packet.ip) {
            return self.handle_packet(&packet, cx);
        }
        if let Some(whole) = self.fragments.take_in(packet.ip) {
            let frame = frame_ip(packet.eth_source, packet.eth_destination, &whole);
            if let Some(packet) = Packet::parse(&frame) {
                self.handle_packet(&packet, cx);
            }
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if self.is_to_start() {
            self.started = true;
            self.network.start(self.has_ipv6, cx);
        }
        self.work(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        if self.is_to_start() {
            return Some(Time::ZERO);
        }
        earliest([
            self.network.poll_timeout(),
            self.pings.poll_timeout(),
            self.pages.poll_timeout(),
            self.holds.poll_timeout(),
            self.downloads.poll_timeout(),
        ])
    }

    fn handle_carrier(&mut self, _port: u8, up: bool, cx: &mut Context<'_>) {
        if self.started {
            self.network.handle_carrier(up, self.has_ipv6, cx);
            self.work(cx);
        }
    }
}

/// Returns the earliest of some times, where `None` means never.
fn earliest<T: Into<Option<Time>>>(times: impl IntoIterator<Item = T>) -> Option<Time> {
    times.into_iter().filter_map(Into::into).min()
}

/// Draws a port of the dynamic range (RFC 6335 §6).
fn ephemeral_port(cx: &mut Context<'_>) -> u16 {
    cx.random().random_range(49_152..=u16::MAX)
}

const PORT: u8 = 0;
const DNS_PORT: u16 = 53;
