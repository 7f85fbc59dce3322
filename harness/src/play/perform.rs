//! What each step does to the testbed, and how long it goes on.

use std::collections::VecDeque;

use ngnlab_sim::cable::Cable;
use ngnlab_sim::fault::Fate;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::node::edge::Renumbering;
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::node::terminal::browser;
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::{End, StepOutcome};
use rand::Rng as _;

use super::impair::{self, Claim};
use super::inject::{self, forwarding};
use super::inquiry;
use super::moves::{self, LINE_AUTH, Move, PORTAL, TIME};
use super::running::Running;
use super::testbed::Testbed;
use crate::dut::{Dut, DutError};
use crate::scenario::step::Action;
use crate::scenario::step::by_hand::{ByHand, Whose};
use crate::scenario::step::cable::{LinkDown, Loss, Wire};
use crate::scenario::step::crafted::Inject;
use crate::scenario::step::internet::{Peer, SendToPeer, SendUdp, Stranger};
use crate::scenario::step::line::{PrefixAfter, Renumber};
use crate::scenario::step::pppoe::{Concentrator, Deed};
use crate::scenario::step::servers::{DnsMood, Server, Silence};

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

/// Begins a step; the inner error says why it cannot be done.
pub(crate) fn begin(
    action: &Action,
    testbed: &mut Testbed,
    dut: &mut dyn Dut,
) -> Result<Result<Activity, String>, DutError> {
    let number = testbed.terminal(action.terminal().flatten());
    let area = testbed.line.area;
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
        Action::Open(step) => terminal(vec![Move::Open(step.url.in_area(area))]),
        Action::Download(step) => terminal(vec![Move::Download(step.url.in_area(area))]),
        Action::AskTime(_) => terminal(vec![Move::Resolve(moves::plain(TIME)), Move::AskTime]),
        Action::Consent(step) => terminal(vec![Move::Choose(step.choice.into())]),
        Action::LogIn(_) => terminal(moves::log_in(testbed)),
        Action::Press(step) => terminal(moves::press(step)),
        Action::DeleteCookies(_) => terminal(vec![Move::DeleteCookies]),
        Action::SwitchIpv6On(_) => terminal(vec![Move::SwitchIpv6On]),
        Action::Back(_) => terminal(vec![Move::Back]),
        Action::InstallCertificate(_) => terminal(vec![Move::InstallCertificate]),
        Action::CloseBrowser(_) => {
            let handle = testbed.handle(number);
            testbed.world.with(handle, |pc, cx| pc.close_browser(cx));
            Ok(Activity::Over)
        }
        Action::OpenPortal(_) => terminal(vec![Move::Open(PORTAL.to_owned())]),
        Action::Resolve(step) => moves::ask(step, testbed).map(|ask| Activity::Terminal {
            number,
            moves: [Move::Resolve(ask)].into(),
        }),
        Action::Ask(step) => inquiry::of(step, testbed).map(|inquiry| Activity::Terminal {
            number,
            moves: [Move::Ask(inquiry)].into(),
        }),
        Action::ResolveGuideNames(_) => terminal(moves::guide_names(testbed)),
        Action::Ping(step) => terminal(vec![Move::Ping(step.to, step.hop_limit)]),
        Action::HoldConnection(step) => {
            let (idle, count) = (step.idle.0, step.count);
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
            let until = testbed.end_of(step.lasting);
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
        Action::Concentrator(step) => Ok(concentrate(*step, testbed)),
        Action::ByHand(step) => by_hand(*step, dut, testbed)?,
        Action::Stranger(step) => Ok(disturb_from_outside(*step, testbed)),
        Action::SendUdp(step) => send_udp(step, number, testbed),
        Action::SendToPeer(step) => Ok(send_to_peer(step, number, testbed)),
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
        Activity::Unplugged { cable, .. } => {
            // No cable hangs loose for longer than somebody waits for it.
            testbed.set_carrier(*cable, true)?;
            Ok(StepOutcome::TimedOut)
        }
        Activity::Terminal { .. } | Activity::Claiming(_) | Activity::Over => {
            Ok(StepOutcome::TimedOut)
        }
    }
}

fn renumber(step: Renumber, testbed: &mut Testbed) -> Result<Activity, String> {
    if step.how == Renumbering::NoneInstead && testbed.line.delegates() {
        return Err("only an RA line can be left without a prefix".to_owned());
    }
    let edge = testbed.access.edge;
    testbed.world.with(edge, |edge, cx| {
        if let Some(isp) = step.isp {
            edge.change_isp(isp);
        }
        edge.change_prefix(step.how, cx);
    });
    Ok(Activity::Over)
}

/// A deed in a session that is not there is done to nobody, as on a real line.
fn concentrate(step: Concentrator, testbed: &mut Testbed) -> Activity {
    let until = testbed.end_of(step.lasting);
    let concentrator = testbed.access.concentrator;
    testbed
        .world
        .with(concentrator, |it, cx| match step.does.deed() {
            Deed::Silence => it.silence(until),
            Deed::End(how) => drop(it.end(step.session, how, cx)),
            Deed::Say(what) => drop(it.say(step.session, what, cx)),
        });
    Activity::Over
}

fn by_hand(
    step: ByHand,
    dut: &mut dyn Dut,
    testbed: &mut Testbed,
) -> Result<Result<Activity, String>, DutError> {
    let known = accounts(testbed.line.area);
    let account = known.iter().find(|it| Some(it.realm) == step.session);
    let account = account.map(|account| account.name);
    match (step.at, testbed.access.home_gateway) {
        (Whose::Device, _) => dut.press(&mut testbed.world, step.does, account)?,
        (Whose::HomeGateway, Some(gateway)) => testbed
            .world
            .with(gateway, |it, cx| it.press(step.does, account, cx)),
        (Whose::HomeGateway, None) => return Ok(Err("this line has no home gateway".to_owned())),
    }
    Ok(Ok(Activity::Over))
}

fn disturb_from_outside(step: Stranger, testbed: &mut Testbed) -> Activity {
    let concentrator = testbed.access.concentrator;
    let addresses = testbed
        .world
        .with(concentrator, |it, _| it.addresses(Realm::Isp));
    let echo = testbed.access.behind_sessions.echo;
    for to in addresses.into_iter().take(1) {
        testbed
            .world
            .with(echo, |it, cx| it.send(to, step.sends.into(), cx));
    }
    Activity::Over
}

fn send_udp(step: &SendUdp, number: usize, testbed: &mut Testbed) -> Result<Activity, String> {
    let to = testbed
        .address(step.to)
        .ok_or_else(|| format!("{} has no address", step.to))?;
    let handle = testbed.handle(number);
    let payload = vec![0x55; usize::from(step.size)];
    let ports = (step.from_port, step.port);
    testbed.world.with(handle, |pc, cx| {
        pc.send_udp(to, ports, (&payload, step.fragments), step.hop_limit, cx);
    });
    Ok(Activity::Over)
}

/// Nothing is sent where the echo host has heard nobody.
fn send_to_peer(step: &SendToPeer, number: usize, testbed: &mut Testbed) -> Activity {
    let echo = testbed.access.behind_sessions.echo;
    let before = match step.peer {
        Peer::HeardLast => 0,
        Peer::HeardBefore => 1,
    };
    let heard = testbed.world.with(echo, |it, _| it.heard(before));
    let handle = testbed.handle(number);
    if let Some((to, port)) = heard {
        let ports = (Some(step.from_port), port);
        testbed.world.with(handle, |pc, cx| {
            let to = to.to_ipv6_mapped();
            pc.send_udp(to, ports, (b"are you my peer?", false), None, cx);
        });
    }
    Activity::Over
}

fn silence(step: &Silence, testbed: &mut Testbed) {
    let until = testbed.end_of(step.lasting);
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

fn upset(step: &DnsMood, testbed: &mut Testbed) {
    let until = testbed.end_of(step.lasting);
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
    let until = testbed.end_of(step.lasting);
    let chance = f64::from(step.percent) / 100.0;
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
