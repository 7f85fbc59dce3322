//! What the DHCPv6 client does to get and to keep a lease: repeating, renewing and rebinding
//! (RFC 8415 §18.2.2 to §18.2.5).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::{Aspect, Mode};

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::dhcpv6_client::doubling::GROWTH;
use crate::checks::dhcpv6_client::leases::leases;
use crate::checks::evidence::dhcpv6_exchanges::{Asked, exchanges, received, sent};
use crate::checks::ruling::{Ruling, broken, every, only_in, seconds};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.req.retry",
        source: "RFC 8415 §18.2.2, §7.6",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Requestを1秒から倍々、最長30秒間隔で10回まで送る",
            "Request is repeated from 1 s on, up to every 30 s, and ten times at most",
        ),
        hint: Text::new(
            "Requestの再送はREQ_TIMEOUT 1秒、REQ_MAX_RT 30秒、REQ_MAX_RC 10回に従ってください。",
            "Repeat Request by REQ_TIMEOUT 1 s, REQ_MAX_RT 30 s and REQ_MAX_RC 10.",
        ),
        judge: request_retry,
    },
    Check {
        id: "dhcp6c.ren.backoff",
        source: "RFC 8415 §18.2.4, §7.6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "Renewを10秒から倍々、最長600秒間隔で再送する",
            "Renew is repeated from 10 s on, up to every 600 s",
        ),
        hint: Text::new(
            "Renewの再送はREN_TIMEOUT 10秒から倍々に延ばし、REN_MAX_RT 600秒までにしてください。",
            "Repeat Renew by REN_TIMEOUT 10 s, doubling up to REN_MAX_RT 600 s.",
        ),
        judge: renew_backoff,
    },
    Check {
        id: "dhcp6c.reb.at-t2",
        source: "RFC 8415 §18.2.5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "更新できないままT2を過ぎたらRebindを送る",
            "When T2 has passed without an answer, Rebind asks every server",
        ),
        hint: Text::new(
            "T2を過ぎたら、Server Identifierを付けないRebindに切り替えてください。",
            "Change to Rebind at T2, and leave the Server Identifier out.",
        ),
        judge: rebind,
    },
    Check {
        id: "dhcp6c.reb.expiry-to-solicit",
        source: "RFC 8415 §18.2.5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "リースが切れたらSolicitからやり直す",
            "When the lease has run out, everything begins anew with Solicit",
        ),
        hint: Text::new(
            "有効期間が過ぎたらプレフィックスを破棄し、Solicitからやり直してください。",
            "Drop the prefix at the end of its lifetime, and solicit again.",
        ),
        judge: expiry,
    },
    Check {
        id: "dhcp6c.t.zero",
        source: "RFC 8415 §14.2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "T1が0でもすぐにRenewしない",
            "A T1 of zero does not bring about a Renew at once",
        ),
        hint: Text::new(
            "T1とT2が0のときは、有効期間から妥当な時刻を自分で決めてください。",
            "Where T1 and T2 are zero, choose times yourself by the lifetimes.",
        ),
        judge: zero_t1,
    },
    Check {
        id: "dhcp6c.ren.at-t1",
        source: "RFC 8415 §18.2.4, §18.2.5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new("T1を過ぎたらRenewを送る", "The delegation is renewed at T1"),
        hint: Text::new(
            "T1でRenewを、それに応答がないままT2になってからRebindを送り、リースを更新してください。",
            "Send Renew at T1, and Rebind only at T2, when no answer has come.",
        ),
        judge: renew,
    },
];

/// How one message is to be repeated (RFC 8415 §7.6).
struct Schedule {
    first: Duration,
    longest: Duration,
    most: usize,
}

const REQUEST: Schedule = Schedule {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(30),
    most: 10,
};

const RENEW: Schedule = Schedule {
    first: Duration::from_secs(10),
    longest: Duration::from_secs(600),
    most: usize::MAX,
};

/// RAND takes a tenth off at most (RFC 8415 §15); the rest is for coarse timers.
const SHORTEST: f64 = 0.85;

/// RAND adds a tenth at most (RFC 8415 §15).
const LONGER: f64 = 1.1;

/// Returns the messages of an exchange up to its first answer.
fn unanswered<'d>(asked: &Asked<'d>) -> Vec<&'d Found<Dhcpv6>> {
    // By the record: an answer may come in the moment of what it answers.
    let answered = asked.answers.first().map(|answer| answer.record);
    let messages = asked.messages.iter().copied();
    messages
        .filter(|found| answered.is_none_or(|answered| found.record < answered))
        .collect()
}

fn follows(trace: &Dissection<'_>, kind: Kind, schedule: &Schedule) -> Verdict {
    let exchanges = exchanges(trace).into_iter();
    let of_kind = exchanges.filter(|asked| asked.messages[0].is.kind == kind);
    let what = format!("repeated {kind:?}");
    every(&what, of_kind, |asked| {
        let messages = unanswered(&asked);
        let intervals: Vec<_> = messages
            .windows(2)
            .map(|pair| (pair[0], pair[1], pair[1].at.since(pair[0].at)))
            .collect();
        let mut before: Option<Duration> = None;
        for (first, second, took) in &intervals {
            let least = match before {
                None => schedule.first.mul_f64(SHORTEST),
                Some(before) => before
                    .mul_f64(GROWTH)
                    .min(schedule.longest.mul_f64(SHORTEST)),
            };
            if *took < least {
                let by = least - *took;
                return broken(
                    [first.record, second.record],
                    format!("{kind:?} again after {} at the earliest", seconds(least)),
                    seconds(*took),
                )
                .unless_late(
                    trace,
                    Delay::TooSoon {
                        after: first.at,
                        by,
                    },
                );
            }
            // RFC 8415 §15: no more than twice the interval before, and RAND adds a tenth; what passes
            // the longest by that is the longest instead, with a RAND of its own.
            let most = match before {
                // A capture may begin with any of them.
                None if first.is.elapsed() == Some(0) => schedule.first,
                None => schedule.longest,
                Some(before) if before.mul_f64(2.0 * LONGER) > schedule.longest => schedule.longest,
                Some(before) => before * 2,
            };
            let most = most.mul_f64(LONGER) + slack(0);
            let disturbed = trace.is_disturbed(first.at, second.at);
            if *took > most && !disturbed {
                let by = *took - most;
                return broken(
                    [first.record, second.record],
                    format!("{kind:?} again after {} at the latest", seconds(most)),
                    seconds(*took),
                )
                .unless_late(
                    trace,
                    Delay::Overrun {
                        from: first.at,
                        to: second.at,
                        by,
                    },
                );
            }
            before = Some(*took);
        }
        if let Some(extra) = messages.get(schedule.most) {
            return broken(
                [messages[0].record, extra.record],
                format!("at most {} times the same {kind:?}", schedule.most),
                format!("{} times", messages.len()),
            );
        }
        match &intervals[..] {
            [] => Ruling::Skip,
            [(first, second, _), ..] => Ruling::Holds(vec![first.record, second.record]),
        }
    })
}

fn request_retry(trace: &Dissection<'_>) -> Verdict {
    follows(trace, Kind::Request, &REQUEST)
}

fn renew_backoff(trace: &Dissection<'_>) -> Verdict {
    follows(trace, Kind::Renew, &RENEW)
}

/// What a timer of hours may be late by: a tenth, and coarse timers.
fn slack(secs: u32) -> Duration {
    Duration::from_secs(u64::from(secs / 10) + 10)
}

fn rebind(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        every("lease that came to its T2", leases(trace), |held| {
            if [0, u32::MAX].contains(&held.t2) || held.t2 >= held.valid || held.t1 > held.t2 {
                return Ruling::Skip;
            }
            let begin = held.reply.arrives;
            let due = begin + Duration::from_secs(u64::from(held.t2));
            let expiry = begin + Duration::from_secs(u64::from(held.valid));
            let deadline = (due + slack(held.t2)).min(expiry + slack(0));
            let replaced = held.replaced.is_some_and(|at| at < deadline);
            if replaced || deadline > trace.end() || trace.is_disturbed(begin, deadline) {
                return Ruling::Skip;
            }
            let asks = [Kind::Rebind, Kind::Request, Kind::Solicit];
            let found = sent(trace).find(|message| {
                // A timer may also be a little early.
                let in_time = message.at + slack(0) >= due && message.at <= deadline;
                in_time && asks.contains(&message.is.kind)
            });
            match found {
                Some(found) if found.is.kind == Kind::Rebind && found.is.server_id().is_some() => {
                    broken(
                        [held.reply.record, found.record],
                        "a Rebind to every server, without Server Identifier",
                        "it names one",
                    )
                }
                Some(found) if found.is.kind != Kind::Rebind => broken(
                    [held.reply.record, found.record],
                    format!("a Rebind {} s after the Reply", held.t2),
                    format!("a {:?} instead", found.is.kind),
                ),
                Some(found) => Ruling::Holds(vec![held.reply.record, found.record]),
                None => {
                    let later = first_after(trace, deadline, &asks);
                    broken(
                        [held.reply.record],
                        format!("a Rebind {} s after the Reply", held.t2),
                        "none",
                    )
                    .unless_late(trace, Delay::past(due, deadline, later))
                }
            }
        })
    })
}

/// Returns when the device first sent a message of such a kind after a point in time.
fn first_after(trace: &Dissection<'_>, after: Time, kinds: &[Kind]) -> Option<Time> {
    let mut later = sent(trace).filter(|message| message.at > after);
    let first = later.find(|message| kinds.contains(&message.is.kind));
    first.map(|message| message.at)
}

/// A client that drops a lease may first tidy up.
const ANEW_WITHIN: Duration = Duration::from_secs(30);

fn expiry(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        every("lease that ran out", leases(trace), |held| {
            if held.valid == u32::MAX {
                return Ruling::Skip;
            }
            let begin = held.reply.arrives;
            let expiry = begin + Duration::from_secs(u64::from(held.valid));
            let deadline = expiry + ANEW_WITHIN;
            let replaced = held.replaced.is_some_and(|at| at <= expiry);
            let cut = trace.is_disturbed(begin, deadline) || trace.is_restarted(begin, deadline);
            if replaced || deadline > trace.end() || cut {
                return Ruling::Skip;
            }
            let found = sent(trace).find(|message| {
                message.at + slack(0) >= expiry
                    && message.at <= deadline
                    && message.is.kind == Kind::Solicit
            });
            match found {
                Some(found) => Ruling::Holds(vec![held.reply.record, found.record]),
                None => {
                    let later = first_after(trace, deadline, &[Kind::Solicit]);
                    broken(
                        [held.reply.record],
                        format!("a Solicit once the {} s of the lease are over", held.valid),
                        "none",
                    )
                    .unless_late(trace, Delay::past(expiry, deadline, later))
                }
            }
        })
    })
}

/// No time that a client chooses by itself for a lease of minutes is shorter.
const NOT_AT_ONCE: Duration = Duration::from_secs(10);

const MINUTES: u32 = 60;

fn zero_t1(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let leases = leases(trace).into_iter();
        let open = leases.filter(|held| held.t1 == 0 && held.valid >= MINUTES);
        every("lease with a T1 of zero", open, |held| {
            let until = held.reply.arrives + NOT_AT_ONCE;
            let mut later = sent(trace).filter(|found| found.record > held.reply.record);
            let renews = later.find(|found| {
                found.at < until && matches!(found.is.kind, Kind::Renew | Kind::Rebind)
            });
            match renews {
                Some(found) if !trace.is_restarted(held.reply.at, found.at) => broken(
                    [held.reply.record, found.record],
                    "no Renew at once",
                    format!("one after {}", seconds(found.at.since(held.reply.arrives))),
                ),
                Some(_) => Ruling::Skip,
                None if trace.end() < until => Ruling::Skip,
                None => Ruling::Holds(vec![held.reply.record]),
            }
        })
    })
}

/// What a Renew may be late by: a tenth of T1, and coarse timers.
fn renew_slack(t1: u32) -> Duration {
    Duration::from_secs(u64::from(t1 / 10) + 10)
}

/// Returns whether a message is a Rebind that began at T1, before T2 (RFC 8415 §18.2.5).
///
/// One that began before T1 has an occasion of its own, as a link that came back (§18.2.12).
fn is_hasty(message: &Found<Dhcpv6>, t1: Time, granted: Time, t2: u32) -> bool {
    let t2_is_set = ![0, u32::MAX].contains(&t2);
    message.is.kind == Kind::Rebind
        && t2_is_set
        && message.at + COARSE >= t1
        && message.at + COARSE < granted + Duration::from_secs(u64::from(t2))
}

/// What a timer that counts whole seconds may be early by, with one more for the way.
const COARSE: Duration = Duration::from_secs(2);

fn renew(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let grants: Vec<_> = received(trace)
            .filter(|found| found.is.kind == Kind::Reply)
            .filter_map(|found| {
                let granted = found.is.granted();
                // RFC 8415 §21.22.
                let mut usable = granted.iter().filter(|(_, it)| it.preferred <= it.valid);
                let association = &usable.next()?.0;
                Some((found, association.t1, association.t2))
            })
            .collect();
        every(
            "lease that came to its T1",
            grants.iter().enumerate(),
            |(index, (found, t1, t2))| {
                // RFC 8415 §21.21: zero leaves the time to the client, all ones means never.
                if [0, u32::MAX].contains(t1) {
                    return Ruling::Skip;
                }
                let due = found.arrives + Duration::from_secs(u64::from(*t1));
                let deadline = due + renew_slack(*t1);
                let replaced = grants
                    .get(index + 1)
                    .is_some_and(|(next, ..)| next.arrives < due);
                let after = |kinds: &[Kind]| {
                    sent(trace).find(|message| {
                        message.at > found.arrives
                            && message.at <= deadline
                            && kinds.contains(&message.is.kind)
                    })
                };
                if replaced || deadline > trace.end() || trace.is_disturbed(found.at, deadline) {
                    return Ruling::Skip;
                }
                let expected = format!("a Renew {t1} s after the Reply");
                let renewal = after(&[Kind::Renew, Kind::Request]);
                match renewal.or_else(|| after(&[Kind::Rebind])) {
                    Some(message) if is_hasty(message, due, found.arrives, *t2) => broken(
                        [found.record, message.record],
                        expected,
                        format!("a Rebind, which is for T2, {t2} s after the Reply"),
                    ),
                    Some(message) => Ruling::Holds(vec![found.record, message.record]),
                    None => {
                        let kinds = [Kind::Renew, Kind::Request, Kind::Rebind];
                        let later = first_after(trace, deadline, &kinds);
                        broken([found.record], expected, "none")
                            .unless_late(trace, Delay::past(due, deadline, later))
                    }
                }
            },
        )
    })
}

#[cfg(test)]
mod tests;
