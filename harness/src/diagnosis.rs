//! Why line authentication, or the portal after it, failed: the flow of guide p.30
//! (ngn-facts §5.11), walked on a trace question by question. Where nothing is the matter there, the
//! members club and the service information site are asked for likewise.
//!
//! Each question is answered by what was seen up to the end of the attempt, the configuration
//! included. Where the answers lead is the diagnosis; its remedy is the guide's as far as the guide
//! has one, and names only what stands on this line. Where the flow has no end that fits, the
//! diagnosis says how far the packets came.

use std::collections::BTreeSet;
use std::iter;
use std::net::Ipv6Addr;

use ngnlab_reports::{Diagnosis, Flow, RecordId, Text, Walked};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::{End as Side, Fact, FetchError, Resolution, Role, Screen};

use crate::dissection::{Dissection, Found};
use attempt::{Attempt, End, HOST};
use causes::Cause;
pub use causes::Row;
use place::Place;
pub use place::{Remedy, When};
use stop::Stop;

mod address;
mod attempt;
mod causes;
mod damage;
mod members_club;
mod name;
mod over_ipv4;
mod page;
mod place;
mod stop;
mod wrong_address;

/// Returns where the flow stops, if the last attempt to authenticate the line or to use it was in
/// vain, or else the last to use the members club or the service information site.
pub fn diagnose(trace: &Dissection<'_>) -> Option<Diagnosis> {
    of_line_authentication(trace).or_else(|| members_club::diagnose(trace))
}

fn of_line_authentication(trace: &Dissection<'_>) -> Option<Diagnosis> {
    let all = Attempt::all(trace);
    let last = all.last()?;
    if last.end == End::Screen(Screen::NotAuthenticated)
        && let Some(index) = kept_from_the_site(&all)
    {
        return Walk::new(trace, &all[index]).take(&all[..=index]);
    }
    Walk::new(trace, last).take(&all)
}

/// Returns the last attempt to authenticate the line if it got nowhere: who is told then that the
/// line is not authenticated cannot open the site, either.
fn kept_from_the_site(all: &[Attempt<'_>]) -> Option<usize> {
    let index = all.iter().rposition(|attempt| match attempt.end {
        End::Screen(screen) => !matches!(screen, Screen::NotAuthenticated | Screen::Login),
        End::Failed(host, _) | End::CutOff(host) => host == HOST,
        End::OtherPage(_) => true,
    })?;
    let failed = matches!(all[index].end, End::Failed(..) | End::CutOff(_));
    failed.then_some(index)
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
    if let Some(last) = of_line_authentication(trace)
        && found.last().is_some_and(|found| found.id == last.id)
    {
        found.pop();
    }
    found
}

/// Returns every id that a diagnosis can have.
pub fn ids() -> impl Iterator<Item = &'static str> {
    causes::rows().map(|row| row.id)
}

/// Returns what a diagnosis finds and what there is to do, by its id.
pub fn meaning(id: &str) -> Option<&'static Row> {
    causes::rows().find(|row| row.id == id)
}

/// Returns the diagnosis that a screen alone leads to, if something is the matter then.
pub fn of_screen(screen: Screen) -> Option<&'static str> {
    let cause = behind(screen, &[]).or_else(|| members_club::behind(screen))?;
    Some(cause.row()?.id)
}

/// Where a walk ended.
struct Outcome {
    cause: Cause,
    /// Who saw the packets last, where that matters.
    stop: Option<Stop>,
    /// What shows it.
    records: Vec<RecordId>,
    because: String,
}

impl Outcome {
    fn new(
        cause: Cause,
        stop: impl Into<Option<Stop>>,
        records: impl IntoIterator<Item = RecordId>,
        because: impl Into<String>,
    ) -> Self {
        Self {
            cause,
            stop: stop.into(),
            records: records.into_iter().collect(),
            because: because.into(),
        }
    }
}

/// A walk through the flow.
struct Walk<'d, 't> {
    trace: &'d Dissection<'t>,
    flow: Flow,
    attempt: Attempt<'d>,
    walked: Vec<Walked>,
    /// Whether the terminal asks DNS servers past the router.
    asks_past: bool,
    stop: Option<Stop>,
}

impl<'d, 't> Walk<'d, 't> {
    fn new(trace: &'d Dissection<'t>, attempt: &Attempt<'d>) -> Self {
        Self {
            trace,
            flow: Flow::Guide,
            attempt: *attempt,
            walked: Vec::new(),
            asks_past: false,
            stop: None,
        }
    }

    fn take(mut self, all: &[Attempt<'_>]) -> Option<Diagnosis> {
        let cause = self.cause(all)?;
        self.end(cause)
    }

    fn end(self, cause: Cause) -> Option<Diagnosis> {
        let row = cause.row()?;
        let place = Place::of(self.trace, self.asks_past);
        let remedy = row.remedies.iter().find(|one| one.when.fits(&place))?;
        Some(Diagnosis {
            id: row.id.to_owned(),
            flow: self.flow,
            step: match row.flow() == self.flow {
                true => row.step,
                false => members_club::step(usize::from(row.step))?,
            },
            finding: match self.stop {
                Some(stop) => joined(&row.finding, &stop.words()),
                None => row.finding.clone(),
            },
            remedy: remedy.text.clone(),
            walked: self.walked,
        })
    }

    fn cause(&mut self, all: &[Attempt<'_>]) -> Option<Cause> {
        let here = [self.attempt.record];
        let (host, reason) = match self.attempt.end {
            End::Screen(screen) => {
                let cause = behind(screen, all)?;
                if cause == Cause::ServiceSide
                    && let Some(lost) = lost_before(all)
                    && self.is_overcome(lost)
                {
                    return None;
                }
                self.answer(1, true, here, "the site's own screen came");
                self.answer(2, true, here, "the site's own screen came");
                self.eligible(cause != Cause::IneligibleLine);
                return Some(cause);
            }
            End::OtherPage(url) | End::Failed(url, FetchError::BadUrl) => {
                self.answer(1, false, here, format!("{url} is not https://{HOST}"));
                return Some(Cause::WrongUrl);
            }
            End::Failed(host, reason) => (host, Some(reason)),
            End::CutOff(host) => (host, None),
        };
        self.answer(1, true, here, format!("https://{host}"));
        let resolved = match reason {
            Some(FetchError::Name) => None,
            Some(_) => self.resolved(host),
            None => self.resolved(host).filter(|at| !self.asks_still(host, *at)),
        };
        let Some(record) = resolved else {
            let why = self.why_unresolved(host);
            self.answer(2, false, here, why);
            return Some(self.unresolved(host));
        };
        if let Some(cause) = self.misled(host) {
            return Some(cause);
        }
        self.answer(2, true, [record], format!("{host} resolves"));
        if let Some(cause) = self.changed_since() {
            return Some(cause);
        }
        if self.address().is_none() {
            return Some(self.without_address());
        }
        self.eligible(true);
        let end = self.on_the_way(host, reason);
        Some(self.stopped(end))
    }

    /// Question 2: returns where the name was resolved last.
    fn resolved(&self, host: &str) -> Option<RecordId> {
        let (record, outcome) = self.last_look_up(host)?;
        (outcome == Resolution::Answered).then_some(record)
    }

    fn last_look_up(&self, host: &str) -> Option<(RecordId, Resolution)> {
        self.told().rev().find_map(|told| match told.fact {
            Fact::Resolved { name, outcome, .. } if same_name(name, host) => {
                Some((told.record, *outcome))
            }
            _ => None,
        })
    }

    fn why_unresolved(&self, host: &str) -> String {
        let last = self.last_look_up(host);
        let last = last.filter(|(record, _)| self.attempt.covers(*record));
        match (self.attempt.end, last) {
            (_, Some((record, outcome))) if !self.asks_still(host, record) => {
                format!("{host}: {outcome:?}")
            }
            (End::CutOff(_), _) if self.asks_still(host, 0) => {
                format!("the run ended while {host} was looked up")
            }
            (End::CutOff(_), _) => format!("the run ended before {host} was looked up"),
            _ => format!("{host} was not resolved"),
        }
    }

    /// Returns whether what kept a terminal from the portal then was a cable, the power or the line's
    /// own equipment, which work again since the site comes.
    fn is_overcome(&self, lost: &Attempt<'_>) -> bool {
        self.trace.is_disturbed(lost.at, lost.at)
    }

    /// Question 5: may the line use ONS?
    fn eligible(&mut self, eligible: bool) {
        let here = [self.attempt.record];
        let service = self.trace.header().line.service;
        let words = if eligible { "may" } else { "may not" };
        self.answer(5, eligible, here, format!("{service:?} {words} use ONS"));
    }

    /// Question 4, answered with no.
    fn without_address(&mut self) -> Cause {
        let end = self.no_address();
        self.answer(4, false, end.records, end.because);
        end.cause
    }

    /// Question 4, where terminals still have addresses of what the line gave before.
    fn changed_since(&mut self) -> Option<Cause> {
        if let Some(end) = self.taken_back().or_else(|| self.none_since_power_cut()) {
            self.answer(4, false, end.records, end.because);
            return Some(end.cause);
        }
        self.delivered_otherwise_since()
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
        let had = self.address().is_some() && self.trace.setup().mode != Mode::Pd;
        if !bare || !had {
            return None;
        }
        let why = "the line delegates, and the router hands on what it was advertised before";
        let record = last.record;
        self.answer(4, false, [record], why);
        Some(Cause::WrongDelivery)
    }

    /// Says how far the packets came, after the questions of the guide.
    fn stopped(&mut self, end: Outcome) -> Cause {
        self.stop = end.stop;
        if end.stop.is_some() {
            self.answer(6, false, end.records, end.because);
        }
        end.cause
    }

    fn facts(&self) -> impl DoubleEndedIterator<Item = &crate::dissection::Told<'t>> {
        let cut = self.attempt.record;
        let facts = self.trace.facts.iter();
        facts.filter(move |told| told.record <= cut)
    }

    /// Returns what was told by the terminal that tries, or by all if it is not known.
    fn told(&self) -> impl DoubleEndedIterator<Item = &crate::dissection::Told<'t>> {
        let by = self.attempt.terminal;
        self.facts()
            .filter(move |told| by.is_none_or(|name| name == told.node))
    }

    /// Returns whether a terminal sent it, the one that tries if it is known.
    fn is_terminals<T>(&self, found: &Found<T>) -> bool {
        let mut terminals = self.trace.header().terminals.iter();
        found.on == Role::Lan
            && found.from == Side::Network
            && !found.injected
            && found.record <= self.attempt.record
            && terminals.any(|terminal| {
                terminal.mac == found.eth_source
                    && self
                        .attempt
                        .terminal
                        .is_none_or(|name| name == terminal.name)
            })
    }

    /// Returns whether the line solicited in vain for whoever it has to reach for an address: for the
    /// address itself, or for a link-local one that the router uses there.
    fn is_sought_for(&self, address: Ipv6Addr) -> Option<(RecordId, Ipv6Addr)> {
        let mut own = BTreeSet::new();
        for found in &self.trace.packets {
            if found.by_device(Role::Wan) && found.source.is_unicast_link_local() {
                own.insert(found.source);
            }
        }
        let mut targets = iter::once(address).chain(own);
        targets.find_map(|target| Some((self.is_sought(target)?, target)))
    }

    /// Returns whether the line solicited for an address in vain.
    fn is_sought(&self, address: Ipv6Addr) -> Option<RecordId> {
        let mut solicits = self.trace.neighbor_solicits();
        let sought = solicits.find(|found| {
            found.to_device(Role::Wan)
                && self.attempt.covers(found.record)
                && found.is.target == address
                && !self.trace.neighbor_adverts().any(|advert| {
                    advert.by_device(Role::Wan)
                        && advert.is.target == address
                        && advert.record > found.record
                })
        });
        sought.map(|found| found.record)
    }

    fn answer(
        &mut self,
        question: usize,
        yes: bool,
        records: impl IntoIterator<Item = RecordId>,
        because: impl Into<String>,
    ) {
        let (step, questions) = match self.flow {
            Flow::Guide => (u8::try_from(question).ok(), &QUESTIONS),
            Flow::MembersClub => (members_club::step(question), &members_club::QUESTIONS),
        };
        let Some(step) = step else { return };
        self.add(
            step,
            &questions[usize::from(step) - 1],
            yes,
            records,
            because,
        );
    }

    fn add(
        &mut self,
        step: u8,
        question: &Text,
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
            step,
            question: question.clone(),
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
        Screen::M2 | Screen::M2b => lost_before(all).map(|_| Cause::ServiceSide),
        Screen::Consent => Some(Cause::ConsentPending),
        Screen::M3 | Screen::M4 => Some(Cause::ConsentRefused),
        Screen::M5 => Some(Cause::IneligibleLine),
        Screen::M6 => Some(Cause::NoAnswerInTime),
        Screen::M7 => Some(Cause::NotRegistered),
        Screen::M8 => Some(Cause::SiteFault),
        Screen::M9 => Some(Cause::SiteBusy),
        Screen::NotAuthenticated => Some(Cause::NotAuthenticated),
        // The members club is none of the guide's.
        _ => None,
    }
}

/// Returns the attempt at the portal that was in vain right before the line turned out to be
/// authenticated.
fn lost_before<'a, 'd>(all: &'a [Attempt<'d>]) -> Option<&'a Attempt<'d>> {
    let mut before = all
        .iter()
        .rev()
        .skip_while(|attempt| matches!(attempt.end, End::Screen(Screen::M2 | Screen::M2b)));
    before.next().filter(|attempt| attempt.lost_the_portal())
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other)
}

/// Returns one text after the other.
fn joined(first: &Text, then: &Text) -> Text {
    Text {
        ja: format!("{}{}", first.ja, then.ja).into(),
        en: format!("{} {}", first.en, then.en).into(),
    }
}

/// The questions of the flow (guide p.30). The sixth step is to ask the desk; before that we ask how
/// far the packets came.
const QUESTIONS: [Text; 6] = [
    Text::new("URLは正しいか", "Is the address right?"),
    Text::new("名前を解決できるか", "Does the name resolve?"),
    Text::new("DNSサーバの設定は正しいか", "Are the DNS servers right?"),
    Text::new(
        "端末にIPv6アドレスが割り当てられているか",
        "Does the terminal have an IPv6 address?",
    ),
    Text::new("対象の回線か", "Is the line eligible?"),
    Text::new(
        "パケットは端末とサーバの間を往復しているか",
        "Do packets get to the server and back?",
    ),
];

/// More records than this prove nothing more.
const MOST_RECORDS: usize = 4;

#[cfg(test)]
mod tests;
