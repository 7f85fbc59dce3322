//! `do.ask`: DNS questions of a precise shape, for what a forwarder has to let through untouched.
//!
//! They are written byte by byte, since a library would refuse many of them.

use std::fmt;

use ngnlab_sim::message::dns::{HEADER, OPT};
use ngnlab_sim::node::terminal::{Carrier, Inquiry};
use serde::Deserialize;
use toml::Spanned;

use super::resolve::{Kind, Transport};
use super::target::Target;
use crate::runner::testbed::Testbed;
use crate::scenario::period::Period;

/// Which questions, and every detail of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Question {
    /// The terminal; the first one, unless given.
    pub from: Option<Spanned<String>>,
    /// The names; their questions leave at the same time.
    pub names: Vec<DnsName>,
    /// The record type.
    #[serde(default)]
    pub kind: Kind,
    /// The class.
    #[serde(default)]
    pub class: Class,
    /// The kind of request (RFC 1035 §4.1.1); 0 is a query.
    #[serde(default)]
    pub opcode: u8,
    /// Header flags that are set.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Whether recursion is not desired.
    #[serde(default)]
    pub no_recursion: bool,
    /// The OPT record; without it there is none.
    pub edns: Option<Edns>,
    /// Records that go along in the additional section.
    #[serde(default)]
    pub extra: Vec<Extra>,
    /// UDP unless given.
    #[serde(default)]
    pub transport: Transport,
    /// Whether all questions share one TCP connection; each has its own, unless given.
    #[serde(default)]
    pub pipelined: bool,
    /// How long a TCP connection is silent before it is used.
    pub idle: Option<Period>,
    /// Where the stream of a TCP connection is cut into segments.
    #[serde(default)]
    pub cuts: Vec<usize>,
    /// The id of all questions; random ones, unless given.
    pub id: Option<u16>,
    /// Whom to ask; the device, unless given.
    pub server: Option<Target>,
}

/// A domain name of any octets, as its labels stand in a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DnsName {
    text: String,
    wire: Vec<u8>,
}

/// The class of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Class {
    /// The internet.
    #[default]
    #[serde(rename = "IN")]
    Internet = 1,
    /// Chaos.
    #[serde(rename = "CH")]
    Chaos = 3,
    /// Hesiod.
    #[serde(rename = "HS")]
    Hesiod = 4,
}

/// A flag of the header that questions seldom have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Authentic data (RFC 6840 §5.7).
    Ad,
    /// Checking disabled (RFC 4035 §3.2.2).
    Cd,
    /// The reserved bit (RFC 1035 §4.1.1).
    Z,
}

/// An OPT record (RFC 6891 §6.1).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Edns {
    /// The payload size.
    #[serde(default = "usual_size")]
    pub size: u16,
    /// The version.
    #[serde(default)]
    pub version: u8,
    /// The flags, of which 0x8000 is DO.
    #[serde(default)]
    pub flags: u16,
    /// The codes of the options, each of which carries four octets.
    #[serde(default)]
    pub options: Vec<u16>,
}

/// A record that goes along with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extra {
    /// A TXT record whose owner is a pointer to the question's name (RFC 1035 §4.1.4).
    Compressed,
    /// The same record with its owner spelled out.
    Uncompressed,
    /// A TKEY record (RFC 2930 §2).
    Tkey,
    /// A TSIG record (RFC 8945 §4.2) of a key that nobody has; it stands last.
    Tsig,
}

/// DNS flag day 2020.
fn usual_size() -> u16 {
    1232
}

impl TryFrom<String> for DnsName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wire = labels(&text)
            .filter(|labels| {
                labels
                    .iter()
                    .all(|label| (1..=LONGEST_LABEL).contains(&label.len()))
            })
            .map(|labels| {
                let mut wire = Vec::new();
                for label in labels {
                    wire.push(u8::try_from(label.len()).unwrap_or(0));
                    wire.extend(label);
                }
                wire.push(0);
                wire
            })
            .filter(|wire| wire.len() <= LONGEST_NAME);
        match wire {
            Some(wire) => Ok(Self { text, wire }),
            None => Err(format!(
                "`{text}` is not a name of labels of 63 octets at most, 255 in all"
            )),
        }
    }
}

/// Takes a name apart at its dots; `\ddd` is an octet, and a backslash keeps a dot.
fn labels(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut labels = vec![Vec::new()];
    let mut rest = text.strip_suffix('.').unwrap_or(text).bytes();
    while let Some(byte) = rest.next() {
        let label = labels.last_mut()?;
        match byte {
            b'.' => labels.push(Vec::new()),
            b'\\' => match rest.next()? {
                first @ b'0'..=b'2' => {
                    let digits = [first, rest.next()?, rest.next()?];
                    label.push(std::str::from_utf8(&digits).ok()?.parse().ok()?);
                }
                other => label.push(other),
            },
            other => label.push(other),
        }
    }
    if text == "." {
        labels.clear();
    }
    Some(labels)
}

impl Question {
    /// Returns what the terminal has to send.
    pub(crate) fn inquiry(&self, testbed: &Testbed) -> Result<Inquiry, String> {
        let server = testbed
            .address(self.server.unwrap_or(Target::Device))
            .ok_or("the server's address is not known")?;
        Ok(Inquiry {
            server,
            messages: self.names.iter().map(|name| self.message(name)).collect(),
            id: self.id,
            carrier: match self.transport {
                Transport::Udp => Carrier::Datagrams,
                Transport::Tcp => Carrier::Streams {
                    pipelined: self.pipelined,
                    idle: self.idle.map(|idle| idle.0).unwrap_or_default(),
                    cuts: self.cuts.clone(),
                },
            },
        })
    }

    /// Returns one question as bytes; its id is nought.
    fn message(&self, name: &DnsName) -> Vec<u8> {
        let mut message = vec![0; HEADER];
        message[2] = self.opcode << 3 & OPCODE;
        if !self.no_recursion {
            message[2] |= RECURSION_DESIRED;
        }
        for flag in &self.flags {
            message[3] |= match flag {
                Flag::Z => 0x40,
                Flag::Ad => 0x20,
                Flag::Cd => 0x10,
            };
        }
        message[5] = 1;
        message.extend(&name.wire);
        message.extend(self.kind.number().to_be_bytes());
        message.extend((self.class as u16).to_be_bytes());
        let (last, first): (Vec<&Extra>, Vec<&Extra>) = self
            .extra
            .iter()
            .partition(|extra| matches!(extra, Extra::Tsig));
        let records = first
            .into_iter()
            .map(|extra| extra.record(name))
            .chain(self.edns.iter().map(Edns::record))
            .chain(last.into_iter().map(|extra| extra.record(name)));
        for record in records {
            message.extend(record);
            message[11] += 1;
        }
        message
    }
}

impl Edns {
    fn record(&self) -> Vec<u8> {
        let options: Vec<u8> = self
            .options
            .iter()
            .flat_map(|code| [&code.to_be_bytes()[..], &[0, 4], b"test"].concat())
            .collect();
        let [flags_high, flags_low] = self.flags.to_be_bytes();
        let ttl = [0, self.version, flags_high, flags_low];
        record(&[0], OPT, self.size, ttl, &options)
    }
}

impl Extra {
    fn record(self, question: &DnsName) -> Vec<u8> {
        match self {
            Self::Compressed => record(&POINTER_TO_QUESTION, TXT, INTERNET, [0; 4], b"\x04test"),
            Self::Uncompressed => record(&question.wire, TXT, INTERNET, [0; 4], b"\x04test"),
            Self::Tkey => {
                let mut data = GSS_TSIG.to_vec();
                // Inception and expiration.
                data.extend(
                    [SIGNED_AT, SIGNED_AT + 86_400]
                        .map(u32::to_be_bytes)
                        .concat(),
                );
                // Mode 3 is GSS-API; no error, eight octets of key data, no other data.
                data.extend([0, 3, 0, 0, 0, 8]);
                data.extend(b"ngnlab-k");
                data.extend([0, 0]);
                record(KEY, TKEY, ANY, [0; 4], &data)
            }
            Self::Tsig => {
                let mut data = HMAC_SHA256.to_vec();
                // The upper 16 bits of the time are nought; five minutes of fudge.
                data.extend([0, 0]);
                data.extend(SIGNED_AT.to_be_bytes());
                data.extend([1, 44, 0, 32]);
                data.extend([0x5a; 32]);
                // The original id, no error, no other data.
                data.extend([0; 6]);
                record(KEY, TSIG, ANY, [0; 4], &data)
            }
        }
    }
}

fn record(owner: &[u8], kind: u16, class: u16, ttl: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    [
        owner,
        &kind.to_be_bytes(),
        &class.to_be_bytes(),
        &ttl,
        &length.to_be_bytes(),
        data,
    ]
    .concat()
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.names[..] {
            [name] => write!(f, "ask for {} {}", name.text, self.kind)?,
            names => write!(f, "ask for {} names at once", names.len())?,
        }
        if self.transport == Transport::Tcp {
            write!(f, " by TCP")?;
        }
        if let Some(idle) = self.idle {
            write!(f, " after {idle} of silence")?;
        }
        match self.server {
            Some(server) => write!(f, " at {server}"),
            None => Ok(()),
        }
    }
}

/// RFC 1035 §2.3.4.
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 255;
const OPCODE: u8 = 0x78;
const RECURSION_DESIRED: u8 = 0x01;
const INTERNET: u16 = 1;
const ANY: u16 = 255;
const TXT: u16 = 16;
const TKEY: u16 = 249;
const TSIG: u16 = 250;
/// The question's name is the first thing after the header.
const POINTER_TO_QUESTION: [u8; 2] = [0xc0, 12];
const KEY: &[u8] = b"\x03key\x06ngnlab\x00";
const HMAC_SHA256: &[u8] = b"\x0bhmac-sha256\x00";
const GSS_TSIG: &[u8] = b"\x08gss-tsig\x00";
/// When the guide's edition 1.2 came out, 2021-03-25; nobody looks.
const SIGNED_AT: u32 = 1_616_630_400;

#[cfg(test)]
mod tests {
    use hickory_proto::op::Message;
    use hickory_proto::rr::RData;

    use super::*;

    fn message(text: &str) -> Vec<u8> {
        let question: Question = toml::from_str(text).unwrap();
        question.message(&question.names[0])
    }

    #[test]
    fn names_keep_their_octets_and_their_limits() {
        let wire = |text: &str| DnsName::try_from(text.to_owned()).map(|name| name.wire);
        assert_eq!(wire(".").unwrap(), [0]);
        assert_eq!(wire(r"a\.b\255.Mnw.").unwrap(), b"\x04a.b\xff\x03Mnw\x00");
        assert!(wire("a..b").is_err());
        assert!(wire(&"a".repeat(64)).is_err());
        let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
        assert_eq!(wire(&long).unwrap().len(), 255);
        assert!(wire(&format!("{long}b")).is_err());
    }

    #[test]
    fn another_implementation_reads_what_is_written() {
        let bytes = message(
            r#"
            names = ["www.lineauth.mnw"]
            flags = ["ad", "cd"]
            edns  = { size = 4096, flags = 0x8000, options = [65001, 65002] }
            extra = ["tsig", "tkey", "compressed", "uncompressed"]
            "#,
        );
        let message = Message::from_vec(&bytes).unwrap();
        assert!(message.metadata.authentic_data && message.metadata.checking_disabled);
        assert!(message.metadata.recursion_desired);
        let edns = message.edns.as_ref().unwrap();
        assert_eq!((edns.max_payload(), edns.flags().dnssec_ok), (4096, true));
        assert_eq!(edns.options().as_ref().len(), 2);
        assert_eq!(message.additionals[1].name, message.queries[0].name);
        assert_eq!(message.additionals[2].name, message.queries[0].name);
        let last = message.additionals.last().unwrap();
        assert!(matches!(last.data, RData::TSIG(_)), "{last}");
    }

    #[test]
    fn odd_headers_are_written_as_told() {
        let bytes = message("names = [\"a\"]\nopcode = 4\nclass = \"CH\"\nno-recursion = true");
        assert_eq!(bytes[2], 4 << 3);
        assert_eq!(bytes[HEADER..], *b"\x01a\x00\x00\x1c\x00\x03");
        let bytes = message("names = [\"a\"]\nflags = [\"z\"]");
        assert_eq!(bytes[2..4], [1, 0x40]);
    }
}
