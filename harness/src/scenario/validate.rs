//! What the shape of a scenario file cannot say: terminals that must exist, times that must fit.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use ngnlab_sim::line::members_club::MOST_TERMINALS as MOST_TERMINALS_BY_KEYS;
use ngnlab_sim::line::pppoe::MOST_SESSIONS;
use ngnlab_sim::line::{Area, Line, ONS_DOMAINS, Service, customer_id};
use ngnlab_sim::setup::Mode;
use toml::Spanned;

use super::delivery::Delivery;
use super::idle::{Ground, has_home_gateway};
use super::spans::Spans;
use super::step::{Action, Step};
use super::{LineSpec, Scenario};
use crate::mistake::Mistake;

/// Returns everything that is wrong with a scenario whose shape is right.
pub(super) fn mistakes(scenario: &Scenario, spans: &Spans<'_>) -> Vec<Mistake> {
    let mut found = Vec::new();
    line(scenario, &mut found);
    terminals(scenario, &mut found);
    // What a step can do is asked of a line and of terminals that can be.
    let ground = found.is_empty().then(|| Ground::of(scenario));
    let is_real =
        |(_, step): &(usize, &Step)| matches!(step.action, Action::Run(_) | Action::Browse(_));
    let mut real = scenario.steps().enumerate().filter(is_real);
    if let Some((number, _)) = real.nth(usize::from(MOST_REAL_TERMINALS)) {
        let message =
            format!("there are sockets for {MOST_REAL_TERMINALS} real terminals, one a step");
        found.push(Mistake::new(spans.of_step(number, &[]), message));
    }
    for (number, step) in scenario.steps().enumerate() {
        if found.len() >= MOST_FOUND {
            break;
        }
        let place = |path: &[&str]| spans.of_step(number, path);
        timing(scenario, step, &place, &mut found);
        action(scenario, step, &place, &mut found);
        let idle = ground
            .as_ref()
            .and_then(|ground| ground.idle(number, &step.action));
        if let Some(idle) = idle {
            let path = ["do", step.action.name(), idle.key.unwrap_or_default()];
            let path = &path[..if idle.key.is_some() { 3 } else { 2 }];
            let mut mistake = Mistake::new(place(path), idle.why);
            mistake.help = Some(idle.help);
            found.push(mistake);
        }
    }
    found
}

/// Returns the lists that are longer than any that is meant.
pub(super) fn overlong(scenario: &Scenario) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut limit = |most: usize, count: usize, span: Option<Range<usize>>, message: &str| {
        if count > most {
            found.push(Mistake::new(span.unwrap_or(0..0), message));
        }
    };
    let at = |list: &[Spanned<String>], most: usize| list.get(most).map(Spanned::span);
    let terminals = &scenario.terminals;
    let message = format!("there are sockets for {MOST_TERMINALS} terminals");
    let span = at(terminals, MOST_TERMINALS);
    limit(MOST_TERMINALS, terminals.len(), span, &message);
    let specs = &scenario.terminal_specs;
    let span = specs.get(MOST_TERMINALS).map(|spec| spec.name.span());
    limit(MOST_TERMINALS, specs.len(), span, &message);
    let span = scenario.steps.get(MOST_STEPS).map(Spanned::span);
    let message = format!("a scenario has {MOST_STEPS} steps at most");
    limit(MOST_STEPS, scenario.steps.len(), span, &message);
    let message = format!("a list has {MOST_WORDS} words at most");
    for list in [
        &scenario.exercises,
        &scenario.notices,
        &scenario.line.extra_domains,
    ] {
        limit(MOST_WORDS, list.len(), at(list, MOST_WORDS), &message);
    }
    let areas = &scenario.line.areas;
    let is_twice = Area::ALL.iter().any(|area| {
        let same = areas.iter().filter(|other| *other == area);
        same.count() > 1
    });
    if is_twice {
        let span = scenario.line.preset.span();
        found.push(Mistake::new(span, "`areas` of this line names one twice"));
    }
    found
}

fn line(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let spec = &scenario.line;
    let preset = &spec.preset;
    if !Line::PRESETS.contains(&preset.get_ref().as_str()) {
        let mistake = Mistake::unknown(preset.span(), "preset", preset.get_ref(), Line::PRESETS);
        found.push(mistake);
    }
    delivery(scenario, found);
    sessions(scenario, found);
    if let Some(member) = &spec.member
        && usize::from(member.get_ref().terminals) > MOST_TERMINALS_BY_KEYS
    {
        let message = format!("a member has {MOST_TERMINALS_BY_KEYS} terminals at most");
        found.push(Mistake::new(member.span(), message));
    }
    if spec.areas.is_empty() {
        found.push(Mistake::new(preset.span(), "this line has no area"));
    }
    if let Some(service) = &spec.service {
        service_in_areas(service, spec, found);
    }
    let applied = spec.applied_id.iter().filter(|id| id.get_ref() != "none");
    for id in spec.customer_id.iter().chain(applied) {
        id_in_areas(id, &spec.areas, found);
    }
    for domain in &spec.extra_domains {
        if ONS_DOMAINS.contains(&domain.get_ref().as_str()) {
            let message = format!("`{}` is one of the guide's six domains", domain.get_ref());
            found.push(Mistake::new(domain.span(), message));
        } else if !is_domain(domain.get_ref()) {
            let message = format!("`{}` is not a domain", domain.get_ref());
            found.push(Mistake::new(domain.span(), message));
        }
    }
    if let Some(interval) = &spec.ra_interval {
        let (least, most) = interval.get_ref();
        if least.0 > most.0 {
            let message = "the least time comes first";
            found.push(Mistake::new(interval.span(), message));
        } else if least.0 < MIN_DELAY_BETWEEN_RAS {
            let message = "advertisements to all are 3 s apart (RFC 4861 §10)";
            found.push(Mistake::new(interval.span(), message));
        }
    }
}

/// A line has as many PPPoE sessions as a contract can have, no bridge has to do with one, and who
/// dials has its IPv4 address by the session.
fn sessions(scenario: &Scenario, found: &mut Vec<Mistake>) {
    if let Some(sessions) = &scenario.line.pppoe_sessions
        && !(1..=MOST_SESSIONS).contains(sessions.get_ref())
    {
        let message = format!("a line has 1 to {MOST_SESSIONS} PPPoE sessions");
        found.push(Mistake::new(sessions.span(), message));
    }
    let gateway = &scenario.line.home_gateway_pppoe;
    if gateway.get_ref().len() > usize::from(MOST_SESSIONS) {
        let message = format!("a device dials {MOST_SESSIONS} PPPoE sessions at most");
        found.push(Mistake::new(gateway.span(), message));
    }
    let has_gateway = |area: &Area| has_home_gateway(&scenario.line(*area));
    let is_known = Line::PRESETS.contains(&scenario.line.preset.get_ref().as_str());
    let mut areas = scenario.line.areas.iter();
    if !gateway.get_ref().is_empty() && is_known && !areas.all(has_gateway) {
        let mut mistake = Mistake::new(gateway.span(), "this line has no ひかり電話ルータ");
        mistake.help = Some("give the line `preset = \"hgw-pd\"` or `\"hgw-ra\"`".to_owned());
        found.push(mistake);
    }
    let dialled = &scenario.device.pppoe;
    if dialled.get_ref().len() > usize::from(MOST_SESSIONS) {
        let message = format!("a device dials {MOST_SESSIONS} PPPoE sessions at most");
        found.push(Mistake::new(dialled.span(), message));
    }
    if !dialled.get_ref().is_empty() && scenario.device.mode == Some(Mode::Bridge) {
        let message = "a bridge dials no PPPoE session";
        found.push(Mistake::new(dialled.span(), message));
    }
    if scenario.device.pppoe_pass_through && scenario.device.mode == Some(Mode::Bridge) {
        let message = "a bridge lets IPv6 pass, and no PPPoE beside it";
        found.push(Mistake::new(scenario.line.preset.span(), message));
    }
    for spec in &scenario.terminal_specs {
        if let Some(dials) = spec.dials.as_ref().filter(|_| spec.ipv4.is_some()) {
            let message = "a terminal that dials has its IPv4 address by its session";
            let mut mistake = Mistake::new(dials.span(), message);
            mistake.help = Some("take out `ipv4`, or `dials`".to_owned());
            found.push(mistake);
        }
    }
}

/// A scenario that leaves the delivery open says nothing else that settles it.
fn delivery(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let spec = &scenario.line;
    let Some(delivery) = &spec.delivery else {
        return;
    };
    if !scenario.takes_any_delivery() {
        return;
    }
    let preset = spec.preset.get_ref();
    let is_known = Line::PRESETS.contains(&preset.as_str());
    let mut presets = Delivery::PRESETS.iter();
    let why = if is_known && presets.all(|(own, _)| own != preset) {
        format!("`{preset}` delivers the prefix in one way alone")
    } else if spec.hikari_denwa.is_some() {
        "`hikari-denwa` settles how the prefix is delivered".to_owned()
    } else if spec.lease.is_some() {
        "`lease` settles that the prefix is delegated".to_owned()
    } else if scenario.device.mode.is_some() {
        "`mode` of the device settles how it gets its prefix".to_owned()
    } else {
        return;
    };
    let mut mistake = Mistake::new(delivery.span(), why);
    mistake.help = Some("take out `delivery = \"any\"`, or what contradicts it".to_owned());
    found.push(mistake);
}

/// Guide p.4: some types exist in one area only.
fn service_in_areas(service: &Spanned<Service>, spec: &LineSpec, found: &mut Vec<Mistake>) {
    let exists = service.get_ref().areas();
    for area in spec.areas.iter().filter(|area| !exists.contains(area)) {
        let name = service.get_ref().name();
        let message = format!("there is no `{name}` in the {}", area.name());
        let mut mistake = Mistake::new(service.span(), message);
        let names: Vec<_> = exists.iter().map(|area| area.name()).collect();
        mistake.help = Some(format!("give the line `areas = {names:?}`"));
        found.push(mistake);
    }
    let needs_cross = *service.get_ref() == Service::Cross;
    let preset = spec.preset.get_ref().as_str();
    if needs_cross != (preset == "cross") && Line::PRESETS.contains(&preset) {
        let message = "`cross` is a preset and a service, and both go together";
        found.push(Mistake::new(service.span(), message));
    }
}

fn id_in_areas(id: &Spanned<String>, areas: &[Area], found: &mut Vec<Mistake>) {
    for area in areas {
        let Some(fault) = customer_id::fault(id.get_ref(), *area) else {
            continue;
        };
        let message = format!(
            "`{}` is not a customer ID in the {}",
            id.get_ref(),
            area.name()
        );
        let mut mistake = Mistake::new(id.span(), message);
        mistake.help = Some(fault.to_owned());
        found.push(mistake);
    }
}

/// Returns whether every label has letters, digits and hyphens (RFC 1123 §2.1).
pub(crate) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(plain)
    };
    text.len() < 254 && text.split('.').all(is_label)
}

fn terminals(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let mut seen = BTreeSet::new();
    for terminal in &scenario.terminals {
        if !seen.insert(terminal.get_ref()) {
            let message = format!("terminal `{}` stands here twice", terminal.get_ref());
            found.push(Mistake::new(terminal.span(), message));
        }
    }
    let mut described = BTreeSet::new();
    for spec in &scenario.terminal_specs {
        let name = &spec.name;
        if !seen.contains(name.get_ref()) {
            let known = scenario.terminals();
            let mistake = Mistake::unknown(name.span(), "terminal", name.get_ref(), known);
            found.push(mistake);
        } else if !described.insert(name.get_ref()) {
            let message = format!("terminal `{}` is described twice", name.get_ref());
            found.push(Mistake::new(name.span(), message));
        }
    }
    if scenario.terminals.is_empty() {
        found.push(Mistake::new(0..0, "`terminals` names no terminal"));
    }
}

/// Where a value of a step stands in the file.
type Place<'a> = &'a dyn Fn(&[&str]) -> Range<usize>;

fn timing(scenario: &Scenario, step: &Step, place: Place<'_>, found: &mut Vec<Mistake>) {
    match (step.at, step.when) {
        (None, None) => {
            let mut mistake = Mistake::new(place(&[]), "this step has no time");
            mistake.help =
                Some("give it `at = \"20s\"` or `when = \"terminal-online\"`".to_owned());
            found.push(mistake);
        }
        (Some(_), Some(_)) => {
            let message = "a step has either `at` or `when`";
            found.push(Mistake::new(place(&["at"]), message));
        }
        (Some(at), None) if at.0 >= scenario.until.0 => {
            let message = format!("the run ends at {}, before this step", scenario.until);
            found.push(Mistake::new(place(&["at"]), message));
        }
        (Some(_), None) | (None, Some(_)) => {}
    }
}

fn action(scenario: &Scenario, step: &Step, place: Place<'_>, found: &mut Vec<Mistake>) {
    let known: Vec<&str> = scenario.terminals().collect();
    let kind = step.action.name();
    let detail = |key: &str| place(&["do", kind, key]);
    let waited_for = step
        .terminal
        .as_deref()
        .map(|name| (name, place(&["terminal"])));
    let acting = step.action.terminal().flatten();
    let acting = acting.map(|name| (name, detail("from")));
    for (name, span) in waited_for.into_iter().chain(acting) {
        if !known.contains(&name) {
            let known = known.iter().copied();
            found.push(Mistake::unknown(span, "terminal", name, known));
        }
    }
    let percent = match &step.action {
        Action::Loss(step) => Some(step.percent),
        Action::Duplicate(step) => Some(step.percent),
        Action::Reorder(step) => Some(step.percent),
        _ => None,
    };
    if percent.is_some_and(|percent| percent > 100) {
        found.push(Mistake::new(detail("percent"), "more than 100 percent"));
    }
    match &step.action {
        Action::Run(run) if run.command.is_empty() => {
            found.push(Mistake::new(
                detail("command"),
                "`command` names no program",
            ));
        }
        Action::HoldConnection(hold) if !(1..=MOST_HELD).contains(&hold.count) => {
            let message = format!("a terminal holds 1 to {MOST_HELD} connections");
            found.push(Mistake::new(detail("count"), message));
        }
        _ => {}
    }
}

/// Fewer than a site serves at the same time.
const MOST_HELD: u8 = 20;
/// RFC 4861 §10.
const MIN_DELAY_BETWEEN_RAS: Duration = Duration::from_secs(3);
/// Sockets of the terminals' hub, less the device's.
const MOST_TERMINALS: usize = 7;
/// Sockets for real terminals, which come after the others.
pub(crate) const MOST_REAL_TERMINALS: u8 = 8;
/// As many as a run can do in any order worth looking at.
const MOST_STEPS: usize = 1000;
/// Looking for the nearest right word takes its time, and more are not shown.
const MOST_FOUND: usize = 20;
/// More than there are checks or defects.
const MOST_WORDS: usize = 1000;
