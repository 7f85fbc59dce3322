//! What a report on a foreign capture says besides its verdicts: what was found, what is to be
//! feared, and who could answer what stays open.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A report is on a capture, and this is what there is to know about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Captured {
    /// What was found in the files.
    pub found: Vec<Remark>,
    /// What does not fit, or is missing.
    pub warnings: Vec<String>,
    /// Who could answer what the capture leaves open.
    pub open: Vec<Open>,
}

/// A word, and what there is to say to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    /// What it is about.
    pub about: String,
    /// What there is to say.
    pub text: String,
}

/// Questions that this capture cannot answer, and what would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Open {
    /// What would answer them.
    pub by: String,
    /// The checks whose questions they are.
    pub checks: Vec<String>,
}
