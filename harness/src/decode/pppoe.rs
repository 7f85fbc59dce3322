//! PPP over Ethernet: discovery with its tags, and sessions (RFC 2516, RFC 4638).

use ngnlab_sim::message::pppoe::{
    self, AC_COOKIE, AC_NAME, AC_SYSTEM_ERROR, END_OF_LIST, GENERIC_ERROR, HOST_UNIQ,
    PPP_MAX_PAYLOAD, RELAY_SESSION_ID, SERVICE_NAME, SERVICE_NAME_ERROR, VENDOR_SPECIFIC,
};

use super::link::{IPV4, IPV6};
use super::next::{Next, Part};
use super::ppp;
use super::shown;
use super::walk::{Read, Walk, layer, plain};

/// The Ethernet type of discovery.
pub(super) const DISCOVERY: u16 = pppoe::DISCOVERY.0;
/// The Ethernet type of sessions.
pub(super) const SESSION: u16 = pppoe::SESSION.0;

/// Reads a packet's header, and the tags behind it or the protocol of the PPP frame.
pub(super) fn header(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, found) = layer("PPPoE", bytes, at..end, |walk| {
        let start = walk.at();
        let versions = walk.skip(1)?[0];
        walk.note("VER", start..start + 1, plain(versions >> 4));
        walk.note("TYPE", start..start + 1, plain(versions & 15));
        let code = walk.u8("CODE", |it| shown::named(it, code_name(it)))?;
        walk.summary = code_name(code).map_or(format!("code {code}"), str::to_owned);
        let session = walk.u16("SESSION_ID", |id| format!("{id:#06x}"))?;
        let length = usize::from(walk.u16("LENGTH", plain)?);
        // RFC 2516 §4.
        if versions != 0x11 || length > walk.left() {
            walk.doubt();
        }
        let length = length.min(walk.left());
        let until = walk.at() + length;
        if code != 0 {
            if session != 0 {
                walk.summary.push_str(&format!(", session {session:#06x}"));
            }
            let mut told = String::new();
            if length > 0 {
                walk.within("Tags", length, |walk| tags(walk, &mut told))?;
            }
            walk.summary.push_str(&told);
            return Ok((until, Next::Nothing));
        }
        walk.summary = format!("session {session:#06x}");
        let protocol = walk.u16("Protocol", |it| match ppp::protocol_name(it) {
            Some(name) => format!("{name} ({it:#06x})"),
            None => format!("{it:#06x}"),
        })?;
        Ok(match protocol {
            ngnlab_sim::message::ppp::IPV6 => (until, Next::Ethertype(IPV6)),
            ngnlab_sim::message::ppp::IPV4 => (until, Next::Ethertype(IPV4)),
            protocol if ppp::is_control(protocol) => (until, Next::Ppp(protocol)),
            _ => (until, Next::Data),
        })
    });
    let says = format!("PPPoE {}", layer.summary);
    match found {
        Some((until, next)) => Part::before(layer, says, next).until(until),
        None => Part::before(layer, says, Next::Nothing),
    }
}

/// Reads tags; adds to what is told of the packet who answers, and what went wrong.
fn tags(walk: &mut Walk<'_>, told: &mut String) -> Read<String> {
    while walk.left() > 0 {
        let number = |at: usize| {
            let bytes = walk.rest().get(at..).and_then(<[u8]>::first_chunk);
            bytes.map_or(0, |bytes| u16::from_be_bytes(*bytes))
        };
        let (kind, length) = (number(0), usize::from(number(2)));
        let name = tag_name(kind);
        walk.within(name.unwrap_or("tag"), 4 + length, |walk| {
            walk.u16("TAG_TYPE", |it| match name {
                Some(name) => format!("{name} ({it:#06x})"),
                None => format!("{it:#06x}"),
            })?;
            walk.u16("TAG_LENGTH", plain)?;
            if walk.left() == 0 {
                return Ok(String::new());
            }
            let words = value(kind, walk)?;
            match kind {
                AC_NAME => told.push_str(&format!(", AC-Name {words}")),
                SERVICE_NAME_ERROR | AC_SYSTEM_ERROR | GENERIC_ERROR => {
                    let name = name.unwrap_or_default();
                    told.push_str(&format!(", {name} {words}"));
                }
                _ => {}
            }
            Ok(words)
        })?;
        // RFC 2516 appendix A: nothing is read behind it.
        if kind == END_OF_LIST && walk.left() > 0 {
            walk.note_rest("Padding");
        }
    }
    Ok(String::new())
}

fn value(kind: u16, walk: &mut Walk<'_>) -> Read<String> {
    match kind {
        // RFC 2516 appendix A: names, and errors, are text.
        SERVICE_NAME | AC_NAME | SERVICE_NAME_ERROR | AC_SYSTEM_ERROR | GENERIC_ERROR => {
            let words = shown::text(walk.rest());
            walk.field("TAG_VALUE", walk.left(), |_| words.clone())?;
            Ok(words)
        }
        // RFC 4638 §4.
        PPP_MAX_PAYLOAD => Ok(plain(walk.u16("TAG_VALUE", plain)?)),
        // RFC 2516 appendix A: an enterprise number in four bytes.
        VENDOR_SPECIFIC => {
            let vendor = walk.u32("Vendor-Id", plain)?;
            if walk.left() > 0 {
                walk.note_rest("TAG_VALUE");
            }
            Ok(format!("vendor {vendor}"))
        }
        _ => {
            let words = shown::hex(walk.rest());
            walk.note_rest("TAG_VALUE");
            Ok(words)
        }
    }
}

/// RFC 2516 appendix A, and RFC 4638 §4.
fn tag_name(kind: u16) -> Option<&'static str> {
    Some(match kind {
        END_OF_LIST => "End-Of-List",
        SERVICE_NAME => "Service-Name",
        AC_NAME => "AC-Name",
        HOST_UNIQ => "Host-Uniq",
        AC_COOKIE => "AC-Cookie",
        VENDOR_SPECIFIC => "Vendor-Specific",
        RELAY_SESSION_ID => "Relay-Session-Id",
        PPP_MAX_PAYLOAD => "PPP-Max-Payload",
        SERVICE_NAME_ERROR => "Service-Name-Error",
        AC_SYSTEM_ERROR => "AC-System-Error",
        GENERIC_ERROR => "Generic-Error",
        _ => return None,
    })
}

fn code_name(code: u8) -> Option<&'static str> {
    match code {
        0x00 => Some("session"),
        0x07 => Some("PADO"),
        0x09 => Some("PADI"),
        0x19 => Some("PADR"),
        0x65 => Some("PADS"),
        0xa7 => Some("PADT"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::packet::Mac;
    use ngnlab_sim::message::pppoe::{Code, Pppoe, Stage, Tag};

    use super::*;
    use crate::decode::alone;

    #[test]
    fn a_discovery_packet_is_told_with_who_answers_and_each_tag_by_its_name() {
        let packet = Pppoe {
            source: Mac([2, 0, 0, 0, 0, 1]),
            destination: Mac([2, 0, 0, 0, 0, 2]),
            session: 7,
            stage: Stage::Discovery {
                code: Code::Confirmation,
                tags: vec![
                    Tag::new(AC_NAME, *b"ac-1"),
                    Tag::new(PPP_MAX_PAYLOAD, 1500_u16.to_be_bytes()),
                    Tag::new(VENDOR_SPECIFIC, [0, 0, 0, 9, 1]),
                    Tag::new(0x7777, [1, 2]),
                    Tag::new(AC_SYSTEM_ERROR, *b"full"),
                ],
            },
        };
        let mut frame = packet.frame().to_vec();
        frame.resize(100, 0);
        let decoded = alone(&frame);
        assert_eq!(
            decoded.summary,
            "PPPoE PADS, session 0x0007, AC-Name ac-1, AC-System-Error full"
        );
        let tags = decoded.layers[1].fields.last().unwrap();
        let shown: Vec<_> = tags
            .fields
            .iter()
            .map(|tag| (&tag.name[..], &tag.value[..]))
            .collect();
        let right = [
            ("AC-Name", "ac-1"),
            ("PPP-Max-Payload", "1500"),
            ("Vendor-Specific", "vendor 9"),
            ("tag", "01 02"),
            ("AC-System-Error", "full"),
        ];
        assert_eq!(shown, right);
        assert_eq!(decoded.layers[2].name, "Trailer");
    }

    #[test]
    fn a_tag_that_reaches_beyond_the_packet_is_malformed() {
        let packet = Pppoe {
            source: Mac([2, 0, 0, 0, 0, 1]),
            destination: Mac([2, 0, 0, 0, 0, 2]),
            session: 0,
            stage: Stage::Discovery {
                code: Code::Offer,
                tags: vec![Tag::new(AC_NAME, *b"ac-1")],
            },
        };
        let mut frame = packet.frame().to_vec();
        frame[23] = 200;
        frame.resize(400, 0);
        assert!(alone(&frame).summary.contains("malformed"));
    }
}
