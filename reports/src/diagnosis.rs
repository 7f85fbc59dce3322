//! Where a walk from question to question ended, and the way there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Evidence, Text};

/// Questions that somebody asks one after the other to find out what is the matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Line authentication and what comes after it: the guide's, p.30.
    #[default]
    Guide,
    /// The service information site and the members club: what the members-club article looked at.
    MembersClub,
}

/// The step of a flow where something that failed stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// The stable id, `wrong-dns` for example.
    pub id: String,
    /// Whose questions were asked.
    #[serde(default, skip_serializing_if = "Flow::is_guides")]
    pub flow: Flow,
    /// The step of the flow, 1 to 6.
    pub step: u8,
    /// What was found.
    pub finding: Text,
    /// What to do: the guide's remedy, as far as it has one.
    pub remedy: Text,
    /// The questions on the way there, in order.
    #[serde(default)]
    pub walked: Vec<Walked>,
}

/// One question of a flow, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Walked {
    /// The step of the flow; of the guide's 1 to 5, and 6 for how far packets came.
    pub step: u8,
    /// The question.
    pub question: Text,
    /// Its answer.
    pub yes: bool,
    /// What it was answered by.
    pub because: String,
    /// The records that answer it, in plain words.
    pub evidence: Vec<Evidence>,
}

impl Flow {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands in a reference"
    )]
    fn is_guides(&self) -> bool {
        *self == Self::Guide
    }

    /// Returns where one finds a step of it.
    pub fn place(self, step: u8) -> String {
        match self {
            Self::Guide => format!("guide p.30 step {step}"),
            Self::MembersClub => format!("members club step {step}"),
        }
    }
}

impl Diagnosis {
    /// Returns where one finds the step of the flow.
    pub fn place(&self) -> String {
        self.flow.place(self.step)
    }
}
