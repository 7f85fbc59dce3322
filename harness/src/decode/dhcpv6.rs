//! DHCPv6 messages (RFC 8415 §8), and those of relay agents around them (§9).

use std::net::Ipv6Addr;

use super::next::Part;
use super::shown;
use super::walk::{Read, Walk, layer, plain};

mod duid;
mod option_names;
mod options;

pub(super) use duid::fields as duid_fields;

/// The port of clients (RFC 8415 §7.2).
pub(super) const CLIENT_PORT: u16 = 546;
/// The port of servers and relay agents (RFC 8415 §7.2).
pub(super) const SERVER_PORT: u16 = 547;

/// What a message tells in a line.
#[derive(Debug, Default)]
struct Told {
    kind: String,
    granted: Vec<String>,
    /// The status code outside of any option.
    status: u16,
    dns: Vec<Ipv6Addr>,
}

/// Reads a message.
pub(super) fn message(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, _) = layer("DHCPv6", bytes, at..end, |walk| {
        let mut told = Told::default();
        let read = content(walk, &mut told, 0);
        walk.summary = told.words();
        read
    });
    let says = format!("DHCPv6 {}", layer.summary);
    Part::last(layer, says)
}

fn content(walk: &mut Walk<'_>, told: &mut Told, depth: u8) -> Read<()> {
    let kind = walk.u8("msg-type", |kind| shown::named(kind, type_name(kind)))?;
    told.kind = type_name(kind).map_or_else(|| format!("Unknown({kind})"), str::to_owned);
    if matches!(kind, RELAY_FORWARD | RELAY_REPLY) {
        walk.u8("hop-count", plain)?;
        walk.address("link-address")?;
        let peer = walk.address("peer-address")?;
        told.kind.push_str(&format!(" for {peer}"));
    } else {
        let xid = walk.u24("transaction-id", |xid| format!("{xid:06x}"))?;
        told.kind.push_str(&format!(" {xid:06x}"));
    }
    while walk.left() > 0 {
        let found = options::option(walk, depth)?;
        told.take_in(found);
    }
    Ok(())
}

impl Told {
    fn take_in(&mut self, found: options::Found) {
        match found {
            options::Found::Granted(prefixes) => self.granted.extend(prefixes),
            options::Found::Status(status) => self.status = status,
            options::Found::Dns(servers) => self.dns.extend(servers),
            options::Found::Other => {}
        }
    }

    fn words(&self) -> String {
        let mut words = self.kind.clone();
        if self.status == 0 {
            for granted in &self.granted {
                words.push_str(&format!(", {granted}"));
            }
        } else {
            words.push_str(", refused");
        }
        for server in &self.dns {
            words.push_str(&format!(", DNS {server}"));
        }
        words
    }
}

/// RFC 8415 §7.3.
fn type_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        1 => "Solicit",
        2 => "Advertise",
        3 => "Request",
        4 => "Confirm",
        5 => "Renew",
        6 => "Rebind",
        7 => "Reply",
        8 => "Release",
        9 => "Decline",
        10 => "Reconfigure",
        11 => "Information-Request",
        RELAY_FORWARD => "Relay-forward",
        RELAY_REPLY => "Relay-reply",
        _ => return None,
    })
}

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
