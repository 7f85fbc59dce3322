//! A cable between two worlds of one machine: a pair of sockets that carry a frame as a packet.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::socket::sockopt::SndBuf;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socketpair};

use crate::frame::Frame;
use crate::link::Link;
use crate::link::plane::{DescriptorPlane, Plane};
use crate::link::tap::LONGEST_FRAME;

/// One end of such a cable.
#[derive(Debug)]
pub struct Packets {
    socket: OwnedFd,
    plane: DescriptorPlane,
    buffer: Vec<u8>,
}

impl Packets {
    /// Returns both ends.
    pub fn pair() -> io::Result<(Self, Self)> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (one, other) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        for socket in [&one, &other] {
            // About as many frames as an interface queues; the kernel may allow less.
            setsockopt(socket, SndBuf, &QUEUE)?;
        }
        Ok((Self::new(one)?, Self::new(other)?))
    }

    fn new(socket: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            plane: DescriptorPlane::new(socket.try_clone()?),
            socket,
            buffer: vec![0; LONGEST_FRAME],
        })
    }
}

impl Link for Packets {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.plane.put(frame).map(drop)
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        let length = self.plane.receive(&mut self.buffer)?;
        Ok(length.map(|length| self.buffer[..length].into()))
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.plane.descriptor()
    }

    fn lend(&mut self) -> io::Result<Box<dyn Plane>> {
        let socket = self.socket.as_fd().try_clone_to_owned()?;
        Ok(Box::new(DescriptorPlane::new(socket)))
    }
}

/// A thousand frames with what the kernel adds to each.
const QUEUE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_cross_one_by_one_and_the_end_is_noticed() {
        let (mut near, far) = Packets::pair().unwrap();
        let mut far = far;
        near.send(&Frame::from(&[1, 2][..])).unwrap();
        near.send(&Frame::from(&[3][..])).unwrap();
        let mut lent = far.lend().unwrap();
        let mut buffer = [0; 64];
        assert_eq!(lent.receive(&mut buffer).unwrap(), Some(2));
        assert_eq!(far.try_recv().unwrap().as_deref(), Some(&[3][..]));
        assert_eq!(lent.receive(&mut buffer).unwrap(), None);
        drop(near);
        assert!(far.try_recv().unwrap().is_none());
        assert!(far.fd().is_none());
        assert!(!lent.put(&[4]).unwrap());
    }
}
