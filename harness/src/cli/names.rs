//! What the command line calls areas, languages, deliveries and profiles.

use clap::ValueEnum;
use ngnlab_reports::Profile;
use ngnlab_reports::words::Lang;
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;

/// An area on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AreaName {
    /// NTT East
    East,
    /// NTT West
    West,
}

impl From<AreaName> for Area {
    fn from(name: AreaName) -> Self {
        match name {
            AreaName::East => Self::East,
            AreaName::West => Self::West,
        }
    }
}

/// A language on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LangName {
    /// Japanese
    Ja,
    /// English
    En,
}

impl From<LangName> for Lang {
    fn from(name: LangName) -> Self {
        match name {
            LangName::Ja => Self::Ja,
            LangName::En => Self::En,
        }
    }
}

/// A way of delivering the prefix on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeliveryName {
    /// By Router Advertisement, a /64 that the router hands on
    Ra,
    /// By DHCPv6-PD, a delegation
    Pd,
}

impl From<DeliveryName> for Mode {
    fn from(name: DeliveryName) -> Self {
        match name {
            DeliveryName::Ra => Self::Ra,
            DeliveryName::Pd => Self::Pd,
        }
    }
}

/// A profile on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// A router for オンライン資格確認 on an NTT East line
    OnsEast,
    /// A router for オンライン資格確認 on an NTT West line
    OnsWest,
    /// A router below a ひかり電話ルータ
    HomeGateway,
    /// A customer-edge router by RFC 7084 and RFC 9096
    CeRouter,
    /// A DNS forwarder by RFC 5625
    DnsProxy,
    /// A router that dials PPPoE beside IPv6
    Pppoe,
    /// A router behind which the members club confirms the contract line
    Members,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::OnsEast => Self::OnsEast,
            ProfileName::OnsWest => Self::OnsWest,
            ProfileName::HomeGateway => Self::HomeGateway,
            ProfileName::CeRouter => Self::CeRouter,
            ProfileName::DnsProxy => Self::DnsProxy,
            ProfileName::Pppoe => Self::Pppoe,
            ProfileName::Members => Self::Members,
        }
    }
}
