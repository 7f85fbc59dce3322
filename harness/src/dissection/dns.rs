//! DNS messages: the header and the question by hand, so that cut or odd messages are seen, too;
//! the records by hickory-proto.

use std::net::Ipv6Addr;

use hickory_proto::op::Message;
use hickory_proto::rr::RData;
use ngnlab_reports::RecordId;

use super::Found;

mod shape;

pub use shape::{Flag, Opt, Piece};

/// The port of DNS servers.
pub const PORT: u16 = 53;
/// The type of IPv6 addresses (RFC 3596).
pub const AAAA: u16 = 28;
/// The type of IPv4 addresses.
pub const A: u16 = 1;
/// The response code of a question that could not be answered (RFC 1035 §4.1.1).
pub const SERVFAIL: u8 = 2;
/// The response code of a name that does not exist (RFC 1035 §4.1.1).
pub const NXDOMAIN: u8 = 3;

/// What a DNS message travels by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// One datagram.
    Udp,
    /// A length and the message in a stream (RFC 1035 §4.2.2).
    Tcp,
}

/// A DNS message.
#[derive(Clone, Debug)]
pub struct Dns {
    /// What it travels by.
    pub transport: Transport,
    /// The port it came from.
    pub source_port: u16,
    /// The port it went to.
    pub destination_port: u16,
    /// Its id.
    pub id: u16,
    /// The third and fourth byte: the flags, the opcode and the response code.
    pub flags: u16,
    /// Whether it is a response.
    pub response: bool,
    /// The AA bit.
    pub authoritative: bool,
    /// The TC bit.
    pub truncated: bool,
    /// The low four bits of the response code.
    pub rcode: u8,
    /// Its size in bytes.
    pub size: usize,
    /// How many answer records its header announces.
    pub answer_count: u16,
    /// Its first question.
    pub question: Option<Question>,
    /// The whole message, if all of it can be read.
    pub message: Option<Message>,
    /// The message as it came.
    pub bytes: Vec<u8>,
    /// How many segments or datagrams brought it.
    pub pieces: usize,
}

/// A question as it is spelled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The name without a final dot, upper and lower case kept.
    pub name: String,
    /// The type.
    pub kind: u16,
    /// The class.
    pub class: u16,
}

impl Question {
    /// Returns whether both ask the same, whatever the case of their letters.
    pub fn same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.class == other.class
            && self.name.eq_ignore_ascii_case(&other.name)
    }

    /// Returns the type in words.
    pub fn kind_name(&self) -> String {
        match self.kind {
            A => "A".to_owned(),
            2 => "NS".to_owned(),
            5 => "CNAME".to_owned(),
            6 => "SOA".to_owned(),
            12 => "PTR".to_owned(),
            15 => "MX".to_owned(),
            16 => "TXT".to_owned(),
            AAAA => "AAAA".to_owned(),
            33 => "SRV".to_owned(),
            64 => "SVCB".to_owned(),
            65 => "HTTPS".to_owned(),
            255 => "ANY".to_owned(),
            257 => "CAA".to_owned(),
            other => format!("TYPE{other}"),
        }
    }
}

impl Dns {
    /// Reads a message that travels between these ports, source first.
    pub fn read(transport: Transport, ports: (u16, u16), bytes: &[u8]) -> Option<Self> {
        let header: &[u8; 12] = bytes.first_chunk()?;
        let field = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        Some(Self {
            transport,
            source_port: ports.0,
            destination_port: ports.1,
            id: field(0),
            flags: field(2),
            response: header[2] & 0x80 != 0,
            authoritative: header[2] & 0x04 != 0,
            truncated: header[2] & 0x02 != 0,
            rcode: header[3] & 0x0f,
            size: bytes.len(),
            answer_count: field(6),
            question: (field(4) > 0).then(|| question(&bytes[12..])).flatten(),
            message: Message::from_vec(bytes).ok(),
            bytes: bytes.to_vec(),
            pieces: 1,
        })
    }

    /// Returns whether it carries an OPT record (RFC 6891), and its payload size.
    pub fn edns(&self) -> Option<u16> {
        let edns = self.message.as_ref()?.edns.as_ref()?;
        Some(edns.max_payload())
    }

    /// Returns the IPv6 addresses it answers with.
    pub fn aaaa(&self) -> Vec<Ipv6Addr> {
        let answers = self.message.iter().flat_map(|message| &message.answers);
        answers
            .filter_map(|record| match &record.data {
                RData::AAAA(address) => Some(address.0),
                _ => None,
            })
            .collect()
    }

    /// Returns whether its answer has any record of this type.
    pub fn has_answer(&self, kind: u16) -> bool {
        self.message
            .iter()
            .flat_map(|message| &message.answers)
            .any(|record| u16::from(record.record_type()) == kind)
    }

    /// Returns the name of its question.
    pub fn name(&self) -> Option<&str> {
        self.question.as_ref().map(|question| &*question.name)
    }
}

/// Reads a question; queries have no compression, since nothing stands before their name.
fn question(bytes: &[u8]) -> Option<Question> {
    let mut name = String::new();
    let mut rest = bytes;
    loop {
        let (&length, after) = rest.split_first()?;
        if length == 0 {
            rest = after;
            break;
        }
        if length > 63 || name.len() > 255 {
            return None;
        }
        let (label, after) = after.split_at_checked(usize::from(length))?;
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|byte| match byte {
            0x21..=0x7e => char::from(*byte),
            _ => '?',
        }));
        rest = after;
    }
    let [a, b, c, d, ..] = *rest else {
        return None;
    };
    Some(Question {
        name,
        kind: u16::from_be_bytes([a, b]),
        class: u16::from_be_bytes([c, d]),
    })
}

/// A question, its repetitions, and everything that came back for it.
#[derive(Clone, Debug)]
pub struct Exchange<'d> {
    /// The first message that asked.
    pub query: &'d Found<Dns>,
    /// The same message sent again.
    pub repeats: Vec<&'d Found<Dns>>,
    /// The responses that match it.
    pub replies: Vec<&'d Found<Dns>>,
}

impl<'d> Exchange<'d> {
    /// Returns the first response.
    pub fn reply(&self) -> Option<&'d Found<Dns>> {
        self.replies.first().copied()
    }

    /// Returns the question.
    pub fn question(&self) -> Option<&'d Question> {
        self.query.is.question.as_ref()
    }

    /// Returns whether both ask the same, whatever the case of their letters: a resolver may spell
    /// each try anew.
    pub fn asks_same(&self, other: &Self) -> bool {
        match (self.question(), other.question()) {
            (Some(one), Some(other)) => one.same(other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// Returns the question's name, or nothing in words.
    pub fn name(&self) -> &'d str {
        self.query.is.name().unwrap_or("")
    }

    /// Returns the records of the question and of its first answer.
    pub fn records(&self) -> Vec<RecordId> {
        [Some(self.query), self.reply()]
            .into_iter()
            .flatten()
            .map(|found| found.record)
            .collect()
    }
}
