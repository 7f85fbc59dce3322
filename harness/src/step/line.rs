//! What happens on the line: another prefix, an edge that restarts, servers that are deaf or odd.

use ngnlab_sim::line::LineAuthQuirk;
use ngnlab_sim::node::edge::Renumbering;
use serde::Deserialize;
use strum::IntoStaticStr;

use crate::scenario::period::Period;

/// How the prefix changes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Renumber {
    /// What becomes of the old one, and whether another comes.
    #[serde(default)]
    pub how: Renumbering,
}

/// How long the edge is away, and what it comes back with.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RestartEdge {
    /// How long nothing passes.
    pub outage: Period,
    /// The prefix it gives the line afterwards.
    #[serde(default)]
    pub prefix: PrefixAfter,
}

/// Which prefix a line has after its edge restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrefixAfter {
    /// The one it had.
    #[default]
    Same,
    /// The next one.
    Another,
}

/// Which server is deaf, and how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Silence {
    /// The server.
    pub node: Server,
    /// How long; until the run ends, unless given.
    pub lasting: Option<Period>,
}

/// A server that can be made deaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LineAuth {
    /// The oddity.
    pub mood: LineAuthQuirk,
    /// How long; until the run ends, unless given.
    pub lasting: Option<Period>,
}
