//! Names of our own, for what the guide's names do not show: chains, odd types, exact sizes, short
//! lifetimes.
//!
//! They lie below one of the six domains (guide p.7), so that every router forwards them to the ONS
//! servers. The network has no such names; everything here is `inferred`.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::rdata::{A, AAAA, CNAME, NULL, PTR, TXT};
use hickory_proto::rr::{Name, RData, RecordType};

use crate::message::dns::HEADER;

/// The domain of the laboratory's names.
pub const LABORATORY: &str = "ngnlab.onshikaku.org";
/// The lifetime of `short.` and of every negative answer in the laboratory, in seconds.
pub const SHORT_TTL: u32 = 5;
/// The data of the record of a type that nobody knows (RFC 3597), at `unknown.`.
pub const UNKNOWN_DATA: [u8; 12] = *b"\x00\x01ngnlab\xff\xfe\xc0\x0c";
/// The unknown type: one of those for private use (RFC 6895 §3.1).
pub const UNKNOWN_TYPE: u16 = 65_400;
/// The sizes of the answers at `txt1232.`, `txt1452.` and `txt4096.`, when asked with EDNS.
pub const TXT_SIZES: [u16; 3] = [1232, 1452, 4096];

/// A record of the laboratory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Whose it is.
    pub(super) name: Name,
    /// How long it may be kept, in seconds.
    pub(super) ttl: u32,
    /// What it says.
    pub(super) data: RData,
}

/// Returns every record of the laboratory; `ttl` is how long all the network's names live.
pub(super) fn entries(ttl: u32) -> Vec<Entry> {
    let at = |name: &str, data| Entry {
        name: own(name),
        ttl,
        data,
    };
    let leads = |name: &str, to: &str| at(name, RData::CNAME(CNAME(own(to))));
    let mut entries = vec![
        leads("chain", "second.chain"),
        leads("second.chain", "third.chain"),
        leads("third.chain", "end.chain"),
        at("end.chain", RData::AAAA(AAAA(ADDRESS))),
        at("end.chain", RData::A(A(PRIVATE))),
        // An alias whose end has no address.
        leads("dangling", "text"),
        at("text", text_of(64)),
        at("both", RData::AAAA(AAAA(ADDRESS))),
        at("both", RData::A(A(PRIVATE))),
        at("_odd_._tcp", RData::AAAA(AAAA(ADDRESS))),
        at(&"l".repeat(63), RData::AAAA(AAAA(ADDRESS))),
        at("pointer", RData::PTR(PTR(own("both")))),
        at(
            "unknown",
            RData::Unknown {
                code: RecordType::Unknown(UNKNOWN_TYPE),
                rdata: NULL::with(UNKNOWN_DATA.to_vec()),
            },
        ),
        Entry {
            name: own("short"),
            ttl: SHORT_TTL,
            data: RData::AAAA(AAAA(ADDRESS)),
        },
    ];
    for host in 1..=15 {
        let mut segments = ADDRESS.segments();
        segments[7] = host;
        entries.push(at("many", RData::AAAA(AAAA(segments.into()))));
    }
    entries.extend(TXT_SIZES.map(|size| {
        let label = format!("txt{size}");
        let name = own(&label);
        // The question, a pointer to its name with the record's fixed fields, and an OPT record.
        let labels: usize = name.iter().map(|label| label.len() + 1).sum();
        let around = HEADER + labels + 1 + 4 + 12 + 11;
        at(&label, text_of(usize::from(size) - around))
    }));
    entries
}

fn own(name: &str) -> Name {
    let mut name = Name::from_ascii(format!("{name}.{LABORATORY}")).expect("the names are valid");
    name.set_fqdn(true);
    name
}

/// Returns a TXT record whose data is `length` bytes long.
fn text_of(length: usize) -> RData {
    let mut strings = Vec::new();
    let mut rest = length;
    while rest > 0 {
        let bytes = rest.min(256) - 1;
        strings.push("n".repeat(bytes));
        rest -= bytes + 1;
    }
    RData::TXT(TXT::new(strings))
}

/// An address of the closed network, where nobody is (ngn-facts §4.1), and a private one, as the ONS
/// names have. Addresses for documentation would do as little: routers that guard against DNS
/// rebinding take them out of answers (dnsmasq's `stop-dns-rebind`).
const ADDRESS: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0xf583, 0x1ab, 0, 0, 0, 0x80);
const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 80);
