//! What an answer says of a client's associations: IA_PD, IA_NA and IA_TA (RFC 8415 §21.4, §21.5,
//! §21.21).

use dhcproto::v6::{DhcpOption, IANA, IATA};
use ipnet::Ipv6Net;

use super::Lifetimes;
use crate::message::dhcpv6::{self, Delegated, DhcpOptions, IAPD, Message, Status};

/// Prefixes that a client had, or says that it has, and that are not to be used any more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Former<'p> {
    pub(super) prefixes: &'p [Ipv6Net],
    /// The valid lifetime that they keep, in seconds.
    pub(super) left: u32,
}

/// Returns an association with a prefix; of the former ones only so much is left.
pub(super) fn granted(
    id: u32,
    lifetimes: Lifetimes,
    former: Former<'_>,
    prefix: Ipv6Net,
) -> DhcpOption {
    let gone = former.prefixes.iter().map(|prefix| Delegated {
        prefix: *prefix,
        preferred: 0,
        valid: former.left,
    });
    let here = Delegated {
        prefix,
        preferred: lifetimes.preferred,
        valid: lifetimes.valid,
    };
    let prefixes: Vec<_> = gone.chain([here]).collect();
    dhcpv6::delegation(id, lifetimes.t1, lifetimes.t2, &prefixes)
}

pub(super) fn withdrawn(id: u32, prefixes: &[Ipv6Net]) -> DhcpOption {
    let gone: Vec<_> = prefixes
        .iter()
        .map(|prefix| Delegated {
            prefix: *prefix,
            preferred: 0,
            valid: 0,
        })
        .collect();
    dhcpv6::delegation(id, 0, 0, &gone)
}

/// Returns the prefixes a client claims to hold that are not the one it gets. A hint without an
/// address, or one that is only longer or shorter, is no claim.
pub(super) fn foreign_prefixes(wanted: &IAPD, own: Ipv6Net) -> Vec<Ipv6Net> {
    let mut foreign: Vec<Ipv6Net> = dhcpv6::prefixes(wanted)
        .into_iter()
        .map(|delegated| delegated.prefix)
        .filter(|prefix| *prefix != own && !prefix.addr().is_unspecified())
        .collect();
    foreign.dedup();
    foreign
}

pub(super) fn refused(id: u32, status: Status, text: &str) -> DhcpOption {
    DhcpOption::IAPD(IAPD {
        id,
        t1: 0,
        t2: 0,
        opts: [dhcpv6::status_option(status, text)].into_iter().collect(),
    })
}

pub(super) fn no_prefix(id: u32) -> DhcpOption {
    refused(id, Status::NoPrefixAvail, "no prefix available")
}

/// Returns a refusal for every IA_NA and IA_TA.
pub(super) fn refused_addresses(message: &Message) -> Vec<DhcpOption> {
    let opts = || -> DhcpOptions {
        let status = dhcpv6::status_option(Status::NoAddrsAvail, "no addresses available");
        [status].into_iter().collect()
    };
    message
        .opts()
        .iter()
        .filter_map(|option| match option {
            DhcpOption::IANA(wanted) => Some(DhcpOption::IANA(IANA {
                id: wanted.id,
                t1: 0,
                t2: 0,
                opts: opts(),
            })),
            DhcpOption::IATA(wanted) => Some(DhcpOption::IATA(IATA {
                id: wanted.id,
                opts: opts(),
            })),
            _ => None,
        })
        .collect()
}

pub(super) fn success(text: &str) -> DhcpOption {
    dhcpv6::status_option(Status::Success, text)
}
