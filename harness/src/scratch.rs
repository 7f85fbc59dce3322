//! Folders for what is needed only for a while, and what becomes of them when a process is killed.
//!
//! Such a folder is called `ngnlab-<process>-<something>`, and a file in it is locked as long as
//! its process lives. One that nobody holds was left by a process that was killed.
//!
//! A folder has no lock while it is being made. Whoever makes one shares a lock on the place
//! where it is made, and whoever sweeps holds that lock alone: a folder without a lock is then one
//! whose process was killed in the middle.

use std::env;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::id;
use std::thread::park_timeout;
use std::time::Duration;

use nix::unistd::geteuid;
use tempfile::{Builder, TempDir};

use crate::error::Error;

/// A folder that is gone when this is.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes an empty folder.
    pub(crate) fn new() -> Result<Self, Error> {
        Self::below(&env::temp_dir()).map_err(|source| Error::Write {
            path: env::temp_dir(),
            source,
        })
    }

    /// Returns where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn below(place: &Path) -> io::Result<Self> {
        let _shared = hold(place, File::try_lock_shared);
        let prefix = format!("{PREFIX}{}-", id());
        let folder = Builder::new().prefix(&prefix).tempdir_in(place)?;
        // It gets its name once it is locked, so that nobody sees it unlocked.
        let early = folder.path().join("early");
        let lock = File::create(&early)?;
        lock.lock()?;
        fs::rename(&early, folder.path().join(LOCK))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be taken away now is swept by whoever comes next.
        take_away(self.folder.path());
    }
}

/// Takes away what processes of this user have left that were killed.
pub(crate) fn sweep() {
    sweep_below(&env::temp_dir());
}

fn sweep_below(place: &Path) {
    // What cannot be looked at or taken away is in nobody's way.
    let alone = hold(place, File::try_lock);
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if is_ours(&name.to_string_lossy()) && is_left(&entry.path(), alone.is_some()) {
            take_away(&entry.path());
        }
    }
}

/// Holds a folder's lock as long as what is returned lives; nothing if somebody keeps it, who need
/// not be one of ours: others may lock a folder that all can read.
fn hold(place: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> Option<File> {
    let folder = File::open(place).ok()?;
    let held = within(PATIENCE, || lock(&folder).is_ok());
    held.then_some(folder)
}

/// Takes a folder away, in which somebody who is about to end may still write.
fn take_away(folder: &Path) {
    within(PATIENCE, || match fs::remove_dir_all(folder) {
        Err(error) => error.kind() != io::ErrorKind::DirectoryNotEmpty,
        Ok(()) => true,
    });
}

/// Tries something again and again for a while.
fn within(patience: Duration, mut succeeds: impl FnMut() -> bool) -> bool {
    let mut left = patience;
    loop {
        if succeeds() {
            return true;
        }
        if left.is_zero() {
            return false;
        }
        park_timeout(PAUSE);
        left = left.saturating_sub(PAUSE);
    }
}

fn is_ours(name: &str) -> bool {
    let process = name
        .strip_prefix(PREFIX)
        .and_then(|name| name.split_once('-'));
    process.is_some_and(|(process, _)| {
        !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Returns whether a folder is this user's, and its process is gone.
fn is_left(folder: &Path, nobody_makes_one: bool) -> bool {
    let Ok(there) = fs::symlink_metadata(folder) else {
        return false;
    };
    if !there.is_dir() || there.uid() != geteuid().as_raw() {
        return false;
    }
    match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        // It may be about to be locked.
        Err(_) => nobody_makes_one || is_older(folder, LOCKED_WITHIN).unwrap_or(false),
    }
}

/// Returns whether a file is older than another one that is made now.
fn is_older(path: &Path, age: Duration) -> io::Result<bool> {
    let now = tempfile::tempfile()?.metadata()?.modified()?;
    let then = fs::symlink_metadata(path)?.modified()?;
    Ok(now.duration_since(then).is_ok_and(|since| since > age))
}

const PREFIX: &str = "ngnlab-";
const LOCK: &str = "lock";
const LOCKED_WITHIN: Duration = Duration::from_secs(60);
/// To make or to sweep takes far less.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_holds_or_makes_is_swept() {
        let place = tempfile::tempdir().unwrap();
        let held = Scratch::below(place.path()).unwrap();
        let left = place.path().join("ngnlab-17-left");
        let early = place.path().join("ngnlab-18-early");
        let other = place.path().join("ngnlab-check-19");
        for folder in [&left, &early, &other] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(left.join(LOCK), "").unwrap();
        fs::write(left.join("trace.jsonl"), "").unwrap();
        fs::write(other.join(LOCK), "").unwrap();
        let busy = hold(place.path(), File::try_lock_shared);
        assert!(busy.is_some());
        sweep_below(place.path());
        assert!(!left.exists());
        for folder in [held.path(), &early, &other] {
            assert!(folder.exists(), "{}", folder.display());
        }
        drop(busy);
        sweep_below(place.path());
        assert!(!early.exists());
        for folder in [held.path(), &other] {
            assert!(folder.exists(), "{}", folder.display());
        }
        let path = held.path().to_owned();
        drop(held);
        assert!(!path.exists());
    }

    #[test]
    fn what_lies_there_for_long_without_a_lock_is_old() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let old = file.as_file().metadata().unwrap().modified().unwrap() - LOCKED_WITHIN * 2;
        file.as_file().set_modified(old).unwrap();
        assert!(is_older(file.path(), LOCKED_WITHIN).unwrap());
        assert!(!is_older(file.path(), LOCKED_WITHIN * 3).unwrap());
    }
}
