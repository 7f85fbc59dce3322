//! A delegation that comes without addresses, and the LAN apart from the line (ngn-facts §1.3,
//! §2.1).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::ruling::{Ruling, broken, every, only_in, seconds};
use crate::dissection::{Dissection, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.pd.no-iana",
        source: "ngn-facts §2.1; RFC 8415 §18.2.9",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "アドレス（IA_NA）が払い出されなくても、委任されたプレフィックスを受け取る",
            "A delegation is taken although no address comes with it",
        ),
        hint: Text::new(
            "IA_NAがNoAddrsAvailでも、IA_PDがあればRequestを送ってください。",
            "Request what an Advertise delegates even if it has no IA_NA address.",
        ),
        judge: no_iana,
    },
    Check {
        id: "ngn.pd.lan-apart-from-wan",
        source: "RFC 7084 §4.3 L-2; ngn-facts §1.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "PDではWAN側のRAの/64をLANに広告しない",
            "With PD the LAN is not given the /64 that the line advertises on the WAN",
        ),
        hint: Text::new(
            "RAとPDの両方があるときは、委任されたプレフィックスからLANの/64を取ってください。",
            "Where there are both, cut the LAN's /64 from the delegation.",
        ),
        judge: lan_apart,
    },
];

/// SOL_TIMEOUT and REQ_TIMEOUT are 1 s (RFC 8415 §7.6); a client may wait for better offers until
/// its Solicit would be sent again, at most with two tenths more.
const REQUESTED_WITHIN: Duration = Duration::from_secs(5);

fn no_iana(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let offers = trace.dhcpv6.iter().filter(|found| {
            found.to_device(Role::Wan)
                && !found.injected
                && found.is.kind == Kind::Advertise
                && found.is.success()
                // RFC 8415 §21.21 and §21.22 have a client discard the others.
                && found.is.granted().iter().any(|(ia, prefix)| {
                    (ia.t2 == 0 || ia.t1 <= ia.t2) && prefix.preferred <= prefix.valid
                })
        });
        every("offer of a prefix without an address", offers, |offer| {
            let solicit = trace.dhcpv6.iter().rev().find(|found| {
                found.by_device(Role::Wan)
                    && found.is.kind == Kind::Solicit
                    && found.is.xid == offer.is.xid
                    && found.at <= offer.at
            });
            if solicit.is_none() {
                return Ruling::Skip;
            }
            let request = trace.dhcpv6.iter().find(|found| {
                found.by_device(Role::Wan)
                    && found.is.kind == Kind::Request
                    && solicit.is_some_and(|solicit| found.at >= solicit.at)
            });
            let deadline = offer.arrives + REQUESTED_WITHIN;
            let expected = format!("a Request within {}", seconds(REQUESTED_WITHIN));
            match request.map(|found| (found.record, found.at.since(offer.arrives))) {
                Some((record, took)) if took <= REQUESTED_WITHIN => {
                    Ruling::Holds(vec![offer.record, record])
                }
                _ if deadline > trace.end() || trace.is_disturbed(offer.at, deadline) => {
                    Ruling::Skip
                }
                Some((record, took)) => broken(
                    [offer.record, record],
                    expected,
                    format!("it came after {}", seconds(took)),
                )
                .unless_late(
                    trace,
                    Delay::Overrun {
                        from: offer.arrives,
                        to: offer.arrives + took,
                        by: took - REQUESTED_WITHIN,
                    },
                ),
                None => broken([offer.record], expected, "none, and so no prefix").unless_late(
                    trace,
                    Delay::Silence {
                        from: offer.arrives,
                        due: deadline,
                    },
                ),
            }
        })
    })
}

fn lan_apart(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let on_wan: Vec<_> = trace
            .router_adverts()
            .filter(|ra| ra.to_device(Role::Wan))
            .flat_map(|ra| {
                let nets: Vec<_> = ra.is.prefixes().filter_map(net_of).collect();
                nets.into_iter().map(move |net| (ra.record, net))
            })
            .collect();
        if on_wan.is_empty() {
            return Verdict::Inconclusive("the line advertised no prefix".to_owned());
        }
        let given = adverts(trace).filter(|ra| ra.is.prefixes().any(|info| info.valid > 0));
        every("prefix advertised on the LAN", given, |ra| {
            let shared = on_wan.iter().find(|(_, net)| {
                ra.is
                    .prefixes()
                    .any(|info| info.valid > 0 && net_of(info) == Some(*net))
            });
            match shared {
                None => Ruling::Holds(vec![ra.record]),
                Some((record, net)) => broken(
                    [*record, ra.record],
                    "a /64 of the delegation on the LAN",
                    format!("{net}, which lies on the WAN"),
                ),
            }
        })
    })
}

#[cfg(test)]
mod tests;
