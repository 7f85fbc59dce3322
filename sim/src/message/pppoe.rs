//! PPP over Ethernet: discovery and session packets (RFC 2516 §4, §5; RFC 4638 §4).
//!
//! Taking apart is lenient: what follows the last whole tag is left out, since checks have to see
//! what a device really sent.

use etherparse::EtherType;

use super::packet::Mac;
use super::packet::ethernet::Ethernet;
use crate::frame::Frame;

/// A frame with a PPPoE packet in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pppoe {
    /// Where the frame comes from.
    pub source: Mac,
    /// Where it goes.
    pub destination: Mac,
    /// The SESSION_ID; zero before there is a session.
    pub session: u16,
    /// What it is for.
    pub stage: Stage,
}

/// The two stages of PPPoE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Host and concentrator find one another, or part.
    Discovery {
        /// What is said.
        code: Code,
        /// What goes with it.
        tags: Vec<Tag>,
    },
    /// A PPP frame: the protocol and what follows.
    Session(Vec<u8>),
}

/// What a discovery packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// PADI: who is there?
    Initiation,
    /// PADO: I am.
    Offer,
    /// PADR: I choose you.
    Request,
    /// PADS: here is your session, or none.
    Confirmation,
    /// PADT: the session is over.
    Termination,
}

/// One TAG (RFC 2516 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// TAG_TYPE.
    pub kind: u16,
    /// TAG_VALUE.
    pub value: Vec<u8>,
}

impl Code {
    /// RFC 2516 §5.1 to §5.5.
    const NUMBERS: [(Self, u8, &'static str); 5] = [
        (Self::Initiation, 0x09, "PADI"),
        (Self::Offer, 0x07, "PADO"),
        (Self::Request, 0x19, "PADR"),
        (Self::Confirmation, 0x65, "PADS"),
        (Self::Termination, 0xa7, "PADT"),
    ];

    /// Returns the number in the CODE field.
    pub fn number(self) -> u8 {
        self.row().1
    }

    /// Returns the packet's name in the RFC.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, u8, &'static str) {
        let mut rows = Self::NUMBERS.into_iter();
        rows.find(|(code, ..)| *code == self)
            .expect("every code is in the table")
    }

    fn of(number: u8) -> Option<Self> {
        let mut rows = Self::NUMBERS.into_iter();
        rows.find(|(_, of, _)| *of == number).map(|(code, ..)| code)
    }
}

impl Tag {
    /// Makes a tag.
    pub fn new(kind: u16, value: impl Into<Vec<u8>>) -> Self {
        let value = value.into();
        Self { kind, value }
    }
}

impl Pppoe {
    /// Takes a frame apart; `None` unless it holds a PPPoE packet of version 1 and type 1 that is
    /// there as far as its LENGTH says (RFC 2516 §4).
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let ethernet = Ethernet::parse(frame)?;
        let [VERSION_AND_TYPE, code, session @ .., high, low] =
            *ethernet.payload.first_chunk::<HEADER>()?
        else {
            return None;
        };
        let session = u16::from_be_bytes(session);
        let length = usize::from(u16::from_be_bytes([high, low]));
        let payload = ethernet.payload.get(HEADER..HEADER + length)?;
        let stage = match ethernet.kind {
            DISCOVERY => Stage::Discovery {
                code: Code::of(code)?,
                tags: tags(payload),
            },
            SESSION if code == SESSION_DATA => Stage::Session(payload.to_vec()),
            _ => return None,
        };
        Some(Self {
            source: ethernet.source,
            destination: ethernet.destination,
            session,
            stage,
        })
    }

    /// Builds the frame.
    pub fn frame(&self) -> Frame {
        let (kind, code, payload) = match &self.stage {
            Stage::Discovery { code, tags } => (DISCOVERY, code.number(), written(tags)),
            Stage::Session(ppp) => (SESSION, SESSION_DATA, ppp.clone()),
        };
        let length = u16::try_from(payload.len()).expect("a frame is shorter than 64 KiB");
        let mut packet = vec![VERSION_AND_TYPE, code];
        packet.extend(self.session.to_be_bytes());
        packet.extend(length.to_be_bytes());
        packet.extend(payload);
        Ethernet {
            source: self.source,
            destination: self.destination,
            kind,
            payload: &packet,
        }
        .frame()
    }

    /// Returns what a discovery packet says, with its tags.
    pub fn discovery(&self) -> Option<(Code, &[Tag])> {
        match &self.stage {
            Stage::Discovery { code, tags } => Some((*code, tags)),
            Stage::Session(_) => None,
        }
    }

    /// Returns the PPP frame of a session packet.
    pub fn ppp(&self) -> Option<&[u8]> {
        match &self.stage {
            Stage::Session(ppp) => Some(ppp),
            Stage::Discovery { .. } => None,
        }
    }
}

/// Returns whether a frame is PPPoE's, whatever is in it.
pub fn is_pppoe(frame: &[u8]) -> bool {
    Ethernet::parse(frame).is_some_and(|it| [DISCOVERY, SESSION].contains(&it.kind))
}

/// Returns the value of the first tag of a kind.
pub fn tag(tags: &[Tag], kind: u16) -> Option<&[u8]> {
    let found = tags.iter().find(|tag| tag.kind == kind);
    found.map(|tag| tag.value.as_slice())
}

fn tags(mut rest: &[u8]) -> Vec<Tag> {
    let mut tags = Vec::new();
    while let Some(([k1, k2, l1, l2], tail)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([*l1, *l2]));
        let kind = u16::from_be_bytes([*k1, *k2]);
        let Some((value, tail)) = tail.split_at_checked(length) else {
            break;
        };
        if kind == END_OF_LIST {
            break;
        }
        tags.push(Tag::new(kind, value));
        rest = tail;
    }
    tags
}

fn written(tags: &[Tag]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for tag in tags {
        let length = u16::try_from(tag.value.len()).expect("a tag is shorter than 64 KiB");
        bytes.extend(tag.kind.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend(&tag.value);
    }
    bytes
}

/// The EtherType of discovery (RFC 2516 §4).
pub const DISCOVERY: EtherType = EtherType(0x8863);
/// The EtherType of sessions (RFC 2516 §4).
pub const SESSION: EtherType = EtherType(0x8864);
/// VER and TYPE, both 1 (RFC 2516 §4).
const VERSION_AND_TYPE: u8 = 0x11;
/// The CODE of session packets (RFC 2516 §6).
const SESSION_DATA: u8 = 0;
/// The length of the PPPoE header (RFC 2516 §4).
pub const HEADER: usize = 6;

// The tags of RFC 2516 appendix A, and of RFC 4638 §4.

/// Nothing follows.
pub const END_OF_LIST: u16 = 0x0000;
/// The service that is asked for or offered; empty for any.
pub const SERVICE_NAME: u16 = 0x0101;
/// The concentrator's name.
pub const AC_NAME: u16 = 0x0102;
/// What a host recognises the answers to its questions by.
pub const HOST_UNIQ: u16 = 0x0103;
/// What a concentrator recognises by that a host got its offer.
pub const AC_COOKIE: u16 = 0x0104;
/// Somebody's who is making an experiment.
pub const VENDOR_SPECIFIC: u16 = 0x0105;
/// What an agent in between recognises the session by.
pub const RELAY_SESSION_ID: u16 = 0x0110;
/// How much a session's packets may hold if more than 1492 bytes (RFC 4638 §4).
pub const PPP_MAX_PAYLOAD: u16 = 0x0120;
/// The service that was asked for is not to be had.
pub const SERVICE_NAME_ERROR: u16 = 0x0201;
/// The concentrator has a fault, or no room.
pub const AC_SYSTEM_ERROR: u16 = 0x0202;
/// Something else went wrong.
pub const GENERIC_ERROR: u16 = 0x0203;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_padi_stands_on_the_wire_as_in_the_rfc() {
        // RFC 2516 appendix B, "A PADI packet", with another source.
        let padi = Pppoe {
            source: Mac([2, 0, 0, 0, 0, 1]),
            destination: Mac::BROADCAST,
            session: 0,
            stage: Stage::Discovery {
                code: Code::Initiation,
                tags: vec![Tag::new(SERVICE_NAME, [])],
            },
        };
        let frame = padi.frame();
        let header = [0x88, 0x63, 0x11, 0x09, 0, 0, 0, 4];
        assert_eq!(frame[12..20], header);
        assert_eq!(frame[20..], [0x01, 0x01, 0, 0]);
        assert_eq!(Pppoe::parse(&frame), Some(padi));
    }

    #[test]
    fn what_is_cut_short_or_of_another_version_is_none() {
        let session = Pppoe {
            source: Mac([2, 0, 0, 0, 0, 1]),
            destination: Mac([2, 0, 0, 0, 0, 2]),
            session: 7,
            stage: Stage::Session(vec![0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0]),
        };
        let frame = session.frame();
        assert_eq!(Pppoe::parse(&frame), Some(session));
        assert_eq!(Pppoe::parse(&frame[..frame.len() - 1]), None);
        let mut other = frame.to_vec();
        other[14] = 0x21;
        assert_eq!(Pppoe::parse(&other), None);
        assert!(is_pppoe(&other));
    }

    #[test]
    fn tags_end_where_the_list_says_so() {
        let bytes = [1, 1, 0, 0, 0, 0, 0, 0, 1, 3, 0, 1, 7];
        assert_eq!(tags(&bytes), [Tag::new(SERVICE_NAME, [])]);
    }

    proptest! {
        #[test]
        fn tags_come_out_as_they_went_in(
            given in prop::collection::vec((1..u16::MAX, prop::collection::vec(any::<u8>(), 0..40)), 0..8)
        ) {
            let given: Vec<_> = given.into_iter().map(|(kind, value)| Tag::new(kind, value)).collect();
            prop_assert_eq!(tags(&written(&given)), given);
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Pppoe::parse(&bytes);
            let _ = tags(&bytes);
        }
    }
}
