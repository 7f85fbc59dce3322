//! How the DHCPv6 client looks for a server, and how it chooses one (RFC 8415 §18.2.1, §18.2.9).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};

use super::dhcpv6::{Asked, exchanges, sent};
use super::{CE_ROUTER, Check, Ruling, broken, every, expect, seconds, unclear_by_host, within};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.sol.first-rt-gt-1s",
        source: "RFC 8415 §15, §18.2.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "最初のSolicitの再送まで1秒より長く待つ",
            "The first Solicit is repeated after more than a second",
        ),
        hint: Text::new(
            "最初の再送間隔の乱数（RAND）を正の値だけにしてください。",
            "Draw RAND of the first timeout above zero only.",
        ),
        judge: first_timeout,
    },
    Check {
        id: "dhcp6c.sol.no-give-up",
        source: "RFC 8415 §18.2.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "応答がなくてもSolicitをあきらめない",
            "Solicits never end, however long nobody answers",
        ),
        hint: Text::new(
            "Solicitの回数や期間に上限を設けないでください。サーバが戻っても復旧しません。",
            "Set no limit to Solicits: else nothing recovers when the server comes back.",
        ),
        judge: no_give_up,
    },
    Check {
        id: "dhcp6c.sol.wait-first-rt",
        source: "RFC 8415 §18.2.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "最初のタイムアウトまでAdvertiseを集める",
            "Advertises are collected until the first timeout",
        ),
        hint: Text::new(
            "プリファレンス255でない限り、最初のAdvertiseですぐにRequestを送らないでください。",
            "Unless the preference is 255, do not take the first Advertise at once.",
        ),
        judge: waits_for_offers,
    },
    Check {
        id: "dhcp6c.sol.preference-255",
        source: "RFC 8415 §18.2.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "プリファレンス255のAdvertiseにはすぐRequestを送る",
            "An Advertise with preference 255 is taken at once",
        ),
        hint: Text::new(
            "プリファレンス255のAdvertiseを受け取ったら、待たずにRequestを送ってください。",
            "Do not wait for more once an Advertise has preference 255.",
        ),
        judge: highest_preference,
    },
    Check {
        id: "dhcp6c.sol.preference-order",
        source: "RFC 8415 §18.2.9",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "プリファレンスの最も高いサーバを選ぶ",
            "The server with the highest preference is chosen",
        ),
        hint: Text::new(
            "集めたAdvertiseのうちプリファレンスが最も高いものを選んでください。",
            "Choose the highest preference among the Advertises.",
        ),
        judge: preference_order,
    },
    Check {
        id: "dhcp6c.adv.ignore-empty",
        source: "RFC 8415 §18.2.9",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "プレフィックスもアドレスもないAdvertiseを無視する",
            "An Advertise that offers nothing is ignored",
        ),
        hint: Text::new(
            "NoPrefixAvailなどで何も提供しないAdvertiseにRequestを送らないでください。",
            "Send no Request after an Advertise without prefix and address.",
        ),
        judge: ignores_empty,
    },
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

/// SOL_TIMEOUT (RFC 8415 §7.6).
const FIRST_TIMEOUT: Duration = Duration::from_secs(1);
/// What timers of a millisecond's grain and the way to the cable may take off an interval.
const GRAIN: Duration = Duration::from_millis(10);

/// Returns the Solicits of the device, each with its repetitions and what answered it.
fn solicits<'d>(trace: &'d Dissection<'_>) -> Vec<Asked<'d>> {
    let mut all = exchanges(trace);
    all.retain(|asked| asked.messages[0].is.kind == Kind::Solicit);
    all
}

/// Returns whether an Advertise offers anything: a prefix, or an address.
fn offers(found: &Found<Dhcpv6>) -> bool {
    !found.is.granted().is_empty() || found.is.grants_address()
}

/// Holds if a time is not below its least; a late host makes it unclear.
fn at_least(
    trace: &Dissection<'_>,
    pair: [&Found<Dhcpv6>; 2],
    least: Duration,
    what: &str,
) -> Ruling {
    let [first, second] = pair;
    let took = second.at.since(first.at);
    if took + GRAIN > least {
        return Ruling::Holds(vec![first.record, second.record]);
    }
    if took + GRAIN + trace.late > least {
        return unclear_by_host(trace);
    }
    broken([first.record, second.record], what, seconds(took))
}

fn first_timeout(trace: &Dissection<'_>) -> Verdict {
    every("repetition of a first Solicit", solicits(trace), |asked| {
        let [first, second, ..] = asked.messages[..] else {
            return Ruling::Skip;
        };
        if first.is.elapsed() != Some(0) {
            return Ruling::Skip;
        }
        let what = "more than a second until the first Solicit is repeated";
        at_least(trace, [first, second], FIRST_TIMEOUT, what)
    })
}

/// SOL_MAX_RT (RFC 8415 §7.6).
const LONGEST: Duration = Duration::from_secs(3600);
/// How late the next Solicit may be: 2.1 times the last interval (RFC 8415 §15), and coarse timers.
fn next_solicit(interval: Duration) -> Duration {
    (interval.mul_f64(2.1)).min(LONGEST.mul_f64(1.1)) + Duration::from_secs(5)
}

fn no_give_up(trace: &Dissection<'_>) -> Verdict {
    let unanswered = solicits(trace).into_iter().map(|asked| {
        let offer = asked.answers.iter().find(|answer| offers(answer));
        let until = offer.map_or(trace.end(), |offer| offer.at);
        let alone = asked.messages.into_iter();
        alone.filter(|found| found.at < until).collect::<Vec<_>>()
    });
    let long = unanswered.filter(|messages| messages.len() >= 3);
    every("third Solicit that nobody answered", long, |messages| {
        let mut last = messages.iter().rev();
        let (Some(last), Some(before)) = (last.next(), last.next()) else {
            return Ruling::Skip;
        };
        let deadline = last.at + next_solicit(last.at.since(before.at));
        let next = sent(trace).find(|found| found.record > last.record);
        match next {
            Some(next) if next.at <= deadline => Ruling::Holds(vec![last.record, next.record]),
            _ if trace.end() < deadline => Ruling::Holds(vec![before.record, last.record]),
            _ if trace.is_disturbed(last.at, deadline) => Ruling::Skip,
            next => broken(
                [last.record]
                    .into_iter()
                    .chain(next.map(|next| next.record)),
                format!(
                    "another Solicit within {}",
                    seconds(deadline.since(last.at))
                ),
                next.map_or("none".to_owned(), |next| {
                    format!("the next message after {}", seconds(next.at.since(last.at)))
                }),
            ),
        }
    })
}

/// Returns the Request that follows the Solicits of an exchange.
fn request_after<'d>(trace: &'d Dissection<'_>, asked: &Asked<'d>) -> Option<&'d Found<Dhcpv6>> {
    let last = asked.messages.last()?;
    let next = sent(trace).find(|found| found.record > last.record)?;
    (next.is.kind == Kind::Request).then_some(next)
}

fn waits_for_offers(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    every("Request after a first Solicit", exchanges, |asked| {
        let highest = asked
            .answers
            .iter()
            .any(|answer| answer.is.preference() == u8::MAX);
        let ([first], Some(request)) = (&asked.messages[..], request_after(trace, &asked)) else {
            return Ruling::Skip;
        };
        if highest || first.is.elapsed() != Some(0) {
            return Ruling::Skip;
        }
        let what = "a Request once the first timeout of a second is over";
        at_least(trace, [*first, request], FIRST_TIMEOUT, what)
    })
}

/// "Immediately" in a program that sleeps between its looks at the socket.
const AT_ONCE: Duration = Duration::from_millis(500);

fn highest_preference(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    let pairs = exchanges.iter().filter_map(|asked| {
        let mut answers = asked.answers.iter();
        let answer = answers.find(|found| offers(found) && found.is.preference() == u8::MAX)?;
        Some((asked, *answer))
    });
    every("Advertise with preference 255", pairs, |(asked, answer)| {
        if asked.answers[0].record != answer.record {
            return Ruling::Skip;
        }
        let mut later = sent(trace).filter(|found| found.record > answer.record);
        let request = later.find(|found| found.is.kind == Kind::Request);
        within(trace, answer, request, AT_ONCE, "a Request")
    })
}

fn preference_order(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    every("choice among several Advertises", exchanges, |asked| {
        let Some(request) = request_after(trace, &asked) else {
            return Ruling::Skip;
        };
        let known = |found: &&&Found<Dhcpv6>| offers(found) && found.arrives + GRAIN <= request.at;
        let offers: Vec<_> = asked.answers.iter().filter(known).collect();
        let best = offers.iter().map(|found| found.is.preference()).max();
        let chosen = offers
            .iter()
            .find(|found| found.is.server_id() == request.is.server_id());
        let (Some(best), Some(chosen)) = (best, chosen) else {
            return Ruling::Skip;
        };
        if offers.iter().all(|found| found.is.preference() == best) {
            return Ruling::Skip;
        }
        expect(
            [chosen.record, request.record],
            chosen.is.preference() == best,
            format!("a Request to the server with preference {best}"),
            format!("to the one with {}", chosen.is.preference()),
        )
    })
}

/// Long enough for a client that takes an empty Advertise for an offer, and collects more first.
const TAKEN_AFTER: Duration = Duration::from_secs(3);

fn ignores_empty(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    let answers = exchanges.iter().flat_map(|asked| &asked.answers);
    let empty = answers.clone().filter(|answer| !offers(answer));
    every("Advertise that offers nothing", empty, |answer| {
        let mut later = sent(trace).filter(|found| found.record > answer.record);
        let request = later.find(|found| {
            found.is.kind == Kind::Request && found.is.server_id() == answer.is.server_id()
        });
        let offered = |request: &Found<Dhcpv6>| {
            answers.clone().any(|other| {
                offers(other)
                    && other.at <= request.at
                    && other.is.server_id() == request.is.server_id()
            })
        };
        match request {
            Some(request) if !offered(request) => broken(
                [answer.record, request.record],
                "no Request to a server that has offered nothing",
                "one",
            ),
            None if trace.end() < answer.arrives + TAKEN_AFTER => Ruling::Skip,
            Some(_) | None => Ruling::Holds(vec![answer.record]),
        }
    })
}

/// What must remain of doubling: 1.9 times with the jitter of RFC 8415 §15, and host jitter.
const GROWTH: f64 = 1.6;
/// From here on a client may have reached its longest interval: 120 s in RFC 3315 §5.5.
const SETTLED: Duration = Duration::from_secs(100);
/// The option SOL_MAX_RT, and its range (RFC 8415 §21.24).
const SOL_MAX_RT: u16 = 82;
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
    let settled = shortest.map_or(SETTLED, |secs| {
        SETTLED.min(Duration::from_secs(u64::from(secs)).mul_f64(0.85))
    });
    every(
        "third Solicit among empty Advertises",
        messages.windows(3),
        |three| {
            let &[first, second, third] = three else {
                return Ruling::Skip;
            };
            if !empty_between(first, second) || trace.is_restarted(first.at, third.at) {
                return Ruling::Skip;
            }
            let (before, after) = (second.at.since(first.at), third.at.since(second.at));
            expect(
                [first.record, second.record, third.record],
                after >= settled || after.as_secs_f64() >= GROWTH * before.as_secs_f64(),
                format!("an interval of about twice {}", seconds(before)),
                seconds(after),
            )
        },
    )
}

/// A value of SOL_MAX_RT that came, where it came, and the intervals between Solicits after it.
fn limited<'d>(
    trace: &Dissection<'_>,
    asked: &Asked<'d>,
) -> Option<(Duration, bool, Vec<[&'d Found<Dhcpv6>; 2]>)> {
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
    Some((value_secs, RANGE.contains(&value), pairs.collect()))
}

fn follows_sol_max_rt(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    let limits = exchanges.iter().filter_map(|asked| limited(trace, asked));
    let triples = limits
        .filter(|(_, valid, _)| *valid)
        .flat_map(|(limit, _, pairs)| {
            let next = pairs.clone().into_iter().skip(1);
            let both: Vec<_> = pairs.into_iter().zip(next).collect();
            both.into_iter().map(move |(a, b)| (limit, a, b))
        });
    every(
        "interval that SOL_MAX_RT limits",
        triples,
        |(limit, before, after)| {
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
                format!("Solicit again within {}, as SOL_MAX_RT says", seconds(most)),
                seconds(now),
            )
        },
    )
}

fn sol_max_rt_range(trace: &Dissection<'_>) -> Verdict {
    let exchanges = solicits(trace);
    let limits = exchanges.iter().filter_map(|asked| limited(trace, asked));
    let bad = limits.filter(|(_, valid, _)| !valid);
    every("SOL_MAX_RT out of range", bad, |(limit, _, pairs)| {
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
            ),
            None if trace.end() >= second.at + limit.mul_f64(1.5) => {
                Ruling::Holds(vec![second.record])
            }
            None => Ruling::Skip,
        }
    })
}

/// RFC 8415 §14.1 leaves the rate to the client; no exchange by the book comes near this one.
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
            expect(
                [first.record],
                count <= MOST,
                format!("at most {MOST} messages in {}", seconds(PERIOD)),
                format!("{count}"),
            )
        },
    )
}

#[cfg(test)]
mod tests;
