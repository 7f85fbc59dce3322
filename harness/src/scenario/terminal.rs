//! How a terminal can differ from what the guide asks for.

use std::net::Ipv6Addr;

use ngnlab_sim::line::Line;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// How one terminal differs from what the guide asks for on p.8 to p.16.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a [[terminal]] table (names alone go into `terminals = [...]`)"
)]
pub struct TerminalSpec {
    /// Which terminal.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Whether the root certificate of ONS was installed (guide p.16, Q8).
    #[serde(default = "installed")]
    pub trusts_ons_root: bool,
    /// Whether its user goes on through 詳細設定 when the browser warns (guide p.16, Q8).
    #[serde(default)]
    pub ignores_warnings: bool,
    /// Whether IPv6 is on at its network interface (guide p.8).
    #[serde(default = "on")]
    pub ipv6: bool,
    /// Where its DNS servers come from.
    #[serde(default)]
    pub dns: TerminalDns,
}

/// Where a terminal's DNS servers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerminalDns {
    /// The network: DHCPv6 and RDNSS (guide p.8).
    #[default]
    Automatic,
    /// The ONS servers were entered by hand (guide p.12).
    Ons,
}

impl TerminalSpec {
    /// Returns the DNS servers that were entered by hand.
    pub fn fixed_dns(&self, line: &Line) -> Vec<Ipv6Addr> {
        match self.dns {
            TerminalDns::Automatic => Vec::new(),
            TerminalDns::Ons => line.ons_dns().to_vec(),
        }
    }
}

fn installed() -> bool {
    true
}

fn on() -> bool {
    true
}
