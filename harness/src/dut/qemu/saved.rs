//! The state of a machine that has booted: saved once, so that each run goes on from it.

use std::env;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, id};

use serde::{Deserialize, Serialize};

use crate::dut::description::machine::{LAYER_MAKER, Machine};
use crate::error::Error;
use crate::installed::PATH;

/// Where the state of a machine is; the files have no other names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The memory and all devices.
    pub memory: PathBuf,
    /// What was written to the disk.
    pub disk: Option<PathBuf>,
}

/// From what a machine is switched on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'a> {
    /// From nothing; what it writes to its disk is lost with it.
    Cold,
    /// From nothing, to be saved.
    ToBeSaved(&'a Saved),
    /// From a saved state; what it writes to its disk is lost with it.
    Saved(&'a Saved),
}

/// The files of a state, which are gone when this process is.
#[derive(Debug)]
pub struct Files {
    memory: File,
    disk: Option<File>,
}

impl Files {
    /// Makes files for the state of a machine: an empty one, and an empty layer above its disk.
    pub fn new(machine: &Machine) -> Result<Self, Error> {
        let make = || {
            tempfile::tempfile().map_err(|source| Error::Write {
                path: env::temp_dir(),
                source,
            })
        };
        let files = Self {
            memory: make()?,
            disk: machine.disk.is_some().then(make).transpose()?,
        };
        if let (Some(image), Some(layer)) = (&machine.disk, files.places().disk) {
            make_layer(image, &machine.disk_format, &layer).map_err(|source| Error::Missing {
                doing: format!("make a layer above {}", image.display()),
                help: "`disk-format` is the format of the image".to_owned(),
                source: Some(source),
            })?;
        }
        Ok(files)
    }

    /// Returns where other processes of this user find them as long as this one lives.
    pub fn places(&self) -> Saved {
        let place = |file: &File| format!("/proc/{}/fd/{}", id(), file.as_raw_fd()).into();
        Saved {
            memory: place(&self.memory),
            disk: self.disk.as_ref().map(place),
        }
    }
}

fn make_layer(image: &Path, format: &str, layer: &Path) -> io::Result<()> {
    let image = image.canonicalize()?;
    let made = Command::new(LAYER_MAKER)
        .args(["create", "-q", "-f", "qcow2", "-F", format, "-b"])
        .args([&image, layer])
        .env("PATH", PATH)
        .output()?;
    match made.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(
            String::from_utf8_lossy(&made.stderr).trim().to_owned(),
        )),
    }
}
