//! Where a worker puts what it makes, out of reach of everything the user has: its trace, the
//! device's logs, the files of real terminals. The device's control group goes with it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::drivers;
use crate::dut::description::Description;
use crate::dut::process::group::Group;
use crate::dut::process::stranger::Stranger;
use crate::error::Error;
use crate::scratch::Scratch;

/// A folder that goes with this value.
pub(super) struct Desk {
    scratch: Scratch,
    group: Option<Group>,
}

impl Desk {
    /// Makes one that the worker can write into, whoever it runs as.
    pub(super) fn new(description: &Description) -> Result<Self, Error> {
        let desk = Self {
            scratch: Scratch::new()?,
            group: drivers::group(&description.driver),
        };
        let owner = drivers::stranger(&description.driver);
        desk.furnish(owner).map_err(|source| Error::Write {
            path: desk.folder(),
            source,
        })?;
        Ok(desk)
    }

    fn furnish(&self, owner: Option<Stranger>) -> io::Result<()> {
        let folders = [self.folder(), self.logs(), self.files()];
        folders.iter().try_for_each(fs::create_dir)?;
        if let Some(stranger) = owner {
            // To pass through, and no more.
            fs::set_permissions(self.scratch.path(), fs::Permissions::from_mode(0o711))?;
            folders.iter().try_for_each(|folder| stranger.own(folder))?;
        }
        Ok(())
    }

    fn folder(&self) -> PathBuf {
        self.scratch.path().join("desk")
    }

    /// Returns where the device's logs go.
    pub(super) fn logs(&self) -> PathBuf {
        self.folder().join(LOGS)
    }

    /// Returns where the files of real terminals go.
    pub(super) fn files(&self) -> PathBuf {
        self.folder().join(FILES)
    }

    /// Returns where the trace goes.
    pub(super) fn trace(&self) -> PathBuf {
        self.folder().join("trace.jsonl")
    }

    /// Returns what leads into the device's control groups.
    pub(super) fn gates(&self) -> Vec<PathBuf> {
        self.group.as_ref().map(Group::gates).unwrap_or_default()
    }

    /// Copies logs and files into a folder of the user's.
    pub(super) fn hand_in(&self, out: &Path) -> Result<(), Error> {
        for name in [LOGS, FILES] {
            let to = out.join(name);
            copy(&self.folder().join(name), &to)
                .map_err(|source| Error::Write { path: to, source })?;
        }
        Ok(())
    }

    /// Returns where a path of the desk will be once it is handed in.
    pub(super) fn handed_in(&self, path: &str, out: &Path) -> String {
        match Path::new(path).strip_prefix(self.folder()) {
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
