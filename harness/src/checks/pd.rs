//! What the line gives the device, and what the device makes of a delegated prefix.

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::PrefixInfo;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use super::dhcpv6::{received, sent};
use super::{CE_ROUTER, Check, EVERYONE, Profile, Ruling, broken, every, finding, never, only_in};
use crate::dissection::{Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
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
            "ホームゲートウェイ配下では/60が委譲されます。プレフィックス長を固定しないでください。",
            "Below a home gateway a /60 is delegated; do not insist on a /56.",
        ),
        judge: any_size,
    },
    Check {
        id: "pd.use.null-route",
        source: "RFC 7084 §4.2 WPD-5",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "委譲されたプレフィックスの未使用部分宛てのパケットを回線へ送り返さない",
            "Packets for unused parts of the delegation are not sent back",
        ),
        hint: Text::new(
            "委譲されたプレフィックス全体に破棄経路（null経路）を設定してください。",
            "Route the whole delegation to nowhere, below the routes in use.",
        ),
        judge: null_route,
    },
    Check {
        id: "dhcp6c.ren.at-t1",
        source: "RFC 8415 §18.2.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new("T1を過ぎたらRenewを送る", "The delegation is renewed at T1"),
        hint: Text::new(
            "T1（またはT2）でRenew（Rebind）を送り、リースを更新してください。",
            "Send Renew at T1, and Rebind at T2.",
        ),
        judge: renew,
    },
];

/// A prefix as the line gave it to the device, once more or for the first time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    pub(super) record: RecordId,
    pub(super) at: Time,
    pub(super) net: Ipv6Net,
    pub(super) preferred: u32,
    pub(super) valid: u32,
}

/// Returns what the line gave by the way the device is configured for.
pub(super) fn given(trace: &Dissection<'_>) -> Vec<Given> {
    match trace.setup().mode {
        Mode::Ra => trace
            .router_adverts()
            // What a stranger says of the line's prefix the line has not granted.
            .filter(|ra| ra.to_device(Role::Wan) && !ra.injected)
            .flat_map(|ra| {
                let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
                prefixes.into_iter().filter_map(move |prefix| {
                    Some(Given {
                        record: ra.record,
                        at: ra.arrives,
                        net: net_of(&prefix)?,
                        preferred: prefix.preferred,
                        valid: prefix.valid,
                    })
                })
            })
            .collect(),
        Mode::Pd => received(trace)
            .filter(|reply| reply.is.kind == Kind::Reply && reply.is.success())
            .flat_map(|reply| {
                let delegations = reply.is.delegations().into_iter();
                let good = delegations.filter(|ia| ia.success && ia.has_sane_timers());
                good.flat_map(|ia| ia.prefixes).map(move |prefix| Given {
                    record: reply.record,
                    at: reply.arrives,
                    net: prefix.prefix,
                    preferred: prefix.preferred,
                    valid: prefix.valid,
                })
            })
            .collect(),
    }
}

/// Returns the prefix of an option without stray bits.
pub(super) fn net_of(prefix: &PrefixInfo) -> Option<Ipv6Net> {
    Some(Ipv6Net::new(prefix.prefix, prefix.length).ok()?.trunc())
}

/// Slow duplicate address detection (design §12) and programs that start one another.
const IN_USE_AFTER: Duration = Duration::from_secs(40);

fn any_size(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let offers = received(trace).flat_map(|found| {
            let granted = found.is.granted().into_iter();
            granted.map(move |(_, prefix)| (found, prefix.prefix))
        });
        // A server may grant another one than it offered.
        let granted = given(trace);
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
                    None if trace.end() < found.arrives + IN_USE_AFTER => Ruling::Skip,
                    None => broken(
                        [found.record],
                        format!("{net} in use on the LAN"),
                        "no advertisement with a part of it",
                    ),
                }
            },
        )
    })
}

fn null_route(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let given = given(trace);
        let is_unused = |found: &Found<_>| {
            let delegated = given.iter().any(|one| {
                one.valid > 0 && one.at <= found.at && one.net.contains(&found.destination)
            });
            let used = trace
                .lan_prefixes()
                .iter()
                .any(|net| net.contains(&found.destination));
            delegated && !used
        };
        let strays: Vec<_> = trace
            .packets
            .iter()
            .filter(|found| found.to_device(Role::Wan) && is_unused(found))
            .collect();
        let returned = strays.iter().filter_map(|stray| {
            let back = trace.packets.iter().find(|found| {
                found.by_device(Role::Wan)
                    && found.at >= stray.at
                    && (found.source, found.destination) == (stray.source, stray.destination)
                    && found.is.ip.get(40..) == stray.is.ip.get(40..)
            })?;
            Some(finding(
                [stray.record, back.record],
                "the packet dropped",
                "it went back to the line",
            ))
        });
        never(
            "packet for an unused part of the delegation",
            strays.iter().map(|stray| stray.record),
            returned,
        )
    })
}

/// What a Renew may be late by: a tenth of T1, and coarse timers.
fn renew_slack(t1: u32) -> Duration {
    Duration::from_secs(u64::from(t1 / 10) + 10)
}

fn renew(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let grants: Vec<_> = received(trace)
            .filter(|found| found.is.kind == Kind::Reply)
            .filter_map(|found| Some((found, found.is.granted().first()?.0.t1)))
            .collect();
        every(
            "lease that came to its T1",
            grants.iter().enumerate(),
            |(index, (found, t1))| {
                // RFC 8415 §21.21: zero leaves the time to the client, all ones means never.
                if [0, u32::MAX].contains(t1) {
                    return Ruling::Skip;
                }
                let due = found.arrives + Duration::from_secs(u64::from(*t1));
                let deadline = due + renew_slack(*t1);
                let replaced = grants
                    .get(index + 1)
                    .is_some_and(|(next, _)| next.arrives < due);
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
                match after(&[Kind::Renew, Kind::Rebind, Kind::Request]) {
                    Some(message) => Ruling::Holds(vec![found.record, message.record]),
                    None => broken(
                        [found.record],
                        format!("a Renew {t1} s after the Reply"),
                        "none",
                    ),
                }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use dhcproto::v6::MessageType;
    use ngnlab_sim::message::ndp::NdpOption;
    use ngnlab_sim::trace::End;

    use super::super::verdicts::verdict;
    use super::*;
    use crate::dissection::builder::{TraceBuilder, client_message, grant};

    /// A delegated prefix of this length at one second.
    fn delegated(length: u8) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-pd");
        let prefix = Ipv6Net::new(trace.prefix(), length).unwrap();
        let reply = grant(5, prefix, [7200, 10800, 12600, 14400]);
        trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
        trace
    }

    #[test]
    fn a_slash_60_is_as_good() {
        let mut trace = delegated(60);
        trace.trace.header.until = Time::from_secs(120);
        assert!(matches!(
            verdict("pd.accept.other-size", &trace),
            Verdict::Fail(_)
        ));
        trace.at(2000).lan_ra(|_| {});
        assert!(matches!(
            verdict("pd.accept.other-size", &trace),
            Verdict::Pass(_)
        ));
        let trace = delegated(56);
        assert!(matches!(
            verdict("pd.accept.other-size", &trace),
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn strays_do_not_go_back() {
        let mut trace = delegated(56);
        let mut octets = trace.prefix().octets();
        octets[7] = 0x77;
        let (server, stray) = (trace.ons_dns(), octets.into());
        trace.at(2000).lan_ra(|_| {});
        let ends = ((server, 1), (stray, 2));
        trace.udp(Role::Wan, End::Network, ends, b"stray");
        assert!(matches!(
            verdict("pd.use.null-route", &trace),
            Verdict::Pass(_)
        ));
        trace.udp(Role::Wan, End::Device, ends, b"stray");
        assert!(matches!(
            verdict("pd.use.null-route", &trace),
            Verdict::Fail(_)
        ));
    }

    #[test]
    fn a_lease_is_renewed_in_time() {
        let mut trace = delegated(56);
        assert!(matches!(
            verdict("dhcp6c.ren.at-t1", &trace),
            Verdict::Inconclusive(_)
        ));
        trace.trace.header.until = Time::from_secs(10_000);
        assert!(matches!(
            verdict("dhcp6c.ren.at-t1", &trace),
            Verdict::Fail(_)
        ));
        let renew = client_message(MessageType::Renew, 6, 0);
        trace.at(7_201_000).dhcpv6(Role::Wan, End::Device, &renew);
        assert!(matches!(
            verdict("dhcp6c.ren.at-t1", &trace),
            Verdict::Pass(_)
        ));
    }

    #[test]
    fn a_withdrawn_prefix_is_not_used() {
        let mut trace = delegated(60);
        trace.trace.header.until = Time::from_secs(120);
        trace.at(2000).lan_ra(|advert| {
            if let Some(NdpOption::Prefix(prefix)) = advert.options.first_mut() {
                prefix.valid = 0;
            }
        });
        assert!(matches!(
            verdict("pd.accept.other-size", &trace),
            Verdict::Fail(_)
        ));
    }
}
