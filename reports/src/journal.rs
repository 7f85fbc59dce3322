//! The journal of a run: what was to be run, and each case as it ended, one JSON line for each.
//!
//! It is a report in the making. A run that is killed leaves one whose last line may be cut, and
//! all lines before it whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::{Case, CheckInfo, LeftOut, Profile, Report, StaleKnown};

mod apart;

pub use apart::{Apart, apart};

/// The version of the journal; it grows when a reader of the old one would break.
pub const FORMAT: u32 = 1;

/// The first line: everything that is known before the first case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the journal, [`FORMAT`].
    pub journal: u32,
    /// The program and its version.
    pub tool: String,
    /// The run's seed.
    pub seed: u64,
    /// The folder for traces and logs, if they are kept.
    pub out: Option<String>,
    /// The SHA-256 of each scenario and device file, by path.
    pub files: BTreeMap<String, String>,
    /// What is to be run with each device.
    pub devices: Vec<Plan>,
    /// The checks that are asked, by id.
    pub checks: BTreeMap<String, CheckInfo>,
}

/// What is to be run with one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The device's name.
    pub device: String,
    /// The version of its firmware, if its file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// What `ngnlab run` was told besides scenario and area.
    pub arguments: Vec<String>,
    /// The profiles that are judged.
    pub profiles: Vec<Profile>,
    /// Each scenario in each area, in the report's order.
    pub cases: Vec<Planned>,
    /// Scenarios that are not to be run, and why.
    pub left_out: Vec<LeftOut>,
}

/// A case that is to be run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Planned {
    /// The scenario's name.
    pub scenario: String,
    /// `east` or `west`.
    pub area: String,
}

/// Every other line: a case that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The device's number in the header, counted from 0.
    pub device: usize,
    /// How long all of the run had taken by then, in milliseconds.
    pub elapsed_ms: u64,
    /// The case.
    pub case: Case,
}

/// A journal that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// Its first line.
    pub header: Header,
    /// The other lines.
    pub ended: Vec<Ended>,
    /// How many bytes of the file are whole lines.
    pub whole: usize,
}

/// Returns a value as a line of a journal.
pub fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("a journal has string keys only");
    line.push(b'\n');
    line
}

/// Returns whether a file begins like a journal, wherever it is cut.
pub fn is_begun(bytes: &[u8]) -> bool {
    let start = &BEGINNING.as_bytes()[..BEGINNING.len().min(bytes.len())];
    bytes.starts_with(start)
}

/// Returns whether a file is a journal, of whatever version.
pub fn is_journal(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next();
    first.is_some_and(|first| serde_json::from_slice::<Head>(first).is_ok())
}

/// Reads a journal; the error says where and why it is none. A last line that was cut is left out.
pub fn parse(bytes: &[u8]) -> Result<Journal, String> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').peekable();
    let first = lines.next().unwrap_or_default();
    let head: Head = serde_json::from_slice(first).map_err(|error| at_line(1, &error))?;
    if head.journal != FORMAT {
        return Err(format!(
            "journal format {} is not {FORMAT}; read it with its own version",
            head.journal
        ));
    }
    let header = serde_json::from_slice(first).map_err(|error| at_line(1, &error))?;
    let mut journal = Journal {
        header,
        ended: Vec::new(),
        whole: first.len(),
    };
    for number in 2.. {
        let Some(line) = lines.next() else { break };
        let ended: Ended = match serde_json::from_slice(line) {
            Ok(ended) if line.ends_with(b"\n") => ended,
            Err(error) if lines.peek().is_some() => return Err(at_line(number, &error)),
            Ok(_) | Err(_) => break,
        };
        if journal.header.devices.get(ended.device).is_none() {
            return Err(format!(
                "line {number}: there is no device {}",
                ended.device
            ));
        }
        journal.ended.push(ended);
        journal.whole += line.len();
    }
    Ok(journal)
}

impl Journal {
    /// Returns how a planned case of a device ended; it may have been run again, and the last time
    /// counts.
    pub fn case(&self, device: usize, planned: &Planned) -> Option<&Case> {
        let mut ended = self.ended.iter().rev();
        let of = |one: &&Ended| {
            one.device == device
                && one.case.scenario == planned.scenario
                && one.case.area == planned.area
        };
        ended.find(of).map(|one| &one.case)
    }

    /// Returns how many cases were planned, and how many of them have ended.
    pub fn counts(&self) -> (usize, usize) {
        let devices = self.header.devices.iter().enumerate();
        let all = devices.flat_map(|(index, plan)| plan.cases.iter().map(move |one| (index, one)));
        let ended = all.map(|(index, one)| self.case(index, one).is_some());
        ended.fold((0, 0), |(planned, done), one| {
            (planned + 1, done + usize::from(one))
        })
    }

    /// Returns how long the run took by its last line, in milliseconds.
    pub fn elapsed_ms(&self) -> u64 {
        self.ended.last().map_or(0, |last| last.elapsed_ms)
    }

    /// Returns the report as far as it goes; what is missing is left out, and said to be.
    pub fn document(&self) -> Document {
        let devices = self.header.devices.iter().enumerate();
        Document::of(
            devices
                .map(|(index, plan)| self.report(index, plan))
                .collect(),
        )
    }

    fn report(&self, device: usize, plan: &Plan) -> Report {
        let mut cases = Vec::new();
        let mut left_out = plan.left_out.clone();
        for planned in &plan.cases {
            match self.case(device, planned) {
                Some(case) => cases.push(case.clone()),
                None => left_out.push(planned.left_out(MISSING)),
            }
        }
        // What is missing may still fail as its device file says.
        let stale = Vec::new();
        let elapsed_ms = self.elapsed_ms();
        self.header.report(plan, cases, left_out, stale, elapsed_ms)
    }
}

impl Header {
    /// Returns the report of one device, of what came of its plan.
    pub fn report(
        &self,
        plan: &Plan,
        cases: Vec<Case>,
        left_out: Vec<LeftOut>,
        stale: Vec<StaleKnown>,
        elapsed_ms: u64,
    ) -> Report {
        Report {
            format: crate::FORMAT,
            tool: self.tool.clone(),
            device: plan.device.clone(),
            firmware: plan.firmware.clone(),
            seed: self.seed,
            arguments: plan.arguments.clone(),
            captured: None,
            elapsed_ms,
            checks: self.checks.clone(),
            cases,
            left_out,
            stale,
            profiles: plan.profiles.clone(),
            results: Vec::new(),
            comes_to: None,
            provenance: None,
        }
        .scored()
    }
}

impl Planned {
    /// Returns it in words, as `family/name (east)`.
    pub fn words(&self) -> String {
        format!("{} ({})", self.scenario, self.area)
    }

    /// Returns it as a case that was to be run, and was not.
    pub fn left_out(&self, reason: &str) -> LeftOut {
        LeftOut {
            scenario: self.words(),
            reason: reason.to_owned(),
            cut_off: true,
        }
    }
}

/// What tells a journal from anything else.
#[derive(Deserialize)]
struct Head {
    journal: u32,
}

fn at_line(number: usize, error: &serde_json::Error) -> String {
    format!("line {number}: {error}")
}

/// How every journal begins.
const BEGINNING: &str = "{\"journal\":";
const MISSING: &str = "missing from the journal";
