//! Texts: every spelling of a MAC address, IPv6 addresses that are made of one, and words.

use std::net::Ipv6Addr;

use aho_corasick::{AhoCorasick, MatchKind};
use ngnlab_sim::message::packet::Mac;

use super::{Redactor, is_given_out};

/// Maps texts.
pub(super) struct Texts {
    redactor: Redactor,
    known: AhoCorasick,
    instead: Vec<String>,
}

impl Texts {
    pub(super) fn new(redactor: &Redactor) -> Self {
        let (patterns, instead): (Vec<String>, Vec<String>) = spelled(redactor).into_iter().unzip();
        Self {
            redactor: redactor.clone(),
            known: searcher(&patterns),
            instead,
        }
    }

    pub(super) fn map(&self, text: &str) -> String {
        let addressed = self.map_addresses(text);
        self.known.replace_all(&addressed, &self.instead)
    }

    /// Maps what is written with colons: addresses of Ethernet and of IPv6.
    fn map_addresses(&self, text: &str) -> String {
        let mut mapped = String::with_capacity(text.len());
        let is_part = |letter: char| letter.is_ascii_hexdigit() || letter == ':';
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|letter| !is_part(letter)).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            mapped.push_str(before);
            // A sentence may end behind it.
            let bare = match word.ends_with("::") {
                true => word,
                false => word.trim_end_matches(':'),
            };
            match self.address(bare) {
                Some(other) => mapped.push_str(&other),
                None => mapped.push_str(bare),
            }
            mapped.push_str(&word[bare.len()..]);
            rest = after;
        }
        mapped + rest
    }

    fn address(&self, word: &str) -> Option<String> {
        if word.len() == "02:00:5e:00:00:01".len()
            && let Ok(mac) = word.parse::<Mac>()
        {
            // One that is known is found in any spelling.
            let is_new = is_given_out(mac) && !self.redactor.macs.contains(&mac);
            return is_new.then(|| self.redactor.mac(mac).to_string());
        }
        let address: Ipv6Addr = word.parse().ok()?;
        let other = self.redactor.address(address)?;
        Some(other.to_string())
    }
}

impl Redactor {
    /// Maps an IPv6 address in which there is a MAC address.
    pub(super) fn address(&self, address: Ipv6Addr) -> Option<Ipv6Addr> {
        if let Some(mac) = mac_inside(address) {
            let is_meant = self.macs.contains(&mac) || is_given_out(mac);
            return is_meant.then(|| self.mac(mac).in_prefix(address));
        }
        let octets = address.octets();
        let last = octets.strip_prefix(&SOLICITED_NODE)?;
        let mac = self.macs.iter().find(|mac| &mac.0[3..] == last)?;
        let mut other = octets;
        other[SOLICITED_NODE.len()..].copy_from_slice(&self.mac(*mac).0[3..]);
        Some(other.into())
    }
}

/// Returns the MAC address in a modified EUI-64 interface identifier (RFC 4291 appendix A).
pub(super) fn mac_inside(address: Ipv6Addr) -> Option<Mac> {
    let [.., a, b, c, 0xff, 0xfe, d, e, f] = address.octets() else {
        return None;
    };
    let is_unicast = !address.is_multicast();
    is_unicast.then_some(Mac([a ^ 0x02, b, c, d, e, f]))
}

/// Returns what is found by its letters, with what stands there instead.
pub(super) fn spelled(redactor: &Redactor) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = redactor.words().into_iter().collect();
    for mac in &redactor.macs {
        let other = redactor.mac(*mac);
        for spell in [colons, hyphens, spaces, bare, dots, backwards] {
            let (one, two) = (spell(*mac), spell(other));
            pairs.push((one.to_uppercase(), two.to_uppercase()));
            pairs.push((one, two));
        }
    }
    pairs
}

fn colons(mac: Mac) -> String {
    mac.to_string()
}

fn hyphens(mac: Mac) -> String {
    mac.to_string().replace(':', "-")
}

fn spaces(mac: Mac) -> String {
    mac.to_string().replace(':', " ")
}

fn bare(mac: Mac) -> String {
    mac.to_string().replace(':', "")
}

fn dots(mac: Mac) -> String {
    let bare = bare(mac);
    format!("{}.{}.{}", &bare[..4], &bare[4..8], &bare[8..])
}

/// As an address is looked up by, that is made of it (RFC 3596 §2.5).
fn backwards(mac: Mac) -> String {
    labels_backwards(mac)
        .map(String::from)
        .collect::<Vec<_>>()
        .join(".")
}

/// Returns the digits of the interface identifier, the last one first.
pub(super) fn labels_backwards(mac: Mac) -> impl Iterator<Item = char> {
    let bytes = mac.interface_id().into_iter().rev();
    let digits = bytes.flat_map(|byte| [byte & 0x0f, byte >> 4]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).expect("a digit has four bits"))
}

/// Makes what finds patterns, the longest where several begin.
pub(super) fn searcher<P: AsRef<[u8]>>(patterns: &[P]) -> AhoCorasick {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(patterns)
        .expect("patterns are few and short")
}

/// The solicited-node groups, but for the last three bytes (RFC 4291 §2.7.1).
pub(super) const SOLICITED_NODE: [u8; 13] = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff];
