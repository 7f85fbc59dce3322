//! `do.ask`: DNS questions of a precise shape, for what a forwarder has to let through untouched.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resolve::{Kind, Transport, is_yes, yes};
use super::target::Target;
use crate::period::Period;

/// Which questions, and every detail of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Question {
    /// The terminal; the first one, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Period>,
    /// Whether a TCP client has no more to say once it has asked, and closes its side.
    #[serde(default)]
    pub half_close: bool,
    /// Where the stream of a TCP connection is cut into segments.
    #[serde(default)]
    pub cuts: Vec<usize>,
    /// The id of all questions; random ones, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u16>,
    /// Whom to ask; the device, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Target>,
    /// Whether somebody may have the names; `false` says that nobody is meant to have some of them.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub exists: bool,
}

/// A domain name of any octets, as its labels stand in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, extend("minLength" = 1))]
pub struct DnsName {
    text: String,
    wire: Vec<u8>,
}

/// The class of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl From<DnsName> for String {
    fn from(name: DnsName) -> Self {
        name.text
    }
}

impl DnsName {
    /// Returns its labels as they stand in a message.
    pub fn wire(&self) -> &[u8] {
        &self.wire
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
