//! The third wall, where the user may build it: a control group, by which the kernel itself bounds
//! a device's memory and processes.
//!
//! The supervisor watches both as well, and tells in which way a device takes too much; the group
//! catches what is quicker than that or cannot be seen.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::id;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::poll::{PollTimeout, poll};

use super::watch::{MOST_MEMORY, MOST_PROCESSES};

/// Files of a group, and the most that each is to allow.
type Limits = Vec<(&'static str, u64)>;

/// Control groups for one device; they go with this value.
#[derive(Debug)]
pub(crate) struct Group {
    folders: Vec<PathBuf>,
}

impl Group {
    /// Makes them below the groups of this process, as far as it may.
    pub(crate) fn make() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", id());
        let mut group = Self {
            folders: Vec::new(),
        };
        for (parents, limits) in hierarchies(&mounts, &own) {
            let folders = parents.iter().map(|parent| {
                sweep(parent);
                parent.join(&name)
            });
            group
                .folders
                .extend({ folders }.find(|folder| is_made(folder, &limits)));
        }
        (!group.folders.is_empty()).then_some(group)
    }

    /// Returns the files by which a process gets in.
    pub(crate) fn gates(&self) -> Vec<PathBuf> {
        let folders = self.folders.iter();
        folders.map(|folder| folder.join("cgroup.procs")).collect()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            // The kernel takes a moment to see off the last process.
            for _ in 0..REMOVE_TURNS {
                match fs::remove_dir(folder) {
                    Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                        let _ = poll(&mut [], PollTimeout::from(10_u8));
                    }
                    _ => break,
                }
            }
        }
    }
}

/// Makes a group with these limits; false leaves nothing behind.
fn is_made(folder: &Path, limits: &[(&str, u64)]) -> bool {
    if fs::create_dir(folder).is_err() {
        return false;
    }
    let set = |(file, most): &(&str, u64)| fs::write(folder.join(file), most.to_string());
    let is_bounded = limits.iter().all(|limit| set(limit).is_ok());
    if !is_bounded {
        let _ = fs::remove_dir(folder);
    }
    is_bounded
}

/// Opens gates while this process still may.
pub(super) fn open(gates: &[PathBuf]) -> Vec<File> {
    let open = |path: &PathBuf| File::options().write(true).open(path).ok();
    gates.iter().filter_map(open).collect()
}

/// Lets a process in, and all that it starts from then on.
pub(super) fn let_in(gates: &mut [File], pid: u32) -> io::Result<()> {
    let mut gates = gates.iter_mut();
    gates.try_for_each(|gate| gate.write_all(pid.to_string().as_bytes()))
}

/// Returns of each hierarchy where a group can be made, best first, and what bounds it there.
fn hierarchies(mounts: &str, own: &str) -> Vec<(Vec<PathBuf>, Limits)> {
    let mut found = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let limits = match controllers {
            "" => vec![("memory.max", MOST), ("pids.max", MOST_THREADS)],
            "memory" => vec![("memory.limit_in_bytes", MOST)],
            "pids" => vec![("pids.max", MOST_THREADS)],
            _ => continue,
        };
        let Some(folder) = folder(mounts, controllers, path) else {
            continue;
        };
        // In the second version a group with processes has no bounded ones below, so that a sister
        // is what can be had.
        let sister = match (controllers, path) {
            ("", path) if path != "/" => folder.parent().map(Path::to_owned),
            _ => None,
        };
        found.push((std::iter::once(folder).chain(sister).collect(), limits));
    }
    found
}

/// Returns where a group is mounted.
fn folder(mounts: &str, controllers: &str, path: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        let mut kind = kind.split(' ');
        let fits = match (kind.next()?, controllers) {
            ("cgroup2", "") => true,
            ("cgroup", name) if !name.is_empty() => {
                kind.nth(1)?.split(',').any(|option| option == name)
            }
            _ => false,
        };
        let below = Path::new(path).strip_prefix(root).ok()?;
        fits.then(|| Path::new(point).join(below))
    })
}

/// Removes groups that a killed harness has left.
fn sweep(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let of = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let pid = of.and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // One that is not empty stays.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

const PREFIX: &str = "ngnlab-";
/// More than a device may have: that is found out before, and told better.
const MOST: u64 = 4 * MOST_MEMORY;
/// Threads count as well here.
const MOST_THREADS: u64 = 4 * MOST_PROCESSES;
const REMOVE_TURNS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_hierarchies_are_found() {
        let mounts = "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
            31 24 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
            32 24 0:28 /user.slice /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
        let own = "4:memory:/a\n8:pids:/\n7:blkio:/\n0::/user.slice/b.scope\n";
        let folders = hierarchies(mounts, own).into_iter();
        let folders: Vec<PathBuf> = folders.flat_map(|(folders, _)| folders).collect();
        let expected = [
            "/sys/fs/cgroup/memory/a",
            "/sys/fs/cgroup/pids",
            "/sys/fs/cgroup/b.scope",
            "/sys/fs/cgroup",
        ];
        assert_eq!(folders, expected.map(PathBuf::from));
    }
}
