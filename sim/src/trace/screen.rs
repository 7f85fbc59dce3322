//! The screens that terminals are shown: M1 to M9, those around them, and those of the members club.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// The screens of the line-authentication site and the ONS portal (ngn-facts §5.8), and those of the
/// members club (ngn-facts §4.5).
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
    JsonSchema,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
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
    /// The club asks for member ID and password.
    ClubLogin,
    /// The club's top page.
    ClubTop,
    /// ご契約・ご利用情報, which a confirmed line is shown.
    ClubContract,
    /// 契約回線の確認, where the check is begun.
    ClubCheck,
    /// 「契約回線確認画面」へアクセスしています.
    ClubAccessing,
    /// The contract line was not confirmed.
    ClubNotConfirmed,
    /// What to do then, the support page.
    ClubSupport,
    /// 【V4】 契約回線確認ページ.
    ClubV4Check,
    /// The V4 page was opened from elsewhere than the NGN's IPv4.
    ClubV4Elsewhere,
    /// A way to confirm that there is no more.
    ClubGone,
    /// An authentication key: whether one is to be mailed.
    ClubKeyAsk,
    /// To which address.
    ClubKeyAddress,
    /// Whether that is right.
    ClubKeyDestination,
    /// The key was mailed.
    ClubKeyMailed,
    /// The member's mailbox, which is no page of the club.
    ClubMailbox,
    /// Where the key is entered.
    ClubKeyEntry,
    /// Whether the key is right.
    ClubKeyReview,
    /// The terminal is registered.
    ClubKeyDone,
    /// No more terminals can be registered.
    ClubTerminalsFull,
    /// 会員情報の変更.
    ClubProfile,
    /// The list of registered terminals.
    ClubTerminals,
}

impl Screen {
    /// Returns whether it is one of the members club, which has nothing to do with ONS.
    pub fn is_of_club(self) -> bool {
        self >= Self::ClubLogin
    }

    /// Returns its name as scenarios write it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_called_as_in_files() {
        for screen in Screen::VARIANTS {
            let written = serde_json::to_value(screen).expect("it has a name");
            assert_eq!(written, screen.name());
        }
    }
}
