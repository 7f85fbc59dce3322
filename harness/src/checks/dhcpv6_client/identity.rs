//! What the DHCPv6 client keeps across restarts, and what its messages give away.

use std::time::Duration;

use ngnlab_reports::{Level, Profile, Text, Verdict};
use ngnlab_sim::message::dhcpv6::Delegated;
use ngnlab_sim::message::packet::ALL_DHCP;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::evidence::dhcpv6_exchanges::{exchanges, hex, received, sent};
use crate::checks::ruling::{Ruling, broken, every, expect, finding, never};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.id.duid-persistent",
        source: "RFC 7084 §4.2 W-5",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "再起動や回線断のあともDUIDが変わらない",
            "The DUID is the same after a restart and after the link was down",
        ),
        hint: Text::new(
            "DUIDを不揮発メモリに保存するか、MACアドレスから毎回同じ値を作ってください。",
            "Store the DUID, or derive the same one from the MAC address each time.",
        ),
        judge: duid_persistent,
    },
    Check {
        id: "dhcp6c.id.iaid-stable",
        source: "RFC 8415 §12; RFC 9096 §3.2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "再起動や回線断のあともIAIDが変わらない",
            "The IAID is the same after a restart and after the link was down",
        ),
        hint: Text::new(
            "IAIDをインタフェースごとに固定し、再起動で変えないでください。",
            "Fix the IAID of each interface and keep it across restarts.",
        ),
        judge: iaid_stable,
    },
    Check {
        id: "dhcp6c.msg.xid-random",
        source: "RFC 8415 §16.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "トランザクションIDが推測できない",
            "Transaction ids cannot be guessed",
        ),
        hint: Text::new(
            "トランザクションIDを連番にせず、メッセージごとに乱数で選んでください。",
            "Draw each transaction id at random instead of counting.",
        ),
        judge: xid_random,
    },
    Check {
        id: "dhcp6c.msg.multicast",
        source: "RFC 8415 §14",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "サーバに許可されない限りff02::1:2宛てに送る",
            "Messages go to ff02::1:2 unless the server allows unicast",
        ),
        hint: Text::new(
            "Server Unicastオプションを受け取っていなければ、Renewなどもマルチキャストでff02::1:2へ送ってください。",
            "Without a Server Unicast option send Renew and the like to ff02::1:2, too.",
        ),
        judge: multicast,
    },
    Check {
        id: "pd.restart.no-release",
        source: "RFC 9096 §3.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "再起動のときにプレフィックスをReleaseしない",
            "A restart does not release the delegated prefix",
        ),
        hint: Text::new(
            "再起動時に自動でReleaseを送らないようにしてください。同じプレフィックスが戻らなくなります。",
            "Send no Release by itself at a restart: the same prefix may not come back.",
        ),
        judge: no_release,
    },
    Check {
        id: "ngn.dhcp6.renew-nonzero",
        source: "ngn-facts §2.2, §3.3",
        level: Level::Should,
        profiles: &[Profile::HomeGateway],
        aspects: &[],
        title: Text::new(
            "Renewのプレフィックスに有効期間の実際の値を入れる",
            "Renew repeats the lifetimes that were granted",
        ),
        hint: Text::new(
            "ホームゲートウェイには有効期間0のRenewを破棄するものがあります。付与された値をそのまま入れてください。",
            "Some home gateways drop a Renew with lifetimes of zero; repeat what was granted.",
        ),
        judge: renew_nonzero,
    },
];

/// Returns pairs of messages of one type with a restart or a cut between them.
fn across_restarts<'d>(
    trace: &'d Dissection<'_>,
    wanted: impl Fn(&Dhcpv6) -> bool,
) -> Vec<(&'d Found<Dhcpv6>, &'d Found<Dhcpv6>)> {
    let messages: Vec<_> = sent(trace).filter(|found| wanted(&found.is)).collect();
    let pairs = messages.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .filter(|(before, after)| trace.is_restarted(before.at, after.at))
        .collect()
}

fn duid_persistent(trace: &Dissection<'_>) -> Verdict {
    let pairs = across_restarts(trace, |message| message.client_id().is_some());
    every(
        "DHCPv6 message after a restart",
        pairs,
        |(before, after)| {
            let of = |found: &Found<Dhcpv6>| found.is.client_id().map_or(String::new(), hex);
            expect(
                [before.record, after.record],
                before.is.client_id() == after.is.client_id(),
                format!("the DUID {} as before", of(before)),
                of(after),
            )
        },
    )
}

fn iaid_stable(trace: &Dissection<'_>) -> Verdict {
    let iaids = |message: &Dhcpv6| {
        let mut iaids: Vec<u32> = message.delegations().iter().map(|ia| ia.iaid).collect();
        iaids.sort_unstable();
        iaids
    };
    let pairs = across_restarts(trace, |message| !message.delegations().is_empty());
    every("IA_PD after a restart", pairs, |(before, after)| {
        let (old, new) = (iaids(&before.is), iaids(&after.is));
        expect(
            [before.record, after.record],
            old == new,
            format!("IAIDs {old:08x?} as before"),
            format!("{new:08x?}"),
        )
    })
}

/// A client that counts moves no further than this from one exchange to the next. That three ids
/// drawn at random come so close to each other happens once in 10^11 runs.
const STEP: i64 = 16;

fn xid_random(trace: &Dissection<'_>) -> Verdict {
    let firsts: Vec<_> = exchanges(trace)
        .iter()
        .map(|exchange| exchange.messages[0])
        .collect();
    let triples: Vec<_> = firsts.windows(3).collect();
    every("third DHCPv6 exchange", triples, |triple| {
        let distance = |a: &Found<Dhcpv6>, b: &Found<Dhcpv6>| {
            let ahead = (i64::from(b.is.xid) - i64::from(a.is.xid)).rem_euclid(1 << 24);
            ahead.min((1 << 24) - ahead)
        };
        let close = triple
            .windows(2)
            .all(|pair| distance(pair[0], pair[1]) <= STEP);
        let ids: Vec<String> = triple
            .iter()
            .map(|found| format!("{:06x}", found.is.xid))
            .collect();
        expect(
            triple.iter().map(|found| found.record),
            !close,
            "transaction ids that have nothing to do with each other",
            ids.join(", "),
        )
    })
}

/// Server Unicast (RFC 8415 §21.12).
const SERVER_UNICAST: u16 = 12;

fn multicast(trace: &Dissection<'_>) -> Verdict {
    let mut allowed = received(trace);
    let allowed = allowed.find(|answer| answer.is.codes().contains(&SERVER_UNICAST));
    every("DHCPv6 message of the device", sent(trace), |found| {
        // RFC 8415 §18.2.5, §18.2.12: whoever may serve the client is to hear of a Rebind.
        let may_be_unicast = matches!(
            found.is.kind,
            Kind::Request | Kind::Renew | Kind::Release | Kind::Decline
        );
        if may_be_unicast && allowed.is_some_and(|answer| answer.at <= found.at) {
            return Ruling::Skip;
        }
        expect(
            [found.record],
            found.destination == ALL_DHCP,
            format!("{:?} to ff02::1:2", found.is.kind),
            format!("to {}", found.destination),
        )
    })
}

/// A device that has booted and found its line releases what it knows by then.
const BOOTED_AFTER: Duration = Duration::from_secs(60);

fn no_release(trace: &Dissection<'_>) -> Verdict {
    let restarts = trace.steps.iter().filter(|step| step.cuts_power());
    let periods: Vec<_> = restarts
        .map(|step| (step, step.at + BOOTED_AFTER))
        .collect();
    let within = |at| {
        periods
            .iter()
            .any(|(step, until)| step.at <= at && at <= *until)
    };
    let after = sent(trace).filter(|found| within(found.at));
    let releases = sent(trace).filter(|found| found.is.kind == Kind::Release && within(found.at));
    never(
        "DHCPv6 message after a power cut",
        after.map(|found| found.record),
        releases.map(|found| {
            finding(
                [found.record],
                "no Release after a restart",
                "the delegation was released",
            )
        }),
    )
}

fn renew_nonzero(trace: &Dissection<'_>) -> Verdict {
    let renewals = sent(trace).filter(|found| matches!(found.is.kind, Kind::Renew | Kind::Rebind));
    every("Renew or Rebind", renewals, |found| {
        let delegations = found.is.delegations();
        let mut prefixes = delegations.iter().flat_map(|ia| &ia.prefixes).peekable();
        if prefixes.peek().is_none() {
            return Ruling::Skip;
        }
        // What was granted so is repeated so: a prefix that is on its way out.
        let was_granted = |prefix: &Delegated| {
            let before = received(trace).filter(|reply| reply.record < found.record);
            let mut granted = before.flat_map(|reply| reply.is.delegations());
            granted.any(|ia| {
                let mut same = ia.prefixes.iter();
                same.any(|one| one.prefix == prefix.prefix && one.preferred == 0 && one.valid > 0)
            })
        };
        let is_zero = |prefix: &&Delegated| -> bool {
            prefix.valid == 0 || prefix.preferred == 0 && !was_granted(prefix)
        };
        match prefixes.find(is_zero) {
            None => Ruling::Holds(vec![found.record]),
            Some(prefix) => broken(
                [found.record],
                format!("the lifetimes of {} as they were granted", prefix.prefix),
                format!("preferred {} s, valid {} s", prefix.preferred, prefix.valid),
            ),
        }
    })
}

#[cfg(test)]
mod tests;
