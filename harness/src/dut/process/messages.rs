//! What worker, supervisor and pid 1 of a sandbox tell each other: plain data, which each of them may
//! know.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dut::DeviceFailure;
use crate::dut::description::programs::plan::{Plan, PlannedFile};
use crate::dut::lines::Line;

/// What a worker may ask the supervisor for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// To make the files of the sandbox.
    Enter(Entry),
    /// To end everything that runs, and start what the plan says.
    Start(Plan),
    /// To tell what the programs have written.
    Recall,
}

/// What the sandbox is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Directories that are empty and the device's own, beside `/run`.
    pub private: Vec<PathBuf>,
    /// Users that are the namespace's one user inside.
    pub root_users: Vec<String>,
    /// What of the host it sees beside the usual.
    pub sees: Vec<Seen>,
    /// The root file system that it brings along.
    pub root: Option<PathBuf>,
    /// Whether what is written to it goes into a layer already.
    pub root_is_layered: bool,
    /// Whether it mounts things in its own places, and does without the wall that forbids it.
    pub mounts: bool,
    /// Where the programs' logs go, on the host.
    pub logs: PathBuf,
}

impl Entry {
    /// Returns the directories that are empty and the device's own.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        let mut places = vec![PathBuf::from("/run")];
        places.extend(self.private.iter().cloned());
        places.sort();
        places.dedup();
        // What the device file shows there is not covered.
        places.retain(|place| !self.sees.iter().any(|seen| place.starts_with(&seen.at)));
        // A link such as /var/run is /run already.
        places.retain(|place| !Path::new("/var/run").eq(place));
        places
    }
}

/// A file or folder of the host that a device sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where it is on the host.
    pub host: PathBuf,
    /// Where the device finds it.
    pub at: PathBuf,
}

/// What the supervisor has to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The sandbox is there, and its pid 1 has this number on the host.
    Entered(u32),
    /// Every program is ready.
    Ready,
    /// The host kept the programs waiting for a processor, so long in all.
    Starved(Duration),
    /// Lines that the programs have written.
    Wrote(Vec<Line>),
    /// That was all that they have written.
    WroteAll,
    /// The device does not do its part.
    Failed(DeviceFailure),
    /// We could not do ours.
    Cannot {
        /// What was tried.
        doing: String,
        /// Why not.
        why: String,
    },
}

/// What the supervisor asks pid 1 for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// To make the sandbox.
    Enter(Entry),
    /// To write the device's files.
    Write(Vec<PlannedFile>),
    /// To start a program.
    Run {
        /// The program and its arguments.
        words: Vec<String>,
        /// What it finds in its environment.
        environment: BTreeMap<String, String>,
    },
    /// To end everything but itself.
    Stop,
}

/// What pid 1 answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Told {
    /// The sandbox is there, and pid 1 has the root of its `/proc` open by this number until it is
    /// asked for something else.
    Entered(i32),
    /// The files are written.
    Written,
    /// A program runs.
    Started {
        /// Its number inside the sandbox.
        pid: i32,
        /// By which number pid 1 has the pipe open into which it writes, until it is asked for
        /// something else.
        output: i32,
    },
    /// A program cannot be started.
    NotStarted(String),
    /// A process has ended.
    Ended {
        /// Its number inside the sandbox.
        pid: i32,
        /// Its status, as `wait` gives it.
        status: i32,
    },
    /// Everything has ended.
    Stopped,
    /// Something could not be done.
    Cannot {
        /// What was tried.
        doing: String,
        /// Why not.
        why: String,
    },
}
