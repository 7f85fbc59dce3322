//! The line of a scenario, as its file says it and as the network has it.

use ngnlab_sim::line::{Area, Day, Isp, LeaseTimes, Line, Member, Quirks, Service, Upstream};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::delivery::Delivery;
use super::{DeviceSpec, Dialled, Scenario, none_dialled};
use crate::period::Period;

/// The line of a scenario: a preset, and what differs from it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LineSpec {
    /// A name of [`Line::PRESETS`].
    #[schemars(
        with = "String",
        description = "The line that the scenario begins with.",
        extend("enum" = Line::PRESETS)
    )]
    pub preset: Spanned<String>,
    /// Whether the preset's way of delivering the prefix matters.
    #[schemars(with = "Option<Delivery>")]
    pub delivery: Option<Spanned<Delivery>>,
    /// The areas the scenario is run for.
    #[serde(default = "both_areas")]
    pub areas: Vec<Area>,
    /// The product of the contract.
    #[schemars(with = "Option<Service>")]
    pub service: Option<Spanned<Service>>,
    /// Whether ひかり電話 is part of the contract.
    pub hikari_denwa: Option<bool>,
    /// When the line was opened, which decides about the v6 option.
    pub opened: Option<Day>,
    /// Whether フレッツ・v6オプション is part of the contract, whenever the line was opened.
    pub v6_option: Option<bool>,
    /// The customer ID the network has for the line.
    #[schemars(with = "Option<String>")]
    pub customer_id: Option<Spanned<String>>,
    /// The customer ID that was applied for, or `none`; the line's own unless given.
    #[schemars(with = "Option<String>")]
    pub applied_id: Option<Spanned<String>>,
    /// Who brings the prefix.
    pub isp: Option<Isp>,
    /// What stands between line and device, where the preset does not say it.
    pub upstream: Option<Upstream>,
    /// ONS domains beyond the six of the guide.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub extra_domains: Vec<Spanned<String>>,
    /// The least and the most time between unsolicited Router Advertisements.
    #[schemars(with = "Option<(Period, Period)>")]
    pub ra_interval: Option<Spanned<(Period, Period)>>,
    /// How many PPPoE sessions the contract has: 2, or up to 5 for a fee (ngn-facts §4.5).
    #[schemars(with = "Option<u8>", range(min = 1, max = 5))]
    pub pppoe_sessions: Option<Spanned<u8>>,
    /// The PPPoE sessions that the ひかり電話ルータ upstream dials itself.
    #[serde(default = "none_dialled")]
    #[schemars(with = "Vec<Dialled>", length(max = 5))]
    pub home_gateway_pppoe: Spanned<Vec<Dialled>>,
    /// The day on which everything happens; the guide's own unless given.
    pub date: Option<Day>,
    /// Who uses the members club, where it is not the usual member.
    #[schemars(with = "Option<Member>")]
    pub member: Option<Spanned<Member>>,
    /// Lifetimes and timers of the delegation; the network's own, unless given.
    pub lease: Option<LeaseSpec>,
    /// Oddities of the nodes.
    #[serde(default)]
    pub quirks: Quirks,
}

/// Lifetimes and timers of a delegation, in whole seconds.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeaseSpec {
    /// When to renew.
    pub t1: Period,
    /// When to rebind.
    pub t2: Period,
    /// How long addresses are preferred.
    pub preferred: Period,
    /// How long addresses are valid.
    pub valid: Period,
}

impl Scenario {
    /// Returns the line in an area.
    pub fn line(&self, area: Area) -> Line {
        let spec = &self.line;
        let mut line = Line::preset(spec.preset.get_ref(), area)
            .expect("the preset's name was validated with the file");
        line.service = spec
            .service
            .as_ref()
            .map_or(line.service, |named| *named.get_ref());
        line.upstream = spec.upstream.unwrap_or(line.upstream);
        line.hikari_denwa = spec.hikari_denwa.unwrap_or(line.hikari_denwa);
        line.opened = spec.opened.unwrap_or(line.opened);
        // Guide p.4: what comes with the line, unless somebody ordered otherwise.
        let brought = line.opened.brings_v6_option(area);
        line.v6_option = spec.v6_option.unwrap_or(brought);
        line.isp = spec.isp.unwrap_or(line.isp);
        line.lease = spec.lease.map(LeaseSpec::times);
        line.quirks = spec.quirks.clone();
        line.date = spec.date.unwrap_or(line.date);
        if let Some(member) = &spec.member {
            line.member = member.get_ref().clone();
        }
        if let Some(sessions) = &spec.pppoe_sessions {
            line.pppoe_sessions = *sessions.get_ref();
        }
        // Each is for one terminal on its LAN (送信元 IP アドレス: members-club article).
        let bound = DeviceSpec {
            source_bound: true,
            ..DeviceSpec::default()
        };
        let dialled = spec.home_gateway_pppoe.get_ref().iter().zip(1..);
        line.home_gateway_pppoe = dialled
            .map(|(dialled, number)| dialled.account(area, number, &bound))
            .collect();
        let extra = spec.extra_domains.iter();
        line.extra_domains = extra.map(|name| name.get_ref().clone()).collect();
        line.ra_interval = spec.ra_interval.as_ref().map(|interval| {
            let (least, most) = interval.get_ref();
            (least.0, most.0)
        });
        if let Some(id) = &spec.customer_id {
            line.customer_id.clone_from(id.get_ref());
            line.applied_id = Some(line.customer_id.clone());
        }
        if let Some(id) = &spec.applied_id {
            line.applied_id = Some(id.get_ref().clone()).filter(|id| id != "none");
        }
        line
    }
}

impl LeaseSpec {
    fn times(self) -> LeaseTimes {
        let secs = |period: Period| u32::try_from(period.0.as_secs()).unwrap_or(u32::MAX);
        LeaseTimes {
            t1: secs(self.t1),
            t2: secs(self.t2),
            preferred: secs(self.preferred),
            valid: secs(self.valid),
        }
    }
}

fn both_areas() -> Vec<Area> {
    Area::ALL.to_vec()
}
