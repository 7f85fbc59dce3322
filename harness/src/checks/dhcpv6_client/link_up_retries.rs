//! How the check of a lease after the link was down is repeated (RFC 8415 §18.2.12).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::{Aspect, Mode};

use super::link_up_and_refresh::{NOTICED_AFTER, link_ups};
use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::dhcpv6_exchanges::{Asked, exchanges};
use crate::checks::ruling::{Ruling, broken, every, only_in, seconds};
use crate::dissection::{Dissection, Kind};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dhcp6c.link.rebind-backoff",
    source: "RFC 8415 §18.2.12, §18.2.3, §7.6",
    level: Level::Should,
    profiles: CE_ROUTER,
    aspects: &[Aspect::Delivery],
    title: Text::new(
        "リンク復旧後のRebindは1秒から始め、最長4秒間隔で再送する",
        "The Rebind after a link was down is repeated from 1 s on, up to every 4 s",
    ),
    hint: Text::new(
        "リンク復旧後のRebindの再送には、Confirmの値（CNF_TIMEOUT 1秒、CNF_MAX_RT 4秒）を使ってください。",
        "Repeat that Rebind by the values of Confirm: CNF_TIMEOUT 1 s and CNF_MAX_RT 4 s.",
    ),
    judge: backoff,
}];

/// CNF_MAX_RT and CNF_MAX_RD (RFC 8415 §7.6); an interval may be a tenth longer (§15).
const LONGEST: Duration = Duration::from_millis(4400);
const FOR_AS_LONG: Duration = Duration::from_secs(10);

/// CNF_TIMEOUT less a tenth.
const SHORTEST: Duration = Duration::from_millis(900);

/// What a host may be early or late by.
const SLACK: Duration = Duration::from_millis(300);

fn backoff(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let exchanges = exchanges(trace);
        let checks = link_ups(trace).filter_map(|(record, up)| {
            let first = exchanges.iter().find(|asked| {
                let first = asked.messages[0];
                first.record > record && first.at <= up + NOTICED_AFTER
            })?;
            (first.messages[0].is.kind == Kind::Rebind).then_some(first)
        });
        every("Rebind after the link's return in vain", checks, |asked| {
            repeats(trace, asked)
        })
    })
}

fn repeats(trace: &Dissection<'_>, asked: &Asked<'_>) -> Ruling {
    let first = asked.messages[0];
    let over = first.at + FOR_AS_LONG;
    let answered = asked.answers.first().map_or(over, |answer| answer.at);
    if trace.end() < over || trace.is_interrupted(first.at, over) || answered < first.at + LONGEST {
        return Ruling::Skip;
    }
    let mut last = first;
    for next in &asked.messages[1..] {
        let gap = next.at.since(last.at);
        if last.at + LONGEST >= answered.min(over) {
            break;
        }
        if gap + SLACK < SHORTEST || gap > LONGEST + SLACK {
            return broken(
                [last.record, next.record],
                format!("the next Rebind after {} at most", seconds(LONGEST)),
                format!("it came after {}", seconds(gap)),
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: last.at,
                    to: next.at,
                },
            );
        }
        last = next;
    }
    if last.at + LONGEST + SLACK < answered.min(over) {
        return broken(
            [first.record, last.record],
            format!("the next Rebind after {} at most", seconds(LONGEST)),
            "none",
        )
        .unless_late(
            trace,
            Delay::Silence {
                from: last.at,
                due: last.at + LONGEST,
            },
        );
    }
    Ruling::Holds(
        asked
            .messages
            .iter()
            .map(|message| message.record)
            .collect(),
    )
}
