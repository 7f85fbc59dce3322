//! How the steps of a scenario end.

use serde::{Deserialize, Serialize};

/// How a step of the scenario ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// What it waited for did not happen in time.
    TimedOut,
    /// It could not be done, and why.
    Failed(String),
}
