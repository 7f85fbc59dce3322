//! What a DNS server answers while something is wrong with it, or while somebody forges answers in
//! its name.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA};
use hickory_proto::rr::{RData, Record, RecordType};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::message::dns::{self, FORMAT_ERROR, HEADER, Question};

/// How a DNS server misbehaves for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Mood {
    /// It says of every name that it failed (SERVFAIL).
    Servfail,
    /// It refuses every question (REFUSED).
    Refused,
    /// It understands nothing, and says so with a header alone (FORMERR).
    Formerr,
    /// Nobody listens there: a port unreachable, or a reset, comes back (RFC 4443 §3.1).
    Closed,
    /// It closes TCP connections on which a question came; by UDP it answers as ever.
    HangsUp,
    /// It answers after three seconds.
    Slow,
    /// It answers UDP with nothing but the TC bit.
    Truncated,
    /// It answers without any record, and without an SOA record, too.
    Empty,
    /// Its UDP answers are broken behind the question: cut, looping or counted wrong.
    Malformed,
    /// Each UDP answer comes as several copies with random bytes changed.
    Mutated,
    /// A forged answer with another id comes first, then the true one; by TCP, too.
    WrongId,
    /// A forged answer to another port comes first, then the true one.
    WrongPort,
    /// A forged answer from another address comes first, then the true one.
    WrongAddress,
    /// A forged answer to another question comes first, then the true one; by TCP, too.
    WrongQuestion,
}

impl Mood {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One datagram of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Datagram {
    /// How long after the question it leaves.
    pub(super) after: Duration,
    /// What is wrong with its envelope.
    pub(super) astray: Astray,
    /// The message.
    pub(super) message: Vec<u8>,
}

/// What is wrong with an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    Nothing,
    Port,
    Source,
}

impl Datagram {
    pub(super) fn plain(message: Vec<u8>) -> Self {
        Self {
            after: Duration::ZERO,
            astray: Astray::Nothing,
            message,
        }
    }

    fn later(after: Duration, message: Vec<u8>) -> Self {
        Self {
            after,
            ..Self::plain(message)
        }
    }
}

/// Returns what goes out over UDP instead of a true answer.
pub(super) fn over_udp(mood: Mood, answer: Vec<u8>, rng: &mut ChaCha8Rng) -> Vec<Datagram> {
    match mood {
        Mood::Servfail | Mood::Refused | Mood::Empty | Mood::Formerr => {
            vec![Datagram::plain(without_records(mood, answer))]
        }
        Mood::HangsUp => vec![Datagram::plain(answer)],
        Mood::Closed => Vec::new(),
        Mood::Truncated => vec![Datagram::plain(changed(answer, |message| {
            message.metadata.truncation = true;
        }))],
        Mood::Slow => vec![Datagram::later(SLOWNESS, answer)],
        Mood::Malformed => vec![Datagram::plain(malformed(answer, rng))],
        Mood::Mutated => (0..MUTANTS)
            .map(|_| Datagram::plain(mutated(&answer, rng)))
            .collect(),
        Mood::WrongId | Mood::WrongPort | Mood::WrongAddress | Mood::WrongQuestion => {
            let mut lie = Datagram::plain(forged(&answer));
            match mood {
                Mood::WrongId => misnumber(&mut lie.message, rng),
                Mood::WrongPort => lie.astray = Astray::Port,
                Mood::WrongAddress => lie.astray = Astray::Source,
                _ => misname(&mut lie.message),
            }
            vec![lie, Datagram::later(LEAD, answer)]
        }
    }
}

/// Returns what goes out over TCP, where nothing is cut or slow.
pub(super) fn over_tcp(mood: Mood, answer: Vec<u8>, rng: &mut ChaCha8Rng) -> Vec<Vec<u8>> {
    match mood {
        Mood::WrongId | Mood::WrongQuestion => {
            let mut lie = forged(&answer);
            match mood {
                Mood::WrongId => misnumber(&mut lie, rng),
                _ => misname(&mut lie),
            }
            vec![lie, answer]
        }
        Mood::HangsUp | Mood::Closed => Vec::new(),
        _ => vec![without_records(mood, answer)],
    }
}

/// Returns what a server says that fails, refuses, does not understand or has nothing; in another
/// mood, the answer as it is.
pub(super) fn without_records(mood: Mood, answer: Vec<u8>) -> Vec<u8> {
    let code = match mood {
        Mood::Servfail => ResponseCode::ServFail,
        Mood::Refused => ResponseCode::Refused,
        Mood::Empty => ResponseCode::NoError,
        Mood::Formerr => return not_understood(answer),
        _ => return answer,
    };
    changed(answer, |message| message.metadata.response_code = code)
}

/// Returns the header alone, as of a server that cannot tell what was asked (RFC 1035 §4.1.1).
fn not_understood(mut answer: Vec<u8>) -> Vec<u8> {
    answer.truncate(HEADER);
    if let Some(counts) = answer.get_mut(4..) {
        counts.fill(0);
    }
    if let Some(flags) = answer.get_mut(2..4) {
        flags[0] &= !AUTHORITATIVE;
        flags[1] = flags[1] & !RESPONSE_CODE | FORMAT_ERROR;
    }
    answer
}

/// Takes all records out of an answer, EDNS excepted, and changes its header.
fn changed(answer: Vec<u8>, change: impl FnOnce(&mut Message)) -> Vec<u8> {
    let Ok(mut message) = Message::from_vec(&answer) else {
        return answer;
    };
    message.answers.clear();
    message.authorities.clear();
    message.additionals.clear();
    message.metadata.authoritative = false;
    // What is left fits, however much did not.
    message.metadata.truncation = false;
    change(&mut message);
    message.to_vec().unwrap_or(answer)
}

/// Makes an answer unreadable behind its question (RFC 5625 §6.3).
fn malformed(mut answer: Vec<u8>, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let Some(end) = Question::of(&answer).map(|question| question.end()) else {
        return answer;
    };
    // Nothing but one answer record is announced, so that its fault counts.
    answer.truncate(end);
    answer[6..HEADER].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
    let pointer = u16::try_from(end).map_or([0xc0, 0xff], |end| (0xc000 | end).to_be_bytes());
    let record: &[u8] = match rng.random_range(0..4) {
        // Cut within the fixed fields.
        0 => &[0xc0, 12, 0, 28, 0, 1, 0, 0],
        // A name that points at itself.
        1 => &[pointer[0], pointer[1], 0, 28, 0, 1, 0, 0, 1, 44, 0, 0],
        // Data longer than the message.
        2 => &[0xc0, 12, 0, 28, 0, 1, 0, 0, 1, 44, 0xff, 0xff, 1, 2, 3, 4],
        // A record announced that is not there.
        _ => &[],
    };
    answer.extend(record);
    answer
}

/// Changes some bytes behind the id.
fn mutated(answer: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut mutant = answer.to_vec();
    for _ in 0..rng.random_range(1..=8) {
        let at = rng.random_range(2..mutant.len().max(3));
        if let Some(byte) = mutant.get_mut(at) {
            *byte = rng.random();
        }
    }
    if rng.random_bool(0.3) {
        mutant.truncate(rng.random_range(2..=mutant.len().max(2)));
    }
    mutant
}

/// Returns the same answer with an address that no server gives.
fn forged(answer: &[u8]) -> Vec<u8> {
    let Ok(mut message) = Message::from_vec(answer) else {
        return answer.to_vec();
    };
    let Some(question) = message.queries.first() else {
        return answer.to_vec();
    };
    let data = match question.query_type {
        RecordType::A => RData::A(A(FORGED_A)),
        _ => RData::AAAA(AAAA(FORGED)),
    };
    let record = Record::from_rdata(question.name.clone(), super::zones::TTL, data);
    message.metadata.response_code = ResponseCode::NoError;
    message.authorities.clear();
    message.additionals.clear();
    message.answers = vec![record];
    message.to_vec().unwrap_or_else(|_| answer.to_vec())
}

/// Changes the id.
fn misnumber(message: &mut [u8], rng: &mut ChaCha8Rng) {
    let id = dns::id(message).unwrap_or_default();
    dns::set_id(message, id ^ rng.random_range(1..=u16::MAX));
}

/// Changes the name in the question; the records point at it.
fn misname(message: &mut [u8]) {
    if let Some(first) = message.get_mut(HEADER + 1) {
        *first = if *first == b'z' { b'y' } else { b'z' };
    }
}

/// The address in forged answers (documentation, RFC 3849).
pub const FORGED: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xbad, 0, 0, 0, 0, 0xbad);
/// The same for IPv4 (RFC 5737).
pub const FORGED_A: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 66);
/// Longer than a resolver waits for one server, and shorter than it waits for all.
const SLOWNESS: Duration = Duration::from_secs(3);
/// How far a forged answer is ahead of the true one.
const LEAD: Duration = Duration::from_millis(300);
const MUTANTS: usize = 5;
// RFC 1035 §4.1.1: AA, and where the response code is.
const AUTHORITATIVE: u8 = 0x04;
const RESPONSE_CODE: u8 = 0x0f;
