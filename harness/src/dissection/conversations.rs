//! DNS questions with their answers, paired once for all checks, when they are asked for first.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::sync::OnceLock;

use ngnlab_sim::trace::Role;

use super::dns::{Dns, Exchange, Transport};
use super::{Dissection, Found};

/// Which DNS messages belong together on each cable.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    wan: OnceLock<Vec<Pairing>>,
    lan: OnceLock<Vec<Pairing>>,
    uplink: OnceLock<Vec<Pairing>>,
}

/// A question, its repetitions and its answers, by their numbers among the messages.
#[derive(Debug)]
struct Pairing {
    query: usize,
    repeats: Vec<usize>,
    replies: Vec<usize>,
}

impl Dissection<'_> {
    /// Returns the DNS exchanges on a cable, in the order of their questions.
    pub fn dns_exchanges(&self, on: Role) -> Vec<Exchange<'_>> {
        self.exchanges(on, |_| true)
    }

    /// Returns the DNS exchanges that terminals began with the device itself.
    pub fn lan_dns(&self) -> Vec<Exchange<'_>> {
        self.exchanges(Role::Lan, |query| {
            query.to_device(Role::Lan) && self.is_device_address(query.destination)
        })
    }

    /// Returns the DNS exchanges that the device itself began upstream.
    pub fn upstream_dns(&self) -> Vec<Exchange<'_>> {
        self.exchanges(Role::Wan, |query| {
            query.by_device(Role::Wan) && !self.is_terminal(query.source)
        })
    }

    fn exchanges(&self, on: Role, counts: impl Fn(&Found<Dns>) -> bool) -> Vec<Exchange<'_>> {
        let known = match on {
            Role::Wan => &self.conversations.wan,
            Role::Lan => &self.conversations.lan,
            Role::Uplink => &self.conversations.uplink,
        };
        let dns = &self.dns;
        let all = |numbers: &[usize]| numbers.iter().map(|number| &dns[*number]).collect();
        let pairings = known.get_or_init(|| paired(dns, on)).iter();
        pairings
            .filter(|pairing| counts(&dns[pairing.query]))
            .map(|pairing| Exchange {
                query: &dns[pairing.query],
                repeats: all(&pairing.repeats),
                replies: all(&pairing.replies),
            })
            .collect()
    }
}

/// Pairs questions with answers: same transport, reversed addresses and ports, same id, same
/// question.
fn paired(dns: &[Found<Dns>], on: Role) -> Vec<Pairing> {
    let mut pairings: Vec<Pairing> = Vec::new();
    let mut open: BTreeMap<Key, usize> = BTreeMap::new();
    for (number, found) in dns.iter().enumerate().filter(|(_, found)| found.on == on) {
        let key = key(found);
        let known = open.get(&key).copied();
        match (found.is.response, known) {
            (true, Some(index)) if answers(&dns[pairings[index].query], found) => {
                pairings[index].replies.push(number);
            }
            (true, _) => {}
            (false, Some(index))
                if pairings[index].replies.is_empty()
                    && repeats(&dns[pairings[index].query], found) =>
            {
                pairings[index].repeats.push(number);
            }
            (false, _) => {
                open.insert(key, pairings.len());
                pairings.push(Pairing {
                    query: number,
                    repeats: Vec::new(),
                    replies: Vec::new(),
                });
            }
        }
    }
    pairings
}

/// Whether a response repeats the question, or none (RFC 5452 §9.1).
fn answers(query: &Found<Dns>, found: &Found<Dns>) -> bool {
    match (&query.is.question, &found.is.question) {
        (Some(asked), Some(answered)) => asked.same(answered),
        _ => true,
    }
}

fn repeats(query: &Found<Dns>, found: &Found<Dns>) -> bool {
    query.injected == found.injected && query.is.question == found.is.question
}

type Key = (Transport, (Ipv6Addr, u16), (Ipv6Addr, u16), u16);

/// The client's end first, whichever way the message travels.
fn key(found: &Found<Dns>) -> Key {
    let dns = &found.is;
    let source = (found.source, dns.source_port);
    let destination = (found.destination, dns.destination_port);
    if dns.response {
        (dns.transport, destination, source, dns.id)
    } else {
        (dns.transport, source, destination, dns.id)
    }
}
