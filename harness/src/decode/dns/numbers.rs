//! The numbers of DNS with their names, as IANA's registry has them.

use super::super::shown;

/// Returns a type's name.
pub(super) fn short_kind(kind: u16) -> String {
    kind_name(kind).map_or_else(|| format!("TYPE{kind}"), str::to_owned)
}

/// Returns a type with its name.
pub(super) fn kind(kind: u16) -> String {
    shown::named(kind, kind_name(kind))
}

fn kind_name(kind: u16) -> Option<&'static str> {
    Some(match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        59 => "CDS",
        60 => "CDNSKEY",
        64 => "SVCB",
        65 => "HTTPS",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        257 => "CAA",
        _ => return None,
    })
}

/// Returns a class with its name.
pub(super) fn class(class: u16) -> String {
    let name = match class {
        1 => Some("IN"),
        3 => Some("CH"),
        4 => Some("HS"),
        254 => Some("NONE"),
        255 => Some("ANY"),
        _ => None,
    };
    shown::named(class, name)
}

/// Returns an operation with its name.
pub(super) fn opcode(code: u16) -> String {
    let name = match code {
        0 => Some("QUERY"),
        1 => Some("IQUERY"),
        2 => Some("STATUS"),
        4 => Some("NOTIFY"),
        5 => Some("UPDATE"),
        _ => None,
    };
    shown::named(code, name)
}

/// Returns a response code with its name.
pub(super) fn response_code(code: u16) -> String {
    let name = match code {
        0 => Some("NOERROR"),
        1 => Some("FORMERR"),
        2 => Some("SERVFAIL"),
        3 => Some("NXDOMAIN"),
        4 => Some("NOTIMP"),
        5 => Some("REFUSED"),
        6 => Some("YXDOMAIN"),
        9 => Some("NOTAUTH"),
        16 => Some("BADVERS"),
        23 => Some("BADCOOKIE"),
        _ => None,
    };
    shown::named(code, name)
}
