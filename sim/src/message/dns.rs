//! DNS messages as bytes on the wire: header fields, the question, where the records lie, and the
//! length framing of TCP (RFC 1035 §4, RFC 7766 §8).
//!
//! For what must not be decoded and encoded again, as a proxy's traffic; contents are
//! hickory-proto's business.

use std::fmt::Write as _;

/// The port of DNS over UDP and TCP (RFC 1035 §4.2).
pub const PORT: u16 = 53;
/// The length of a message's header (RFC 1035 §4.1.1).
pub const HEADER: usize = 12;
/// The longest UDP message without EDNS (RFC 1035 §4.2.1).
pub const CLASSIC_LIMIT: usize = 512;

/// The record type of an address (RFC 1035 §3.2.2).
pub const A: u16 = 1;
/// The record type of an alias (RFC 1035 §3.2.2).
pub const CNAME: u16 = 5;
/// The record type of a reverse look-up (RFC 1035 §3.2.2).
pub const PTR: u16 = 12;
/// The record type of an IPv6 address (RFC 3596 §2.1).
pub const AAAA: u16 = 28;
/// The record type of the EDNS pseudo-record (RFC 6891 §6.1.1).
pub const OPT: u16 = 41;

/// The response code of a message that could not be understood (RFC 1035 §4.1.1).
pub const FORMAT_ERROR: u8 = 1;
/// The response code of a server that failed.
pub const SERVER_FAILURE: u8 = 2;
/// The response code of a name that does not exist.
pub const NAME_ERROR: u8 = 3;
/// The response code of a server that does not want to answer.
pub const REFUSED: u8 = 5;

/// Returns the message's id.
pub fn id(message: &[u8]) -> Option<u16> {
    read_u16(message, 0)
}

/// Overwrites the message's id; a message too short to have one stays as it is.
pub fn set_id(message: &mut [u8], id: u16) {
    if let Some(bytes) = message.first_chunk_mut() {
        *bytes = id.to_be_bytes();
    }
}

/// Returns whether it has a whole header whose QR bit says response.
pub fn is_response(message: &[u8]) -> bool {
    message.len() >= HEADER && message[2] & QR != 0
}

/// Returns whether it has a whole header whose QR bit says query.
pub fn is_query(message: &[u8]) -> bool {
    message.len() >= HEADER && message[2] & QR == 0
}

/// Returns whether the TC bit is set.
pub fn is_truncated(message: &[u8]) -> bool {
    message.get(2).is_some_and(|flags| flags & TC != 0)
}

/// Returns the response code in the header, without its EDNS part.
pub fn response_code(message: &[u8]) -> Option<u8> {
    message.get(3).map(|flags| flags & 0x0f)
}

/// The first question of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The name's labels as they stand in the message.
    pub name: &'a [u8],
    /// The type asked for.
    pub kind: u16,
    /// The class asked for.
    pub class: u16,
}

impl<'a> Question<'a> {
    /// Returns the first question; `None` if there is none or its name is compressed.
    pub fn of(message: &'a [u8]) -> Option<Self> {
        if read_u16(message, 4)? == 0 {
            return None;
        }
        let mut at = HEADER;
        loop {
            let length = *message.get(at)?;
            if length > LONGEST_LABEL {
                return None;
            }
            at += 1 + usize::from(length);
            if length == 0 {
                break;
            }
        }
        if at - HEADER > LONGEST_NAME {
            return None;
        }
        Some(Self {
            name: &message[HEADER..at],
            kind: read_u16(message, at)?,
            class: read_u16(message, at + 2)?,
        })
    }

    /// Returns where the question ends in its message.
    pub fn end(&self) -> usize {
        HEADER + self.name.len() + 4
    }

    /// Returns the name as text without a final dot; what is not printable is escaped.
    pub fn name_text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.name;
        while let Some((length, tail)) = rest.split_first()
            && *length > 0
        {
            let (label, tail) = tail.split_at(usize::from(*length).min(tail.len()));
            if !text.is_empty() {
                text.push('.');
            }
            for byte in label {
                match byte {
                    b'.' | b'\\' => text.extend(['\\', char::from(*byte)]),
                    b'!'..=b'~' => text.push(char::from(*byte)),
                    _ => write!(text, "\\{byte:03}").expect("a string takes everything"),
                }
            }
            rest = tail;
        }
        text
    }

    /// Returns whether both ask the same, whatever the case of their names (RFC 5452 §9.1).
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.class == other.class
            && self.name.eq_ignore_ascii_case(other.name)
    }
}

/// The sections of a message that hold records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What was asked for.
    Answer,
    /// Name servers, or the SOA of a negative answer.
    Authority,
    /// Addresses of name servers, EDNS, signatures.
    Additional,
}

/// Where a record lies in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordAt {
    /// Its section.
    pub section: Section,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Its type.
    pub kind: u16,
}

/// Returns where every record lies; `None` if the message is cut short or its names are broken.
pub fn records(message: &[u8]) -> Option<Vec<RecordAt>> {
    let mut at = HEADER;
    for _ in 0..read_u16(message, 4)? {
        at = skip_name(message, at)? + 4;
    }
    let mut found = Vec::new();
    for (section, count_at) in [
        (Section::Answer, 6),
        (Section::Authority, 8),
        (Section::Additional, 10),
    ] {
        for _ in 0..read_u16(message, count_at)? {
            let fixed = skip_name(message, at)?;
            let end = fixed + 10 + usize::from(read_u16(message, fixed + 8)?);
            found.push(RecordAt {
                section,
                start: at,
                end,
                kind: read_u16(message, fixed)?,
            });
            at = end;
        }
    }
    (at <= message.len()).then_some(found)
}

/// Returns where the name at `at` ends; pointers must lead backwards (RFC 1035 §4.1.4).
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = *message.get(at)?;
        match length {
            0 => return Some(at + 1),
            1..=LONGEST_LABEL => at += 1 + usize::from(length),
            _ if length & POINTER == POINTER => {
                let target = usize::from(read_u16(message, at)? & 0x3fff);
                return (HEADER..at).contains(&target).then_some(at + 2);
            }
            _ => return None,
        }
    }
}

/// Puts a message's length before it, as TCP carries it.
pub fn to_stream(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    let message = &message[..usize::from(length)];
    [&length.to_be_bytes()[..], message].concat()
}

/// Takes the first whole message out of what TCP brought so far.
pub fn take_from_stream(stream: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = 2 + usize::from(read_u16(stream, 0)?);
    if stream.len() < end {
        return None;
    }
    let message = stream[2..end].to_vec();
    stream.drain(..end);
    Some(message)
}

fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*bytes))
}

/// The bit of the third byte that tells responses from queries.
pub const QR: u8 = 0x80;
/// The bit of the third byte that says the message was truncated.
pub const TC: u8 = 0x02;
const POINTER: u8 = 0xc0;
const LONGEST_LABEL: u8 = 63;
const LONGEST_NAME: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_of_a_captured_query_is_read() {
        let question = Question::of(QUERY).unwrap();
        assert_eq!(question.name_text(), "www.lineauth.mnw");
        assert_eq!((question.kind, question.class), (AAAA, 1));
        assert_eq!(question.end(), 34);
        assert!(is_query(QUERY));
        assert_eq!(id(QUERY), Some(0x1234));
    }

    #[test]
    fn records_are_found_and_a_cut_or_looping_message_has_none() {
        let found = records(QUERY).unwrap();
        let expected = RecordAt {
            section: Section::Additional,
            start: 34,
            end: 45,
            kind: OPT,
        };
        assert_eq!(found, [expected]);
        assert_eq!(records(&QUERY[..QUERY.len() - 1]), None);
        let mut looping = QUERY.to_vec();
        looping[HEADER..HEADER + 2].copy_from_slice(&[0xc0, 12]);
        assert_eq!(records(&looping), None);
        assert_eq!(Question::of(&looping), None);
    }

    #[test]
    fn a_stream_yields_messages_only_when_they_are_whole() {
        let mut stream = to_stream(b"abc");
        stream.extend([0, 2, b'd']);
        assert_eq!(take_from_stream(&mut stream).unwrap(), b"abc");
        assert_eq!(take_from_stream(&mut stream), None);
        stream.push(b'e');
        assert_eq!(take_from_stream(&mut stream).unwrap(), b"de");
        assert!(stream.is_empty());
    }

    /// `www.lineauth.mnw` AAAA with an EDNS record of 1232 bytes.
    const QUERY: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03www\x08lineauth\x03mnw\x00\
          \x00\x1c\x00\x01\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
}
