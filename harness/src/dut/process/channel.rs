//! What the supervisor and pid 1 of the sandbox tell each other: lines of JSON over a socket, of
//! which some come with a descriptor.
//!
//! Both ends are out of the device's reach; what arrives is checked and bounded all the same.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Write};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::plan::PlannedFile;
use super::sandbox::Entry;

/// What the supervisor asks pid 1 for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// To make the sandbox.
    Enter(Entry),
    /// To write the device's files.
    Write(Vec<PlannedFile>),
    /// To start a program, whose output goes into the pipe that comes along.
    Run {
        /// The program and its arguments.
        words: Vec<String>,
        /// What it finds in its environment.
        environment: BTreeMap<String, String>,
    },
    /// To end everything but itself.
    Stop,
}

/// What pid 1 answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Told {
    /// The sandbox is there; the root of its `/proc` comes along.
    Entered,
    /// The files are written.
    Written,
    /// A program runs under this number.
    Started(i32),
    /// A program cannot be started.
    NotStarted(String),
    /// A process has ended.
    Ended {
        /// Its number inside the sandbox.
        pid: i32,
        /// Its status, as `wait` gives it.
        status: i32,
    },
    /// Everything has ended.
    Stopped,
    /// Something could not be done.
    Cannot {
        /// What was tried.
        doing: String,
        /// Why not.
        why: String,
    },
}

/// One end; sends `S` and takes in `R`.
pub(super) struct Channel<S, R> {
    socket: UnixStream,
    begun: Vec<u8>,
    came_along: VecDeque<OwnedFd>,
    directions: PhantomData<(S, R)>,
}

impl<S: Serialize, R: DeserializeOwned> Channel<S, R> {
    /// Makes the end of a socket.
    pub(super) fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            begun: Vec::new(),
            came_along: VecDeque::new(),
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

    /// Sends a message with a descriptor, of which the receiver becomes another owner.
    pub(super) fn send_with(&mut self, message: &S, fd: BorrowedFd<'_>) -> io::Result<()> {
        let line = line(message)?;
        let fds = [fd];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut along = SendAncillaryBuffer::new(&mut space);
        along.push(SendAncillaryMessage::ScmRights(&fds));
        // The descriptor arrives with the first byte.
        let parts = [IoSlice::new(&line)];
        let sent = sendmsg(&self.socket, &parts, &mut along, SendFlags::NOSIGNAL)?;
        self.socket.write_all(&line[sent..])
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

    /// Returns the descriptor that came first and was not taken yet.
    pub(super) fn came_along(&mut self) -> Option<OwnedFd> {
        self.came_along.pop_front()
    }

    fn take_in(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut along = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let received = recvmsg(
            &self.socket,
            &mut parts,
            &mut along,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        for message in along.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                self.came_along.extend(fds);
            }
        }
        if received.bytes == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.begun.extend_from_slice(&bytes[..received.bytes]);
        Ok(())
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
    use std::fs::File;
    use std::io::Read;

    use super::*;

    #[test]
    fn a_descriptor_comes_along_with_its_message() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut ours: Channel<Ask, Told> = Channel::new(ours);
        let mut theirs: Channel<Told, Ask> = Channel::new(theirs);
        let (mut reader, writer) = io::pipe().unwrap();
        let run = Ask::Run {
            words: vec!["sleep".to_owned()],
            environment: BTreeMap::new(),
        };
        ours.send(&Ask::Stop).unwrap();
        ours.send_with(&run, writer.as_fd()).unwrap();
        drop(writer);
        assert!(matches!(theirs.receive().unwrap(), Ask::Stop));
        assert!(matches!(theirs.receive().unwrap(), Ask::Run { words, .. } if words == ["sleep"]));
        let mut pipe = File::from(theirs.came_along().unwrap());
        assert!(theirs.came_along().is_none());
        pipe.write_all(b"hello").unwrap();
        drop(pipe);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
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
