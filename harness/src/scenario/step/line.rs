//! What happens on the line: another prefix, an edge or a home gateway that restarts.

use std::fmt;

use ngnlab_sim::line::Isp;
use ngnlab_sim::node::edge::Renumbering;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::Period;

/// How the prefix changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Renumber {
    /// What becomes of the old one, and whether another comes.
    #[serde(default)]
    pub how: Renumbering,
    /// Who brings the prefix from now on, where the contract with an ISP begins or ends (guide p.16,
    /// Q17). The names that the line's DNS servers know stay those of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isp: Option<Isp>,
}

/// How long the edge is away, and what it comes back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RestartEdge {
    /// How long nothing passes.
    pub outage: Period,
    /// The prefix it gives the line afterwards.
    #[serde(default)]
    pub prefix: PrefixAfter,
}

/// Which prefix a line has after its edge restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrefixAfter {
    /// The one it had.
    #[default]
    Same,
    /// The next one.
    Another,
}

/// What the device sees of a restart of the ひかり電話ルータ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RebootHomeGateway {
    /// Whether a switch in between keeps the device's link up meanwhile.
    #[serde(default)]
    pub behind_switch: bool,
}

impl fmt::Display for Renumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            Renumbering::OldWithdrawn => write!(f, "renumber the line")?,
            how => write!(f, "renumber the line, {how}")?,
        }
        match self.isp {
            None => Ok(()),
            Some(Isp::None) => write!(f, ", without an ISP from now on"),
            Some(Isp::Ipoe) => write!(f, ", with an ISP from now on"),
        }
    }
}

impl fmt::Display for RestartEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "restart the edge for {}", self.outage)?;
        match self.prefix {
            PrefixAfter::Same => Ok(()),
            PrefixAfter::Another => write!(f, ", which has another prefix then"),
        }
    }
}

impl fmt::Display for RebootHomeGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unseen = if self.behind_switch {
            " behind a switch"
        } else {
            ""
        };
        write!(f, "restart the home gateway{unseen}")
    }
}
