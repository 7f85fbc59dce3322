//! The frames of a cable without its carrier: what another thread can be given, to send and take
//! more of them than a world does.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::{read, write};

use crate::link::loss::is_loss;

/// Frames to and from the outside of a cable.
pub trait Plane: Send {
    /// Sends a frame; `false` is one that the cable did not take.
    fn put(&mut self, frame: &[u8]) -> io::Result<bool>;

    /// Takes a frame into a buffer and returns its length, if there is one; never blocks.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>>;

    /// Returns what to sleep on until a frame arrives; `None` once nothing comes any more.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;
}

/// A descriptor that reads and writes a frame at a time: a TAP interface, or a socket of packets.
#[derive(Debug)]
pub struct DescriptorPlane {
    fd: Option<OwnedFd>,
}

impl DescriptorPlane {
    /// Makes one of a descriptor that does not block.
    pub fn new(fd: OwnedFd) -> Self {
        Self { fd: Some(fd) }
    }
}

impl Plane for DescriptorPlane {
    fn put(&mut self, frame: &[u8]) -> io::Result<bool> {
        let Some(fd) = &self.fd else {
            return Ok(false);
        };
        match write(fd, frame) {
            Ok(_) => Ok(true),
            Err(Errno::EPIPE | Errno::ECONNRESET) => Ok(false),
            Err(errno) if is_loss(&errno.into()) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(fd) = &self.fd else {
            return Ok(None);
        };
        match read(fd, buffer) {
            // The other end was closed, or the interface deleted. Polling on would spin.
            Ok(0) | Err(Errno::EBADFD | Errno::ECONNRESET) => {
                self.fd = None;
                Ok(None)
            }
            Ok(length) => Ok(Some(length)),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }
}
