//! The control protocols of PPP: LCP, PAP, CHAP, IPCP, IPV6CP and CCP (RFC 1661 §5, RFC 1334, RFC 1994,
//! RFC 1332 with RFC 1877, RFC 5072, RFC 1962).

use ngnlab_sim::message::ppp::{
    ACCM, ACFC, AUTHENTICATION, CHAP, CHAP_MD5, CODE_REJECT, FCS, IP_ADDRESS, IPCP, IPV4, IPV6,
    IPV6CP, LCP, MAGIC, MRU, PAP, PFC, PRIMARY_DNS, PROTOCOL_REJECT, SECONDARY_DNS, TERMINATE_ACK,
    TERMINATE_REQUEST,
};

use super::next::Part;
use super::shown;
use super::walk::{Cut, Read, Walk, layer, plain};

/// Returns the name of a protocol (RFC 1661 §2, and the RFC of each).
pub(super) fn protocol_name(protocol: u16) -> Option<&'static str> {
    Some(match protocol {
        IPV4 => "IPv4",
        IPV6 => "IPv6",
        LCP => "LCP",
        PAP => "PAP",
        CHAP => "CHAP",
        IPCP => "IPCP",
        IPV6CP => "IPV6CP",
        COMPRESSION => "CCP",
        _ => return None,
    })
}

/// Returns whether the packets of a protocol are control packets that are read here.
pub(super) fn is_control(protocol: u16) -> bool {
    matches!(protocol, LCP | PAP | CHAP | IPCP | IPV6CP | COMPRESSION)
}

/// Reads a control packet.
pub(super) fn control(protocol: u16, bytes: &[u8], at: usize, end: usize) -> Part {
    let name = protocol_name(protocol).unwrap_or("PPP");
    let (layer, until) = layer(name, bytes, at..end, |walk| {
        let code = walk.u8("Code", |it| shown::named(it, code(protocol, it)))?;
        let id = walk.u8("Identifier", plain)?;
        walk.summary = self::code(protocol, code).map_or(format!("code {code}"), str::to_owned);
        walk.summary.push_str(&format!(", id {id}"));
        let length = usize::from(walk.u16("Length", plain)?);
        let body = length.saturating_sub(HEADER);
        if length < HEADER || body > walk.left() {
            walk.doubt();
        }
        let until = walk.at() + body.min(walk.left());
        match (protocol, code) {
            (PAP, 1) => {
                counted(walk, "Peer-ID", until, shown::text)?;
                counted(walk, "Password", until, shown::text)?;
            }
            (CHAP, 1 | 2) => {
                counted(walk, "Value", until, shown::hex)?;
                rest(walk, "Name", until, shown::text)?;
            }
            // RFC 1334 §2.2.2: it has a length, unless it is not there at all.
            (PAP, 2 | 3) if walk.at() < until => {
                counted(walk, "Message", until, shown::text)?;
                rest(walk, "Data", until, shown::hex)?;
            }
            (PAP | CHAP, _) => rest(walk, "Message", until, shown::text)?,
            (_, 1..=4) if walk.at() < until => {
                let mut told = Vec::new();
                walk.within("Options", until - walk.at(), |walk| {
                    while walk.left() > 0 {
                        told.push(option(walk, protocol)?);
                    }
                    Ok(String::new())
                })?;
                told.retain(|words| !words.is_empty());
                for words in told.iter().take(MOST_TOLD) {
                    walk.summary.push_str(&format!(", {words}"));
                }
            }
            (LCP, PROTOCOL_REJECT) if until - walk.at() >= 2 => {
                let words = |it| match protocol_name(it) {
                    Some(name) => format!("{name} ({it:#06x})"),
                    None => format!("{it:#06x}"),
                };
                let rejected = walk.u16("Rejected-Protocol", words)?;
                let words = match protocol_name(rejected) {
                    Some(name) => name.to_owned(),
                    None => format!("{rejected:#06x}"),
                };
                walk.summary.push_str(&format!(", {words}"));
                rest(walk, "Rejected-Information", until, shown::hex)?;
            }
            (_, CODE_REJECT) => rest(walk, "Rejected-Packet", until, shown::hex)?,
            (_, TERMINATE_REQUEST | TERMINATE_ACK) => rest(walk, "Data", until, shown::text)?,
            (LCP, 9..=11) if until - walk.at() >= 4 => {
                walk.field("Magic-Number", 4, shown::hex)?;
                rest(walk, "Data", until, shown::hex)?;
            }
            _ => rest(walk, "Data", until, shown::hex)?,
        }
        Ok(until)
    });
    let says = format!("{name} {}", layer.summary);
    let part = Part::last(layer, says);
    match until {
        Some(until) => part.until(until),
        None => part,
    }
}

/// Reads an option; returns it in words, unless its value says nothing to people.
fn option(walk: &mut Walk<'_>, protocol: u16) -> Read<String> {
    let [kind, length, ..] = *walk.rest() else {
        return Err(Cut);
    };
    let name = option_name(protocol, kind);
    let mut told = String::new();
    walk.within(
        name.unwrap_or("option"),
        usize::from(length).max(2),
        |walk| {
            walk.u8("Type", |it| shown::named(it, name))?;
            walk.u8("Length", plain)?;
            if length < 2 {
                walk.doubt();
            }
            if walk.left() == 0 {
                return Ok(String::new());
            }
            let words = value(protocol, kind, walk)?;
            if let (Some(name), false) = (name, (protocol, kind) == (LCP, MAGIC)) {
                told = format!("{name} {words}");
            }
            Ok(words)
        },
    )?;
    Ok(told)
}

/// Reads the value of an option (RFC 1661 §6, RFC 1332 §3, RFC 1877 §1, RFC 5072 §4.1).
fn value(protocol: u16, kind: u8, walk: &mut Walk<'_>) -> Read<String> {
    match (protocol, kind, walk.left()) {
        (LCP, MRU, 2) => Ok(plain(walk.u16("Value", plain)?)),
        (LCP, AUTHENTICATION, 2..) => {
            let protocol = walk.u16("Authentication-Protocol", |it| match protocol_name(it) {
                Some(name) => format!("{name} ({it:#06x})"),
                None => format!("{it:#06x}"),
            })?;
            let mut words = match protocol_name(protocol) {
                Some(name) => name.to_owned(),
                None => format!("{protocol:#06x}"),
            };
            if (protocol, walk.left()) == (CHAP, 1) {
                let algorithm = walk.u8("Algorithm", |it| shown::named(it, algorithm(it)))?;
                if let Some(name) = self::algorithm(algorithm) {
                    words.push_str(&format!(" {name}"));
                }
            } else if walk.left() > 0 {
                walk.note_rest("Data");
            }
            Ok(words)
        }
        (IPCP, IP_ADDRESS | 129..=132, 4) => Ok(walk.ipv4("Value")?.to_string()),
        _ => {
            let words = shown::hex(walk.rest());
            walk.note_rest("Value");
            Ok(words)
        }
    }
}

/// RFC 1994 §3, RFC 2433 §3 and RFC 2759 §3.
fn algorithm(number: u8) -> Option<&'static str> {
    match number {
        CHAP_MD5 => Some("MD5"),
        0x80 => Some("MS-CHAP"),
        0x81 => Some("MS-CHAP-V2"),
        _ => None,
    }
}

fn counted(walk: &mut Walk<'_>, name: &str, until: usize, words: fn(&[u8]) -> String) -> Read<()> {
    let count = usize::from(walk.u8("Size", plain)?);
    if walk.at() + count > until {
        walk.doubt();
    }
    walk.field(name, count.min(until.saturating_sub(walk.at())), words)?;
    Ok(())
}

fn rest(walk: &mut Walk<'_>, name: &str, until: usize, words: fn(&[u8]) -> String) -> Read<()> {
    let count = until.saturating_sub(walk.at());
    if count > 0 {
        walk.field(name, count, words)?;
    }
    Ok(())
}

/// The codes of each protocol, in the words of its RFC.
fn code(protocol: u16, code: u8) -> Option<&'static str> {
    let names: &[&str] = match protocol {
        PAP => &[
            "Authenticate-Request",
            "Authenticate-Ack",
            "Authenticate-Nak",
        ],
        CHAP => &["Challenge", "Response", "Success", "Failure"],
        LCP => &LCP_CODES,
        _ => &LCP_CODES[..7],
    };
    let index = usize::from(code).checked_sub(1)?;
    names.get(index).copied()
}

fn option_name(protocol: u16, kind: u8) -> Option<&'static str> {
    Some(match (protocol, kind) {
        (LCP, MRU) => "Maximum-Receive-Unit",
        (LCP, ACCM) => "Async-Control-Character-Map",
        (LCP, AUTHENTICATION) => "Authentication-Protocol",
        (LCP, 4) => "Quality-Protocol",
        (LCP, MAGIC) => "Magic-Number",
        (LCP, PFC) => "Protocol-Field-Compression",
        (LCP, ACFC) => "Address-and-Control-Field-Compression",
        (LCP, FCS) => "FCS-Alternatives",
        (LCP, 13) => "Callback",
        (LCP, 17) => "Multilink-MRRU",
        (LCP, 18) => "Multilink-Short-Sequence-Number",
        (LCP, 19) => "Multilink-Endpoint-Discriminator",
        (IPCP, 1) => "IP-Addresses",
        (IPCP, 2) => "IP-Compression-Protocol",
        (IPCP, IP_ADDRESS) => "IP-Address",
        // RFC 1877 §1.
        (IPCP, PRIMARY_DNS) => "Primary-DNS-Address",
        (IPCP, 130) => "Primary-NBNS-Address",
        (IPCP, SECONDARY_DNS) => "Secondary-DNS-Address",
        (IPCP, 132) => "Secondary-NBNS-Address",
        (IPV6CP, 1) => "Interface-Identifier",
        _ => return None,
    })
}

/// RFC 1661 §5, RFC 1570 §2.
const LCP_CODES: [&str; 13] = [
    "Configure-Request",
    "Configure-Ack",
    "Configure-Nak",
    "Configure-Reject",
    "Terminate-Request",
    "Terminate-Ack",
    "Code-Reject",
    "Protocol-Reject",
    "Echo-Request",
    "Echo-Reply",
    "Discard-Request",
    "Identification",
    "Time-Remaining",
];
/// RFC 1962 §2.
const COMPRESSION: u16 = 0x80fd;
/// How many options a line about a packet names.
const MOST_TOLD: usize = 6;
/// Code, Identifier and Length.
const HEADER: usize = 4;

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::packet::Mac;
    use ngnlab_sim::message::ppp::{ConfigurationOption, Control, MRU, Ppp};
    use ngnlab_sim::message::pppoe::{Pppoe, Stage};

    use super::*;
    use crate::decode::alone;

    fn framed(ppp: &Ppp) -> Vec<u8> {
        let packet = Pppoe {
            source: Mac([2, 0, 0, 0, 0, 1]),
            destination: Mac([2, 0, 0, 0, 0, 2]),
            session: 7,
            stage: Stage::Session(ppp.to_bytes()),
        };
        packet.frame().to_vec()
    }

    #[test]
    fn a_control_packet_is_named_with_its_options() {
        let packet = Control::with_options(
            1,
            3,
            &[ConfigurationOption::new(MRU, 1454_u16.to_be_bytes())],
        );
        let decoded = alone(&framed(&Ppp::control(LCP, &packet)));
        assert_eq!(
            decoded.summary,
            "LCP Configure-Request, id 3, Maximum-Receive-Unit 1454"
        );
        let option = &decoded.layers.last().unwrap().fields.last().unwrap().fields[0];
        assert_eq!(option.name, "Maximum-Receive-Unit");
        let shown: Vec<_> = option.fields.iter().map(|field| &field.value[..]).collect();
        assert_eq!(shown, ["Maximum-Receive-Unit (1)", "4", "1454"]);
    }

    #[test]
    fn options_are_told_in_words_and_what_is_rejected_by_its_name() {
        let chap = ConfigurationOption::new(AUTHENTICATION, [0xc2, 0x23, 5]);
        let magic = ConfigurationOption::new(MAGIC, [1, 2, 3, 4]);
        let asked = Control::with_options(1, 1, &[chap, magic]);
        let dns = ConfigurationOption::address(PRIMARY_DNS, [192, 0, 2, 1].into());
        let told = Control::with_options(3, 2, &[dns]);
        let rejected = Control {
            code: PROTOCOL_REJECT,
            id: 9,
            data: vec![0x80, 0x57, 1, 1, 0, 4],
        };
        for (protocol, packet, words) in [
            (
                LCP,
                asked,
                "LCP Configure-Request, id 1, Authentication-Protocol CHAP MD5",
            ),
            (
                IPCP,
                told,
                "IPCP Configure-Nak, id 2, Primary-DNS-Address 192.0.2.1",
            ),
            (LCP, rejected, "LCP Protocol-Reject, id 9, IPV6CP"),
        ] {
            let decoded = alone(&framed(&Ppp::control(protocol, &packet)));
            assert_eq!(decoded.summary, words);
        }
    }

    #[test]
    fn lengths_that_contradict_are_said_to() {
        let short = Ppp {
            protocol: IPCP,
            information: vec![1, 1, 0, 9, 3, 6, 1],
        };
        let decoded = alone(&framed(&short));
        assert!(
            decoded.summary.contains("malformed") || decoded.summary.contains("cut off"),
            "{}",
            decoded.summary
        );
        let odd = Ppp {
            protocol: LCP,
            information: vec![1, 1, 0, 6, 3, 0],
        };
        assert!(alone(&framed(&odd)).summary.contains("malformed"));
    }
}
