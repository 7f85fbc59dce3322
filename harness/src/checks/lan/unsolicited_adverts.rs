//! When the device advertises on the LAN of its own accord.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::{Delay, unless_late};
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::lan::advert_gaps::{Gap, gaps};
use crate::checks::ruling::{Ruling, broken, every, finding, never, seconds};
use crate::dissection::Dissection;
use crate::scenario::step::cable::Wire;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.ra.after-link-up",
        source: "RFC 4861 §6.2.4, §10",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "LANのリンクが復旧したら、間もなくRAを送る",
            "An advertisement follows soon when the LAN's link comes back",
        ),
        hint: Text::new(
            "LANのリンクが復旧したら、起動時と同じように16秒以内にRAをマルチキャストしてください。",
            "Multicast an advertisement within 16 s when the link comes back, as when the interface starts.",
        ),
        judge: after_link_up,
    },
    Check {
        id: "lan.ra.initial-burst",
        source: "RFC 4861 §6.2.4, §10",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "起動直後のRAを16秒以内の間隔で送る",
            "The first advertisements are at most 16 s apart",
        ),
        hint: Text::new(
            "RAの送信を始めた直後は、次のRAまで16秒以上空けないでください。",
            "Right after the start, let the next advertisement follow within 16 s.",
        ),
        judge: initial_burst,
    },
    Check {
        id: "lan.ra.unsolicited-interval",
        source: "RFC 4861 §6.2.1, §6.2.4",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "RAの送信間隔を毎回ランダムに選び、ルータ有効期間より短くする",
            "Advertisements come at random intervals, shorter than the router lifetime",
        ),
        hint: Text::new(
            "RAの送信間隔は最小値と最大値の間で毎回ランダムに選び、ルータ有効期間を超えないようにしてください。",
            "Draw each interval anew between its limits, and keep it below the router lifetime.",
        ),
        judge: unsolicited_interval,
    },
];

/// MAX_INITIAL_RTR_ADVERT_INTERVAL (RFC 4861 §10).
const INITIAL: Duration = Duration::from_secs(16);

/// What the first interval may exceed that by: dnsmasq draws from 5 s to 20 s, which serves
/// terminals as well.
const NEAR: Duration = Duration::from_secs(4);

/// What a timer of a router may be late by.
const TIMER: Duration = Duration::from_secs(1);

fn initial_burst(trace: &Dissection<'_>) -> Verdict {
    let multicast: Vec<_> = adverts(trace)
        .filter(|ra| ra.destination.is_multicast())
        .collect();
    let starts = multicast.iter().enumerate().filter(|(index, ra)| {
        index.checked_sub(1).is_none_or(|before| {
            let before: Time = multicast[before].at;
            // What happens on the WAN does not make the LAN a new one (RFC 4861 §6.2.4).
            let mut begins = trace
                .steps
                .iter()
                .filter(|step| before <= step.at && step.at <= ra.at);
            begins.any(|step| step.cuts_power() || step.pulls(Wire::Lan))
        })
    });
    every(
        "first advertisement on the LAN",
        starts,
        |(index, first)| {
            let next = multicast.get(index + 1);
            let limit = INITIAL + NEAR;
            let until = next.map_or(first.at + limit, |next| next.at);
            let is_out = trace
                .steps
                .iter()
                .any(|step| step.pulls(Wire::Lan) && step.began() <= until && first.at <= step.at);
            let is_cut = is_out || trace.is_restarted(first.at, until);
            if is_cut || trace.end() < first.at + limit {
                return Ruling::Skip;
            }
            let expected = format!("the next advertisement within {}", seconds(INITIAL));
            let Some(next) = next else {
                let (from, due) = (first.at, first.at + limit);
                return broken([first.record], expected, "none")
                    .unless_late(trace, Delay::Silence { from, due });
            };
            let gap = next.at.since(first.at);
            if gap <= limit {
                Ruling::Holds(vec![first.record, next.record])
            } else {
                broken([first.record, next.record], expected, seconds(gap)).unless_late(
                    trace,
                    Delay::Overrun {
                        from: first.at,
                        to: next.at,
                        by: gap - limit,
                    },
                )
            }
        },
    )
}

fn after_link_up(trace: &Dissection<'_>) -> Verdict {
    let pulls = trace.steps.iter().filter(|step| step.pulls(Wire::Lan));
    every("return of the LAN's cable", pulls, |step| {
        let due = step.at + INITIAL + NEAR;
        let is_cut = trace.steps.iter().any(|other| {
            let restarts = other.record != step.record && other.restarts_device();
            restarts && step.began() <= other.at && other.began() <= due
        });
        let advertises = adverts(trace).any(|ra| ra.at < step.began());
        if !step.is_done() || is_cut || !advertises || trace.end() < due {
            return Ruling::Skip;
        }
        let mut later = adverts(trace).filter(|ra| ra.destination.is_multicast());
        match later.find(|ra| step.at <= ra.at) {
            Some(ra) if ra.at <= due => Ruling::Holds(vec![step.record, ra.record]),
            later => broken(
                [step.record],
                format!(
                    "an advertisement to all within {} of the cable's return",
                    seconds(INITIAL)
                ),
                "none",
            )
            .unless_late(
                trace,
                Delay::past(step.at, due, later.map(|later| later.at)),
            ),
        }
    })
}

/// So many intervals show something.
const ENOUGH: usize = 4;

/// So many that are alike are no accident, not even with senders that draw a few whole seconds.
const ALIKE: usize = 6;

/// Intervals that differ by less are alike.
const SAME: Duration = Duration::from_millis(50);

fn unsolicited_interval(trace: &Dissection<'_>) -> Verdict {
    let gaps = gaps(trace);
    let too_long = gaps.iter().filter(|gap| {
        // RFC 4861 §6.2.1: AdvDefaultLifetime is zero or no less than MaxRtrAdvInterval.
        !gap.lifetime.is_zero() && gap.length > gap.lifetime + TIMER
    });
    let too_long = too_long.map(|gap| {
        let late = finding(
            gap.records,
            format!("another advertisement within {}", seconds(gap.lifetime)),
            seconds(gap.length),
        );
        let delay = Delay::Overrun {
            from: gap.ends - gap.length,
            to: gap.ends,
            by: gap.length - (gap.lifetime + TIMER),
        };
        unless_late(late, trace, delay)
    });
    let verdict = never("advertisement", [], too_long);
    if matches!(verdict, Verdict::Fail(_)) {
        return verdict;
    }
    // RFC 4861 §6.2.4: intervals of the first advertisements may be cut to the same 16 s.
    let drawn: Vec<_> = gaps
        .iter()
        .filter(|gap| gap.length > INITIAL + TIMER)
        .collect();
    let alike = |some: &[&Gap]| {
        let lengths = || some.iter().map(|gap| gap.length);
        let spread = lengths().max().unwrap_or_default() - lengths().min().unwrap_or_default();
        spread < SAME
    };
    let beat = drawn.windows(ALIKE).find(|some| alike(some));
    let records = |gaps: &[&Gap]| gaps.iter().flat_map(|gap| gap.records).collect::<Vec<_>>();
    match beat {
        Some(beat) => Verdict::Fail(finding(
            records(beat),
            "intervals drawn at random",
            format!("{ALIKE} of {}", seconds(beat[0].length)),
        )),
        None if drawn.len() < ENOUGH || alike(&drawn) => Verdict::Inconclusive(format!(
            "there were only {} intervals between advertisements",
            drawn.len()
        )),
        None => Verdict::Pass(records(&drawn[..ENOUGH])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::test_verdicts::verdict;
    use crate::dissection::builder::TraceBuilder;

    /// Advertisements at these seconds.
    fn at(seconds: &[u64]) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-ra");
        for second in seconds {
            trace.at(second * 1000).lan_ra(|_| {});
        }
        trace
    }

    #[test]
    fn the_second_advertisement_follows_soon() {
        let id = "lan.ra.initial-burst";
        assert!(matches!(verdict(id, &at(&[5, 21])), Verdict::Pass(_)));
        assert!(matches!(verdict(id, &at(&[5, 30])), Verdict::Fail(_)));
        assert!(matches!(verdict(id, &at(&[5])), Verdict::Fail(_)));
        assert!(matches!(verdict(id, &at(&[55])), Verdict::Inconclusive(_)));
        let mut cut = at(&[5]);
        cut.at(10_000).done("power-cycle = {}");
        assert!(matches!(verdict(id, &cut), Verdict::Inconclusive(_)));
        cut.at(30_000).lan_ra(|_| {});
        assert!(matches!(verdict(id, &cut), Verdict::Fail(_)));
    }

    #[test]
    fn intervals_are_drawn() {
        let id = "lan.ra.unsolicited-interval";
        let random = at(&[5, 305, 850, 1100, 1500, 2000]);
        assert!(matches!(verdict(id, &random), Verdict::Pass(_)));
        let beat = at(&[5, 605, 1205, 1805, 2405, 3005, 3605]);
        assert!(matches!(verdict(id, &beat), Verdict::Fail(_)));
        // Whole seconds out of eight are four times the same now and then.
        let chance = at(&[5, 31, 57, 83, 109]);
        assert!(matches!(verdict(id, &chance), Verdict::Inconclusive(_)));
        // The builder's router lifetime is 1800 s.
        assert!(matches!(verdict(id, &at(&[5, 2405])), Verdict::Fail(_)));
        let burst = at(&[5, 21, 37, 53, 69]);
        assert!(matches!(verdict(id, &burst), Verdict::Inconclusive(_)));
    }

    #[test]
    fn a_device_that_had_nothing_to_advertise_was_not_slow() {
        let mut trace = at(&[5]);
        trace.at(2_405_000).lan_ra(|advert| advert.options.clear());
        let id = "lan.ra.unsolicited-interval";
        assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    }
}
