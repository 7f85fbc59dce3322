//! Whom a step speaks to: a host by its part in the testbed, or any address.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A host by its part in the testbed, or by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, extend("anyOf" = forms()))]
pub enum Target {
    /// The device, at the address it gives out as DNS server, else as router.
    Device,
    /// The line-authentication site.
    LineAuth,
    /// The ONS portal.
    Portal,
    /// The preferred or the alternate NGN server.
    NgnDns(usize),
    /// The preferred or the alternate ONS server.
    OnsDns(usize),
    /// An address outside the network.
    Internet,
    /// Any address; one of IPv4 is mapped (RFC 3493 §3.7).
    Address(Ipv6Addr),
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let named = TARGETS.iter().find(|(name, _)| *name == text);
        if let Some((_, target)) = named {
            return Ok(*target);
        }
        let address = text.parse().map(|address| match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        });
        address.map(Self::Address).map_err(|_| {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            format!(
                "`{text}` is neither an IP address nor one of {}",
                names.join(", ")
            )
        })
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        if let Target::Address(address) = target {
            return address.to_canonical().to_string();
        }
        let mut named = TARGETS.iter();
        let (name, _) = named
            .find(|(_, known)| *known == target)
            .expect("every host but an address has a name");
        (*name).to_owned()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device => write!(f, "the device"),
            Self::LineAuth => write!(f, "line authentication"),
            Self::Portal => write!(f, "the portal"),
            Self::NgnDns(index) => write!(f, "NGN DNS {}", index + 1),
            Self::OnsDns(index) => write!(f, "ONS DNS {}", index + 1),
            Self::Internet => write!(f, "the internet"),
            Self::Address(address) => write!(f, "{}", address.to_canonical()),
        }
    }
}

/// Returns the two forms that it has in a file, as a schema.
fn forms() -> serde_json::Value {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    serde_json::json!([
        {"enum": names},
        // RFC 4291 §2.2: whatever its form, an address of IPv6 has a colon.
        {"pattern": "^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$", "examples": ["2001:db8::1"]},
        {"pattern": "^[0-9]+([.][0-9]+){3}$", "examples": ["192.0.2.7"]},
    ])
}

const TARGETS: &[(&str, Target)] = &[
    ("device", Target::Device),
    ("line-auth", Target::LineAuth),
    ("portal", Target::Portal),
    ("ngn-dns-1", Target::NgnDns(0)),
    ("ngn-dns-2", Target::NgnDns(1)),
    ("ons-dns-1", Target::OnsDns(0)),
    ("ons-dns-2", Target::OnsDns(1)),
    ("internet", Target::Internet),
];
