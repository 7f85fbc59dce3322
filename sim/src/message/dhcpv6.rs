//! DHCPv6 messages (RFC 8415): dhcproto's types with what the nodes and checks keep asking.

use std::net::Ipv6Addr;

use dhcproto::v6::{DhcpOption, IAPrefix, UnknownOption};
use dhcproto::{Decodable, Decoder, Encodable};
use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};
use ipnet::Ipv6Net;

pub use dhcproto::v6::{
    DhcpOptions, IAPD, Message, MessageType, ORO, OptionCode, Status, StatusCode,
};

use crate::message::packet::Udp;

pub mod reconfigure;
pub mod relay;

/// The port clients listen on (RFC 8415 §7.2).
pub const CLIENT_PORT: u16 = 546;
/// The port servers listen on (RFC 8415 §7.2).
pub const SERVER_PORT: u16 = 547;
/// SOL_MAX_RT (RFC 8415 §21.24).
pub const SOL_MAX_RT: OptionCode = OptionCode::SolMaxRt;
/// INF_MAX_RT (RFC 8415 §21.25).
pub const INF_MAX_RT: OptionCode = OptionCode::InfMaxRt;
/// SIP servers as addresses (RFC 3319 §3.2).
pub const SIP_SERVERS: u16 = 22;
/// SNTP servers (RFC 4075 §4).
pub const SNTP_SERVERS: u16 = 31;

/// Reads a client or server message; `None` for relay messages and malformed ones.
pub fn decode(bytes: &[u8]) -> Option<Message> {
    if bytes.len() < 4 || matches!(bytes[0], 12 | 13) || !is_well_formed(&bytes[4..], 0) {
        return None;
    }
    Message::decode(&mut Decoder::new(bytes)).ok()
}

/// Checks the lengths of options, and of options inside options, before dhcproto reads them: it
/// subtracts without looking, and drops what follows a broken option without a word.
fn is_well_formed(mut bytes: &[u8], depth: u8) -> bool {
    while !bytes.is_empty() {
        let Some((header, rest)) = bytes.split_first_chunk::<4>() else {
            return false;
        };
        let code = u16::from_be_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let Some((data, rest)) = rest.split_at_checked(length) else {
            return false;
        };
        // The fixed part of the option, and whether options follow it.
        let (fixed, nested) = match code {
            3 | 25 => (12, true),
            4 | 17 => (4, true),
            5 => (24, true),
            26 => (25, true),
            // A relayed message has no place in a client's or server's.
            9 => return false,
            7 | 19 => (1, false),
            8 | 13 => (2, false),
            11 => (11, false),
            12 => (16, false),
            16 | 32 => (4, false),
            _ => (0, false),
        };
        let exact = matches!(code, 7 | 8 | 12 | 19 | 32) && length != fixed;
        if length < fixed || exact || (nested && depth == NESTING_MAX) {
            return false;
        }
        if nested && !is_well_formed(&data[fixed..], depth + 1) {
            return false;
        }
        bytes = rest;
    }
    true
}

/// IA, prefix or address, status code: no message nests deeper.
const NESTING_MAX: u8 = 3;

/// Reads the message a datagram carries, if it goes to or comes from a DHCPv6 port.
pub fn in_datagram(udp: &Udp<'_>) -> Option<Message> {
    let known = [CLIENT_PORT, SERVER_PORT];
    known
        .contains(&udp.destination_port)
        .then(|| decode(udp.payload))
        .flatten()
}

/// Writes a message.
pub fn encode(message: &Message) -> Vec<u8> {
    message.to_vec().expect("a message below 64 KiB encodes")
}

/// Builds a message from its parts.
pub fn message(
    kind: MessageType,
    xid: [u8; 3],
    options: impl IntoIterator<Item = DhcpOption>,
) -> Message {
    let mut message = Message::new_with_id(kind, xid);
    for option in options {
        message.opts_mut().insert(option);
    }
    message
}

/// Returns the client's DUID.
pub fn client_id(message: &Message) -> Option<&[u8]> {
    message.opts().iter().find_map(|option| match option {
        DhcpOption::ClientId(duid) => Some(&duid[..]),
        _ => None,
    })
}

/// Returns the server's DUID.
pub fn server_id(message: &Message) -> Option<&[u8]> {
    message.opts().iter().find_map(|option| match option {
        DhcpOption::ServerId(duid) => Some(&duid[..]),
        _ => None,
    })
}

/// Returns the elapsed time in hundredths of a second.
pub fn elapsed(message: &Message) -> Option<u16> {
    message.opts().iter().find_map(|option| match option {
        DhcpOption::ElapsedTime(elapsed) => Some(*elapsed),
        _ => None,
    })
}

/// Returns the codes of the Option Request option.
pub fn requested(message: &Message) -> Vec<u16> {
    message
        .opts()
        .iter()
        .filter_map(|option| match option {
            DhcpOption::ORO(oro) => Some(oro.opts.iter().map(|code| u16::from(*code))),
            _ => None,
        })
        .flatten()
        .collect()
}

/// Returns the IA_PD options.
pub fn delegations(message: &Message) -> impl Iterator<Item = &IAPD> {
    message.opts().iter().filter_map(|option| match option {
        DhcpOption::IAPD(delegation) => Some(delegation),
        _ => None,
    })
}

/// Returns whether the message asks for addresses (IA_NA or IA_TA).
pub fn asks_for_addresses(message: &Message) -> bool {
    let asks = |option: &DhcpOption| matches!(option, DhcpOption::IANA(_) | DhcpOption::IATA(_));
    message.opts().iter().any(asks)
}

/// Returns whether the message refuses an address (IA_NA with a status other than success).
pub fn refuses_addresses(message: &Message) -> bool {
    let refuses = |option: &DhcpOption| matches!(option, DhcpOption::IANA(ia) if status(&ia.opts) != Status::Success);
    message.opts().iter().any(refuses)
}

/// A prefix with its lifetimes in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delegated {
    /// The prefix.
    pub prefix: Ipv6Net,
    /// Its preferred lifetime.
    pub preferred: u32,
    /// Its valid lifetime.
    pub valid: u32,
}

/// Returns the prefixes of an IA_PD; those of an impossible length are left out.
pub fn prefixes(delegation: &IAPD) -> Vec<Delegated> {
    delegation
        .opts
        .iter()
        .filter_map(|option| match option {
            DhcpOption::IAPrefix(prefix) => Some(Delegated {
                prefix: Ipv6Net::new(prefix.prefix_ip, prefix.prefix_len)
                    .ok()?
                    .trunc(),
                preferred: prefix.preferred_lifetime,
                valid: prefix.valid_lifetime,
            }),
            _ => None,
        })
        .collect()
}

/// Builds an IA_PD with its prefixes.
pub fn delegation(id: u32, t1: u32, t2: u32, prefixes: &[Delegated]) -> DhcpOption {
    let opts = prefixes.iter().map(|delegated| {
        DhcpOption::IAPrefix(IAPrefix {
            preferred_lifetime: delegated.preferred,
            valid_lifetime: delegated.valid,
            prefix_len: delegated.prefix.prefix_len(),
            prefix_ip: delegated.prefix.addr(),
            opts: DhcpOptions::new(),
        })
    });
    DhcpOption::IAPD(IAPD {
        id,
        t1,
        t2,
        opts: opts.collect(),
    })
}

/// Returns the status of a message or of an IA; absence means success (RFC 8415 §21.13).
pub fn status(options: &DhcpOptions) -> Status {
    let found = options.iter().find_map(|option| match option {
        DhcpOption::StatusCode(code) => Some(code.status),
        _ => None,
    });
    found.unwrap_or(Status::Success)
}

/// Builds a status code option.
pub fn status_option(status: Status, text: &str) -> DhcpOption {
    DhcpOption::StatusCode(StatusCode {
        status,
        msg: text.to_owned(),
    })
}

/// Returns the DNS servers (RFC 3646 §3).
pub fn dns_servers(message: &Message) -> Vec<Ipv6Addr> {
    let servers = message.opts().iter().find_map(|option| match option {
        DhcpOption::DomainNameServers(servers) => Some(servers.clone()),
        _ => None,
    });
    servers.unwrap_or_default()
}

/// Returns the search list, without final dots (RFC 3646 §4).
pub fn search_list(message: &Message) -> Vec<String> {
    let plain = |name: &Name| name.to_utf8().trim_end_matches('.').to_owned();
    let names = message.opts().iter().find_map(|option| match option {
        DhcpOption::DomainSearchList(names) => Some(names.iter().map(plain).collect()),
        // As `search_option` builds it.
        DhcpOption::Unknown(raw) if raw.code() == OptionCode::DomainSearchList => {
            let mut bytes = BinDecoder::new(raw.data());
            let names = std::iter::from_fn(|| Name::read(&mut bytes).ok());
            Some(names.map(|name| plain(&name)).collect())
        }
        _ => None,
    });
    names.unwrap_or_default()
}

/// Builds the search list option (RFC 3646 §4).
///
/// dhcproto would shorten a name by pointing into another, which RFC 8415 §10 forbids.
pub fn search_option(domains: &[impl AsRef<str>]) -> DhcpOption {
    let data = domains
        .iter()
        .flat_map(|domain| wire_name(domain.as_ref()))
        .collect();
    DhcpOption::Unknown(UnknownOption::new(OptionCode::DomainSearchList, data))
}

/// Writes a name as uncompressed DNS labels (RFC 8415 §10).
pub fn wire_name(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.trim_end_matches('.').split('.').chain([""]) {
        let label = &label.as_bytes()[..label.len().min(LABEL_MAX)];
        bytes.push(u8::try_from(label.len()).unwrap_or_default());
        bytes.extend_from_slice(label);
    }
    bytes
}

/// RFC 1035 §2.3.4.
const LABEL_MAX: usize = 63;

/// Builds an option that holds addresses, such as 22 or 31.
pub fn address_list(code: u16, addresses: &[Ipv6Addr]) -> DhcpOption {
    let data = addresses
        .iter()
        .flat_map(|address| address.octets())
        .collect();
    DhcpOption::Unknown(UnknownOption::new(code.into(), data))
}

/// Returns the bytes of an option dhcproto has no type for.
pub fn raw_option(message: &Message, code: u16) -> Option<&[u8]> {
    message.opts().iter().find_map(|option| match option {
        DhcpOption::Unknown(unknown) if u16::from(unknown.code()) == code => Some(unknown.data()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solicit_of_wide_dhcpv6_client_reads_back() {
        // Client id (DUID-LL), elapsed time, ORO 23 and 24, IA_PD with hint ::/56.
        let bytes = [
            &[1, 0xaa, 0xbb, 0xcc][..],
            &[0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0x5e, 0, 0, 1],
            &[0, 8, 0, 2, 0, 0],
            &[0, 6, 0, 4, 0, 23, 0, 24],
            &[0, 25, 0, 41, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[
                0, 26, 0, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 56,
            ],
            &[0; 16],
        ]
        .concat();
        let solicit = decode(&bytes).unwrap();
        assert_eq!(solicit.msg_type(), MessageType::Solicit);
        assert_eq!(client_id(&solicit).unwrap()[..4], [0, 3, 0, 1]);
        assert_eq!(requested(&solicit), [23, 24]);
        assert_eq!(elapsed(&solicit), Some(0));
        let delegation = delegations(&solicit).next().unwrap();
        assert_eq!(prefixes(delegation)[0].prefix.to_string(), "::/56");
    }

    #[test]
    fn address_lists_are_sixteen_bytes_each() {
        let servers = [
            "2404:1a8:1102::b".parse().unwrap(),
            "2404:1a8:1102::a".parse().unwrap(),
        ];
        let reply = message(
            MessageType::Reply,
            [1, 2, 3],
            [
                address_list(SNTP_SERVERS, &servers),
                DhcpOption::DomainNameServers(servers.into()),
            ],
        );
        let reply = decode(&encode(&reply)).unwrap();
        assert_eq!(raw_option(&reply, SNTP_SERVERS).unwrap().len(), 32);
        assert_eq!(dns_servers(&reply), servers);
    }

    #[test]
    fn names_in_a_search_list_stand_in_full() {
        let reply = message(
            MessageType::Reply,
            [1, 2, 3],
            [search_option(&["flets-east.jp", "iptvf.jp"])],
        );
        let bytes = encode(&reply);
        assert!(bytes.ends_with(b"\x0aflets-east\x02jp\x00\x05iptvf\x02jp\x00"));
        let names = search_list(&decode(&bytes).unwrap());
        assert_eq!(names, ["flets-east.jp", "iptvf.jp"]);
    }

    #[test]
    fn options_shorter_than_their_fixed_part_spoil_a_message() {
        for (code, length) in [(13, 1), (11, 5), (16, 2), (17, 3), (25, 11), (14, 4)] {
            let header = [1, 0xaa, 0xbb, 0xcc, 0, code, 0, length];
            let bytes = [&header[..], &vec![0; usize::from(length.min(11))]].concat();
            let cut = &bytes[..bytes.len() - usize::from(code == 14)];
            assert!(decode(cut).is_none(), "option {code} of {length} bytes");
        }
        // An IA_PD inside an IA_PD inside an IA_PD and so on.
        let mut nested = Vec::new();
        for _ in 0..100 {
            let length = u16::try_from(12 + nested.len()).unwrap().to_be_bytes();
            nested = [&[0, 25], &length[..], &[0; 12], &nested].concat();
        }
        assert!(decode(&[&[1, 0, 0, 0][..], &nested].concat()).is_none());
    }

    #[test]
    fn relay_messages_and_scraps_are_no_messages() {
        assert!(decode(&[12; 40]).is_none());
        assert!(decode(&[1]).is_none());
    }
}
