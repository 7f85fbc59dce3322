//! What is typed on the console, with its templates filled in.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Machine, StepEntry};
use crate::dut::description::templates::Templates;
use crate::dut::description::variables::Variables;
use crate::mistake::Mistake;

/// Steps on the console, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::dut) struct Script {
    pub(in crate::dut) steps: VecDeque<Step>,
}

/// One step on the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dut) struct Step {
    /// What is done.
    pub(in crate::dut) action: Action,
    /// How long it may take.
    pub(in crate::dut) within: Duration,
}

/// What is done on the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dut) enum Action {
    /// These words have to come.
    Wait(String),
    /// This line is typed.
    Send(String),
    /// These commands have to end with success.
    Run(String),
}

impl Script {
    /// Returns what leads from power-on to a console that takes commands.
    pub(in crate::dut) fn boot(machine: &Machine) -> Self {
        let as_is = |text: &toml::Spanned<String>| Ok::<_, Mistake>(text.get_ref().clone());
        let mut script = Self::default();
        for entry in &machine.boot {
            // Nothing is filled in, so nothing can fail.
            let _ = script.add(entry, as_is);
        }
        script
    }

    /// Returns what configures the router; a mistake tells which template cannot be filled in.
    pub(in crate::dut) fn configure(
        machine: &Machine,
        variables: &Variables,
    ) -> Result<Self, Mistake> {
        let templates = Templates::new(variables);
        let mut script = Self::default();
        for entry in &machine.configure {
            let modes = entry.modes.as_ref();
            if modes.is_none_or(|modes| modes.contains(&variables.mode)) {
                script.add(entry, |text| templates.fill("configure", text))?;
            }
        }
        Ok(script)
    }

    fn add(
        &mut self,
        entry: &StepEntry,
        fill: impl Fn(&toml::Spanned<String>) -> Result<String, Mistake>,
    ) -> Result<(), Mistake> {
        let actions = [
            entry.wait.as_ref().map(|text| fill(text).map(Action::Wait)),
            entry.send.as_ref().map(|text| fill(text).map(Action::Send)),
            entry.run.as_ref().map(|text| fill(text).map(Action::Run)),
        ];
        for action in actions.into_iter().flatten() {
            self.steps.push_back(Step {
                action: action?,
                within: entry.within.0,
            });
        }
        Ok(())
    }
}
