//! PPPoE on a line: who may have a session, and every value of the concentrator's that no source
//! fixes. What is inferred is one line here.

use std::net::Ipv4Addr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use super::Area;

/// Where a session leads.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Realm {
    /// To the ISP, and through it to the internet.
    Isp,
    /// To the service information site over the NGN's own IPv4 (サービス情報サイト(NGN IPv4)).
    ServiceSite,
}

/// Somebody whom the concentrator knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name, realm included.
    pub name: &'static str,
    /// The password.
    pub password: &'static str,
    /// Where its sessions lead.
    pub realm: Realm,
}

/// Returns the accounts of an area.
///
/// Which realm the service information site has stands in no stored source; these are hear-say
/// (ngn-facts §4.5, inferred). The ISP's name and password are examples of ours, under a domain
/// that nobody has (RFC 2606 §3).
pub fn accounts(area: Area) -> [Account; 2] {
    let (name, password) = match area {
        Area::East => ("guest@v4flets-east.jp", "guest"),
        Area::West => ("flets@v4flets-west.jp", "flets"),
    };
    [
        Account {
            name: "clinic@isp.example",
            password: "b7Kd93mq",
            realm: Realm::Isp,
        },
        Account {
            name,
            password,
            realm: Realm::ServiceSite,
        },
    ]
}

impl Realm {
    /// Returns the first address that sessions of this realm get; the others follow. The ranges are
    /// those for documentation (RFC 5737 §3; inferred).
    pub fn first_address(self) -> Ipv4Addr {
        match self {
            Self::Isp => Ipv4Addr::new(203, 0, 113, 16),
            Self::ServiceSite => Ipv4Addr::new(198, 51, 100, 16),
        }
    }

    /// Returns whether an address is one that sessions of this realm get, of whichever line.
    pub fn gives(self, address: Ipv4Addr) -> bool {
        let (first, given) = (self.first_address().octets(), address.octets());
        first[..3] == given[..3] && first[3] <= given[3]
    }

    /// Returns the two DNS servers that IPCP names (RFC 1877 §1.1, §1.3; inferred, RFC 5737 §3).
    pub fn dns(self) -> [Ipv4Addr; 2] {
        match self {
            Self::Isp => [Ipv4Addr::new(203, 0, 113, 1), Ipv4Addr::new(203, 0, 113, 2)],
            Self::ServiceSite => [
                Ipv4Addr::new(198, 51, 100, 1),
                Ipv4Addr::new(198, 51, 100, 2),
            ],
        }
    }
}

/// Oddities of the PPPoE concentrator.
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
    VariantArray,
    VariantNames,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum PppoeQuirk {
    /// Asks for the password in clear (PAP) instead of by CHAP: the server decides (ngn-facts
    /// §4.5).
    AsksForPap,
    /// Its offers and confirmations carry tags that nobody knows (RFC 2516 §4.1: to be ignored).
    UnknownTags,
    /// An agent in between adds a Relay-Session-Id (RFC 2516 appendix A).
    Relayed,
    /// Another concentrator offers the same (RFC 2516 §5.2: any number of them may).
    OffersTwice,
    /// Offers four seconds late.
    OffersLate,
    /// The first confirmation of each session is lost on its way.
    LosesFirstConfirmation,
    /// Refuses Magic-Number in negotiation.
    RejectsMagicNumber,
    /// Would negotiate IPv6, too, after authentication.
    NegotiatesIpv6,
    /// Asks for options that RFC 2516 §7 forbids: ACFC, FCS-Alternatives and the control character
    /// map.
    AsksForForbiddenOptions,
    /// A session too many meets silence instead of an error.
    SilentAboutLimit,
    /// Challenges again every minute (RFC 1994 §2).
    ChallengesAgain,
    /// Cuts what is too large for a session into fragments, and sends the last one first (RFC 791
    /// §3.2: they may arrive in any order).
    LastFragmentFirst,
}

/// How many sessions a line has in principle (ngn-facts §4.5; seed).
pub const USUAL_SESSIONS: u8 = 2;
/// How many it may have for a monthly fee (ngn-facts §4.5; seed).
pub const MOST_SESSIONS: u8 = 5;
/// The MTU of sessions (ngn-facts §4.5; reported R+).
pub const MTU: u16 = 1454;
/// The concentrator's name (ngn-facts §4.5, a lab's imitation; reported).
pub const AC_NAME: &[u8] = b"flets";
/// How long an offer takes (inferred).
pub const OFFERS_AFTER: Duration = Duration::from_millis(20);
/// How long it takes with [`PppoeQuirk::OffersLate`].
pub const OFFERS_LATE_AFTER: Duration = Duration::from_secs(4);
/// How often the concentrator asks whether a host is there (inferred; RFC 1661 §5.8 names none).
pub const ECHO_INTERVAL: Duration = Duration::from_secs(30);
/// How many unanswered echo requests end a session (ngn-facts §4.5: three; documented for the
/// client's side, inferred for this one).
pub const ECHO_MISSES: u32 = 3;
/// How long a host has until it is authenticated (inferred).
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often [`PppoeQuirk::ChallengesAgain`] does.
pub const CHALLENGES_EVERY: Duration = Duration::from_secs(60);
