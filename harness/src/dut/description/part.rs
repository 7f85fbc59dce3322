//! What the part of a device file that is a driver's own has to answer.

use std::path::Path;
use std::time::Duration;

use super::variables::Samples;
use crate::error::Error;
use crate::mistake::Mistake;

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

    /// Returns how many share a processor unless the user says otherwise, if its driver knows.
    fn at_once(&self) -> Option<usize> {
        // Most wait for most of their time.
        None
    }

    /// Returns how many there can be at all, if that is limited.
    fn most_at_once(&self) -> Option<usize> {
        None
    }
}
