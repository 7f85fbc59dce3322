//! The members club (フレッツ光メンバーズクラブ) on a line: who the member is, what holds on which day,
//! and every value of the site's that no source fixes. What is inferred is one line here.
//!
//! The club is one of NTT East's; nothing is known of such a site in the west.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use super::Day;

/// A member of the club.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Member {
    /// The member ID (会員 ID).
    pub id: String,
    /// The password.
    pub password: String,
    /// Where the club sends authentication keys.
    pub mail: String,
    /// The line that the member's ID is registered with.
    pub contract: ContractLine,
    /// How many terminals are registered by authentication keys already.
    pub terminals: u8,
}

/// The line that a member's ID is registered with (契約回線).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ContractLine {
    /// The line of the scenario.
    ThisLine,
    /// Some other line.
    AnotherLine,
}

/// Oddities of the club's site.
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
pub enum MembersClubQuirk {
    /// What came of the check takes 15 s to come (inferred: the article has a while).
    Hesitates,
}

impl Default for Member {
    /// Examples of ours (inferred; the mail's domain is nobody's, RFC 2606 §3).
    fn default() -> Self {
        Self {
            id: "clinic-2021".to_owned(),
            password: "t4kK82nw".to_owned(),
            mail: "clinic@mail.example".to_owned(),
            contract: ContractLine::ThisLine,
            terminals: 0,
        }
    }
}

impl Member {
    /// Returns the authentication key in the member's `number`-th mail, the first of which is 1.
    ///
    /// What keys look like is inferred; they follow one another so that a scenario can tell them.
    pub fn key(number: usize) -> String {
        format!("K7M3Q9-{number:02}")
    }
}

/// What the check of the contract line takes (the members-club article).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    /// The line itself, or the V4 page over the NGN's IPv4.
    V4Page,
    /// As before, or an authentication key.
    Keys,
    /// The member's own line alone.
    LineAlone,
}

impl Era {
    /// Returns the era of a day.
    pub fn of(day: Day) -> Self {
        match day {
            day if day < KEYS_SINCE => Self::V4Page,
            day if day < LINE_ALONE_SINCE => Self::Keys,
            _ => Self::LineAlone,
        }
    }

    /// Returns whether the V4 page gives temporary passes.
    pub fn has_v4_page(self) -> bool {
        self != Self::LineAlone
    }

    /// Returns whether there are authentication keys.
    pub fn has_keys(self) -> bool {
        self == Self::Keys
    }
}

/// Keys came about 2015 (ngn-facts §4.5, 3); the day is inferred.
pub const KEYS_SINCE: Day = Day::of(2015, 1, 1);
/// Keys and the V4 page stopped at the end of July 2018 (ngn-facts §4.5, 3; seed).
pub const LINE_ALONE_SINCE: Day = Day::of(2018, 8, 1);
/// How many terminals may be registered by keys (ngn-facts §4.5, 3; seed).
pub const MOST_TERMINALS: usize = 10;
/// The site over IPv6 (ngn-facts §4.3; seed).
pub const HOST: &str = "flets-east.jp";
/// How long a temporary pass lasts (inferred).
pub const PASS_LASTS: Duration = Duration::from_secs(30 * 60);
/// How long 「契約回線確認画面」へアクセスしています stays, in whole seconds (inferred: a while).
pub const ACCESSING_SECONDS: u32 = 3;
/// How long [`MembersClubQuirk::Hesitates`] does.
pub const HESITATION: Duration = Duration::from_secs(15);
/// How long a browser keeps the cookie of a registered terminal: ten years (inferred).
pub const TERMINAL_COOKIE_SECONDS: u32 = 315_360_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::internet::SERVICE_SITE;
    use crate::line::pppoe::Realm;

    #[test]
    fn the_day_decides_the_era() {
        let era = |day: &str| Era::of(day.parse().expect("a day"));
        assert_eq!(era("2012-04-01"), Era::V4Page);
        assert_eq!(era("2015-01-01"), Era::Keys);
        assert_eq!(era("2018-07-31"), Era::Keys);
        assert_eq!(era("2018-08-01"), Era::LineAlone);
        assert_eq!(Era::of(Day::default()), Era::LineAlone);
    }

    #[test]
    fn the_site_has_no_address_of_a_session() {
        assert!(!Realm::ServiceSite.gives(SERVICE_SITE));
        assert!(Realm::ServiceSite.gives(Realm::ServiceSite.first_address()));
        assert!(!Realm::ServiceSite.gives(Realm::Isp.first_address()));
    }
}
