//! Steps in words, for the trace and for people.

use std::fmt;

use ngnlab_sim::line::LineAuthQuirk;
use ngnlab_sim::node::edge::Renumbering;

use super::line::{PrefixAfter, Server};
use super::resolve::{Kind, Transport};
use super::target::Target;
use super::{Action, Choice, Crafted, Wire};

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(terminal) = self.terminal() {
            write!(f, "{}: ", terminal.get_ref())?;
        }
        match self {
            Self::Authenticate(_) => write!(f, "authenticate the line"),
            Self::Open(step) => write!(f, "open {}", step.url.0),
            Self::Consent(step) => write!(f, "choose {}", step.choice.label()),
            Self::Back(_) => write!(f, "go back"),
            Self::Download(step) => write!(f, "download {}", step.url.0),
            Self::AskTime(_) => write!(f, "ask for the time"),
            Self::InstallCertificate(_) => write!(f, "install the root certificate of ONS"),
            Self::CloseBrowser(_) => write!(f, "shut the browser"),
            Self::OpenPortal(_) => write!(f, "open the portal"),
            Self::Resolve(step) => {
                write!(f, "look up {} {}", step.name, step.kind)?;
                if step.transport == Transport::Tcp {
                    write!(f, " by TCP")?;
                }
                if let Some(size) = step.edns {
                    write!(f, " with EDNS {size}")?;
                }
                match step.server {
                    Some(server) => write!(f, " at {server}"),
                    None => Ok(()),
                }
            }
            Self::ResolveGuideNames(_) => write!(f, "look up the names of guide p.15"),
            Self::Ask(step) => write!(f, "{step}"),
            Self::Ping(step) => match step.hop_limit {
                Some(limit) => write!(f, "ping {} with hop limit {limit}", step.to),
                None => write!(f, "ping {}", step.to),
            },
            Self::HoldConnection(step) => match step.count.get_ref() {
                1 => write!(f, "hold a connection silent for {}", step.idle),
                count => write!(f, "hold {count} connections silent for {}", step.idle),
            },
            Self::Run(step) => write!(f, "{step}"),
            Self::Browse(step) => write!(f, "{step}"),
            Self::Renumber(step) => match step.how {
                Renumbering::OldWithdrawn => write!(f, "renumber the line"),
                how => write!(f, "renumber the line, {how}"),
            },
            Self::AddHikariDenwa(_) => write!(f, "add Hikari Denwa to the line"),
            Self::RestartEdge(step) => {
                write!(f, "restart the edge for {}", step.outage)?;
                match step.prefix {
                    PrefixAfter::Same => Ok(()),
                    PrefixAfter::Another => write!(f, ", which has another prefix then"),
                }
            }
            Self::Reconfigure(_) => write!(f, "send Reconfigure to the DHCPv6 clients"),
            Self::PowerCycle(_) => write!(f, "cut the device's power"),
            Self::RebootHomeGateway(step) => {
                let unseen = if step.behind_switch {
                    " behind a switch"
                } else {
                    ""
                };
                write!(f, "restart the home gateway{unseen}")
            }
            Self::RevokeAuthentication(_) => write!(f, "take the authentication away"),
            Self::LineAuth(step) => {
                let mood = words(step.mood);
                write!(f, "have line authentication be {mood}")?;
                lasting(f, step.lasting)
            }
            Self::Silence(step) => {
                write!(f, "silence {}", step.node.name())?;
                lasting(f, step.lasting)
            }
            Self::Dns(step) => {
                write!(f, "put {} into mood {}", step.node.name(), step.mood.name())?;
                lasting(f, step.lasting)
            }
            Self::Loss(step) => {
                let percent = step.percent.get_ref();
                write!(f, "lose {percent} % on {}", step.cable.name())?;
                lasting(f, step.lasting)
            }
            Self::Delay(step) => {
                write!(f, "delay {} by {}", step.cable.name(), step.by)?;
                lasting(f, step.lasting)
            }
            Self::Duplicate(step) => {
                let percent = step.percent.get_ref();
                write!(f, "duplicate {percent} % on {}", step.cable.name())?;
                lasting(f, step.lasting)
            }
            Self::Reorder(step) => {
                let percent = step.percent.get_ref();
                write!(f, "reorder {percent} % on {}", step.cable.name())?;
                lasting(f, step.lasting)
            }
            Self::ClaimAddresses(step) => {
                write!(f, "claim the device's addresses on {}", step.cable.name())?;
                lasting(f, step.lasting)
            }
            Self::LinkDown(step) => {
                write!(
                    f,
                    "pull the {} cable for {}",
                    step.cable.name(),
                    step.lasting
                )
            }
            Self::InjectWan(step) => write!(f, "inject {} on wan", step.frame.name()),
            Self::InjectLan(step) => write!(f, "inject {} on lan", step.frame.name()),
            Self::SendOut(step) => write!(f, "send {} out to the line", step.packet.name()),
            Self::SendIn(step) => write!(f, "send {} in from the line", step.packet.name()),
        }
    }
}

fn lasting(
    f: &mut fmt::Formatter<'_>,
    period: Option<crate::scenario::period::Period>,
) -> fmt::Result {
    match period {
        Some(period) => write!(f, " for {period}"),
        None => Ok(()),
    }
}

/// Returns the name that scenarios use.
fn words(mood: LineAuthQuirk) -> &'static str {
    match mood {
        LineAuthQuirk::Slow => "slow",
        LineAuthQuirk::Hesitates => "hesitates",
        LineAuthQuirk::Fault => "fault",
        LineAuthQuirk::Busy => "busy",
        LineAuthQuirk::FaqWording => "faq-wording",
    }
}

impl Choice {
    /// Returns the words on the button (ngn-facts §5.8).
    pub fn label(self) -> &'static str {
        match self {
            Self::Accept => "希望する",
            Self::Refuse => "希望しない",
        }
    }
}

impl Server {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Wire {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Crafted {
    /// Returns the name that scenarios use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A => write!(f, "A"),
            Self::Aaaa => write!(f, "AAAA"),
            Self::Other(number) => write!(f, "TYPE{number}"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device => write!(f, "the device"),
            Self::LineAuth => write!(f, "line authentication"),
            Self::Portal => write!(f, "the portal"),
            Self::NgnDns(index) => write!(f, "NGN DNS {}", index + 1),
            Self::OnsDns(index) => write!(f, "ONS DNS {}", index + 1),
            Self::Internet => write!(f, "the internet"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}
