//! DNS servers that misbehave for a while.

use ngnlab_sim::node::dns::Mood;
use serde::Deserialize;
use strum::IntoStaticStr;

use crate::scenario::period::Period;

/// Which DNS server misbehaves, how, and how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DnsMood {
    /// The server; both of its pair under `ngn-dns` or `ons-dns`.
    pub node: DnsNode,
    /// What it does.
    pub mood: Mood,
    /// How long; until the run ends, unless given.
    pub lasting: Option<Period>,
}

/// A DNS server, or a pair of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
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

impl DnsNode {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
