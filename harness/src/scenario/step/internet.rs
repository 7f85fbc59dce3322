//! What hosts in the internet send, and what a terminal sends to them beside pages and names.

use std::fmt;

use ngnlab_sim::node::internet_host;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;

/// What somebody in the internet sends to the device's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stranger {
    /// What it is.
    pub sends: Sends,
}

/// Something that comes from the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sends {
    /// A datagram that nobody asked for, to port 5000.
    Datagram,
    /// The opening of a connection to port 80.
    Syn,
    /// An echo request.
    Echo,
    /// One more datagram to whoever sent the echo host the last one.
    LateAnswer,
    /// A datagram to the same port, from a host that nobody sent anything to.
    AnswerOfAnother,
}

/// A datagram of a terminal's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SendUdp {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The destination.
    pub to: Target,
    /// Its port.
    pub port: u16,
    /// The terminal's port; any, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_port: Option<u16>,
    /// How many bytes of data; 32, unless given. More than 1472 take `fragments = true`.
    #[serde(default = "usual", skip_serializing_if = "is_usual")]
    #[schemars(range(max = 4000))]
    pub size: u16,
    /// Whether it may travel in fragments (DF is clear); only IPv4 has that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fragments: bool,
    /// The hop limit; 64, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_limit: Option<u8>,
}

impl SendUdp {
    /// How many bytes of data fit into one packet of Ethernet (RFC 894).
    pub const MOST_WHOLE: u16 = 1472;
}

impl SendUdp {
    /// Says which key asks for what cannot be, why, and what to write instead.
    pub fn cannot_be(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let is_ipv4 = matches!(self.to, Target::Address(to) if to.to_ipv4_mapped().is_some());
        match self.fragments {
            false if self.size > MOST_WHOLE => Some((
                "size",
                "more than 1472 bytes do not fit into one packet",
                "let it travel in fragments: `fragments = true`",
            )),
            true if !is_ipv4 => Some((
                "fragments",
                "only IPv4 packets are cut on their way",
                "send it to an address of IPv4, or take this key out",
            )),
            _ => None,
        }
    }
}

/// How much data fits into one packet of Ethernet (RFC 894).
const MOST_WHOLE: u16 = 1472;

/// A datagram to somebody who has sent one to the echo host, as peer-to-peer programs find each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SendToPeer {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The terminal's port.
    pub from_port: u16,
    /// Whose outside address and port it goes to.
    pub peer: Peer,
}

/// Somebody who has sent a datagram to the echo host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// The last one.
    HeardLast,
    /// The one before.
    HeardBefore,
}

impl From<Sends> for internet_host::Stranger {
    fn from(sends: Sends) -> Self {
        match sends {
            Sends::Datagram => Self::Udp(5000),
            Sends::Syn => Self::Tcp(80),
            Sends::Echo => Self::Echo,
            Sends::LateAnswer => Self::LateAnswer,
            Sends::AnswerOfAnother => Self::AnswerOfAnother,
        }
    }
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.sends {
            Sends::Datagram => "have a stranger send a datagram",
            Sends::Syn => "have a stranger open a connection",
            Sends::Echo => "have a stranger ask for an echo",
            Sends::LateAnswer => "have the echo host send once more",
            Sends::AnswerOfAnother => "have another host answer",
        })
    }
}

impl fmt::Display for SendToPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.peer {
            Peer::HeardLast => "send a datagram to whom the echo host heard last",
            Peer::HeardBefore => "send a datagram to whom the echo host heard before",
        })
    }
}

impl fmt::Display for SendUdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "send {} bytes to {} port {}",
            self.size, self.to, self.port
        )?;
        match self.fragments {
            true => f.write_str(" that may be cut into fragments"),
            false => Ok(()),
        }
    }
}

fn usual() -> u16 {
    32
}

fn is_usual(size: &u16) -> bool {
    *size == usual()
}
