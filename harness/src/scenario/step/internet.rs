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
    /// How many bytes of data; 32, unless given.
    #[serde(default = "usual", skip_serializing_if = "is_usual")]
    #[schemars(range(max = 1472))]
    pub size: u16,
    /// The hop limit; 64, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_limit: Option<u8>,
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

impl fmt::Display for SendUdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "send {} bytes to {} port {}",
            self.size, self.to, self.port
        )
    }
}

fn usual() -> u16 {
    32
}

fn is_usual(size: &u16) -> bool {
    *size == usual()
}
