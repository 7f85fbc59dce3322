//! How the device under test is to be configured for a scenario.

use std::net::{Ipv4Addr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::message::packet::Mac;

/// What an engineer would enter into the router before the scenario starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// How the device gets its prefix and hands it on.
    pub mode: Mode,
    /// The MAC address of its WAN interface.
    pub wan_mac: Mac,
    /// The MAC address of its LAN interface.
    pub lan_mac: Mac,
    /// The DNS servers for every name without an entry in `domains`.
    pub default_dns: Vec<Ipv6Addr>,
    /// The per-domain DNS table (guide p.7).
    pub domains: Vec<DomainServers>,
    /// The PPPoE sessions that it dials, beside what it does over IPv6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pppoe: Vec<PppoeAccount>,
    /// Whether PPPoE of terminals that dial themselves passes between LAN and line (PPPoEパススルー,
    /// PPPoEブリッジ).
    #[serde(default, skip_serializing_if = "is_off")]
    pub pppoe_pass_through: bool,
    /// What the scenario configured wrong on purpose; checks on it are not applicable.
    pub wrong_on_purpose: Vec<Aspect>,
}

/// One PPPoE session as it is entered into the device (接続先設定).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PppoeAccount {
    /// The name, realm included.
    pub name: String,
    /// The password.
    pub password: String,
    /// The domains whose hosts are reached by it (ドメインルーティング, 接続先経路); of several sessions,
    /// the first without any takes the rest.
    #[serde(default)]
    pub domains: Vec<String>,
    /// The terminal that it is for, whatever the destination (送信元 IP アドレス, as an RT-S300SE has it:
    /// members-club article).
    #[serde(default)]
    pub source: Option<Ipv4Addr>,
}

/// What a user presses on the settings page beside a PPPoE session (接続, 切断).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hand {
    /// 切断: the session ends, and stays so.
    Disconnect,
    /// 接続: it is dialled.
    Connect,
}

/// The MAC addresses of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Macs {
    /// Of the interface towards the line.
    pub wan: Mac,
    /// Of the interface towards the terminals.
    pub lan: Mac,
}

/// How the device gets its prefix and hands it on (guide p.6), or that it leaves that to the line.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The upstream /64 is handed on by RA, with an ND proxy.
    Ra,
    /// A prefix is delegated by DHCPv6-PD.
    Pd,
    /// IPv6 frames cross unchanged (IPv6ブリッジ, IPv6パススルー): terminals are on the line itself.
    Bridge,
}

/// One row of a per-domain DNS table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainServers {
    /// The domain; names below it match, too.
    pub name: String,
    /// Its servers in order of preference.
    pub servers: Vec<Ipv6Addr>,
}

/// A part of the configuration that can be wrong on purpose.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// RA where the line delegates, or PD where it advertises.
    Delivery,
    /// The DNS servers.
    Dns,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands in a reference"
)]
fn is_off(value: &bool) -> bool {
    !value
}

impl Mode {
    /// Returns how it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ra => "ra",
            Self::Pd => "pd",
            Self::Bridge => "bridge",
        }
    }

    /// Returns the other way in which a router gets a prefix; a bridge gets none.
    pub fn other(self) -> Option<Self> {
        match self {
            Self::Ra => Some(Self::Pd),
            Self::Pd => Some(Self::Ra),
            Self::Bridge => None,
        }
    }
}

impl Setup {
    /// Returns the servers for a name: the longest matching domain's, else the default ones.
    pub fn servers_for(&self, name: &str) -> &[Ipv6Addr] {
        self.domains
            .iter()
            .filter(|row| in_domain(name, &row.name))
            .max_by_key(|row| row.name.len())
            .map_or(&self.default_dns, |row| &row.servers)
    }
}

/// Returns whether `name` is `domain` or below it, whatever their case and final dots.
pub fn in_domain(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    name == domain
        || name
            .strip_suffix(&domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_holds_itself_and_what_is_below_it() {
        assert!(in_domain("www.lineauth.mnw.", "lineauth.mnw"));
        assert!(in_domain("ONSHIKAKU.org", "onshikaku.org"));
        assert!(!in_domain("notonshikaku.org", "onshikaku.org"));
        assert!(!in_domain("lineauth.mnw.example", "lineauth.mnw"));
    }
}
