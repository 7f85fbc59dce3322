//! How much memory a device takes: what its processes map, each page once however many share it,
//! files in memory whether they are mapped or not, and its private places.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::processes::{FileId, Open, Processes};

/// What one look found.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Files in memory without a name, with the bytes they take.
    files: BTreeMap<FileId, u64>,
    /// Bytes in segments of System V.
    segments: u64,
}

impl Look {
    /// Takes in what a process has open.
    pub(super) fn take_in(&mut self, open: &Open) {
        self.files.extend(open.memory.iter().copied());
    }

    /// Returns how many bytes the device takes, beside `stored` ones in its private places on
    /// these file systems, as far as it can matter where `most` are allowed.
    pub(super) fn total(
        mut self,
        processes: &Processes,
        pids: &[u32],
        (stored, stores): (u64, &BTreeSet<u64>),
        most: u64,
    ) -> u64 {
        let table = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
        self.segments = segments(&table);
        let kept = stored + self.segments + self.files.values().sum::<u64>();
        let held: Vec<(u32, u64)> = pids
            .iter()
            .map(|pid| (*pid, held(processes, *pid)))
            .collect();
        // Too much by what is shared, and cheap to find out.
        let rough = kept + held.iter().map(|(_, held)| held).sum::<u64>();
        if rough <= most {
            return rough;
        }
        let mut room = LONGEST_MAPS;
        let mapped = held.iter().map(|(pid, held)| {
            // Who has very many mappings is not looked at more closely.
            let Some(maps) = processes.maps(*pid, room).filter(|maps| !maps.is_empty()) else {
                return *held;
            };
            room -= maps.len();
            proportional(&maps, |id| {
                self.files.contains_key(&id) || stores.contains(&id.device)
            })
        });
        kept + mapped.sum::<u64>()
    }
}

/// Returns what a process holds in memory, with the tables that tell where.
fn held(processes: &Processes, pid: u32) -> u64 {
    let status = processes.of_a_thread(pid, "status").unwrap_or_default();
    let lines = status.lines().filter_map(|line| {
        let name = ["VmRSS:", "VmPTE:", "VmSwap:"]
            .into_iter()
            .find(|name| line.starts_with(name))?;
        Some(kib(line[name.len()..].split_ascii_whitespace().next()))
    });
    lines.sum()
}

/// Adds up the shares of a process in its mappings, but for files that are counted elsewhere.
fn proportional(smaps: &str, is_counted: impl Fn(FileId) -> bool) -> u64 {
    let mut total = 0;
    let mut counted = false;
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { continue };
        match first {
            "Pss:" if !counted => total += kib(words.next()),
            // Of a file that is counted elsewhere, what was written to a copy of one's own.
            "Anonymous:" if counted => total += kib(words.next()),
            "SwapPss:" => total += kib(words.next()),
            first if !first.ends_with(':') => {
                counted = mapping(line)
                    .is_some_and(|(id, name)| name.starts_with("/SYSV") || is_counted(id));
            }
            _ => {}
        }
    }
    total
}

/// Reads the head of a mapping: address, permissions, offset, device, inode, name.
fn mapping(line: &str) -> Option<(FileId, &str)> {
    let mut words = line.split_ascii_whitespace().skip(3);
    let (major, minor) = words.next()?.split_once(':')?;
    let number = |text| u32::from_str_radix(text, 16).ok();
    let device = rustix::fs::makedev(number(major)?, number(minor)?);
    let inode = words.next()?.parse().ok()?;
    Some((FileId { device, inode }, words.next().unwrap_or_default()))
}

/// Adds up what the segments of a table take, in memory and swapped out.
fn segments(table: &str) -> u64 {
    let mut lines = table.lines();
    let head: Vec<&str> = lines
        .next()
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect();
    let columns = ["rss", "swap"].map(|name| head.iter().position(|column| *column == name));
    let rows = lines.map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let values = columns
            .iter()
            .flatten()
            .filter_map(|column| fields.get(*column)?.parse::<u64>().ok());
        values.sum::<u64>()
    });
    rows.sum()
}

fn kib(word: Option<&str>) -> u64 {
    word.and_then(|word| word.parse::<u64>().ok())
        .unwrap_or_default()
        << 10
}

/// The most text about mappings that is read at a look.
const LONGEST_MAPS: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_counted_elsewhere_is_not_counted_twice() {
        let smaps = "\
            7f00-7f01 rw-s 00000000 00:01 1028     /memfd:x (deleted)\n\
            Pss:                 400 kB\nAnonymous:             0 kB\nSwapPss: 0 kB\n\
            7f02-7f03 rw-p 00000000 00:00 0 \n\
            Pss:                  12 kB\nAnonymous:            12 kB\nSwapPss: 1 kB\n\
            7f04-7f05 rw-s 00000000 00:01 3     /SYSV00000000 (deleted)\n\
            Pss:                 100 kB\nAnonymous:             0 kB\nSwapPss: 0 kB\n";
        let memfd = FileId {
            device: rustix::fs::makedev(0, 1),
            inode: 1028,
        };
        assert_eq!(proportional(smaps, |id| id == memfd), 13 << 10);
        assert_eq!(proportional(smaps, |_| false), 413 << 10);
    }

    #[test]
    fn segments_count_whether_they_are_attached_or_not() {
        let table = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n\
            \x20        0          0  1600               4194304  1234  1234      0     0     0     0     0          0          0 1700000000               8192                  4096\n";
        assert_eq!(segments(table), 12288);
        assert_eq!(segments(""), 0);
    }
}
