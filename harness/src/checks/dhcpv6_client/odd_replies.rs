//! What the DHCPv6 client makes of answers that say more than yes (RFC 8415 §18.2.10).

use std::time::Duration;

use dhcproto::v6::Status;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::message::packet::ALL_DHCP;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::dhcpv6_exchanges::{last_sent, received, sent};
use crate::checks::evidence::given_prefixes::is_usable;
use crate::checks::ruling::{Ruling, broken, every, not_applicable, seconds};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.msg.unknown-option",
        source: "RFC 8415 §16",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "未知のオプションがあってもメッセージを受け入れる",
            "Unknown options do not spoil a message",
        ),
        hint: Text::new(
            "未知のオプションは読み飛ばし、メッセージは受け入れてください。",
            "Skip options you do not know, and take the message.",
        ),
        judge: unknown_options,
    },
    Check {
        id: "dhcp6c.rep.nobinding",
        source: "RFC 8415 §18.2.10.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RenewがNoBindingならRequestを送る",
            "NoBinding in answer to Renew leads to a Request",
        ),
        hint: Text::new(
            "NoBindingを受け取ったら、Requestでプレフィックスを取り直してください。",
            "Send a Request for the delegation when Renew or Rebind gets NoBinding.",
        ),
        judge: no_binding,
    },
    Check {
        id: "dhcp6c.rep.unspecfail-rate",
        source: "RFC 8415 §18.2.10, §15; the bound is ours",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "UnspecFailのあと、すぐに送り直さない",
            "After UnspecFail a client does not repeat its message at once",
        ),
        hint: Text::new(
            "UnspecFailを受け取ったら、再送間隔を守って送り直してください。",
            "Wait for the retransmission time before asking again.",
        ),
        judge: unspec_fail,
    },
    Check {
        id: "dhcp6c.rep.usemulticast",
        source: "RFC 8415 §18.2.10; ngn-facts §3.3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "UseMulticastのあとはマルチキャストで送り直す",
            "After UseMulticast the message is sent again by multicast",
        ),
        hint: Text::new(
            "UseMulticastを受け取ったら、ff02::1:2宛てに送り直し、以後ユニキャストを使わないでください。",
            "Send it again to ff02::1:2, and use no unicast any more.",
        ),
        judge: use_multicast,
    },
    Check {
        id: "dhcp6c.rep.option-withdrawn",
        source: "RFC 8415 §18.2.10",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "次の応答になくなった設定を使い続けない",
            "What a later Reply lacks is no longer used",
        ),
        hint: Text::new(
            "後のReplyにない検索リストなどは、LANへの配布もやめてください。",
            "Stop handing on a search list that the latest Reply does not have.",
        ),
        judge: search_list_withdrawn,
    },
];

/// No option has a code of this size yet.
const UNKNOWN: u16 = 1000;

/// A client that takes an answer in stops repeating its question well before this.
const AT_ONCE: Duration = Duration::from_millis(500);

fn unknown_options(trace: &Dissection<'_>) -> Verdict {
    let strange = received(trace).filter(|answer| {
        // One that reports a failure is asked for again.
        answer.is.kind == Kind::Reply
            && answer
                .is
                .statuses()
                .iter()
                .all(|status| *status == Status::Success)
            && answer.is.codes().iter().any(|code| *code >= UNKNOWN)
    });
    let offers = received(trace).filter(|answer| {
        let granted = answer.is.granted();
        let mut usable = granted.iter().filter(|(ia, prefix)| is_usable(ia, prefix));
        let offers = answer.is.kind == Kind::Advertise && usable.next().is_some();
        offers && answer.is.codes().iter().any(|code| *code >= UNKNOWN)
    });
    let replies = every("Reply with an unknown option", strange, |answer| {
        // Of many exchanges two have the same id by chance.
        let soon = answer.arrives + AT_ONCE..answer.arrives + TAKEN_AFTER;
        let mut later = sent(trace).filter(|found| soon.contains(&found.at));
        match later.find(|found| found.is.xid == answer.is.xid) {
            Some(again) => broken(
                [answer.record, again.record],
                "the Reply taken in",
                "the device asked again as if nothing had come",
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: answer.arrives,
                    to: again.at,
                    by: again.at.since(answer.arrives),
                },
            ),
            None => Ruling::Holds(vec![answer.record]),
        }
    });
    if !matches!(replies, Verdict::Inconclusive(_)) {
        return replies;
    }
    // Who drops the Advertises never comes to a Reply.
    every("answer with an unknown option", offers, |answer| {
        let asks =
            sent(trace).any(|found| found.is.kind == Kind::Request && found.record > answer.record);
        let deadline = answer.arrives + TAKEN_AFTER;
        if asks || trace.end() < deadline || trace.is_disturbed(answer.at, deadline) {
            return Ruling::Skip;
        }
        broken([answer.record], "a Request after the Advertise", "none").unless_late(
            trace,
            Delay::Silence {
                from: answer.arrives,
                due: deadline,
            },
        )
    })
}

/// Long enough for a client that collects Advertises.
const TAKEN_AFTER: Duration = Duration::from_secs(10);

/// Returns the Replies that carry a status, each with the message that it answers.
fn with_status<'d>(
    trace: &'d Dissection<'_>,
    status: Status,
) -> impl Iterator<Item = (&'d Found<Dhcpv6>, &'d Found<Dhcpv6>)> {
    received(trace).filter_map(move |answer| {
        if answer.is.kind != Kind::Reply || !answer.is.statuses().contains(&status) {
            return None;
        }
        let question = last_sent(trace, answer.record)?;
        (question.is.xid == answer.is.xid).then_some((question, answer))
    })
}

/// A Request needs no time; a program may look at its timers now and then.
const ASKED_WITHIN: Duration = Duration::from_secs(15);

fn no_binding(trace: &Dissection<'_>) -> Verdict {
    let refused = with_status(trace, Status::NoBinding)
        .filter(|(question, _)| matches!(question.is.kind, Kind::Renew | Kind::Rebind));
    every("Renew that got NoBinding", refused, |(question, answer)| {
        let deadline = answer.arrives + ASKED_WITHIN;
        let asks = sent(trace).find(|found| {
            found.record > answer.record && matches!(found.is.kind, Kind::Request | Kind::Solicit)
        });
        match asks {
            Some(found) if found.is.kind == Kind::Solicit && found.at <= deadline => broken(
                [question.record, answer.record, found.record],
                "a Request, since the server has no binding",
                "a Solicit, as if there were no server",
            ),
            Some(found) if found.at <= deadline => Ruling::Holds(vec![answer.record, found.record]),
            _ if trace.end() < deadline || trace.is_disturbed(answer.at, deadline) => Ruling::Skip,
            later => broken(
                [question.record, answer.record],
                "a Request, since the server has no binding",
                "none",
            )
            .unless_late(
                trace,
                Delay::past(answer.arrives, deadline, later.map(|later| later.at)),
            ),
        }
    })
}

fn unspec_fail(trace: &Dissection<'_>) -> Verdict {
    every(
        "message that got UnspecFail",
        with_status(trace, Status::UnspecFail),
        |(question, answer)| {
            // Whoever begins anew with a Solicit repeats no message.
            let mut later = sent(trace).filter(|found| found.record > answer.record);
            let next = later.next().filter(|next| next.is.kind == question.is.kind);
            let Some(next) = next else {
                let over = trace.end() >= answer.arrives + AT_ONCE;
                return if over {
                    Ruling::Holds(vec![answer.record])
                } else {
                    Ruling::Skip
                };
            };
            // RFC 8415 §18.2.10 wants a limit and names none. REQ_TIMEOUT is a second (§7.6), so a
            // timer cannot be to blame; how many there may be in all, `dhcp6c.rate.limit` judges.
            let took = next.at.since(question.at);
            if took >= AT_ONCE {
                return Ruling::Holds(vec![answer.record, next.record]);
            }
            broken(
                [answer.record, next.record],
                format!("no further message within {}", seconds(AT_ONCE)),
                format!("one after {}", seconds(took)),
            )
            .unless_late(
                trace,
                Delay::TooSoon {
                    after: question.at,
                    by: AT_ONCE - took,
                },
            )
        },
    )
}

fn use_multicast(trace: &Dissection<'_>) -> Verdict {
    // RFC 8415 §18.2: a client may send by unicast where it is told that it may, and need not.
    let mut renewals = sent(trace).filter(|found| found.is.kind == Kind::Renew);
    if renewals.next().is_some() && sent(trace).all(|found| found.destination == ALL_DHCP) {
        return not_applicable("the device sends nothing by unicast");
    }
    let refused = with_status(trace, Status::UseMulticast)
        .filter(|(question, _)| question.destination != ALL_DHCP);
    every(
        "unicast message that got UseMulticast",
        refused,
        |(question, answer)| {
            let deadline = answer.arrives + ASKED_WITHIN * 2;
            let next = sent(trace).find(|found| found.record > answer.record);
            match next {
                Some(next) if next.destination == ALL_DHCP => {
                    Ruling::Holds(vec![answer.record, next.record])
                }
                Some(next) => broken(
                    [answer.record, next.record],
                    format!("{:?} by multicast", question.is.kind),
                    format!("to {} once more", next.destination),
                ),
                None if trace.end() < deadline || trace.is_disturbed(answer.at, deadline) => {
                    Ruling::Skip
                }
                None => broken(
                    [question.record, answer.record],
                    format!("{:?} by multicast", question.is.kind),
                    "nothing more",
                )
                .unless_late(
                    trace,
                    Delay::Silence {
                        from: answer.arrives,
                        due: deadline,
                    },
                ),
            }
        },
    )
}

/// Domain Search List (RFC 3646 §4).
const SEARCH_LIST: u16 = 24;

/// How long a router may take to tell its LAN.
const TOLD_AFTER: Duration = Duration::from_secs(10);

fn search_list_withdrawn(trace: &Dissection<'_>) -> Verdict {
    let replies: Vec<_> = received(trace)
        .filter(|found| found.is.kind == Kind::Reply && !found.is.granted().is_empty())
        .collect();
    let has = |found: &Found<Dhcpv6>| found.is.codes().contains(&SEARCH_LIST);
    let all_handed_on = |from, to| {
        trace.router_adverts().filter(move |ra| {
            let list = |option: &NdpOption| {
                matches!(option, NdpOption::Dnssl { lifetime, .. } if *lifetime > 0)
            };
            ra.by_device(Role::Lan) && from <= ra.at && ra.at < to && ra.is.options.iter().any(list)
        })
    };
    let handed_on = |from, to| all_handed_on(from, to).next();
    let withdrawn = replies.windows(2).filter_map(|pair| match pair {
        [before, after] if has(before) && !has(after) => Some((*before, *after)),
        _ => None,
    });
    let withdrawn: Vec<_> = withdrawn.collect();
    let asks = sent(trace).any(|found| found.is.requested().contains(&SEARCH_LIST));
    if !withdrawn.is_empty() || !replies.is_empty() && !asks {
        if !asks {
            return not_applicable("the device asks for no search list");
        }
        let handed_on = |(before, after): &(&Found<Dhcpv6>, &Found<Dhcpv6>)| {
            handed_on(before.at, after.at).is_some()
        };
        if !withdrawn.iter().any(handed_on) {
            return not_applicable("the device hands no search list on (lan.ra.dnssl)");
        }
    }
    every(
        "Reply that lacks the search list",
        withdrawn,
        |(before, after)| {
            let asked = sent(trace).any(|found| {
                found.is.xid == after.is.xid && found.is.requested().contains(&SEARCH_LIST)
            });
            if !asked || handed_on(before.at, after.at).is_none() {
                return Ruling::Skip;
            }
            let next = replies
                .iter()
                .find(|found| found.at > after.at && has(found));
            let until = next.map_or(trace.end(), |next| next.at);
            let late = after.arrives + TOLD_AFTER;
            let told = trace
                .router_adverts()
                .find(|ra| ra.by_device(Role::Lan) && ra.at >= late && ra.at < until);
            match (handed_on(late, until), told) {
                (Some(ra), _) => broken(
                    [before.record, after.record, ra.record],
                    "the search list no longer handed on",
                    "it stands in an advertisement",
                )
                .unless_late(
                    trace,
                    // Who keeps it up is not late.
                    Delay::past(
                        after.arrives,
                        late,
                        all_handed_on(late, until).last().map(|last| last.at),
                    ),
                ),
                (None, Some(ra)) => Ruling::Holds(vec![after.record, ra.record]),
                (None, None) => Ruling::Skip,
            }
        },
    )
}

#[cfg(test)]
mod tests;
