//! What the scenario made happen, as values: the steps of a trace and what they mean for a judge.

use std::io;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
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
            _ => self.at,
        }
    }

    /// Returns whether it was done.
    pub fn is_done(&self) -> bool {
        *self.outcome == StepOutcome::Done
    }

    /// Returns whether the device lost its power.
    pub fn cuts_power(&self) -> bool {
        matches!(self.action, Action::PowerCycle(_))
    }

    /// Returns whether this cable was pulled.
    pub fn pulls(&self, cable: Wire) -> bool {
        matches!(&self.action, Action::LinkDown(step) if step.cable == cable)
    }

    /// Returns whether the device began anew, or had reason to.
    pub fn restarts_device(&self) -> bool {
        matches!(self.action, Action::PowerCycle(_) | Action::LinkDown(_))
    }

    /// Returns whether something upstream of the device began anew.
    pub fn restarts_network(&self) -> bool {
        matches!(
            self.action,
            Action::RestartEdge(_) | Action::RebootHomeGateway(_)
        )
    }

    /// Returns whether it cut a cable or the power, lost frames, or restarted something.
    pub fn interrupts(&self) -> bool {
        let loses = matches!(self.action, Action::Loss(_));
        loses || self.restarts_device() || self.restarts_network()
    }
}

impl From<UnknownStep> for io::Error {
    fn from(error: UnknownStep) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
