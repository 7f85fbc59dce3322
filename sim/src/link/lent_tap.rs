//! A link to a TAP interface that another process has made in its own network namespace.
//!
//! The other process sends the descriptor along with a message, over a socket of packets. Once the
//! cable is pulled the descriptor is closed for good, and with it goes the interface.
#![expect(
    unsafe_code,
    reason = "a descriptor that arrives as a number is owned from there on"
)]

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use nix::unistd::{read, write};

use crate::frame::Frame;
use crate::link::Link;
use crate::link::loss::is_loss;
use crate::link::plane::{DescriptorPlane, Plane};
use crate::link::tap::{LONGEST_FRAME, Tap};

/// A TAP interface in somebody else's network namespace.
#[derive(Debug)]
pub struct LentTap {
    fd: Option<OwnedFd>,
    buffer: Vec<u8>,
}

/// Sends a message with a TAP interface, of which the receiver becomes another owner.
pub fn lend(socket: BorrowedFd<'_>, message: &[u8], tap: &Tap) -> io::Result<()> {
    let fd = tap.fd().ok_or(io::ErrorKind::NotConnected)?;
    let fds = [fd.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&fds)];
    let parts = [IoSlice::new(message)];
    sendmsg::<()>(
        socket.as_raw_fd(),
        &parts,
        &rights,
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    Ok(())
}

/// Takes a message, if there is one, with the TAP interface that came along; never blocks.
///
/// An empty message is the end: nobody is at the other end of the socket.
pub fn take(socket: BorrowedFd<'_>) -> io::Result<Option<(Vec<u8>, Option<LentTap>)>> {
    let mut bytes = vec![0; LONGEST_MESSAGE];
    let mut space = cmsg_space!(RawFd);
    let (length, fds) = {
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
        let taken = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags);
        let taken = match taken {
            Ok(taken) => taken,
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => return Ok(None),
            Err(nix::errno::Errno::ECONNRESET) => return Ok(Some((Vec::new(), None))),
            Err(errno) => return Err(errno.into()),
        };
        let mut fds = Vec::new();
        for message in taken.cmsgs()? {
            if let ControlMessageOwned::ScmRights(raw) = message {
                // SAFETY: the kernel has just made these descriptors, and nobody else knows them.
                fds.extend(raw.iter().map(|fd| unsafe { OwnedFd::from_raw_fd(*fd) }));
            }
        }
        (taken.bytes, fds)
    };
    bytes.truncate(length);
    let tap = fds.into_iter().next().map(LentTap::new).transpose()?;
    Ok(Some((bytes, tap)))
}

impl LentTap {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        fcntl(&fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self {
            fd: Some(fd),
            buffer: vec![0; LONGEST_FRAME],
        })
    }
}

impl Link for LentTap {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        let Some(fd) = &self.fd else {
            return Ok(());
        };
        match write(fd, frame).map_err(io::Error::from) {
            Err(error) if !is_loss(&error) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        let Some(fd) = &self.fd else {
            return Ok(None);
        };
        match read(fd, &mut self.buffer) {
            Ok(length) => Ok(Some(self.buffer[..length].into())),
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => Ok(None),
            // Its namespace is gone. Polling on would spin.
            Err(nix::errno::Errno::EBADFD) => {
                self.fd = None;
                Ok(None)
            }
            Err(errno) => Err(errno.into()),
        }
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    fn lend(&mut self) -> io::Result<Box<dyn Plane>> {
        let fd = self.fd.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Box::new(DescriptorPlane::new(fd.try_clone()?)))
    }

    fn set_carrier(&mut self, up: bool) -> io::Result<()> {
        if !up {
            self.fd = None;
        }
        Ok(())
    }
}

/// As long as a packet of such a socket may be by default, and longer than any of ours.
const LONGEST_MESSAGE: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, send, socketpair};

    use super::*;

    #[test]
    fn messages_come_one_by_one_and_end() {
        let kind = SockType::SeqPacket;
        let (a, b) = socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC).unwrap();
        assert!(take(b.as_fd()).unwrap().is_none());
        for message in [&b"one"[..], b"two"] {
            send(a.as_raw_fd(), message, MsgFlags::empty()).unwrap();
        }
        drop(a);
        let next = || take(b.as_fd()).unwrap().unwrap().0;
        assert_eq!([next(), next(), next()], [&b"one"[..], b"two", b""]);
    }
}
