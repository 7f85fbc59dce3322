//! A name that does not resolve: whom the terminal asks, whom the router asks, and where question
//! or answer stay (questions 2 and 3 of guide p.30).

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use ngnlab_reports::{Flow, RecordId};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::{Packet, is_routable};
use ngnlab_sim::trace::{DnsSource, End as Side, Fact, Role};

use super::attempt::End;
use super::causes::Cause;
use super::stop::Stop;
use super::{Outcome, Walk, same_name};
use crate::dissection::Found;
use crate::dissection::dns::{self, AAAA, Dns, Exchange};

impl<'d> Walk<'d, '_> {
    /// Returns whether a question for a name is open that was asked after this record.
    pub(super) fn asks_still(&self, host: &str, since: RecordId) -> bool {
        let mut asked = self.asked(host).into_iter();
        asked.any(|question| question.record > since && kind(&question.is) == Some(AAAA))
    }

    /// Questions 3 and 4, and then how far question and answer come.
    pub(super) fn unresolved(&mut self, host: &str) -> Cause {
        let right = self.right_servers(host);
        let asked = self.asked(host);
        let past: Vec<&Found<Dns>> = asked
            .iter()
            .copied()
            .filter(|question| !self.is_routers(question.destination))
            .collect();
        let upstream = self.upstream(host);
        let configured = self.trace.setup().servers_for(host);
        let is_right = |server: &Ipv6Addr| right.contains(server);
        // Whoever asks last decides whose servers they are.
        let servers: Vec<(RecordId, Ipv6Addr)> = match (upstream.is_empty(), past.is_empty()) {
            (false, _) => upstream
                .iter()
                .map(|exchange| (exchange.query.record, exchange.query.destination))
                .collect(),
            (true, false) => past
                .iter()
                .map(|question| (question.record, question.destination))
                .collect(),
            (true, true) => Vec::new(),
        };
        self.asks_past = servers
            .iter()
            .any(|(_, server)| past.iter().any(|question| question.destination == *server));
        let records: Vec<RecordId> = servers.iter().map(|(record, _)| *record).collect();
        let asks_right = servers.iter().any(|(_, server)| is_right(server));
        let is_set = match self.own_servers() {
            Some(own) => own.iter().any(is_right),
            None => self.asks_past || configured.iter().any(is_right),
        };
        if let Some((record, server)) = self.absent_server(&asked) {
            let why = format!("the terminal was told to ask {server}, and nobody has that address");
            self.asks_past = true;
            self.answer(3, false, [record], why);
            return Cause::WrongDns;
        }
        // Whoever cannot get to the router may try an address that it had before.
        let is_shut_out = self.asks_past && self.router_is_silent().is_some();
        if ((!servers.is_empty() && !asks_right) || !is_set) && !is_shut_out {
            let wrong = servers.first().map(|(_, server)| *server);
            let why = match wrong.or(configured.first().copied()) {
                Some(server) => format!("{host} is asked at {server}"),
                None => format!("no server is set for {host}"),
            };
            self.answer(3, false, records, why);
            return Cause::WrongDns;
        }
        let address = self.address();
        if address.is_some() && asked.is_empty() && !self.knows_server() {
            let why = "the terminal was told of no DNS server";
            self.answer(3, false, address, why);
            return Cause::NoDnsOnTerminal;
        }
        self.answer(3, true, records, format!("{host} belongs to {}", right[0]));
        if let Some(cause) = self.changed_since() {
            return cause;
        }
        let Some(address) = address else {
            return self.without_address();
        };
        self.answer(4, true, [address], "the terminal has a global address");
        self.eligible(true);
        let end = self.question_on_the_way(host, &asked, &past, &upstream);
        self.stopped(end)
    }

    /// How far a question came that is asked of the right servers, and its answer.
    fn question_on_the_way(
        &self,
        host: &str,
        asked: &[&'d Found<Dns>],
        past: &[&Found<Dns>],
        upstream: &[Exchange<'d>],
    ) -> Outcome {
        let Some(last) = asked.last() else {
            return self.nothing_sent(&format!("a question for {host}"));
        };
        let right = self.right_servers(host);
        let mut sent: Vec<&Exchange<'_>> = upstream
            .iter()
            .filter(|exchange| right.contains(&exchange.query.destination))
            .collect();
        // What came of earlier look-ups, or of other terminals', says nothing of this one, unless
        // the router answers it by what it remembers.
        let began = self.look_up_began(host);
        let is_of_this = |exchange: &&Exchange<'_>| {
            let mut replies = exchange.replies.iter();
            exchange.query.record > began || replies.any(|reply| reply.record > began)
        };
        if sent.iter().any(is_of_this) {
            sent.retain(is_of_this);
        }
        let Some(left) = sent.last() else {
            let because = format!("the question for {host} is not passed on");
            return match past.is_empty() {
                false if self.leaves_damaged(last) => self.damaged(last.record),
                false => self.runs_out_of_hops(last).unwrap_or_else(|| {
                    let stop = Stop::RouterOut;
                    Outcome::new(Cause::LostInRouter, stop, [last.record], because)
                }),
                true => self.router_answers_itself(host, last),
            };
        };
        let answered = |exchange: &&&Exchange<'_>| {
            let mut replies = exchange.replies.iter();
            replies.any(|reply| reply.to_device(Role::Wan))
        };
        let answers: Vec<&Found<Dns>> = sent
            .iter()
            .filter(answered)
            .flat_map(|exchange| exchange.replies.iter().copied())
            .collect();
        if answers.is_empty() {
            return self.unanswered(host, left.query);
        }
        let mut good = answers.iter();
        let good = good.find(|reply| reply.is.truncated || !reply.is.aaaa().is_empty());
        let mut passed = self.replies_on_lan(host);
        passed.retain(|reply| reply.record > began);
        match (good, past.is_empty()) {
            (None, _) => {
                let reply = answers[answers.len() - 1];
                let because = format!("the server says {}", said(&reply.is));
                Outcome::new(Cause::ServerFails, Stop::Server, [reply.record], because)
            }
            (Some(good), false) => {
                let because = format!("the answer for {host} is not passed on");
                let stop = Stop::RouterBack;
                Outcome::new(Cause::LostInRouter, stop, [good.record], because)
            }
            (Some(good), true) => match passed.last() {
                None => {
                    let because = format!("the answer for {host} is not passed on");
                    let stop = Stop::RouterBack;
                    Outcome::new(Cause::ProxyFails, stop, [good.record], because)
                }
                Some(reply) => {
                    let records = [good.record, reply.record];
                    if !reply.is.aaaa().is_empty() {
                        let took = reply.at.since(self.asked_at(host, reply)).as_secs_f64();
                        let because = format!("the router takes {took:.1} s to answer");
                        return Outcome::new(Cause::ProxyFails, Stop::TooLate, records, because);
                    }
                    let because = format!("the router answers the terminal {}", said(&reply.is));
                    Outcome::new(Cause::ProxyFails, Stop::TerminalBack, records, because)
                }
            },
        }
    }

    /// Returns when the terminal asked what this answers.
    fn asked_at(&self, host: &str, reply: &Found<Dns>) -> Time {
        let asked = self.asked(host).into_iter();
        let mut same = asked.filter(|question| {
            question.is.id == reply.is.id && question.is.source_port == reply.is.destination_port
        });
        same.next().map_or(reply.at, |question| question.at)
    }

    /// The router was asked and asks nobody.
    fn router_answers_itself(&self, host: &str, last: &Found<Dns>) -> Outcome {
        let (stop, records, because) = match self.replies_on_lan(host).last() {
            Some(reply) => (
                Stop::RouterAnswers,
                vec![last.record, reply.record],
                format!("the router says {} and asks no server", said(&reply.is)),
            ),
            None => (
                Stop::RouterOut,
                vec![last.record],
                format!("the router neither answers for {host} nor asks a server"),
            ),
        };
        let says_why_not = self.replies_on_lan(host).last().is_some_and(|reply| {
            // Who cannot ask says SERVFAIL; the others are words of its own.
            reply.is.rcode != dns::SERVFAIL
        });
        let given_up = !says_why_not && self.gave_the_line_up(self.look_up_began(host));
        let cause = match given_up {
            true => Cause::GaveLineUp,
            false => Cause::ProxyFails,
        };
        Outcome::new(cause, stop, records, because)
    }

    /// Returns where the terminal asked first in its last look-up of a name.
    fn look_up_began(&self, host: &str) -> RecordId {
        let mut ended = self.told().filter_map(|told| match told.fact {
            Fact::Resolved { name, .. } if same_name(name, host) => Some(told.record),
            _ => None,
        });
        let asked = self.asked(host);
        let last = asked.last().map_or(0, |question| question.record);
        let before = ended.rfind(|record| *record < last);
        let mut asked = asked.into_iter();
        let first = asked.find(|question| before.is_none_or(|before| question.record > before));
        first.map_or(last, |question| question.record)
    }

    /// Returns whether the router sends nothing to the line any more for terminals or for itself but
    /// what finds out whether the line is there.
    fn gave_the_line_up(&self, since: RecordId) -> bool {
        let trace = self.trace;
        let sent = trace
            .packets
            .iter()
            .filter(|found| found.by_device(Role::Wan) && found.record <= self.attempt.record);
        let is_served = sent.clone().any(|found| {
            found.record > since && (trace.is_terminal(found.source) || is_question(&found.is))
        });
        // Who says that nobody listens at its port 53 has other worries (RFC 4443 §3.1).
        let mut errors = trace.errors.iter();
        let refuses = errors.any(|found| found.by_device(Role::Lan) && found.record > since);
        if is_served || refuses {
            return false;
        }
        let mut sent = sent;
        let asked = sent.any(|found| !trace.is_terminal(found.source) && is_question(&found.is));
        let mut echoes = trace.echoes.iter();
        let mut opened = trace.connections.iter();
        let probes = echoes
            .any(|found| found.by_device(Role::Wan) && !trace.is_terminal(found.source))
            || opened.any(|one| {
                one.on == Role::Wan
                    && one.opener == Side::Device
                    && !trace.is_terminal(one.client.0)
                    && one.server.1 != dns::PORT
            });
        probes || asked && self.has_reason(since)
    }

    /// Returns whether something tells that it is the line that a router has given up, and not the
    /// names: it withdrew as router, sends nothing on the LAN either, or lost the line before.
    fn has_reason(&self, since: RecordId) -> bool {
        let trace = self.trace;
        let answers = trace.packets.iter().any(|found| {
            found.by_device(Role::Lan)
                && found.record > since
                && found.record <= self.attempt.record
        });
        let at = trace.trace.records[since].at;
        !answers || self.withdrew_itself().is_some() || trace.is_disturbed(Time::ZERO, at)
    }

    /// A right server was asked, and no answer came to the router.
    fn unanswered(&self, host: &str, left: &Found<Dns>) -> Outcome {
        if let Some(end) = self.left_behind(left.record) {
            return end;
        }
        // Who is silent about one kind of record would be about the other: both are asked for.
        let sent = self.sent_up(host);
        let tried: BTreeSet<Ipv6Addr> = sent.iter().map(|one| one.query.destination).collect();
        let set = self.trace.setup().servers_for(host).iter();
        let other = set.copied().find(|server| !tried.contains(server));
        // Guide p.7 names two servers, and a router that tries one has not tried all.
        if let Some(other) = other.filter(|_| !self.asks_past && !self.is_cut_off()) {
            let because = format!("{} is silent, and {other} is not asked", left.destination);
            let records = [left.record];
            return Outcome::new(Cause::ProxyFails, Stop::Server, records, because);
        }
        let because = format!("no answer for {host} comes from {}", left.destination);
        Outcome::new(Cause::DnsUnreachable, Stop::Server, [left.record], because)
    }

    fn is_cut_off(&self) -> bool {
        matches!(self.attempt.end, End::CutOff(_))
    }

    /// Returns the servers that know a name: those of ONS for its names, and for others those that the
    /// line names (guide p.7), or what stands above the router and asks them (guide p.5).
    pub(super) fn right_servers(&self, host: &str) -> Vec<Ipv6Addr> {
        let line = &self.trace.header().line;
        match self.flow {
            Flow::Guide => line.ons_dns().to_vec(),
            Flow::MembersClub => {
                let ngn = line.area.values().ngn_dns.into_iter();
                let set = self.trace.setup().servers_for(host).iter().copied();
                ngn.chain(set.filter(|server| !line.ons_dns().contains(server)))
                    .collect()
            }
        }
    }

    /// Returns the questions for a name that reach the router from the terminal.
    pub(super) fn asked(&self, host: &str) -> Vec<&'d Found<Dns>> {
        let trace = self.trace;
        let questions = trace.dns.iter().filter(|found| {
            self.is_terminals(found)
                && !found.lost
                && self.attempt.covers(found.record)
                && !found.is.response
                && found.is.name().is_some_and(|name| same_name(name, host))
        });
        questions.collect()
    }

    /// Returns what the router sends to the line for a name: its own questions, and those that it
    /// passes on.
    pub(super) fn upstream(&self, host: &str) -> Vec<Exchange<'d>> {
        let mut sent = self.sent_up(host);
        sent.retain(|exchange| {
            let question = exchange.question();
            question.is_some_and(|question| question.kind != dns::A)
        });
        sent
    }

    /// Returns the same with the questions for addresses of IPv4.
    pub(super) fn sent_up(&self, host: &str) -> Vec<Exchange<'d>> {
        let exchanges = self.trace.dns_exchanges(Role::Wan).into_iter();
        let ours = exchanges.filter(|exchange| {
            same_name(exchange.name(), host)
                && exchange.query.by_device(Role::Wan)
                && self.attempt.covers(exchange.query.record)
        });
        ours.collect()
    }

    /// Returns what the terminal is answered for a name, addresses of IPv4 left out.
    fn replies_on_lan(&self, host: &str) -> Vec<&'d Found<Dns>> {
        let trace = self.trace;
        let replies = trace.dns.iter().filter(|found| {
            found.by_device(Role::Lan)
                && self.attempt.covers(found.record)
                && found.is.response
                && kind(&found.is) != Some(dns::A)
                && found.is.name().is_none_or(|name| same_name(name, host))
        });
        replies.collect()
    }

    pub(super) fn is_routers(&self, address: Ipv6Addr) -> bool {
        !is_routable(address) || self.trace.is_device_address(address)
    }

    /// Returns the servers that are set on the terminal itself (guide p.12).
    fn own_servers(&self) -> Option<&'d [Ipv6Addr]> {
        let trace = self.trace;
        let cut = self.attempt.record;
        let by = self.attempt.terminal?;
        trace.facts.iter().find_map(|told| match told.fact {
            Fact::DnsLearnt {
                servers,
                by: DnsSource::Fixed,
                ..
            } if told.node == by && told.record <= cut => Some(&servers[..]),
            _ => None,
        })
    }

    /// Returns the server that the router told the terminal of, if it is nobody on the LAN: it is
    /// sought in vain, and the router never uses its address.
    fn absent_server(&self, asked: &[&Found<Dns>]) -> Option<(RecordId, Ipv6Addr)> {
        if !asked.is_empty() || self.own_servers().is_some() {
            return None;
        }
        let trace = self.trace;
        // Who takes an address looks whether somebody has it (RFC 4862 §5.4.2).
        let is_used = |address: Ipv6Addr| {
            let mut packets = trace.packets.iter();
            let mut probes = trace.neighbor_solicits();
            packets.any(|found| found.by_device(Role::Lan) && found.source == address)
                || probes.any(|found| found.by_device(Role::Lan) && found.is.target == address)
        };
        let is_told = |address: Ipv6Addr| {
            self.told().any(|told| {
                matches!(told.fact, Fact::DnsLearnt { servers, .. } if servers.contains(&address))
            })
        };
        let answers_for = |address: Ipv6Addr| {
            let mut adverts = trace.neighbor_adverts();
            adverts.any(|found| found.by_device(Role::Lan) && found.is.target == address)
        };
        let sought = trace.neighbor_solicits().filter(|found| {
            let target = found.is.target;
            self.is_terminals(found)
                && !found.source.is_unspecified()
                && is_told(target)
                && !is_used(target)
                && !answers_for(target)
        });
        let last = sought.last()?;
        Some((last.record, last.is.target))
    }

    /// Returns whether the terminal knows a DNS server, as far as it told.
    fn knows_server(&self) -> bool {
        let mut told = self.told();
        // Terminals that tell nothing of it are not asked.
        let mut tells = self.trace.facts.iter();
        if !tells.any(|told| matches!(told.fact, Fact::AddressReady { .. })) {
            return true;
        }
        told.any(|told| matches!(told.fact, Fact::DnsLearnt { servers, .. } if !servers.is_empty()))
    }
}

fn is_question(packet: &Packet<'_>) -> bool {
    let udp = packet.udp();
    udp.is_some_and(|udp| udp.destination_port == dns::PORT)
}

fn kind(dns: &Dns) -> Option<u16> {
    dns.question.as_ref().map(|question| question.kind)
}

/// Returns what an answer says, in a word.
fn said(dns: &Dns) -> String {
    match dns.rcode {
        0 if dns.truncated => "that it is cut".to_owned(),
        0 if dns.aaaa().is_empty() => "NOERROR without an address".to_owned(),
        0 => "with an address".to_owned(),
        1 => "FORMERR".to_owned(),
        dns::SERVFAIL => "SERVFAIL".to_owned(),
        dns::NXDOMAIN => "NXDOMAIN".to_owned(),
        4 => "NOTIMP".to_owned(),
        5 => "REFUSED".to_owned(),
        other => format!("RCODE {other}"),
    }
}
