//! One /64 by advertisement alone: the device forms its address in it and hands it on (ngn-facts
//! §1.1).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, ONS};
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::ruling::{Ruling, broken, every, only_in};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "ngn.ra-only.slaac",
    source: "guide p.6; ngn-facts §1.1",
    level: Level::Must,
    profiles: ONS,
    aspects: &[Aspect::Delivery],
    title: Text::new(
        "RA回線では端末のアドレスが回線の/64に属し、その通信に応答が届く",
        "On an RA line terminals live in the line's /64, and answers reach them",
    ),
    hint: Text::new(
        "回線のRAの/64をそのままLANに再配布してください（NDプロキシ）。",
        "Hand the /64 of the line's RA on to the LAN as it is, with an ND proxy.",
    ),
    judge: slaac,
}];

fn slaac(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let nets: Vec<_> = trace
            .router_adverts()
            .filter(|ra| ra.to_device(Role::Wan) && !ra.injected)
            .flat_map(|ra| ra.is.prefixes().filter_map(net_of).collect::<Vec<_>>())
            .collect();
        let mut seen = Vec::new();
        for found in &trace.packets {
            let from_terminal = found.to_device(Role::Lan) && !found.injected;
            if from_terminal && is_routable(found.source) && !seen.contains(&found.source) {
                seen.push(found.source);
            }
        }
        if nets.is_empty() {
            return Verdict::Inconclusive("the line advertised no prefix".to_owned());
        }
        every("address of a terminal", seen, |address| {
            let first = trace
                .packets
                .iter()
                .find(|found| found.to_device(Role::Lan) && found.source == address);
            let first = first.map(|found| found.record);
            if !nets.iter().any(|net| net.contains(&address)) {
                let expected = format!("an address in the line's {}", nets[0]);
                return broken(first, expected, address.to_string());
            }
            let answered = trace.packets.iter().find(|found| {
                found.by_device(Role::Lan)
                    && found.destination == address
                    && is_routable(found.source)
                    && !trace.is_device_address(found.source)
            });
            match answered {
                Some(found) => Ruling::Holds(first.into_iter().chain([found.record]).collect()),
                None => Ruling::Skip,
            }
        })
    })
}

#[cfg(test)]
mod tests;
