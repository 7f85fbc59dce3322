//! The control protocols of PPP: LCP, PAP, CHAP, IPCP and IPV6CP (RFC 1661 §5, RFC 1334, RFC 1994, RFC
//! 1332, RFC 5072).

use super::next::Part;
use super::shown;
use super::walk::{Read, Walk, layer, plain};
use ngnlab_sim::message::ppp::{CHAP, IPCP, IPV6CP, LCP, PAP};

/// Returns the name of a protocol that has control packets.
pub(super) fn name(protocol: u16) -> Option<&'static str> {
    Some(match protocol {
        LCP => "LCP",
        PAP => "PAP",
        CHAP => "CHAP",
        IPCP => "IPCP",
        IPV6CP => "IPV6CP",
        _ => return None,
    })
}

/// Reads a control packet.
pub(super) fn control(protocol: u16, bytes: &[u8], at: usize, end: usize) -> Part {
    let name = name(protocol).unwrap_or("PPP");
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
            (PAP | CHAP, _) => rest(walk, "Message", until, shown::text)?,
            (_, 1..=4) => {
                while walk.at() < until {
                    option(walk, protocol)?;
                }
            }
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

fn option(walk: &mut Walk<'_>, protocol: u16) -> Read<()> {
    let kind = walk.u8("Type", |it| shown::named(it, option_name(protocol, it)))?;
    let length = usize::from(walk.u8("Length", plain)?);
    if length < 2 {
        walk.doubt();
        return rest(walk, "Data", walk.end(), shown::hex);
    }
    let words: fn(&[u8]) -> String = match (protocol, kind, length) {
        (LCP, 1, 4) => |value| u16::from_be_bytes([value[0], value[1]]).to_string(),
        (IPCP, 3 | 129 | 131, 6) => {
            |value| format!("{}.{}.{}.{}", value[0], value[1], value[2], value[3])
        }
        _ => shown::hex,
    };
    walk.field("Value", length - 2, words)?;
    Ok(())
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
        (LCP, 1) => "Maximum-Receive-Unit",
        (LCP, 2) => "Async-Control-Character-Map",
        (LCP, 3) => "Authentication-Protocol",
        (LCP, 5) => "Magic-Number",
        (LCP, 7) => "Protocol-Field-Compression",
        (LCP, 8) => "Address-and-Control-Field-Compression",
        (LCP, 9) => "FCS-Alternatives",
        (IPCP, 2) => "IP-Compression-Protocol",
        (IPCP, 3) => "IP-Address",
        (IPCP, 129) => "Primary DNS Server Address",
        (IPCP, 131) => "Secondary DNS Server Address",
        (IPV6CP, 1) => "Interface-Identifier",
        _ => return None,
    })
}

const LCP_CODES: [&str; 11] = [
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
];
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
        assert_eq!(decoded.summary, "LCP Configure-Request, id 3");
        let lcp = decoded.layers.last().unwrap();
        let shown: Vec<_> = lcp.fields.iter().map(|field| &field.value[..]).collect();
        assert!(shown.contains(&"Maximum-Receive-Unit (1)"), "{shown:?}");
        assert!(shown.contains(&"1454"), "{shown:?}");
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
