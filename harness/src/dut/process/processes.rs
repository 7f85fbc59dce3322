//! The processes of a device, seen through the `/proc` of its sandbox.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, readlinkat, statat};

/// Every process of the sandbox but its pid 1.
pub(super) struct Processes {
    proc: OwnedFd,
}

/// A file that exists in memory alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId {
    /// The file system it belongs to.
    pub(super) device: u64,
    /// Its number there.
    pub(super) inode: u64,
}

/// What a process has open.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// How many descriptors.
    pub(super) descriptors: u64,
    /// How many descriptors wait in its sockets to be received.
    pub(super) on_their_way: u64,
    /// Files in memory that have no name anywhere, with the bytes they take.
    pub(super) memory: Vec<(FileId, u64)>,
}

impl Processes {
    /// Takes the root of a `/proc`.
    pub(super) fn new(proc: OwnedFd) -> Self {
        Self { proc }
    }

    /// Returns the numbers of all processes.
    pub(super) fn pids(&self) -> Vec<u32> {
        let Ok(entries) = Dir::read_from(&self.proc) else {
            return Vec::new();
        };
        let names = entries.flatten();
        let pids = names.filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok());
        pids.filter(|pid| *pid != 1).collect()
    }

    /// Returns the text of a process's file, if it is there still.
    pub(super) fn read(&self, pid: u32, name: &str) -> Option<String> {
        let path = format!("{pid}/{name}");
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat(&self.proc, path, flags, Mode::empty()).ok()?;
        let mut bytes = Vec::new();
        File::from(file).read_to_end(&mut bytes).ok()?;
        // Names in it are the device's, and may be anything.
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns the text of a file of the process's first thread that lives: the one it began with
    /// may have ended before the others.
    pub(super) fn of_a_thread(&self, pid: u32, name: &str) -> Option<String> {
        let text = self.read(pid, name);
        if text.as_ref().is_some_and(|text| !is_of_the_dead(text)) {
            return text;
        }
        let live = |tid: u32| {
            let text = self.read(pid, &format!("task/{tid}/{name}"))?;
            (!is_of_the_dead(&text)).then_some(text)
        };
        self.threads(pid).into_iter().find_map(live).or(text)
    }

    /// Returns what there is to know about the mappings of a process, if that has so many bytes at
    /// most.
    pub(super) fn maps(&self, pid: u32, most: usize) -> Option<String> {
        let threads = std::iter::once(pid)
            .chain(self.threads(pid))
            .take(MOST_THREADS);
        for tid in threads {
            let path = format!("{pid}/task/{tid}/smaps");
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            let Ok(file) = openat(&self.proc, path, flags, Mode::empty()) else {
                continue;
            };
            let mut bytes = Vec::new();
            let mut file = File::from(file).take(most as u64 + 1);
            if file.read_to_end(&mut bytes).is_err() || bytes.is_empty() {
                continue;
            }
            let is_whole = bytes.len() <= most;
            return is_whole.then(|| String::from_utf8_lossy(&bytes).into_owned());
        }
        None
    }

    fn threads(&self, pid: u32) -> Vec<u32> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(&self.proc, format!("{pid}/task"), flags, Mode::empty());
        let entries = folder
            .and_then(Dir::read_from)
            .into_iter()
            .flatten()
            .flatten();
        let tids = entries.filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok());
        tids.filter(|tid| *tid != pid).take(MOST_THREADS).collect()
    }

    /// Looks at what a process has open.
    pub(super) fn open(&self, pid: u32) -> Open {
        let mut open = Open::default();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(folder) = openat(&self.proc, format!("{pid}/fd"), flags, Mode::empty()) else {
            return open;
        };
        let Ok(entries) = Dir::read_from(&folder) else {
            return open;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Ok(target) = readlinkat(&folder, name, Vec::new()) else {
                continue;
            };
            open.descriptors += 1;
            let target = target.to_bytes();
            if target.starts_with(b"/memfd:") {
                let Ok(stat) = statat(&folder, name, AtFlags::empty()) else {
                    continue;
                };
                let id = FileId {
                    device: stat.st_dev,
                    inode: stat.st_ino,
                };
                let bytes = u64::try_from(stat.st_blocks).unwrap_or_default() * 512;
                open.memory.push((id, bytes));
            } else if target.starts_with(b"socket:") {
                let name = name.to_string_lossy();
                let info = self.read(pid, &format!("fdinfo/{name}"));
                open.on_their_way += info.as_deref().map_or(0, on_their_way);
            }
        }
        open
    }
}

/// Returns whether a thread's state is that of one that has ended.
fn is_of_the_dead(status: &str) -> bool {
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.is_some_and(|state| state.trim_start().starts_with(['Z', 'X']))
}

fn on_their_way(info: &str) -> u64 {
    let count = info.lines().find_map(|line| line.strip_prefix("scm_fds:"));
    count
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or_default()
}

/// As many as are looked at for one that lives.
const MOST_THREADS: usize = 64;
