//! The service information site over IPv4, which only its own PPPoE session reaches (members-club
//! article): session, name, address, and the way there and back.

use std::net::{IpAddr, Ipv4Addr};

use ngnlab_reports::RecordId;
use ngnlab_sim::line::internet::SERVICE_SITE;
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::setup::PppoeAccount;
use ngnlab_sim::trace::{Fact, FetchError, PppEvent, Role};

use super::Walk;
use super::causes::Cause;
use crate::dissection::{Found, Ipv4Packet};

impl<'d> Walk<'d, '_> {
    /// The site's page did not come.
    pub(super) fn over_its_session(&mut self, host: &str, reason: FetchError) -> Cause {
        let here = [self.attempt.record];
        let Some(entered) = self.entered() else {
            self.answer_club(1, false, here, "no such session is entered");
            return Cause::NoSessionEntered;
        };
        let session = match self.session_to(&entered.name) {
            Session::Stands(session, record) => {
                let because = format!("the session of {} stands", entered.name);
                self.answer_club(1, true, [record], because);
                session
            }
            Session::Refused(cause, record) => {
                let because = match cause {
                    Cause::SessionsUsedUp => "the line has no more sessions",
                    _ => "name or password is wrong",
                };
                self.answer_club(1, false, [record], because);
                return cause;
            }
            Session::Over(record) => {
                let because = "it came to an end, and was not dialled again";
                self.answer_club(1, false, [record], because);
                return Cause::SessionDown;
            }
            Session::Never => {
                self.answer_club(1, false, here, "it never came up");
                return Cause::SessionDown;
            }
        };
        if reason == FetchError::Name {
            return self.unresolved_over_ipv4(host, entered);
        }
        self.answer_club(2, true, here, format!("{host} resolves"));
        let Some(address) = self.ipv4() else {
            return self.without_ipv4();
        };
        let because = format!("the terminal has {address}");
        self.answer_club(4, true, here, because);
        if let Some(cause) = self.bound_to_another(entered, address) {
            return cause;
        }
        match self.way_in(session) {
            // Where no terminal is entered for it, its domain is.
            Cause::AnotherSession if entered.source.is_none() => Cause::NoDomainRouting,
            cause => cause,
        }
    }

    fn unresolved_over_ipv4(&mut self, host: &str, entered: &PppoeAccount) -> Cause {
        let here = [self.attempt.record];
        self.answer_club(2, false, here, format!("{host} was not resolved"));
        let Some(address) = self.ipv4() else {
            return self.without_ipv4();
        };
        let asked = self.asked(host);
        let past = asked
            .iter()
            .rfind(|question| !self.is_routers(question.destination));
        if let Some(question) = past {
            let server = question.destination.to_canonical();
            let because = format!("{host} is asked at {server}");
            self.answer_club(3, false, [question.record], because);
            return Cause::PastTheSession;
        }
        if let Some(cause) = self.bound_to_another(entered, address) {
            return cause;
        }
        let right = Realm::ServiceSite.dns();
        let is_right = |server: IpAddr| right.iter().any(|own| server == IpAddr::V4(*own));
        let sent = self.sent_up(host);
        let Some(last) = sent
            .iter()
            .rfind(|one| is_right(one.query.destination.to_canonical()))
        else {
            let (records, because) = match (sent.last(), asked.last()) {
                (Some(one), _) => {
                    let server = one.query.destination.to_canonical();
                    (
                        vec![one.query.record],
                        format!("{host} is asked at {server}"),
                    )
                }
                (None, Some(question)) => {
                    let because = format!("the router asks no server for {host}");
                    (vec![question.record], because)
                }
                (None, None) => {
                    let because = format!("the terminal did not send a question for {host}");
                    self.answer_club(5, false, here, because);
                    return Cause::LostBesideSession;
                }
            };
            self.answer_club(3, false, records, because);
            return Cause::NoDomainRouting;
        };
        let because = format!("{host} belongs to {}", right[0]);
        self.answer_club(3, true, [last.query.record], because);
        match last.replies.last() {
            None => {
                let because = format!("no answer for {host} comes from the session");
                self.answer_club(5, false, [last.query.record], because);
                Cause::SiteSilent
            }
            Some(reply) => {
                let because = format!("the answer for {host} is not passed on");
                self.answer_club(5, false, [reply.record], because);
                Cause::LostBesideSession
            }
        }
    }

    /// Returns the session to the site as it is entered into the router.
    fn entered(&self) -> Option<&'d PppoeAccount> {
        let known = accounts(self.trace.header().line.area);
        let of_site = known.iter().find(|own| own.realm == Realm::ServiceSite)?;
        let mut entered = self.trace.setup().pppoe.iter();
        entered.find(|own| own.name == of_site.name)
    }

    /// Returns what had come of a session by then.
    fn session_to(&self, name: &str) -> Session {
        let mut state = Session::Never;
        for told in self.facts() {
            let Fact::Ppp {
                session,
                account,
                event,
            } = told.fact
            else {
                continue;
            };
            let own = account.as_deref() == Some(name)
                && (*session == 0 || self.trace.has_session(*session));
            state = match (event, state) {
                (PppEvent::Up { .. }, _) if own => Session::Stands(*session, told.record),
                (PppEvent::Ended { .. }, Session::Stands(up, _)) if up == *session => {
                    Session::Over(told.record)
                }
                (_, Session::Stands(up, since)) => Session::Stands(up, since),
                // Whom is refused before he says his name nobody knows (RFC 2516 §5.4).
                (PppEvent::TooMany, _) if own || account.is_none() => {
                    Session::Refused(Cause::SessionsUsedUp, told.record)
                }
                (PppEvent::WrongPassword, _) if own => {
                    Session::Refused(Cause::AccountRefused, told.record)
                }
                (_, state) => state,
            };
        }
        state
    }

    /// Returns the address that the terminal had by then.
    fn ipv4(&self) -> Option<Ipv4Addr> {
        self.told().fold(None, |held, told| match told.fact {
            Fact::Ipv4Ready { address, .. } => Some(*address),
            Fact::Ipv4Gone { address } => held.filter(|own| own != address),
            _ => held,
        })
    }

    fn without_ipv4(&mut self) -> Cause {
        let here = [self.attempt.record];
        self.answer_club(4, false, here, "the terminal has no IPv4 address");
        Cause::NoIpv4OnTerminal
    }

    /// Returns whether the session is another terminal's.
    fn bound_to_another(&mut self, entered: &PppoeAccount, address: Ipv4Addr) -> Option<Cause> {
        let bound = entered.source.filter(|bound| *bound != address)?;
        let because = format!("the session is bound to {bound}, and the terminal has {address}");
        self.answer_club(5, false, [self.attempt.record], because);
        Some(Cause::AddressOfNoSession)
    }

    /// How far packets to the site come.
    fn way_in(&mut self, session: u16) -> Cause {
        let (cause, record, because) = self.stops_in(session);
        let record = record.unwrap_or(self.attempt.record);
        self.answer_club(5, false, [record], because);
        cause
    }

    fn stops_in(&self, session: u16) -> (Cause, Option<RecordId>, String) {
        let lost = Cause::LostBesideSession;
        let sent = |found: &&Found<Ipv4Packet>| {
            found.to_device(Role::Lan)
                && found.is.destination == SERVICE_SITE
                && self.attempt.covers(found.record)
        };
        let Some(inside) = self.trace.ipv4.iter().rfind(sent) else {
            let because = format!("the terminal sent nothing to {SERVICE_SITE}");
            return (lost, None, because);
        };
        let leaves = |found: &&Found<Ipv4Packet>| {
            found.by_device(Role::Wan)
                && found.is.is_outside_of(&inside.is)
                && self.attempt.covers(found.record)
        };
        let Some(outside) = self.trace.ipv4.iter().rfind(leaves) else {
            let because = "what the terminal sends to the site is not passed on".to_owned();
            return (lost, Some(inside.record), because);
        };
        if !outside.is.checksum_ok {
            let because = "what the terminal sends to the site leaves with a wrong checksum";
            return (lost, Some(outside.record), because.to_owned());
        }
        if outside.is.session.is_some() && outside.is.source == inside.is.source {
            let because =
                "what the terminal sends to the site leaves with the terminal's own address";
            return (lost, Some(outside.record), because.to_owned());
        }
        let own = outside.is.session;
        if own.is_some_and(|own| own != session) {
            let because =
                "what the terminal sends to the site leaves by another session".to_owned();
            return (Cause::AnotherSession, Some(outside.record), because);
        }
        let from_site = |counts: fn(&Found<Ipv4Packet>) -> bool| {
            self.trace.ipv4.iter().rfind(|found| {
                found.is.source == SERVICE_SITE
                    && self.attempt.covers(found.record)
                    && counts(found)
            })
        };
        let came = from_site(|found| found.to_device(Role::Wan));
        match (came, from_site(|found| found.by_device(Role::Lan))) {
            (None, _) => {
                let because = format!("{SERVICE_SITE} does not answer");
                (Cause::SiteSilent, Some(outside.record), because)
            }
            (Some(answer), None) => {
                let because = "the site's answer is not passed on".to_owned();
                (lost, Some(answer.record), because)
            }
            (Some(_), Some(last)) => {
                let because = "the page does not come as a whole".to_owned();
                (lost, Some(last.record), because)
            }
        }
    }
}

/// What has come of a session.
#[derive(Clone, Copy)]
enum Session {
    Never,
    /// With its SESSION_ID, and the record that shows it.
    Stands(u16, RecordId),
    Refused(Cause, RecordId),
    Over(RecordId),
}
