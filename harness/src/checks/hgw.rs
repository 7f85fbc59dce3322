//! What a router owes a ひかり電話ルータ above it (guide p.5, p.6, p.30; ngn-facts §3).

use std::time::Duration;

use ngnlab_reports::{Level, Profile, Text, Verdict};
use ngnlab_sim::line::Upstream;
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::setup::{Aspect, Mode, in_domain};

use super::lan::adverts;
use super::pd::{given, net_of};
use super::rob::{Trouble, silences_or_renumbers, works_after};
use super::{Check, Ruling, broken, every, expect, not_applicable, only_in};
use crate::dissection::Dissection;
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
    Check {
        id: "ons.dns.not-through-home-gateway",
        source: "guide p.5, p.30; ngn-facts §3.5",
        level: Level::Must,
        profiles: BELOW,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "オンライン資格確認の名前を、上位のひかり電話ルータに問い合わせない",
            "ONS names are not asked at the Hikari Denwa router",
        ),
        hint: Text::new(
            "ひかり電話ルータのアドレスではなく、接続ガイドp.7のDNSサーバを設定してください。",
            "Enter the DNS servers of guide p.7 instead of the Hikari Denwa router's address.",
        ),
        judge: not_through_gateway,
    },
];

/// Who stands below a ひかり電話ルータ.
const BELOW: &[Profile] = &[Profile::OnsEast, Profile::OnsWest, Profile::HomeGateway];

/// Slow duplicate address detection (design §12) and programs that start one another.
const ADVERTISED_AFTER: Duration = Duration::from_secs(40);
/// DHCPv6 answers three minutes after the gateway is up (ngn-facts §3.3), and a Rebind is
/// repeated every REB_MAX_RT of ten minutes (RFC 8415 §7.6), a tenth more by chance.
const BACK_AFTER: Duration = Duration::from_secs(180 + 660);

/// Judges only below a home gateway.
fn below(trace: &Dissection<'_>, judge: impl FnOnce() -> Verdict) -> Verdict {
    match trace.header().line.upstream {
        Upstream::HomeGateway | Upstream::RentalRouter => judge(),
        Upstream::Onu | Upstream::Ipv6Incapable => {
            not_applicable("there is no Hikari Denwa router above the device")
        }
    }
}

fn takes_60(trace: &Dissection<'_>) -> Verdict {
    below(trace, || {
        only_in(Mode::Pd, trace, || {
            let slots = given(trace)
                .into_iter()
                .filter(|given| given.valid > 0 && given.net.prefix_len() == 60);
            every("/60 from the Hikari Denwa router", slots.take(1), |slot| {
                let inside = adverts(trace).find(|ra| {
                    let mut nets = ra.is.prefixes().filter(|one| one.valid > 0);
                    ra.at >= slot.at
                        && nets.any(|one| net_of(one).is_some_and(|net| slot.net.contains(&net)))
                });
                let deadline = slot.at + ADVERTISED_AFTER;
                match inside {
                    Some(ra) => Ruling::Holds(vec![slot.record, ra.record]),
                    None if trace.end() < deadline || trace.is_disturbed(slot.at, deadline) => {
                        Ruling::Skip
                    }
                    None => broken(
                        [slot.record],
                        format!("a /64 of {} is advertised on the LAN", slot.net),
                        match trace.lan_prefixes().first() {
                            Some(other) => format!("{other} is advertised"),
                            None => "no prefix is advertised".to_owned(),
                        },
                    ),
                }
            })
        })
    })
}

fn recovers(trace: &Dissection<'_>) -> Verdict {
    below(trace, || {
        let restarts = trace
            .steps
            .iter()
            .filter(|step| matches!(step.action, Action::RebootHomeGateway(_)) && step.is_done());
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
            silences_or_renumbers,
        )
    })
}

fn not_through_gateway(trace: &Dissection<'_>) -> Verdict {
    below(trace, || {
        let domains: Vec<&str> = trace.header().line.ons_domains().collect();
        let gateways: Vec<_> = trace
            .assignments()
            .filter(|(_, net)| net.prefix_len() <= 64)
            .map(|(_, net)| HomeGateway::lan_address(net))
            .collect();
        let link_local = HomeGateway::lan_link_local();
        let questions = trace.upstream_dns();
        let ons = questions.iter().filter(|exchange| {
            let asked = exchange.query.is.question.as_ref();
            asked.is_some_and(|asked| domains.iter().any(|domain| in_domain(&asked.name, domain)))
        });
        every("question of the device for an ONS name", ons, |exchange| {
            let query = exchange.query;
            let at_gateway =
                gateways.contains(&query.destination) || query.destination == link_local;
            expect(
                [query.record],
                !at_gateway,
                "a question to the servers of guide p.7",
                "one to the Hikari Denwa router, which does not know the name",
            )
        })
    })
}

#[cfg(test)]
mod tests;
