//! Everything that was seen in one run: the only thing a check may look at.
//!
//! A trace is saved as one JSON document per line, the header first, so that a run that was cut
//! off still leaves a readable file.

use std::cmp::Ordering;
use std::io::{self, Read, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::Fate;
use crate::frame::Frame;
use crate::line::Line;
use crate::message::packet::Mac;
use crate::setup::Setup;
use crate::time::{Pace, Time};

mod fact;
mod frames;
mod lines;
mod outcome;
pub mod pcapng;
mod screen;

pub use crate::cable::{End, Role};
pub use crate::line::LineState;
pub use fact::{CommandEnding, DnsSource, Fact, FetchError, Note, PppEnd, PppEvent, Resolution};
pub use frames::Frames;
pub use outcome::StepOutcome;
pub use screen::Screen;

use lines::Lines;

/// The version of the trace file; it grows when an old reader would misread a new file.
pub const FORMAT: u32 = 2;

/// A run, from the moment carrier came up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// What was set up.
    pub header: Header,
    /// What was seen, in order.
    pub records: Vec<Record>,
}

/// The truth about a run, so that its trace can be judged by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the file, [`FORMAT`].
    pub format: u32,
    /// The scenario's name, `family/name`.
    pub scenario: String,
    /// The device's name.
    pub device: String,
    /// The seed all randomness was drawn from.
    pub seed: u64,
    /// How the clock moved.
    pub pace: Pace,
    /// The contract and what the network delivers by it.
    pub line: Line,
    /// How the device was configured.
    pub setup: Setup,
    /// The terminals behind the device.
    pub terminals: Vec<TerminalTruth>,
    /// When the run was to end.
    pub until: Time,
    /// TLS secrets in the NSS key log form, one per line.
    pub tls_secrets: Vec<String>,
    /// Where it was captured, if it is no run of ours: then it has frames alone, and of the rest of
    /// this header no more is true than what the frames show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<CapturedAt>,
}

/// Where a foreign capture was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapturedAt {
    /// On the router's WAN.
    pub wan: bool,
    /// On the router's LAN.
    pub lan: bool,
    /// Whether frames are known to be missing.
    pub gaps: bool,
    /// Whether it does not tell what was for the router alone from what was for a group.
    #[serde(default)]
    pub forgets_groups: bool,
    /// Whether it does not look like the line that it is said to be taken on.
    pub doubtful: bool,
}

/// A terminal behind the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalTruth {
    /// The name scenarios use.
    pub name: String,
    /// Its MAC address.
    pub mac: Mac,
    /// Whether it dials a PPPoE session itself, through the device.
    #[serde(default, skip_serializing_if = "fact::is_not")]
    pub dials: bool,
}

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: Time,
    /// What.
    pub seen: Seen,
}

/// What can be seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// A frame entered a cable.
    Frame {
        /// Which cable.
        on: Role,
        /// Which end it came from.
        from: End,
        /// The frame.
        frame: Frame,
        /// What the cable did to it.
        #[serde(default, skip_serializing_if = "is_default")]
        fate: Fate,
        /// Whether a scenario put it there, instead of the node at that end.
        #[serde(default, skip_serializing_if = "is_default")]
        injected: bool,
    },
    /// A node tells what only it can see.
    Fact {
        /// The node's name.
        node: String,
        /// What it tells.
        fact: Fact,
    },
    /// A step of the scenario.
    Step {
        /// The step, as the scenario's file says it. What it means is known to whoever made it
        /// happen, and to who judges.
        step: serde_json::Value,
        /// How it ended.
        outcome: StepOutcome,
    },
    /// The host woke the world this much too late; only in real pace.
    Late(Duration),
    /// Frames that were no longer recorded on this cable, or moved without time passing, or things
    /// that a node went on telling after its share.
    Suppressed {
        /// Which cable, or none for frames that never stopped moving and for what nodes told.
        on: Option<Role>,
        /// How many.
        count: u64,
    },
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Trace {
    /// Writes the trace, one JSON document per line.
    pub fn save(&self, mut to: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, &self.header)?;
        to.write_all(b"\n")?;
        for record in &self.records {
            serde_json::to_writer(&mut to, record)?;
            to.write_all(b"\n")?;
        }
        to.flush()
    }

    /// Reads a trace that [`Trace::save`] wrote; an error names the line.
    pub fn load(from: impl Read) -> io::Result<Self> {
        let mut lines = Lines::of(from);
        let first = lines.next().transpose()?.unwrap_or_default();
        let bad_header = |error| bad_line(1, &error);
        let version: Version = serde_json::from_str(&first).map_err(bad_header)?;
        version.check()?;
        let header = serde_json::from_str(&first).map_err(bad_header)?;
        let mut records = Vec::new();
        for (index, line) in lines.enumerate() {
            let line = line?;
            records.push(serde_json::from_str(&line).map_err(|error| bad_line(index + 2, &error))?);
        }
        Ok(Self { header, records })
    }
}

/// What every trace file says first, whatever else it may say.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Version {
    fn check(&self) -> io::Result<()> {
        let writer = match self.format.cmp(&FORMAT) {
            Ordering::Equal => return Ok(()),
            Ordering::Less => "an older ngnlab",
            Ordering::Greater => "a newer ngnlab",
        };
        let text = format!(
            "it was written by {writer} (trace format {}, where this one reads {FORMAT}); \
             run its scenario again",
            self.format
        );
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

fn bad_line(line: usize, error: &serde_json::Error) -> io::Error {
    let text = format!(
        "line {line} of the trace, column {}: {error}",
        error.column()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}
