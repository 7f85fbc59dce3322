//! Another router that advertises itself on the LAN (RFC 4861 §6.2.1: the device is a router there,
//! and no host).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "lan.nd.no-host",
    source: "RFC 4861 §6.2.1, §6.2.7; RFC 7084 §4.3 L-1",
    level: Level::Should,
    profiles: CE_ROUTER,
    aspects: &[],
    title: Text::new(
        "LAN側の別のルータのRAに従わない",
        "Advertisements of another router on the LAN are not followed",
    ),
    hint: Text::new(
        "LANではルータとして動作し、受け取ったRAからデフォルトルータやアドレスを設定しないでください。",
        "Be a router on the LAN: take neither a default router nor an address from what is advertised there.",
    ),
    judge: not_followed,
}];

fn not_followed(trace: &Dissection<'_>) -> Verdict {
    let foreign = trace
        .router_adverts()
        .filter(|found| found.on == Role::Lan && found.from == End::Network);
    every(
        "advertisement of another router on the LAN",
        foreign,
        |advert| {
            let later = || {
                let packets = trace.packets.iter();
                packets.filter(|found| {
                    found.record > advert.record
                        && (found.by_device(Role::Wan) || found.by_device(Role::Lan))
                })
            };
            let own = later().find(|found| {
                let mut prefixes = advert.is.prefixes();
                prefixes.any(|one| {
                    let bits = u32::from(128 - one.length.min(128));
                    let shift = |address: std::net::Ipv6Addr| {
                        u128::from(address).checked_shr(bits).unwrap_or(0)
                    };
                    shift(found.source) == shift(one.prefix)
                })
            });
            if let Some(own) = own {
                return broken(
                    [advert.record, own.record],
                    "no address formed from a prefix of another router",
                    format!("a packet from {}", own.source),
                );
            }
            let mut solicits = trace.neighbor_solicits();
            let sought = solicits.find(|found| {
                found.record > advert.record
                    && found.by_device(Role::Wan)
                    && found.is.target == advert.source
            });
            if let Some(sought) = sought {
                return broken(
                    [advert.record, sought.record],
                    "the line's router as default router",
                    format!("{} looked for on the WAN", advert.source),
                );
            }
            // Whoever passes nothing on any more may follow it without a trace.
            match later()
                .find(|found| found.by_device(Role::Wan) && trace.is_terminal(found.source))
            {
                Some(passed) => Ruling::Holds(vec![advert.record, passed.record]),
                None => Ruling::Skip,
            }
        },
    )
}
