//! What a Reply says of prefixes that the device does not hold (RFC 8415 §18.2.10.1).

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::dhcpv6_exchanges::{received, sent};
use crate::checks::evidence::given_prefixes::{given, net_of};
use crate::checks::ruling::{Ruling, broken, every, only_in};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "pd.use.other-withdrawn",
    source: "RFC 8415 §18.2.10.1",
    level: Level::Must,
    profiles: EVERYONE,
    aspects: &[Aspect::Delivery],
    title: Text::new(
        "別のプレフィックスが失効しても、持っているプレフィックスを使い続ける",
        "The device keeps its prefix when a Reply withdraws another one",
    ),
    hint: Text::new(
        "有効期間0で届いたプレフィックスだけを破棄し、同じIA_PDのほかのプレフィックスはそのまま使ってください。",
        "Drop the prefix that comes with a valid lifetime of zero, and no other one of the IA_PD.",
    ),
    judge: other_withdrawn,
}];

/// By then a device that drops its prefix has told its LAN, or asked for another one. Ours.
const BY_THEN: Duration = Duration::from_secs(15);

/// Returns a prefix that a Reply renews, with one beside it that it withdraws.
fn beside(found: &Found<Dhcpv6>, held: &[Ipv6Net]) -> Option<(Ipv6Net, Ipv6Net)> {
    found.is.delegations().into_iter().find_map(|ia| {
        let mut renewed = ia.prefixes.iter().filter(|one| one.preferred > 0);
        let renewed = renewed.find(|one| held.contains(&one.prefix))?.prefix;
        let mut gone = ia.prefixes.iter().filter(|one| one.valid == 0);
        let gone = gone.find(|one| !held.contains(&one.prefix))?.prefix;
        Some((renewed, gone))
    })
}

fn other_withdrawn(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let replies = received(trace).filter(|found| found.is.kind == Kind::Reply);
        let withdrawing = replies.filter_map(|found| {
            let held: Vec<Ipv6Net> = given(trace)
                .iter()
                .filter(|given| given.at < found.arrives && given.valid > 0)
                .map(|given| given.net)
                .collect();
            Some((found, beside(found, &held)?))
        });
        every(
            "Reply that withdraws a prefix beside the device's own",
            withdrawing,
            |(found, (own, other))| keeps(trace, found, own, other),
        )
    })
}

fn keeps(trace: &Dissection<'_>, found: &Found<Dhcpv6>, own: Ipv6Net, other: Ipv6Net) -> Ruling {
    let over = found.arrives + BY_THEN;
    if trace.end() < over || trace.is_disturbed(found.at, over) {
        return Ruling::Skip;
    }
    let expected = format!("{own} kept, since only {other} was withdrawn");
    let mut asked =
        sent(trace).filter(|message| message.record > found.record && message.at < over);
    if let Some(anew) = asked.find(|message| {
        let kinds = [Kind::Solicit, Kind::Request, Kind::Release];
        kinds.contains(&message.is.kind)
    }) {
        let seen = format!("a {:?}", anew.is.kind);
        return broken([found.record, anew.record], expected, seen);
    }
    let mut told = trace
        .router_adverts()
        .filter(|ra| ra.by_device(Role::Lan) && found.arrives < ra.at && ra.at < over);
    let dropped = told.find(|ra| {
        let mut gone = ra.is.prefixes().filter(|prefix| prefix.preferred == 0);
        gone.any(|prefix| net_of(prefix).is_some_and(|lan| own.contains(&lan)))
    });
    match dropped {
        Some(ra) => broken(
            [found.record, ra.record],
            expected,
            "a part of it is withdrawn from the LAN",
        ),
        None => Ruling::Holds(vec![found.record]),
    }
}
