//! Who has which IPv4 address on a link: ARP (RFC 826) as RFC 1122 §2.3.2 wants it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::frame::Frame;
use crate::message::arp::Arp;
use crate::message::packet::Mac;
use crate::message::packet::ipv4::frame_either;
use crate::time::Time;

/// The neighbours of one interface.
#[derive(Debug)]
pub(crate) struct ArpTable {
    mac: Mac,
    entries: BTreeMap<Ipv4Addr, Entry>,
}

#[derive(Debug)]
enum Entry {
    Asking {
        sent: u32,
        next: Time,
        /// What it was before, if anything was known: packets go there until the answers fail to come.
        before: Option<Mac>,
        waiting: Vec<Vec<u8>>,
    },
    Known {
        mac: Mac,
        until: Time,
    },
}

impl Entry {
    /// Makes one of a neighbour that is asked for now.
    fn asking(before: Option<Mac>, waiting: Vec<Vec<u8>>, now: Time) -> Self {
        Self::Asking {
            sent: 1,
            next: now + INTERVAL,
            before,
            waiting,
        }
    }
}

impl ArpTable {
    pub(crate) fn new(mac: Mac) -> Self {
        Self {
            mac,
            entries: BTreeMap::new(),
        }
    }

    /// Sends a packet to a neighbour, at once or when it has said who it is.
    pub(crate) fn send(
        &mut self,
        own: Ipv4Addr,
        next_hop: Ipv4Addr,
        ip: &[u8],
        now: Time,
        out: &mut Vec<Frame>,
    ) {
        match self.entries.get_mut(&next_hop) {
            Some(Entry::Known { mac, until }) if *until > now => {
                out.push(frame_either(self.mac, *mac, ip));
                return;
            }
            Some(Entry::Asking {
                before: Some(mac), ..
            }) => {
                out.push(frame_either(self.mac, *mac, ip));
                return;
            }
            // RFC 1122 §2.3.2.1 asks that what is out of date be found out, and not that packets wait
            // meanwhile; as Linux, which goes on with what it knows while it asks.
            Some(Entry::Known { mac, .. }) => {
                let before = *mac;
                out.push(frame_either(self.mac, before, ip));
                let entry = Entry::asking(Some(before), Vec::new(), now);
                self.entries.insert(next_hop, entry);
                out.push(self.question(own, next_hop));
                return;
            }
            // RFC 1122 §2.3.2.2: the latest packets are kept.
            Some(Entry::Asking { waiting, .. }) => {
                if waiting.len() >= WAITING_MAX {
                    waiting.remove(0);
                }
                waiting.push(ip.to_vec());
                return;
            }
            None => {}
        }
        if self.entries.len() >= NEIGHBORS_MAX
            && let Some(first) = self.entries.keys().next().copied()
        {
            self.entries.remove(&first);
        }
        let entry = Entry::asking(None, vec![ip.to_vec()], now);
        self.entries.insert(next_hop, entry);
        out.push(self.question(own, next_hop));
    }

    /// Returns the address that a neighbour has told last, however long ago.
    pub(crate) fn told(&self, neighbor: Ipv4Addr) -> Option<Mac> {
        match self.entries.get(&neighbor)? {
            Entry::Known { mac, .. } => Some(*mac),
            Entry::Asking { before, .. } => *before,
        }
    }

    /// Learns, and answers whoever asks for an address of ours (RFC 826, "Packet Reception").
    pub(crate) fn handle(
        &mut self,
        own: Option<Ipv4Addr>,
        arp: &Arp,
        now: Time,
        out: &mut Vec<Frame>,
    ) {
        let (mac, address) = arp.sender;
        if mac == self.mac || mac.is_multicast() || Some(address) == own {
            return;
        }
        let for_us = own == Some(arp.target.1);
        let known = self.entries.contains_key(&address);
        // RFC 5227 §1.1: a probe says nothing about its sender.
        if !address.is_unspecified() && (known || for_us) {
            self.learn(address, mac, now, out);
        }
        if let Some(own) = own.filter(|_| for_us && arp.is_request) {
            let answer = Arp {
                is_request: false,
                sender: (self.mac, own),
                target: arp.sender,
            };
            out.push(answer.frame());
        }
    }

    /// Asks again, and returns the packets whose neighbour never answered.
    pub(crate) fn handle_timeout(
        &mut self,
        own: Option<Ipv4Addr>,
        now: Time,
        out: &mut Vec<Frame>,
    ) -> Vec<Vec<u8>> {
        let mut lost = Vec::new();
        let mut over = Vec::new();
        let mut again = Vec::new();
        for (address, entry) in &mut self.entries {
            let Entry::Asking {
                sent,
                next,
                waiting,
                ..
            } = entry
            else {
                continue;
            };
            if *next > now {
                continue;
            }
            if *sent >= QUESTIONS || own.is_none() {
                lost.append(waiting);
                over.push(*address);
            } else {
                *sent += 1;
                *next = now + INTERVAL;
                again.push(*address);
            }
        }
        for address in over {
            self.entries.remove(&address);
        }
        if let Some(own) = own {
            out.extend(again.iter().map(|address| self.question(own, *address)));
        }
        lost
    }

    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        let asking = self.entries.values().filter_map(|entry| match entry {
            Entry::Asking { next, .. } => Some(*next),
            Entry::Known { .. } => None,
        });
        asking.min()
    }

    fn learn(&mut self, address: Ipv4Addr, mac: Mac, now: Time, out: &mut Vec<Frame>) {
        if self.entries.len() >= NEIGHBORS_MAX && !self.entries.contains_key(&address) {
            return;
        }
        let until = now + KNOWN_FOR;
        let before = self.entries.insert(address, Entry::Known { mac, until });
        if let Some(Entry::Asking { waiting, .. }) = before {
            let frames = waiting.iter().map(|ip| frame_either(self.mac, mac, ip));
            out.extend(frames);
        }
    }

    fn question(&self, own: Ipv4Addr, about: Ipv4Addr) -> Frame {
        let question = Arp {
            is_request: true,
            sender: (self.mac, own),
            target: (Mac([0; 6]), about),
        };
        question.frame()
    }
}

/// RFC 1122 §2.3.2.1: no more than one question a second.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often to ask before giving up, as Linux does (ours).
const QUESTIONS: u32 = 3;
/// RFC 1122 §2.3.2.1 names a minute as an example.
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// How many packets wait for one neighbour (ours; RFC 1122 §2.3.2.2 wants one at least).
const WAITING_MAX: usize = 8;
/// More than a small LAN has (ours).
const NEIGHBORS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_wait_until_the_neighbour_has_answered() {
        let (mut table, mut out) = (ArpTable::new(OURS), Vec::new());
        table.send(OWN, OTHER, b"\x45one", Time::ZERO, &mut out);
        table.send(OWN, OTHER, b"\x45two", Time::ZERO, &mut out);
        assert_eq!(out.len(), 1);
        let asked = Arp::parse(&out.remove(0)).unwrap();
        assert!(asked.is_request && asked.target.1 == OTHER);
        let answer = Arp {
            is_request: false,
            sender: (THEIRS, OTHER),
            target: (OURS, OWN),
        };
        table.handle(Some(OWN), &answer, Time::ZERO, &mut out);
        assert_eq!(out.len(), 2);
        table.send(OWN, OTHER, b"\x45three", Time::ZERO, &mut out);
        assert_eq!(out.len(), 3);
    }

    #[test]
    fn who_does_not_answer_is_asked_three_times_and_given_up() {
        let (mut table, mut out) = (ArpTable::new(OURS), Vec::new());
        table.send(OWN, OTHER, b"\x45lost", Time::ZERO, &mut out);
        let mut lost = Vec::new();
        while let Some(at) = table.poll_timeout() {
            lost = table.handle_timeout(Some(OWN), at, &mut out);
        }
        assert_eq!((out.len(), lost.len()), (3, 1));
    }

    #[test]
    fn packets_go_on_while_what_is_known_is_asked_for_again() {
        let (mut table, mut out) = (ArpTable::new(OURS), Vec::new());
        table.send(OWN, OTHER, b"\x45one", Time::ZERO, &mut out);
        let answer = Arp {
            is_request: false,
            sender: (THEIRS, OTHER),
            target: (OURS, OWN),
        };
        table.handle(Some(OWN), &answer, Time::ZERO, &mut out);
        out.clear();
        let mut now = Time::ZERO + KNOWN_FOR;
        for _ in 0..3 * WAITING_MAX {
            table.send(OWN, OTHER, b"\x45more", now, &mut out);
        }
        let questions = out.iter().filter_map(|frame| Arp::parse(frame)).count();
        assert_eq!((questions, out.len()), (1, 3 * WAITING_MAX + 1));
        // Who no longer answers is forgotten.
        while let Some(at) = table.poll_timeout() {
            table.handle_timeout(Some(OWN), at, &mut out);
            now = at;
        }
        assert_eq!(table.told(OTHER), None);
        out.clear();
        table.send(OWN, OTHER, b"\x45waits", now, &mut out);
        assert!(out.iter().all(|frame| Arp::parse(frame).is_some()));
    }

    #[test]
    fn a_question_for_us_is_answered_and_one_for_others_is_not() {
        let (mut table, mut out) = (ArpTable::new(OURS), Vec::new());
        let mut question = Arp {
            is_request: true,
            sender: (THEIRS, OTHER),
            target: (Mac([0; 6]), OWN),
        };
        table.handle(Some(OWN), &question, Time::ZERO, &mut out);
        assert_eq!(Arp::parse(&out[0]).map(|arp| arp.sender), Some((OURS, OWN)));
        question.target.1 = Ipv4Addr::new(192, 168, 1, 77);
        table.handle(Some(OWN), &question, Time::ZERO, &mut out);
        assert_eq!(out.len(), 1);
    }

    const OURS: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
    const THEIRS: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);
    const OWN: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
}
