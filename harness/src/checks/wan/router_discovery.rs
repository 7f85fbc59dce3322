//! Router Discovery on the WAN: which advertisements count, what follows from them, and what a host
//! neither sends nor answers (RFC 4861 §6.1 to §6.3).

use std::collections::BTreeSet;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{NdpOption, ROUTER_ADVERTISEMENT, RouterAdvert};
use ngnlab_sim::message::packet::{Icmpv6, Mac, Packet, is_routable};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::dhcpv6_exchanges::received;
use crate::checks::evidence::formed_addresses::formed_in;
use crate::checks::evidence::given_prefixes::{is_usable, net_of};
use crate::checks::evidence::icmpv6_messages::message_of;
use crate::checks::evidence::wan_adverts::{HEED, had_until, routers_at, wan_adverts};
use crate::checks::ruling::{Ruling, broken, every, finding, never, seconds};
use crate::dissection::{Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "wan.nd.ra-validation",
        source: "RFC 4861 §6.1.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側で不正なRAを無視する",
            "Invalid Router Advertisements on the WAN are ignored",
        ),
        hint: Text::new(
            "ホップリミットが255でない、送信元がリンクローカルでない、コードが0でないRAなどは破棄してください。",
            "Drop advertisements with a hop limit other than 255, a source that is not link-local, a code other than 0, a wrong checksum or an empty option.",
        ),
        judge: ra_validation,
    },
    Check {
        id: "wan.nd.ra-unknown-option",
        source: "RFC 4861 §6.1.2, §4.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RAの未知のオプションを読み飛ばし、RA自体は使う",
            "Unknown options of an advertisement are skipped, and the rest is used",
        ),
        hint: Text::new(
            "未知のオプションがあってもRAを破棄しないでください。",
            "Do not drop an advertisement for an option you do not know.",
        ),
        judge: unknown_option,
    },
    Check {
        id: "wan.nd.default-route-from-ra",
        source: "RFC 7084 §4.2 W-3; RFC 4861 §6.3.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "デフォルト経路がRAを送ったルータを指す",
            "The default route points to a router that advertised itself",
        ),
        hint: Text::new(
            "WAN側のデフォルト経路を、RAの送信元（リンクローカルアドレス）から作ってください。",
            "Take the WAN's default route from the source of the Router Advertisement.",
        ),
        judge: default_route,
    },
    Check {
        id: "wan.nd.router-lifetime-zero",
        source: "RFC 4861 §6.3.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ルータ有効期間0のRAを受けたら、そのルータをデフォルトルータとして使わない",
            "A router that advertises lifetime 0 is not used as default router",
        ),
        hint: Text::new(
            "Router Lifetimeが0のRAを受け取ったら、その経路を削除してください。",
            "Remove the default route when its router advertises a lifetime of 0.",
        ),
        judge: lifetime_zero,
    },
    Check {
        id: "wan.nd.no-rs-response",
        source: "RFC 4861 §6.1.1, §6.2.6; RFC 7084 §4.2 W-1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側で受けたRSに応答しない",
            "Router Solicitations on the WAN get no answer",
        ),
        hint: Text::new(
            "WAN側ではホストとして動作し、RSにRAを返さないでください。",
            "Be a host on the WAN: answer no Router Solicitation there.",
        ),
        judge: no_rs_response,
    },
    Check {
        id: "wan.nd.no-ra-sent",
        source: "RFC 4861 §6.2.4; RFC 7084 §4.2 W-1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側にRAを送らない",
            "No Router Advertisement leaves on the WAN",
        ),
        hint: Text::new(
            "RAの送信をLAN側のインタフェースに限ってください。",
            "Advertise on the LAN interface alone.",
        ),
        judge: no_ra,
    },
];

/// Returns the prefixes of an advertisement, however bad it is otherwise.
fn prefixes_in(message: &Icmpv6<'_>) -> Vec<Ipv6Net> {
    const PREFIX: u8 = 3;
    let mut rest = message.body.get(12..).unwrap_or_default();
    let mut found = Vec::new();
    while let [kind, units, ..] = *rest {
        let length = usize::from(units) * 8;
        let (Some(option), true) = (rest.get(..length), length > 0) else {
            break;
        };
        if kind == PREFIX
            && let Some(octets) = option.get(16..32)
            && let Ok(octets) = <[u8; 16]>::try_from(octets)
            && let Ok(net) = Ipv6Net::new(octets.into(), option[2].min(128))
        {
            found.push(net.trunc());
        }
        rest = &rest[length..];
    }
    found
}

/// Returns a packet of the device towards something beyond its neighbours.
pub(super) fn outbound<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = &'d Found<Packet<'t>>> + use<'d, 't> {
    trace.packets.iter().filter(|found| {
        found.by_device(Role::Wan)
            && is_routable(found.destination)
            && !found.eth_destination.is_multicast()
    })
}

fn ra_validation(trace: &Dissection<'_>) -> Verdict {
    let valid = wan_adverts(trace);
    let is_valid = |record| valid.iter().any(|ra| ra.record == record);
    let sound: BTreeSet<Mac> = valid.iter().map(|ra| ra.eth_source).collect();
    let known: BTreeSet<Ipv6Net> = valid
        .iter()
        .flat_map(|ra| ra.is.prefixes().filter_map(net_of))
        .collect();
    let invalid = trace.packets.iter().filter_map(|found| {
        let message = message_of(&found.is, ROUTER_ADVERTISEMENT)?;
        (found.to_device(Role::Wan) && !is_valid(found.record)).then_some((found, message))
    });
    every(
        "invalid Router Advertisement on the WAN",
        invalid,
        |(ra, message)| {
            let fault = fault_of(ra, &message);
            let to_sender = outbound(trace).find(|found| {
                found.at > ra.arrives
                    && found.eth_destination == ra.eth_source
                    && !sound.contains(&ra.eth_source)
            });
            if let Some(found) = to_sender {
                return broken(
                    [ra.record, found.record],
                    format!("an advertisement with {fault} is ignored"),
                    "the device uses its sender as router",
                );
            }
            for net in prefixes_in(&message) {
                if known.contains(&net) {
                    continue;
                }
                if let Some((record, how)) = formed_in(trace, net, ra.arrives) {
                    return broken(
                        [ra.record, record],
                        format!("an advertisement with {fault} is ignored"),
                        format!("the device {how} of its prefix {net}"),
                    );
                }
            }
            // Who sends packets afterwards had a choice of routers.
            match outbound(trace).find(|found| found.at > ra.arrives + HEED) {
                Some(found) => Ruling::Holds(vec![ra.record, found.record]),
                None => Ruling::Skip,
            }
        },
    )
}

fn fault_of(ra: &Found<Packet<'_>>, message: &Icmpv6<'_>) -> &'static str {
    if ra.hop_limit != 255 {
        "a hop limit other than 255"
    } else if !ra.source.is_unicast_link_local() {
        "a source that is not link-local"
    } else if message.code != 0 {
        "a code other than 0"
    } else if !message.checksum_ok {
        "a wrong checksum"
    } else {
        "an option of length zero, or cut short"
    }
}

/// Slow duplicate address detection (design §12) and programs that start one another.
const IN_USE_AFTER: Duration = Duration::from_secs(40);

/// Returns whether the line's server offers anything that can be used.
fn offers_a_prefix(trace: &Dissection<'_>) -> bool {
    received(trace).any(|answer| {
        let granted = answer.is.granted();
        granted.iter().any(|(ia, prefix)| is_usable(ia, prefix))
    })
}

fn unknown_option(trace: &Dissection<'_>) -> Verdict {
    let upstream = wan_adverts(trace);
    let strange = |ra: &Found<&RouterAdvert>| {
        let options = &ra.is.options;
        options
            .iter()
            .any(|option| matches!(option, NdpOption::Other(..)))
    };
    // With a plain one nobody could tell which of the two was used.
    let all = upstream.iter().all(|ra| strange(ra) || ra.injected);
    let first = upstream.iter().find(|ra| !ra.injected).filter(|_| all);
    every("advertisement with an unknown option", first, |ra| {
        let used = match trace.setup().mode {
            Mode::Ra | Mode::Bridge => ra
                .is
                .prefixes()
                .filter_map(net_of)
                .find_map(|net| formed_in(trace, net, ra.arrives))
                .map(|(record, _)| record),
            Mode::Pd => trace
                .dhcpv6
                .iter()
                .find(|found| {
                    found.by_device(Role::Wan)
                        && found.at >= ra.arrives
                        && matches!(found.is.kind, Kind::Request | Kind::Renew)
                })
                .map(|found| found.record)
                .or_else(|| outbound(trace).map(|found| found.record).next()),
        };
        match used {
            Some(record) => Ruling::Holds(vec![ra.record, record]),
            None if trace.end() < ra.arrives + IN_USE_AFTER
                || trace.is_disturbed(ra.at, ra.arrives + IN_USE_AFTER)
                || trace.setup().mode == Mode::Pd && !offers_a_prefix(trace) =>
            {
                Ruling::Skip
            }
            None => broken(
                [ra.record],
                "the device uses an advertisement that has an option it does not know",
                "it does nothing with it",
            )
            .unless_late(
                trace,
                Delay::Silence {
                    from: ra.arrives,
                    due: ra.arrives + IN_USE_AFTER,
                },
            ),
        }
    })
}

/// Returns the MAC addresses of a router as far as it has told them.
pub(super) fn macs_of(trace: &Dissection<'_>, router: &Found<&RouterAdvert>) -> BTreeSet<Mac> {
    let options = router.is.options.iter().filter_map(|option| match option {
        NdpOption::SourceLinkLayer(mac) => Some(*mac),
        _ => None,
    });
    let told = trace
        .neighbor_adverts()
        .filter(|na| na.to_device(Role::Wan) && na.is.target == router.source)
        .filter_map(|na| na.is.target_link_layer);
    options.chain(told).chain([router.eth_source]).collect()
}

/// Returns the prefixes that routers said to be on the link of the WAN.
pub(super) fn on_link(adverts: &[Found<&RouterAdvert>]) -> Vec<Ipv6Net> {
    let prefixes = adverts.iter().flat_map(|ra| ra.is.prefixes());
    prefixes
        .filter(|prefix| prefix.on_link)
        .filter_map(net_of)
        .collect()
}

fn default_route(trace: &Dissection<'_>) -> Verdict {
    let upstream = wan_adverts(trace);
    let on_link = on_link(&upstream);
    let sent =
        outbound(trace).filter(|found| !on_link.iter().any(|net| net.contains(&found.destination)));
    // The cooked header of a capture with `-i any` does not tell the next hop. In a run of ours a
    // frame to that address is one that the device sent there.
    let is_captured = trace.header().captured.is_some();
    let sent = sent.filter(|found| !is_captured || found.eth_destination != Mac([0; 6]));
    every("packet for the default route", sent, |found| {
        let mut routers = routers_at(&upstream, found.at);
        routers.extend(routers_at(&upstream, found.at - HEED));
        let known = routers
            .iter()
            .find(|router| macs_of(trace, router).contains(&found.eth_destination));
        if let Some(router) = known {
            return Ruling::Holds(vec![router.record, found.record]);
        }
        let stray = broken(
            [found.record],
            "a router that advertised itself as the next hop",
            format!("{} towards {}", found.eth_destination, found.destination),
        );
        // No delay makes a router of what never was one.
        let is_meant = |router: &Found<&_>| macs_of(trace, router).contains(&found.eth_destination);
        match had_until(&upstream, found.at, is_meant) {
            Some(lost) => stray.unless_late(trace, Delay::past(lost, lost + HEED, Some(found.at))),
            None => stray,
        }
    })
}

fn lifetime_zero(trace: &Dissection<'_>) -> Verdict {
    let upstream = wan_adverts(trace);
    let on_link = on_link(&upstream);
    let macs = trace.device_macs();
    let withdrawn = upstream.iter().filter(|ra| ra.is.lifetime.is_zero());
    let withdrawn = withdrawn.filter(|ra| {
        let before = routers_at(&upstream, ra.arrives - Duration::from_millis(1));
        before.iter().any(|known| known.source == ra.source)
    });
    every("router that withdraws itself", withdrawn, |ra| {
        let back = upstream
            .iter()
            .find(|later| later.at > ra.at && !later.is.lifetime.is_zero());
        let (from, to) = (ra.arrives + HEED, back.map_or(trace.end(), |back| back.at));
        let during = |at| from <= at && at < to;
        let router = macs_of(trace, ra);
        let mut used = outbound(trace).filter(|found| {
            during(found.at)
                && router.contains(&found.eth_destination)
                && !on_link.iter().any(|net| net.contains(&found.destination))
        });
        if let Some(found) = used.next() {
            // Who goes on with it is not late.
            let last = used.last().map_or(found.at, |last| last.at);
            return broken(
                [ra.record, found.record],
                format!("{} is not used as default router any more", ra.source),
                format!(
                    "a packet goes to it {} later",
                    seconds(found.at.since(ra.arrives))
                ),
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: ra.arrives,
                    to: last,
                    by: last.since(from),
                },
            );
        }
        let asked = trace.packets.iter().find(|found| {
            found.to_device(Role::Lan)
                && during(found.arrives)
                && macs.contains(&found.eth_destination)
                && is_routable(found.source)
                && is_routable(found.destination)
                && !trace.is_device_address(found.destination)
        });
        match asked {
            Some(found) => Ruling::Holds(vec![ra.record, found.record]),
            None => Ruling::Skip,
        }
    })
}

/// RFC 4861 §6.2.6: half a second of random delay, after a pause of three.
const ANSWER: Duration = Duration::from_secs(5);

fn no_rs_response(trace: &Dissection<'_>) -> Verdict {
    let solicits = trace.router_solicits().filter(|rs| rs.to_device(Role::Wan));
    every("Router Solicitation from the line", solicits, |rs| {
        let answer = trace.router_adverts().find(|ra| {
            ra.by_device(Role::Wan) && ra.at >= rs.arrives && ra.at <= rs.arrives + ANSWER
        });
        match answer {
            Some(ra) => broken(
                [rs.record, ra.record],
                "no answer to a Router Solicitation from the line",
                format!("an advertisement to {}", ra.destination),
            ),
            None if trace.end() < rs.arrives + ANSWER => Ruling::Skip,
            None => Ruling::Holds(vec![rs.record]),
        }
    })
}

fn no_ra(trace: &Dissection<'_>) -> Verdict {
    let sent = trace
        .packets
        .iter()
        .filter(|found| found.by_device(Role::Wan));
    let adverts = trace.router_adverts().filter(|ra| ra.by_device(Role::Wan));
    never(
        "packet from the device on the WAN",
        sent.map(|found| found.record).take(1),
        adverts.map(|ra| {
            finding(
                [ra.record],
                "no Router Advertisement on the WAN",
                "the device sent one",
            )
        }),
    )
}

#[cfg(test)]
mod tests;
