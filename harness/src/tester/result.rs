//! What both sides counted, put together: a trial.

use std::time::Duration;

use ngnlab_reports::benchmark::{Counts, Effort, Trial};

use super::callers::Ending;
use super::effort::{Machine, Used, of_this_process, overflowed};
use super::heard::State;
use super::lan::Outcome;
use super::offer::Offer;
use super::sides::Sides;
use super::whose::{Device, Done};
use crate::dut::description::programs::{LAN_INTERFACE, WAN_INTERFACE};

/// What the machine had done when a trial began.
#[derive(Debug)]
pub(super) struct Before {
    device: Option<Done>,
    answerer: Used,
    machine: Machine,
    own: Duration,
    lost: (u64, u64),
}

impl Before {
    /// Looks.
    pub(super) fn look(sides: &Sides, device: &Device) -> Self {
        Self {
            device: device.done(),
            answerer: sides.answerer_used(),
            machine: Machine::now(),
            own: of_this_process(),
            lost: (overflowed(LAN_INTERFACE), overflowed(WAN_INTERFACE)),
        }
    }
}

/// What the tester did, from [`Before`] to now.
#[derive(Debug)]
pub(super) struct Meanwhile {
    device: Option<Duration>,
    device_waited: Option<Duration>,
    answerer: Used,
    stolen: f64,
    others: Duration,
    lost_on_lan: u64,
    lost_on_wan: u64,
    pinned: bool,
    processors: u32,
}

impl Meanwhile {
    /// Looks again.
    pub(super) fn since(before: &Before, sides: &Sides, device: &Device) -> Self {
        let now = Before::look(sides, device);
        let machine = now.machine - before.machine;
        let both = now.device.as_ref().zip(before.device.as_ref());
        let device = both.map(|(now, before)| now.ran_since(before));
        let ours = now.own.saturating_sub(before.own) + device.unwrap_or_default();
        Self {
            device,
            device_waited: both.map(|(now, before)| now.starved_since(before)),
            answerer: now.answerer - before.answerer,
            stolen: machine.stolen_share(),
            others: machine.busy.saturating_sub(ours),
            lost_on_lan: now.lost.0.saturating_sub(before.lost.0),
            lost_on_wan: now.lost.1.saturating_sub(before.lost.1),
            pinned: sides.pinned,
            processors: sides.processors,
        }
    }
}

/// Puts together what became of the questions of a trial; `all` is how long it took as a whole.
pub(super) fn trial(
    offer: &Offer,
    outcome: Outcome,
    meanwhile: &Meanwhile,
    all: Duration,
) -> Trial {
    let counts = counts(offer, &outcome, meanwhile);
    let seconds = outcome.lasted.as_secs_f64().max(1e-6);
    let busy =
        |used: Duration, within: Duration| used.as_secs_f64() / within.as_secs_f64().max(1e-6);
    let (lateness_p99, lateness_max) = outcome.heard.lateness();
    let waited = (outcome.used + meanwhile.answerer).waited;
    let answerer_busy = outcome.answerer_busy + meanwhile.answerer.ran;
    Trial {
        offered: offer.rate,
        seconds,
        counts,
        delay: outcome.heard.delay(),
        upstream: offer.ledger.upstream(),
        effort: Effort {
            sent_rate: f64::from(outcome.sent) / seconds,
            lateness_p99,
            lateness_max,
            generator_cpu: busy(outcome.busy, outcome.lasted),
            answerer_cpu: busy(answerer_busy, outcome.lasted),
            tester_waited: busy(waited, outcome.lasted),
            others: busy(meanwhile.others, all),
            tester_processors: meanwhile.processors,
            device_cpu: meanwhile.device.map(|device| busy(device, all)),
            device_waited: meanwhile.device_waited.map(|waited| busy(waited, all)),
            stolen: meanwhile.stolen,
            pinned: meanwhile.pinned,
        },
        timeline: outcome.heard.timeline(),
    }
}

fn counts(offer: &Offer, outcome: &Outcome, meanwhile: &Meanwhile) -> Counts {
    let ledger = &offer.ledger;
    let mut counts = outcome.heard.counts();
    counts.connections = outcome.connections;
    let mut right_repeated = 0;
    for (number, state) in outcome.heard.states() {
        let label = offer.label(number);
        let came = ledger.came(label) > 0;
        match state {
            State::Unsent => {}
            State::Refused => counts.lost_before += 1,
            State::Right if label.repeats => right_repeated += 1,
            State::Right if came => counts.forwarded += 1,
            State::Right => counts.from_cache += 1,
            State::Late => counts.late += 1,
            State::Wrong => counts.wrong += 1,
            State::Ended(Ending::Unconnected) => counts.unconnected += 1,
            State::Ended(Ending::Refused) => counts.refused += 1,
            State::Ended(Ending::Reset) => counts.reset += 1,
            State::Ended(Ending::Closed) => counts.closed += 1,
            State::Waiting if came => counts.lost_answered += 1,
            State::Waiting => counts.lost_unasked += 1,
        }
    }
    // Which of the questions for a name went upstream is not to be seen, but how many.
    let forwarded = ledger.repeated_upstream().min(right_repeated);
    counts.forwarded += forwarded;
    counts.from_cache += right_repeated - forwarded;
    let [retries, unasked, misdirected, unanswered] = ledger.oddities();
    counts.retries = retries;
    counts.unasked = unasked;
    counts.misdirected = misdirected;
    // What a full queue of ours has lost is not lost in the device.
    let behind = meanwhile
        .lost_on_lan
        .min(counts.lost_answered + counts.lost_unasked);
    let of_answered = behind.min(counts.lost_answered);
    counts.lost_answered -= of_answered;
    counts.lost_unasked -= behind - of_answered;
    counts.lost_behind = behind;
    let upstream = meanwhile.lost_on_wan.min(counts.lost_unasked);
    counts.lost_unasked -= upstream;
    let unanswered = unanswered.min(counts.lost_answered);
    counts.lost_answered -= unanswered;
    counts.lost_upstream = upstream + unanswered;
    counts
}
