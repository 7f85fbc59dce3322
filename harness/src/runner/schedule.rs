//! When steps begin, go on and end.
//!
//! A terminal does one thing at a time, so its steps wait for each other in the order of the file.

use std::time::Duration;

use ngnlab_sim::time::Time;
use ngnlab_sim::trace::StepOutcome;

use super::testbed::Testbed;
use crate::dut::{Dut, DutError};
use crate::scenario::Scenario;
use crate::step::perform::{self, Activity};
use crate::step::{Action, Step, When};

/// The steps of a run that have not ended.
pub(super) struct Schedule<'a> {
    tasks: Vec<Task<'a>>,
}

struct Task<'a> {
    step: &'a Step,
    deadline: Option<Time>,
    activity: Option<Activity>,
    ended: bool,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        let task = |step: &'a Step| Task {
            step,
            deadline: step.within.map(|within| step.begins_at() + within.0),
            activity: None,
            ended: false,
        };
        Self {
            tasks: scenario.steps().map(task).collect(),
        }
    }

    /// Begins what is due and goes on with what is under way.
    pub(super) fn advance(
        &mut self,
        testbed: &mut Testbed,
        dut: &mut dyn Dut,
    ) -> Result<(), DutError> {
        for index in 0..self.tasks.len() {
            let outcome = if self.tasks[index].activity.is_some() {
                self.tasks[index].go_on(testbed)?
            } else if self.may_begin(index, testbed) {
                self.tasks[index].begin(testbed, dut)?
            } else {
                None
            };
            let task = &mut self.tasks[index];
            let late = task
                .deadline
                .is_some_and(|deadline| testbed.world.now() >= deadline);
            let outcome = match outcome {
                None if late => Some(task.give_up(testbed)?),
                outcome => outcome,
            };
            if let Some(outcome) = outcome {
                task.ended = true;
                testbed
                    .world
                    .record_step(task.step.action.to_string(), outcome);
            }
        }
        self.tasks.retain(|task| !task.ended);
        Ok(())
    }

    /// Records what has not ended when the run does.
    pub(super) fn give_up(self, testbed: &mut Testbed) -> Result<(), DutError> {
        for mut task in self.tasks {
            let text = task.step.action.to_string();
            let outcome = task.give_up(testbed)?;
            testbed.world.record_step(text, outcome);
        }
        Ok(())
    }

    /// Returns when to look again.
    pub(super) fn next(&self, now: Time) -> Time {
        let soon = now + LOOK_AGAIN;
        let wakes = self.tasks.iter().map(|task| {
            let watched = task.activity.is_some() || task.step.begins_at() <= now;
            if watched { soon } else { task.step.begins_at() }
        });
        wakes.min().unwrap_or(Time::NEVER)
    }

    fn may_begin(&self, index: usize, testbed: &mut Testbed) -> bool {
        let task = &self.tasks[index];
        if task.ended || testbed.world.now() < task.step.begins_at() {
            return false;
        }
        let actor = task.actor(testbed);
        let waits = self.tasks.iter().enumerate().any(|(other_index, other)| {
            let before =
                other.activity.is_some() || (other_index < index && other.step.when.is_some());
            other_index != index
                && !other.ended
                && before
                && actor.is_some()
                && other.actor(testbed) == actor
        });
        !waits && task.is_called_for(testbed)
    }
}

impl Task<'_> {
    fn begin(
        &mut self,
        testbed: &mut Testbed,
        dut: &mut dyn Dut,
    ) -> Result<Option<StepOutcome>, DutError> {
        match perform::begin(&self.step.action, testbed, dut)? {
            Ok(activity) => {
                self.activity = Some(activity);
                self.go_on(testbed)
            }
            Err(why) => Ok(Some(StepOutcome::Failed(why))),
        }
    }

    fn go_on(&mut self, testbed: &mut Testbed) -> Result<Option<StepOutcome>, DutError> {
        match &mut self.activity {
            Some(activity) => perform::go_on(activity, testbed),
            None => Ok(None),
        }
    }

    fn give_up(&mut self, testbed: &mut Testbed) -> Result<StepOutcome, DutError> {
        match &mut self.activity {
            Some(activity) => perform::give_up(activity, testbed),
            None => Ok(StepOutcome::TimedOut),
        }
    }

    /// Returns the terminal that acts.
    fn actor(&self, testbed: &Testbed) -> Option<usize> {
        let name = self
            .step
            .action
            .terminal()
            .map(|name| name.get_ref().as_str());
        self.step
            .action
            .is_a_terminals()
            .then(|| testbed.terminal(name))
    }

    fn is_called_for(&self, testbed: &mut Testbed) -> bool {
        match self.step.when {
            None => true,
            Some(When::TerminalOnline) => {
                let named = self.step.terminal.as_ref().or(self.step.action.terminal());
                let terminal = testbed.terminal(named.map(|name| name.get_ref().as_str()));
                testbed.is_online(terminal)
            }
        }
    }
}

impl Step {
    /// Returns when it may begin at the earliest.
    fn begins_at(&self) -> Time {
        let at = self.at.as_ref().map(|at| at.get_ref().0);
        Time::ZERO + at.unwrap_or_default()
    }
}

impl Action {
    /// Returns whether a terminal does it.
    fn is_a_terminals(&self) -> bool {
        match self {
            Self::Authenticate(_)
            | Self::Open(_)
            | Self::Consent(_)
            | Self::Back(_)
            | Self::OpenPortal(_)
            | Self::InstallCertificate(_)
            | Self::Download(_)
            | Self::AskTime(_)
            | Self::Resolve(_)
            | Self::ResolveGuideNames(_)
            | Self::Ask(_)
            | Self::Ping(_)
            | Self::HoldConnection(_) => true,
            // Whoever closes the browser does not wait for what it is doing.
            Self::CloseBrowser(_)
            // A real terminal is nobody's but the step's.
            | Self::Run(_)
            | Self::Browse(_)
            | Self::Renumber(_)
            | Self::AddHikariDenwa(_)
            | Self::RestartEdge(_)
            | Self::Reconfigure(_)
            | Self::PowerCycle(_)
            | Self::RebootHomeGateway(_)
            | Self::RevokeAuthentication(_)
            | Self::LineAuth(_)
            | Self::Silence(_)
            | Self::Dns(_)
            | Self::Loss(_)
            | Self::Delay(_)
            | Self::Duplicate(_)
            | Self::Reorder(_)
            | Self::LinkDown(_)
            | Self::ClaimAddresses(_)
            | Self::InjectWan(_)
            | Self::InjectLan(_)
            | Self::SendOut(_)
            | Self::SendIn(_) => false,
        }
    }
}

/// How often to look whether a condition has come true.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
