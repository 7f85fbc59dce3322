//! What the part of a device file that is a driver's own has to answer.

use std::path::Path;
use std::time::Duration;

use super::variables::Samples;
use crate::error::Error;
use crate::mistake::Mistake;

/// What a run takes of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// How many bytes of memory, with some to spare.
    pub memory: u64,
    /// How long it keeps a processor busy until the device is ready, and just afterwards.
    pub start: Duration,
}

impl Default for Cost {
    /// Returns that of a router of a few small programs, which with its worker has 12 MiB of its
    /// own; some have larger ones.
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            start: Duration::from_millis(600),
        }
    }
}

/// A driver's own keys.
pub trait Part {
    /// Returns a bound on how long the device takes to get ready or to fail.
    fn ready_within(&self) -> Duration;

    /// Finds what is wrong with it in a device file that can be read.
    fn mistakes(&self, samples: Samples<'_>) -> Vec<Mistake>;

    /// Makes relative paths start at the folder of the file that names them.
    fn resolve(&mut self, _folder: &Path) {}

    /// Returns the programs of this machine that the driver takes.
    fn programs(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Says what else of this machine a device of this name lacks.
    fn check_machine(&self, _name: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Returns what a run with the device takes of this machine.
    fn cost(&self) -> Cost {
        Cost::default()
    }

    /// Returns how many there can be at all, if that is limited.
    fn most_at_once(&self) -> Option<usize> {
        None
    }
}
