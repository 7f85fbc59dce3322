//! The oddities of a server: what it leaves unheard, what it refuses, and what it adds.

use std::collections::VecDeque;

use dhcproto::v6::{DhcpOption, UnknownOption};
use ipnet::Ipv6Net;

use super::{Arrival, Dhcpv6Server, Lifetimes};
use crate::line::Dhcpv6Quirk;
use crate::message::dhcpv6::reconfigure::{Key, key_option, mix};
use crate::message::dhcpv6::{self, Message, MessageType, OptionCode, SOL_MAX_RT, Status};

/// What a server with oddities remembers.
#[derive(Default)]
pub(super) struct Memory {
    /// The transaction ids of messages that were refused for being unicast.
    refused: VecDeque<[u8; 3]>,
    /// How many Requests failed.
    failed: u32,
    /// Whether a Reply without a prefix has been sent.
    left_empty: bool,
    /// Whether a prefix has been withdrawn at its renewal.
    withdrawn: bool,
    /// The clients that have their key, and how often each was told to reconfigure.
    pub(super) keyed: Vec<Keyed>,
}

/// A client that can be told to reconfigure.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    pub(super) client: Vec<u8>,
    pub(super) key: Key,
    pub(super) replay: u64,
}

impl Dhcpv6Server {
    pub(super) fn has(&self, quirk: Dhcpv6Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// Returns whether a message stays unheard.
    pub(super) fn ignores(&self, message: &Message, arrival: Arrival) -> bool {
        let kind = message.msg_type();
        let renews = matches!(kind, MessageType::Renew | MessageType::Rebind);
        let zero = || {
            let mut prefixes = dhcpv6::delegations(message).flat_map(dhcpv6::prefixes);
            prefixes.any(|prefix| prefix.valid == 0 || prefix.preferred == 0)
        };
        (kind == MessageType::Request && self.has(Dhcpv6Quirk::IgnoresRequests))
            || (renews && self.has(Dhcpv6Quirk::DropsZeroRenewals) && zero())
            || (kind == MessageType::Renew
                && self.has(Dhcpv6Quirk::DropsEarlyRenewals)
                && self.is_early(message, arrival))
            || self.memory.refused.contains(&message.xid())
    }

    /// Returns whether a lease is not yet at its T1, with a second of grace.
    fn is_early(&self, message: &Message, arrival: Arrival) -> bool {
        let client = dhcpv6::client_id(message).unwrap_or_default();
        let lifetimes = self.rules.lifetimes;
        let before_t1 = u64::from(lifetimes.valid.saturating_sub(lifetimes.t1));
        self.leases.iter().any(|lease| {
            lease.duid == client && lease.until.since(arrival.now).as_secs() > before_t1 + 1
        })
    }

    /// Returns the answer to a message that is refused out of oddity; notes unicast ones.
    pub(super) fn refuses(&mut self, message: &Message, arrival: Arrival) -> Option<Message> {
        if arrival.unicast {
            if self.memory.refused.len() == REFUSED_MAX {
                self.memory.refused.pop_front();
            }
            self.memory.refused.push_back(message.xid());
        }
        let kind = message.msg_type();
        if matches!(kind, MessageType::Renew | MessageType::Rebind)
            && self.has(Dhcpv6Quirk::ForgetsLeases)
        {
            self.leases.clear();
        }
        let fails = kind == MessageType::Request
            && self.has(Dhcpv6Quirk::UnspecFail)
            && self.memory.failed < FAILURES;
        fails.then(|| {
            self.memory.failed += 1;
            let status = dhcpv6::status_option(Status::UnspecFail, "try again");
            self.reply(message, [status])
        })
    }

    /// Adds to an answer what no other server would.
    pub(super) fn adorn(&mut self, question: &Message, answer: &mut Message) {
        let asked = dhcpv6::requested(question);
        let is_reply = answer.msg_type() == MessageType::Reply;
        let mut more = Vec::new();
        if !is_reply && self.has(Dhcpv6Quirk::HighestPreference) {
            more.push(DhcpOption::Preference(u8::MAX));
        }
        if self.has(Dhcpv6Quirk::UnknownOptions) {
            for option in answer.opts_mut().iter_mut() {
                if let DhcpOption::IAPD(ia) = option {
                    ia.opts.insert(unknown(b"in an association"));
                }
            }
            more.push(unknown(b"nobody knows me"));
        }
        for (quirk, secs) in [
            (Dhcpv6Quirk::SolMaxRt60, 60_u32),
            (Dhcpv6Quirk::SolMaxRt30, 30),
        ] {
            if self.has(quirk) && asked.contains(&u16::from(SOL_MAX_RT)) {
                let value = secs.to_be_bytes().to_vec();
                more.push(DhcpOption::Unknown(UnknownOption::new(SOL_MAX_RT, value)));
            }
        }
        // RFC 8415 §21.23: only in answer to an Information-Request.
        if question.msg_type() == MessageType::InformationRequest
            && self.has(Dhcpv6Quirk::ShortRefreshTime)
        {
            more.push(DhcpOption::InformationRefreshTime(SHORT_REFRESH));
        }
        if is_reply && self.has(Dhcpv6Quirk::RefusesUnicast) {
            more.extend(self.address.map(DhcpOption::ServerUnicast));
        }
        if self.has(Dhcpv6Quirk::Reconfigures) && accepts_reconfigure(question) {
            // RFC 8415 §18.3.9: the Advertise says so, too; the key is for the Reply (§20.4.1).
            more.push(DhcpOption::ReconfAccept);
            if is_reply {
                more.extend(self.key_for(question));
            }
        }
        if question.msg_type() == MessageType::InformationRequest
            && self.has(Dhcpv6Quirk::InfMaxRt60)
            && asked.contains(&u16::from(dhcpv6::INF_MAX_RT))
        {
            let value = 60_u32.to_be_bytes().to_vec();
            more.push(DhcpOption::Unknown(UnknownOption::new(
                dhcpv6::INF_MAX_RT,
                value,
            )));
        }
        if self.has(Dhcpv6Quirk::SaysSuccess) {
            say_success(answer);
        }
        for option in more {
            answer.opts_mut().insert(option);
        }
        if self.has(Dhcpv6Quirk::ForeignAssociation) {
            self.put_foreign_association_first(answer);
        }
        let is_first = question.msg_type() == MessageType::Request && !self.memory.left_empty;
        if is_first && self.has(Dhcpv6Quirk::ReplyWithoutPrefix) {
            self.memory.left_empty = true;
            while answer.opts_mut().remove(OptionCode::IAPD).is_some() {}
        }
        let renewed = matches!(
            question.msg_type(),
            MessageType::Renew | MessageType::Rebind
        );
        if renewed && self.has(Dhcpv6Quirk::WithdrawsSearchList) {
            answer.opts_mut().remove(OptionCode::DomainSearchList);
        }
    }

    /// RFC 8415 §20.4.1: who accepts Reconfigure gets a key in the first Reply (ngn-facts §3.3).
    fn key_for(&mut self, question: &Message) -> Option<DhcpOption> {
        let client = dhcpv6::client_id(question)?;
        let fresh = matches!(
            question.msg_type(),
            MessageType::Request | MessageType::InformationRequest | MessageType::Solicit
        );
        let known = self.memory.keyed.iter().any(|one| one.client == client);
        if known && !fresh {
            return None;
        }
        let key = mix(&[&self.duid, client]);
        let client = client.to_vec();
        self.memory.keyed.retain(|one| one.client != client);
        self.make_room_for_key();
        let replay = 1;
        self.memory.keyed.push(Keyed {
            client,
            key,
            replay,
        });
        Some(key_option(key, replay))
    }

    /// Forgets the oldest key if there are too many; those of clients with a lease go last.
    fn make_room_for_key(&mut self) {
        if self.memory.keyed.len() < KEYED_MAX {
            return;
        }
        let holds = |one: &Keyed| self.leases.iter().any(|lease| lease.duid == one.client);
        let victim = self.memory.keyed.iter().position(|one| !holds(one));
        self.memory.keyed.remove(victim.unwrap_or(0));
    }

    /// Puts an association that nobody asked for before the others.
    fn put_foreign_association_first(&self, answer: &mut Message) {
        let delegations = || dhcpv6::delegations(answer);
        let granted = delegations().flat_map(dhcpv6::prefixes);
        let Some(first) = granted.into_iter().find(|prefix| prefix.valid > 0) else {
            return;
        };
        // Options stand in order, so that the smaller IAID comes first.
        let iaid = delegations()
            .map(|ia| ia.id.checked_sub(1))
            .next()
            .flatten();
        let prefix = neighbour_of(first.prefix);
        let foreign = dhcpv6::Delegated { prefix, ..first };
        let Lifetimes { t1, t2, .. } = self.rules.lifetimes;
        let foreign = dhcpv6::delegation(iaid.unwrap_or(u32::MAX), t1, t2, &[foreign]);
        answer.opts_mut().insert(foreign);
    }

    /// Returns the part of a prefix that is delegated.
    pub(super) fn carved(&self, prefix: Ipv6Net) -> Ipv6Net {
        let length = match () {
            () if self.has(Dhcpv6Quirk::Delegates60) => 60,
            () if self.has(Dhcpv6Quirk::Delegates64) => 64,
            () => return prefix,
        };
        narrowed(prefix, length)
    }

    /// Leaves only a part of each prefix to delegate, if a renewal is to bring that.
    pub(super) fn narrow_pool(&mut self) {
        if self.has(Dhcpv6Quirk::NarrowsAtRenewal) {
            let pool = self.leases.pool().iter();
            let narrow = pool.map(|prefix| narrowed(*prefix, 60)).collect();
            self.leases.set_pool(narrow);
        }
    }

    /// Returns whether a renewal takes the prefix away; no later one does.
    pub(super) fn withdraws_now(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.memory.withdrawn, true);
        first && self.has(Dhcpv6Quirk::WithdrawsAtRenewal)
    }

    /// Returns a prefix that nobody holds, to be withdrawn beside one that is renewed.
    pub(super) fn never_held(&self, renewed: Ipv6Net) -> Option<Ipv6Net> {
        let withdraws = self.has(Dhcpv6Quirk::WithdrawsAnotherPrefix);
        withdraws.then(|| neighbour_of(renewed))
    }

    /// Returns the lifetimes of a lease that is renewed.
    pub(super) fn renewed_lifetimes(&self) -> Lifetimes {
        let full = self.rules.lifetimes;
        match self.has(Dhcpv6Quirk::ShortensLeases) {
            true => Lifetimes {
                t1: full.t1 / 2,
                t2: full.t2 / 2,
                preferred: full.preferred / 2,
                valid: full.valid / 2,
            },
            false => full,
        }
    }

    /// Returns what comes before an answer, and nobody asked for.
    pub(super) fn unasked(&self, question: &Message, answer: &Message) -> Option<Message> {
        let early = question.msg_type() == MessageType::Solicit
            && answer.msg_type() == MessageType::Advertise
            && self.has(Dhcpv6Quirk::RepliesToSolicit);
        early.then(|| {
            let mut reply = dhcpv6::message(MessageType::Reply, answer.xid(), []);
            reply.set_opts(answer.opts().clone());
            reply
        })
    }

    /// Returns what the second server offers beside an Advertise.
    pub(super) fn rival(&self, answer: &Message) -> Option<Message> {
        let offers =
            answer.msg_type() == MessageType::Advertise && self.has(Dhcpv6Quirk::SecondServer);
        offers.then(|| {
            let mut other = answer.clone();
            other.opts_mut().remove(OptionCode::ServerId);
            other
                .opts_mut()
                .insert(DhcpOption::ServerId(rival_duid(&self.duid)));
            other
                .opts_mut()
                .insert(DhcpOption::Preference(RIVAL_PREFERENCE));
            other
        })
    }
}

/// Says at every place of an answer where a status may be that it is a success.
fn say_success(answer: &mut Message) {
    let success = || dhcpv6::status_option(Status::Success, "success");
    for option in answer.opts_mut().iter_mut() {
        if let DhcpOption::IAPD(ia) = option
            && dhcpv6::status(&ia.opts) == Status::Success
        {
            for inner in ia.opts.iter_mut() {
                if let DhcpOption::IAPrefix(prefix) = inner {
                    prefix.opts.insert(success());
                }
            }
            ia.opts.insert(success());
        }
    }
    if dhcpv6::status(answer.opts()) == Status::Success {
        answer.opts_mut().remove(OptionCode::StatusCode);
        answer.opts_mut().insert(success());
    }
}

/// Returns the first part of a prefix that has this length; itself if it is no longer.
fn narrowed(prefix: Ipv6Net, length: u8) -> Ipv6Net {
    let length = length.max(prefix.prefix_len());
    Ipv6Net::new(prefix.addr(), length).unwrap_or(prefix)
}

/// Returns the prefix beside one, of the same length.
fn neighbour_of(prefix: Ipv6Net) -> Ipv6Net {
    let bit = 1_u128 << (128 - u32::from(prefix.prefix_len().max(1)));
    let address = u128::from(prefix.addr()) ^ bit;
    Ipv6Net::new(address.into(), prefix.prefix_len()).unwrap_or(prefix)
}

/// Returns whether a client that has an identifier says that it accepts Reconfigure.
fn accepts_reconfigure(question: &Message) -> bool {
    let mut options = question.opts().iter();
    dhcpv6::client_id(question).is_some()
        && options.any(|option| matches!(option, DhcpOption::ReconfAccept))
}

/// Returns the DUID of the second server.
pub(super) fn rival_duid(duid: &[u8]) -> Vec<u8> {
    let mut other = duid.to_vec();
    if let Some(last) = other.last_mut() {
        *last ^= 1;
    }
    other
}

fn unknown(value: &[u8]) -> DhcpOption {
    DhcpOption::Unknown(UnknownOption::new(UNKNOWN.into(), value.to_vec()))
}

/// A refused client begins anew before so many others were refused, too (ours).
const REFUSED_MAX: usize = 64;
/// More than there are prefixes to delegate, so that who holds one keeps its key (ours).
const KEYED_MAX: usize = 32;
/// Far from every code that is assigned.
const UNKNOWN: u16 = 65_001;
/// How many Requests fail; ours, so that a client gets its prefix after all.
const FAILURES: u32 = 3;
/// Below IRT_MINIMUM (RFC 8415 §7.6).
const SHORT_REFRESH: u32 = 10;
/// Above 0, which is what no preference means, and below 255, which ends the choice.
const RIVAL_PREFERENCE: u8 = 100;

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::message::packet::Mac;
    use crate::node::part::dhcpv6_server::{Lifetimes, Refusal, Rules};
    use crate::time::Time;

    #[test]
    fn endless_clients_leave_the_key_of_who_holds_a_lease() {
        let mut server = server();
        let first = MAC.duid_ll();
        ask(&mut server, MessageType::Request, &first, false);
        for number in 0..100_000_u32 {
            let duid = [&[0, 2], &number.to_be_bytes()[..]].concat();
            ask(&mut server, MessageType::Solicit, &duid, false);
            ask(&mut server, MessageType::Request, &duid, number % 2 == 0);
        }
        assert_eq!(server.memory.keyed.len(), KEYED_MAX);
        assert_eq!(server.memory.refused.len(), REFUSED_MAX);
        assert!(server.memory.keyed.iter().any(|one| one.client == first));
        assert_eq!(server.leases().count(), 1);
        server.reconfigure(Time::ZERO);
        assert_eq!(server.reconfigures(Time::ZERO).len(), 1);
    }

    #[test]
    fn the_advertise_says_that_reconfigure_is_used_and_the_reply_brings_the_key() {
        let mut server = server();
        let codes = |answers: &[Message]| -> Vec<u16> {
            let options = answers[0].opts().iter();
            options
                .map(|option| OptionCode::from(option).into())
                .collect()
        };
        let (accept, key) = (20, 11);
        let advertise = codes(&ask(
            &mut server,
            MessageType::Solicit,
            &MAC.duid_ll(),
            false,
        ));
        assert!(advertise.contains(&accept) && !advertise.contains(&key));
        assert!(server.memory.keyed.is_empty());
        let reply = codes(&ask(
            &mut server,
            MessageType::Request,
            &MAC.duid_ll(),
            false,
        ));
        assert!(reply.contains(&accept) && reply.contains(&key));
    }

    #[test]
    fn an_identifier_that_is_longer_than_allowed_is_not_kept() {
        let mut server = server();
        assert!(ask(&mut server, MessageType::Request, &[0; 131], false).is_empty());
        assert!(!ask(&mut server, MessageType::Request, &[0; 130], false).is_empty());
    }

    const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);

    fn ask(
        server: &mut Dhcpv6Server,
        kind: MessageType,
        duid: &[u8],
        unicast: bool,
    ) -> Vec<Message> {
        let options = [
            DhcpOption::ClientId(duid.to_vec()),
            DhcpOption::ReconfAccept,
            dhcpv6::delegation(1, 0, 0, &[]),
        ];
        let id = (kind == MessageType::Request).then(|| DhcpOption::ServerId(MAC.duid_ll()));
        let xid = duid.last_chunk().copied().unwrap_or_default();
        let message = dhcpv6::message(kind, xid, options.into_iter().chain(id));
        let arrival = Arrival {
            from: Ipv6Addr::LOCALHOST,
            unicast,
            now: Time::ZERO,
        };
        server.handle(&message, arrival)
    }

    fn server() -> Dhcpv6Server {
        let rules = Rules {
            lifetimes: Lifetimes {
                t1: 10,
                t2: 20,
                preferred: 30,
                valid: 40,
            },
            counts_down: false,
            takes_over: false,
            refusal: Refusal::Status,
            delegation_needs_duid_ll: false,
            accepts_duid_llt: false,
            new_slot_per_request: false,
            one_slot_per_client: false,
            information_needs_duid_ll: false,
            ignores_addresses: false,
        };
        let mut server = Dhcpv6Server::new(MAC.duid_ll(), rules);
        server.set_pool(vec!["2408:3ff:e00:ca00::/56".parse().unwrap()]);
        server.set_quirks(vec![Dhcpv6Quirk::Reconfigures], MAC.link_local());
        server
    }
}
