//! QEMU's control socket: commands with their answers, and events in between (QMP).

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::{Value, json};

/// The control socket of one QEMU.
pub(super) struct Qmp {
    stream: UnixStream,
    arrived: Vec<u8>,
    events: Vec<Value>,
}

impl Qmp {
    /// Makes one of its end of the socket.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            arrived: Vec::new(),
            events: Vec::new(),
        })
    }

    /// Takes in QEMU's greeting, and asks for commands.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.message("QMP")?;
        self.execute("qmp_capabilities", json!({})).map(drop)
    }

    /// Has QEMU do something, and returns its answer.
    pub(super) fn execute(&mut self, command: &str, arguments: Value) -> io::Result<Value> {
        let order = json!({ "execute": command, "arguments": arguments });
        // Far less than a socket holds.
        self.stream.write_all(format!("{order}\n").as_bytes())?;
        let mut answer = self.message("return")?;
        if let Some(why) = answer["error"]["desc"].as_str() {
            return Err(io::Error::other(format!("{command}: {why}")));
        }
        Ok(answer["return"].take())
    }

    /// Returns what QEMU has told since this was asked last.
    pub(super) fn events(&mut self) -> Vec<Value> {
        // Whoever has closed the socket tells by its end.
        let _ = self.read();
        while let Some(message) = self.next_line() {
            self.events.push(message);
        }
        std::mem::take(&mut self.events)
    }

    /// Returns what to sleep on until QEMU tells something.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Waits for a message with a certain key or an error, and keeps the events before it.
    fn message(&mut self, key: &str) -> io::Result<Value> {
        let clock = Clock::starting_at(Time::ZERO);
        loop {
            while let Some(message) = self.next_line() {
                if message.get(key).is_some() || message.get("error").is_some() {
                    return Ok(message);
                }
                self.events.push(message);
            }
            let left = ANSWER_WITHIN.saturating_sub(clock.now().since(Time::ZERO));
            if left.is_zero() {
                let what = format!("QEMU answered nothing within {ANSWER_WITHIN:?}");
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            let mut fds = [PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => self.read()?,
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.arrived.extend(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn next_line(&mut self) -> Option<Value> {
        loop {
            let end = self.arrived.iter().position(|byte| *byte == b'\n')?;
            let line: Vec<u8> = self.arrived.drain(..=end).collect();
            if let Ok(message) = serde_json::from_slice(&line) {
                return Some(message);
            }
        }
    }
}

const ANSWER_WITHIN: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_between_an_order_and_its_answer_are_kept() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let mut qmp = Qmp::new(near).unwrap();
        far.write_all(b"{\"QMP\": {}}\r\n{\"return\": {}}\r\n")
            .unwrap();
        qmp.begin().unwrap();
        far.write_all(b"{\"event\": \"RESET\"}\n{\"return\": {\"status\": \"paused\"}}\n")
            .unwrap();
        let answer = qmp.execute("query-status", json!({})).unwrap();
        assert_eq!(answer["status"], "paused");
        assert_eq!(qmp.events(), [json!({ "event": "RESET" })]);
        assert_eq!(qmp.events(), [Value::Null; 0]);
        far.write_all(b"{\"error\": {\"desc\": \"no such device\"}}\n")
            .unwrap();
        let error = qmp.execute("set_link", json!({})).unwrap_err();
        assert_eq!(error.to_string(), "set_link: no such device");
        drop(far);
        assert!(qmp.execute("quit", json!({})).is_err());
    }
}
