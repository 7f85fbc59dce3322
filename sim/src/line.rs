//! The line: a contract, and what the network delivers by it.

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::setup::PppoeAccount;

pub mod customer_id;
mod day;
mod dhcpv6;
pub mod internet;
pub mod members_club;
pub mod pppoe;
mod quirk_words;
mod service;
mod state;
pub mod values;

pub use day::Day;
pub use dhcpv6::{Dhcpv6Quirk, LeaseTimes};
pub use members_club::{Member, MembersClubQuirk};
pub use pppoe::PppoeQuirk;
pub use quirk_words::{QUIRK_WORDS, QuirkWords};
pub use service::Service;
pub use state::LineState;
pub use values::{ONS_DOMAINS, Values};

/// NTT East or NTT West.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// NTT East.
    East,
    /// NTT West.
    West,
}

impl Area {
    /// Both areas.
    pub const ALL: [Self; 2] = [Self::East, Self::West];

    /// Returns the area's name as scenario files write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::East => "east",
            Self::West => "west",
        }
    }

    /// Returns the other area.
    pub fn other(self) -> Self {
        match self {
            Self::East => Self::West,
            Self::West => Self::East,
        }
    }

    /// Returns the area's addresses and names.
    pub fn values(self) -> &'static Values {
        values::values(self)
    }
}

/// A contract, and how the network treats it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// East or West.
    pub area: Area,
    /// The product.
    pub service: Service,
    /// Whether ひかり電話 is part of the contract: PD instead of RA on Next lines.
    pub hikari_denwa: bool,
    /// When the line was opened.
    #[serde(default)]
    pub opened: Day,
    /// Whether フレッツ・v6オプション is part of it: line-to-line traffic, and with it the delivery
    /// hosts.
    pub v6_option: bool,
    /// Who brings the prefix.
    pub isp: Isp,
    /// The customer ID the network has for the line (お客さまID).
    pub customer_id: String,
    /// The customer ID that was applied for, if any.
    pub applied_id: Option<String>,
    /// What stands between the edge and the device.
    pub upstream: Upstream,
    /// ONS domains beyond the six of the guide, as later versions name them (ngn-facts §9 row 12).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_domains: Vec<String>,
    /// The least and the most time between unsolicited Router Advertisements, if it is not the
    /// usual one (ngn-facts §9 row 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ra_interval: Option<(Duration, Duration)>,
    /// Lifetimes and timers of the delegation, where they are not the network's own.
    #[serde(default)]
    pub lease: Option<LeaseTimes>,
    /// How many PPPoE sessions the contract has (ngn-facts §4.5).
    #[serde(default = "usual_sessions")]
    pub pppoe_sessions: u8,
    /// The PPPoE sessions that the home gateway dials itself, of those that the contract has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub home_gateway_pppoe: Vec<PppoeAccount>,
    /// The day on which everything happens.
    #[serde(default)]
    pub date: Day,
    /// Who uses the members club.
    #[serde(default)]
    pub member: Member,
    /// Oddities of the nodes, each off by default.
    pub quirks: Quirks,
}

/// Who brings the line's prefix.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Isp {
    /// Nobody: the prefix is the network's own and only NGN hosts answer.
    None,
    /// A VNE over IPoE.
    Ipoe,
}

/// What stands between the edge and the device.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Upstream {
    /// Only the optical network unit.
    Onu,
    /// A ひかり電話ルータ (home gateway).
    HomeGateway,
    /// A rental router of フレッツ 光クロス, as XG-100NE, which hands on RA alone (ngn-facts §3.1).
    RentalRouter,
    /// A box that lets no IPv6 pass, as an old UTM or key-phone main unit (guide p.5).
    Ipv6Incapable,
}

/// How the edge delivers the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// A /64 by RA (`next-ra`).
    NextRa,
    /// A /56 by DHCPv6-PD (`next-pd`).
    NextPd,
    /// A /56 by DHCPv6-PD with short lifetimes (`cross`).
    Cross,
}

/// Oddities of each node, named in scenarios by their kebab-case names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Quirks {
    /// Of the edge router.
    pub edge: Vec<EdgeQuirk>,
    /// Of the home gateway.
    pub home_gateway: Vec<HomeGatewayQuirk>,
    /// Of the DHCPv6 server that the device meets.
    pub dhcpv6: Vec<Dhcpv6Quirk>,
    /// Of the DNS servers.
    pub dns: Vec<DnsQuirk>,
    /// Of the line-authentication site.
    pub line_auth: Vec<LineAuthQuirk>,
    /// Of the PPPoE concentrator.
    pub pppoe: Vec<PppoeQuirk>,
    /// Of the members club.
    pub members_club: Vec<MembersClubQuirk>,
}

/// Oddities of the edge router.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    VariantNames,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum EdgeQuirk {
    /// Solicits with any DUID are answered (ngn-facts §8 row 1, the opposite of normal).
    AcceptsAnyDuid,
    /// Solicits with a DUID-LLT are answered, too (§9 row 3).
    AcceptsDuidLlt,
    /// Information-Requests need a DUID-LL, too (§8 row 2, the opposite of normal).
    DropsForeignInformationRequests,
    /// Echo requests to the link-local address are answered (row 14, the opposite of normal).
    AnswersEcho,
    /// Router Solicitations are not answered; unsolicited advertisements go on (§9 row 1).
    IgnoresSolicitations,
    /// The RA of a line without ひかり電話 carries the MTU option, too (§9 row 11).
    MtuOnRa,
    /// A PD line's RA carries a /64 of its own besides (§1.3, RA and PD both present).
    AdvertisesAndDelegates,
    /// IA_PD on an RA line is answered with NoPrefixAvail instead of silence (§9 row 2).
    RefusesWithStatus,
    /// IA_NA is left out of answers instead of refused with NoAddrsAvail (§9 row 2).
    IgnoresAddressRequests,
    /// The router before this one still holds the delegation for 40 s (§9 row 7; the line's
    /// lease would take hours).
    HeldByAnotherRouter,
    /// RA and DHCPv6-PD lifetimes are the 30-day set also on PD lines (§9 row 5).
    LongLifetimes,
    /// Packets with TOS 0x88 pass (§8 row 24, the opposite of normal).
    PassesMarked,
    /// Connections to the internet vanish instead of being reset (§8 row 23, the opposite of
    /// normal).
    SwallowsInternet,
    /// Router Advertisements carry an option for experiments, which hosts skip (RFC 4861 §4.2).
    UnknownRaOption,
    /// Its own solicitations are repeated after the Retrans Timer that it advertises, ten seconds.
    /// Unless given it is a second: what is advertised is for hosts (RFC 4861 §6.3.4), and §10 has
    /// RETRANS_TIMER for everybody. What a real edge uses no capture shows (inferred).
    SolicitsAsAdvertised,
}

/// Oddities of the home gateway.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    VariantNames,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum HomeGatewayQuirk {
    /// Replies leave from an ephemeral port (ngn-facts §8 row 3).
    RandomSourcePort,
    /// All slots are taken (row 8).
    NoFreeSlot,
    /// DHCPv6 is hung while RA and ND live (row 6).
    HungDhcpv6,
    /// DHCPv6 from a DUID that is not LL is not answered (row 2).
    DropsForeignDuid,
    /// Each Request takes another slot, and the one before stays taken (§3.1).
    NewSlotPerRequest,
    /// Every IA_PD of a router gets the same slot, which the Advertise lists once (§3.1, PR-600MI).
    OneSlotPerClient,
    /// Names that the network's servers do not know get no answer instead of a name error (row 16).
    RelayIgnoresUnknownNames,
    /// Questions for AAAA are answered without data (§3.5).
    SuppressesAaaa,
    /// The IPv6 filter stands on 高度: nothing passes between lines (§3.5).
    BlocksFolding,
    /// Another router asks for a prefix on the same segment (row 27).
    AnotherRouter,
}

/// Oddities of the DNS servers.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    VariantNames,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum DnsQuirk {
    /// TCP port 53 is closed (ngn-facts §8 row 15).
    NoTcp,
    /// UDP answers never exceed 512 bytes, whatever EDNS says (row 15).
    #[serde(rename = "truncates-at-512")]
    #[strum(serialize = "truncates-at-512")]
    TruncatesAt512,
    /// Reverse look-ups get a name error instead of no answer (row 26, the opposite of normal: four
    /// of the six transcripts of guide p.15 begin with such a timeout).
    DeniesPtr,
    /// Reverse look-ups are refused instead (row 26).
    RefusesPtr,
    /// Names of other servers get no answer instead of a name error (row 16).
    IgnoresForeignNames,
    /// The ONS names have no A records, as if private addresses were never given (row 17, the
    /// opposite of normal).
    NoPrivateAddresses,
    /// The preferred server of each pair is dead (row 18).
    PreferredDead,
    /// 2001:a7ff:5f01::a gives stale and fresh A records in turn (§4.4, a user's report).
    StaleInTurn,
}

/// Oddities of the line-authentication site.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    VariantNames,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LineAuthQuirk {
    /// Processing takes longer than 25 s: M6, P32031 (ngn-facts §5.8).
    Slow,
    /// Processing takes 15 s, which is within the 25 s (guide Q11), and then comes to its end.
    Hesitates,
    /// The site has a fault: M8.
    Fault,
    /// The site is busy: M9.
    Busy,
    /// The site says M1b and M2b, the words of guide Q17, instead of M1 and M2.
    FaqWording,
}

impl Line {
    /// Returns an eligible, registered line of an area by the name of its preset.
    ///
    /// The presets are those of ngn-facts §0: `next-ra`, `next-pd`, `cross`, `hgw-pd`, `hgw-ra`.
    pub fn preset(name: &str, area: Area) -> Option<Self> {
        let (service, hikari_denwa, upstream) = match name {
            "next-ra" => (Service::NextFamily, false, Upstream::Onu),
            "next-pd" => (Service::NextFamily, true, Upstream::Onu),
            "cross" => (Service::Cross, false, Upstream::Onu),
            "hgw-pd" => (Service::NextFamily, true, Upstream::HomeGateway),
            "hgw-ra" => (Service::Cross, false, Upstream::RentalRouter),
            _ => return None,
        };
        let opened = Day::default();
        // ngn-facts §5.5: CAF + 10 digits in both areas.
        let customer_id = "CAF1234567890".to_owned();
        Some(Self {
            area,
            service,
            hikari_denwa,
            opened,
            v6_option: opened.brings_v6_option(area),
            isp: Isp::None,
            applied_id: Some(customer_id.clone()),
            customer_id,
            upstream,
            extra_domains: Vec::new(),
            ra_interval: None,
            lease: None,
            pppoe_sessions: pppoe::USUAL_SESSIONS,
            home_gateway_pppoe: Vec::new(),
            date: Day::default(),
            member: Member::default(),
            quirks: Quirks::default(),
        })
    }

    /// The names [`Line::preset`] knows.
    pub const PRESETS: [&str; 5] = ["next-ra", "next-pd", "cross", "hgw-pd", "hgw-ra"];

    /// Returns how the edge delivers the prefix (ngn-facts §0; guide p.6).
    pub fn delivery(&self) -> Delivery {
        match (self.service, self.hikari_denwa) {
            (Service::Cross, _) => Delivery::Cross,
            (_, true) => Delivery::NextPd,
            (_, false) => Delivery::NextRa,
        }
    }

    /// Returns the `index`-th prefix the edge assigns: /64 on RA lines, /56 on PD lines.
    pub fn assignment(&self, index: usize) -> Ipv6Net {
        let values = self.area.values();
        let whole = match self.isp {
            Isp::None => values.assignments[index % 2],
            Isp::Ipoe => values.isp_assignments[index % 2],
        };
        match self.delivery() {
            Delivery::NextRa => {
                Ipv6Net::new(whole.addr(), 64).expect("64 is a valid prefix length")
            }
            Delivery::NextPd | Delivery::Cross => whole,
        }
    }

    /// Returns the line-authentication state a fresh prefix of this line starts in
    /// (ngn-facts §5.9).
    pub fn first_state(&self) -> LineState {
        if !self.service.is_eligible() {
            LineState::Ineligible
        } else if self.is_applied_for() {
            LineState::Registered
        } else {
            LineState::Unregistered
        }
    }

    /// Returns whether the ID that was applied for is one, and this line's.
    fn is_applied_for(&self) -> bool {
        self.applied_id.as_ref().is_some_and(|id| {
            *id == self.customer_id && customer_id::fault(id, self.area).is_none()
        })
    }

    /// Returns the /64 that a PD line advertises besides, if it does: the one after the
    /// delegation (ngn-facts §1.3; where it lies is inferred).
    pub fn side_prefix(&self, index: usize) -> Option<Ipv6Net> {
        let both = self
            .quirks
            .edge
            .contains(&EdgeQuirk::AdvertisesAndDelegates);
        if !both || !self.delegates() {
            return None;
        }
        let next = u128::from(self.assignment(index).addr()) + (1 << 72);
        Ipv6Net::new(next.into(), 64).ok()
    }

    /// Returns the domains whose names the ONS servers resolve.
    pub fn ons_domains(&self) -> impl Iterator<Item = &str> {
        let extra = self.extra_domains.iter().map(String::as_str);
        ONS_DOMAINS.into_iter().chain(extra)
    }

    /// Returns whether the edge delegates a prefix.
    pub fn delegates(&self) -> bool {
        self.delivery() != Delivery::NextRa
    }

    /// Returns whether the device is to ask for a prefix: the line delegates, and what stands in
    /// between hands delegations on.
    pub fn delegates_to_device(&self) -> bool {
        self.delegates() && self.upstream != Upstream::RentalRouter
    }

    /// Returns the ONS names' servers, preferred first (guide p.7).
    pub fn ons_dns(&self) -> [Ipv6Addr; 2] {
        self.area.values().ons_dns
    }
}

/// What a trace of a time without PPPoE had.
fn usual_sessions() -> u8 {
    pppoe::USUAL_SESSIONS
}
