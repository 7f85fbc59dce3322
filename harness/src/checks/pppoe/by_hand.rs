//! What a router does when its user presses 切断 or 接続 beside a session on its settings page.
//!
//! Competing sessions are closed by hand before another one is used (members-club article): what was
//! closed has to stay so, for the line has few (ngn-facts §4.5).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::message::ppp::{LCP, TERMINATE_REQUEST};
use ngnlab_sim::setup::Hand;
use ngnlab_sim::trace::{Fact, PppEvent, Role};

use super::sessions::{Seen, Session, sessions};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every, seconds};
use crate::dissection::{Dissection, Stepped};
use crate::scenario::step::Action;
use crate::scenario::step::by_hand::{ByHand, Whose};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.hand.disconnects",
        source: "members-club article, 6; ngn-facts §4.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "切断の操作をすると、セッションが切れ、接続の操作をするまで張り直さない",
            "What its user hangs up ends, and stays so until it is dialled by hand",
        ),
        hint: Text::new(
            "切断の操作でTerminate-RequestとPADTを送り、自動の再接続を止めてください。回線のセッション数には限りがあります。",
            "Send a Terminate-Request and a PADT, and stop dialling by yourself: a line has few sessions.",
        ),
        judge: disconnects,
    },
    Check {
        id: "ppp.hand.connects",
        source: "members-club article, 6",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "切断の後に接続の操作をすると、PADIから接続し直す",
            "What was hung up is dialled again when its user wishes so",
        ),
        hint: Text::new(
            "接続の操作で、すぐにPADIを送ってください。",
            "Send a PADI at once when the user dials.",
        ),
        judge: connects,
    },
];

fn disconnects(trace: &Dissection<'_>) -> Verdict {
    let all = own_sessions(trace);
    let pressed = pressed(trace, Hand::Disconnect);
    let ends = pressed.flat_map(|(step, by)| {
        let up = all.iter().filter(move |own| {
            let is_up = own.session.is_up_since().is_some_and(|up| up <= step.at);
            is_up && !own.session.is_over_before(step.at) && is_of(&by, own.realm)
        });
        up.map(move |own| (step, own))
    });
    every("session that was hung up by hand", ends, |(step, own)| {
        let due = step.at + AT_ONCE;
        let confirmed = own.session.confirmed.record;
        let end = own.session.end_by_device(step.at);
        if trace.end() < due || trace.is_disturbed(step.at, due) {
            return Ruling::Skip;
        }
        let Some(end) = end.filter(|end| end.at <= due) else {
            return broken(
                [confirmed],
                format!("the session ended within {}", seconds(AT_ONCE)),
                "it went on",
            )
            .unless_late(trace, Delay::past(step.at, due, end.map(|end| end.at)));
        };
        let until = left_alone_until(trace, step, own.realm);
        let mut later = all.iter().filter(|it| it.realm == own.realm);
        let again = later.find(|it| {
            let at = it.session.confirmed.at;
            end.at < at && at < until
        });
        match again {
            None => Ruling::Holds(vec![confirmed, end.record]),
            Some(again) => broken(
                [end.record, again.session.confirmed.record],
                "no session until it is dialled by hand",
                format!(
                    "another one after {}",
                    seconds(again.session.confirmed.at.since(end.at))
                ),
            ),
        }
    })
}

fn connects(trace: &Dissection<'_>) -> Verdict {
    let known = accounts(trace.header().line.area);
    let entered = &trace.setup().pppoe;
    let dialled = known.iter().filter(|it| {
        let mut names = entered.iter().map(|account| account.name.as_str());
        names.any(|name| name == it.name)
    });
    let dialled: Vec<Realm> = dialled.map(|it| it.realm).collect();
    let pressed = pressed(trace, Hand::Connect).filter(|(step, by)| {
        let mut own = dialled.iter().filter(|realm| is_of(by, **realm));
        own.any(|realm| is_hung_up(trace, *realm, step.at))
    });
    every("press of the button to dial", pressed, |(step, _)| {
        let due = step.at + DIALS_WITHIN;
        let mut asked = trace.pppoe.iter().filter(|found| is_padi(found));
        let again = asked.find(|found| found.at >= step.at);
        if trace.end() < due || trace.is_disturbed(step.at, due) {
            return Ruling::Skip;
        }
        match again {
            Some(again) if again.at <= due => Ruling::Holds(vec![again.record]),
            late => broken(
                [step.record],
                format!("a PADI within {}", seconds(DIALS_WITHIN)),
                "none came",
            )
            .unless_late(trace, Delay::past(step.at, due, late.map(|late| late.at))),
        }
    })
}

fn is_padi(found: &Seen) -> bool {
    let code = found.is.code();
    found.by_device(Role::Wan) && code == Some(ngnlab_sim::message::pppoe::Code::Initiation)
}

/// A session of the device that came up, and where it leads.
struct Own<'d> {
    session: Session<'d>,
    realm: Realm,
}

impl<'d> Session<'d> {
    /// Returns whether either side has ended it before a moment.
    fn is_over_before(&self, at: Time) -> bool {
        let asked = self
            .heard_as(LCP, TERMINATE_REQUEST)
            .map(|(found, _)| found);
        let own = self.end_by_device(Time::ZERO);
        let ends = asked.chain(own).chain(self.ended).chain(self.given_up);
        ends.map(|end| end.at).any(|end| end < at)
    }

    /// Returns the packet by which the device ends it, from a moment on.
    fn end_by_device(&self, from: Time) -> Option<&'d Seen> {
        let mut asked = self.said_as(LCP, TERMINATE_REQUEST).map(|(found, _)| found);
        let asked = asked.find(|found| found.at >= from);
        let padt = self
            .ended
            .filter(|padt| padt.by_device(Role::Wan) && padt.at >= from);
        asked
            .into_iter()
            .chain(padt)
            .min_by_key(|found| found.record)
    }
}

/// Returns the sessions of the device that came up; the concentrator tells under which account.
fn own_sessions<'d>(trace: &'d Dissection<'_>) -> Vec<Own<'d>> {
    let known = accounts(trace.header().line.area);
    let realm_of = |session: &Session<'_>| {
        let mut ups = trace
            .facts
            .iter()
            .filter(|told| told.at >= session.confirmed.at);
        let account = ups.find_map(|told| match told.fact {
            Fact::Ppp {
                session: id,
                account,
                event: PppEvent::Up { .. },
            } if *id == session.id => account.as_deref(),
            _ => None,
        });
        let own = known.iter().find(|it| Some(it.name) == account)?;
        Some(own.realm)
    };
    let all = sessions(trace).into_iter();
    all.filter_map(|session| {
        let realm = realm_of(&session)?;
        Some(Own { session, realm })
    })
    .collect()
}

/// Returns the steps in which somebody presses a button on the device's settings page.
fn pressed<'d, 't>(
    trace: &'d Dissection<'t>,
    hand: Hand,
) -> impl Iterator<Item = (&'d Stepped<'t>, ByHand)> {
    trace
        .steps
        .iter()
        .filter_map(move |step| match &step.action {
            Action::ByHand(by) if by.at == Whose::Device && by.does == hand && step.is_done() => {
                Some((step, *by))
            }
            _ => None,
        })
}

/// Returns whether a button is pressed for sessions to a realm.
fn is_of(by: &ByHand, realm: Realm) -> bool {
    by.session.is_none_or(|of| of == realm)
}

/// Returns whether the sessions to a realm were hung up by hand last, and nothing has happened to the
/// device since.
fn is_hung_up(trace: &Dissection<'_>, realm: Realm, at: Time) -> bool {
    let buttons = [Hand::Disconnect, Hand::Connect].into_iter();
    let all = buttons.flat_map(|hand| pressed(trace, hand));
    let before = all.filter(|(step, by)| step.at < at && is_of(by, realm));
    let last = before.max_by_key(|(step, _)| step.record);
    last.is_some_and(|(step, by)| {
        let mut between = trace
            .steps
            .iter()
            .filter(|it| step.at <= it.at && it.at <= at);
        by.does == Hand::Disconnect && !between.any(Stepped::cuts_power)
    })
}

/// Returns until when nobody dials by hand after a step, and the device has its power.
fn left_alone_until(trace: &Dissection<'_>, step: &Stepped<'_>, realm: Realm) -> Time {
    let dialled = pressed(trace, Hand::Connect)
        .filter(|(_, by)| is_of(by, realm))
        .map(|(other, _)| other.at);
    let cut = trace.steps.iter().filter(|other| other.cuts_power());
    let over = dialled.chain(cut.map(Stepped::began));
    over.filter(|at| *at > step.at).min().unwrap_or(Time::NEVER)
}

/// How long a session may take to end (inferred: a Terminate-Request is repeated after three seconds,
/// RFC 1661 §4.6).
const AT_ONCE: Duration = Duration::from_secs(10);
/// How long a router may think before it dials (inferred: as long as it may take to find that the other
/// side does not acknowledge the end).
const DIALS_WITHIN: Duration = Duration::from_secs(30);
