//! The screens that terminals are shown: M1 to M9, and those around them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The screens of the line-authentication site and the ONS portal, ngn-facts §5.8.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Screen {
    /// 通知意思確認画面, the consent screen.
    Consent,
    /// M1: authentication succeeded.
    M1,
    /// M1b: the same in the words of guide Q17.
    M1b,
    /// M2: authenticated already.
    M2,
    /// M2b: the same in the words of guide Q17.
    M2b,
    /// M3: consent refused.
    M3,
    /// M4: back button after a refusal.
    M4,
    /// M5: ineligible line, P11019.
    M5,
    /// M6: no answer within 25 s, P32031.
    M6,
    /// M7: not registered, or another line's ID.
    M7,
    /// M8: system error.
    M8,
    /// M9: try again later.
    M9,
    /// The ONS portal's login page.
    Login,
    /// What the ONS portal shows to a line that is not authenticated.
    NotAuthenticated,
}
