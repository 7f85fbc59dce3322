//! How far a device has come on a line: started, link, prefix, LAN, DNS, each once and in order, and
//! last its PPPoE session, if it dials one.

use std::time::Duration;

use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::ndp::{Ndp, NdpOption};
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::{End, Fact, PppEvent, Record, Role, Seen};
use serde::{Deserialize, Serialize};

/// One stage on the way to a router that serves its terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is ready, and its cables are plugged in.
    Started,
    /// It sends on its WAN interface.
    Link,
    /// The line told it its prefix: by an advertisement, or by delegation.
    Prefix,
    /// It advertises itself and a prefix to the terminals.
    Lan,
    /// It answered a terminal's DNS question, or let the answer pass.
    Dns,
    /// It has a PPPoE session, with an IPv4 address.
    Session,
}

/// A stage and when it was reached, counted from the moment that the cables were plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The stage.
    pub stage: Stage,
    /// When.
    pub at: Duration,
}

impl Stage {
    /// Every stage, in order.
    const ALL: [Self; 6] = [
        Self::Started,
        Self::Link,
        Self::Prefix,
        Self::Lan,
        Self::Dns,
        Self::Session,
    ];

    /// Returns every stage of a device that dials a PPPoE session, or of one that does not.
    pub fn all(dials: bool) -> &'static [Self] {
        // The session is the last one.
        &Self::ALL[..Self::ALL.len() - usize::from(!dials)]
    }

    /// Returns the stage in words, as they go after "reached" in a list.
    pub fn words(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Link => "sends on the WAN",
            Self::Prefix => "got a prefix",
            Self::Lan => "serves the LAN",
            Self::Dns => "answers DNS",
            Self::Session => "has a session",
        }
    }

    /// Returns where to look when it is not reached.
    pub fn hint(self, mode: Mode) -> &'static str {
        match (self, mode) {
            (Self::Started, _) => {
                "see the log for why a program ended, and `ready` in the device file for what was \
                 waited for"
            }
            (Self::Link | Self::Prefix | Self::Lan, Mode::Bridge) => {
                "see whether both interfaces are up and in the bridge, and whether its filter lets \
                 every IPv6 frame pass, those for groups included"
            }
            (Self::Link, _) => {
                "bring the WAN interface up (`ip link set {{ wan.name }} up`), or have a program \
                 do so"
            }
            (Self::Prefix, Mode::Ra) => {
                "let the kernel take advertisements although it forwards: sysctl \
                 net.ipv6.conf.{{ wan.name }}.accept_ra=2"
            }
            (Self::Prefix, Mode::Pd) => {
                "see in the log of the DHCPv6 client whether it solicits an IA_PD; the line answers \
                 none but a DUID-LL (`{{ duid_ll }}` in templates)"
            }
            (Self::Lan, _) => {
                "see in the log of the advertising program whether it has an interface with a /64, \
                 and whether the LAN interface is up"
            }
            (Self::Dns, Mode::Bridge) => {
                "the terminal asks the ONS servers itself: see whether the bridge's filter lets its \
                 frames pass both ways"
            }
            (Self::Dns, _) => {
                "see in the log of the DNS program whether it listens on the LAN, and whether its \
                 servers are those of `dns.default` and `dns.domains`"
            }
            (Self::Session, _) => {
                "see in the log of the PPPoE client how far it comes: PADO, PADS, LCP, \
                 authentication, IPCP; name and password are in `pppoe` for templates"
            }
        }
    }
}

/// Follows a device as records come in.
pub struct Progress {
    mode: Mode,
    stages: &'static [Stage],
    next: usize,
    seen: usize,
    /// When its first session came up, which may be before the other stages are reached.
    session_at: Option<Time>,
}

impl Progress {
    /// Begins to follow a device in this mode, before its cables are plugged in.
    pub fn new(mode: Mode, dials: bool) -> Self {
        Self {
            mode,
            stages: Stage::all(dials),
            next: 0,
            seen: 0,
            session_at: None,
        }
    }

    /// Takes in all records so far, of a device that has started; returns what it newly reached.
    pub fn take_in(&mut self, records: &[Record]) -> Vec<Reached> {
        let mut reached = Vec::new();
        if self.next == 0 {
            reached.extend(self.reach(Time::ZERO));
        }
        for record in &records[self.seen.min(records.len())..] {
            if is_session(record) {
                self.session_at.get_or_insert(record.at);
            }
            if self
                .awaited()
                .is_some_and(|stage| self.shows(stage, record))
            {
                reached.extend(self.reach(record.at));
            }
        }
        if let (Some(Stage::Session), Some(at)) = (self.awaited(), self.session_at) {
            reached.extend(self.reach(at));
        }
        self.seen = records.len();
        reached
    }

    /// Returns whether there is nothing left to reach.
    pub fn is_over(&self) -> bool {
        self.awaited().is_none()
    }

    fn awaited(&self) -> Option<Stage> {
        self.stages.get(self.next).copied()
    }

    fn reach(&mut self, at: Time) -> Option<Reached> {
        let stage = self.awaited()?;
        self.next += 1;
        let at = at.since(Time::ZERO);
        Some(Reached { stage, at })
    }

    fn shows(&self, stage: Stage, record: &Record) -> bool {
        let Seen::Frame {
            on, from, frame, ..
        } = &record.seen
        else {
            return false;
        };
        match stage {
            Stage::Started => true,
            Stage::Link => (*on, *from) == (Role::Wan, End::Device),
            Stage::Prefix => (*on, *from) == (Role::Wan, End::Network) && self.has_prefix(frame),
            Stage::Lan => (*on, *from) == (Role::Lan, End::Device) && advertised_prefix(frame),
            Stage::Dns => (*on, *from) == (Role::Lan, End::Device) && is_dns_answer(frame),
            Stage::Session => false,
        }
    }

    fn has_prefix(&self, frame: &Frame) -> bool {
        match self.mode {
            Mode::Ra | Mode::Bridge => advertised_prefix(frame),
            Mode::Pd => is_delegation(frame),
        }
    }
}

fn is_session(record: &Record) -> bool {
    match &record.seen {
        Seen::Fact {
            fact: Fact::Ppp { event, .. },
            ..
        } => matches!(event, PppEvent::Up { .. }),
        _ => false,
    }
}

fn advertised_prefix(frame: &Frame) -> bool {
    let Some(packet) = Packet::parse(frame) else {
        return false;
    };
    let Some(Ndp::RouterAdvert(advert)) = Ndp::parse(&packet) else {
        return false;
    };
    let mut options = advert.options.iter();
    options.any(|option| matches!(option, NdpOption::Prefix(prefix) if prefix.autonomous))
}

/// Returns whether a frame is a DHCPv6 Reply with a prefix (RFC 8415 §21.22).
fn is_delegation(frame: &Frame) -> bool {
    const REPLY: u8 = 7;
    const IA_PD: [u8; 2] = [0, 25];
    const IA_PREFIX: [u8; 2] = [0, 26];
    let packet = Packet::parse(frame);
    let Some(udp) = packet.as_ref().and_then(|packet| packet.udp()) else {
        return false;
    };
    let has = |code: [u8; 2]| udp.payload.windows(2).any(|pair| pair == code);
    udp.destination_port == 546
        && udp.payload.first() == Some(&REPLY)
        && has(IA_PD)
        && has(IA_PREFIX)
}

/// Returns whether a frame is a DNS message that answers with a record (RFC 1035 §4.1.1).
fn is_dns_answer(frame: &Frame) -> bool {
    let packet = Packet::parse(frame);
    let Some(udp) = packet.as_ref().and_then(|packet| packet.udp()) else {
        return false;
    };
    let [_, _, high, low, _, _, answers @ ..] = udp.payload else {
        return false;
    };
    let has_records = answers.get(..2).is_some_and(|count| count != [0, 0]);
    udp.source_port == 53 && high & 0x80 != 0 && low & 0x0f == 0 && has_records
}

#[cfg(test)]
mod tests {
    use super::*;
    use ngnlab_sim::fault::Fate;
    use ngnlab_sim::message::packet::{Envelope, Mac};

    #[test]
    fn stages_are_reached_in_order_and_once() {
        let mut progress = Progress::new(Mode::Pd, false);
        let link = frame(1, Role::Wan, End::Device, 546, 547, &[1]);
        let early_dns = frame(2, Role::Lan, End::Device, 53, 40_000, &DNS_ANSWER);
        let mut records = vec![link, early_dns];
        assert_eq!(
            words(&progress.take_in(&records)),
            ["started", "sends on the WAN"]
        );
        records.push(frame(3, Role::Wan, End::Network, 547, 546, &[7, 0, 25]));
        assert_eq!(words(&progress.take_in(&records)), [""; 0]);
        let reply = [7, 0, 0, 0, 0, 25, 0, 41, 0, 26];
        records.push(frame(4, Role::Wan, End::Network, 547, 546, &reply));
        assert_eq!(words(&progress.take_in(&records)), ["got a prefix"]);
        assert!(!progress.is_over());
    }

    #[test]
    fn a_session_that_came_early_is_told_last() {
        let reply = [7, 0, 0, 0, 0, 25, 0, 41, 0, 26];
        let records = [
            frame(1, Role::Wan, End::Device, 546, 547, &[1]),
            Record {
                at: Time::from_secs(2),
                seen: Seen::Fact {
                    node: "concentrator".to_owned(),
                    fact: Fact::Ppp {
                        session: 1,
                        account: None,
                        event: PppEvent::Up {
                            address: std::net::Ipv4Addr::new(203, 0, 113, 16),
                        },
                    },
                },
            },
            frame(3, Role::Wan, End::Network, 547, 546, &reply),
        ];
        let mut progress = Progress::new(Mode::Pd, true);
        progress.next = 4;
        let dns = frame(4, Role::Lan, End::Device, 53, 40_000, &DNS_ANSWER);
        assert!(progress.take_in(&records).is_empty());
        let all = [&records[..], &[dns]].concat();
        let reached = progress.take_in(&all);
        assert_eq!(words(&reached), ["answers DNS", "has a session"]);
        assert_eq!(reached[1].at, Duration::from_secs(2));
        assert!(progress.is_over());
    }

    fn words(reached: &[Reached]) -> Vec<&'static str> {
        reached.iter().map(|one| one.stage.words()).collect()
    }

    fn frame(seconds: u64, on: Role, from: End, source: u16, to: u16, payload: &[u8]) -> Record {
        let (a, b) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
        let envelope = Envelope::new(a, b, a.link_local(), b.link_local());
        Record {
            at: Time::ZERO + Duration::from_secs(seconds),
            seen: Seen::Frame {
                on,
                from,
                frame: envelope.udp(source, to, payload),
                fate: Fate::Pass,
                injected: false,
            },
        }
    }

    const DNS_ANSWER: [u8; 12] = [0, 1, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0];
}
