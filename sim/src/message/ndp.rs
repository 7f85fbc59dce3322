//! Neighbour Discovery messages (RFC 4861) with the DNS options of RFC 8106.
//!
//! The option walk is etherparse's; its options stop before RDNSS, DNSSL and route information.

use std::net::Ipv6Addr;
use std::time::Duration;

use etherparse::icmpv6::{NdpOptionSlice, NdpOptionsIterator};

use crate::frame::Frame;
use crate::message::packet::{Envelope, Icmpv6, Mac, Packet};

/// ICMPv6 type of a Router Solicitation.
pub const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
/// ICMPv6 type of a Neighbor Solicitation.
pub const NEIGHBOR_SOLICITATION: u8 = 135;
/// ICMPv6 type of a Neighbor Advertisement.
pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;

/// A Neighbour Discovery message that passed the validity checks of RFC 4861 §6.1 and §7.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ndp {
    /// A Router Solicitation.
    RouterSolicit(RouterSolicit),
    /// A Router Advertisement.
    RouterAdvert(RouterAdvert),
    /// A Neighbor Solicitation.
    NeighborSolicit(NeighborSolicit),
    /// A Neighbor Advertisement.
    NeighborAdvert(NeighborAdvert),
}

/// A Router Solicitation (RFC 4861 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterSolicit {
    /// The sender's link-layer address, absent when the source is unspecified.
    pub source_link_layer: Option<Mac>,
}

/// A Router Advertisement (RFC 4861 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterAdvert {
    /// The hop limit for hosts, 0 if unspecified.
    pub hop_limit: u8,
    /// The M flag: addresses by DHCPv6.
    pub managed: bool,
    /// The O flag: other configuration by DHCPv6.
    pub other: bool,
    /// The default router preference (RFC 4191 §2.2): 1 high, 0 medium, 3 low.
    pub preference: u8,
    /// The router lifetime.
    pub lifetime: Duration,
    /// The reachable time, zero if unspecified.
    pub reachable: Duration,
    /// The retransmission timer, zero if unspecified.
    pub retrans: Duration,
    /// The options in their order.
    pub options: Vec<NdpOption>,
}

/// A Neighbor Solicitation (RFC 4861 §4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighborSolicit {
    /// The address asked about.
    pub target: Ipv6Addr,
    /// The sender's link-layer address.
    pub source_link_layer: Option<Mac>,
}

/// A Neighbor Advertisement (RFC 4861 §4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighborAdvert {
    /// The address it speaks about.
    pub target: Ipv6Addr,
    /// The R flag: the sender is a router.
    pub router: bool,
    /// The S flag: an answer to a solicitation.
    pub solicited: bool,
    /// The O flag: replaces a cached link-layer address.
    pub replace: bool,
    /// The target's link-layer address.
    pub target_link_layer: Option<Mac>,
}

/// An option of a Neighbour Discovery message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NdpOption {
    /// Source Link-Layer Address (RFC 4861 §4.6.1).
    SourceLinkLayer(Mac),
    /// Target Link-Layer Address (RFC 4861 §4.6.1).
    TargetLinkLayer(Mac),
    /// Prefix Information (RFC 4861 §4.6.2).
    Prefix(PrefixInfo),
    /// MTU (RFC 4861 §4.6.4).
    Mtu(u32),
    /// Recursive DNS Server (RFC 8106 §5.1).
    Rdnss {
        /// How long the servers may be used, in seconds.
        lifetime: u32,
        /// The servers.
        servers: Vec<Ipv6Addr>,
    },
    /// DNS Search List (RFC 8106 §5.2).
    Dnssl {
        /// How long the names may be used, in seconds.
        lifetime: u32,
        /// The names, without a final dot.
        domains: Vec<String>,
    },
    /// Anything else, with the bytes after type and length.
    Other(u8, Vec<u8>),
}

/// A Prefix Information option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixInfo {
    /// The prefix.
    pub prefix: Ipv6Addr,
    /// Its length in bits.
    pub length: u8,
    /// The L flag: on-link.
    pub on_link: bool,
    /// The A flag: hosts may form addresses.
    pub autonomous: bool,
    /// The valid lifetime in seconds.
    pub valid: u32,
    /// The preferred lifetime in seconds.
    pub preferred: u32,
}

impl Ndp {
    /// Reads a message, and `None` if it fails the validity checks of RFC 4861.
    pub fn parse(packet: &Packet<'_>) -> Option<Self> {
        let message = packet.icmpv6()?;
        if packet.hop_limit != 255 || message.code != 0 {
            return None;
        }
        Self::parse_message(message)
    }

    /// Reads a message without looking at the packet around it.
    pub fn parse_message(message: Icmpv6<'_>) -> Option<Self> {
        let body = message.body;
        match message.kind {
            ROUTER_SOLICITATION => {
                let options = options(body.get(4..)?)?;
                Some(Self::RouterSolicit(RouterSolicit {
                    source_link_layer: source_mac(&options),
                }))
            }
            ROUTER_ADVERTISEMENT => {
                let flags = *body.get(1)?;
                Some(Self::RouterAdvert(RouterAdvert {
                    hop_limit: *body.first()?,
                    managed: flags & 0x80 != 0,
                    other: flags & 0x40 != 0,
                    preference: (flags >> 3) & 3,
                    lifetime: Duration::from_secs(u64::from(u16_at(body, 2)?)),
                    reachable: Duration::from_millis(u64::from(u32_at(body, 4)?)),
                    retrans: Duration::from_millis(u64::from(u32_at(body, 8)?)),
                    options: options(body.get(12..)?)?,
                }))
            }
            NEIGHBOR_SOLICITATION => {
                let target = address_at(body, 4)?;
                let options = options(body.get(20..)?)?;
                let source_link_layer = source_mac(&options);
                (!target.is_multicast()).then_some(Self::NeighborSolicit(NeighborSolicit {
                    target,
                    source_link_layer,
                }))
            }
            NEIGHBOR_ADVERTISEMENT => {
                let flags = *body.first()?;
                let target = address_at(body, 4)?;
                let options = options(body.get(20..)?)?;
                (!target.is_multicast()).then_some(Self::NeighborAdvert(NeighborAdvert {
                    target,
                    router: flags & 0x80 != 0,
                    solicited: flags & 0x40 != 0,
                    replace: flags & 0x20 != 0,
                    target_link_layer: target_mac(&options),
                }))
            }
            _ => None,
        }
    }

    /// Builds the frame of the message; the hop limit is always 255 (RFC 4861 §4).
    pub fn build(&self, envelope: Envelope) -> Frame {
        let (kind, body) = match self {
            Self::RouterSolicit(solicit) => {
                let mut body = vec![0; 4];
                put_mac(&mut body, SOURCE_LINK_LAYER, solicit.source_link_layer);
                (ROUTER_SOLICITATION, body)
            }
            Self::RouterAdvert(advert) => (ROUTER_ADVERTISEMENT, advert.body()),
            Self::NeighborSolicit(solicit) => {
                let mut body = vec![0; 4];
                body.extend_from_slice(&solicit.target.octets());
                put_mac(&mut body, SOURCE_LINK_LAYER, solicit.source_link_layer);
                (NEIGHBOR_SOLICITATION, body)
            }
            Self::NeighborAdvert(advert) => {
                let flag = |set: bool, bit: u8| if set { bit } else { 0 };
                let flags = flag(advert.router, 0x80)
                    | flag(advert.solicited, 0x40)
                    | flag(advert.replace, 0x20);
                let mut body = vec![flags, 0, 0, 0];
                body.extend_from_slice(&advert.target.octets());
                put_mac(&mut body, TARGET_LINK_LAYER, advert.target_link_layer);
                (NEIGHBOR_ADVERTISEMENT, body)
            }
        };
        envelope.with_hop_limit(255).icmpv6(kind, 0, &body)
    }
}

impl RouterAdvert {
    /// Returns the prefix options.
    pub fn prefixes(&self) -> impl Iterator<Item = &PrefixInfo> {
        self.options.iter().filter_map(|option| match option {
            NdpOption::Prefix(prefix) => Some(prefix),
            _ => None,
        })
    }

    fn body(&self) -> Vec<u8> {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags =
            flag(self.managed, 0x80) | flag(self.other, 0x40) | ((self.preference & 3) << 3);
        let mut body = vec![self.hop_limit, flags];
        let lifetime = u16::try_from(self.lifetime.as_secs()).unwrap_or(u16::MAX);
        body.extend_from_slice(&lifetime.to_be_bytes());
        for timer in [self.reachable, self.retrans] {
            let millis = u32::try_from(timer.as_millis()).unwrap_or(u32::MAX);
            body.extend_from_slice(&millis.to_be_bytes());
        }
        for option in &self.options {
            option.put(&mut body);
        }
        body
    }
}

impl NdpOption {
    fn put(&self, body: &mut Vec<u8>) {
        match self {
            Self::SourceLinkLayer(mac) => put_mac(body, SOURCE_LINK_LAYER, Some(*mac)),
            Self::TargetLinkLayer(mac) => put_mac(body, TARGET_LINK_LAYER, Some(*mac)),
            Self::Prefix(prefix) => {
                let info = etherparse::icmpv6::PrefixInformation {
                    prefix_length: prefix.length,
                    on_link: prefix.on_link,
                    autonomous_address_configuration: prefix.autonomous,
                    valid_lifetime: prefix.valid,
                    preferred_lifetime: prefix.preferred,
                    prefix: prefix.prefix.octets(),
                };
                body.extend_from_slice(&info.to_bytes());
            }
            Self::Mtu(mtu) => put_option(body, MTU, &[&[0, 0], &mtu.to_be_bytes()[..]].concat()),
            Self::Rdnss { lifetime, servers } => {
                let mut bytes = [&[0, 0], &lifetime.to_be_bytes()[..]].concat();
                servers
                    .iter()
                    .for_each(|server| bytes.extend_from_slice(&server.octets()));
                put_option(body, RDNSS, &bytes);
            }
            Self::Dnssl { lifetime, domains } => {
                let mut bytes = [&[0, 0], &lifetime.to_be_bytes()[..]].concat();
                for label in domains
                    .iter()
                    .flat_map(|domain| domain.split('.').chain([""]))
                {
                    bytes.push(u8::try_from(label.len()).unwrap_or(63));
                    bytes.extend_from_slice(label.as_bytes());
                }
                put_option(body, DNSSL, &bytes);
            }
            Self::Other(kind, bytes) => put_option(body, *kind, bytes),
        }
    }
}

/// Reads options; `None` on one of length zero or cut short, which spoils the message.
fn options(bytes: &[u8]) -> Option<Vec<NdpOption>> {
    NdpOptionsIterator::from_slice(bytes)
        .map(|option| read_option(option.ok()?))
        .collect()
}

fn read_option(option: NdpOptionSlice<'_>) -> Option<NdpOption> {
    let bytes = option.as_bytes();
    let (kind, data) = (*bytes.first()?, bytes.get(2..)?);
    Some(match option {
        NdpOptionSlice::SourceLinkLayerAddress(address) => {
            NdpOption::SourceLinkLayer(Mac(address.link_layer_address().try_into().ok()?))
        }
        NdpOptionSlice::TargetLinkLayerAddress(address) => {
            NdpOption::TargetLinkLayer(Mac(address.link_layer_address().try_into().ok()?))
        }
        NdpOptionSlice::PrefixInformation(prefix) => NdpOption::Prefix(PrefixInfo {
            prefix: prefix.prefix().into(),
            length: prefix.prefix_length(),
            on_link: prefix.on_link(),
            autonomous: prefix.autonomous_address_configuration(),
            valid: prefix.valid_lifetime(),
            preferred: prefix.preferred_lifetime(),
        }),
        NdpOptionSlice::Mtu(mtu) => NdpOption::Mtu(mtu.mtu()),
        _ if kind == RDNSS => NdpOption::Rdnss {
            lifetime: u32_at(data, 2)?,
            servers: data
                .get(6..)?
                .chunks_exact(16)
                .map(|chunk| address_at(chunk, 0))
                .collect::<Option<_>>()?,
        },
        _ if kind == DNSSL => NdpOption::Dnssl {
            lifetime: u32_at(data, 2)?,
            domains: domains(data.get(6..)?)?,
        },
        _ => NdpOption::Other(kind, data.to_vec()),
    })
}

fn domains(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut domains = Vec::new();
    let mut labels: Vec<String> = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let length = usize::from(*length);
        if length == 0 {
            if !labels.is_empty() {
                domains.push(labels.join("."));
                labels.clear();
            }
            bytes = rest;
            continue;
        }
        labels.push(String::from_utf8_lossy(rest.get(..length)?).into_owned());
        bytes = rest.get(length..)?;
    }
    labels.is_empty().then_some(domains)
}

fn put_option(body: &mut Vec<u8>, kind: u8, data: &[u8]) {
    let units = (data.len() + 2).div_ceil(8);
    body.push(kind);
    body.push(u8::try_from(units).unwrap_or(u8::MAX));
    body.extend_from_slice(data);
    body.resize(body.len() + units * 8 - data.len() - 2, 0);
}

fn put_mac(body: &mut Vec<u8>, kind: u8, mac: Option<Mac>) {
    if let Some(mac) = mac {
        put_option(body, kind, &mac.0);
    }
}

fn source_mac(options: &[NdpOption]) -> Option<Mac> {
    options.iter().find_map(|option| match option {
        NdpOption::SourceLinkLayer(mac) => Some(*mac),
        _ => None,
    })
}

fn target_mac(options: &[NdpOption]) -> Option<Mac> {
    options.iter().find_map(|option| match option {
        NdpOption::TargetLinkLayer(mac) => Some(*mac),
        _ => None,
    })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn address_at(bytes: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
    Some(octets.into())
}

const SOURCE_LINK_LAYER: u8 = 1;
const TARGET_LINK_LAYER: u8 = 2;
const MTU: u8 = 5;
const RDNSS: u8 = 25;
const DNSSL: u8 = 31;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::packet::ALL_NODES;

    #[test]
    fn every_message_reads_back_as_it_was_built() {
        let messages = [
            Ndp::RouterSolicit(RouterSolicit {
                source_link_layer: Some(MAC),
            }),
            Ndp::RouterSolicit(RouterSolicit {
                source_link_layer: None,
            }),
            Ndp::RouterAdvert(advert()),
            Ndp::NeighborSolicit(NeighborSolicit {
                target: MAC.link_local(),
                source_link_layer: None,
            }),
            Ndp::NeighborAdvert(NeighborAdvert {
                target: MAC.link_local(),
                router: true,
                solicited: true,
                replace: false,
                target_link_layer: Some(MAC),
            }),
        ];
        for message in messages {
            let frame = message.build(Envelope::new(MAC, MAC, MAC.link_local(), ALL_NODES));
            assert_eq!(Ndp::parse(&Packet::parse(&frame).unwrap()), Some(message));
        }
    }

    #[test]
    fn a_hop_limit_below_255_spoils_a_message() {
        let solicit = Ndp::RouterSolicit(RouterSolicit {
            source_link_layer: None,
        });
        let frame = solicit.build(Envelope::new(MAC, MAC, MAC.link_local(), ALL_NODES));
        let mut bytes = frame.to_vec();
        bytes[14 + 7] = 254;
        assert_eq!(Ndp::parse(&Packet::parse(&bytes).unwrap()), None);
    }

    #[test]
    fn a_next_line_advert_has_56_bytes_of_icmpv6() {
        let mut advert = advert();
        advert.options.truncate(2);
        // ngn-facts §1.1: 16 base + 8 source link-layer + 32 prefix.
        assert_eq!(advert.body().len() + 4, 56);
    }

    const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);

    fn advert() -> RouterAdvert {
        RouterAdvert {
            hop_limit: 64,
            managed: false,
            other: true,
            preference: 0,
            lifetime: Duration::from_secs(1800),
            reachable: Duration::from_secs(300),
            retrans: Duration::from_secs(10),
            options: vec![
                NdpOption::SourceLinkLayer(MAC),
                NdpOption::Prefix(PrefixInfo {
                    prefix: "2408:3ff:e00:ca00::".parse().unwrap(),
                    length: 64,
                    on_link: true,
                    autonomous: true,
                    valid: 2_592_000,
                    preferred: 604_800,
                }),
                NdpOption::Mtu(1500),
                NdpOption::Rdnss {
                    lifetime: 600,
                    servers: vec![MAC.link_local()],
                },
                NdpOption::Dnssl {
                    lifetime: 600,
                    domains: vec!["flets-east.jp".to_owned(), "iptvf.jp".to_owned()],
                },
            ],
        }
    }
}
