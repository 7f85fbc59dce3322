//! Sleeping until a frame comes.

use std::io;
use std::time::Duration;

use ngnlab_sim::link::aside::Aside;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

/// Sleeps until there is something to do at one of the cables, or for so long.
pub(super) fn sleep<'a>(
    cables: impl IntoIterator<Item = &'a Aside>,
    within: Duration,
) -> io::Result<()> {
    let fds = cables.into_iter().flat_map(Aside::fds);
    let mut fds: Vec<PollFd<'_>> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    match ppoll(&mut fds, Some(TimeSpec::from_duration(within)), None) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
