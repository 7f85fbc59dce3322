//! The step vocabulary: what a scenario can make happen.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use toml::Spanned;

use self::impair::{ClaimAddresses, Delay, Duplicate, Reorder};
use self::inject::forwarding::Crossing;
use self::line::{LineAuth, Renumber, RestartEdge, Silence};
use self::resolve::Resolve;
use self::target::Target;
use crate::scenario::period::Period;

pub mod ask;
pub mod impair;
pub mod inject;
pub mod line;
pub mod moods;
pub(crate) mod perform;
pub mod resolve;
pub mod run;
pub mod sight;
pub mod target;
mod words;

/// One step of a scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// When it begins.
    pub at: Option<Spanned<Period>>,
    /// What it waits for instead.
    pub when: Option<When>,
    /// The terminal that `when` speaks of.
    pub terminal: Option<Spanned<String>>,
    /// How long it may take, waiting included; until the run ends, unless given.
    pub within: Option<Period>,
    /// What is done.
    #[serde(rename = "do")]
    pub action: Action,
}

/// What a step can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The terminal has a global address, a router and a DNS server.
    TerminalOnline,
}

/// Everything that a step can do.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Opens the line-authentication site and chooses 希望する if it asks.
    Authenticate(From),
    /// Opens a page.
    Open(Open),
    /// Chooses a button of the consent screen that is open.
    Consent(Consent),
    /// Goes back to the consent screen and chooses again.
    Back(From),
    /// Installs the root certificate of ONS on the terminal.
    InstallCertificate(From),
    /// Closes the browser, whatever it is doing.
    CloseBrowser(From),
    /// Opens the login page of the ONS portal.
    OpenPortal(From),
    /// Has a file over plain HTTP.
    Download(Open),
    /// Asks the ONS time servers for the time.
    AskTime(From),
    /// Looks up one name.
    Resolve(Resolve),
    /// Looks up the six names of guide p.15, addresses of both kinds.
    ResolveGuideNames(From),
    /// Sends DNS questions of a precise shape.
    Ask(ask::Question),
    /// Sends an echo request.
    Ping(Ping),
    /// Opens a connection to the portal, keeps it silent, and uses it again.
    HoldConnection(Hold),
    /// Runs a command on a real computer on the LAN.
    Run(run::Run),
    /// Opens a page in a real browser on the LAN, and presses buttons.
    Browse(run::Browse),
    /// Gives the line another prefix.
    Renumber(Renumber),
    /// Adds ひかり電話 to an RA line.
    AddHikariDenwa(Nothing),
    /// Restarts the edge router.
    RestartEdge(RestartEdge),
    /// Has the edge tell its DHCPv6 clients to renew.
    Reconfigure(Nothing),
    /// Takes the device's power away and gives it back.
    PowerCycle(Nothing),
    /// Restarts the ひかり電話ルータ.
    RebootHomeGateway(impair::RebootHomeGateway),
    /// Takes the line's authentication away.
    RevokeAuthentication(Nothing),
    /// Gives the line-authentication site an oddity.
    LineAuth(LineAuth),
    /// Makes a server deaf.
    Silence(Silence),
    /// Makes a DNS server misbehave.
    Dns(moods::DnsMood),
    /// Makes a cable lose frames.
    Loss(Loss),
    /// Makes a cable slow.
    Delay(Delay),
    /// Makes a cable deliver frames twice.
    Duplicate(Duplicate),
    /// Makes a cable deliver frames out of order.
    Reorder(Reorder),
    /// Pulls a cable, and puts it back.
    LinkDown(LinkDown),
    /// Has somebody on a cable claim every address that the device is about to take.
    ClaimAddresses(ClaimAddresses),
    /// Puts crafted frames on the device's WAN cable.
    InjectWan(Inject),
    /// Puts crafted frames on the device's LAN cable.
    InjectLan(Inject),
    /// Sends crafted packets from a terminal towards the line.
    SendOut(Send),
    /// Sends crafted packets from the line towards a terminal.
    SendIn(Send),
}

/// Nothing but the terminal.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct From {
    /// The terminal; the first one, unless given.
    pub from: Option<Spanned<String>>,
}

/// No details at all.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which page.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Open {
    /// The terminal; the first one, unless given.
    pub from: Option<Spanned<String>>,
    /// The page.
    pub url: Url,
}

/// An address of a page, `https://` or `http://`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Url(pub String);

impl TryFrom<String> for Url {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        if rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) {
            Ok(Self(text))
        } else {
            Err(format!(
                "`{text}` is not an address such as https://www.lineauth.mnw/"
            ))
        }
    }
}

/// Which button.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Consent {
    /// The terminal; the first one, unless given.
    pub from: Option<Spanned<String>>,
    /// The button.
    pub choice: Choice,
}

/// A button of the consent screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// 希望する.
    Accept,
    /// 希望しない.
    Refuse,
}

/// Where to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ping {
    /// The terminal; the first one, unless given.
    pub from: Option<Spanned<String>>,
    /// The destination.
    pub to: Target,
    /// The hop limit, 64 unless given.
    pub hop_limit: Option<u8>,
}

/// How long a connection is silent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hold {
    /// The terminal; the first one, unless given.
    pub from: Option<Spanned<String>>,
    /// The silence.
    pub idle: Period,
    /// How many connections at the same time; one, unless given.
    #[serde(default = "one")]
    pub count: Spanned<u8>,
}

fn one() -> Spanned<u8> {
    Spanned::new(0..0, 1)
}

/// Which cable loses frames, how many, and how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Loss {
    /// The cable.
    pub cable: Wire,
    /// How many frames in a hundred are lost.
    pub percent: Spanned<u8>,
    /// How long; until the run ends, unless given.
    pub lasting: Option<Period>,
}

/// Which cable is pulled, and how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LinkDown {
    /// The cable.
    pub cable: Wire,
    /// How long.
    pub lasting: Period,
}

/// A cable of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Wire {
    /// Towards the line.
    Wan,
    /// Towards the terminals.
    Lan,
}

/// Which crafted frames.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Inject {
    /// Their name.
    pub frame: Crafted,
}

/// Which crafted packets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Send {
    /// Their name.
    pub packet: Crossing,
}

/// Frames that no node of ours would send by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Crafted {
    /// A DNS question for the device itself.
    DnsQueryToDevice,
    /// A DHCPv6 Solicit and an Information-Request, as if the sender looked for a server.
    Dhcpv6Solicit,
    /// A DHCPv6 Information-Request for DNS servers, search list and SNTP servers.
    Dhcpv6InformationRequest,
    /// DHCPv6 messages that RFC 8415 §16 has a server throw away.
    MisdirectedDhcpv6,
    /// Advertises with the highest preference that RFC 8415 §16.3 has thrown away.
    ForgedAdvertise,
    /// Replies that RFC 8415 §16.10 has thrown away.
    ForgedReply,
    /// Reconfigures that RFC 8415 §16.11 has thrown away.
    ForgedReconfigure,
    /// DHCPv6 messages of unknown type, and of types that clients send.
    #[serde(rename = "unknown-dhcpv6-types")]
    #[strum(serialize = "unknown-dhcpv6-types")]
    UnknownDhcpv6Types,
    /// A valid Router Solicitation.
    RouterSolicit,
    /// A valid Router Solicitation of a sender that has no address yet.
    AnonymousRouterSolicit,
    /// Router Solicitations that RFC 4861 §6.1.1 has thrown away.
    InvalidRouterSolicit,
    /// Valid Neighbor Solicitations for the device's own addresses.
    NeighborSolicitDevice,
    /// Neighbor Solicitations that RFC 4861 §7.1.1 has thrown away.
    InvalidNeighborSolicit,
    /// A TCP connection from outside to a terminal.
    TcpSynToTerminal,
    /// A UDP datagram from outside to a terminal.
    UdpToTerminal,
    /// An echo request from outside to a terminal.
    EchoToTerminal,
    /// An echo request to the device itself.
    EchoToDevice,
    /// An echo request to a terminal whose hop limit ends at the device.
    #[serde(rename = "echo-hop-limit-1")]
    #[strum(serialize = "echo-hop-limit-1")]
    EchoHopLimit1,
    /// A Packet Too Big for the terminal's open TCP connection.
    PacketTooBig,
    /// A Neighbor Solicitation for an address that no terminal has.
    NeighborSolicitAbsentHost,
    /// Neighbor Solicitations for the addresses of the terminals.
    NeighborSolicitTerminals,
    /// An echo request into a part of the delegation that has no subnet.
    UnassignedSubnet,
    /// A datagram for the portal from a computer on the LAN with an address of another line.
    ForeignSource,
    /// A datagram for the portal from a computer that kept the address it had before.
    RememberedAddress,
    /// Datagrams from and to unique local addresses.
    UniqueLocalAddresses,
    /// Echo requests to the portal in the terminals' names.
    EchoFromTerminals,
    /// Router Advertisements that RFC 4861 §6.1.2 has thrown away.
    InvalidRouterAdverts,
    /// Prefixes that no address may be formed from.
    UnfitPrefixes,
    /// A prefix for addresses that is not on-link.
    PrefixNotOnLink,
    /// The line's prefix with lifetimes of five seconds, from a stranger.
    ShortPrefixLifetimes,
    /// The line's router says that it is none.
    RouterLifetimeZero,
    /// What the line's router advertised last, once more.
    RouterAdvertAgain,
    /// Hundreds of short-lived routers and prefixes.
    RouterAdvertFlood,
    /// Router Advertisements that are spoilt in every way.
    MutatedRouterAdverts,
    /// DHCPv6 answers that are spoilt in every way.
    MutatedDhcpv6,
}

impl Action {
    /// Returns the terminal that is named, if any.
    pub fn terminal(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Authenticate(step)
            | Self::Back(step)
            | Self::CloseBrowser(step)
            | Self::InstallCertificate(step)
            | Self::AskTime(step)
            | Self::OpenPortal(step)
            | Self::ResolveGuideNames(step) => step.from.as_ref(),
            Self::Open(step) | Self::Download(step) => step.from.as_ref(),
            Self::Consent(step) => step.from.as_ref(),
            Self::Resolve(step) => step.from.as_ref(),
            Self::Ask(step) => step.from.as_ref(),
            Self::Ping(step) => step.from.as_ref(),
            Self::HoldConnection(step) => step.from.as_ref(),
            Self::Run(_)
            | Self::Browse(_)
            | Self::Renumber(_)
            | Self::AddHikariDenwa(_)
            | Self::RestartEdge(_)
            | Self::Reconfigure(_)
            | Self::PowerCycle(_)
            | Self::RebootHomeGateway(_)
            | Self::RevokeAuthentication(_)
            | Self::LineAuth(_)
            | Self::Silence(_)
            | Self::Dns(_)
            | Self::Loss(_)
            | Self::Delay(_)
            | Self::Duplicate(_)
            | Self::Reorder(_)
            | Self::LinkDown(_)
            | Self::ClaimAddresses(_)
            | Self::InjectWan(_)
            | Self::InjectLan(_)
            | Self::SendOut(_)
            | Self::SendIn(_) => None,
        }
    }
}
