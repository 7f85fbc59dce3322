//! A terminal on a cable with a scripted router.

use std::net::Ipv6Addr;

use ngnlab_sim::message::packet::{Mac, Packet};
use ngnlab_sim::node::terminal::{Ask, RecordType, Terminal, TerminalConfig, Transport};
use ngnlab_sim::trace::{End, Fact, Resolution, Role, Seen};
use ngnlab_sim::{Cable, Handle, Pace, Time, World};

use crate::peer::Peer;

pub(crate) const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 0x10]);

pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) terminal: Handle<Terminal>,
    pub(crate) peer: Handle<Peer>,
    pub(crate) cable: Cable,
}

pub(crate) fn lab(fixed_dns: Vec<Ipv6Addr>) -> Lab {
    lab_of(fixed_dns, true)
}

pub(crate) fn lab_of(fixed_dns: Vec<Ipv6Addr>, trusts_ons_root: bool) -> Lab {
    let mut world = World::new(1, Pace::Virtual);
    let peer = world.add("peer", Peer::new());
    let terminal = world.add(
        "pc",
        Terminal::new(TerminalConfig {
            mac: MAC,
            trusts_ons_root,
            fixed_dns,
            ipv4: None,
        }),
    );
    let cable = world.connect(peer.port(0), terminal.port(Terminal::PORT));
    world.record_as(cable, Role::Lan);
    Lab {
        world,
        terminal,
        peer,
        cable,
    }
}

pub(crate) fn ask(name: &str) -> Ask {
    Ask {
        name: name.to_owned(),
        kind: RecordType::AAAA,
        transport: Transport::Udp,
        edns: None,
        server: None,
    }
}

impl Lab {
    pub(crate) fn run(&mut self, until: i64) {
        let stop = self.world.run_until(Time::from_secs(until));
        stop.expect("virtual links do not fail");
    }

    pub(crate) fn peer(&mut self, change: impl FnOnce(&mut Peer)) {
        self.world.with(self.peer, |peer, _| change(peer));
    }

    pub(crate) fn advertise(&mut self, advert: ngnlab_sim::message::ndp::RouterAdvert) {
        self.world.with(self.peer, |peer, cx| {
            peer.advert = Some(advert);
            peer.advertise(cx);
        });
    }

    pub(crate) fn inject(&mut self, frame: &[u8]) {
        let injected = self.world.inject(self.cable, End::Device, frame);
        injected.expect("virtual links do not fail");
    }

    pub(crate) fn ask(&mut self, ask: Ask) {
        self.world
            .with(self.terminal, |terminal, cx| terminal.resolve(ask, cx));
    }

    pub(crate) fn ping(&mut self, to: Ipv6Addr) {
        self.world
            .with(self.terminal, |terminal, cx| terminal.ping(to, None, cx));
    }

    pub(crate) fn facts(&self, wanted: impl Fn(&Fact) -> bool) -> Vec<Fact> {
        let facts = self
            .world
            .records()
            .iter()
            .filter_map(|record| match &record.seen {
                Seen::Fact { fact, .. } if wanted(fact) => Some(fact.clone()),
                _ => None,
            });
        facts.collect()
    }

    pub(crate) fn at(&self, wanted: impl Fn(&Fact) -> bool) -> Time {
        let found = self
            .world
            .records()
            .iter()
            .find(|record| matches!(&record.seen, Seen::Fact { fact, .. } if wanted(fact)));
        found.expect("the fact was recorded").at
    }

    pub(crate) fn resolved(&self) -> Vec<(Resolution, Vec<Ipv6Addr>)> {
        let resolved = |fact| match fact {
            Fact::Resolved {
                addresses, outcome, ..
            } => Some((outcome, addresses)),
            _ => None,
        };
        self.facts(|_| true)
            .into_iter()
            .filter_map(resolved)
            .collect()
    }

    /// What the terminal sent.
    pub(crate) fn sent(&self) -> Vec<(Time, Vec<u8>)> {
        let sent = self
            .world
            .records()
            .iter()
            .filter_map(|record| match &record.seen {
                Seen::Frame {
                    from: End::Network,
                    frame,
                    ..
                } => Some((record.at, frame.to_vec())),
                _ => None,
            });
        sent.collect()
    }

    pub(crate) fn last_source_towards(&self, destination: Ipv6Addr) -> Ipv6Addr {
        let sent = self.sent();
        let packets = sent.iter().filter_map(|(_, frame)| Packet::parse(frame));
        let mut towards = packets.filter(|packet| packet.destination == destination);
        towards.next_back().expect("a packet was sent").source
    }
}
