//! Attempts to authenticate a line or to use it, and how each ended.

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::node::portal::Portal;
use ngnlab_sim::setup::in_domain;
use ngnlab_sim::trace::{Fact, FetchError, Screen, StepOutcome};

use crate::dissection::{Dissection, Told};
use crate::scenario::step::Action;

/// One attempt, up to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'d> {
    /// The record that it comes after: the end of the terminal's attempt before.
    pub(super) after: Option<RecordId>,
    /// The record of its end.
    pub(super) record: RecordId,
    /// When it ended.
    pub(super) at: Time,
    /// Who tried; `None` for the first terminal, and where only a server told of it.
    pub(super) terminal: Option<&'d str>,
    /// How it ended.
    pub(super) end: End<'d>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End<'d> {
    /// A screen came.
    Screen(Screen),
    /// The browser gave up on this host.
    Failed(&'d str, FetchError),
    /// Another page than the site was asked for.
    OtherPage(&'d str),
    /// The run ended before a page of this host came, or before the terminal came so far as to ask
    /// for it.
    CutOff(&'d str),
}

impl<'d> Attempt<'d> {
    /// Returns every attempt, in order.
    pub(super) fn all(trace: &'d Dissection<'_>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for told in &trace.facts {
            if let Some((terminal, end)) = end(told) {
                all.push(Attempt {
                    after: after(&all, terminal, told.at),
                    record: told.record,
                    at: told.at,
                    terminal,
                    end,
                });
            }
        }
        // A terminal does one thing at a time: what is queued behind the first has not begun.
        let mut steps = trace.steps.iter();
        let unfinished = steps.find_map(|step| {
            let end = match step.outcome {
                StepOutcome::TimedOut => unfinished(&step.action)?,
                StepOutcome::Done | StepOutcome::Failed(_) => return None,
            };
            let first = trace.header().terminals.first();
            let first = first.map(|terminal| terminal.name.as_str());
            let terminal = step.action.terminal().flatten().or(first);
            Some(Attempt {
                after: after(&all, terminal, step.at),
                record: step.record,
                at: step.at,
                terminal,
                end,
            })
        });
        all.extend(unfinished);
        all
    }

    /// Returns whether a record belongs to this attempt.
    pub(super) fn covers(&self, record: RecordId) -> bool {
        self.after.is_none_or(|after| record > after) && record <= self.record
    }

    /// Returns whether this is the portal, which comes after authentication, out of reach.
    pub(super) fn lost_the_portal(&self) -> bool {
        matches!(self.end, End::Failed(host, _) | End::CutOff(host) if in_domain(host, PORTAL_DOMAIN))
    }
}

/// Returns where the attempt before ended: what ends at the same time was tried at the same time.
fn after(all: &[Attempt<'_>], terminal: Option<&str>, at: Time) -> Option<RecordId> {
    let mut before = all.iter().rev();
    let before = before.find(|one| one.at < at && (terminal.is_none() || one.terminal == terminal));
    before.map(|one| one.record)
}

fn end<'d>(told: &Told<'d>) -> Option<(Option<&'d str>, End<'d>)> {
    let end = match told.fact {
        // The members club has nothing to do with ONS.
        Fact::ScreenServed { screen, .. }
        | Fact::PageSeen {
            screen: Some(screen),
            ..
        } if screen.is_of_club() => return None,
        Fact::ScreenServed { screen, .. } => return Some((None, End::Screen(*screen))),
        Fact::PageSeen { url, screen, .. } => match screen {
            Some(screen) => Some(End::Screen(*screen)),
            None => looks_alike(url).then_some(End::OtherPage(url)),
        },
        Fact::PageFailed { url, reason } => {
            if looks_alike(url) {
                Some(End::OtherPage(url))
            } else {
                let host = host_of(url).filter(|host| is_ours(host))?;
                Some(End::Failed(host, *reason))
            }
        }
        _ => None,
    };
    Some((Some(told.node), end?))
}

/// Returns how an attempt ends that a step has not brought to its end.
fn unfinished(action: &Action) -> Option<End<'_>> {
    match action {
        Action::Authenticate(_) | Action::Consent(_) => Some(End::CutOff(HOST)),
        Action::OpenPortal(_) => Some(End::CutOff(Portal::HOST)),
        Action::Open(step) if looks_alike(&step.url.0) => Some(End::OtherPage(&step.url.0)),
        Action::Open(step) | Action::Download(step) => {
            let host = host_of(&step.url.0).filter(|host| is_ours(host))?;
            Some(End::CutOff(host))
        }
        _ => None,
    }
}

fn is_ours(host: &str) -> bool {
    host == HOST || in_domain(host, PORTAL_DOMAIN) || in_domain(host, DELIVERY_DOMAIN)
}

pub(super) fn host_of(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    rest.split(['/', ':']).next()
}

/// Returns whether somebody who types this wants the site, and does not get it.
fn looks_alike(url: &str) -> bool {
    url.contains("lineauth") && host_of(url) != Some(HOST)
}

/// The host of the line-authentication site (guide p.16).
pub(super) const HOST: &str = "www.lineauth.mnw";
/// The domain of the portal (guide p.18), which an authenticated line loses in FAQ 1.
const PORTAL_DOMAIN: &str = "onshikaku.org";
/// The domain of the delivery hosts, which need the v6 option (guide p.4, p.15).
pub(super) const DELIVERY_DOMAIN: &str = "base.oqs-pdl.org";
