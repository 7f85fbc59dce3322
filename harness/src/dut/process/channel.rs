//! How the supervisor and pid 1 of the sandbox tell each other things: lines of JSON over a socket.
//!
//! Descriptors are told by their number: the supervisor may look into pid 1 and opens them there.
//! Sent along they would count for all sandboxes of a user, and one could hamper the others.
//!
//! Both ends are out of the device's reach; what arrives is checked and bounded all the same.

use std::io::{self, ErrorKind, Read, Write};
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One end; sends `S` and takes in `R`.
pub(super) struct Channel<S, R> {
    socket: UnixStream,
    begun: Vec<u8>,
    directions: PhantomData<(S, R)>,
}

impl<S: Serialize, R: DeserializeOwned> Channel<S, R> {
    /// Makes the end of a socket.
    pub(super) fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            begun: Vec::new(),
            directions: PhantomData,
        }
    }

    /// Returns what to sleep on until something arrives.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends a message.
    pub(super) fn send(&mut self, message: &S) -> io::Result<()> {
        self.socket.write_all(&line(message)?)
    }

    /// Returns the next message, after waiting for it.
    pub(super) fn receive(&mut self) -> io::Result<R> {
        loop {
            if let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.begun.drain(..=end).collect();
                return Ok(serde_json::from_slice(&line)?);
            }
            if self.begun.len() > LONGEST_LINE {
                return Err(io::Error::new(ErrorKind::InvalidData, "a line never ends"));
            }
            self.take_in()?;
        }
    }

    /// Returns whether a whole message has arrived already.
    pub(super) fn has_message(&self) -> bool {
        self.begun.contains(&b'\n')
    }

    fn take_in(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        match self.socket.read(&mut bytes)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            length => {
                self.begun.extend_from_slice(&bytes[..length]);
                Ok(())
            }
        }
    }
}

fn line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// The files of a device are in one line.
const LONGEST_LINE: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dut::process::messages::{Ask, Told};

    #[test]
    fn messages_arrive_one_by_one() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut ours: Channel<Ask, Told> = Channel::new(ours);
        let mut theirs: Channel<Told, Ask> = Channel::new(theirs);
        let run = Ask::Run {
            words: vec!["sleep".to_owned()],
            environment: BTreeMap::new(),
        };
        ours.send(&Ask::Stop).unwrap();
        ours.send(&run).unwrap();
        assert!(matches!(theirs.receive().unwrap(), Ask::Stop));
        assert!(theirs.has_message());
        assert!(matches!(theirs.receive().unwrap(), Ask::Run { words, .. } if words == ["sleep"]));
        assert!(!theirs.has_message());
    }

    #[test]
    fn nonsense_is_an_error() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut ours: Channel<Ask, Told> = Channel::new(ours);
        theirs.write_all(b"{\"Started\":\"x\"}\n").unwrap();
        assert!(ours.receive().is_err());
        drop(theirs);
        assert!(ours.receive().is_err());
    }
}
