//! What a user does on the settings page of a router that dials PPPoE: 接続 and 切断 beside each session
//! (接続先設定; members-club article: competing sessions are closed by hand).

use std::fmt;

use ngnlab_sim::line::pppoe::Realm;
use ngnlab_sim::setup::Hand;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which button is pressed, where, for which sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ByHand {
    /// Whose settings page it is; the device's, unless given.
    #[serde(default)]
    pub at: Whose,
    /// Which button.
    pub does: Hand,
    /// Beside sessions to whom; all, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Realm>,
}

/// Whose settings page is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// That of the device under test.
    #[default]
    Device,
    /// That of the ひかり電話ルータ upstream.
    HomeGateway,
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.does {
            Hand::Disconnect => "hang up by hand",
            Hand::Connect => "dial by hand",
        })?;
        if self.at == Whose::HomeGateway {
            f.write_str(" at the home gateway")?;
        }
        match self.session {
            Some(Realm::Isp) => f.write_str(", the session to the ISP"),
            Some(Realm::ServiceSite) => f.write_str(", the session to the service site"),
            None => Ok(()),
        }
    }
}
