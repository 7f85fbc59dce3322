//! A cable whose frames another thread carries: it answers some itself, and hands the world the
//! rest.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};

use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

use crate::frame::Frame;
use crate::link::Link;
use crate::link::plane::Plane;

/// What the thread is given: the cable, and the way to the world and from there.
pub struct Aside {
    /// The cable.
    pub plane: Box<dyn Plane>,
    to_world: Sender<Frame>,
    from_world: Receiver<Frame>,
    wakes_world: OwnedFd,
    woken: OwnedFd,
}

impl Aside {
    /// Takes the frames of a link that no world has.
    pub fn alone(link: &mut dyn Link) -> io::Result<Self> {
        let ((to_world, _), (_, from_world)) = (channel(), channel());
        // One pipe, whose ends keep each other open: nobody is woken where no world is.
        let (woken, wakes_world) = pipe()?;
        Ok(Self {
            plane: link.lend()?,
            to_world,
            from_world,
            wakes_world,
            woken,
        })
    }

    /// Hands a frame of the device's to the world.
    pub fn hand_on(&self, frame: &[u8]) {
        // A world that has ended wants no more.
        if self.to_world.send(frame.into()).is_ok() {
            wake(&self.wakes_world);
        }
    }

    /// Sends the device what the world has for it, and returns whether there was anything.
    pub fn send_on(&mut self) -> io::Result<bool> {
        let mut any = false;
        while let Ok(frame) = self.from_world.try_recv() {
            any = true;
            self.plane.put(&frame)?;
        }
        if any {
            drain(&self.woken);
        }
        Ok(any)
    }

    /// Returns what to sleep on: the device's frames and the world's.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.plane
            .descriptor()
            .into_iter()
            .chain([self.woken.as_fd()])
    }
}

/// The link that is left to the world.
pub(crate) struct LinkAside {
    /// It still passes carrier on.
    original: Box<dyn Link>,
    to_thread: Sender<Frame>,
    wakes_thread: OwnedFd,
    arrived: Receiver<Frame>,
    woken: OwnedFd,
}

impl LinkAside {
    /// Takes the frames of a link aside.
    pub(crate) fn new(mut original: Box<dyn Link>) -> io::Result<(Self, Aside)> {
        let ((to_world, arrived), (to_thread, from_world)) = (channel(), channel());
        let (woken, wakes_world) = pipe()?;
        let (thread_woken, wakes_thread) = pipe()?;
        let aside = Aside {
            plane: original.lend()?,
            to_world,
            from_world,
            wakes_world,
            woken: thread_woken,
        };
        let link = Self {
            original,
            to_thread,
            wakes_thread,
            arrived,
            woken,
        };
        Ok((link, aside))
    }
}

impl Link for LinkAside {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        // With nobody there any more it is lost, as on a wire.
        if self.to_thread.send(frame.clone()).is_ok() {
            wake(&self.wakes_thread);
        }
        Ok(())
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        if let Ok(frame) = self.arrived.try_recv() {
            return Ok(Some(frame));
        }
        drain(&self.woken);
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

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?)
}

fn wake(end: &OwnedFd) {
    // A full pipe means that whoever is at its other end is woken already.
    let _ = write(end, b"f");
}

fn drain(end: &OwnedFd) {
    let mut bytes = [0; 256];
    while read(end, &mut bytes).is_ok_and(|count| count == bytes.len()) {}
}

#[cfg(test)]
mod tests {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;
    use crate::link::packets::Packets;

    #[test]
    fn the_world_gets_what_it_is_handed_and_sends_as_before() {
        let (near, mut far) = Packets::pair().unwrap();
        let (mut link, mut aside) = LinkAside::new(Box::new(near)).unwrap();
        far.send(&Frame::from(&[1][..])).unwrap();
        assert!(link.try_recv().unwrap().is_none());
        let mut buffer = [0; 64];
        let length = aside.plane.receive(&mut buffer).unwrap();
        aside.hand_on(&buffer[..length.unwrap()]);
        assert_eq!(link.try_recv().unwrap().as_deref(), Some(&[1][..]));
        link.send(&Frame::from(&[2][..])).unwrap();
        assert!(far.try_recv().unwrap().is_none());
        assert!(aside.send_on().unwrap());
        assert!(!aside.send_on().unwrap());
        assert_eq!(far.try_recv().unwrap().as_deref(), Some(&[2][..]));
    }

    #[test]
    fn without_a_world_nothing_wakes_who_sleeps() {
        let (mut near, _far) = Packets::pair().unwrap();
        let aside = Aside::alone(&mut near).unwrap();
        aside.hand_on(&[1]);
        let fds = aside.fds();
        let mut fds: Vec<PollFd<'_>> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        assert_eq!(poll(&mut fds, PollTimeout::ZERO), Ok(0));
    }

    #[test]
    fn a_link_that_lends_nothing_is_refused() {
        let link = crate::link::memory::MemoryLink::default();
        assert!(LinkAside::new(Box::new(link)).is_err());
    }
}
