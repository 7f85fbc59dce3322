//! Which delegations the device takes: of any size, odd, refused in part, or withdrawn.

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Profile, RecordId, Text, Verdict};
use ngnlab_sim::message::dhcpv6::Delegated;
use ngnlab_sim::message::ndp::RouterAdvert;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::dhcpv6_exchanges::{asks_for, received, sent};
use crate::checks::evidence::given_prefixes::{given, is_usable, net_of};
use crate::checks::evidence::lan_adverts::{Advertised, advertised};
use crate::checks::ruling::{Ruling, broken, every, finding, never, not_applicable, only_in};
use crate::dissection::{Delegation, Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.t.t1-gt-t2",
        source: "RFC 8415 §21.21",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "T1がT2より大きいIA_PDを使わない",
            "An IA_PD whose T1 lies after its T2 is not used",
        ),
        hint: Text::new(
            "T1がT2より大きいIA_PDは、なかったものとして扱ってください。",
            "Treat an IA_PD with T1 above T2 as if it were not there.",
        ),
        judge: t1_above_t2,
    },
    Check {
        id: "pd.accept.pref-gt-valid",
        source: "RFC 8415 §21.22",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "推奨有効期間が有効期間より長いプレフィックスを使わない",
            "A prefix that is preferred longer than it is valid is not used",
        ),
        hint: Text::new(
            "推奨有効期間が有効期間を超えるプレフィックスは破棄してください。",
            "Discard a prefix whose preferred lifetime is above its valid one.",
        ),
        judge: preferred_above_valid,
    },
    Check {
        id: "pd.use.released",
        source: "RFC 8415 §18.2.7",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "使用中のプレフィックスをReleaseしない",
            "A prefix that is in use is not released",
        ),
        hint: Text::new(
            "Releaseを送る前にプレフィックスの使用をやめ、LANでは推奨有効期間0で広告してください。使い続けるならReleaseを送らないでください。",
            "Stop using a prefix before it is released, and deprecate it on the LAN; send no Release for what stays in use.",
        ),
        judge: released,
    },
    Check {
        id: "pd.accept.without-iana",
        source: "RFC 7084 §4.2 WPD-6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "アドレスが得られなくてもプレフィックスを受け入れる",
            "A delegation is taken although no address came with it",
        ),
        hint: Text::new(
            "IA_NAがNoAddrsAvailでも、IA_PDのプレフィックスを使ってください。",
            "Use the prefix of the IA_PD even if the IA_NA says NoAddrsAvail.",
        ),
        judge: without_address,
    },
    Check {
        id: "pd.use.zero-valid",
        source: "RFC 8415 §18.2.10.1; RFC 9096 §3.5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "有効期間0で届いたプレフィックスの使用をやめる",
            "A prefix that comes with a valid lifetime of zero goes out of use",
        ),
        hint: Text::new(
            "有効期間0のプレフィックスを破棄し、LANのRAでも推奨有効期間0にしてください。",
            "Drop the prefix, and deprecate it on the LAN by a preferred lifetime of zero.",
        ),
        judge: zero_valid,
    },
    Check {
        id: "pd.accept.other-size",
        source: "RFC 7084 §4.2 WPD-3; ngn-facts §3.1",
        level: Level::Must,
        profiles: &[Profile::HomeGateway, Profile::CeRouter],
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "/56以外の長さのプレフィックスも受け入れる",
            "A delegated prefix is taken whatever its length",
        ),
        hint: Text::new(
            "ホームゲートウェイ配下では/60が委任されます。プレフィックス長を固定しないでください。",
            "Below a home gateway a /60 is delegated; do not insist on a /56.",
        ),
        judge: any_size,
    },
];

/// Slow duplicate address detection (design §12) and programs that start one another.
const IN_USE_AFTER: Duration = Duration::from_secs(40);

/// Returns the device's first advertisement after a record that has a part of this prefix.
fn used_after(trace: &Dissection<'_>, record: usize, net: Ipv6Net) -> Option<usize> {
    trace
        .router_adverts()
        .find(|ra| {
            let mut valid = ra.is.prefixes().filter(|prefix| prefix.valid > 0);
            ra.by_device(Role::Lan)
                && ra.record > record
                && valid.any(|prefix| net_of(prefix).is_some_and(|lan| net.contains(&lan)))
        })
        .map(|ra| ra.record)
}

/// Judges that no prefix that is odd in this way comes into use, unless it also came as it should.
fn unused(
    trace: &Dissection<'_>,
    what: &str,
    why: &str,
    is_odd: impl Fn(&Delegation, &Delegated) -> bool,
) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let offers: Vec<_> = received(trace)
            .flat_map(|found| {
                let granted = found.is.granted().into_iter();
                granted.map(move |(ia, prefix)| (found, ia, prefix))
            })
            .collect();
        let odd = offers.iter().filter(|(_, ia, prefix)| is_odd(ia, prefix));
        every(what, odd, |(found, _, prefix)| {
            let sane = offers
                .iter()
                .any(|(_, ia, other)| other.prefix == prefix.prefix && !is_odd(ia, other));
            if sane {
                return Ruling::Skip;
            }
            match used_after(trace, found.record, prefix.prefix) {
                Some(ra) => broken(
                    [found.record, ra],
                    format!("{} not used, since {why}", prefix.prefix),
                    "it is advertised on the LAN",
                ),
                None if trace.end() < found.arrives + IN_USE_AFTER => Ruling::Skip,
                None => Ruling::Holds(vec![found.record]),
            }
        })
    })
}

fn t1_above_t2(trace: &Dissection<'_>) -> Verdict {
    let is_odd = |ia: &Delegation, _: &Delegated| !ia.has_sane_timers();
    unused(
        trace,
        "IA_PD whose T1 lies after its T2",
        "T1 lies after T2",
        is_odd,
    )
}

fn preferred_above_valid(trace: &Dissection<'_>) -> Verdict {
    let is_odd = |_: &Delegation, prefix: &Delegated| prefix.preferred > prefix.valid;
    let why = "it is preferred longer than it is valid";
    unused(
        trace,
        "prefix that is preferred longer than valid",
        why,
        is_odd,
    )
}

/// Returns the Request that follows the first Advertise of an exchange: further ones may come while
/// the client has asked already.
fn request_after_first_like(trace: &Dissection<'_>, advertise: &Found<Dhcpv6>) -> Option<RecordId> {
    let first = received(trace)
        .find(|found| found.is.kind == Kind::Advertise && found.is.xid == advertise.is.xid)?;
    let mut later = sent(trace).filter(|next| next.record > first.record);
    later
        .find(|next| next.is.kind == Kind::Request)
        .map(|next| next.record)
}

fn without_address(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        if sent(trace).next().is_some() && !sent(trace).any(|found| asks_for(found).1) {
            return not_applicable("the device asks for no address");
        }
        let partly = received(trace).filter_map(|found| {
            let granted = found.is.granted();
            let (_, prefix) = granted.iter().find(|(ia, prefix)| is_usable(ia, prefix))?;
            found.is.refuses_address().then_some((found, prefix.prefix))
        });
        every(
            "delegation without the address asked for",
            partly,
            |(found, net)| {
                let deadline = found.arrives + IN_USE_AFTER;
                // What is renewed is in use already, and the next advertisement may be far away.
                let in_use = trace.router_adverts().any(|ra| {
                    let mut preferred = ra.is.prefixes().filter(|info| info.preferred > 0);
                    ra.by_device(Role::Lan)
                        && ra.record < found.record
                        && preferred.any(|info| net_of(info).is_some_and(|lan| net.contains(&lan)))
                });
                if in_use && found.is.kind != Kind::Advertise {
                    return Ruling::Skip;
                }
                let taken = match found.is.kind {
                    Kind::Advertise => request_after_first_like(trace, found),
                    _ => used_after(trace, found.record, net),
                };
                match taken {
                    Some(record) => Ruling::Holds(vec![found.record, record]),
                    None if trace.end() < deadline
                        || trace.is_disturbed(found.at, deadline)
                        || trace.is_claimed(deadline) =>
                    {
                        Ruling::Skip
                    }
                    None => broken(
                        [found.record],
                        format!("{net} taken, though there is no address"),
                        "the device makes nothing of it",
                    )
                    .unless_late(
                        trace,
                        Delay::Silence {
                            from: found.arrives,
                            due: deadline,
                        },
                    ),
                }
            },
        )
    })
}

/// How long a router may take to tell its LAN: RFC 4861 §6.2.4 allows three seconds between
/// multicast advertisements, and programs start one another.
const TOLD_AFTER: Duration = Duration::from_secs(10);

fn zero_valid(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let given = given(trace);
        let gone = given.iter().filter(|one| {
            let mut before = given.iter().take_while(|other| other.at < one.at);
            one.valid == 0 && before.any(|other| other.net == one.net && other.valid > 0)
        });
        every("withdrawn prefix of the device", gone, |gone| {
            let again = given
                .iter()
                .find(|other| other.at > gone.at && other.net == gone.net && other.valid > 0);
            let due = gone.at + TOLD_AFTER;
            let mut later = trace.router_adverts().filter(|ra| {
                ra.by_device(Role::Lan) && ra.at > due && again.is_none_or(|again| ra.at < again.at)
            });
            // A smaller delegation may have taken the place of a larger one.
            let is_given = |lan: Ipv6Net| {
                let mut given = given.iter();
                given
                    .any(|other| other.at >= gone.at && other.valid > 0 && other.net.contains(&lan))
            };
            let prefers = |ra: &Found<&RouterAdvert>| {
                let preferred = ra.is.prefixes().filter(|prefix| prefix.preferred > 0);
                let mut nets = preferred.filter_map(net_of);
                nets.any(|lan| gone.net.contains(&lan) && !is_given(lan))
            };
            let Some(ra) = later.next() else {
                return Ruling::Skip;
            };
            if !prefers(&ra) {
                return Ruling::Holds(vec![gone.record, ra.record]);
            }
            // Who keeps it up is not late.
            let last = later.filter(prefers).last().map_or(ra.at, |last| last.at);
            broken(
                [gone.record, ra.record],
                format!("{} out of use", gone.net),
                "a part of it is advertised as preferred",
            )
            .unless_late(trace, Delay::past(gone.at, due, Some(last)))
        })
    })
}

fn any_size(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let offers = received(trace).flat_map(|found| {
            let granted = found.is.granted().into_iter();
            let usable = granted.filter(|(ia, prefix)| is_usable(ia, prefix));
            usable.map(move |(_, prefix)| (found, prefix.prefix))
        });
        // A server may grant another one than it offered.
        let granted = given(trace);
        let is_never_granted =
            granted.is_empty() && sent(trace).any(|found| found.is.kind == Kind::Request);
        let replaced = |found: &Found<_>, net: &Ipv6Net| {
            let mut later = granted.iter().filter(|given| given.at >= found.arrives);
            later
                .find(|given| given.valid > 0)
                .is_some_and(|given| given.net != *net)
        };
        let offers = offers.filter(|(found, net)| net.prefix_len() != 56 && !replaced(found, net));
        every(
            "offer of a prefix that is no /56",
            offers,
            |(found, net)| {
                // What is renewed is in use already, and the next advertisement may be far away.
                let used = trace.router_adverts().find(|ra| {
                    ra.by_device(Role::Lan)
                        && ra.is.prefixes().any(|prefix| {
                            prefix.valid > 0 && net_of(prefix).is_some_and(|lan| net.contains(&lan))
                        })
                });
                match used {
                    Some(ra) => Ruling::Holds(vec![found.record, ra.record]),
                    None if trace.end() < found.arrives + IN_USE_AFTER
                        || is_never_granted
                        || trace.is_disturbed(found.at, found.arrives + IN_USE_AFTER)
                        || trace.is_claimed(found.arrives + IN_USE_AFTER) =>
                    {
                        Ruling::Skip
                    }
                    None => broken(
                        [found.record],
                        format!("{net} in use on the LAN"),
                        "no advertisement with a part of it",
                    )
                    .unless_late(
                        trace,
                        Delay::Silence {
                            from: found.arrives,
                            due: found.arrives + IN_USE_AFTER,
                        },
                    ),
                }
            },
        )
    })
}

/// What may pass between a Release and the advertisement that takes the prefix from the LAN.
const TAKEN_BACK_WITHIN: Duration = Duration::from_secs(5);

/// How long a device may take to boot.
const BOOTED_WITHIN: Duration = Duration::from_secs(90);

fn released(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let on_lan = advertised(trace);
        let releases = sent(trace).filter(|found| found.is.kind == Kind::Release);
        let in_use = releases.filter_map(|release| {
            let delegations = release.is.delegations();
            let mut nets = delegations.iter().flat_map(|ia| &ia.prefixes);
            // What a restart releases is for the check of restarts.
            let lately = |at| release.at - BOOTED_WITHIN <= at && at <= release.at;
            let mut steps = trace.steps.iter();
            let cut = steps.any(|step| step.cuts_power() && lately(step.at));
            nets.find_map(|given| {
                let part = |shown: &&Advertised| given.prefix.contains(&shown.net);
                let until = release.at + TAKEN_BACK_WITHIN;
                let mut before = on_lan.iter().rev().filter(|shown| shown.at <= until);
                let last = before.find(part)?;
                let kept = last.info.preferred > 0 && until <= trace.end() && !cut;
                kept.then(|| {
                    finding(
                        [last.record, release.record],
                        format!("no Release for {}, which the LAN has in use", given.prefix),
                        "one",
                    )
                })
            })
        });
        let asked = sent(trace).filter(|found| !found.is.delegations().is_empty());
        never(
            "DHCPv6 message about a prefix",
            asked.map(|found| found.record),
            in_use,
        )
    })
}

#[cfg(test)]
mod tests;
