//! How often the DHCPv6 client may ask: what a refusal says of it, and what must not be exceeded
//! (RFC 8415 §14.1, §18.2.9, §21.24).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::dhcpv6_client::doubling::{LONGEST, doubles};
use crate::checks::dhcpv6_client::solicits::{offers, solicits};
use crate::checks::evidence::dhcpv6_exchanges::{Asked, asks_for, exchanges, sent};
use crate::checks::ruling::{Ruling, every, expect, seconds};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.adv.empty-keeps-timer",
        source: "RFC 8415 §18.2.9",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "空のAdvertiseでSolicitの再送タイマをやり直さない",
            "An empty Advertise does not restart the timer of Solicit",
        ),
        hint: Text::new(
            "空のAdvertiseを受け取っても、再送間隔を倍々に延ばし続けてください。",
            "Go on doubling the interval when an empty Advertise comes.",
        ),
        judge: empty_keeps_timer,
    },
    Check {
        id: "dhcp6c.adv.sol-max-rt-in-error",
        source: "RFC 8415 §18.2.9",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "失敗を伝えるAdvertiseのSOL_MAX_RTにも従う",
            "SOL_MAX_RT counts even in an Advertise that reports a failure",
        ),
        hint: Text::new(
            "使えないAdvertiseでも、SOL_MAX_RTがあれば再送間隔の上限にしてください。",
            "Take SOL_MAX_RT over also from an Advertise of no use.",
        ),
        judge: follows_sol_max_rt,
    },
    Check {
        id: "dhcp6c.sol-max-rt.range",
        source: "RFC 8415 §21.24",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "範囲外のSOL_MAX_RTに従わない",
            "A SOL_MAX_RT out of range is ignored",
        ),
        hint: Text::new(
            "60秒未満または86400秒を超えるSOL_MAX_RTを無視してください。",
            "Ignore a SOL_MAX_RT below 60 s or above 86400 s.",
        ),
        judge: sol_max_rt_range,
    },
    Check {
        id: "dhcp6c.inf.max-rt",
        source: "RFC 8415 §21.25, §18.2.6",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "INF_MAX_RTに従ってInformation-Requestを再送する",
            "INF_MAX_RT limits the interval of Information-Requests",
        ),
        hint: Text::new(
            "応答にINF_MAX_RTがあれば、Information-Requestの再送間隔の上限にしてください。",
            "Take INF_MAX_RT of a Reply for the longest interval of Information-Requests.",
        ),
        judge: follows_inf_max_rt,
    },
    Check {
        id: "dhcp6c.rate.limit",
        source: "RFC 8415 §14.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "DHCPv6のメッセージを送りすぎない",
            "DHCPv6 messages are limited in rate",
        ),
        hint: Text::new(
            "応答が使えないときも再送間隔を空け、続けざまに送らないでください。",
            "Pause also when answers are of no use, instead of asking again at once.",
        ),
        judge: rate_limit,
    },
];

/// The options SOL_MAX_RT and INF_MAX_RT, and the range of both (RFC 8415 §21.24, §21.25).
const SOL_MAX_RT: u16 = 82;
const INF_MAX_RT: u16 = 83;

const RANGE: std::ops::RangeInclusive<u32> = 60..=86_400;

fn empty_keeps_timer(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    let answers: Vec<_> = exchanges.iter().flat_map(|asked| &asked.answers).collect();
    let empty_between = |a: &Found<Dhcpv6>, b: &Found<Dhcpv6>| {
        let mut between = answers
            .iter()
            .filter(|answer| a.at <= answer.at && answer.arrives <= b.at)
            .peekable();
        between.peek().is_some() && between.all(|answer| !offers(answer))
    };
    let messages: Vec<_> = sent(trace)
        .filter(|found| found.is.kind == Kind::Solicit)
        .collect();
    let shortest = answers
        .iter()
        .filter_map(|answer| answer.is.number(SOL_MAX_RT))
        .min();
    // Whoever was told a shorter limit may have reached it.
    let settled = shortest.map_or(LONGEST, |secs| {
        LONGEST.min(Duration::from_secs(u64::from(secs)).mul_f64(0.85))
    });
    // A device may have one client for addresses and another for prefixes.
    let before = |found: &Found<Dhcpv6>| {
        let end = messages.partition_point(|other| other.record < found.record);
        let mut earlier = messages[..end].iter().rev();
        earlier
            .find(|other| asks_for(other) == asks_for(found))
            .copied()
    };
    every("third Solicit among empty Advertises", &messages, |third| {
        let Some(second) = before(third) else {
            return Ruling::Skip;
        };
        let Some(first) = before(second) else {
            return Ruling::Skip;
        };
        if !empty_between(first, second) || trace.is_restarted(first.at, third.at) {
            return Ruling::Skip;
        }
        doubles(trace, [first, second, third], settled)
    })
}

/// A value of SOL_MAX_RT that came, and the intervals between Solicits after it.
struct Limited<'d> {
    limit: Duration,
    in_range: bool,
    pairs: Vec<[&'d Found<Dhcpv6>; 2]>,
}

fn limited<'d>(trace: &Dissection<'_>, asked: &Asked<'d>) -> Option<Limited<'d>> {
    let asks = asked.messages[0].is.requested().contains(&SOL_MAX_RT);
    let answer = asked
        .answers
        .iter()
        .find(|answer| asks && !offers(answer) && answer.is.number(SOL_MAX_RT).is_some())?;
    let value = answer.is.number(SOL_MAX_RT)?;
    let later: Vec<_> = asked
        .messages
        .iter()
        .copied()
        .filter(|found| found.record > answer.record)
        .collect();
    let pairs = later
        .windows(2)
        .map(|pair| [pair[0], pair[1]])
        .filter(|[a, b]| !trace.is_restarted(a.at, b.at));
    let value_secs = Duration::from_secs(u64::from(value));
    Some(Limited {
        limit: value_secs,
        in_range: RANGE.contains(&value),
        pairs: pairs.collect(),
    })
}

fn follows_sol_max_rt(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    let limits = exchanges.iter().filter_map(|asked| limited(trace, asked));
    let triples =
        limits
            .filter(|limited| limited.in_range)
            .flat_map(|Limited { limit, pairs, .. }| {
                let next = pairs.clone().into_iter().skip(1);
                let both: Vec<_> = pairs.into_iter().zip(next).collect();
                both.into_iter().map(move |(a, b)| (limit, a, b))
            });
    every(
        "interval that SOL_MAX_RT limits",
        triples,
        |(limit, before, after)| keeps_to(trace, limit, before, after, "Solicit", "SOL_MAX_RT"),
    )
}

/// Rules that the interval after one that is nearly as long as it may be is no longer either.
fn keeps_to(
    trace: &Dissection<'_>,
    limit: Duration,
    before: [&Found<Dhcpv6>; 2],
    after: [&Found<Dhcpv6>; 2],
    what: &str,
    option: &str,
) -> Ruling {
    let (last, now) = (
        before[1].at.since(before[0].at),
        after[1].at.since(after[0].at),
    );
    let most = limit.mul_f64(1.1) + Duration::from_secs(2);
    // Without the limit this interval would be longer than it, whatever the jitter.
    if last.mul_f64(1.8) <= most {
        return Ruling::Skip;
    }
    expect(
        [after[0].record, after[1].record],
        now <= most,
        format!("{what} again within {}, as {option} says", seconds(most)),
        seconds(now),
    )
    .unless_late(
        trace,
        Delay::Overrun {
            from: after[0].at,
            to: after[1].at,
            by: now.saturating_sub(most),
        },
    )
}

fn follows_inf_max_rt(trace: &Dissection<'_>) -> Verdict {
    let asking = || {
        let exchanges = exchanges(trace).into_iter();
        exchanges.filter(|asked| asked.messages[0].is.kind == Kind::InformationRequest)
    };
    let told = asking().find_map(|asked| {
        let asks = asked.messages[0].is.requested().contains(&INF_MAX_RT);
        let answer = asked.answers.first().filter(|_| asks)?;
        let secs = answer.is.number(INF_MAX_RT)?;
        RANGE
            .contains(&secs)
            .then_some((answer.record, answer.at, secs))
    });
    let Some((record, told, secs)) = told else {
        return Verdict::Inconclusive("no Reply brought an INF_MAX_RT".to_owned());
    };
    let limit = Duration::from_secs(u64::from(secs));
    let intervals: Vec<_> = asking()
        .filter(|asked| asked.messages[0].record > record)
        .flat_map(|asked| {
            let pairs = asked.messages.windows(2);
            let pairs: Vec<_> = pairs.map(|pair| [pair[0], pair[1]]).collect();
            let next = pairs.clone().into_iter().skip(1);
            pairs.into_iter().zip(next).collect::<Vec<_>>()
        })
        // Who was restarted has forgotten it.
        .filter(|(_, after)| !trace.is_restarted(told, after[1].at))
        .collect();
    every(
        "interval that INF_MAX_RT limits",
        intervals,
        |(before, after)| {
            keeps_to(
                trace,
                limit,
                before,
                after,
                "Information-Request",
                "INF_MAX_RT",
            )
        },
    )
}

fn sol_max_rt_range(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    let limits = exchanges.iter().filter_map(|asked| limited(trace, asked));
    let bad = limits.filter(|limited| !limited.in_range);
    every(
        "SOL_MAX_RT out of range",
        bad,
        |Limited { limit, pairs, .. }| {
            // The first interval near the wrong limit: the next one shows whether it is one.
            let near = limit.mul_f64(0.85)..limit.mul_f64(1.15);
            let Some(index) = pairs
                .iter()
                .position(|[a, b]| near.contains(&b.at.since(a.at)))
            else {
                return match pairs.iter().find(|[a, b]| b.at.since(a.at) > near.end) {
                    Some([a, b]) => Ruling::Holds(vec![a.record, b.record]),
                    None => Ruling::Skip,
                };
            };
            let [_, second] = pairs[index];
            match pairs.get(index + 1) {
                Some([a, b]) => expect(
                    [a.record, b.record],
                    b.at.since(a.at) > near.end,
                    format!("an interval of about {}", seconds(limit * 2)),
                    seconds(b.at.since(a.at)),
                )
                .unless_late(
                    trace,
                    Delay::TooSoon {
                        after: a.at,
                        by: near.end.saturating_sub(b.at.since(a.at)),
                    },
                ),
                None if trace.end() >= second.at + limit.mul_f64(1.5) => {
                    Ruling::Holds(vec![second.record])
                }
                None => Ruling::Skip,
            }
        },
    )
}

/// RFC 8415 §14.1 has every client limit its rate, and names 20 packets in 20 seconds as a possible
/// default. A client may choose another, so that only twice as many fail.
const PERIOD: Duration = Duration::from_secs(20);

const MOST: usize = 40;

fn rate_limit(trace: &Dissection<'_>) -> Verdict {
    let messages: Vec<_> = sent(trace).collect();
    // A device that has been asked for nothing more than a lease proves nothing.
    let busy = messages.len() >= 4;
    every(
        "fourth DHCPv6 message",
        messages.iter().enumerate(),
        |(index, first)| {
            let in_period = messages[index..]
                .iter()
                .take_while(|found| found.at < first.at + PERIOD);
            let count = in_period.count();
            if !busy {
                return Ruling::Skip;
            }
            // How much earlier the first one must have been sent to be none of them.
            let last = messages[index..].get(MOST);
            let by = last.map_or(PERIOD, |last| (first.at + PERIOD).since(last.at));
            expect(
                [first.record],
                count <= MOST,
                format!("at most {MOST} messages in {}", seconds(PERIOD)),
                format!("{count}"),
            )
            .unless_late(
                trace,
                Delay::TooSoon {
                    after: first.at,
                    by,
                },
            )
        },
    )
}

#[cfg(test)]
mod tests;
