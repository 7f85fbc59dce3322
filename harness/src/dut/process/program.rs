//! One program of the device, as its supervisor sees it: its process, and its output in a log of bounded size.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ExitStatus;

use ngnlab_sim::time::Time;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::dut::lines::Line;
use crate::dut::log::Log;

/// A program of the device, running or ended.
pub(super) struct Program {
    /// The name of its log.
    pub(super) name: String,
    /// Its process number inside the sandbox.
    pub(super) pid: i32,
    /// When it was started.
    pub(super) started_at: Time,
    /// Whether it is to end by itself.
    pub(super) is_script: bool,
    /// How it ended, once it has.
    pub(super) ended: Option<ExitStatus>,
    output: Option<File>,
    log: Log,
}

impl Program {
    /// Takes a program that runs; all it writes goes to `log`.
    pub(super) fn new(
        name: &str,
        pid: i32,
        is_script: bool,
        output: File,
        log: File,
        now: Time,
    ) -> io::Result<Self> {
        fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self {
            name: name.to_owned(),
            pid,
            started_at: now,
            is_script,
            ended: None,
            output: Some(output),
            log: Log::new(log),
        })
    }

    /// Returns what to sleep on until there is output.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(AsFd::as_fd)
    }

    /// Takes in some of what was written.
    pub(super) fn read(&mut self) {
        let mut bytes = [0; 16 * 1024];
        for _ in 0..READS_PER_TURN {
            let Some(output) = &mut self.output else {
                return;
            };
            match output.read(&mut bytes) {
                Ok(0) => self.output = None,
                Ok(length) => self.log.take_in(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.output = None,
            }
        }
    }

    /// Returns whether it has written a line that contains `part`.
    pub(super) fn has_written(&self, part: &str) -> bool {
        self.log.begins_with(part)
    }

    /// Returns whether it has written more than its log holds.
    pub(super) fn is_flooding(&self) -> bool {
        self.log.is_flooding()
    }

    /// Hands out the lines it wrote.
    pub(super) fn lines(&mut self) -> Vec<Line> {
        self.log.lines(&self.name)
    }

    /// Returns the last lines it wrote.
    pub(super) fn last_words(&self) -> String {
        self.log.last_words()
    }
}

const READS_PER_TURN: usize = 16;
