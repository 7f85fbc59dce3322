//! DHCP messages for IPv4 (RFC 2131 §2), and what is left of BOOTP (RFC 951).

use std::net::Ipv4Addr;

use super::next::Part;
use super::shown;
use super::walk::{Read, Walk, layer, plain};

mod option_names;
mod options;
mod values;

pub(super) use ngnlab_sim::message::dhcpv4::{CLIENT_PORT, SERVER_PORT};

/// What a message tells in a line.
#[derive(Debug, Default)]
struct Told {
    kind: Option<u8>,
    xid: u32,
    /// The address of the client that it has, and that it is given.
    ciaddr: Option<Ipv4Addr>,
    yiaddr: Option<Ipv4Addr>,
    requested: Option<Ipv4Addr>,
    prefix_length: Option<u32>,
    lease: Option<u32>,
    routers: Vec<Ipv4Addr>,
    dns: Vec<Ipv4Addr>,
    /// Which of the fixed fields hold options, too (RFC 2132 §9.3).
    overload: u8,
}

/// Reads a message.
pub(super) fn message(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, _) = layer("DHCPv4", bytes, at..end, |walk| {
        let mut told = Told::default();
        let read = content(walk, &mut told);
        walk.summary = told.words();
        read
    });
    let says = match layer.summary.starts_with("DHCP") {
        true => layer.summary.clone(),
        false => format!("DHCPv4 {}", layer.summary),
    };
    Part::last(layer, says)
}

fn content(walk: &mut Walk<'_>, told: &mut Told) -> Read<()> {
    let start = walk.at();
    walk.u8("op", |it| match it {
        1 => "BOOTREQUEST (1)".to_owned(),
        2 => "BOOTREPLY (2)".to_owned(),
        it => plain(it),
    })?;
    let hardware = walk.u8("htype", |it| {
        shown::named(it, (it == ETHERNET).then_some("Ethernet"))
    })?;
    let length = walk.u8("hlen", plain)?;
    walk.u8("hops", plain)?;
    told.xid = walk.u32("xid", |xid| format!("{xid:08x}"))?;
    walk.u16("secs", |it| shown::seconds(it.into()))?;
    walk.u16("flags", |it| match it & 0x8000 {
        0 => format!("unicast ({it:#06x})"),
        _ => format!("broadcast ({it:#06x})"),
    })?;
    let said = |address: Ipv4Addr| (!address.is_unspecified()).then_some(address);
    told.ciaddr = said(walk.ipv4("ciaddr")?);
    told.yiaddr = said(walk.ipv4("yiaddr")?);
    walk.ipv4("siaddr")?;
    walk.ipv4("giaddr")?;
    client(walk, hardware, length)?;
    let all = &walk.all()[..walk.end()];
    let has_options = all.get(start + OPTIONS - 4..start + OPTIONS) == Some(&COOKIE);
    if has_options {
        told.overload = options::overload(&all[start + OPTIONS..]);
    }
    // RFC 2131 §4.1: they may hold options instead.
    for (name, size, mask) in [("sname", 64, 2), ("file", 128, 1)] {
        if told.overload & mask != 0 {
            walk.within(name, size, |walk| {
                options::all(walk, told)?;
                Ok("options".to_owned())
            })?;
        } else {
            walk.field(name, size, ended_text)?;
        }
    }
    if !has_options {
        if walk.left() > 0 {
            walk.note_rest("vend");
        }
        return Ok(());
    }
    walk.hex("magic cookie", 4)?;
    options::all(walk, told)
}

/// Reads the client's hardware address, and what its field has beyond that.
fn client(walk: &mut Walk<'_>, hardware: u8, length: u8) -> Read<()> {
    let length = usize::from(length).min(CHADDR);
    match (hardware, length) {
        (ETHERNET, 6) => {
            walk.mac("chaddr")?;
        }
        _ => {
            walk.hex("chaddr", length)?;
        }
    }
    if length < CHADDR {
        walk.hex("chaddr padding", CHADDR - length)?;
    }
    Ok(())
}

/// Returns text up to the zero that ends it.
fn ended_text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next();
    shown::text(text.unwrap_or_default())
}

impl Told {
    fn words(&self) -> String {
        let xid = self.xid;
        let mut words = match self.kind.and_then(type_name) {
            Some(name) => format!("{name} {xid:08x}"),
            None => format!("BOOTP {xid:08x}"),
        };
        // RFC 2131 §4.3.2 and §4.3.5: a client names an address there, or has it.
        let meant = self.requested.or(self.ciaddr);
        let (Some(kind), Some(meant)) = (self.kind, meant) else {
            self.given(&mut words);
            return words;
        };
        match kind {
            DISCOVER => format!("DHCPDISCOVER {xid:08x} for {meant}"),
            REQUEST => format!("DHCPREQUEST {xid:08x} for {meant}"),
            DECLINE => format!("DHCPDECLINE {xid:08x} of {meant}"),
            RELEASE => format!("DHCPRELEASE {xid:08x} of {meant}"),
            INFORM => format!("DHCPINFORM {xid:08x} of {meant}"),
            _ => {
                self.given(&mut words);
                words
            }
        }
    }

    /// Adds what a server gives.
    fn given(&self, words: &mut String) {
        if let Some(address) = self.yiaddr {
            words.push_str(&format!(", address {address}"));
            if let Some(length) = self.prefix_length {
                words.push_str(&format!("/{length}"));
            }
            match self.lease {
                Some(u32::MAX) => words.push_str(" for ever"),
                Some(seconds) => words.push_str(&format!(" for {seconds} s")),
                None => {}
            }
        }
        for router in &self.routers {
            words.push_str(&format!(", router {router}"));
        }
        for server in &self.dns {
            words.push_str(&format!(", DNS {server}"));
        }
    }
}

/// RFC 2132 §9.6, RFC 3203 §4, RFC 4388 §6.1 and RFC 6926 §6.2.1.
fn type_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        DISCOVER => "DHCPDISCOVER",
        2 => "DHCPOFFER",
        REQUEST => "DHCPREQUEST",
        DECLINE => "DHCPDECLINE",
        5 => "DHCPACK",
        6 => "DHCPNAK",
        RELEASE => "DHCPRELEASE",
        INFORM => "DHCPINFORM",
        9 => "DHCPFORCERENEW",
        10 => "DHCPLEASEQUERY",
        11 => "DHCPLEASEUNASSIGNED",
        12 => "DHCPLEASEUNKNOWN",
        13 => "DHCPLEASEACTIVE",
        _ => return None,
    })
}

const DISCOVER: u8 = 1;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const RELEASE: u8 = 7;
const INFORM: u8 = 8;
const ETHERNET: u8 = 1;
const CHADDR: usize = 16;
/// Where the options begin, behind the cookie that announces them (RFC 2131 §3).
const OPTIONS: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];

#[cfg(test)]
mod tests;
