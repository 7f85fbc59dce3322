//! The state of a machine that has booted: saved once, so that each run goes on from it.

use std::env;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::id;

use serde::{Deserialize, Serialize};

use super::description::Machine;
use crate::error::Error;

/// Where the state of a machine is; the files have no other names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The memory and all devices.
    pub memory: PathBuf,
    /// What was written to the disk.
    pub disk: Option<PathBuf>,
}

/// The files of a state, which are gone when this process is.
#[derive(Debug)]
pub struct Files {
    memory: File,
    disk: Option<File>,
}

impl Files {
    /// Makes empty files for the state of a machine.
    pub fn new(machine: &Machine) -> Result<Self, Error> {
        let make = || {
            tempfile::tempfile().map_err(|source| Error::Write {
                path: env::temp_dir(),
                source,
            })
        };
        Ok(Self {
            memory: make()?,
            disk: machine.disk.is_some().then(make).transpose()?,
        })
    }

    /// Returns where other processes of this user find them as long as this one lives.
    pub fn places(&self) -> Saved {
        let place = |file: &File| format!("/proc/{}/fd/{}", id(), file.as_raw_fd()).into();
        Saved {
            memory: place(&self.memory),
            disk: self.disk.as_ref().map(place),
        }
    }

    /// Returns how many bytes they hold.
    pub fn size(&self) -> io::Result<u64> {
        let disk = self.disk.as_ref().map(File::metadata).transpose()?;
        let disk = disk.map_or(0, |disk| disk.len());
        Ok(self.memory.metadata()?.len() + disk)
    }
}
