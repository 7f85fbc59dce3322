//! The options of DHCPv6, and those inside of them.

use std::net::Ipv6Addr;

use super::super::names;
use super::super::shown;
use super::super::walk::{Read, Walk, plain};
use super::duid;
use super::option_names as known;

/// What an option tells that belongs into a line about its message.
#[derive(Debug, Default)]
pub(super) enum Found {
    /// Prefixes with a lifetime, in words.
    Granted(Vec<String>),
    /// The status of the message.
    Status(u16),
    /// DNS servers.
    Dns(Vec<Ipv6Addr>),
    /// Nothing.
    #[default]
    Other,
}

/// Reads an option; `depth` is how many options it stands in.
pub(super) fn option(walk: &mut Walk<'_>, depth: u8) -> Read<Found> {
    let (code, length) = ahead(walk);
    let name = known::option(code).unwrap_or("option");
    let mut found = Found::Other;
    walk.within(name, 4 + length, |walk| {
        let code = walk.u16("option-code", plain)?;
        walk.u16("option-len", plain)?;
        body(code, depth, &mut found, walk)
    })?;
    Ok(found)
}

fn body(code: u16, depth: u8, found: &mut Found, walk: &mut Walk<'_>) -> Read<String> {
    match code {
        known::CLIENT_ID | known::SERVER_ID => {
            let words = shown::hex(walk.rest());
            duid::fields(walk)?;
            Ok(words)
        }
        known::IA_NA | known::IA_PD => identity_association(code, depth, found, walk),
        known::IA_TA => {
            let iaid = walk.u32("IAID", |id| format!("{id:#x}"))?;
            nested(walk, depth)?;
            Ok(format!("IAID {iaid:#x}"))
        }
        known::IA_ADDR => {
            let address = walk.address("IPv6-address")?;
            let preferred = walk.u32("preferred-lifetime", shown::seconds)?;
            let valid = walk.u32("valid-lifetime", shown::seconds)?;
            nested(walk, depth)?;
            Ok(format!(
                "{address}, preferred {}, valid {}",
                shown::seconds(preferred),
                shown::seconds(valid)
            ))
        }
        known::IA_PREFIX => prefix(depth, walk),
        known::ORO => {
            let mut codes = Vec::new();
            while walk.left() > 0 {
                let words = |code| shown::named(code, known::option(code));
                codes.push(walk.u16("requested-option-code", words)?.to_string());
            }
            Ok(codes.join(", "))
        }
        known::PREFERENCE => Ok(plain(walk.u8("pref-value", plain)?)),
        known::ELAPSED_TIME => {
            let words = |time| format!("{}.{:02} s", time / 100, time % 100);
            Ok(words(walk.u16("elapsed-time", words)?))
        }
        known::RELAY_MESSAGE if depth < DEEPEST => {
            let mut told = super::Told::default();
            walk.group("DHCP-relay-message", |walk| {
                super::content(walk, &mut told, depth + 1)?;
                Ok(told.words())
            })?;
            Ok(told.words())
        }
        known::AUTH => authentication(walk),
        known::UNICAST => Ok(walk.address("server-address")?.to_string()),
        known::STATUS => {
            let status = walk.u16("status-code", |code| {
                shown::named(code, known::status(code))
            })?;
            let text = shown::text(walk.rest());
            let length = walk.left();
            walk.field("status-message", length, |_| text.clone())?;
            *found = Found::Status(status);
            let name = known::status(status).map_or_else(|| plain(status), str::to_owned);
            Ok(match text.is_empty() {
                true => name,
                false => format!("{name}: {text}"),
            })
        }
        known::RAPID_COMMIT | known::RECONFIGURE_ACCEPT => Ok(String::new()),
        known::USER_CLASS => strings("user-class-data", walk),
        known::VENDOR_CLASS => {
            let enterprise = walk.u32("enterprise-number", enterprise)?;
            let words = strings("vendor-class-data", walk)?;
            Ok(format!("enterprise {enterprise}: {words}"))
        }
        known::VENDOR_OPTIONS => vendor(walk),
        known::RECONFIGURE_MESSAGE => {
            let words = |kind| shown::named(kind, super::type_name(kind));
            Ok(words(walk.u8("msg-type", words)?))
        }
        known::DNS | known::SIP_ADDRESSES | known::SNTP => {
            let servers = addresses(walk)?;
            let words: Vec<String> = servers.iter().map(Ipv6Addr::to_string).collect();
            if code == known::DNS {
                *found = Found::Dns(servers);
            }
            Ok(words.join(", "))
        }
        known::SIP_DOMAINS | known::SEARCH_LIST | known::AFTR => {
            Ok(names::list(walk, "domain name")?.join(", "))
        }
        known::FQDN => {
            let start = walk.at();
            let flags = walk.skip(1)?[0];
            for (mask, name) in [(4, "N"), (2, "O"), (1, "S")] {
                walk.note(name, start..start + 1, shown::flag(flags & mask != 0));
            }
            // RFC 4704 §4.2: a part of a name has no final empty label.
            let name = partial_name(walk.rest());
            let length = walk.left();
            walk.field("Domain Name", length, |_| name.clone())?;
            Ok(name)
        }
        known::REFRESH_TIME | known::SOL_MAX_RT | known::INF_MAX_RT => {
            Ok(shown::seconds(walk.u32("value", shown::seconds)?))
        }
        known::NTP => {
            while walk.left() > 0 {
                ntp(walk)?;
            }
            Ok(String::new())
        }
        known::PD_EXCLUDE => {
            let length = walk.u8("prefix-len", plain)?;
            walk.note_rest("IPv6 subnet ID");
            Ok(format!("/{length}"))
        }
        known::CLIENT_LINK_LAYER => {
            walk.u16("link-layer type", plain)?;
            let words = shown::hex(walk.rest());
            walk.note_rest("link-layer address");
            Ok(words)
        }
        _ => {
            let words = shown::hex(walk.rest());
            if walk.left() > 0 {
                walk.note_rest("option-data");
            }
            Ok(words)
        }
    }
}

/// Reads an IA_NA or IA_PD (RFC 8415 §21.4, §21.21).
fn identity_association(
    code: u16,
    depth: u8,
    found: &mut Found,
    walk: &mut Walk<'_>,
) -> Read<String> {
    let iaid = walk.u32("IAID", |id| format!("{id:#x}"))?;
    let t1 = walk.u32("T1", shown::seconds)?;
    let t2 = walk.u32("T2", shown::seconds)?;
    let mut granted = Vec::new();
    let mut status = 0;
    while walk.left() > 0 && depth < DEEPEST {
        let inner = walk.rest();
        if let Found::Status(code) = option(walk, depth + 1)? {
            status = code;
        }
        granted.extend(granted_words(inner, t1, t2));
    }
    if code == known::IA_PD && status == 0 {
        *found = Found::Granted(granted);
    }
    Ok(format!("IAID {iaid:#x}, T1 {t1} T2 {t2}"))
}

/// Returns what an IA Prefix option with a valid lifetime grants.
fn granted_words(option: &[u8], t1: u32, t2: u32) -> Option<String> {
    let option: &[u8; 29] = option.first_chunk()?;
    let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| option[at + byte]));
    let octets: [u8; 16] = std::array::from_fn(|byte| option[13 + byte]);
    let code = u16::from_be_bytes([option[0], option[1]]);
    let (preferred, valid, length) = (number(4), number(8), option[12]);
    let net = ipnet::Ipv6Net::new(octets.into(), length).ok()?.trunc();
    (code == known::IA_PREFIX && valid > 0)
        .then(|| format!("{net} T1 {t1} T2 {t2} preferred {preferred} valid {valid}"))
}

/// Reads an IA Prefix (RFC 8415 §21.22).
fn prefix(depth: u8, walk: &mut Walk<'_>) -> Read<String> {
    let preferred = walk.u32("preferred-lifetime", shown::seconds)?;
    let valid = walk.u32("valid-lifetime", shown::seconds)?;
    let length = walk.u8("prefix-length", plain)?;
    let prefix = walk.address("IPv6-prefix")?;
    nested(walk, depth)?;
    Ok(format!(
        "{prefix}/{length}, preferred {}, valid {}",
        shown::seconds(preferred),
        shown::seconds(valid)
    ))
}

fn nested(walk: &mut Walk<'_>, depth: u8) -> Read<()> {
    while walk.left() > 0 && depth < DEEPEST {
        option(walk, depth + 1)?;
    }
    Ok(())
}

/// Reads an Authentication option (RFC 8415 §21.11, and §20.4 for Reconfigure keys).
fn authentication(walk: &mut Walk<'_>) -> Read<String> {
    let protocol = walk.u8("protocol", |protocol| match protocol {
        0 => "configuration token (0)".to_owned(),
        2 => "delayed (2)".to_owned(),
        3 => "reconfigure key (3)".to_owned(),
        protocol => plain(protocol),
    })?;
    walk.u8("algorithm", |algorithm| match algorithm {
        1 => "HMAC-MD5 (1)".to_owned(),
        algorithm => plain(algorithm),
    })?;
    walk.u8("RDM", plain)?;
    walk.array("replay detection", |bytes: [u8; 8]| {
        format!("{:#x}", u64::from_be_bytes(bytes))
    })?;
    if protocol == 3 && walk.left() > 0 {
        let kind = walk.u8("Type", |kind| match kind {
            1 => "Reconfigure key value (1)".to_owned(),
            2 => "HMAC-MD5 digest (2)".to_owned(),
            kind => plain(kind),
        })?;
        walk.note_rest("Value");
        return Ok(match kind {
            1 => "a key".to_owned(),
            2 => "a digest".to_owned(),
            _ => String::new(),
        });
    }
    if walk.left() > 0 {
        walk.note_rest("authentication information");
    }
    Ok(String::new())
}

/// Reads strings with their lengths (RFC 8415 §21.15, §21.16).
fn strings(name: &str, walk: &mut Walk<'_>) -> Read<String> {
    let mut words = Vec::new();
    while walk.left() > 0 {
        let length = walk.u16("length", plain)?;
        let text = walk.field(name, usize::from(length), shown::text)?;
        words.push(shown::text(text));
    }
    Ok(words.join(", "))
}

/// Reads vendor options; those of NTT with their meaning (ngn-facts §2.3).
fn vendor(walk: &mut Walk<'_>) -> Read<String> {
    let enterprise = walk.u32("enterprise-number", enterprise)?;
    let is_ntt = enterprise == known::NTT;
    while walk.left() > 0 {
        let (code, length) = ahead(walk);
        let name = match (is_ntt, code) {
            (true, 201) => "MAC address",
            (true, 202) => "telephone number",
            (true, 204) => "SIP domain",
            (true, 210) => "firmware host",
            _ => "sub-option",
        };
        walk.within(name, 4 + length, |walk| {
            walk.u16("sub-opt-code", plain)?;
            walk.u16("sub-opt-len", plain)?;
            match (is_ntt, code) {
                (true, 201) if walk.left() == 6 => Ok(walk.mac("MAC address")?.to_string()),
                (true, 202) => {
                    let text = shown::text(walk.rest());
                    let length = walk.left();
                    walk.field("digits", length, |_| text.clone())?;
                    Ok(text)
                }
                (true, 204 | 210) => Ok(names::list(walk, "domain name")?.join(", ")),
                _ => {
                    let words = shown::hex(walk.rest());
                    if walk.left() > 0 {
                        walk.note_rest("sub-option-data");
                    }
                    Ok(words)
                }
            }
        })?;
    }
    Ok(format!("enterprise {enterprise}"))
}

fn enterprise(number: u32) -> String {
    shown::named(number, (number == known::NTT).then_some("NTT"))
}

/// Reads a suboption of the NTP server option (RFC 5908 §4).
fn ntp(walk: &mut Walk<'_>) -> Read<()> {
    let (code, length) = ahead(walk);
    walk.within("NTP suboption", 4 + length, |walk| {
        walk.u16("suboption-code", plain)?;
        walk.u16("suboption-len", plain)?;
        match code {
            1 | 2 => Ok(walk.address("address")?.to_string()),
            3 => Ok(names::list(walk, "FQDN")?.join(", ")),
            _ => {
                walk.note_rest("suboption-data");
                Ok(String::new())
            }
        }
    })
}

/// Returns the code and the length that come, zero where they are not there.
fn ahead(walk: &Walk<'_>) -> (u16, usize) {
    let number = |at: usize| {
        let bytes = walk.rest().get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u16::from_be_bytes(*bytes))
    };
    (number(0), usize::from(number(2)))
}

fn addresses(walk: &mut Walk<'_>) -> Read<Vec<Ipv6Addr>> {
    let mut addresses = Vec::new();
    while walk.left() > 0 {
        addresses.push(walk.address("address")?);
    }
    Ok(addresses)
}

fn partial_name(bytes: &[u8]) -> String {
    let ended = [bytes, &[0]].concat();
    names::name(&ended, 0, 0).map_or_else(|| shown::hex(bytes), |(name, _)| name)
}

/// How many options may stand inside each other, relayed messages among them.
const DEEPEST: u8 = 8;
