//! What becomes of the device's cables: lossy, slow, mixed up, pulled, or shared with somebody who
//! claims addresses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::lasting;
use crate::period::Period;

/// A cable of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Wire {
    /// Towards the line.
    Wan,
    /// Towards the terminals.
    Lan,
}

/// Which cable loses frames, how many, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Loss {
    /// The cable.
    pub cable: Wire,
    /// How many frames in a hundred are lost.
    #[schemars(range(max = 100))]
    pub percent: u8,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// Which cable is pulled, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LinkDown {
    /// The cable.
    pub cable: Wire,
    /// How long.
    pub lasting: Period,
}

/// Which cable is slow, by how much, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Delay {
    /// The cable.
    pub cable: Wire,
    /// How much later every frame arrives.
    pub by: Period,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// Which cable delivers frames twice, how many, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Duplicate {
    /// The cable.
    pub cable: Wire,
    /// How many frames in a hundred arrive twice.
    #[schemars(range(max = 100))]
    pub percent: u8,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// Which cable mixes frames up, how many, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reorder {
    /// The cable.
    pub cable: Wire,
    /// How many frames in a hundred are overtaken by those behind them.
    #[schemars(range(max = 100))]
    pub percent: u8,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// On which cable addresses are claimed, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClaimAddresses {
    /// The cable.
    pub cable: Wire,
    /// Whether the other one is only about to take them, too, and tries them out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trying: bool,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.into())
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lose {} % on {}", self.percent, self.cable)?;
        lasting(f, self.lasting)
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delay {} by {}", self.cable, self.by)?;
        lasting(f, self.lasting)
    }
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "duplicate {} % on {}", self.percent, self.cable)?;
        lasting(f, self.lasting)
    }
}

impl fmt::Display for Reorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reorder {} % on {}", self.percent, self.cable)?;
        lasting(f, self.lasting)
    }
}

impl fmt::Display for LinkDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pull the {} cable for {}", self.cable, self.lasting)
    }
}

impl fmt::Display for ClaimAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.trying {
            true => write!(f, "try the device's addresses out on {}", self.cable)?,
            false => write!(f, "claim the device's addresses on {}", self.cable)?,
        }
        lasting(f, self.lasting)
    }
}
