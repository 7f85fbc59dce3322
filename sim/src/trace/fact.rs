//! What frames cannot show, and only one node sees: facts, and how the things they tell of ended.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};

use super::screen::Screen;
use crate::line::LineState;

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
    /// A terminal may use an IPv4 address, or may go on using it.
    Ipv4Ready {
        /// The address.
        address: Ipv4Addr,
        /// The default router.
        router: Option<Ipv4Addr>,
        /// The DNS servers in order of preference.
        dns: Vec<Ipv4Addr>,
        /// Whether it was set by hand instead of given by DHCPv4.
        by_hand: bool,
        /// Whether it is that of a PPPoE session which the terminal has dialled itself.
        #[serde(default, skip_serializing_if = "is_not")]
        in_session: bool,
    },
    /// A terminal stopped using an IPv4 address.
    Ipv4Gone {
        /// The address.
        address: Ipv4Addr,
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
    /// A program of the device wrote a line, or the device did on its console; the time is when it
    /// was read.
    Logged {
        /// The name of the log.
        log: String,
        /// The line, as far as it is kept.
        line: String,
    },
    /// The concentrator saw something happen to a PPPoE session.
    Ppp {
        /// Its SESSION_ID; zero if it never had one.
        session: u16,
        /// The account, once it is known.
        account: Option<String>,
        /// What happened.
        event: PppEvent,
    },
    /// Anything else a reader of the trace should know.
    Note(Note),
}

/// What happened to a PPPoE session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PppEvent {
    /// IPv4 may flow.
    Up {
        /// The address that the device was given.
        address: Ipv4Addr,
    },
    /// It was refused: the contract has no more.
    TooMany,
    /// The name or the password is wrong.
    WrongPassword,
    /// It is over.
    Ended {
        /// Who ended it.
        how: PppEnd,
    },
}

/// How a PPPoE session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PppEnd {
    /// The device ended it.
    ByDevice,
    /// The concentrator did.
    ByNetwork,
    /// The device said nothing any more.
    Silence,
    /// The concentrator forgot it, and told nobody.
    Forgotten,
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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands in a reference"
)]
pub(super) fn is_not(value: &bool) -> bool {
    !value
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
