//! How a world keeps pace with the clock: it sleeps on its links, and owns up to being late.

use std::io;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Plug, World};
use crate::link::clock::Clock;
use crate::link::jitter::Jitter;
use crate::link::wake::WakeEnd;
use crate::time::{Pace, Time};

impl World {
    /// Records that the host kept what is plugged in waiting; what is too short to matter is not.
    pub fn record_late(&mut self, late: Duration) {
        if late > LATE * 2 {
            self.settle_clock();
            self.recorder.late(self.now, late);
        }
    }

    /// Returns what the machine's monotonic clock showed at time zero; in real pace only, once it
    /// has begun.
    pub fn reading_at_zero(&self) -> Option<Duration> {
        self.clock.map(|clock| clock.reading_at_zero())
    }

    /// In real pace, brings the world's time up to the clock's.
    pub(super) fn settle_clock(&mut self) {
        if self.pace == Pace::Realtime {
            let now = self.now;
            let clock = *self.clock.get_or_insert_with(|| Clock::starting_at(now));
            self.advance(clock.now().max(now));
        }
    }

    /// Lets time pass until something is due: at once in virtual pace, else asleep on the links.
    pub(super) fn sleep_until(&mut self, due: Time) -> io::Result<()> {
        if self.pace == Pace::Virtual {
            self.advance(due);
            return Ok(());
        }
        self.wake_end()?;
        let span = due.since(self.now);
        let mut fds = Vec::new();
        // A link that is not read for now would end every sleep at once.
        let read = !self.is_backed_up();
        for cable in self.links.iter().filter(|_| read) {
            if let Plug::Link(link) = &self.cables[cable.0].device {
                fds.extend(link.fd().map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
            }
        }
        let wake_fd = self.wake_end.as_ref().expect("it was just made").fd();
        fds.push(PollFd::new(wake_fd, PollFlags::POLLIN));
        // Rounded up: waking early would spin until the deadline.
        let millis = span.as_nanos().div_ceil(1_000_000);
        let timeout = PollTimeout::try_from(millis.min(60_000) as i32).unwrap_or(PollTimeout::MAX);
        let jitter = self.jitter.get_or_insert_with(Jitter::of_this_thread);
        let ready = match poll(&mut fds, timeout) {
            Ok(count) => count,
            Err(nix::errno::Errno::EINTR) => 1,
            Err(error) => return Err(error.into()),
        };
        drop(fds);
        let waited = jitter.lately();
        self.settle_clock();
        let overslept = if ready == 0 {
            self.now.since(due)
        } else {
            Duration::ZERO
        };
        self.record_late(overslept.max(waited));
        Ok(())
    }

    /// Returns what ends a sleep early.
    pub(super) fn wake_end(&mut self) -> io::Result<&WakeEnd> {
        if self.wake_end.is_none() {
            self.wake_end = Some(WakeEnd::new()?);
        }
        Ok(self.wake_end.as_ref().expect("it was just made"))
    }
}

/// Poll's own granularity, which is not the host's fault: up to twice this is not recorded.
const LATE: Duration = Duration::from_millis(1);
