//! What tester, device and machine did meanwhile, as the kernel's `/proc` tells.

use std::fs;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// Processor time that a thread had, and that it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// It ran for so long.
    pub(super) ran: Duration,
    /// It could have run, but another one did.
    pub(super) waited: Duration,
}

impl Used {
    /// Returns what this thread has used since it began.
    pub(super) fn of_this_thread() -> Self {
        Self::read("/proc/thread-self/schedstat").unwrap_or_default()
    }

    /// Returns what a thread of this process has used since it began.
    pub(super) fn of_thread(id: i32) -> Self {
        Self::read(&format!("/proc/self/task/{id}/schedstat")).unwrap_or_default()
    }

    /// Reads a file of the kernel's.
    pub(super) fn read(path: &str) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
        Some(Self {
            ran: Duration::from_nanos(numbers.next()??),
            waited: Duration::from_nanos(numbers.next()??),
        })
    }
}

impl Add for Used {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            ran: self.ran + other.ran,
            waited: self.waited + other.waited,
        }
    }
}

impl Sub for Used {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            ran: self.ran.saturating_sub(before.ran),
            waited: self.waited.saturating_sub(before.waited),
        }
    }
}

impl Sum for Used {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// What processors of the machine have done, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Machine {
    /// Any work, of whoever.
    pub(super) busy: Duration,
    idle: Duration,
    /// Work of other machines on the same host.
    stolen: Duration,
}

impl Machine {
    /// Returns what all of them have done by now.
    pub(super) fn now() -> Self {
        Self::of_lines(|name| name == "cpu")
    }

    /// Returns what these have done by now.
    pub(super) fn of(processors: &[usize]) -> Self {
        Self::of_lines(|name| {
            let number = name.strip_prefix("cpu").and_then(|rest| rest.parse().ok());
            number.is_some_and(|number| processors.contains(&number))
        })
    }

    fn of_lines(wanted: impl Fn(&str) -> bool) -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        let lines = lines.filter(|(name, _)| wanted(name));
        lines.fold(Self::default(), |sum, (_, line)| sum + Self::read(line))
    }

    fn read(line: &str) -> Self {
        let numbers = line.split_whitespace();
        let ticks: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal (proc(5)).
        let sum = |columns: &[usize]| {
            let ticks = columns.iter().filter_map(|column| ticks.get(*column));
            span(ticks.sum())
        };
        Self {
            busy: sum(&[0, 1, 2, 5, 6]),
            idle: sum(&[3, 4]),
            stolen: sum(&[7]),
        }
    }

    /// Returns how much of the time went to other machines on the same host, as a share.
    pub(super) fn stolen_share(self) -> f64 {
        let all = (self.busy + self.idle + self.stolen).as_secs_f64();
        self.stolen.as_secs_f64() / all.max(0.001)
    }
}

impl Add for Machine {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            busy: self.busy + other.busy,
            idle: self.idle + other.idle,
            stolen: self.stolen + other.stolen,
        }
    }
}

impl Sub for Machine {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            busy: self.busy.saturating_sub(before.busy),
            idle: self.idle.saturating_sub(before.idle),
            stolen: self.stolen.saturating_sub(before.stolen),
        }
    }
}

/// Returns the processor time that this process has used.
pub(super) fn of_this_process() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Duration::ZERO;
    };
    let span = |time: TimeVal| {
        let micros = time.num_microseconds();
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    };
    span(usage.user_time()) + span(usage.system_time())
}

/// Returns how long so many ticks of proc(5) are.
pub(super) fn span(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Returns how many frames an interface of this network namespace could not queue.
pub(super) fn overflowed(interface: &str) -> u64 {
    let text = fs::read_to_string("/proc/thread-self/net/dev").unwrap_or_default();
    let line = text.lines().find_map(|line| {
        let (name, rest) = line.split_once(':')?;
        (name.trim() == interface).then_some(rest)
    });
    // Eight columns of what was received; of what was sent, the fourth is what was dropped.
    line.and_then(|rest| rest.split_whitespace().nth(11)?.parse().ok())
        .unwrap_or_default()
}

/// What proc(5) counts processor time in: USER_HZ, which is 100 on every architecture.
const TICKS_PER_SECOND: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_has_used_time() {
        let before = Used::of_this_thread();
        let mut sum = 0_u64;
        while (Used::of_this_thread() - before).ran < Duration::from_millis(5) {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        assert!(sum > 0);
    }

    #[test]
    fn all_processors_together_have_done_what_each_has() {
        let all: Vec<usize> = (0..4096).collect();
        let (before, each, after) = (Machine::now(), Machine::of(&all), Machine::now());
        // The kernel rounds each of them.
        let slack = Duration::from_secs(2);
        assert!(before.busy <= each.busy + slack && each.busy <= after.busy + slack);
        assert!(each.busy > Duration::ZERO);
        assert_eq!(Machine::of(&[]), Machine::default());
    }

    #[test]
    fn an_interface_that_is_not_there_has_dropped_nothing() {
        assert_eq!(overflowed("no-such-if"), 0);
    }
}
