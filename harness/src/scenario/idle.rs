//! Steps that can do nothing on the line they stand in: a mistake, told before anything is run.
//!
//! Whether somebody serves a page or a name is looked at in [`served`].

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::time::Duration;

use ngnlab_sim::line::{Area, Dhcpv6Quirk, DnsQuirk, Line, LineState, Upstream};
use ngnlab_sim::node::edge::Renumbering;
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::node::line_auth::LineAuth as Site;
use ngnlab_sim::setup::Mode;

use super::Scenario;
use super::step::Action;
use super::step::by_hand::Whose;
use super::step::cable::Wire;
use super::step::crafted::{Crafted, Crossing};
use super::step::terminal::Choice;
use crate::period::Period;

mod served;

/// Why a step can do nothing, and what to do about it.
pub(super) struct Idle {
    /// The key of the step that says so, if it is one alone.
    pub(super) key: Option<&'static str>,
    /// What is wrong.
    pub(super) why: String,
    /// What to write instead.
    pub(super) help: String,
}

/// What a scenario's steps stand on: its lines, by each delivery.
pub(super) struct Ground(Vec<Way>);

/// A scenario as one delivery has it.
struct Way {
    scenario: Scenario,
    /// The line in each area.
    lines: Vec<Line>,
    /// The names that somebody there has, once a step asks for one.
    known: OnceCell<BTreeSet<String>>,
}

impl Ground {
    /// Lays it for a scenario whose line is one: its mistakes come first.
    pub(super) fn of(scenario: &Scenario) -> Self {
        let ways = scenario.in_each_delivery().into_iter();
        Self(ways.map(Way::new).collect())
    }

    /// Says why a step can do nothing in one of the scenario's areas, if that is so.
    pub(super) fn idle(&self, number: usize, action: &Action) -> Option<Idle> {
        let (own, others) = self.0.split_first()?;
        own.idle(number, action).or_else(|| {
            let idle = others.iter().find_map(|way| way.idle(number, action))?;
            // What is to be mended is that it was said to run there, too.
            Some(Idle {
                help: "take `delivery = \"any\"` out of the line: this step needs its preset"
                    .to_owned(),
                why: format!("with the other delivery, {}", idle.why),
                ..idle
            })
        })
    }
}

impl Way {
    fn new(scenario: Scenario) -> Self {
        let areas = scenario.line.areas.iter();
        let lines = areas.map(|area| scenario.line(*area)).collect();
        Self {
            scenario,
            lines,
            known: OnceCell::new(),
        }
    }

    fn idle(&self, number: usize, action: &Action) -> Option<Idle> {
        let stage = Stage {
            scenario: &self.scenario,
            number,
            known: &|| self.known.get_or_init(|| served::known(&self.lines)),
        };
        stage.of_value(action).or_else(|| {
            let mut lines = self.lines.iter();
            lines.find_map(|line| stage.on_line(line, action))
        })
    }
}

impl Idle {
    fn step(why: impl Into<String>, help: impl Into<String>) -> Option<Self> {
        Some(Self {
            key: None,
            why: why.into(),
            help: help.into(),
        })
    }

    fn key(key: &'static str, why: impl Into<String>, help: impl Into<String>) -> Option<Self> {
        Some(Self {
            key: Some(key),
            why: why.into(),
            help: help.into(),
        })
    }
}

/// What a step stands in.
struct Stage<'a> {
    scenario: &'a Scenario,
    number: usize,
    /// Returns the names that somebody on its lines has.
    known: &'a dyn Fn() -> &'a BTreeSet<String>,
}

impl Stage<'_> {
    /// What its own values say.
    fn of_value(&self, action: &Action) -> Option<Idle> {
        let (percent, lasting) = match action {
            Action::LinkDown(_) => return self.is_out_already(action),
            Action::RebootHomeGateway(_) => return self.is_out_already(action),
            Action::Loss(step) => (Some(step.percent), step.lasting),
            Action::Duplicate(step) => (Some(step.percent), step.lasting),
            Action::Reorder(step) => (Some(step.percent), step.lasting),
            Action::Delay(step) if step.by.0 == Duration::ZERO => {
                return Idle::key(
                    "by",
                    "this delays nothing",
                    "give it a span such as \"150ms\"",
                );
            }
            Action::Delay(step) => (None, step.lasting),
            Action::SendUdp(step) => {
                let (key, why, help) = step.cannot_be()?;
                return Idle::key(key, why, help);
            }
            Action::ClaimAddresses(step) => (None, step.lasting),
            Action::Silence(step) => (None, step.lasting),
            Action::Dns(step) => (None, step.lasting),
            Action::LineAuth(step) => (None, step.lasting),
            Action::Concentrator(_) if !self.scenario.has_sessions() => {
                return Idle::step(
                    "no session is dialled here, so that the concentrator has none",
                    "give the device one: `device = { pppoe = [\"isp\"] }`",
                );
            }
            Action::Stranger(_) | Action::SendToPeer(_)
                if self.scenario.device.pppoe.get_ref().is_empty() =>
            {
                return Idle::step(
                    "no session is dialled here, so that nobody in the internet reaches the device",
                    "give the device one: `device = { pppoe = [\"isp\"] }`",
                );
            }
            Action::ByHand(step)
                if step.at == Whose::Device && self.scenario.device.pppoe.get_ref().is_empty() =>
            {
                return Idle::step(
                    "the device dials no session that somebody could end",
                    "give the device one: `device = { pppoe = [\"isp\"] }`",
                );
            }
            Action::Concentrator(step) => (None, step.lasting),
            _ => (None, None),
        };
        if percent == Some(0) {
            let why = "of 0 frames in a hundred, this happens to none";
            return Idle::key("percent", why, "give it a number from 1 to 100");
        }
        if lasting == Some(Period(Duration::ZERO)) {
            let help = "give it a span such as \"10s\", or leave it out for the whole run";
            return Idle::key("lasting", "this is over before it begins", help);
        }
        None
    }

    /// A cable that is out cannot be pulled, and is back when the first who pulled it puts it back.
    fn is_out_already(&self, action: &Action) -> Option<Idle> {
        let (cable, lasting) = pulled(action)?;
        let step = self.scenario.steps().nth(self.number)?;
        // A home gateway comes back by itself, whenever the run ends.
        let puts_back = matches!(action, Action::LinkDown(_));
        // What it waits for counts, too, and nobody knows how long that takes.
        let is_short = |within: Period| within.0 < lasting || step.at.is_none();
        if step.within.is_some_and(is_short) {
            let why = "`within` gives this step up before the cable is back, which stays out then";
            return Idle::key("lasting", why, "take `within` out, or let it last longer");
        }
        let at = step.at?.0;
        if puts_back && at + lasting > self.scenario.until.0 {
            let help = "let the run last longer, or the cable come back earlier";
            return Idle::key("lasting", "the run ends before this cable is back", help);
        }
        let mut steps = self.scenario.steps().enumerate();
        let is_out = steps.any(|(number, step)| match (pulled(&step.action), step.at) {
            (Some((other, lasting)), Some(began)) => {
                let first = (began.0, number) < (at, self.number);
                first && other == cable && at < began.0 + lasting
            }
            _ => false,
        });
        if !is_out {
            return None;
        }
        let help = "begin when it is back, or let the earlier step last longer";
        Idle::step("this cable is out already", help)
    }

    /// What the line has to do with it.
    fn on_line(&self, line: &Line, action: &Action) -> Option<Idle> {
        if line.upstream == Upstream::Ipv6Incapable && is_of_the_line(action) {
            let why = "the box in between lets nothing of that pass";
            return Idle::step(why, "take `upstream = \"ipv6-incapable\"` out of the line");
        }
        match action {
            Action::Reconfigure(_) => self.reconfigure(line),
            Action::Renumber(step)
                if step.how == Renumbering::NoneInstead && line.delegates() && !self.adds() =>
            {
                let why = "only an RA line can be left without a prefix";
                Idle::key("how", why, "give the line `preset = \"next-ra\"`")
            }
            Action::AddHikariDenwa(_) if line.delegates() => {
                let help = "give the line `preset = \"next-ra\"`, which is one without ひかり電話";
                Idle::step("the line delegates already", help)
            }
            Action::AddHikariDenwa(_) if self.before().any(is_addition) => {
                Idle::step("an earlier step has added ひかり電話", "take this step out")
            }
            Action::ByHand(step)
                if step.at == Whose::HomeGateway && line.home_gateway_pppoe.is_empty() =>
            {
                let help = "give the line `home-gateway-pppoe = [\"isp\"]`";
                Idle::key("at", "the home gateway dials no session", help)
            }
            Action::RebootHomeGateway(_) if !has_home_gateway(line) => {
                let help = "give the line `preset = \"hgw-pd\"` or `\"hgw-ra\"`";
                Idle::step("this line has no ひかり電話ルータ", help)
            }
            Action::RevokeAuthentication(_) if line.first_state() != LineState::Registered => {
                let help = "give the line an eligible service, and the customer ID that was applied \
                            for";
                Idle::step("this line is never authenticated", help)
            }
            Action::RevokeAuthentication(_) if !self.actions().any(authenticates) => {
                let help = "have a terminal `do.authenticate = {}` before";
                Idle::step("no step authenticates the line", help)
            }
            Action::Silence(step) => dead(line, step.node.name()),
            Action::Dns(step) => dead(line, step.node.name()),
            Action::LineAuth(step) if line.quirks.line_auth.contains(&step.mood) => {
                let help = "take it out of `quirks`, or this step out";
                Idle::key("mood", "the site is like that from the start", help)
            }
            Action::InstallCertificate(_) if self.trusts_ons_root(action) => {
                let help = "describe the terminal with `trusts-ons-root = false`";
                Idle::step("the terminal has the certificate from the start", help)
            }
            Action::Consent(_) if !self.others(action).any(shows_consent) => {
                let help = "open https://www.lineauth.mnw on this terminal first";
                Idle::step("no step opens the consent screen on this terminal", help)
            }
            Action::LogIn(_) if line.area != Area::East => {
                let help = "give the line `areas = [\"east\"]`";
                Idle::step("the members club is one of the east", help)
            }
            Action::SwitchIpv6On(_) if self.has_ipv6(action) => {
                let help = "describe the terminal with `ipv6 = false`";
                Idle::step("the terminal has IPv6 from the start", help)
            }
            Action::Back(_)
            | Action::CloseBrowser(_)
            | Action::DeleteCookies(_)
            | Action::Press(_)
                if !self.others(action).any(browses) =>
            {
                Idle::step("no step opens a page on this terminal", "open a page first")
            }
            Action::Open(step) | Action::Download(step) => {
                served::page(self.scenario, line, &step.url)
            }
            Action::Browse(step) => served::page(self.scenario, line, &step.url),
            Action::Resolve(_) | Action::Ask(_) => served::name(self.known, action),
            Action::InjectWan(step) => self.crafted(line, step.frame, Wire::Wan),
            Action::InjectLan(step) => self.crafted(line, step.frame, Wire::Lan),
            Action::SendOut(step) => self.crossing(line, step.packet, Wire::Lan),
            Action::SendIn(step) => self.crossing(line, step.packet, Wire::Wan),
            _ => None,
        }
    }

    fn reconfigure(&self, line: &Line) -> Option<Idle> {
        if line.upstream != Upstream::Onu {
            let why = "the edge's only DHCPv6 client is the box between it and the device";
            let help = "give the line `preset = \"next-pd\"`; a ひかり電話ルータ with the quirk \
                        `reconfigures` sends Reconfigure after `do.reboot-home-gateway`";
            return Idle::step(why, help);
        }
        if !line.delegates() && !self.adds() {
            let why = "this line delegates nothing, so that nobody holds a lease";
            return Idle::step(why, "give the line `preset = \"next-pd\"`");
        }
        if !line.quirks.dhcpv6.contains(&Dhcpv6Quirk::Reconfigures) {
            let why = "without the quirk `reconfigures` no client has a key, and none is told";
            let help = "give the line `quirks = { dhcpv6 = [\"reconfigures\"] }`";
            return Idle::step(why, help);
        }
        None
    }

    fn crafted(&self, line: &Line, frame: Crafted, wire: Wire) -> Option<Idle> {
        if !frame.comes_by(wire) {
            let other = other(wire);
            let why = format!("`{frame}` comes by the {other} only");
            return Idle::key("frame", why, format!("write `do.inject-{other}`"));
        }
        match frame {
            Crafted::UnassignedSubnet => self.needs_delegation(line, "frame"),
            Crafted::ShortPrefixLifetimes
                if line.delegates() && line.side_prefix(0).is_none() && !self.adds() =>
            {
                let why = "this line advertises no prefix";
                Idle::key("frame", why, "give the line `preset = \"next-ra\"`")
            }
            _ => None,
        }
    }

    fn crossing(&self, line: &Line, packet: Crossing, wire: Wire) -> Option<Idle> {
        if !packet.comes_by(wire) {
            let (from, way) = match wire {
                Wire::Wan => ("a terminal", "out"),
                Wire::Lan => ("the line", "in"),
            };
            let why = format!("`{packet}` comes from {from} only");
            return Idle::key("packet", why, format!("write `do.send-{way}`"));
        }
        match packet {
            Crossing::UnassignedSubnet | Crossing::InsideSource => {
                self.needs_delegation(line, "packet")
            }
            _ => None,
        }
    }

    /// Where the device hands the line's own /64 on, nothing of it is unassigned or inside.
    fn needs_delegation(&self, line: &Line, key: &'static str) -> Option<Idle> {
        let delegated = match self.scenario.device.mode {
            Some(mode) => mode == Mode::Pd,
            None => line.delegates_to_device(),
        };
        if delegated {
            return None;
        }
        let why = "the device has no prefix of its own here";
        Idle::key(key, why, "give the line `preset = \"next-pd\"`")
    }

    /// Whether ひかり電話 is added at some time.
    fn adds(&self) -> bool {
        self.scenario.steps().any(|step| is_addition(&step.action))
    }

    fn actions(&self) -> impl Iterator<Item = &Action> {
        self.scenario.steps().map(|step| &step.action)
    }

    fn before(&self) -> impl Iterator<Item = &Action> {
        self.scenario
            .steps()
            .take(self.number)
            .map(|step| &step.action)
    }

    /// The other steps of the same terminal.
    fn others<'t>(&'t self, action: &'t Action) -> impl Iterator<Item = &'t Action> {
        let own = self.terminal(action);
        let steps = self.scenario.steps().enumerate();
        steps
            .filter(|(number, _)| *number != self.number)
            .map(|(_, step)| &step.action)
            .filter(|other| other.terminal().is_some())
            .filter(move |other| self.terminal(other) == own)
    }

    fn terminal<'t>(&'t self, action: &'t Action) -> Option<&'t str> {
        let named = action.terminal().flatten();
        named.or_else(|| self.scenario.terminals().next())
    }

    fn has_ipv6(&self, action: &Action) -> bool {
        let spec = self.terminal(action);
        let spec = spec.and_then(|name| self.scenario.terminal_spec(name));
        spec.is_none_or(|spec| spec.ipv6)
    }

    fn trusts_ons_root(&self, action: &Action) -> bool {
        let spec = self.terminal(action);
        let spec = spec.and_then(|name| self.scenario.terminal_spec(name));
        spec.is_none_or(|spec| spec.trusts_ons_root)
    }
}

/// Returns the cable that a step pulls, and how long it is out.
fn pulled(action: &Action) -> Option<(Wire, Duration)> {
    match action {
        Action::LinkDown(step) => Some((step.cable, step.lasting.0)),
        // Its sockets are dark until it is up again.
        Action::RebootHomeGateway(step) if !step.behind_switch => {
            Some((Wire::Wan, HomeGateway::REBOOT))
        }
        _ => None,
    }
}

fn is_of_the_line(action: &Action) -> bool {
    matches!(
        action,
        Action::Renumber(_)
            | Action::AddHikariDenwa(_)
            | Action::RestartEdge(_)
            | Action::Reconfigure(_)
            | Action::RevokeAuthentication(_)
            | Action::LineAuth(_)
            | Action::Silence(_)
            | Action::Dns(_)
    )
}

fn is_addition(action: &Action) -> bool {
    matches!(action, Action::AddHikariDenwa(_))
}

pub(super) fn has_home_gateway(line: &Line) -> bool {
    matches!(
        line.upstream,
        Upstream::HomeGateway | Upstream::RentalRouter
    )
}

fn shows_consent(action: &Action) -> bool {
    match action {
        Action::Open(step) => step.url.host().eq_ignore_ascii_case(Site::HOST),
        Action::Authenticate(_) | Action::Back(_) => true,
        _ => false,
    }
}

fn authenticates(action: &Action) -> bool {
    match action {
        Action::Consent(step) => step.choice == Choice::Accept,
        // What a real browser presses, or a real command does, may be that.
        Action::Authenticate(_) | Action::Browse(_) | Action::Run(_) => true,
        _ => false,
    }
}

fn browses(action: &Action) -> bool {
    matches!(
        action,
        Action::Open(_)
            | Action::Authenticate(_)
            | Action::OpenPortal(_)
            | Action::Consent(_)
            | Action::LogIn(_)
    )
}

fn dead(line: &Line, node: &str) -> Option<Idle> {
    // The quirk is that of the first server of each pair.
    if !line.quirks.dns.contains(&DnsQuirk::PreferredDead) || !node.ends_with("-1") {
        return None;
    }
    let why = format!("`{node}` is dead from the start");
    let help = "take `preferred-dead` out of `quirks`, or name the alternate server";
    Idle::key("node", why, help)
}

fn other(wire: Wire) -> Wire {
    match wire {
        Wire::Wan => Wire::Lan,
        Wire::Lan => Wire::Wan,
    }
}

#[cfg(test)]
mod tests;
