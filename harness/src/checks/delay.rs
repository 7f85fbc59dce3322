//! Which failures a late host can bring about, and how late it must have been: a finding says so
//! itself, and one that says nothing is never excused.

use std::time::Duration;

use ngnlab_reports::{Finding, Verdict};
use ngnlab_sim::Time;

use crate::dissection::Dissection;
use crate::dissection::lateness::{A_TIME, OVERLOADED};

/// How waiting for a processor can bring a failure about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Delay {
    /// It came between these moments, by so much too late: the host explains it if it was late by
    /// as much meanwhile.
    Overrun { from: Time, to: Time, by: Duration },
    /// It came by so much too soon after something that may have been noticed too late.
    TooSoon { after: Time, by: Duration },
    /// It did not come between these moments, and does not come by itself any more: a packet that
    /// goes once, a patience that ran out, a timer that was faster.
    Race { from: Time, to: Time },
    /// It was tried again and again between these moments, and each time in vain.
    InVain { from: Time, to: Time },
    /// It was due by then and never came as long as the trace goes on.
    Silence { from: Time, due: Time },
}

impl Delay {
    /// Returns what must have been for something to come only then, or never, that was due earlier
    /// and does come by itself.
    pub(super) fn past(from: Time, due: Time, came: Option<Time>) -> Self {
        match came {
            Some(to) => Self::Overrun {
                from,
                to,
                by: to.since(due),
            },
            None => Self::Silence { from, due },
        }
    }

    /// Returns how late the host was when it mattered, and how late it must have been.
    fn measured(self, trace: &Dissection<'_>) -> (Duration, Duration) {
        let lateness = &trace.lateness;
        match self {
            // What takes long can be kept waiting again and again.
            Self::Overrun { from, to, by } => {
                let again = lateness.in_all(from.max(to - AT_WORK), to);
                (lateness.between(from, to).max(again), by)
            }
            Self::TooSoon { after, by } => (lateness.between(after - by, after), by),
            // Who was kept waiting shortly before has not made up for it.
            Self::Race { from, to } => (lateness.between(from - A_TIME, to), OVERLOADED),
            // Repetitions double from one to the next: who was late for less than half of the time
            // had one of them in time.
            Self::InVain { from, to } => (
                lateness
                    .between(from - A_TIME, to)
                    .max(lateness.in_all(from, to)),
                OVERLOADED.max(to.since(from) / 2),
            ),
            Self::Silence { from, due } => (
                lateness.between(from - A_TIME, due),
                OVERLOADED.max(trace.end().since(due)),
            ),
        }
    }

    /// Returns how the host explains a failure of this kind, if it does.
    fn explains(self, trace: &Dissection<'_>) -> Option<String> {
        let (late, needed) = self.measured(trace);
        (!late.is_zero() && late >= needed).then(|| {
            format!(
                "the host kept the device or the line waiting for {:.3} s at that time, and {:.3} s \
                 explain it",
                late.as_secs_f64(),
                needed.as_secs_f64()
            )
        })
    }
}

/// Lets a host that was late enough at that time explain a finding.
pub(super) fn unless_late(finding: Finding, trace: &Dissection<'_>, delay: Delay) -> Finding {
    Finding {
        excuse: delay.explains(trace).or(finding.excuse),
        ..finding
    }
}

/// What takes longer than this is asleep most of the time, and no host keeps it waiting meanwhile.
const AT_WORK: Duration = Duration::from_secs(60);

/// Takes a failure back that the host explains.
pub fn excused(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fail(Finding {
            expected,
            actual,
            excuse: Some(excuse),
            ..
        }) => Verdict::Inconclusive(format!("expected {expected}, seen {actual}, but {excuse}")),
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests;
