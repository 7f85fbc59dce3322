//! A log that a device fills: bounded on disk and in memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;

use ngnlab_sim::link::clock;

use super::lines::{Line, Lines};

/// Output, bounded on disk and in memory.
pub(super) struct Log {
    file: File,
    length: usize,
    head: String,
    tail: VecDeque<u8>,
    lines: Lines,
}

impl Log {
    /// Makes one that goes on at the end of a file.
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            length: 0,
            head: String::new(),
            tail: VecDeque::new(),
            lines: Lines::default(),
        }
    }

    /// Takes in some of what was written.
    pub(super) fn take_in(&mut self, bytes: &[u8]) {
        let room = LONGEST_LOG.saturating_sub(self.length);
        // A full disk must not end the run; the last words are kept in memory.
        let _ = self.file.write_all(&bytes[..bytes.len().min(room)]);
        self.length = self.length.saturating_add(bytes.len());
        self.lines.take_in(bytes, clock::reading());
        if self.head.len() < LONGEST_HEAD {
            self.head.push_str(&String::from_utf8_lossy(bytes));
        }
        self.tail.extend(bytes);
        let surplus = self.tail.len().saturating_sub(LONGEST_TAIL);
        self.tail.drain(..surplus);
    }

    /// Hands out the lines that have come, under the name of this log.
    pub(super) fn lines(&mut self, name: &str) -> Vec<Line> {
        self.lines.hand_out(name)
    }

    /// Returns whether a part was written, in the beginning, where readiness is told.
    pub(super) fn begins_with(&self, part: &str) -> bool {
        self.head.contains(part)
    }

    /// Returns whether nothing was written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns whether more was written than the log holds.
    pub(super) fn is_flooding(&self) -> bool {
        self.length > LONGEST_LOG
    }

    /// Returns the last lines that were written.
    pub(super) fn last_words(&self) -> String {
        let (front, back) = self.tail.as_slices();
        let tail = [front, back].concat();
        let text = String::from_utf8_lossy(&tail);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

const LONGEST_LOG: usize = 16 << 20;
const LONGEST_HEAD: usize = 256 << 10;
const LONGEST_TAIL: usize = 2 << 10;
const LAST_LINES: usize = 8;
