//! What a device takes of its machine, and whether it still has its interfaces.
//!
//! Runs in the supervisor, which the device can neither see nor deceive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use ngnlab_sim::time::Time;
use nix::net::if_::if_nametoindex;
use rustix::fs::{fstat, fstatvfs};

use super::memory::Look;
use super::processes::Processes;
use crate::dut::Failure;
use crate::dut::description::programs::{LAN_INTERFACE, WAN_INTERFACE};

/// Looks now and then.
pub(super) struct Watch {
    next: Time,
    places: Vec<Place>,
    devices: BTreeSet<u64>,
    /// The interfaces as they were first seen.
    interfaces: BTreeMap<&'static str, u32>,
    /// Whether too much memory was taken at the last look.
    was_bloated: bool,
}

/// A place of the device's own that it can fill.
struct Place {
    path: PathBuf,
    folder: OwnedFd,
}

impl Watch {
    /// Makes one that has not looked yet; a device stores things in these places.
    pub(super) fn new(places: impl IntoIterator<Item = (PathBuf, File)>) -> Self {
        let places = places.into_iter().map(|(path, folder)| Place {
            path,
            folder: folder.into(),
        });
        let places: Vec<Place> = places.collect();
        let devices = places
            .iter()
            .filter_map(|place| Some(fstat(&place.folder).ok()?.st_dev));
        Self {
            next: Time::ZERO,
            devices: devices.collect(),
            places,
            interfaces: BTreeMap::new(),
            was_bloated: false,
        }
    }

    /// Returns what is wrong, in a sentence, if it is time to look again.
    pub(super) fn look(&mut self, processes: &Processes, now: Time) -> Option<(Failure, String)> {
        if now < self.next {
            return None;
        }
        self.next = now + LOOK_EVERY;
        let pids = processes.pids();
        let count = u64::try_from(pids.len()).unwrap_or(u64::MAX);
        if count > MOST_PROCESSES {
            let what = format!("the device had {count} processes, of {MOST_PROCESSES} at most");
            return Some((Failure::Crowded, what));
        }
        let mut look = Look::default();
        let mut descriptors = 0;
        for pid in &pids {
            let open = processes.open(*pid);
            look.take_in(&open);
            descriptors += open.descriptors + open.on_their_way * HIDDEN_WEIGHT;
        }
        if descriptors > MOST_DESCRIPTORS {
            let what =
                format!("the device held {descriptors} descriptors, of {MOST_DESCRIPTORS} at most");
            return Some((Failure::Crowded, what));
        }
        let (stored, full) = self.stored();
        let stores = (stored, &self.devices);
        let taken = look.total(processes, &pids, stores, MOST_MEMORY);
        // A process that is about to run another program counts twice for a moment.
        let is_bloated = taken > MOST_MEMORY;
        if is_bloated {
            self.next = now + LOOK_AGAIN;
        }
        if is_bloated && std::mem::replace(&mut self.was_bloated, is_bloated) {
            let (taken, most) = (taken >> 20, MOST_MEMORY >> 20);
            let what = format!("the device took {taken} MiB of memory, of {most} MiB at most");
            return Some((Failure::Bloated, what));
        }
        self.was_bloated = is_bloated;
        full.or_else(|| self.unplugged())
    }

    /// Returns the interface that is gone, whatever has its name since.
    fn unplugged(&mut self) -> Option<(Failure, String)> {
        let gone = [WAN_INTERFACE, LAN_INTERFACE].into_iter().find(|name| {
            let Ok(index) = if_nametoindex(*name) else {
                return true;
            };
            *self.interfaces.entry(name).or_insert(index) != index
        });
        gone.map(|name| {
            let what = format!("the device deleted, renamed or moved its interface {name}");
            (Failure::Unplugged, what)
        })
    }

    /// Returns how much the device stores, and the place that is full, if one is.
    fn stored(&self) -> (u64, Option<(Failure, String)>) {
        let mut stored = 0;
        let mut full = None;
        for place in &self.places {
            let Ok(stat) = fstatvfs(&place.folder) else {
                continue;
            };
            stored += (stat.f_blocks - stat.f_bfree) * stat.f_frsize;
            if stat.f_bfree == 0 || stat.f_ffree == 0 {
                let what = match stat.f_bfree {
                    0 => format!("its {} MiB", (stat.f_blocks * stat.f_frsize) >> 20),
                    _ => format!("its {} files", stat.f_files),
                };
                let message = format!("the device has filled {}, {what}", place.path.display());
                full = Some((Failure::DiskFull, message));
            }
        }
        (stored, full)
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// More than any router program has been seen to take, and little enough for many side by side.
pub(super) const MOST_MEMORY: u64 = 512 << 20;
/// More than any router has been seen to have: a dozen.
pub(super) const MOST_PROCESSES: u64 = 512;
/// BIND holds some hundred.
const MOST_DESCRIPTORS: u64 = 32 << 10;
/// What waits in a socket cannot be looked into, and no router keeps anything there for long.
const HIDDEN_WEIGHT: u64 = 4096;
/// The largest file, in memory or in a private place; Knot Resolver's cache has 100 MiB.
pub(super) const LARGEST_FILE: u64 = 128 << 20;
