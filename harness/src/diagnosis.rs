//! Why line authentication, or the portal after it, failed: the flow of guide p.30
//! (ngn-facts §5.11), walked on a trace question by question.
//!
//! Each question is answered by what was seen up to the end of the attempt, the configuration
//! included. Where the answers lead is the diagnosis; its remedy is the guide's.

use std::net::Ipv6Addr;

use ngnlab_reports::{Diagnosis, RecordId, Text, Walked};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Mode, in_domain};
use ngnlab_sim::trace::{End as Side, Fact, FetchError, Resolution, Role, Screen};

use crate::dissection::{Dissection, Found, Kind};
use attempt::{Attempt, DELIVERY_DOMAIN, End, HOST};
use causes::{Cause, ROWS};

mod attempt;
mod causes;

/// Returns where the flow stops, if the last attempt to authenticate the line or to use it was in
/// vain.
pub fn diagnose(trace: &Dissection<'_>) -> Option<Diagnosis> {
    let all = Attempt::all(trace);
    let last = all.last()?;
    Walk::new(trace, last).take(&all)
}

/// Returns where the flow stopped at each attempt that failed before another one, without
/// repetitions.
pub fn overcome(trace: &Dissection<'_>) -> Vec<Diagnosis> {
    let all = Attempt::all(trace);
    let mut found: Vec<Diagnosis> = Vec::new();
    let before = all.iter().enumerate().take(all.len().saturating_sub(1));
    for (index, attempt) in before {
        // Who is asked for consent and gives it has not failed.
        if attempt.end == End::Screen(Screen::Consent) {
            continue;
        }
        let walked = Walk::new(trace, attempt).take(&all[..=index]);
        if let Some(diagnosis) = walked
            && found.last().is_none_or(|last| last.id != diagnosis.id)
        {
            found.push(diagnosis);
        }
    }
    if let Some(last) = diagnose(trace)
        && found.last().is_some_and(|found| found.id == last.id)
    {
        found.pop();
    }
    found
}

/// Returns every id that a diagnosis can have.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.id)
}

/// Returns what a diagnosis finds and what its remedy is, by its id.
pub fn meaning(id: &str) -> Option<(u8, &'static Text, &'static Text)> {
    let row = ROWS.iter().find(|row| row.id == id)?;
    Some((row.step, &row.finding, &row.remedy))
}

/// Returns the diagnosis that a screen alone leads to, if something is the matter then.
pub fn of_screen(screen: Screen) -> Option<&'static str> {
    let cause = behind(screen, &[])?;
    let row = ROWS.iter().find(|row| row.cause == cause);
    row.map(|row| row.id)
}

/// A walk through the flow.
struct Walk<'a, 't> {
    trace: &'a Dissection<'t>,
    attempt: Attempt<'t>,
    walked: Vec<Walked>,
}

impl<'a, 't> Walk<'a, 't> {
    fn new(trace: &'a Dissection<'t>, attempt: &Attempt<'t>) -> Self {
        Self {
            trace,
            attempt: *attempt,
            walked: Vec::new(),
        }
    }

    fn take(mut self, all: &[Attempt<'t>]) -> Option<Diagnosis> {
        let cause = self.cause(all)?;
        let row = ROWS.iter().find(|row| row.cause == cause)?;
        Some(Diagnosis {
            id: row.id.to_owned(),
            step: row.step,
            finding: row.finding.clone(),
            remedy: row.remedy.clone(),
            walked: self.walked,
        })
    }

    fn cause(&mut self, all: &[Attempt<'t>]) -> Option<Cause> {
        let here = [self.attempt.record];
        let host = match self.attempt.end {
            End::Screen(screen) => {
                let cause = behind(screen, all)?;
                self.answer(1, true, here, "the site's own screen came");
                self.answer(2, true, here, "the site's own screen came");
                self.eligible(cause != Cause::IneligibleLine);
                return Some(cause);
            }
            End::OtherPage(url) | End::Failed(url, FetchError::BadUrl) => {
                self.answer(1, false, here, format!("{url} is not https://{HOST}"));
                return Some(Cause::WrongUrl);
            }
            End::Failed(host, _) => host,
            End::Stuck => HOST,
        };
        self.answer(1, true, here, format!("https://{host}"));
        let (resolved, why) = self.resolved(host);
        let reason = match self.attempt.end {
            End::Failed(_, reason) if reason != FetchError::Name => Some(reason),
            _ => None,
        };
        if let (Some(record), Some(reason)) = (resolved, reason) {
            self.answer(2, true, [record], format!("{host} resolves"));
            if let Some(cause) = self.delivered_otherwise_since() {
                return Some(cause);
            }
            self.eligible(true);
            return Some(self.unreachable(host, reason));
        }
        self.answer(2, false, resolved.into_iter().chain(here), why);
        Some(self.unresolved(host))
    }

    /// Question 2: does the name resolve?
    fn resolved(&self, host: &str) -> (Option<RecordId>, String) {
        let last = self.facts().rev().find_map(|told| match told.fact {
            Fact::Resolved { name, outcome, .. }
                if name.trim_end_matches('.').eq_ignore_ascii_case(host) =>
            {
                Some((told.record, *outcome))
            }
            _ => None,
        });
        match last {
            Some((record, Resolution::Answered)) => (Some(record), String::new()),
            Some((_, outcome)) => (None, format!("{host}: {outcome:?}")),
            None => (None, format!("{host} was not resolved")),
        }
    }

    /// Question 5: may the line use ONS?
    fn eligible(&mut self, eligible: bool) {
        let here = [self.attempt.record];
        let service = self.trace.header().line.service;
        let words = if eligible { "may" } else { "may not" };
        self.answer(5, eligible, here, format!("{service:?} {words} use ONS"));
    }

    /// Questions 3 and 4: the DNS servers, then the address.
    fn unresolved(&mut self, host: &str) -> Cause {
        let trace = self.trace;
        let right = trace.header().line.ons_dns();
        let exchanges = trace.dns_exchanges(Role::Wan);
        let asked: Vec<(RecordId, Ipv6Addr)> = exchanges
            .iter()
            .filter(|exchange| exchange.name().eq_ignore_ascii_case(host))
            .filter(|exchange| exchange.query.by_device(Role::Wan))
            .filter(|exchange| exchange.query.record <= self.attempt.record)
            .map(|exchange| (exchange.query.record, exchange.query.destination))
            .collect();
        let records = asked.iter().map(|(record, _)| *record).take(MOST_RECORDS);
        let records: Vec<RecordId> = records.collect();
        let wrong = asked.first().map(|(_, server)| *server);
        let is_right = |server: &Ipv6Addr| right.contains(server);
        let asks_right = asked.iter().any(|(_, server)| is_right(server));
        let configured = trace.setup().servers_for(host);
        if (!asked.is_empty() && !asks_right) || !configured.iter().any(is_right) {
            let why = match wrong.or(configured.first().copied()) {
                Some(server) => format!("{host} is asked at {server}"),
                None => format!("no server is set for {host}"),
            };
            self.answer(3, false, records, why);
            return Cause::WrongDns;
        }
        self.answer(3, true, records, format!("{host} belongs to {}", right[0]));
        if let Some(cause) = self.delivered_otherwise_since() {
            return cause;
        }
        if let Some(record) = self.address() {
            self.answer(4, true, [record], "the terminal has a global address");
            self.eligible(true);
            return Cause::DnsUnreachable;
        }
        let (cause, records, why) = self.no_address();
        self.answer(4, false, records, why);
        cause
    }

    /// Question 4, where the line went over to delegation under a router that is configured for RA:
    /// terminals may have addresses still, and names may resolve from a cache (guide Q1).
    fn delivered_otherwise_since(&mut self) -> Option<Cause> {
        let cut = self.attempt.record;
        let adverts = self.trace.router_adverts();
        let last = adverts
            .filter(|found| found.to_device(Role::Wan) && found.record <= cut)
            .last()?;
        let bare = last.is.managed && last.is.prefixes().next().is_none();
        let had = self.address().is_some() && self.trace.setup().mode == Mode::Ra;
        if !bare || !had {
            return None;
        }
        let why = "the line delegates, and the router hands on what it was advertised before";
        let record = last.record;
        self.answer(4, false, [record], why);
        Some(Cause::WrongDelivery)
    }

    /// Returns what shows a terminal's global address: a packet from it, or the terminal's word,
    /// since a terminal may talk to its router by link-local addresses alone.
    fn address(&self) -> Option<RecordId> {
        let shows = |found: &&Found<_>| self.is_terminals(found) && is_routable(found.source);
        let mut packets = self.trace.packets.iter();
        let told = || {
            self.facts().find_map(|told| match told.fact {
                Fact::AddressReady { address, .. } if is_routable(*address) => Some(told.record),
                _ => None,
            })
        };
        packets.find(shows).map(|found| found.record).or_else(told)
    }

    /// Why there is no address: from the terminal to the line, as the guide asks.
    fn no_address(&self) -> (Cause, Vec<RecordId>, String) {
        let trace = self.trace;
        let cut = self.attempt.record;
        let advertised = trace.router_adverts().find(|found| {
            found.by_device(Role::Lan)
                && !found.lost
                && found.record <= cut
                && found.is.prefixes().any(|prefix| prefix.valid > 0)
        });
        let speaks = trace.packets.iter().any(|found| self.is_terminals(found));
        if let Some(advertised) = advertised
            && !speaks
        {
            let why = "the terminal sent no IPv6 packet although the LAN has a prefix";
            return (
                Cause::TerminalWithoutIpv6,
                vec![advertised.record],
                why.to_owned(),
            );
        }
        let mut packets = trace.packets.iter();
        if trace.is_line_dumb()
            && let Some(sent) = packets.find(|found| found.by_device(Role::Wan))
        {
            let why = "the router solicits, and nothing comes from the line";
            return (Cause::NoIpv6FromLine, vec![sent.record], why.to_owned());
        }
        let mut adverts = trace.router_adverts().filter(|ra| ra.to_device(Role::Wan));
        let line = &trace.header().line;
        let delegated = trace.dhcpv6.iter().any(|found| {
            found.to_device(Role::Wan)
                && found.is.kind == Kind::Reply
                && !found.is.granted().is_empty()
        });
        let solicit = trace
            .dhcpv6
            .iter()
            .find(|found| found.by_device(Role::Wan) && found.is.kind == Kind::Solicit);
        match (trace.setup().mode, solicit) {
            (Mode::Ra, _) => {
                if let Some(bare) = adverts.find(|ra| ra.is.prefixes().next().is_none()) {
                    let why = "the line advertises no prefix, and the router waits for one";
                    return (Cause::WrongDelivery, vec![bare.record], why.to_owned());
                }
            }
            (Mode::Pd, _) if delegated => {}
            (Mode::Pd, Some(solicit)) if line.delegates_to_device() => {
                let why = "the router asks for a prefix, and gets none";
                return (
                    Cause::NoPrefixDelegated,
                    vec![solicit.record],
                    why.to_owned(),
                );
            }
            (Mode::Pd, _) => {
                if let Some(full) = adverts.find(|ra| ra.is.prefixes().next().is_some()) {
                    let why = "the line advertises its prefix, and the router waits for another";
                    return (Cause::WrongDelivery, vec![full.record], why.to_owned());
                }
            }
        }
        let why = "no terminal has a global address";
        (Cause::NoAddress, vec![cut], why.to_owned())
    }

    fn is_terminals<T>(&self, found: &Found<T>) -> bool {
        let mut terminals = self.trace.header().terminals.iter();
        found.on == Role::Lan
            && found.from == Side::Network
            && !found.injected
            && found.record <= self.attempt.record
            && terminals.any(|terminal| terminal.mac == found.eth_source)
    }

    /// The name resolves, and yet the page did not come.
    fn unreachable(&self, host: &str, reason: FetchError) -> Cause {
        if reason == FetchError::Certificate {
            return Cause::Certificate;
        }
        if in_domain(host, DELIVERY_DOMAIN) && !self.trace.header().line.v6_option {
            return Cause::V6Option;
        }
        let at = self.attempt.record;
        let mut tried = self.trace.connections.iter().rev().filter(|connection| {
            connection.on == Role::Wan && connection.opener == Side::Device && connection.syn <= at
        });
        // The router passed the attempt on, and the line did not even look for the terminal.
        let unanswered = tried.next().filter(|connection| {
            connection.accepted.is_none()
                && !matches!(connection.reset, Some((_, Side::Network)))
                && !self.is_sought(connection.client.0)
        });
        match unanswered {
            Some(_) => Cause::ServiceSide,
            None => Cause::ConnectionLost,
        }
    }

    /// Returns whether the line solicited for a terminal in vain.
    fn is_sought(&self, client: Ipv6Addr) -> bool {
        let mut solicits = self.trace.neighbor_solicits();
        solicits.any(|found| {
            found.to_device(Role::Wan)
                && found.is.target == client
                && !self.trace.neighbor_adverts().any(|advert| {
                    advert.by_device(Role::Wan)
                        && advert.is.target == client
                        && advert.record > found.record
                })
        })
    }

    fn facts(&self) -> impl DoubleEndedIterator<Item = &crate::dissection::Told<'t>> {
        let cut = self.attempt.record;
        let facts = self.trace.facts.iter();
        facts.filter(move |told| told.record <= cut)
    }

    fn answer(
        &mut self,
        question: usize,
        yes: bool,
        records: impl IntoIterator<Item = RecordId>,
        because: impl Into<String>,
    ) {
        let records: Vec<RecordId> = records.into_iter().take(MOST_RECORDS).collect();
        let evidence = records
            .iter()
            .filter_map(|record| self.trace.evidence(*record))
            .collect();
        self.walked.push(Walked {
            step: u8::try_from(question).unwrap_or(u8::MAX),
            question: QUESTIONS[question - 1].clone(),
            yes,
            because: because.into(),
            evidence,
        });
    }
}

/// Returns what a screen says is the matter, if anything is.
fn behind(screen: Screen, all: &[Attempt<'_>]) -> Option<Cause> {
    match screen {
        Screen::M1 | Screen::M1b | Screen::Login => None,
        // Guide Q17: who is authenticated already and yet has lost the portal asks the desk.
        Screen::M2 | Screen::M2b => {
            let mut before = all
                .iter()
                .rev()
                .skip_while(|attempt| matches!(attempt.end, End::Screen(Screen::M2 | Screen::M2b)));
            let lost = before.next().is_some_and(Attempt::lost_the_portal);
            lost.then_some(Cause::ServiceSide)
        }
        Screen::Consent => Some(Cause::ConsentPending),
        Screen::M3 | Screen::M4 => Some(Cause::ConsentRefused),
        Screen::M5 => Some(Cause::IneligibleLine),
        Screen::M6 => Some(Cause::NoAnswerInTime),
        Screen::M7 => Some(Cause::NotRegistered),
        Screen::M8 => Some(Cause::SiteFault),
        Screen::M9 => Some(Cause::SiteBusy),
        Screen::NotAuthenticated => Some(Cause::NotAuthenticated),
    }
}

/// The questions of the flow (guide p.30); the sixth step is to ask the desk.
const QUESTIONS: [Text; 5] = [
    Text::new("URLは正しいか", "Is the address right?"),
    Text::new("名前を解決できるか", "Does the name resolve?"),
    Text::new("DNSサーバの設定は正しいか", "Are the DNS servers right?"),
    Text::new(
        "端末にIPv6アドレスが割り当てられているか",
        "Does the terminal have an IPv6 address?",
    ),
    Text::new("対象の回線か", "Is the line eligible?"),
];

/// More records than this prove nothing more.
const MOST_RECORDS: usize = 4;

#[cfg(test)]
mod tests;
