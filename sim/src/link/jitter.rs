//! How long the host kept this thread waiting for a processor: the lateness that nobody else sees.
//!
//! A frame that lay in a queue meanwhile gets too late a time, and the router under test was kept
//! waiting just as long. Linux counts it for each thread (`/proc/<pid>/task/<tid>/schedstat`).

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Watches the thread that made it.
#[derive(Debug)]
pub(crate) struct Jitter {
    /// None where the system does not count.
    counts: Option<File>,
    waited: Duration,
}

impl Jitter {
    /// Begins to watch the thread that calls this.
    pub(crate) fn of_this_thread() -> Self {
        let mut this = Self {
            counts: File::open("/proc/thread-self/schedstat").ok(),
            waited: Duration::ZERO,
        };
        this.lately();
        this
    }

    /// Returns how long the thread waited for a processor since this was asked last.
    pub(crate) fn lately(&mut self) -> Duration {
        let Some(total) = self.counts.as_ref().and_then(read) else {
            return Duration::ZERO;
        };
        let lately = total.saturating_sub(self.waited);
        self.waited = total;
        lately
    }
}

/// Reads the second number: nanoseconds spent ready to run, and not running.
fn read(counts: &File) -> Option<Duration> {
    let mut text = [0; 96];
    let length = counts.read_at(&mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..length]).ok()?;
    let waited = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(waited))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_waited_is_told_once_and_grows_by_crowding() {
        let mut jitter = Jitter::of_this_thread();
        let Some(counts) = jitter.counts.as_ref() else {
            return;
        };
        let before = read(counts).unwrap();
        assert!(jitter.lately() + jitter.waited >= before);
        assert!(jitter.waited >= before);
    }
}
