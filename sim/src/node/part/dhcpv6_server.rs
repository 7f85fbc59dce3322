//! A DHCPv6 server that delegates prefixes and answers Information-Requests (RFC 8415 §18.3).
//!
//! It grants no addresses and knows no Rapid Commit (ngn-facts §2.1), and speaks multicast only
//! (§9 row 6). What else it may do are its quirks.

use std::net::Ipv6Addr;

use dhcproto::v6::DhcpOption;
use ipnet::Ipv6Net;

use crate::line::Dhcpv6Quirk;
use crate::message::dhcpv6::{self, IAPD, Message, MessageType, OptionCode, Status};
use crate::message::packet::Mac;
use crate::time::Time;

mod associations;
mod duid;
mod leases;
mod quirks;
mod reconfiguring;
mod relayed;
mod rules;

use associations::{
    Former, foreign_prefixes, granted, no_prefix, refused, refused_addresses, success, withdrawn,
};
pub(crate) use leases::Lease;
use leases::Leases;
pub(crate) use rules::{Lifetimes, Refusal, Rules};

/// The server behind one interface.
pub(crate) struct Dhcpv6Server {
    duid: Vec<u8>,
    rules: Rules,
    options: Vec<DhcpOption>,
    leases: Leases,
    /// The server's own address, for clients that may use it.
    address: Option<Ipv6Addr>,
    quirks: Vec<Dhcpv6Quirk>,
    memory: quirks::Memory,
    told: Vec<reconfiguring::Told>,
}

/// Where a message came from and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// The client's address.
    pub(crate) from: Ipv6Addr,
    /// Whether it was sent to the server's own address instead of the servers' group.
    pub(crate) unicast: bool,
    /// The time.
    pub(crate) now: Time,
}

impl Dhcpv6Server {
    /// Makes a server that has nothing to delegate and no options to hand out yet.
    pub(crate) fn new(duid: Vec<u8>, rules: Rules) -> Self {
        Self {
            duid,
            leases: Leases::new(rules.one_slot_per_client),
            rules,
            options: Vec::new(),
            address: None,
            quirks: Vec::new(),
            memory: quirks::Memory::default(),
            told: Vec::new(),
        }
    }

    /// Gives the server its oddities; `address` is its own.
    pub(crate) fn set_quirks(&mut self, quirks: Vec<Dhcpv6Quirk>, address: Ipv6Addr) {
        self.quirks = quirks;
        self.address = Some(address);
        if self.has(Dhcpv6Quirk::LastsForEver) {
            self.rules.lifetimes = Lifetimes::FOR_EVER;
        }
    }

    /// Sets the options that clients may request.
    pub(crate) fn set_options(&mut self, options: Vec<DhcpOption>) {
        self.options = options;
    }

    /// Sets the prefixes to delegate; leases of other prefixes end at their next renewal.
    pub(crate) fn set_pool(&mut self, pool: Vec<Ipv6Net>) {
        let carved = pool.into_iter().map(|prefix| self.carved(prefix));
        let carved = carved.collect();
        self.leases.set_pool(carved);
    }

    /// Forgets every lease.
    pub(crate) fn clear(&mut self) {
        self.leases.clear();
    }

    /// Has an unknown client hold a prefix until then.
    pub(crate) fn hold(&mut self, prefix: Ipv6Net, until: Time) {
        self.leases.put(Lease {
            duid: STRANGER.duid_ll(),
            iaid: 0,
            client: STRANGER.link_local(),
            prefix,
            until,
        });
    }

    /// Drops the leases that have run out.
    pub(crate) fn expire(&mut self, now: Time) {
        self.leases.expire(now);
    }

    /// Returns when the next lease runs out.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        let leases = self.leases.iter().map(|lease| lease.until);
        leases.chain(self.reconfigure_due()).min()
    }

    /// Returns the running leases.
    pub(crate) fn leases(&self) -> impl Iterator<Item = &Lease> {
        self.leases.iter()
    }

    /// Returns the lease an address lies in.
    pub(crate) fn lease_of(&self, address: Ipv6Addr, now: Time) -> Option<&Lease> {
        self.leases
            .iter()
            .find(|lease| lease.until > now && lease.prefix.contains(&address))
    }

    /// Takes in a client's message and returns the answers; a second server's come last.
    pub(crate) fn handle(&mut self, message: &Message, arrival: Arrival) -> Vec<Message> {
        self.leases.expire(arrival.now);
        if !self.is_acceptable(message) || self.ignores(message, arrival) {
            return Vec::new();
        }
        self.note_asked(message);
        let refused = self.refuses(message, arrival);
        let Some(mut answer) = refused.or_else(|| self.answer_to(message, arrival)) else {
            return Vec::new();
        };
        self.adorn(message, &mut answer);
        let (unasked, rival) = (self.unasked(message, &answer), self.rival(&answer));
        unasked.into_iter().chain([answer]).chain(rival).collect()
    }

    fn answer_to(&mut self, message: &Message, arrival: Arrival) -> Option<Message> {
        let stateless = message.msg_type() == MessageType::InformationRequest;
        if !stateless && self.leases.pool_is_empty() && self.rules.refusal == Refusal::Silence {
            return None;
        }
        if arrival.unicast {
            return self.refuse_unicast(message);
        }
        match message.msg_type() {
            MessageType::Solicit => self.advertise(message, arrival),
            MessageType::Request => self.grant(message, arrival),
            MessageType::Renew | MessageType::Rebind => self.extend(message, arrival),
            MessageType::Release => Some(self.release(message)),
            MessageType::Decline => Some(self.reply(message, [success("nothing was declined")])),
            MessageType::Confirm => self.confirm(message),
            MessageType::InformationRequest => Some(self.reply(message, self.requested(message))),
            // What remains is sent by servers and relays.
            _ => None,
        }
    }

    /// Checks a message as RFC 8415 §16 asks, and the client's DUID.
    fn is_acceptable(&self, message: &Message) -> bool {
        let client = dhcpv6::client_id(message);
        let server = dhcpv6::server_id(message);
        if client.is_some_and(duid::is_too_long) {
            return false;
        }
        let to_us = server.is_some_and(|server| self.is_ours(server));
        let ids_fit = match message.msg_type() {
            MessageType::Solicit | MessageType::Confirm | MessageType::Rebind => {
                client.is_some() && server.is_none()
            }
            MessageType::Request
            | MessageType::Renew
            | MessageType::Release
            | MessageType::Decline => client.is_some() && to_us,
            MessageType::InformationRequest => {
                // RFC 8415 §16.12: one with an IA is invalid.
                (server.is_none() || to_us)
                    && !dhcpv6::asks_for_addresses(message)
                    && dhcpv6::delegations(message).next().is_none()
            }
            _ => false,
        };
        let stateless = message.msg_type() == MessageType::InformationRequest;
        let duid_fits = if stateless {
            !self.rules.information_needs_duid_ll || client.is_some_and(duid::is_ll)
        } else {
            let llt = self.rules.accepts_duid_llt && client.is_some_and(duid::is_llt);
            !self.rules.delegation_needs_duid_ll || client.is_some_and(duid::is_ll) || llt
        };
        ids_fit && duid_fits
    }

    /// Returns whether a DUID is ours, or that of the second server that we play.
    fn is_ours(&self, server: &[u8]) -> bool {
        let second = self.has(Dhcpv6Quirk::SecondServer);
        server == self.duid || (second && server == quirks::rival_duid(&self.duid))
    }

    /// RFC 8415 §18.3: clients that were not told to use unicast are sent back to the group.
    fn refuse_unicast(&self, message: &Message) -> Option<Message> {
        let answered = matches!(
            message.msg_type(),
            MessageType::Request | MessageType::Renew | MessageType::Release | MessageType::Decline
        );
        answered.then(|| {
            let status = dhcpv6::status_option(Status::UseMulticast, "use multicast");
            self.reply(message, [status])
        })
    }

    fn advertise(&mut self, message: &Message, arrival: Arrival) -> Option<Message> {
        let client = dhcpv6::client_id(message)?.to_vec();
        let mut offered = Vec::new();
        let mut answers = Vec::new();
        for wanted in dhcpv6::delegations(message) {
            if self.rules.one_slot_per_client && !offered.is_empty() {
                continue;
            }
            let prefix = self
                .leases
                .choose(&client, wanted, &offered, self.rules.takes_over);
            match prefix {
                Some(prefix) => {
                    offered.push(prefix);
                    let lifetimes = self.lifetimes_for(&client, prefix, arrival.now);
                    answers.push(granted(wanted.id, lifetimes, Former::default(), prefix));
                }
                None => answers.push(no_prefix(wanted.id)),
            }
        }
        if offered.is_empty() && self.rules.refusal == Refusal::Silence {
            return None;
        }
        answers.extend(self.no_addresses(message));
        if answers.is_empty() {
            return None;
        }
        answers.extend(self.requested(message));
        Some(self.answer(MessageType::Advertise, message, answers))
    }

    fn grant(&mut self, message: &Message, arrival: Arrival) -> Option<Message> {
        let client = dhcpv6::client_id(message)?.to_vec();
        let mut given = Vec::new();
        let mut answers = Vec::new();
        for wanted in dhcpv6::delegations(message) {
            if self.rules.new_slot_per_request {
                self.leases.orphan(&client, wanted.id);
            }
            let chosen = self
                .leases
                .choose(&client, wanted, &given, self.rules.takes_over);
            match chosen {
                Some(prefix) => {
                    given.push(prefix);
                    let lifetimes = self.lifetimes_for(&client, prefix, arrival.now);
                    self.leases.put(Lease {
                        duid: client.clone(),
                        iaid: wanted.id,
                        client: arrival.from,
                        prefix,
                        until: arrival.now + lifetimes.valid(),
                    });
                    let foreign = foreign_prefixes(wanted, prefix);
                    let former = Former {
                        prefixes: &foreign,
                        left: 0,
                    };
                    answers.push(granted(wanted.id, lifetimes, former, prefix));
                }
                None => answers.push(no_prefix(wanted.id)),
            }
        }
        if given.is_empty() && self.rules.refusal == Refusal::Silence {
            return None;
        }
        answers.extend(self.no_addresses(message));
        answers.extend(self.requested(message));
        Some(self.reply(message, answers))
    }

    /// Answers Renew and Rebind (RFC 8415 §18.3.4 and §18.3.5).
    fn extend(&mut self, message: &Message, arrival: Arrival) -> Option<Message> {
        let client = dhcpv6::client_id(message)?.to_vec();
        self.narrow_pool();
        let mut answers = Vec::new();
        for wanted in dhcpv6::delegations(message) {
            let Some(lease) = self.leases.find(&client, wanted.id).cloned() else {
                answers.push(self.no_binding(wanted));
                continue;
            };
            if self.withdraws_now() {
                self.leases.remove(&client, wanted.id);
                answers.push(withdrawn(wanted.id, &[lease.prefix]));
                continue;
            }
            // A prefix that is no longer delegated goes, and another one comes with it
            // (ngn-facts §1.3, §8 row 11).
            let prefix = if self.leases.is_in_pool(lease.prefix) {
                Some(lease.prefix)
            } else {
                self.leases.remove(&client, wanted.id);
                self.leases
                    .choose(&client, wanted, &[], self.rules.takes_over)
            };
            let Some(prefix) = prefix else {
                answers.push(withdrawn(wanted.id, &[lease.prefix]));
                continue;
            };
            let lifetimes = self.renewed_lifetimes();
            self.leases.put(Lease {
                client: arrival.from,
                prefix,
                until: arrival.now + lifetimes.valid(),
                ..lease.clone()
            });
            let mut foreign = foreign_prefixes(wanted, prefix);
            if lease.prefix != prefix && !foreign.contains(&lease.prefix) {
                foreign.push(lease.prefix);
            }
            foreign.extend(self.never_held(prefix));
            let left = match self.has(Dhcpv6Quirk::DeprecatesOldPrefix) {
                true => lease.until.since(arrival.now).as_secs(),
                false => 0,
            };
            let former = Former {
                prefixes: &foreign,
                left: u32::try_from(left).unwrap_or(u32::MAX),
            };
            answers.push(granted(wanted.id, lifetimes, former, prefix));
        }
        if answers.is_empty() {
            return None;
        }
        answers.extend(self.no_addresses(message));
        answers.extend(self.requested(message));
        Some(self.reply(message, answers))
    }

    /// Answers an IA without a lease: a prefix that cannot be right gets lifetimes of zero
    /// (RFC 8415 §18.3.5), anything else NoBinding.
    fn no_binding(&self, wanted: &IAPD) -> DhcpOption {
        let foreign: Vec<Ipv6Net> = dhcpv6::prefixes(wanted)
            .into_iter()
            .map(|delegated| delegated.prefix)
            .filter(|prefix| !prefix.addr().is_unspecified() && !self.leases.is_in_pool(*prefix))
            .collect();
        if foreign.is_empty() {
            refused(wanted.id, Status::NoBinding, "no binding")
        } else {
            withdrawn(wanted.id, &foreign)
        }
    }

    fn release(&mut self, message: &Message) -> Message {
        let client = dhcpv6::client_id(message).unwrap_or_default().to_vec();
        let mut answers = vec![success("released")];
        for wanted in dhcpv6::delegations(message) {
            if !self.leases.remove(&client, wanted.id) {
                // RFC 8415 §18.3.7: an unknown IA gets a status of its own.
                answers.push(refused(wanted.id, Status::NoBinding, "no binding"));
            }
        }
        self.reply(message, answers)
    }

    /// Answers Confirm; RFC 8415 §18.3.3 leaves one without addresses unanswered, so this covers
    /// prefixes only (§9 row 6 of ngn-facts: all answered, inferred).
    fn confirm(&self, message: &Message) -> Option<Message> {
        let mut asked = dhcpv6::delegations(message)
            .flat_map(dhcpv6::prefixes)
            .map(|delegated| delegated.prefix)
            .peekable();
        asked.peek()?;
        let status = if asked.all(|prefix| self.leases.is_in_pool(prefix)) {
            success("on this link")
        } else {
            dhcpv6::status_option(Status::NotOnLink, "not on this link")
        };
        Some(self.reply(message, [status]))
    }

    fn lifetimes_for(&self, client: &[u8], prefix: Ipv6Net, now: Time) -> Lifetimes {
        let full = self.rules.lifetimes;
        if !self.rules.counts_down {
            return full;
        }
        let running = self
            .leases
            .iter()
            .find(|lease| lease.duid == client && lease.prefix == prefix);
        running.map_or(full, |lease| full.after(lease.until.since(now)))
    }

    /// Returns the options the client requested, or all of them if it made no request.
    fn requested(&self, message: &Message) -> Vec<DhcpOption> {
        let codes = dhcpv6::requested(message);
        self.options
            .iter()
            .filter(|option| codes.is_empty() || codes.contains(&OptionCode::from(*option).into()))
            .cloned()
            .collect()
    }

    /// Answers wishes for addresses, which are never granted (ngn-facts §2.1).
    fn no_addresses(&self, message: &Message) -> Vec<DhcpOption> {
        if self.rules.ignores_addresses {
            return Vec::new();
        }
        refused_addresses(message)
    }

    fn reply(&self, message: &Message, options: impl IntoIterator<Item = DhcpOption>) -> Message {
        self.answer(MessageType::Reply, message, options)
    }

    fn answer(
        &self,
        kind: MessageType,
        message: &Message,
        options: impl IntoIterator<Item = DhcpOption>,
    ) -> Message {
        let client = dhcpv6::client_id(message).map(|duid| DhcpOption::ClientId(duid.to_vec()));
        let server = dhcpv6::server_id(message).unwrap_or(&self.duid).to_vec();
        let ids = client.into_iter().chain([DhcpOption::ServerId(server)]);
        dhcpv6::message(kind, message.xid(), ids.chain(options))
    }
}

/// A router that is not there.
const STRANGER: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0xbe, 0xf0]);
