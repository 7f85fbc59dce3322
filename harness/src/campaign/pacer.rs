//! Lets real devices start one after the other, so that starting many at once starves none of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;

/// Gives out turns.
pub(super) struct Pacer {
    clock: Clock,
    next: Mutex<Time>,
}

impl Pacer {
    pub(super) fn new() -> Self {
        Self {
            clock: Clock::starting_at(Time::ZERO),
            next: Mutex::new(Time::ZERO),
        }
    }

    /// Waits for this thread's turn, or until everything is to stop.
    pub(super) fn take_turn(&self, stop: &AtomicBool) {
        let turn = self.turn(self.clock.now(), start_takes());
        while !stop.load(Ordering::Relaxed) {
            let left = turn.since(self.clock.now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left.min(LOOK_EVERY));
        }
    }

    fn turn(&self, now: Time, takes: Duration) -> Time {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next);
        *next = turn + takes;
        turn
    }
}

/// Returns how long all processors are busy with one start.
fn start_takes() -> Duration {
    let processors = thread::available_parallelism().map_or(1, |count| count.get());
    START_COSTS / u32::try_from(processors).unwrap_or(u32::MAX)
}

/// What starting a router of a few programs costs one processor, with some to spare.
const START_COSTS: Duration = Duration::from_millis(400);
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_one_after_the_other_and_none_is_saved_up() {
        let pacer = Pacer::new();
        let now = Time::ZERO + Duration::from_secs(1);
        let takes = Duration::from_millis(200);
        assert_eq!(pacer.turn(now, takes), now);
        assert_eq!(pacer.turn(now, takes), now + takes);
        let later = now + takes * 10;
        assert_eq!(pacer.turn(later, takes), later);
    }
}
