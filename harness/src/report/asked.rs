//! What a scenario asks of one case, so that its trace can be judged without the scenario's file.

use ngnlab_reports::{Exercise, Text};
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::Screen;
use serde::{Deserialize, Serialize};

use crate::dut::description::excuse::Excuse;
use crate::scenario::Scenario;

/// A scenario in one area, as a judge has to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Asked {
    /// The scenario's name, `family/name`.
    pub scenario: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Text>,
    /// The area.
    pub area: Area,
    /// `ra` or `pd`: how the prefix was delivered, where the scenario leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The checks that must find something to judge, unless the device file gives them up.
    #[serde(default)]
    pub exercises: Vec<Exercise>,
    /// Where the guide's flow is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
    /// The screen that is to come last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Screen>,
}

impl Asked {
    /// Returns what a scenario asks in an area of a device that has these excuses.
    pub fn of(scenario: &Scenario, area: Area, excuses: &[Excuse]) -> Self {
        let diagnosis = scenario.expect.diagnosis.as_ref();
        Self {
            scenario: scenario.name.clone(),
            about: Some(scenario.about.clone()),
            area,
            delivery: scenario
                .takes_any_delivery()
                .then(|| scenario.mode().word().to_owned()),
            exercises: exercises(scenario, area, excuses),
            diagnosis: diagnosis.map(|id| id.get_ref().clone()),
            screen: scenario.expect.screen,
        }
    }
}

fn exercises(scenario: &Scenario, area: Area, excuses: &[Excuse]) -> Vec<Exercise> {
    let checks = scenario.exercises.iter().map(|id| id.get_ref());
    let exercise = |check: &String| {
        let mut excuses = excuses.iter();
        let excuse = excuses.find(|one| one.is_about(check, &scenario.name, area));
        Exercise {
            check: check.clone(),
            excuse: excuse.map(|one| ngnlab_reports::Excuse {
                reason: one.reason.get_ref().clone(),
                wavers: one.wavers,
            }),
        }
    };
    checks.map(exercise).collect()
}
