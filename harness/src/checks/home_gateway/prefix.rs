//! The /60 that a ひかり電話ルータ delegates, and what is left of it after its restart (ngn-facts §3).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::Check;
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::{given, net_of};
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::evidence::trouble::{Trouble, works_after};
use crate::checks::home_gateway::below::{BELOW, below};
use crate::checks::ruling::{Ruling, because, broken, every, only_in};
use crate::dissection::{Dissection, Kind};
use crate::scenario::step::Action;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.hgw.takes-60",
        source: "guide p.6; ngn-facts §3.1; RFC 7084 §4.2 WPD-3",
        level: Level::Must,
        profiles: BELOW,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "ひかり電話ルータから/60の委任を受け、その中からLANのプレフィックスを切り出す",
            "The LAN's prefix is cut from the /60 that the Hikari Denwa router delegates",
        ),
        hint: Text::new(
            "/56に限らず/60の委任を受け付け、LANの/64をその範囲内から選んでください。",
            "Accept a /60 as well as a /56, and choose the LAN's /64 inside it.",
        ),
        judge: takes_60,
    },
    Check {
        id: "ngn.hgw.recovers-after-reboot",
        source: "ngn-facts §3.3; RFC 8415 §18.2.12; RFC 4861 §6.3.7",
        level: Level::Should,
        profiles: BELOW,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "ひかり電話ルータの再起動後、自動的に利用できる状態に戻る",
            "After a restart of the Hikari Denwa router everything works again by itself",
        ),
        hint: Text::new(
            "リンクの復旧時にRSとRebindを送り、別の/60が委任されても受け入れてください。",
            "Solicit and rebind when the link comes back, and accept that another /60 is delegated.",
        ),
        judge: recovers,
    },
];

/// Slow duplicate address detection (design §12) and programs that start one another.
const ADVERTISED_AFTER: Duration = Duration::from_secs(40);

/// DHCPv6 answers three minutes after the gateway is up (ngn-facts §3.3), and a Rebind is
/// repeated every REB_MAX_RT of ten minutes (RFC 8415 §7.6), a tenth more by chance.
const BACK_AFTER: Duration = Duration::from_secs(180 + 660);

fn takes_60(trace: &Dissection<'_>) -> Verdict {
    below(trace, || {
        only_in(Mode::Pd, trace, || {
            let slots = given(trace)
                .into_iter()
                .filter(|given| given.valid > 0 && given.net.prefix_len() == 60);
            let slots: Vec<_> = slots.collect();
            every("/60 from the Hikari Denwa router", slots.first(), |slot| {
                // Who asks for several, with an IA_PD for each, has its choice.
                let inside = slots.iter().find_map(|slot| {
                    let inside = adverts(trace).find(|ra| {
                        let mut nets = ra.is.prefixes().filter(|one| one.valid > 0);
                        ra.at >= slot.at
                            && nets
                                .any(|one| net_of(one).is_some_and(|net| slot.net.contains(&net)))
                    });
                    Some((slot, inside?))
                });
                let deadline = slot.at + ADVERTISED_AFTER;
                match inside {
                    Some((slot, ra)) => Ruling::Holds(vec![slot.record, ra.record]),
                    None if trace.end() < deadline || trace.is_disturbed(slot.at, deadline) => {
                        Ruling::Skip
                    }
                    None if trace.lan_prefixes().is_empty() => {
                        because("lan.ra.advertising", "no prefix is advertised")
                    }
                    None => broken(
                        [slot.record],
                        format!("a /64 of {} is advertised on the LAN", slot.net),
                        match trace.lan_prefixes().first() {
                            Some(other) => format!("{other} is advertised"),
                            None => "no prefix is advertised".to_owned(),
                        },
                    )
                    .unless_late(
                        trace,
                        Delay::Silence {
                            from: slot.at,
                            due: deadline,
                        },
                    ),
                }
            })
        })
    })
}

fn recovers(trace: &Dissection<'_>) -> Verdict {
    below(trace, || {
        let restarts = trace.steps.iter().filter(|step| match &step.action {
            Action::RebootHomeGateway(reboot) => {
                step.is_done() && (!reboot.behind_switch || can_know(trace, step.at))
            }
            _ => false,
        });
        let troubles = restarts.map(|step| Trouble {
            records: vec![step.record],
            from: step.at,
            to: step.at,
        });
        // Its own step is no excuse, and a power cut of both is what happens in practice.
        works_after(
            trace,
            "restart of the Hikari Denwa router",
            troubles,
            BACK_AFTER,
            |step| step.silences_or_renumbers(),
        )
    })
}

/// Returns whether a device whose own link stayed up can know of the restart: on a delegation it
/// has a reason to ask before T1 only if it is told to (RFC 8415 §18.2.11, §18.2.12).
fn can_know(trace: &Dissection<'_>, restarted: Time) -> bool {
    let told = || {
        trace.dhcpv6.iter().any(|found| {
            found.is.kind == Kind::Reconfigure
                && found.to_device(Role::Wan)
                && !found.injected
                && found.at >= restarted
        })
    };
    trace.setup().mode == Mode::Ra || told()
}

#[cfg(test)]
mod tests;
