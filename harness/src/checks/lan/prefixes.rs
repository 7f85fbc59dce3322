//! The prefixes on the LAN: their form, and where they come from.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{Fact, Role};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::evidence::lan_adverts::{advertised, adverts};
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.lan.prefix-inside-assignment",
        source: "guide p.6; ngn-facts §3.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "LAN側に配るプレフィックスが回線の割り当ての中にある",
            "The advertised prefix lies inside the line's assignment",
        ),
        hint: Text::new(
            "固定のプレフィックスを設定せず、回線から得たものを再配布してください。",
            "Hand on what the line assigned instead of a fixed prefix.",
        ),
        judge: inside_assignment,
    },
    Check {
        id: "lan.ra.one-64-per-lan",
        source: "RFC 7084 §4.3 L-2; guide p.6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側に配るプレフィックスが/64である",
            "The prefix for terminals on the LAN is a /64",
        ),
        hint: Text::new(
            "委任された/56をそのまま配らず、その中の/64を1つLANに割り当ててください。",
            "Give the LAN one /64 of the delegation instead of the whole of it.",
        ),
        judge: one_64,
    },
    Check {
        id: "lan.ra.preferred-le-valid",
        source: "RFC 4861 §6.2.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "推奨有効期間が有効期間を超えない",
            "No preferred lifetime exceeds the valid one",
        ),
        hint: Text::new(
            "RAの推奨有効期間を有効期間以下にしてください。端末はそうでないプレフィックスを無視します。",
            "Keep the preferred lifetime at or below the valid one; terminals ignore the prefix otherwise.",
        ),
        judge: preferred_within_valid,
    },
];

fn inside_assignment(trace: &Dissection<'_>) -> Verdict {
    let assignments: Vec<_> = trace.assignments().collect();
    if !trace
        .facts
        .iter()
        .any(|told| matches!(told.fact, Fact::Assigned { .. }))
    {
        return Verdict::Inconclusive("the trace does not tell what was assigned".to_owned());
    }
    let prefixes = adverts(trace).flat_map(|ra| {
        let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
        prefixes
            .into_iter()
            .map(move |prefix| (ra.record, ra.at, prefix))
    });
    // What somebody else advertises as well as the line does cannot be told from the line's.
    let strangers: Vec<_> = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.injected)
        .filter(|ra| ra.source.is_unicast_link_local())
        .flat_map(|ra| {
            // RFC 4862 §5.5.3: what nobody may use is no excuse.
            let fit = ra.is.prefixes().filter(|info| {
                info.autonomous && info.length == 64 && info.preferred <= info.valid
            });
            fit.filter_map(net_of).collect::<Vec<_>>()
        })
        .collect();
    every(
        "prefix advertised on the LAN",
        prefixes,
        |(record, at, prefix)| {
            let Some(net) = net_of(&prefix) else {
                return Ruling::Skip;
            };
            // A ULA is the site's own business (RFC 7084 §4.3 ULA-2).
            let is_ula = net.addr().octets()[0] & 0xfe == 0xfc;
            if is_ula || prefix.preferred == 0 || strangers.contains(&net) {
                return Ruling::Skip;
            }
            let inside = assignments
                .iter()
                .any(|(since, whole)| *since <= at && whole.contains(&net));
            expect(
                [record],
                inside,
                "a part of the line's assignment",
                net.to_string(),
            )
        },
    )
}

fn one_64(trace: &Dissection<'_>) -> Verdict {
    every(
        "prefix for terminals on the LAN",
        advertised(trace),
        |one| {
            // RFC 4862 §5.5.3: only prefixes with the A flag are for addresses; a prefix that is taken
            // back has to look as it did.
            if !one.info.autonomous || one.info.valid == 0 {
                return Ruling::Skip;
            }
            expect(
                [one.record],
                one.info.length == 64,
                "a /64",
                one.net.to_string(),
            )
        },
    )
}

fn preferred_within_valid(trace: &Dissection<'_>) -> Verdict {
    every("prefix advertised on the LAN", advertised(trace), |one| {
        let (preferred, valid) = (one.info.preferred, one.info.valid);
        expect(
            [one.record],
            preferred <= valid,
            format!("a preferred lifetime of at most {valid} s, the valid one"),
            format!("{preferred} s"),
        )
    })
}

#[cfg(test)]
mod tests;
