//! What the PPPoE concentrator does beside what the protocol asks of it.

use std::fmt;

use ngnlab_sim::line::pppoe::Realm;
use ngnlab_sim::node::concentrator::{Ending, Saying};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lasting;
use crate::period::Period;

/// What the concentrator does, in which session, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Concentrator {
    /// What it does.
    pub does: Does,
    /// In sessions to whom; in all, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Realm>,
    /// How long it is silent; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// Something that a concentrator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Says nothing and hears nothing.
    FallSilent,
    /// Ends sessions by PADT.
    SendPadt,
    /// Ends sessions by LCP Terminate-Request.
    Terminate,
    /// Forgets sessions, and tells nobody.
    Forget,
    /// Sends an LCP packet of an unknown code.
    SendUnknownCode,
    /// Sends a frame of an unknown protocol.
    SendUnknownProtocol,
    /// Sends an LCP Echo-Request.
    SendEcho,
    /// Sends an LCP Discard-Request.
    SendDiscard,
    /// Sends a CHAP challenge in the middle of a session.
    ChallengeAgain,
    /// Sends a PADT for a session that does not exist.
    SendPadtOfAnotherSession,
    /// Has somebody else send a PADT for the session.
    SendPadtFromAnotherAddress,
}

/// What a [`Does`] comes to.
pub enum Deed {
    /// Silence.
    Silence,
    /// An end.
    End(Ending),
    /// A word.
    Say(Saying),
}

impl Does {
    fn words(self) -> &'static str {
        match self {
            Self::FallSilent => "fall silent",
            Self::SendPadt => "send a PADT",
            Self::Terminate => "send a Terminate-Request",
            Self::Forget => "forget its sessions",
            Self::SendUnknownCode => "send an unknown code",
            Self::SendUnknownProtocol => "send an unknown protocol",
            Self::SendEcho => "send an Echo-Request",
            Self::SendDiscard => "send a Discard-Request",
            Self::ChallengeAgain => "challenge again",
            Self::SendPadtOfAnotherSession => "send a PADT of another session",
            Self::SendPadtFromAnotherAddress => "send a PADT from another address",
        }
    }

    /// Returns what the concentrator is asked to do.
    pub fn deed(self) -> Deed {
        match self {
            Self::FallSilent => Deed::Silence,
            Self::SendPadt => Deed::End(Ending::Padt),
            Self::Terminate => Deed::End(Ending::Terminate),
            Self::Forget => Deed::End(Ending::Forgotten),
            Self::SendUnknownCode => Deed::Say(Saying::UnknownCode),
            Self::SendUnknownProtocol => Deed::Say(Saying::UnknownProtocol),
            Self::SendEcho => Deed::Say(Saying::Echo),
            Self::SendDiscard => Deed::Say(Saying::Discard),
            Self::ChallengeAgain => Deed::Say(Saying::Challenge),
            Self::SendPadtOfAnotherSession => Deed::Say(Saying::PadtOfAnotherSession),
            Self::SendPadtFromAnotherAddress => Deed::Say(Saying::PadtFromAnotherAddress),
        }
    }
}

impl fmt::Display for Concentrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "have the concentrator {}", self.does.words())?;
        match self.session {
            Some(Realm::Isp) => write!(f, " in the session to the ISP")?,
            Some(Realm::ServiceSite) => write!(f, " in the session to the service site")?,
            None => {}
        }
        lasting(f, self.lasting)
    }
}
