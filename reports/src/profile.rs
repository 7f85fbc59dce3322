//! For whom checks count: sets of them, each with an overall result.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Case, Text};

/// A set of checks with an overall result.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// A router for オンライン資格確認 on an NTT East line.
    OnsEast,
    /// A router for オンライン資格確認 on an NTT West line.
    OnsWest,
    /// A router below a ひかり電話ルータ.
    HomeGateway,
    /// A customer-edge router by RFC 7084 and RFC 9096.
    CeRouter,
    /// A DNS forwarder by RFC 5625, whatever line it is on.
    DnsProxy,
    /// A PPPoE client, beside IPv6 on the same line.
    Pppoe,
    /// A router behind which フレッツ光メンバーズクラブ confirms the contract line.
    Members,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 7] = [
        Self::OnsEast,
        Self::OnsWest,
        Self::HomeGateway,
        Self::CeRouter,
        Self::DnsProxy,
        Self::Pppoe,
        Self::Members,
    ];

    /// Returns the name that the command line uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnsEast => "ons-east",
            Self::OnsWest => "ons-west",
            Self::HomeGateway => "home-gateway",
            Self::CeRouter => "ce-router",
            Self::DnsProxy => "dns-proxy",
            Self::Pppoe => "pppoe",
            Self::Members => "members",
        }
    }

    /// Returns what a device of this profile is for.
    pub fn about(self) -> Text {
        match self {
            Self::OnsEast => Text::new(
                "NTT東日本の回線でオンライン資格確認に使うルータ",
                "A router for オンライン資格確認 on an NTT East line",
            ),
            Self::OnsWest => Text::new(
                "NTT西日本の回線でオンライン資格確認に使うルータ",
                "A router for オンライン資格確認 on an NTT West line",
            ),
            Self::HomeGateway => Text::new(
                "ひかり電話ルータの配下でオンライン資格確認に使うルータ",
                "A router for オンライン資格確認 below a ひかり電話ルータ",
            ),
            Self::CeRouter => Text::new(
                "RFC 7084とRFC 9096に従う家庭用IPv6ルータ",
                "An IPv6 customer-edge router by RFC 7084 and RFC 9096",
            ),
            Self::DnsProxy => Text::new(
                "RFC 5625に従うDNSフォワーダ",
                "A DNS forwarder by RFC 5625, whatever line it is on",
            ),
            Self::Pppoe => Text::new(
                "IPv6と並べてPPPoEで接続するルータ（オンライン請求、サービス情報サイト）",
                "A router that dials PPPoE beside IPv6 (オンライン請求, the service information site)",
            ),
            Self::Members => Text::new(
                "フレッツ光メンバーズクラブの契約回線確認に使うルータ（NTT東日本）",
                "A router behind which フレッツ光メンバーズクラブ confirms the contract line (NTT East)",
            ),
        }
    }

    /// Returns whether a case counts for it: those of its area, or below a home gateway.
    pub fn counts(self, case: &Case) -> bool {
        match self {
            Self::OnsEast => case.area == "east",
            Self::OnsWest => case.area == "west",
            Self::HomeGateway => case.scenario.starts_with("home-gateway/"),
            Self::Pppoe => case.scenario.starts_with("pppoe/"),
            Self::Members => case.scenario.starts_with("members-club/"),
            Self::CeRouter | Self::DnsProxy => true,
        }
    }
}
