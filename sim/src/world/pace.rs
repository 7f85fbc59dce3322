//! How a world keeps pace with the clock: it sleeps on its links, and owns up to being late.

use std::io;
use std::mem;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

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
        self.own_up();
        self.settle_clock();
        self.wake_end()?;
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
        let timeout = TimeSpec::from_duration(due.since(self.now).min(LONGEST_SLEEP));
        let ready = match ppoll(&mut fds, Some(timeout), None) {
            Ok(count) => count,
            Err(nix::errno::Errno::EINTR) => 1,
            Err(error) => return Err(error.into()),
        };
        drop(fds);
        self.settle_clock();
        if ready == 0 {
            self.overslept = self.now.since(due);
        }
        Ok(())
    }

    /// Records how late the host was since this was last called. It is called before a sleep rather
    /// than after it: who has just come in is not to wait for it. Who ends a world calls it, too.
    pub fn own_up(&mut self) {
        if self.pace == Pace::Realtime {
            let jitter = self.jitter.get_or_insert_with(Jitter::of_this_thread);
            let waited = jitter.lately();
            let overslept = mem::take(&mut self.overslept);
            self.record_late(overslept.max(waited));
        }
    }

    /// Returns what ends a sleep early.
    pub(super) fn wake_end(&mut self) -> io::Result<&WakeEnd> {
        if self.wake_end.is_none() {
            self.wake_end = Some(WakeEnd::new()?);
        }
        Ok(self.wake_end.as_ref().expect("it was just made"))
    }
}

/// What is not the host's fault, but that of timers: up to twice this is not recorded.
const LATE: Duration = Duration::from_millis(1);
/// The kernel takes no span as long as forever.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
