//! The serial console: what the machine writes goes into a log, and is looked through for the
//! words that a script waits for and those that tell of trouble.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use ngnlab_sim::time::Time;

use crate::dut::lines::Line;
use crate::dut::log::Log;

/// A serial console.
pub(super) struct Console {
    stream: UnixStream,
    log: Log,
    typed: VecDeque<u8>,
    /// What came since the words that were waited for last.
    unread: Vec<u8>,
    line: Vec<u8>,
    words: Vec<String>,
    found: Option<String>,
    heard_at: Option<Time>,
    closed: bool,
}

impl Console {
    /// Makes one that looks out for lines with certain words.
    pub(super) fn new(stream: UnixStream, log: File, words: Vec<String>) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            log: Log::new(log),
            typed: VecDeque::new(),
            unread: Vec::new(),
            line: Vec::new(),
            words,
            found: None,
            heard_at: None,
            closed: false,
        })
    }

    /// Types what is due and reads what has come.
    pub(super) fn turn(&mut self, now: Time) {
        while !self.typed.is_empty() {
            let (front, _) = self.typed.as_slices();
            match self.stream.write(front) {
                Ok(count) => drop(self.typed.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.typed.clear(),
            }
        }
        let mut bytes = [0; 16 << 10];
        for _ in 0..READS_PER_TURN {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.closed = true,
                Ok(count) => {
                    self.heard_at = Some(now);
                    self.take_in(&bytes[..count]);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.closed = true,
            }
            return;
        }
    }

    /// Types something.
    pub(super) fn type_in(&mut self, text: &str) {
        self.typed.extend(text.as_bytes());
    }

    /// Returns whether words have come, and goes on behind them.
    pub(super) fn pass(&mut self, words: &str) -> bool {
        let Some(at) = find(&self.unread, words.as_bytes()) else {
            return false;
        };
        self.unread.drain(..at + words.len());
        true
    }

    /// Returns the whole line that begins with a mark, without it, once it has come.
    pub(super) fn line_after(&mut self, mark: &str) -> Option<String> {
        let from = find(&self.unread, mark.as_bytes())? + mark.len();
        let length = self.unread[from..].iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&self.unread[from..from + length]).into_owned();
        self.unread.drain(..=from + length);
        Some(line.trim_end().to_owned())
    }

    /// Leaves aside what has come.
    pub(super) fn forget(&mut self) {
        self.unread.clear();
    }

    /// Returns the first line with one of the words that are looked out for.
    pub(super) fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// Returns when something came last.
    pub(super) fn heard_at(&self) -> Option<Time> {
        self.heard_at
    }

    /// Returns whether its other end has been closed.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Returns what has come in all.
    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// Hands out the lines that have come.
    pub(super) fn lines(&mut self) -> Vec<Line> {
        self.log.lines("console")
    }

    /// Returns what to sleep on until something comes.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        (!self.closed).then(|| self.stream.as_fd())
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.log.take_in(bytes);
        self.unread.extend(bytes);
        let surplus = self.unread.len().saturating_sub(LONGEST_UNREAD);
        self.unread.drain(..surplus);
        for byte in bytes {
            match byte {
                b'\n' => self.look_through_line(),
                byte if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                _ => {}
            }
        }
    }

    fn look_through_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        if self.found.is_none() && self.words.iter().any(|words| line.contains(words.as_str())) {
            self.found = Some(line.trim().to_owned());
        }
        self.line.clear();
    }
}

fn find(bytes: &[u8], words: &[u8]) -> Option<usize> {
    bytes
        .windows(words.len().max(1))
        .position(|part| part == words)
}

const READS_PER_TURN: usize = 64;
const LONGEST_UNREAD: usize = 64 << 10;
const LONGEST_LINE: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_their_order_and_trouble_at_any_time() {
        let (mut console, mut guest) = pair();
        guest.write_all(b"login: \r\nKernel pa").unwrap();
        console.turn(Time::ZERO);
        assert!(console.pass("login: "));
        assert!(!console.pass("login: "));
        assert_eq!(console.found(), None);
        guest
            .write_all(b"nic - not syncing\r\nended-7\r\n# ")
            .unwrap();
        console.turn(Time::ZERO);
        assert_eq!(console.found(), Some("Kernel panic - not syncing"));
        assert_eq!(console.line_after("ended-").as_deref(), Some("7"));
        assert!(console.pass("# "));
        assert!(!console.is_closed());
        drop(guest);
        console.turn(Time::ZERO);
        assert!(console.is_closed());
    }

    #[test]
    fn a_status_counts_once_its_line_is_whole() {
        let (mut console, mut guest) = pair();
        guest.write_all(b"ended-1").unwrap();
        console.turn(Time::ZERO);
        assert_eq!(console.line_after("ended-"), None);
        guest.write_all(b"27\n").unwrap();
        console.turn(Time::ZERO);
        assert_eq!(console.line_after("ended-").as_deref(), Some("127"));
    }

    fn pair() -> (Console, UnixStream) {
        let (near, guest) = UnixStream::pair().unwrap();
        let words = vec!["Kernel panic".to_owned()];
        let console = Console::new(near, tempfile::tempfile().unwrap(), words).unwrap();
        (console, guest)
    }
}
