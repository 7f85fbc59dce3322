//! Where a worker puts what it makes, out of reach of everything the user has: its trace, the
//! device's logs, the files of real terminals. The device's control group goes with it.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::dut::description::{Description, Driver};
use crate::dut::process::group::Group;
use crate::dut::process::stranger::Stranger;
use crate::error::Error;

/// A folder that goes with this value.
pub(super) struct Desk {
    folder: TempDir,
    group: Option<Group>,
}

impl Desk {
    /// Makes one that the worker can write into, whoever it runs as.
    pub(super) fn new(description: &Description) -> Result<Self, Error> {
        let group = match &description.driver {
            Driver::Process(_) => Group::make(),
            Driver::Qemu(_) | Driver::Nic(_) => None,
        };
        let made = tempfile::tempdir().and_then(|folder| {
            let desk = Self { folder, group };
            for folder in [&desk.logs(), &desk.files()] {
                fs::create_dir(folder)?;
            }
            if let Some(stranger) = Stranger::of_root() {
                for folder in [desk.folder.path(), &desk.logs(), &desk.files()] {
                    stranger.own(folder)?;
                }
            }
            Ok(desk)
        });
        made.map_err(|source| Error::Write {
            path: env::temp_dir(),
            source,
        })
    }

    /// Returns where the device's logs go.
    pub(super) fn logs(&self) -> PathBuf {
        self.folder.path().join(LOGS)
    }

    /// Returns where the files of real terminals go.
    pub(super) fn files(&self) -> PathBuf {
        self.folder.path().join(FILES)
    }

    /// Returns where the trace goes.
    pub(super) fn trace(&self) -> PathBuf {
        self.folder.path().join("trace.jsonl")
    }

    /// Returns what leads into the device's control groups.
    pub(super) fn gates(&self) -> Vec<PathBuf> {
        self.group.as_ref().map(Group::gates).unwrap_or_default()
    }

    /// Copies logs and files into a folder of the user's.
    pub(super) fn hand_in(&self, out: &Path) -> Result<(), Error> {
        for name in [LOGS, FILES] {
            let to = out.join(name);
            copy(&self.folder.path().join(name), &to)
                .map_err(|source| Error::Write { path: to, source })?;
        }
        Ok(())
    }

    /// Returns where a path of the desk will be once it is handed in.
    pub(super) fn handed_in(&self, path: &str, out: &Path) -> String {
        match Path::new(path).strip_prefix(self.folder.path()) {
            Ok(rest) => out.join(rest).display().to_string(),
            Err(_) => path.to_owned(),
        }
    }
}

/// Copies plain files and folders, and nothing for a folder in which there is nothing.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, to) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to)?;
        } else if kind.is_file() {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

const LOGS: &str = "logs";
const FILES: &str = "files";
