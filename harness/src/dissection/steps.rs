//! What the scenario made happen, as values: the steps of a trace and what they mean for a judge.

use std::io;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::trace::StepOutcome;
use serde::Deserialize as _;
use serde_json::Value;
use thiserror::Error;

use crate::scenario::step::Action;
use crate::scenario::step::cable::Wire;

/// A step of the scenario together with its place in the trace.
#[derive(Clone, Debug)]
pub struct Stepped<'t> {
    /// The number of its record.
    pub record: RecordId,
    /// When it ended.
    pub at: Time,
    /// What was done.
    pub action: Action,
    /// How it ended.
    pub outcome: &'t StepOutcome,
}

/// A trace has a step that is none of the vocabulary.
#[derive(Debug, Error)]
#[error("line {} of the trace holds a step that this ngnlab does not know", .record + 2)]
pub struct UnknownStep {
    /// The number of its record.
    pub record: RecordId,
    source: serde_json::Error,
}

impl<'t> Stepped<'t> {
    /// Reads a step as the trace has it.
    pub(super) fn read(
        record: RecordId,
        at: Time,
        step: &Value,
        outcome: &'t StepOutcome,
    ) -> Result<Self, UnknownStep> {
        let action = Action::deserialize(step);
        let action = action.map_err(|source| UnknownStep { record, source })?;
        Ok(Self {
            record,
            at,
            action,
            outcome,
        })
    }

    /// Returns when it began: the cable that comes back when the step ends was out before.
    pub fn began(&self) -> Time {
        match &self.action {
            Action::LinkDown(step) => self.at - step.lasting.0,
            // The sockets of a home gateway are dark until it is up again.
            Action::RebootHomeGateway(step) if !step.behind_switch => self.at - HomeGateway::REBOOT,
            _ => self.at,
        }
    }

    /// Returns when it was over: what restarts out of the device's sight is away for a while.
    pub fn over(&self) -> Time {
        match &self.action {
            Action::RestartEdge(step) => self.at + step.outage.0,
            Action::RebootHomeGateway(step) if step.behind_switch => self.at + HomeGateway::REBOOT,
            _ => self.at,
        }
    }

    /// Returns whether it was done.
    pub fn is_done(&self) -> bool {
        *self.outcome == StepOutcome::Done
    }

    /// Returns whether the device lost its power.
    pub fn cuts_power(&self) -> bool {
        self.effect() == Effect::PowerCut
    }

    /// Returns whether this cable was pulled.
    pub fn pulls(&self, cable: Wire) -> bool {
        self.effect() == Effect::CablePulled(cable)
    }

    /// Returns whether the device began anew, or had reason to.
    pub fn restarts_device(&self) -> bool {
        matches!(self.effect(), Effect::PowerCut | Effect::CablePulled(_))
    }

    /// Returns whether something upstream of the device began anew.
    pub fn restarts_network(&self) -> bool {
        let is_gateway = matches!(self.action, Action::RebootHomeGateway(_));
        is_gateway || self.effect() == Effect::NetworkRestarted
    }

    /// Returns whether it cut a cable or the power, lost frames, or restarted something.
    pub fn interrupts(&self) -> bool {
        let loses = self.effect() == Effect::FramesLost;
        loses || self.restarts_device() || self.restarts_network()
    }

    /// Returns whether servers are silent, or the line has another prefix, from then on.
    pub fn silences_or_renumbers(&self) -> bool {
        matches!(self.effect(), Effect::ServerSilent | Effect::Renumbered)
    }

    /// Returns what it does to what checks rely on; each step has to say.
    fn effect(&self) -> Effect {
        // What was given up before it began did nothing; a cable may have been pulled by then.
        let is_pull = matches!(
            self.action,
            Action::LinkDown(_) | Action::RebootHomeGateway(_)
        );
        if !self.is_done() && !is_pull {
            return Effect::Nothing;
        }
        match &self.action {
            Action::PowerCycle(_) => Effect::PowerCut,
            Action::LinkDown(step) => Effect::CablePulled(step.cable),
            Action::Loss(_) => Effect::FramesLost,
            Action::RebootHomeGateway(step) if !step.behind_switch => {
                Effect::CablePulled(Wire::Wan)
            }
            Action::RestartEdge(_) | Action::RebootHomeGateway(_) => Effect::NetworkRestarted,
            Action::Silence(_) => Effect::ServerSilent,
            Action::Renumber(_) => Effect::Renumbered,
            // What terminals do, and what leaves device, cables and servers as they were.
            Action::Authenticate(_)
            | Action::Open(_)
            | Action::Consent(_)
            | Action::LogIn(_)
            | Action::Press(_)
            | Action::DeleteCookies(_)
            | Action::SwitchIpv6On(_)
            | Action::Back(_)
            | Action::InstallCertificate(_)
            | Action::CloseBrowser(_)
            | Action::OpenPortal(_)
            | Action::Download(_)
            | Action::AskTime(_)
            | Action::Resolve(_)
            | Action::ResolveGuideNames(_)
            | Action::Ask(_)
            | Action::Ping(_)
            | Action::HoldConnection(_)
            | Action::Run(_)
            | Action::Browse(_)
            // Servers that say something else, frames that come late or twice or from somebody
            // else, and news of the line: those are to be coped with.
            | Action::AddHikariDenwa(_)
            | Action::Reconfigure(_)
            | Action::RevokeAuthentication(_)
            | Action::LineAuth(_)
            | Action::Dns(_)
            | Action::Concentrator(_)
            | Action::ByHand(_)
            | Action::Stranger(_)
            | Action::SendUdp(_)
            | Action::SendToPeer(_)
            | Action::Delay(_)
            | Action::Duplicate(_)
            | Action::Reorder(_)
            | Action::ClaimAddresses(_)
            | Action::InjectWan(_)
            | Action::InjectLan(_)
            | Action::SendOut(_)
            | Action::SendIn(_) => Effect::Nothing,
        }
    }
}

/// What a step does to what checks rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    PowerCut,
    CablePulled(Wire),
    FramesLost,
    NetworkRestarted,
    ServerSilent,
    Renumbered,
    Nothing,
}

impl From<UnknownStep> for io::Error {
    fn from(error: UnknownStep) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
