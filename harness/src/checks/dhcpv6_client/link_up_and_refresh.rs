//! When the DHCPv6 client asks again by itself: after the link was down, and when information is
//! old (RFC 8415 §18.2.12, §21.23).

use std::collections::BTreeSet;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::dhcpv6_client::leases::leases;
use crate::checks::evidence::dhcpv6_exchanges::{exchanges, received, sent};
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::ruling::{Ruling, broken, every, only_in, seconds};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind, Stepped};
use crate::scenario::step::cable::Wire;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.link.rebind-with-pd",
        source: "RFC 8415 §18.2.12",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "リンク断から復旧したら、持っているプレフィックスをRebindで確かめる",
            "After the link was down, Rebind checks the delegated prefix",
        ),
        hint: Text::new(
            "WANのリンクが戻ったらRebindを送り、プレフィックスがまだ有効か確かめてください。",
            "Send Rebind when the WAN link comes back, to learn whether the prefix still holds.",
        ),
        judge: rebind_after_link_up,
    },
    Check {
        id: "dhcp6c.link.inf-refresh",
        source: "RFC 8415 §18.2.12",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "リンク断から復旧したら、Information-Requestを送り直す",
            "After the link was down, an Information-Request is sent again",
        ),
        hint: Text::new(
            "WANのリンクが戻ったらInformation-Requestを送り直してください。",
            "Send another Information-Request when the WAN link comes back.",
        ),
        judge: information_after_link_up,
    },
    Check {
        id: "dhcp6c.inf.irt-default",
        source: "RFC 8415 §21.23, §7.6",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "更新時間の指定がなければ1日後にInformation-Requestを送る",
            "Without a refresh time information is refreshed after a day",
        ),
        hint: Text::new(
            "Information Refresh Timeがない応答は、86400秒で取り直してください。",
            "Ask again after 86400 s where the Reply has no Information Refresh Time.",
        ),
        judge: refresh_default,
    },
    Check {
        id: "dhcp6c.inf.irt-minimum",
        source: "RFC 8415 §21.23, §7.6, §18.2.12",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "600秒未満の更新時間を600秒とみなす",
            "A refresh time below 600 s counts as 600 s",
        ),
        hint: Text::new(
            "Information Refresh Timeの下限を600秒（IRT_MINIMUM）にしてください。",
            "Take no refresh time below IRT_MINIMUM, 600 s.",
        ),
        judge: refresh_minimum,
    },
];

/// Slow duplicate address detection (design §12), and programs that look at the link now and then.
pub(super) const NOTICED_AFTER: Duration = Duration::from_secs(30);

/// Returns when the WAN cable was put back.
pub(super) fn link_ups(trace: &Dissection<'_>) -> impl Iterator<Item = (usize, Time)> {
    let pulls = trace.steps.iter().filter(|step| step.pulls(Wire::Wan));
    // A cable that another step has pulled, too, is still out.
    let is_out = |step: &Stepped<'_>| {
        let mut others = trace.steps.iter().filter(|other| other.pulls(Wire::Wan));
        others.any(|other| other.record > step.record && other.began() <= step.at)
    };
    let back = pulls.filter(move |step| !is_out(step));
    back.map(|step| (step.record, step.at))
}

fn rebind_after_link_up(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        every(
            "return of the link during a lease",
            link_ups(trace),
            |(record, up)| {
                let leases = leases(trace);
                let held = leases.iter().rev().find(|held| held.reply.arrives < up);
                let runs = held.is_some_and(|held| {
                    let lasts = Duration::from_secs(u64::from(held.valid));
                    let is_kept = !is_cut(trace, held.reply.at, up + NOTICED_AFTER);
                    up < held.reply.arrives + lasts && is_kept
                });
                if !runs {
                    return Ruling::Skip;
                }
                match gives_up(trace, record, up) {
                    // It asks, and for something else: no late host explains that.
                    Some(first) => broken(
                        [record, first.record],
                        "a Rebind for what it holds",
                        format!("a {:?} instead", first.is.kind),
                    ),
                    None => asks_again(trace, record, up, Kind::Rebind, "a Rebind"),
                }
            },
        )
    })
}

/// Returns the first message after a link came back, if it is one of who holds no prefix, or gives
/// it back.
fn gives_up<'d>(trace: &'d Dissection<'_>, record: usize, up: Time) -> Option<&'d Found<Dhcpv6>> {
    let mut later = sent(trace).filter(|found| found.record > record);
    let first = later.find(|found| !found.is.delegations().is_empty())?;
    let kinds = [Kind::Solicit, Kind::Request, Kind::Release];
    (first.at <= up + NOTICED_AFTER && kinds.contains(&first.is.kind)).then_some(first)
}

fn information_after_link_up(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        every("return of the link", link_ups(trace), |(record, up)| {
            let informed = received(trace).any(|found| {
                found.is.kind == Kind::Reply && found.arrives < up && !is_cut(trace, found.at, up)
            });
            if !informed {
                return Ruling::Skip;
            }
            let kind = Kind::InformationRequest;
            asks_again(trace, record, up, kind, "an Information-Request")
        })
    })
}

/// Returns whether the power was cut between two points in time.
fn is_cut(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    trace
        .steps
        .iter()
        .any(|step| from <= step.at && step.at <= to && step.cuts_power())
}

/// Returns whether the WAN's cable was out again between two points in time.
fn is_pulled_again(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    let mut pulls = trace.steps.iter().filter(|step| step.pulls(Wire::Wan));
    pulls.any(|step| step.began() <= to && from < step.at)
}

fn asks_again(trace: &Dissection<'_>, record: usize, up: Time, kind: Kind, what: &str) -> Ruling {
    let deadline = up + NOTICED_AFTER;
    let found = sent(trace).find(|found| found.record > record && found.is.kind == kind);
    match found {
        Some(found) if found.at <= deadline => Ruling::Holds(vec![record, found.record]),
        _ if trace.end() < deadline || is_cut(trace, up, deadline) => Ruling::Skip,
        _ if is_pulled_again(trace, up, deadline) => Ruling::Skip,
        later => broken(
            [record],
            format!(
                "{what} within {} of the link's return",
                seconds(NOTICED_AFTER)
            ),
            "none",
        )
        .unless_late(
            trace,
            Delay::past(up, deadline, later.map(|later| later.at)),
        ),
    }
}

/// Information Refresh Time (RFC 8415 §21.23).
const REFRESH_TIME: u16 = 32;

/// IRT_DEFAULT and IRT_MINIMUM (RFC 8415 §7.6).
const DEFAULT: Duration = Duration::from_secs(86_400);

const MINIMUM: Duration = Duration::from_secs(600);

/// What a program may add to the time it was given.
const GRACE: Duration = Duration::from_secs(10);

/// Returns what answered Information-Requests, each with the device's next one.
fn informed<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = (&'d Found<Dhcpv6>, Option<&'d Found<Dhcpv6>>)> {
    let exchanges = exchanges(trace).into_iter();
    let asking = exchanges.filter(|asked| asked.messages[0].is.kind == Kind::InformationRequest);
    asking.filter_map(|asked| {
        let answer = *asked.answers.first()?;
        let next = sent(trace).find(|found| {
            let again = found.is.kind == Kind::InformationRequest;
            again && found.record > answer.record && found.is.xid != answer.is.xid
        });
        Some((answer, next))
    })
}

fn refresh_default(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let open = informed(trace).filter(|(answer, _)| answer.is.number(REFRESH_TIME).is_none());
        every("day without a refresh time", open, |(answer, next)| {
            let deadline = answer.arrives + DEFAULT.mul_f64(1.1);
            match next {
                Some(next) if next.at <= deadline && next.at.since(answer.at) < MINIMUM => {
                    Ruling::Skip
                }
                Some(next) if next.at <= deadline => {
                    Ruling::Holds(vec![answer.record, next.record])
                }
                _ if trace.end() < deadline || is_cut(trace, answer.at, deadline) => Ruling::Skip,
                later => broken(
                    [answer.record],
                    format!("another Information-Request after {}", seconds(DEFAULT)),
                    "none",
                )
                .unless_late(
                    trace,
                    Delay::past(answer.arrives, deadline, later.map(|later| later.at)),
                ),
            }
        })
    })
}

/// Returns whether an advertisement of this time brought a prefix that no earlier one had, or
/// deprecated one: reason enough to ask at once (RFC 8415 §18.2.12).
fn changes_prefixes(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    let mut preferred = BTreeSet::new();
    for ra in trace.router_adverts() {
        if !ra.to_device(Role::Wan) || ra.at > to {
            continue;
        }
        for prefix in ra.is.prefixes() {
            let Some(net) = net_of(prefix) else { continue };
            let changed = if prefix.preferred > 0 {
                preferred.insert(net)
            } else {
                preferred.remove(&net)
            };
            if changed && ra.at >= from {
                return true;
            }
        }
    }
    false
}

fn refresh_minimum(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let short = informed(trace).filter_map(|(answer, next)| {
            let secs = answer.is.number(REFRESH_TIME)?;
            let asked = Duration::from_secs(u64::from(secs));
            (asked < MINIMUM.mul_f64(0.5)).then_some((answer, next, asked))
        });
        every(
            "refresh time below the least",
            short,
            |(answer, next, asked)| {
                // Who follows it has asked again by then.
                let followed = answer.arrives + asked * 2 + GRACE;
                match next {
                    Some(next) if trace.is_restarted(answer.at, next.at) => Ruling::Skip,
                    Some(next) if changes_prefixes(trace, answer.at, next.at) => Ruling::Skip,
                    Some(next) if next.at.since(answer.arrives) < MINIMUM.mul_f64(0.9) => broken(
                        [answer.record, next.record],
                        format!("no Information-Request before {}", seconds(MINIMUM)),
                        format!("one after {}", seconds(next.at.since(answer.arrives))),
                    ),
                    _ if trace.end() < followed => Ruling::Skip,
                    _ => Ruling::Holds(vec![answer.record]),
                }
            },
        )
    })
}

#[cfg(test)]
mod tests;
