//! One look-up of a name: what is asked for, and what the question travels in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;

/// Which name, and how to ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resolve {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name, its case kept.
    pub name: String,
    /// The record type: `A`, `AAAA`, or another one's number.
    #[serde(default)]
    pub kind: Kind,
    /// UDP unless given.
    #[serde(default)]
    pub transport: Transport,
    /// The size announced with EDNS; without it there is no EDNS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edns: Option<u16>,
    /// Whom to ask; the server the terminal has learnt, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Target>,
    /// Whether somebody may have the name; `false` says that nobody is meant to.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub exists: bool,
}

/// A record type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(
    inline,
    extend("pattern" = "^(A|AAAA|TYPE[0-9]{1,5})$", "examples" = ["A", "AAAA", "TYPE65"])
)]
pub enum Kind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    #[default]
    Aaaa,
    /// Any other type by its number.
    Other(u16),
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "A" => Ok(Self::A),
            "AAAA" => Ok(Self::Aaaa),
            // RFC 3597 §5 writes a type without a name this way.
            other => other
                .strip_prefix("TYPE")
                .and_then(|number| number.parse().ok())
                .map(Self::Other)
                .ok_or_else(|| format!("`{text}` is not a record type such as A, AAAA or TYPE65")),
        }
    }
}

impl Kind {
    /// Returns the type's number.
    pub fn number(self) -> u16 {
        match self {
            // RFC 1035 §3.2.2 and RFC 3596 §2.1.
            Self::A => 1,
            Self::Aaaa => 28,
            Self::Other(number) => number,
        }
    }
}

/// What a question travels in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// UDP, and TCP after a truncated answer.
    #[default]
    Udp,
    /// TCP from the start.
    Tcp,
}

pub(super) fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
pub(super) fn is_yes(is: &bool) -> bool {
    *is
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A => write!(f, "A"),
            Self::Aaaa => write!(f, "AAAA"),
            Self::Other(number) => write!(f, "TYPE{number}"),
        }
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.to_string()
    }
}

impl fmt::Display for Resolve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "look up {} {}", self.name, self.kind)?;
        if self.transport == Transport::Tcp {
            write!(f, " by TCP")?;
        }
        if let Some(size) = self.edns {
            write!(f, " with EDNS {size}")?;
        }
        match self.server {
            Some(server) => write!(f, " at {server}"),
            None => Ok(()),
        }
    }
}
