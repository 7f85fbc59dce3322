//! Sleeping until a frame comes.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

/// Sleeps until there is something to do at one of the descriptors, or for so long.
pub(super) fn sleep<'a>(
    fds: impl IntoIterator<Item = BorrowedFd<'a>>,
    within: Duration,
) -> io::Result<()> {
    let fds = fds.into_iter();
    let mut fds: Vec<PollFd<'_>> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    match ppoll(&mut fds, Some(TimeSpec::from_duration(within)), None) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
