//! Everything that was seen in one run: the only thing a check may look at.
//!
//! A trace is saved as one JSON document per line, the header first, so that a run that was cut
//! off still leaves a readable file.

use std::cmp::Ordering;
use std::io::{self, Read, Write};
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};

use crate::fault::Fate;
use crate::frame::Frame;
use crate::line::Line;
use crate::setup::Setup;
use crate::time::{Pace, Time};

mod lines;
pub mod pcapng;

use lines::Lines;

/// The version of the trace file; it grows when an old reader would misread a new file.
pub const FORMAT: u32 = 2;

/// A run, from the moment carrier came up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// What was set up.
    pub header: Header,
    /// What was seen, in order.
    pub records: Vec<Record>,
}

/// The truth about a run, so that its trace can be judged by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the file, [`FORMAT`].
    pub format: u32,
    /// The scenario's name, `family/name`.
    pub scenario: String,
    /// The device's name.
    pub device: String,
    /// The seed all randomness was drawn from.
    pub seed: u64,
    /// How the clock moved.
    pub pace: Pace,
    /// The contract and what the network delivers by it.
    pub line: Line,
    /// How the device was configured.
    pub setup: Setup,
    /// The terminals behind the device.
    pub terminals: Vec<TerminalTruth>,
    /// When the run was to end.
    pub until: Time,
    /// TLS secrets in the NSS key log form, one per line.
    pub tls_secrets: Vec<String>,
}

/// A terminal behind the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalTruth {
    /// The name scenarios use.
    pub name: String,
    /// Its MAC address.
    pub mac: crate::message::packet::Mac,
}

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: Time,
    /// What.
    pub seen: Seen,
}

/// What can be seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// A frame entered a cable.
    Frame {
        /// Which cable.
        on: Role,
        /// Which end it came from.
        from: End,
        /// The frame.
        frame: Frame,
        /// What the cable did to it.
        #[serde(default, skip_serializing_if = "is_default")]
        fate: Fate,
        /// Whether a scenario put it there, instead of the node at that end.
        #[serde(default, skip_serializing_if = "is_default")]
        injected: bool,
    },
    /// A node tells what only it can see.
    Fact {
        /// The node's name.
        node: String,
        /// What it tells.
        fact: Fact,
    },
    /// A step of the scenario.
    Step {
        /// The step, as the scenario's file says it. What it means is known to whoever made it
        /// happen, and to who judges.
        step: serde_json::Value,
        /// How it ended.
        outcome: StepOutcome,
    },
    /// The host woke the world this much too late; only in real pace.
    Late(Duration),
    /// Frames that were no longer recorded on this cable, or moved without time passing, or things
    /// that a node went on telling after its share.
    Suppressed {
        /// Which cable, or none for frames that never stopped moving and for what nodes told.
        on: Option<Role>,
        /// How many.
        count: u64,
    },
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Which wire of the testbed a cable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Between the device and what is upstream of it.
    Wan,
    /// Between the device and its terminals.
    Lan,
    /// Between the home gateway and the edge.
    Uplink,
}

impl Role {
    /// Every role, in the order of their interfaces in a capture.
    pub const ALL: [Self; 3] = [Self::Wan, Self::Lan, Self::Uplink];

    /// Returns the role's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wan => "wan",
            Self::Lan => "lan",
            Self::Uplink => "uplink",
        }
    }
}

/// One end of a cable. On the uplink the home gateway is the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The device under test.
    Device,
    /// The side that we play.
    Network,
}

impl End {
    /// Returns the other end.
    pub fn other(self) -> Self {
        match self {
            Self::Device => Self::Network,
            Self::Network => Self::Device,
        }
    }
}

/// How a step of the scenario ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// What it waited for did not happen in time.
    TimedOut,
    /// It could not be done, and why.
    Failed(String),
}

/// What frames cannot show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fact")]
pub enum Fact {
    /// The edge assigned a prefix to the line.
    Assigned {
        /// The whole assignment: /64 on RA lines, /56 on PD lines.
        prefix: Ipv6Net,
    },
    /// A server ended a TLS handshake.
    Tls {
        /// The host name the client asked for, if any.
        host: Option<String>,
        /// The client.
        peer: Ipv6Addr,
        /// `None` if established, else why not.
        error: Option<String>,
    },
    /// A server took in an HTTP request.
    HttpRequest {
        /// The client.
        peer: Ipv6Addr,
        /// `GET` or `POST`.
        method: String,
        /// The host asked for.
        host: String,
        /// The path asked for.
        path: String,
        /// The choice made on the consent screen, in the words of its button.
        choice: Option<String>,
    },
    /// A server sent a screen.
    ScreenServed {
        /// The client.
        peer: Ipv6Addr,
        /// Which screen.
        screen: Screen,
    },
    /// The line-authentication state of a prefix changed.
    LineState {
        /// The prefix the edge assigned.
        prefix: Ipv6Net,
        /// The state from this moment on.
        state: LineState,
    },
    /// A terminal may use an address.
    AddressReady {
        /// The address.
        address: Ipv6Addr,
        /// Whether it is a temporary address (RFC 8981).
        temporary: bool,
    },
    /// A terminal stopped using an address.
    AddressGone {
        /// The address.
        address: Ipv6Addr,
    },
    /// A terminal learnt its DNS servers.
    DnsLearnt {
        /// In order of preference.
        servers: Vec<Ipv6Addr>,
        /// The search list.
        search: Vec<String>,
        /// Where they came from.
        by: DnsSource,
    },
    /// A terminal has a global address, a router and a DNS server.
    Online,
    /// A terminal ended looking up a name.
    Resolved {
        /// The name.
        name: String,
        /// The addresses in the order of the answer; empty without one.
        addresses: Vec<Ipv6Addr>,
        /// How it ended.
        outcome: Resolution,
    },
    /// A terminal shows a page.
    PageSeen {
        /// The address it was asked for by.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The screen recognised on it.
        screen: Option<Screen>,
    },
    /// A terminal could not show a page.
    PageFailed {
        /// The address it was asked for by.
        url: String,
        /// What stood in the way.
        reason: FetchError,
    },
    /// A terminal has a whole file.
    Downloaded {
        /// The address it was asked for by.
        url: String,
        /// How many bytes came, the head included.
        bytes: u64,
    },
    /// A terminal's echo request was answered, or not.
    Pinged {
        /// Where it was sent.
        to: Ipv6Addr,
        /// Whether an answer came.
        answered: bool,
    },
    /// A TCP connection held open by a terminal was still alive after a silence, or not.
    StillConnected {
        /// The silence in milliseconds.
        idle_ms: u64,
        /// Whether data passed afterwards.
        alive: bool,
    },
    /// A command in a namespace of its own on the LAN has ended.
    CommandEnded {
        /// The command.
        command: Vec<String>,
        /// How it ended.
        ending: CommandEnding,
        /// What it wrote, its errors included.
        output: String,
        /// Whether it wrote more than is kept.
        cut: bool,
        /// The files that it left, as they are called next to the trace.
        files: Vec<String>,
    },
    /// Anything else a reader of the trace should know.
    Note(Note),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandEnding {
    /// By itself, with this status.
    Exit(i32),
    /// By a signal of this number.
    Signal(i32),
    /// Its time was up.
    TimedOut,
    /// Its computer got no address, no router or no DNS server in time.
    NeverOnline,
}

/// A remark in the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The remark.
    pub text: String,
}

/// Where a terminal's DNS servers came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DnsSource {
    /// Recursive DNS Server option of an RA (RFC 8106).
    Rdnss,
    /// Stateless DHCPv6.
    Dhcpv6,
    /// Set on the terminal (guide p.12).
    Fixed,
}

/// How looking up a name ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// With addresses.
    Answered,
    /// The name exists, but not with this type.
    NoData,
    /// The name does not exist.
    NxDomain,
    /// The server refused or failed.
    ServerFailure,
    /// No server answered.
    Timeout,
    /// The terminal knows no DNS server.
    NoServer,
}

/// Why a terminal could not show a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FetchError {
    /// The URL is not one.
    BadUrl,
    /// The name was not resolved.
    Name,
    /// No global address to send from.
    NoAddress,
    /// The connection was refused.
    Refused,
    /// No answer in time.
    Timeout,
    /// The server's certificate is not trusted (M10).
    Certificate,
    /// The connection broke off.
    Broken,
}

/// The screens of the line-authentication site and the ONS portal, ngn-facts §5.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Screen {
    /// 通知意思確認画面, the consent screen.
    Consent,
    /// M1: authentication succeeded.
    M1,
    /// M1b: the same in the words of guide Q17.
    M1b,
    /// M2: authenticated already.
    M2,
    /// M2b: the same in the words of guide Q17.
    M2b,
    /// M3: consent refused.
    M3,
    /// M4: back button after a refusal.
    M4,
    /// M5: ineligible line, P11019.
    M5,
    /// M6: no answer within 25 s, P32031.
    M6,
    /// M7: not registered, or another line's ID.
    M7,
    /// M8: system error.
    M8,
    /// M9: try again later.
    M9,
    /// The ONS portal's login page.
    Login,
    /// What the ONS portal shows to a line that is not authenticated.
    NotAuthenticated,
}

/// The line-authentication state of a prefix, ngn-facts §5.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineState {
    /// The line's service may not use ONS (M5).
    Ineligible,
    /// The customer ID was not applied for, or belongs to another line (M7).
    Unregistered,
    /// Ready for consent.
    Registered,
    /// Authenticated.
    Authenticated,
}

impl Trace {
    /// Writes the trace, one JSON document per line.
    pub fn save(&self, mut to: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, &self.header)?;
        to.write_all(b"\n")?;
        for record in &self.records {
            serde_json::to_writer(&mut to, record)?;
            to.write_all(b"\n")?;
        }
        to.flush()
    }

    /// Reads a trace that [`Trace::save`] wrote; an error names the line.
    pub fn load(from: impl Read) -> io::Result<Self> {
        let mut lines = Lines::of(from);
        let first = lines.next().transpose()?.unwrap_or_default();
        let bad_header = |error| bad_line(1, &error);
        let version: Version = serde_json::from_str(&first).map_err(bad_header)?;
        version.check()?;
        let header = serde_json::from_str(&first).map_err(bad_header)?;
        let mut records = Vec::new();
        for (index, line) in lines.enumerate() {
            let line = line?;
            records.push(serde_json::from_str(&line).map_err(|error| bad_line(index + 2, &error))?);
        }
        Ok(Self { header, records })
    }
}

/// What every trace file says first, whatever else it may say.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Version {
    fn check(&self) -> io::Result<()> {
        let writer = match self.format.cmp(&FORMAT) {
            Ordering::Equal => return Ok(()),
            Ordering::Less => "an older ngnlab",
            Ordering::Greater => "a newer ngnlab",
        };
        let text = format!(
            "it was written by {writer} (trace format {}, where this one reads {FORMAT}); \
             run its scenario again",
            self.format
        );
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

fn bad_line(line: usize, error: &serde_json::Error) -> io::Error {
    let text = format!(
        "line {line} of the trace, column {}: {error}",
        error.column()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}
