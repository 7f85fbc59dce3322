//! Wakes a sleeping world from another thread.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

/// Wakes the world it was taken from; its clones wake the same world.
#[derive(Clone, Debug)]
pub struct Waker {
    write_end: Arc<OwnedFd>,
}

impl Waker {
    /// Makes `World::run_until` return `Stop::Woken` soon.
    pub fn wake(&self) {
        // A full pipe means that a wake-up is pending already.
        let _ = write(&*self.write_end, b"w");
    }
}

#[derive(Debug)]
pub(crate) struct WakeEnd {
    read_end: OwnedFd,
    waker: Waker,
}

impl WakeEnd {
    pub(crate) fn new() -> io::Result<Self> {
        let (read_end, write_end) = pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        Ok(Self {
            read_end,
            waker: Waker {
                write_end: Arc::new(write_end),
            },
        })
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }

    /// Forgets pending wake-ups and says whether there were any.
    pub(crate) fn drain(&self) -> bool {
        let mut bytes = [0; 64];
        let mut woken = false;
        while read(&self.read_end, &mut bytes).is_ok_and(|count| count > 0) {
            woken = true;
        }
        woken
    }
}
