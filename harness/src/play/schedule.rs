//! When steps begin, go on and end.
//!
//! A terminal does one thing at a time, so its steps wait for each other in the order of the file.

use std::time::Duration;

use ngnlab_sim::time::Time;
use ngnlab_sim::trace::StepOutcome;

use super::perform::{self, Activity};
use super::testbed::Testbed;
use crate::dut::{Dut, DutError};
use crate::scenario::Scenario;
use crate::scenario::step::{Action, Step, When};

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
                testbed.record_step(&task.step.action, outcome);
            }
        }
        self.tasks.retain(|task| !task.ended);
        Ok(())
    }

    /// Records what has not ended when the run does.
    pub(super) fn give_up(self, testbed: &mut Testbed) -> Result<(), DutError> {
        for mut task in self.tasks {
            let outcome = task.give_up(testbed)?;
            testbed.record_step(&task.step.action, outcome);
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

    /// Returns the terminal that acts, and does one thing at a time.
    fn actor(&self, testbed: &Testbed) -> Option<usize> {
        // Whoever closes the browser does not wait for what it is doing.
        if let Action::CloseBrowser(_) = self.step.action {
            return None;
        }
        let terminal = self.step.action.terminal()?;
        Some(testbed.terminal(terminal))
    }

    fn is_called_for(&self, testbed: &mut Testbed) -> bool {
        match self.step.when {
            None => true,
            Some(When::TerminalOnline) => {
                let acting = self.step.action.terminal().flatten();
                let terminal = testbed.terminal(self.step.terminal.as_deref().or(acting));
                testbed.is_online(terminal)
            }
        }
    }
}

impl Step {
    /// Returns when it may begin at the earliest.
    fn begins_at(&self) -> Time {
        Time::ZERO + self.at.map(|at| at.0).unwrap_or_default()
    }
}

/// How often to look whether a condition has come true.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
