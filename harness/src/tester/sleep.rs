//! Sleeping until a frame comes, to the microsecond.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ngnlab_sim::link::plane::Plane;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::prctl;
use nix::sys::time::TimeSpec;

/// What a thread sleeps on that carries the frames of a cable.
pub(super) struct Bed {
    fd: Option<OwnedFd>,
}

impl Bed {
    /// Makes one for this thread, whose sleeps end from now on when they are to, and not up to 50 µs
    /// later.
    pub(super) fn new(plane: &Mutex<Box<dyn Plane>>) -> io::Result<Self> {
        // Without it the pace is worse, which is measured.
        let _ = prctl::set_timerslack(1);
        let plane = plane.lock().unwrap_or_else(PoisonError::into_inner);
        let fd = plane.fd().map(|fd| fd.try_clone_to_owned()).transpose()?;
        Ok(Self { fd })
    }

    /// Sleeps until a frame comes, or for so long.
    pub(super) fn sleep(&self, within: Duration) -> io::Result<()> {
        let fds = self.fd.iter();
        let mut fds: Vec<PollFd<'_>> = fds
            .map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN))
            .collect();
        match ppoll(&mut fds, Some(TimeSpec::from_duration(within)), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}
