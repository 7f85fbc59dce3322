//! The edges of the world: cables whose far end is outside it.

use std::io;
use std::os::fd::BorrowedFd;

use crate::frame::Frame;
use plane::Plane;

pub mod aside;
pub mod bridge;
pub mod clock;
pub mod descriptors;
pub(crate) mod jitter;
pub mod lent_tap;
mod loss;
pub mod memory;
pub mod nic;
pub mod offload;
pub mod packets;
pub mod plane;
pub mod stream;
pub mod tap;
pub mod wake;

/// The outside end of a cable: a TAP interface, a socket, a queue in memory.
pub trait Link {
    /// Sends one frame to the outside; a full queue loses it, as a wire would.
    fn send(&mut self, frame: &Frame) -> io::Result<()>;

    /// Takes one frame from the outside, if there is one; never blocks.
    fn try_recv(&mut self) -> io::Result<Option<Frame>>;

    /// Returns what to sleep on until a frame arrives; `None` for a link in memory.
    fn fd(&self) -> Option<BorrowedFd<'_>>;

    /// Raises or drops carrier on the outside end.
    fn set_carrier(&mut self, _up: bool) -> io::Result<()> {
        Ok(())
    }

    /// Lends the frames of the cable to another thread; this link goes on to switch its carrier.
    fn lend(&mut self) -> io::Result<Box<dyn Plane>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
