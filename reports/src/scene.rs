//! What happened in one case, record by record, for formats that draw it.
//!
//! Who knows packets and nodes lays the scene; formats draw it without knowing either.

use crate::decoded::Decoded;
use crate::{Case, RecordId};

/// A case from its first record to its last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// Who took part, from the network on the left to the terminals on the right.
    pub lanes: Vec<Lane>,
    /// What happened, in the order of the trace.
    pub events: Vec<Event>,
}

/// Somebody who took part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The name.
    pub name: String,
    /// Which side it stands on.
    pub side: Side,
}

/// The sides of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The line, and all that is behind it.
    Network,
    /// The device itself.
    Device,
    /// The terminals.
    Terminals,
}

impl Side {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Device => "device",
            Self::Terminals => "terminals",
        }
    }
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number in the trace.
    pub record: RecordId,
    /// When, in microseconds since carrier came up.
    pub at: i64,
    /// What.
    pub what: What,
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A frame went from one lane to another.
    Frame(Box<Sent>),
    /// Somebody tells what no frame shows.
    Told {
        /// Whose lane.
        lane: usize,
        /// What is told.
        text: String,
    },
    /// The device wrote a line.
    Logged {
        /// The name of the log.
        log: String,
        /// The line.
        line: String,
    },
    /// The scenario had something done.
    Step {
        /// What was done, and how it ended.
        text: String,
        /// Whether it could be done.
        done: bool,
    },
    /// The host says something of itself.
    Host(String),
}

/// A frame on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The lane that it leaves.
    pub from: usize,
    /// The lane that it is for.
    pub to: usize,
    /// The cable's name.
    pub cable: String,
    /// What the cable did to it, if anything.
    pub fate: Option<String>,
    /// Whether it never arrived.
    pub lost: bool,
    /// Whether the scenario put it there.
    pub injected: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Which of them are left out, from where and how many: they are 0 above.
    pub left_out: Vec<(usize, usize)>,
    /// The frame, field by field.
    pub decoded: Decoded,
}

/// Who can lay the scenes of a report.
pub trait Scenes {
    /// Returns what happened in a case, or why that cannot be told.
    fn scene(&self, case: &Case) -> Result<Scene, String>;

    /// Returns where the trace of a case lies, for who looks for it later.
    fn trace<'a>(&self, case: &'a Case) -> Option<&'a str> {
        case.trace.as_deref()
    }
}

/// Nobody can.
#[derive(Clone, Copy, Debug)]
pub struct NoScenes;

impl Scenes for NoScenes {
    fn scene(&self, _case: &Case) -> Result<Scene, String> {
        Err("no trace of it was kept".to_owned())
    }
}
