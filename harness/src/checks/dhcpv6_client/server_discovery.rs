//! How the DHCPv6 client looks for a server, and how it chooses one (RFC 8415 §18.2.1, §18.2.9).

use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::dhcpv6_client::solicits::{offers, solicits};
use crate::checks::evidence::dhcpv6_exchanges::{Asked, sent};
use crate::checks::ruling::{Ruling, broken, every, expect, seconds, within};
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
];

/// SOL_TIMEOUT (RFC 8415 §7.6).
const FIRST_TIMEOUT: Duration = Duration::from_secs(1);

/// What timers of a millisecond's grain and the way to the cable may take off an interval.
const GRAIN: Duration = Duration::from_millis(10);

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
    let (after, by) = (first.at, least - took);
    broken([first.record, second.record], what, seconds(took))
        .unless_late(trace, Delay::TooSoon { after, by })
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

/// What timers of a second's grain make of an interval.
const COARSE: Duration = Duration::from_secs(5);

/// How late the next Solicit may be: 2.1 times the last interval, and where that is more than
/// SOL_MAX_RT, 1.1 times SOL_MAX_RT in its place (RFC 8415 §15).
fn next_solicit(interval: Duration) -> Duration {
    let doubled = interval.mul_f64(2.1) + COARSE;
    if doubled > LONGEST {
        LONGEST.mul_f64(1.1) + COARSE
    } else {
        doubled
    }
}

fn no_give_up(trace: &Dissection<'_>) -> Verdict {
    let unanswered = solicits(trace).into_iter().map(|asked| {
        let offer = asked.answers.iter().find(|answer| offers(answer));
        let until = offer.map_or(RecordId::MAX, |offer| offer.record);
        let alone = asked.messages.into_iter();
        alone
            .filter(|found| found.record < until && found.at < trace.end())
            .collect::<Vec<_>>()
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
            next => {
                let delay = match next {
                    Some(next) => Delay::Overrun {
                        from: last.at,
                        to: next.at,
                        by: next.at.since(deadline),
                    },
                    None => Delay::Silence {
                        from: last.at,
                        due: deadline,
                    },
                };
                broken(
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
                )
                .unless_late(trace, delay)
            }
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
        // Who takes the first offer at once is none of this check's business.
        let known =
            |found: &&&Found<Dhcpv6>| offers(found) && found.arrives + AT_ONCE <= request.at;
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
        .unless_late(
            trace,
            Delay::Race {
                from: request.at,
                to: request.at,
            },
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

#[cfg(test)]
mod tests;
