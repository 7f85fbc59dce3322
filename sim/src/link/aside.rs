//! A cable whose frames another thread carries: it answers some itself, and hands the world the
//! rest.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

use crate::frame::Frame;
use crate::link::Link;
use crate::link::plane::Plane;

/// What the thread is given: the cable, and where frames go that are for the world.
pub struct Aside {
    /// The cable; whoever holds it keeps the world from sending.
    pub plane: Arc<Mutex<Box<dyn Plane>>>,
    to_world: Sender<Frame>,
    wake: OwnedFd,
}

impl Aside {
    /// Takes the frames of a link that no world has.
    pub fn alone(link: &mut dyn Link) -> io::Result<Self> {
        let (to_world, _) = channel();
        let (_, wake) = pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        Ok(Self {
            plane: Arc::new(Mutex::new(link.lend()?)),
            to_world,
            wake,
        })
    }

    /// Hands a frame of the device's to the world.
    pub fn hand_on(&self, frame: &[u8]) {
        // A world that has ended wants no more.
        if self.to_world.send(frame.into()).is_ok() {
            // A full pipe means that it is woken already.
            let _ = write(&self.wake, b"f");
        }
    }
}

/// The link that is left to the world.
pub(crate) struct LinkAside {
    /// It still passes carrier on.
    original: Box<dyn Link>,
    plane: Arc<Mutex<Box<dyn Plane>>>,
    arrived: Receiver<Frame>,
    woken: OwnedFd,
}

impl LinkAside {
    /// Takes the frames of a link aside.
    pub(crate) fn new(mut original: Box<dyn Link>) -> io::Result<(Self, Aside)> {
        let plane = Arc::new(Mutex::new(original.lend()?));
        let (to_world, arrived) = channel();
        let (woken, wake) = pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        let aside = Aside {
            plane: Arc::clone(&plane),
            to_world,
            wake,
        };
        let link = Self {
            original,
            plane,
            arrived,
            woken,
        };
        Ok((link, aside))
    }
}

impl Link for LinkAside {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        let mut plane = self.plane.lock().unwrap_or_else(PoisonError::into_inner);
        plane.send(frame).map(drop)
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        if let Ok(frame) = self.arrived.try_recv() {
            return Ok(Some(frame));
        }
        let mut bytes = [0; 256];
        while read(&self.woken, &mut bytes).is_ok_and(|count| count > 0) {}
        // One may have come between the two.
        Ok(self.arrived.try_recv().ok())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.woken.as_fd())
    }

    fn set_carrier(&mut self, up: bool) -> io::Result<()> {
        self.original.set_carrier(up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::packets::Packets;

    #[test]
    fn the_world_gets_what_it_is_handed_and_sends_as_before() {
        let (near, mut far) = Packets::pair().unwrap();
        let (mut link, aside) = LinkAside::new(Box::new(near)).unwrap();
        far.send(&Frame::from(&[1][..])).unwrap();
        assert!(link.try_recv().unwrap().is_none());
        let mut buffer = [0; 64];
        let length = aside.plane.lock().unwrap().receive(&mut buffer).unwrap();
        aside.hand_on(&buffer[..length.unwrap()]);
        assert_eq!(link.try_recv().unwrap().as_deref(), Some(&[1][..]));
        link.send(&Frame::from(&[2][..])).unwrap();
        assert_eq!(far.try_recv().unwrap().as_deref(), Some(&[2][..]));
    }

    #[test]
    fn a_link_that_lends_nothing_is_refused() {
        let link = crate::link::memory::MemoryLink::default();
        assert!(LinkAside::new(Box::new(link)).is_err());
    }
}
