//! One look-up of a name: what is asked for, and what the question travels in.

use serde::Deserialize;
use toml::Spanned;

use super::target::Target;

/// Which name, and how to ask for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resolve {
    /// The terminal; the first one, unless given.
    pub from: Option<Spanned<String>>,
    /// The name, its case kept.
    pub name: String,
    /// The record type: `A`, `AAAA`, or another one's number.
    #[serde(default)]
    pub kind: Kind,
    /// UDP unless given.
    #[serde(default)]
    pub transport: Transport,
    /// The size announced with EDNS; without it there is no EDNS.
    pub edns: Option<u16>,
    /// Whom to ask; the server the terminal has learnt, unless given.
    pub server: Option<Target>,
}

/// A record type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// UDP, and TCP after a truncated answer.
    #[default]
    Udp,
    /// TCP from the start.
    Tcp,
}
