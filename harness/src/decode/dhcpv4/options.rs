//! The options of DHCP one after the other (RFC 2132 §2), each with its value as its kind has it.

use super::super::shown;
use super::super::walk::{Read, Walk, plain};
use super::Told;
use super::option_names as known;
use super::values;

/// Returns which fixed fields hold options as well, by the option that says so; nothing where the
/// options end early.
pub(super) fn overload(mut rest: &[u8]) -> u8 {
    loop {
        match *rest {
            [known::OVERLOAD, 1, fields, ..] => return fields,
            [END, ..] | [] | [_] => return 0,
            [PAD, ..] => rest = &rest[1..],
            [_, length, ..] => rest = rest.get(2 + usize::from(length)..).unwrap_or_default(),
        }
    }
}

/// Reads all options of a field.
pub(super) fn all(walk: &mut Walk<'_>, told: &mut Told) -> Read<()> {
    while let Some(&code) = walk.rest().first() {
        match code {
            PAD => {
                let pads = walk.rest().iter().take_while(|byte| **byte == PAD).count();
                walk.field("Pad", pads, |_| shown::bytes(pads))?;
            }
            END => {
                walk.field("End", 1, |_| String::new())?;
                if walk.left() > 0 {
                    walk.note_rest("Padding");
                }
                return Ok(());
            }
            code => option(code, walk, told)?,
        }
    }
    // RFC 2131 §4.1: the last option is always End.
    walk.doubt();
    Ok(())
}

fn option(code: u8, walk: &mut Walk<'_>, told: &mut Told) -> Read<()> {
    let length = walk.rest().get(1).copied();
    // RFC 2132 §2: all but Pad and End have a length.
    let whole = 2 + usize::from(length.unwrap_or_default());
    walk.within(known::option(code).unwrap_or("option"), whole, |walk| {
        walk.u8("code", |it| shown::named(it, known::option(it)))?;
        walk.u8("len", plain)?;
        value(code, walk, told)
    })
}

fn value(code: u8, walk: &mut Walk<'_>, told: &mut Told) -> Read<String> {
    match code {
        known::SUBNET_MASK => {
            let mask = walk.ipv4("address")?;
            let bits = u32::from(mask);
            let length = bits.leading_ones();
            told.prefix_length = (length == bits.count_ones()).then_some(length);
            Ok(mask.to_string())
        }
        known::TIME_OFFSET => Ok(format!(
            "{} s",
            walk.u32("value", |it| format!("{} s", it.cast_signed()))?
                .cast_signed()
        )),
        known::ROUTER => {
            told.routers = values::addresses(walk)?;
            Ok(values::joined(&told.routers))
        }
        known::DNS => {
            told.dns = values::addresses(walk)?;
            Ok(values::joined(&told.dns))
        }
        known::REQUESTED_ADDRESS => {
            let address = walk.ipv4("address")?;
            told.requested = Some(address);
            Ok(address.to_string())
        }
        known::LEASE_TIME => {
            let seconds = walk.u32("value", shown::seconds)?;
            told.lease = Some(seconds);
            Ok(shown::seconds(seconds))
        }
        known::OVERLOAD => {
            let words = |fields| match fields {
                1 => "file (1)".to_owned(),
                2 => "sname (2)".to_owned(),
                3 => "file and sname (3)".to_owned(),
                fields => plain(fields),
            };
            Ok(words(walk.u8("value", words)?))
        }
        known::MESSAGE_TYPE => {
            let words = |kind| shown::named(kind, super::type_name(kind));
            let kind = walk.u8("value", words)?;
            told.kind = Some(kind);
            Ok(words(kind))
        }
        known::PARAMETER_LIST => {
            let mut codes = Vec::new();
            let words = |code| shown::named(code, known::option(code));
            while walk.left() > 0 {
                codes.push(walk.u8("requested code", words)?.to_string());
            }
            Ok(codes.join(", "))
        }
        known::CLIENT_ID => values::client_id(walk),
        known::USER_CLASS => values::user_class(walk),
        known::FQDN => values::full_name(walk),
        known::RELAY_AGENT => values::relay_agent(walk),
        known::AUTH => values::authentication(walk),
        known::SEARCH_LIST => values::search_list(walk),
        known::SIP_SERVERS => values::sip_servers(walk),
        known::CLASSLESS_ROUTE | known::CLASSLESS_ROUTE_OLD => values::classless_routes(walk),
        known::VENDOR_CLASS_IDENTIFYING | known::VENDOR_OPTIONS_IDENTIFYING => {
            values::by_enterprise(code == known::VENDOR_OPTIONS_IDENTIFYING, walk)
        }
        known::SIX_RD => values::six_rd(walk),
        code => plain_value(code, walk),
    }
}

/// Reads a value that is nothing but text, addresses, a number or a switch.
fn plain_value(code: u8, walk: &mut Walk<'_>) -> Read<String> {
    if walk.left() == 0 {
        return match code {
            // RFC 4039 §4 and RFC 6704 §3.1.2 (whose list may be empty).
            80 | 145 => Ok(String::new()),
            _ => {
                walk.doubt();
                Ok(String::new())
            }
        };
    }
    match code {
        12 | 14 | 15 | 17 | 18 | 40 | 47 | 56 | 60 | 64 | 66 | 67 | 100 | 101 | 114 | 252 => {
            let words = super::ended_text(walk.rest());
            walk.field("value", walk.left(), |_| words.clone())?;
            Ok(words)
        }
        28 | 32 | 54 | 118 => Ok(walk.ipv4("address")?.to_string()),
        4 | 5 | 7..=11 | 16 | 41 | 42 | 44 | 45 | 48 | 49 | 65 | 68..=76 | 138 | 150 => {
            Ok(values::joined(&values::addresses(walk)?))
        }
        21 => values::pairs("address", "mask", walk),
        33 => values::pairs("destination", "router", walk),
        24 | 35 | 38 | 58 | 59 | 108 => Ok(shown::seconds(walk.u32("value", shown::seconds)?)),
        13 => {
            let words = |blocks: u16| format!("{blocks} blocks of 512 bytes");
            Ok(words(walk.u16("value", words)?))
        }
        22 | 26 | 57 => {
            let words = |size: u16| shown::bytes(size.into());
            Ok(words(walk.u16("value", words)?))
        }
        25 | 93 => {
            let mut numbers = Vec::new();
            while walk.left() > 0 {
                numbers.push(walk.u16("value", plain)?.to_string());
            }
            Ok(numbers.join(", "))
        }
        19 | 20 | 27 | 29 | 30 | 31 | 34 | 36 | 39 | 116 => {
            let words = |switch| match switch {
                0 => "no (0)".to_owned(),
                1 => "yes (1)".to_owned(),
                switch => plain(switch),
            };
            Ok(words(walk.u8("value", words)?))
        }
        23 | 37 => Ok(plain(walk.u8("value", plain)?)),
        46 => {
            let words = |kind| {
                let name = match kind {
                    1 => Some("B-node"),
                    2 => Some("P-node"),
                    4 => Some("M-node"),
                    8 => Some("H-node"),
                    _ => None,
                };
                shown::named(kind, name)
            };
            Ok(words(walk.u8("value", words)?))
        }
        _ => {
            let words = shown::hex(walk.rest());
            walk.note_rest("value");
            Ok(words)
        }
    }
}

const PAD: u8 = 0;
const END: u8 = 255;
