//! Servers of the network that are deaf or odd for a while.

use std::fmt;

use ngnlab_sim::line::LineAuthQuirk;
use ngnlab_sim::node::dns::Mood;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::lasting;
use crate::period::Period;

/// Which server is deaf, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Silence {
    /// The server.
    pub node: Server,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// A server that can be made deaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, JsonSchema)]
pub enum Server {
    /// The preferred NGN server.
    #[serde(rename = "ngn-dns-1")]
    #[strum(serialize = "ngn-dns-1")]
    NgnDns1,
    /// The alternate NGN server.
    #[serde(rename = "ngn-dns-2")]
    #[strum(serialize = "ngn-dns-2")]
    NgnDns2,
    /// The preferred ONS server.
    #[serde(rename = "ons-dns-1")]
    #[strum(serialize = "ons-dns-1")]
    OnsDns1,
    /// The alternate ONS server.
    #[serde(rename = "ons-dns-2")]
    #[strum(serialize = "ons-dns-2")]
    OnsDns2,
    /// The edge's DHCPv6 server.
    #[serde(rename = "dhcpv6")]
    #[strum(serialize = "dhcpv6")]
    Dhcpv6,
    /// The line-authentication site.
    #[serde(rename = "line-auth")]
    #[strum(serialize = "line-auth")]
    LineAuth,
    /// The ONS portals.
    #[serde(rename = "portal")]
    #[strum(serialize = "portal")]
    Portal,
    /// Whatever has the edge send Router Advertisements.
    #[serde(rename = "router-advertisements")]
    #[strum(serialize = "router-advertisements")]
    RouterAdvertisements,
}

/// How the line-authentication site behaves, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LineAuth {
    /// The oddity.
    pub mood: LineAuthQuirk,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// Which DNS server misbehaves, how, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DnsMood {
    /// The server; both of its pair under `ngn-dns` or `ons-dns`.
    pub node: DnsNode,
    /// What it does.
    pub mood: Mood,
    /// How long; until the run ends, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Period>,
}

/// A DNS server, or a pair of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, JsonSchema)]
pub enum DnsNode {
    /// The preferred NGN server.
    #[serde(rename = "ngn-dns-1")]
    #[strum(serialize = "ngn-dns-1")]
    Ngn1,
    /// The alternate NGN server.
    #[serde(rename = "ngn-dns-2")]
    #[strum(serialize = "ngn-dns-2")]
    Ngn2,
    /// Both NGN servers.
    #[serde(rename = "ngn-dns")]
    #[strum(serialize = "ngn-dns")]
    Ngn,
    /// The preferred ONS server.
    #[serde(rename = "ons-dns-1")]
    #[strum(serialize = "ons-dns-1")]
    Ons1,
    /// The alternate ONS server.
    #[serde(rename = "ons-dns-2")]
    #[strum(serialize = "ons-dns-2")]
    Ons2,
    /// Both ONS servers.
    #[serde(rename = "ons-dns")]
    #[strum(serialize = "ons-dns")]
    Ons,
}

impl Server {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl DnsNode {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "silence {}", self.node.name())?;
        lasting(f, self.lasting)
    }
}

impl fmt::Display for LineAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mood = match self.mood {
            LineAuthQuirk::Slow => "slow",
            LineAuthQuirk::Hesitates => "hesitates",
            LineAuthQuirk::Fault => "fault",
            LineAuthQuirk::Busy => "busy",
            LineAuthQuirk::FaqWording => "faq-wording",
        };
        write!(f, "have line authentication be {mood}")?;
        lasting(f, self.lasting)
    }
}

impl fmt::Display for DnsMood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "put {} into mood {}", self.node.name(), self.mood.name())?;
        lasting(f, self.lasting)
    }
}
