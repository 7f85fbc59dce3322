//! Every defect of the reference router, gathered from its parts, and finding one by its name.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::defect::Defect;
use super::{
    addressing, border, bridge, dhcpv6_client, dhcpv6_packets, dns_proxy, filter, forward,
    icmp_errors, interface, ipv4, lan_advert_options, lan_advertiser, lan_dhcpv6, nd_proxy,
    neighbor_discovery, packets_for_us, path_mtu, pppoe, router_discovery, spoilt_fields,
    uplink_probe,
};
use crate::node::part::pppoe_client;

/// The parts, from the line to the LAN and then to the DNS forwarder.
const PARTS: &[&[Defect]] = &[
    super::DEFECTS,
    interface::DEFECTS,
    spoilt_fields::DEFECTS,
    neighbor_discovery::DEFECTS,
    router_discovery::DEFECTS,
    uplink_probe::DEFECTS,
    dhcpv6_client::DEFECTS,
    dhcpv6_client::outgoing::DEFECTS,
    dhcpv6_client::incoming::DEFECTS,
    dhcpv6_client::granting::DEFECTS,
    dhcpv6_client::reconfigured::DEFECTS,
    dhcpv6_packets::DEFECTS,
    addressing::DEFECTS,
    lan_advertiser::DEFECTS,
    lan_advert_options::DEFECTS,
    lan_dhcpv6::DEFECTS,
    nd_proxy::DEFECTS,
    forward::DEFECTS,
    border::DEFECTS,
    filter::DEFECTS,
    filter::mistakes::DEFECTS,
    icmp_errors::DEFECTS,
    packets_for_us::DEFECTS,
    bridge::DEFECTS,
    path_mtu::DEFECTS,
    pppoe::DEFECTS,
    pppoe_client::session::DEFECTS,
    pppoe_client::discovery::DEFECTS,
    pppoe_client::link::DEFECTS,
    pppoe_client::negotiation::DEFECTS,
    ipv4::DEFECTS,
    ipv4::fragments::DEFECTS,
    ipv4::hairpin::DEFECTS,
    ipv4::lan::DEFECTS,
    ipv4::napt::DEFECTS,
    dns_proxy::DEFECTS,
    dns_proxy::servers::DEFECTS,
    dns_proxy::over_udp::DEFECTS,
    dns_proxy::over_tcp::DEFECTS,
    dns_proxy::own_failures::DEFECTS,
    dns_proxy::own_refusals::DEFECTS,
    dns_proxy::spoilt_questions::DEFECTS,
    dns_proxy::spoilt_answers::DEFECTS,
    dns_proxy::wrong_cache::DEFECTS,
];

impl Defect {
    /// Returns every defect, part by part.
    pub fn all() -> impl Iterator<Item = Self> {
        PARTS.iter().copied().flatten().copied()
    }

    /// Returns the defect of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|defect| defect.name() == name)
    }
}

impl<'de> Deserialize<'de> for Defect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| D::Error::custom(format_args!("no defect is called `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        for defect in Defect::all() {
            let written = serde_json::to_value(defect).unwrap();
            assert_eq!(written, defect.name());
            assert_eq!(serde_json::from_value::<Defect>(written).unwrap(), defect);
        }
        assert!(serde_json::from_str::<Defect>("\"no-failovr\"").is_err());
    }

    #[test]
    fn every_name_is_there_once_and_in_plain_letters() {
        let names: BTreeSet<_> = Defect::all().map(Defect::name).collect();
        assert_eq!(names.len(), Defect::all().count());
        for name in names {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            assert!(name.bytes().all(|byte| plain(byte) || byte == b'-'));
        }
    }

    #[test]
    fn every_defect_says_what_it_is_in_both_languages() {
        for defect in Defect::all() {
            let (ja, en) = (defect.ja(), defect.en());
            assert!(en.is_ascii() || en.contains('§'), "{defect}: {en}");
            assert!(en.ends_with('.') && !en.contains("  "), "{defect}: {en}");
            assert!(ja.ends_with('。') && !ja.contains('\n'), "{defect}: {ja}");
        }
        let one = Defect::from_name("no-failover").unwrap();
        let said = "Gives up on a name when its preferred server is silent.";
        assert_eq!(one.en(), said);
    }

    #[test]
    fn every_part_that_declares_defects_is_listed() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/node");
        let mut declaring = 0;
        let parts = sources(&here.join("part"));
        let router = sources(&here.join("router")).chain([here.join("router.rs")]);
        for path in router.chain(parts) {
            let text = fs::read_to_string(&path).unwrap();
            declaring += usize::from(text.lines().any(|line| line == "defects! {"));
        }
        assert_eq!(declaring, PARTS.len());
    }

    fn sources(folder: &Path) -> Box<dyn Iterator<Item = PathBuf>> {
        let entries = fs::read_dir(folder).unwrap();
        Box::new(entries.map(|entry| entry.unwrap().path()).flat_map(
            |path| -> Box<dyn Iterator<Item = PathBuf>> {
                if path.is_dir() {
                    sources(&path)
                } else {
                    Box::new([path].into_iter())
                }
            },
        ))
    }
}
