//! The records a world leaves, with a bound for each cable: a flood must not fill the memory.

use std::collections::BTreeMap;
use std::io;
use std::mem;

use crate::fault::Fate;
use crate::frame::Frame;
use crate::time::Time;
use crate::trace::{End, Record, Role, Seen};

/// Collects records.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) records: Vec<Record>,
    frames: BTreeMap<Role, u64>,
    suppressed: BTreeMap<Role, u64>,
    /// The first failure of a link that could not be told at once.
    pub(super) failure: Option<io::Error>,
}

impl Recorder {
    /// Adds a record.
    pub(super) fn push(&mut self, at: Time, seen: Seen) {
        self.records.push(Record { at, seen });
    }

    /// Adds a frame, or only counts it once its cable has had its share.
    pub(super) fn frame(
        &mut self,
        at: Time,
        on: Role,
        from: End,
        frame: &Frame,
        fate: Fate,
        injected: bool,
    ) {
        let count = self.frames.entry(on).or_default();
        *count += 1;
        if *count > FRAMES_PER_TRACE {
            *self.suppressed.entry(on).or_default() += 1;
            return;
        }
        self.push(
            at,
            Seen::Frame {
                on,
                from,
                frame: frame.clone(),
                fate,
                injected,
            },
        );
    }

    /// Returns the records, with how many were left out at the end.
    pub(super) fn finish(mut self, now: Time) -> Vec<Record> {
        for (on, count) in mem::take(&mut self.suppressed) {
            self.push(
                now,
                Seen::Suppressed {
                    on: Some(on),
                    count,
                },
            );
        }
        self.records
    }
}

const FRAMES_PER_TRACE: u64 = 200_000;
