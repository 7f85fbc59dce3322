//! What the DHCPv6 client does when it is told to ask again, rightly or not (RFC 8415 §18.2.11).

use std::time::Duration;

use dhcproto::v6::DhcpOption;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::evidence::dhcpv6_exchanges::{exchanges, received, sent};
use crate::checks::ruling::{Ruling, broken, every, within};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.rcf.renew",
        source: "RFC 8415 §18.2.11; ngn-facts §2.2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "認証されたReconfigureを受けたら、求められたメッセージを送る",
            "An authenticated Reconfigure is followed by the message that it asks for",
        ),
        hint: Text::new(
            "Reconfigure Acceptを送るなら、Reconfigureを受けたらすぐに、求められたRenew、Rebind、Information-Requestのいずれかを送ってください。プレフィックスの変更に気づけません。",
            "Whoever sends Reconfigure Accept has to send the Renew, Rebind or Information-Request that it is told to, at once, or it misses a change of the prefix.",
        ),
        judge: renews_when_told,
    },
    Check {
        id: "dhcp6c.rcf.auth",
        source: "RFC 8415 §16.11, §20.4.3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "認証できないReconfigureを破棄する",
            "A Reconfigure without valid authentication is dropped",
        ),
        hint: Text::new(
            "識別子とHMAC-MD5を確かめ、正しくないReconfigureを破棄してください。",
            "Check both identifiers and the HMAC-MD5, and drop a Reconfigure that fails.",
        ),
        judge: ignores_forged,
    },
    Check {
        id: "dhcp6c.rcf.one-at-a-time",
        source: "RFC 8415 §18.2.11",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "更新の途中では次のReconfigureを無視する",
            "Further Reconfigures are ignored until the exchange is over",
        ),
        hint: Text::new(
            "Reconfigureで始めたやり取りが終わるまで、次のReconfigureを無視してください。",
            "Begin nothing anew until the exchange that a Reconfigure began is over.",
        ),
        judge: one_at_a_time,
    },
];

/// RFC 8415 §21.11.
const AUTHENTICATION: u16 = 11;

/// What a Reconfigure may bring about.
const FOLLOWS: [Kind; 3] = [Kind::Renew, Kind::Rebind, Kind::InformationRequest];

/// A client may look at its messages now and then; RFC 8415 §18.2.11 has it begin at once.
const BEGUN_AFTER: Duration = Duration::from_secs(5);

/// Returns the Reconfigures that reached the device, forged ones or the server's own.
fn reconfigures<'d>(
    trace: &'d Dissection<'_>,
    forged: bool,
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace.dhcpv6.iter().filter(move |found| {
        let told = found.is.kind == Kind::Reconfigure && found.to_device(Role::Wan);
        told && found.injected == forged
    })
}

/// Returns whether the device said by then that it accepts Reconfigure, and got its key since it lost
/// its power: nothing in RFC 8415 §20.4 has the key kept over that.
fn is_keyed(trace: &Dissection<'_>, by: &Found<Dhcpv6>) -> bool {
    let mut cuts = trace.steps.iter().rev();
    let cut = cuts.find(|step| step.cuts_power() && step.record < by.record);
    let since = cut.map_or(0, |cut| cut.record);
    let is_near = |found: &&Found<Dhcpv6>| since <= found.record && found.record < by.record;
    let mut accepts = sent(trace).filter(is_near);
    let mut keys = received(trace).filter(is_near);
    accepts.any(|found| found.is.accepts_reconfigure())
        && keys.any(|found| found.is.codes().contains(&AUTHENTICATION))
}

/// Returns the exchange under way at a record: the last one that nobody has answered.
fn under_way<'d>(trace: &'d Dissection<'_>, record: usize) -> Option<&'d Found<Dhcpv6>> {
    let mut asked = exchanges(trace).into_iter().rev();
    let last = asked.find(|asked| asked.messages[0].record < record)?;
    let answered = last.answers.iter().any(|answer| answer.record < record);
    (!answered).then(|| last.messages[0])
}

fn renews_when_told(trace: &Dissection<'_>) -> Verdict {
    every(
        "Reconfigure of the server",
        reconfigures(trace, false),
        |told| {
            if !is_keyed(trace, told) || under_way(trace, told.record).is_some() {
                return Ruling::Skip;
            }
            let next = sent(trace)
                .find(|found| found.record > told.record && FOLLOWS.contains(&found.is.kind));
            let until = told.arrives + BEGUN_AFTER;
            let is_prompt = next.is_some_and(|next| next.at <= until);
            let mut cuts = trace.steps.iter().filter(|step| step.interrupts());
            if !is_prompt && cuts.any(|cut| told.at <= cut.over() && cut.began() <= until) {
                return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
            }
            let wanted = wanted(told);
            match next.filter(|next| is_prompt && next.is.kind != wanted) {
                // The end of a lease that comes near may have it ask by itself.
                Some(next) if is_due(trace, told.at, next.at) => Ruling::Skip,
                Some(next) => broken(
                    [told.record, next.record],
                    format!("{wanted:?}, as the Reconfigure asks for"),
                    format!("{:?} instead", next.is.kind),
                ),
                None => within(trace, told, next, BEGUN_AFTER, &format!("{wanted:?}")),
            }
        },
    )
}

/// Returns what a Reconfigure asks for (RFC 8415 §21.19).
fn wanted(told: &Found<Dhcpv6>) -> Kind {
    let wanted = told.is.options.iter().find_map(|option| match option {
        DhcpOption::ReconfMsg(kind) => Some(*kind),
        _ => None,
    });
    wanted.unwrap_or(Kind::Renew)
}

fn ignores_forged(trace: &Dissection<'_>) -> Verdict {
    every("forged Reconfigure", reconfigures(trace, true), |forged| {
        let until = forged.arrives + BEGUN_AFTER;
        let told = reconfigures(trace, false)
            .any(|own| own.at <= until && own.at >= forged.at - BEGUN_AFTER);
        if told || trace.end() < until || is_due(trace, forged.at, until) {
            return Ruling::Skip;
        }
        let running = under_way(trace, forged.record).map(|found| found.is.xid);
        let begun = sent(trace).find(|found| {
            found.record > forged.record
                && found.at <= until
                && FOLLOWS.contains(&found.is.kind)
                && Some(found.is.xid) != running
        });
        match begun {
            Some(begun) => broken(
                [forged.record, begun.record],
                "the Reconfigure dropped, since nothing proves it",
                format!("{:?} in answer", begun.is.kind),
            ),
            None => Ruling::Holds(vec![forged.record]),
        }
    })
}

/// Returns whether the device has reason of its own to ask: a T1, or the end of the link's outage.
fn is_due(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    let mut replies = received(trace).filter(|found| found.is.kind == Kind::Reply);
    let timer = replies.any(|found| {
        found.is.granted().iter().any(|(ia, _)| {
            [ia.t1, ia.t2].iter().any(|secs| {
                let due = found.arrives + Duration::from_secs(u64::from(*secs));
                from - BEGUN_AFTER <= due && due <= to + BEGUN_AFTER
            })
        })
    });
    timer || trace.is_restarted(from - BEGUN_AFTER * 6, to)
}

fn one_at_a_time(trace: &Dissection<'_>) -> Verdict {
    every(
        "Reconfigure during an exchange",
        reconfigures(trace, false),
        |told| {
            let Some(running) = under_way(trace, told.record) else {
                return Ruling::Skip;
            };
            if !FOLLOWS.contains(&running.is.kind) || !is_keyed(trace, told) {
                return Ruling::Skip;
            }
            // Who asked by itself may be told once to ask anew.
            let is_first = !reconfigures(trace, false).any(|before| {
                before.record < running.record && running.at <= before.arrives + BEGUN_AFTER
            });
            if is_first {
                return Ruling::Skip;
            }
            let next = sent(trace).find(|found| found.record > told.record);
            let Some(next) = next.filter(|next| next.at <= told.arrives + BEGUN_AFTER) else {
                let over = trace.end() >= told.arrives + BEGUN_AFTER;
                return if over {
                    Ruling::Holds(vec![running.record, told.record])
                } else {
                    Ruling::Skip
                };
            };
            let answered = received(trace)
                .any(|answer| answer.is.xid == running.is.xid && answer.record < next.record);
            if answered || next.is.xid == running.is.xid {
                Ruling::Holds(vec![running.record, told.record])
            } else if next.is.kind != running.is.kind {
                // Time goes on meanwhile: T2 turns a Renew into a Rebind.
                Ruling::Skip
            } else {
                broken(
                    [running.record, told.record, next.record],
                    format!("the {:?} under way, and nothing anew", running.is.kind),
                    format!("another {:?}", next.is.kind),
                )
            }
        },
    )
}

#[cfg(test)]
mod tests;
