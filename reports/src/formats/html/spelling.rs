//! Values that follow from their bytes, so that a page need not hold both: `spelling.js` turns the
//! bytes into the same text.

use std::fmt::Write as _;
use std::net::Ipv6Addr;

/// Returns how bytes spell a value, if they do: a letter, and what stands behind it.
///
/// `u`: as a number; `x`: in hexadecimal after `0x`; `h`: in hexadecimal; `b`: byte by byte; `m`: as
/// a MAC address; `6`: as an IPv6 address.
pub(super) fn of(value: &str, bytes: &[u8]) -> Option<String> {
    let number = (1..=6).contains(&bytes.len()).then(|| {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        bytes.iter().fold(0, add).to_string()
    });
    let in_hex = hex(bytes);
    let spellings = [
        ("u", number),
        ("x", Some(format!("0x{in_hex}"))),
        ("6", address(bytes)),
        ("m", (bytes.len() == 6).then(|| joined(bytes, ":"))),
        ("b", Some(joined(bytes, " "))),
        ("h", Some(in_hex)),
    ];
    spellings.into_iter().find_map(|(letter, spelt)| {
        let rest = value.strip_prefix(&spelt.filter(|spelt| !spelt.is_empty())?)?;
        let ends = rest.is_empty() || rest.starts_with(' ');
        (ends && rest.len() <= LONGEST_REST).then(|| format!("{letter}{rest}"))
    })
}

/// Returns bytes in hexadecimal, without anything between them.
pub(super) fn hex(bytes: &[u8]) -> String {
    joined(bytes, "")
}

fn joined(bytes: &[u8], between: &str) -> String {
    let mut text = String::with_capacity(bytes.len() * (2 + between.len()));
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push_str(between);
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns an address in the form of RFC 5952 §4, unless it is one with an IPv4 address inside.
fn address(bytes: &[u8]) -> Option<String> {
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    let text = address.to_string();
    (!text.contains('.')).then_some(text)
}

const LONGEST_REST: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_spelt_by_its_bytes_or_not_at_all() {
        let address = "2404:1a8:7f01:b::3".parse::<Ipv6Addr>().unwrap().octets();
        for (value, bytes, spelt) in [
            ("1800 s", &[7, 8][..], Some("u s")),
            ("0x1f03 (right)", &[0x1f, 3], Some("x (right)")),
            ("02:00:5e:10:00:01", &[2, 0, 0x5e, 16, 0, 1], Some("m")),
            ("2404:1a8:7f01:b::3", &address, Some("6")),
            ("03809d", &[3, 0x80, 0x9d], Some("h")),
            ("00 00 00 00", &[0; 4], Some("b")),
            ("query", &[1], None),
            ("180", &[18], None),
            ("anything", &[], None),
        ] {
            assert_eq!(of(value, bytes).as_deref(), spelt, "{value}");
        }
    }
}
