//! Answering the line's neighbour solicitations for terminals, where the upstream /64 is shared
//! (guide FAQ 1; ngn-facts §3.4).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::NeighborAdvert;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::{Fact, Role};

use super::{Check, EVERYONE, Ruling, broken, every, finding, never, only_in};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.nd.answers-for-lan",
        source: "guide FAQ 1; ngn-facts §3.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線側からの近隣要請に、LAN側の端末に代わって応答する",
            "Solicitations from the line for terminals are answered",
        ),
        hint: Text::new(
            "NDプロキシを有効にしてください。応答しないと数分後に通信できなくなります。",
            "Turn the ND proxy on; without its answers all is over after minutes.",
        ),
        judge: answers_for_lan,
    },
    Check {
        id: "ngn.nd.silent-for-absent",
        source: "ngn-facts §3.4",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "存在しない端末に代わって応答しない",
            "Solicitations for absent hosts are not answered",
        ),
        hint: Text::new(
            "NDプロキシは、LAN側に実在する端末のアドレスにだけ応答させてください。",
            "Let the ND proxy answer only for addresses that exist on the LAN.",
        ),
        judge: silent_for_absent,
    },
];

/// A proxy first looks on the LAN itself: three probes of a second (design §12).
const ANSWER: Duration = Duration::from_secs(3);
/// Probes closer together than this are one attempt (RFC 4861 §10: three, a second apart; the
/// line's RetransTimer is ten seconds, ngn-facts §1.1).
const ATTEMPT: Duration = Duration::from_secs(4);

/// Returns the device's advertisements for a solicited address on the WAN.
fn answer<'d>(
    trace: &'d Dissection<'_>,
    ns: &Found<std::net::Ipv6Addr>,
) -> Option<Found<&'d NeighborAdvert>> {
    trace.neighbor_adverts().find(|na| {
        na.by_device(Role::Wan)
            && na.is.target == ns.is
            && na.at >= ns.at
            && na.at <= ns.arrives + ANSWER
    })
}

fn solicited(trace: &Dissection<'_>) -> Vec<Found<std::net::Ipv6Addr>> {
    trace
        .neighbor_solicits()
        .filter(|ns| ns.to_device(Role::Wan) && !ns.source.is_unspecified())
        .map(|ns| ns.with(ns.is.target))
        .collect()
}

fn answers_for_lan(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let solicited = solicited(trace);
        let present = solicited.iter().enumerate().filter(|(_, ns)| {
            let spoke = trace.packets.iter().any(|found| {
                found.to_device(Role::Lan)
                    && !found.injected
                    && found.source == ns.is
                    && found.at <= ns.at
            });
            let gone = trace.facts.iter().any(|told| {
                matches!(told.fact, Fact::AddressGone { address } if *address == ns.is)
                    && told.at <= ns.at + ANSWER
            });
            spoke && !gone && trace.is_terminal(ns.is)
        });
        every(
            "solicitation from the line for a terminal",
            present,
            |(index, ns)| {
                let first_of_attempt = !solicited[..index]
                    .iter()
                    .any(|other| other.is == ns.is && ns.at.since(other.at) < ATTEMPT);
                let over = ns.arrives + ATTEMPT;
                if !first_of_attempt || trace.end() < over || trace.is_disturbed(ns.at, over) {
                    return Ruling::Skip;
                }
                let attempt = solicited[index..]
                    .iter()
                    .filter(|other| other.is == ns.is && other.at.since(ns.at) < ATTEMPT);
                match attempt.clone().find_map(|ns| answer(trace, ns)) {
                    Some(na) => Ruling::Holds(vec![ns.record, na.record]),
                    None => broken(
                        attempt.map(|ns| ns.record),
                        format!("a Neighbor Advertisement of {} within 3 s", ns.is),
                        "none",
                    ),
                }
            },
        )
    })
}

fn silent_for_absent(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let mut absent = solicited(trace);
        absent.retain(|ns| {
            let lives = trace.packets.iter().any(|found| found.source == ns.is);
            let probed = trace
                .neighbor_solicits()
                .any(|other| other.source.is_unspecified() && other.is.target == ns.is);
            ns.injected && !ns.is.is_unicast_link_local() && !lives && !probed
        });
        let answered = absent.iter().filter_map(|ns| {
            let na = answer(trace, ns)?;
            Some(finding(
                [ns.record, na.record],
                format!("silence about {}, which nobody has", ns.is),
                "a Neighbor Advertisement",
            ))
        });
        never(
            "solicitation for an absent host",
            absent.iter().map(|ns| ns.record),
            answered,
        )
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use hickory_proto::rr::RecordType;
    use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
    use ngnlab_sim::message::packet::solicited_node;
    use ngnlab_sim::trace::End;

    use super::super::find;
    use super::*;
    use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

    fn verdict(id: &str, trace: &TraceBuilder) -> Verdict {
        find(id).unwrap().verdict(&Dissection::new(&trace.trace))
    }

    fn line_solicits(trace: &mut TraceBuilder, at: u64, target: Ipv6Addr) {
        let edge = trace.edge().link_local();
        let envelope = trace.envelope(Role::Wan, End::Network, edge, solicited_node(target));
        let ns = Ndp::NeighborSolicit(NeighborSolicit {
            target,
            source_link_layer: None,
        });
        trace.at(at).injected(Role::Wan, ns.build(envelope));
    }

    fn router_answers(trace: &mut TraceBuilder, at: u64, target: Ipv6Addr) {
        let (edge, own) = (trace.edge().link_local(), ROUTER_WAN.link_local());
        let na = Ndp::NeighborAdvert(NeighborAdvert {
            target,
            router: true,
            solicited: true,
            replace: false,
            target_link_layer: Some(ROUTER_WAN),
        });
        trace.at(at).ndp(Role::Wan, End::Device, own, edge, &na);
    }

    #[test]
    fn terminals_are_answered_for() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {});
        trace.at(1000).ask("www.lineauth.mnw", RecordType::AAAA);
        let pc = trace.pc();
        line_solicits(&mut trace, 30_000, pc);
        assert!(matches!(
            verdict("ngn.nd.answers-for-lan", &trace),
            Verdict::Fail(_)
        ));
        router_answers(&mut trace, 32_000, pc);
        assert!(matches!(
            verdict("ngn.nd.answers-for-lan", &trace),
            Verdict::Pass(_)
        ));
        let delegated = TraceBuilder::new("next-pd");
        assert!(matches!(
            verdict("ngn.nd.answers-for-lan", &delegated),
            Verdict::NotApplicable(_)
        ));
    }

    #[test]
    fn nobody_is_invented() {
        let mut trace = TraceBuilder::new("next-ra");
        let absent = Ipv6Addr::from_bits(trace.prefix().to_bits() | 0xdead);
        assert!(matches!(
            verdict("ngn.nd.silent-for-absent", &trace),
            Verdict::Inconclusive(_)
        ));
        line_solicits(&mut trace, 30_000, absent);
        assert!(matches!(
            verdict("ngn.nd.silent-for-absent", &trace),
            Verdict::Pass(_)
        ));
        router_answers(&mut trace, 30_500, absent);
        assert!(matches!(
            verdict("ngn.nd.silent-for-absent", &trace),
            Verdict::Fail(_)
        ));
    }
}
