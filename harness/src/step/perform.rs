//! What each step does to the testbed, and how long it goes on.

use std::collections::VecDeque;
use std::time::Duration;

use ngnlab_sim::cable::Cable;
use ngnlab_sim::fault::Fate;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::node::edge::Renumbering;
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::node::terminal::browser;
use ngnlab_sim::node::terminal::{Ask, Inquiry, RecordType, Transport as Carrier};
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::{End, Screen, StepOutcome};
use rand::Rng as _;

use super::impair::{self, Claim};
use super::inject::forwarding;
use super::line::{PrefixAfter, Renumber, Server, Silence};
use super::resolve::{Kind, Resolve, Transport};
use super::run::Running;
use super::target::Target;
use super::{Action, Choice, Inject, LinkDown, Loss, Wire, inject};
use crate::dut::{Dut, DutError};
use crate::runner::testbed::Testbed;

/// A step that goes on.
pub(crate) enum Activity {
    /// A terminal does one thing after the other.
    Terminal {
        number: usize,
        moves: VecDeque<Move>,
    },
    /// A cable hangs loose until then.
    Unplugged { cable: Cable, until: Time },
    /// Somebody claims the device's addresses.
    Claiming(Claim),
    /// A real terminal runs a command.
    Running(Running),
    /// Nothing is left to do.
    Over,
}

/// One thing that a terminal does.
pub(crate) enum Move {
    /// Opens a page.
    Open(String),
    /// Chooses a button of the consent screen.
    Choose(browser::Choice),
    /// Does so only if the consent screen is there.
    ChooseIfAsked(browser::Choice),
    /// Goes back to the page before.
    Back,
    /// Looks up a name.
    Resolve(Ask),
    /// Sends questions of any shape.
    Ask(Inquiry),
    /// Sends an echo request.
    Ping(Target, Option<u8>),
    /// Keeps so many connections silent, then uses them.
    Hold(String, Duration, u8),
    /// Has a file over plain HTTP.
    Download(String),
    /// Sends an NTP client's packet to a delivery host.
    AskTime,
    /// Installs the root certificate of ONS.
    InstallCertificate,
}

/// Begins a step; the inner error says why it cannot be done.
pub(crate) fn begin(
    action: &Action,
    testbed: &mut Testbed,
    dut: &mut dyn Dut,
) -> Result<Result<Activity, String>, DutError> {
    let name = action.terminal().map(|name| name.get_ref().as_str());
    let number = testbed.terminal(name);
    let terminal = |moves: Vec<Move>| {
        Ok(Activity::Terminal {
            number,
            moves: moves.into(),
        })
    };
    Ok(match action {
        Action::Authenticate(_) => terminal(vec![
            Move::Open(LINE_AUTH.to_owned()),
            Move::ChooseIfAsked(browser::Choice::Accept),
        ]),
        Action::Open(step) => terminal(vec![Move::Open(step.url.0.clone())]),
        Action::Download(step) => terminal(vec![Move::Download(step.url.0.clone())]),
        Action::AskTime(_) => terminal(vec![Move::Resolve(plain(TIME)), Move::AskTime]),
        Action::Consent(step) => terminal(vec![Move::Choose(step.choice.into())]),
        Action::Back(_) => terminal(vec![Move::Back]),
        Action::InstallCertificate(_) => terminal(vec![Move::InstallCertificate]),
        Action::CloseBrowser(_) => {
            let handle = testbed.handle(number);
            testbed.world.with(handle, |pc, cx| pc.close_browser(cx));
            Ok(Activity::Over)
        }
        Action::OpenPortal(_) => terminal(vec![Move::Open(PORTAL.to_owned())]),
        Action::Resolve(step) => ask(step, testbed).map(|ask| Activity::Terminal {
            number,
            moves: [Move::Resolve(ask)].into(),
        }),
        Action::Ask(step) => step.inquiry(testbed).map(|inquiry| Activity::Terminal {
            number,
            moves: [Move::Ask(inquiry)].into(),
        }),
        Action::ResolveGuideNames(_) => terminal(guide_names(testbed)),
        Action::Ping(step) => terminal(vec![Move::Ping(step.to, step.hop_limit)]),
        Action::HoldConnection(step) => {
            let (idle, count) = (step.idle.0, *step.count.get_ref());
            terminal(vec![Move::Hold(PORTAL.to_owned(), idle, count)])
        }
        Action::Run(step) => Ok(Activity::Running(Running::run(step, testbed)?)),
        Action::Browse(step) => Ok(Activity::Running(Running::browse(step, testbed)?)),
        Action::Renumber(step) => renumber(*step, testbed),
        Action::AddHikariDenwa(_) => {
            let edge = testbed.access.edge;
            let added = testbed
                .world
                .with(edge, |edge, cx| edge.add_hikari_denwa(cx));
            if added {
                Ok(Activity::Over)
            } else {
                Err("the line delegates already".to_owned())
            }
        }
        Action::RestartEdge(step) => {
            let edge = testbed.access.edge;
            let another = step.prefix == PrefixAfter::Another;
            testbed
                .world
                .with(edge, |edge, cx| edge.restart(step.outage.0, another, cx));
            Ok(Activity::Over)
        }
        Action::Reconfigure(_) => {
            let edge = testbed.access.edge;
            testbed.world.with(edge, |edge, cx| edge.reconfigure(cx));
            Ok(Activity::Over)
        }
        Action::PowerCycle(_) => {
            dut.power_cycle(&mut testbed.world)?;
            Ok(Activity::Over)
        }
        Action::RebootHomeGateway(step) => match testbed.access.home_gateway {
            Some(gateway) => {
                testbed
                    .world
                    .with(gateway, |gateway, cx| gateway.reboot(cx));
                if step.behind_switch {
                    return Ok(Ok(Activity::Over));
                }
                // Its LAN sockets are dark meanwhile.
                let cable = testbed.cable(Wire::Wan);
                testbed.set_carrier(cable, false)?;
                let until = testbed.world.now() + HomeGateway::REBOOT;
                Ok(Activity::Unplugged { cable, until })
            }
            None => Err("this line has no home gateway".to_owned()),
        },
        Action::RevokeAuthentication(_) => {
            let edge = testbed.access.edge;
            testbed.world.with(edge, |edge, cx| edge.revoke(cx));
            Ok(Activity::Over)
        }
        Action::LineAuth(step) => {
            let until = ending(step.lasting.map(|lasting| lasting.0), testbed);
            let site = testbed.access.line_auth;
            testbed
                .world
                .with(site, |site, _| site.set_mood(step.mood, until));
            Ok(Activity::Over)
        }
        Action::Silence(step) => {
            silence(step, testbed);
            Ok(Activity::Over)
        }
        Action::Dns(step) => {
            upset(step, testbed);
            Ok(Activity::Over)
        }
        Action::Loss(step) => {
            lose(step, testbed);
            Ok(Activity::Over)
        }
        Action::Delay(step) => {
            impair::delay(step, testbed);
            Ok(Activity::Over)
        }
        Action::Duplicate(step) => {
            impair::duplicate(step, testbed);
            Ok(Activity::Over)
        }
        Action::Reorder(step) => {
            impair::reorder(step, testbed);
            Ok(Activity::Over)
        }
        Action::ClaimAddresses(step) => Ok(Activity::Claiming(Claim::begin(step, testbed))),
        Action::LinkDown(step) => return unplug(step, testbed).map(Ok),
        Action::InjectWan(step) => return inject_frames(*step, Wire::Wan, testbed),
        Action::InjectLan(step) => return inject_frames(*step, Wire::Lan, testbed),
        Action::SendOut(step) => {
            let frames = forwarding::from_a_terminal(step.packet, &testbed.sight());
            return put_on(Wire::Lan, frames, testbed);
        }
        Action::SendIn(step) => {
            let frames = forwarding::from_a_stranger(step.packet, &testbed.sight());
            return put_on(Wire::Wan, frames, testbed);
        }
    })
}

/// Goes on with a step; returns how it ended once it has.
pub(crate) fn go_on(
    activity: &mut Activity,
    testbed: &mut Testbed,
) -> Result<Option<StepOutcome>, DutError> {
    match activity {
        Activity::Over => Ok(Some(StepOutcome::Done)),
        Activity::Running(running) => running.go_on(testbed),
        Activity::Claiming(claim) => Ok(claim.go_on(testbed)?.then_some(StepOutcome::Done)),
        Activity::Unplugged { cable, until } => {
            if testbed.world.now() < *until {
                return Ok(None);
            }
            testbed.set_carrier(*cable, true)?;
            Ok(Some(StepOutcome::Done))
        }
        Activity::Terminal { number, moves } => {
            while !testbed.is_busy(*number) {
                let Some(next) = moves.pop_front() else {
                    return Ok(Some(StepOutcome::Done));
                };
                if let Err(why) = next.make(*number, testbed) {
                    return Ok(Some(StepOutcome::Failed(why)));
                }
            }
            Ok(None)
        }
    }
}

/// Ends a step whose time is up.
pub(crate) fn give_up(
    activity: &mut Activity,
    testbed: &mut Testbed,
) -> Result<StepOutcome, DutError> {
    match activity {
        Activity::Running(running) => running.give_up(testbed),
        Activity::Terminal { .. }
        | Activity::Unplugged { .. }
        | Activity::Claiming(_)
        | Activity::Over => Ok(StepOutcome::TimedOut),
    }
}

impl Move {
    fn make(self, number: usize, testbed: &mut Testbed) -> Result<(), String> {
        let handle = testbed.handle(number);
        let asked = testbed.screen(number) == Some(Screen::Consent);
        match self {
            Self::Open(url) => testbed.world.with(handle, |pc, cx| pc.open(&url, cx)),
            Self::Choose(_) if !asked => return Err("no consent screen is open".to_owned()),
            Self::ChooseIfAsked(_) if !asked => {}
            Self::Choose(choice) | Self::ChooseIfAsked(choice) => {
                testbed.world.with(handle, |pc, cx| pc.choose(choice, cx));
            }
            Self::Back => testbed.world.with(handle, |pc, cx| pc.back(cx)),
            Self::Resolve(ask) => testbed.world.with(handle, |pc, cx| pc.resolve(ask, cx)),
            Self::Ask(inquiry) => testbed.world.with(handle, |pc, cx| pc.ask(inquiry, cx)),
            Self::Ping(to, hop_limit) => {
                let to = testbed
                    .address(to)
                    .ok_or("the device's address is not known")?;
                testbed
                    .world
                    .with(handle, |pc, cx| pc.ping(to, hop_limit, cx));
            }
            Self::Hold(url, idle, count) => testbed.world.with(handle, |pc, cx| {
                for _ in 0..count {
                    pc.hold(&url, idle, cx);
                }
            }),
            Self::Download(url) => testbed.world.with(handle, |pc, cx| pc.download(&url, cx)),
            Self::AskTime => {
                let to = testbed.line.area.values().delivery.to_bits() | 1;
                // RFC 5905 §7.3: version 4, mode client.
                let mut packet = [0; 48];
                packet[0] = 0x23;
                testbed.world.with(handle, |pc, cx| {
                    pc.send_udp(to.into(), NTP, &packet, None, cx);
                });
            }
            Self::InstallCertificate => {
                testbed.world.with(handle, |pc, _| pc.install_certificate());
            }
        }
        Ok(())
    }
}

fn ask(step: &Resolve, testbed: &Testbed) -> Result<Ask, String> {
    let server = match step.server {
        None => None,
        Some(target) => Some(
            testbed
                .address(target)
                .ok_or("the server's address is not known")?,
        ),
    };
    Ok(Ask {
        name: step.name.clone(),
        kind: match step.kind {
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
            Kind::Other(number) => RecordType::from(number),
        },
        transport: match step.transport {
            Transport::Udp => Carrier::Udp,
            Transport::Tcp => Carrier::Tcp,
        },
        edns: step.edns,
        server,
    })
}

/// The six names of guide p.15, in its order; AAAA and A, as nslookup asks.
fn guide_names(testbed: &Testbed) -> Vec<Move> {
    let service_check = format!("assv.asc.{}", testbed.line.area.values().ngn_domain);
    let names = [
        "www.lineauth.mnw",
        &service_check,
        "hweb.oqs-st.onshikaku.org",
        "crldownload.obn.managedpki.ne.jp",
        "pweb.base.oqs-pdl.org",
        "ntp.base.oqs-pdl.org",
    ];
    let both = names.into_iter().flat_map(|name| {
        [RecordType::A, RecordType::AAAA].map(|kind| {
            Move::Resolve(Ask {
                name: name.to_owned(),
                kind,
                transport: Carrier::Udp,
                edns: None,
                server: None,
            })
        })
    });
    both.collect()
}

fn renumber(step: Renumber, testbed: &mut Testbed) -> Result<Activity, String> {
    if step.how == Renumbering::NoneInstead && testbed.line.delegates() {
        return Err("only an RA line can be left without a prefix".to_owned());
    }
    let edge = testbed.access.edge;
    testbed
        .world
        .with(edge, |edge, cx| edge.change_prefix(step.how, cx));
    Ok(Activity::Over)
}

fn silence(step: &Silence, testbed: &mut Testbed) {
    let until = ending(step.lasting.map(|lasting| lasting.0), testbed);
    let edge = testbed.access.edge;
    match step.node {
        Server::Dhcpv6 => testbed
            .world
            .with(edge, |edge, _| edge.silence_dhcpv6(until)),
        Server::RouterAdvertisements => {
            testbed
                .world
                .with(edge, |edge, _| edge.silence_advertising(until));
        }
        Server::NgnDns1
        | Server::NgnDns2
        | Server::OnsDns1
        | Server::OnsDns2
        | Server::LineAuth
        | Server::Portal => {}
    }
    let mut sites = testbed.access.sites.iter();
    if let Some((_, cable)) = sites.find(|(name, _)| *name == step.node.name()) {
        let deaf = move |_: &Frame, _: End, now: Time, _: &mut rand_chacha::ChaCha8Rng| {
            if now < until { Fate::Drop } else { Fate::Pass }
        };
        testbed.world.impair(*cable, deaf);
    }
    let mut servers = testbed.access.dns.iter();
    if let Some((_, dns)) = servers.find(|(name, _)| *name == step.node.name()) {
        let dns = *dns;
        testbed.world.with(dns, |dns, _| dns.silence(until));
    }
}

fn upset(step: &super::moods::DnsMood, testbed: &mut Testbed) {
    let until = ending(step.lasting.map(|lasting| lasting.0), testbed);
    // A pair's name begins the names of both.
    let named = |name: &&str| name.starts_with(step.node.name());
    let servers = testbed.access.dns.iter();
    let servers: Vec<_> = servers
        .filter(|(name, _)| named(&&**name))
        .map(|(_, dns)| *dns)
        .collect();
    for dns in servers {
        testbed
            .world
            .with(dns, |dns, _| dns.set_mood(step.mood, until));
    }
}

fn lose(step: &Loss, testbed: &mut Testbed) {
    let until = ending(step.lasting.map(|lasting| lasting.0), testbed);
    let chance = f64::from(*step.percent.get_ref()) / 100.0;
    let cable = testbed.cable(step.cable);
    let fault = move |_: &Frame, _: End, now: Time, rng: &mut rand_chacha::ChaCha8Rng| {
        if now < until && rng.random_bool(chance) {
            Fate::Drop
        } else {
            Fate::Pass
        }
    };
    testbed.world.impair(cable, fault);
}

fn unplug(step: &LinkDown, testbed: &mut Testbed) -> Result<Activity, DutError> {
    let cable = testbed.cable(step.cable);
    testbed.set_carrier(cable, false)?;
    let until = testbed.world.now() + step.lasting.0;
    Ok(Activity::Unplugged { cable, until })
}

fn inject_frames(
    step: Inject,
    wire: Wire,
    testbed: &mut Testbed,
) -> Result<Result<Activity, String>, DutError> {
    let sight = testbed.sight();
    let frames = match wire {
        Wire::Wan => inject::from_the_line(step.frame, &sight),
        Wire::Lan => inject::from_the_lan(step.frame, &sight),
    };
    put_on(wire, frames, testbed)
}

fn put_on(
    wire: Wire,
    frames: Result<Vec<Frame>, String>,
    testbed: &mut Testbed,
) -> Result<Result<Activity, String>, DutError> {
    let cable = testbed.cable(wire);
    for frame in match frames {
        Ok(frames) => frames,
        Err(why) => return Ok(Err(why)),
    } {
        testbed.inject(cable, frame)?;
    }
    Ok(Ok(Activity::Over))
}

pub(super) fn ending(lasting: Option<Duration>, testbed: &Testbed) -> Time {
    lasting.map_or(Time::NEVER, |lasting| testbed.world.now() + lasting)
}

impl From<Choice> for browser::Choice {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Accept => Self::Accept,
            Choice::Refuse => Self::Refuse,
        }
    }
}

/// A question as a computer asks it by itself.
fn plain(name: &str) -> Ask {
    Ask {
        name: name.to_owned(),
        kind: RecordType::AAAA,
        transport: Carrier::Udp,
        edns: None,
        server: None,
    }
}

/// Guide p.15.
const TIME: &str = "ntp.base.oqs-pdl.org";
/// RFC 5905 §7.2.
const NTP: u16 = 123;
/// Guide p.16.
const LINE_AUTH: &str = "https://www.lineauth.mnw/";
/// Guide p.18.
const PORTAL: &str = "https://hweb.oqs.onshikaku.org/web/";
