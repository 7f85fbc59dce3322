//! The domains whose names are asked for, and who answers for them.

use std::net::Ipv6Addr;

use ngnlab_reports::benchmark::Domains;
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Setup;

use super::label;

/// A domain below which all names of the benchmark lie that one entry of the table covers.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    /// The domain as it stands behind the label in a message, with the root's zero.
    pub(super) wire: Vec<u8>,
    /// The servers that the device has to ask.
    pub(super) servers: Vec<Ipv6Addr>,
}

impl Zone {
    fn new(domain: &str, setup: &Setup) -> Self {
        let mut wire = Vec::new();
        for part in domain.split('.') {
            wire.push(part.len() as u8);
            wire.extend(part.bytes());
        }
        wire.push(0);
        Self {
            wire,
            servers: setup.servers_for(domain).to_vec(),
        }
    }

    /// Returns how long a name is in a message.
    pub(super) fn name_length(&self) -> usize {
        1 + label::LENGTH + self.wire.len()
    }
}

/// Returns the domains of a workload; the network has no such names, all are `inferred`.
pub(super) fn zones(domains: Domains, area: Area, setup: &Setup) -> Vec<Zone> {
    let ngn = format!("ngnlab.{}", area.values().ngn_domain);
    let ons = "ngnlab.onshikaku.org";
    // RFC 2606 §3: a name that is nobody's.
    let other = "ngnlab.example.com";
    let names: &[&str] = match domains {
        Domains::Ons => &[ons],
        Domains::Ngn => &[&ngn],
        Domains::Mixed => &[ons, &ngn, other],
    };
    names.iter().map(|name| Zone::new(name, setup)).collect()
}
