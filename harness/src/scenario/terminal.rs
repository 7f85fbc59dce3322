//! How a terminal can differ from what the guide asks for.

use std::net::{Ipv4Addr, Ipv6Addr};

use ngnlab_sim::line::Line;
use ngnlab_sim::node::terminal::Ipv4Config;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Dialled;

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
    /// How it gets an IPv4 address; automatically where the device dials PPPoE, else not at all. One
    /// that `dials` has it by its session.
    pub ipv4: Option<TerminalIpv4>,
    /// The PPPoE session that it dials itself, through the device, and has its IPv4 by.
    #[schemars(with = "Option<Dialled>")]
    pub dials: Option<Spanned<Dialled>>,
}

/// How a terminal gets its IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, extend("anyOf" = forms()))]
pub enum TerminalIpv4 {
    /// By DHCPv4.
    Automatic,
    /// Not at all.
    Off,
    /// By hand, with the device as router and DNS server (members-club article).
    Fixed(Ipv4Addr),
}

/// Returns the two forms that it has in a file, as a schema.
fn forms() -> serde_json::Value {
    serde_json::json!([
        {"enum": ["automatic", "off"]},
        {"pattern": "^[0-9]+([.][0-9]+){3}$", "examples": ["192.168.1.101"]},
    ])
}

impl TryFrom<String> for TerminalIpv4 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "automatic" => Ok(Self::Automatic),
            "off" => Ok(Self::Off),
            _ => text.parse().map(Self::Fixed).map_err(|_| {
                format!("`{text}` is neither `automatic` nor `off` nor an IPv4 address")
            }),
        }
    }
}

impl TerminalIpv4 {
    /// Returns it as a terminal has it.
    pub fn config(self) -> Option<Ipv4Config> {
        match self {
            Self::Automatic => Some(Ipv4Config::Automatic),
            Self::Off => None,
            Self::Fixed(address) => {
                let [a, b, c, _] = address.octets();
                Some(Ipv4Config::Fixed {
                    address,
                    // Home routers have the first address (inferred).
                    router: Ipv4Addr::new(a, b, c, 1),
                })
            }
        }
    }
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
