//! The step vocabulary: what a scenario can make happen, as its file says it.
//!
//! Plain values, which a trace keeps as they are; words are made where a person reads them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use self::by_hand::ByHand;
use self::cable::{ClaimAddresses, Delay, Duplicate, LinkDown, Loss, Reorder};
use self::crafted::{Inject, Send};
use self::internet::{SendToPeer, SendUdp, Stranger};
use self::line::{RebootHomeGateway, Renumber, RestartEdge};
use self::pppoe::Concentrator;
use self::press::Press;
use self::question::Question;
use self::real_terminal::{Browse, Run};
use self::resolve::Resolve;
use self::servers::{DnsMood, LineAuth, Silence};
use self::terminal::{Consent, From, Hold, Open, Ping};
use crate::period::Period;

pub mod by_hand;
pub mod cable;
pub mod crafted;
pub mod internet;
pub mod line;
pub mod pppoe;
pub mod press;
pub mod question;
pub mod real_terminal;
pub mod resolve;
pub mod servers;
pub mod target;
pub mod terminal;
pub mod words;

/// One step of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// When it begins.
    pub at: Option<Period>,
    /// What it waits for instead.
    pub when: Option<When>,
    /// The terminal that `when` speaks of.
    pub terminal: Option<String>,
    /// How long it may take, waiting included; until the run ends, unless given.
    pub within: Option<Period>,
    /// What is done.
    #[serde(rename = "do")]
    pub action: Action,
}

/// What a step can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The terminal has a global address, a router and a DNS server.
    TerminalOnline,
}

/// Everything that a step can do; `play::perform` does it.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schemars(description = "What a step does; exactly one of these.")]
pub enum Action {
    /// Opens the line-authentication site and chooses 希望する if it asks.
    Authenticate(From),
    /// Opens a page.
    Open(Open),
    /// Chooses a button of the consent screen that is open.
    Consent(Consent),
    /// Opens the members club and logs in as the line's member.
    LogIn(From),
    /// Fills fields of the page that is open, and presses a button or a link.
    Press(Press),
    /// Goes back to the consent screen and chooses again.
    Back(From),
    /// Installs the root certificate of ONS on the terminal.
    InstallCertificate(From),
    /// Closes the browser, whatever it is doing.
    CloseBrowser(From),
    /// Deletes the browser's cookies.
    DeleteCookies(From),
    /// Puts IPv6 on at the terminal's network interface.
    SwitchIpv6On(From),
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
    Ask(Question),
    /// Sends an echo request.
    Ping(Ping),
    /// Sends a datagram.
    SendUdp(SendUdp),
    /// Sends a datagram to where the echo host has heard another one from.
    SendToPeer(SendToPeer),
    /// Opens a connection to the portal, keeps it silent, and uses it again.
    HoldConnection(Hold),
    /// Runs a command on a real computer on the LAN.
    Run(Run),
    /// Opens a page in a real browser on the LAN, and presses buttons.
    Browse(Browse),
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
    RebootHomeGateway(RebootHomeGateway),
    /// Takes the line's authentication away.
    RevokeAuthentication(Nothing),
    /// Gives the line-authentication site an oddity.
    LineAuth(LineAuth),
    /// Makes a server deaf.
    Silence(Silence),
    /// Makes a DNS server misbehave.
    Dns(DnsMood),
    /// Has the PPPoE concentrator do something.
    Concentrator(Concentrator),
    /// Presses 接続 or 切断 on the settings page of a router that dials PPPoE.
    ByHand(ByHand),
    /// Has somebody in the internet send something to the device's PPPoE session.
    Stranger(Stranger),
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

/// No details at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl Action {
    /// Returns its name in scenario files.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Returns the terminal that does it, if one does: named, or `None` for the first one.
    pub fn terminal(&self) -> Option<Option<&str>> {
        match self {
            Self::Authenticate(step)
            | Self::Back(step)
            | Self::CloseBrowser(step)
            | Self::LogIn(step)
            | Self::DeleteCookies(step)
            | Self::SwitchIpv6On(step)
            | Self::InstallCertificate(step)
            | Self::AskTime(step)
            | Self::OpenPortal(step)
            | Self::ResolveGuideNames(step) => Some(step.from.as_deref()),
            Self::Open(step) | Self::Download(step) => Some(step.from.as_deref()),
            Self::Consent(step) => Some(step.from.as_deref()),
            Self::Press(step) => Some(step.from.as_deref()),
            Self::Resolve(step) => Some(step.from.as_deref()),
            Self::Ask(step) => Some(step.from.as_deref()),
            Self::Ping(step) => Some(step.from.as_deref()),
            Self::SendUdp(step) => Some(step.from.as_deref()),
            Self::SendToPeer(step) => Some(step.from.as_deref()),
            Self::HoldConnection(step) => Some(step.from.as_deref()),
            // Those of the line; a real terminal is nobody's but the step's.
            _ => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Some(terminal)) = self.terminal() {
            write!(f, "{terminal}: ")?;
        }
        match self {
            Self::Authenticate(_) => write!(f, "authenticate the line"),
            Self::Open(step) => write!(f, "open {}", step.url.0),
            Self::Consent(step) => write!(f, "choose {}", step.choice.label()),
            Self::LogIn(_) => write!(f, "log in to the members club"),
            Self::Press(step) => write!(f, "{step}"),
            Self::Back(_) => write!(f, "go back"),
            Self::Download(step) => write!(f, "download {}", step.url.0),
            Self::AskTime(_) => write!(f, "ask for the time"),
            Self::InstallCertificate(_) => write!(f, "install the root certificate of ONS"),
            Self::CloseBrowser(_) => write!(f, "shut the browser"),
            Self::DeleteCookies(_) => write!(f, "delete the cookies"),
            Self::SwitchIpv6On(_) => write!(f, "put IPv6 on"),
            Self::OpenPortal(_) => write!(f, "open the portal"),
            Self::Resolve(step) => write!(f, "{step}"),
            Self::ResolveGuideNames(_) => write!(f, "look up the names of guide p.15"),
            Self::Ask(step) => write!(f, "{step}"),
            Self::Ping(step) => write!(f, "{step}"),
            Self::SendUdp(step) => write!(f, "{step}"),
            Self::SendToPeer(step) => write!(f, "{step}"),
            Self::HoldConnection(step) => write!(f, "{step}"),
            Self::Run(step) => write!(f, "{step}"),
            Self::Browse(step) => write!(f, "{step}"),
            Self::Renumber(step) => write!(f, "{step}"),
            Self::AddHikariDenwa(_) => write!(f, "add Hikari Denwa to the line"),
            Self::RestartEdge(step) => write!(f, "{step}"),
            Self::Reconfigure(_) => write!(f, "send Reconfigure to the DHCPv6 clients"),
            Self::PowerCycle(_) => write!(f, "cut the device's power"),
            Self::RebootHomeGateway(step) => write!(f, "{step}"),
            Self::RevokeAuthentication(_) => write!(f, "take the authentication away"),
            Self::LineAuth(step) => write!(f, "{step}"),
            Self::Silence(step) => write!(f, "{step}"),
            Self::Dns(step) => write!(f, "{step}"),
            Self::Concentrator(step) => write!(f, "{step}"),
            Self::ByHand(step) => write!(f, "{step}"),
            Self::Stranger(step) => write!(f, "{step}"),
            Self::Loss(step) => write!(f, "{step}"),
            Self::Delay(step) => write!(f, "{step}"),
            Self::Duplicate(step) => write!(f, "{step}"),
            Self::Reorder(step) => write!(f, "{step}"),
            Self::ClaimAddresses(step) => write!(f, "{step}"),
            Self::LinkDown(step) => write!(f, "{step}"),
            Self::InjectWan(step) => write!(f, "inject {} on wan", step.frame),
            Self::InjectLan(step) => write!(f, "inject {} on lan", step.frame),
            Self::SendOut(step) => write!(f, "send {} out to the line", step.packet),
            Self::SendIn(step) => write!(f, "send {} in from the line", step.packet),
        }
    }
}

fn lasting(f: &mut fmt::Formatter<'_>, period: Option<Period>) -> fmt::Result {
    match period {
        Some(period) => write!(f, " for {period}"),
        None => Ok(()),
    }
}
