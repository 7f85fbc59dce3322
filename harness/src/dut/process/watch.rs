//! What a device takes of its machine, and whether it still has its interfaces.
//!
//! Runs in pid 1 of the sandbox, whose `/proc` and `/sys` show the sandbox alone.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ngnlab_sim::time::Time;
use nix::unistd::{SysconfVar, sysconf};

use super::{LAN_INTERFACE, WAN_INTERFACE};
use crate::dut::Failure;

/// Looks now and then.
pub(super) struct Watch {
    next: Time,
    page: u64,
}

impl Watch {
    /// Makes one that has not looked yet.
    pub(super) fn new() -> Self {
        let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        Self {
            next: Time::ZERO,
            page: page.and_then(|size| size.try_into().ok()).unwrap_or(4096),
        }
    }

    /// Returns what is wrong, in a sentence, if it is time to look again.
    pub(super) fn look(&mut self, now: Time) -> Option<(Failure, String)> {
        if now < self.next {
            return None;
        }
        self.next = now + LOOK_EVERY;
        let taken = self.memory();
        if taken > MOST_MEMORY {
            let (taken, most) = (taken >> 20, MOST_MEMORY >> 20);
            let what = format!("the device took {taken} MiB of memory, of {most} MiB at most");
            return Some((Failure::Bloated, what));
        }
        let gone = [WAN_INTERFACE, LAN_INTERFACE]
            .into_iter()
            .find(|name| !Path::new("/sys/class/net").join(name).exists());
        gone.map(|name| {
            let what = format!("the device deleted its interface {name}");
            (Failure::Unplugged, what)
        })
    }

    /// Returns how many bytes all programs hold in memory; what they share counts for each.
    fn memory(&self) -> u64 {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let programs = processes.filter(|entry| {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.parse::<u32>().ok());
            number.is_some_and(|pid| pid > 1)
        });
        let pages = programs.filter_map(|entry| {
            let text = fs::read_to_string(entry.path().join("statm")).ok()?;
            text.split(' ').nth(1)?.parse::<u64>().ok()
        });
        pages.sum::<u64>() * self.page
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// More than any router program has been seen to take, and little enough for many side by side.
const MOST_MEMORY: u64 = 512 << 20;
