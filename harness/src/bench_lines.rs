//! What a line costs among many in one world, each with a router and a terminal that authenticates.
//!
//! Each line is a whole one: edge, DNS, line-authentication site, portals, reference router and
//! terminal. They are powered on one after the other, as after a power cut, and a line's terminal
//! opens the site a minute later, for five seconds. No trace is judged, so no cable is recorded.
//!
//! What a line costs alone, in a world of its own, is measured in the same run, so that machines can be
//! told apart; that it costs less there is in part the heap, which is used again.

use std::fs;
use std::io;
use std::time::Duration;

use ngnlab_sim::access;
use ngnlab_sim::line::{Area, Line, LineState};
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::Handle;
use ngnlab_sim::node::line_auth::LineAuth;
use ngnlab_sim::node::part::tls::take_secrets;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::node::terminal::browser::Choice;
use ngnlab_sim::node::terminal::{Terminal, TerminalConfig};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::{Pace, Time, World};
use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many lines.
    pub count: usize,
    /// Where they are.
    pub area: Area,
    /// Where their randomness comes from.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// How many lines there were.
    pub lines: usize,
    /// How many of them had authenticated at the end.
    pub authenticated: usize,
    /// How much time passed in the world.
    pub virtual_seconds: f64,
    /// How much time passed here.
    pub wall_seconds: f64,
    /// Of it, how long this thread computed.
    pub cpu_seconds: f64,
    /// What the process took of the memory more at its height than before.
    pub memory_kib: u64,
    /// The same for one line.
    pub kib_per_line: f64,
    /// The processor's time for one line.
    pub cpu_ms_per_line: f64,
    /// What lines cost alone.
    pub anchor: Anchor,
    /// A line's processor time in the one world, divided by that of a line alone.
    pub ratio: f64,
}

/// Lines in worlds of their own, one after the other.
#[derive(Clone, Debug, Serialize)]
pub struct Anchor {
    /// How many there were.
    pub lines: usize,
    /// The processor's time for one.
    pub cpu_ms_per_line: f64,
}

/// Builds the lines, lets them authenticate, and says what that took.
pub fn measure(plan: Plan) -> io::Result<Measured> {
    // The keys of the process are made once, and belong to no line.
    run(1, plan)?;
    let (first, before) = (alone(plan)?, used()?);
    let held = memory("VmRSS:")?;
    let clock = Clock::starting_at(Time::ZERO);
    let ran = run(plan.count, plan)?;
    let wall = clock.now().since(Time::ZERO);
    let cpu = used()?.saturating_sub(before);
    // The rest of the process has never been as large.
    let peak = memory("VmHWM:")?.saturating_sub(held);
    let authenticated = ran.authenticated();
    let end = ran.world.now();
    drop(ran);
    // A machine is not as fast at all times: the anchor stands on both sides of what it measures.
    let second = alone(plan)?;
    let anchor = Anchor {
        lines: 2 * alone_count(plan),
        cpu_ms_per_line: (first + second).as_secs_f64() * 1e3 / (2 * alone_count(plan)) as f64,
    };
    let per_line = cpu.as_secs_f64() * 1e3 / plan.count as f64;
    Ok(Measured {
        lines: plan.count,
        authenticated,
        virtual_seconds: end.as_secs_f64(),
        wall_seconds: wall.as_secs_f64(),
        cpu_seconds: cpu.as_secs_f64(),
        memory_kib: peak,
        kib_per_line: peak as f64 / plan.count as f64,
        cpu_ms_per_line: per_line,
        ratio: per_line / anchor.cpu_ms_per_line,
        anchor,
    })
}

/// A world full of lines.
struct Lines {
    world: World,
    lines: Vec<Laid>,
}

struct Laid {
    terminal: Handle<Terminal>,
    registry: Registry,
}

/// Lets so many lines live in one world from power-on until their terminals have authenticated.
fn run(count: usize, plan: Plan) -> io::Result<Lines> {
    let line = Line::preset("next-pd", plan.area).expect("the preset exists");
    let mut all = Lines {
        world: World::new(plan.seed, Pace::Virtual),
        lines: Vec::with_capacity(count),
    };
    let steps = |span: Duration| (span.as_nanos() / GAP.as_nanos()) as usize;
    let (boot, leave) = (steps(BOOT), steps(BOOT + VISIT));
    for step in 0..count + leave {
        let now = Time::ZERO + GAP * u32::try_from(step).unwrap_or(u32::MAX);
        all.world.run_until(now)?;
        if step < count {
            all.lay(&line, step);
        }
        if let Some(index) = step.checked_sub(boot).filter(|index| *index < count) {
            all.authenticate(index);
            // Nobody reads what was encrypted.
            take_secrets();
        }
        if let Some(index) = step.checked_sub(leave) {
            all.leave(index);
        }
    }
    let end = all.world.now() + GAP;
    all.world.run_until(end)?;
    Ok(all)
}

impl Lines {
    fn lay(&mut self, line: &Line, index: usize) {
        let world = &mut self.world;
        world.build_at(&format!("{index}/"));
        let access = access::lay(world, line);
        let values = line.area.values();
        let row = |name| DomainServers {
            name,
            servers: values.ons_dns.to_vec(),
        };
        let setup = Setup {
            mode: Mode::Pd,
            wan_mac: mac(0),
            lan_mac: mac(1),
            default_dns: values.ngn_dns.to_vec(),
            domains: line.ons_domains().map(str::to_owned).map(row).collect(),
            pppoe: Vec::new(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let defects = Default::default();
        let router = world.add("router", Router::new(RouterConfig { setup, defects }));
        let config = TerminalConfig {
            mac: mac(2),
            trusts_ons_root: true,
            fixed_dns: Vec::new(),
            ipv4: None,
        };
        let terminal = world.add("pc", Terminal::new(config));
        world.connect(router.port(Router::WAN), access.wan);
        world.connect(router.port(Router::LAN), terminal.port(Terminal::PORT));
        self.lines.push(Laid {
            terminal,
            registry: access.registry,
        });
    }

    fn authenticate(&mut self, index: usize) {
        self.world.with(self.lines[index].terminal, |terminal, cx| {
            terminal.open(&format!("https://{}/", LineAuth::HOST), cx);
            terminal.choose(Choice::Accept, cx);
        });
    }

    fn leave(&mut self, index: usize) {
        let terminal = self.lines[index].terminal;
        self.world
            .with(terminal, |terminal, cx| terminal.close_browser(cx));
    }

    fn authenticated(&self) -> usize {
        let is_done = |line: &&Laid| {
            let book = line.registry.read();
            let mut entries = book.entries().iter();
            entries.any(|entry| entry.state == LineState::Authenticated)
        };
        self.lines.iter().filter(is_done).count()
    }
}

/// Returns the processor's time for lines in worlds of their own.
fn alone(plan: Plan) -> io::Result<Duration> {
    let before = used()?;
    for _ in 0..alone_count(plan) {
        run(1, plan)?;
    }
    Ok(used()?.saturating_sub(before))
}

fn alone_count(plan: Plan) -> usize {
    plan.count.clamp(1, MOST_ALONE)
}

/// Returns how long this thread has computed.
fn used() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let sum = usage.user_time() + usage.system_time();
    Ok(Duration::from_micros(
        u64::try_from(sum.tv_sec() * 1_000_000 + sum.tv_usec()).unwrap_or_default(),
    ))
}

/// Returns a line of what the kernel says of this process's memory, in KiB.
fn memory(name: &str) -> io::Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("/proc/self/status has no {name}")))
}

fn mac(last: u8) -> Mac {
    Mac([2, 0, 0x5e, 0, 2, last])
}

/// Between the power-on of one line and of the next.
const GAP: Duration = Duration::from_millis(50);
/// Until a terminal opens the site: duplicate address detection on the WAN takes ten seconds
/// (design §12).
const BOOT: Duration = Duration::from_secs(60);
/// Until its user closes the browser: more than the site takes.
const VISIT: Duration = Duration::from_secs(5);
/// Enough for a mean, in a fraction of the time of the lines themselves.
const MOST_ALONE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_world_authenticates() {
        let plan = plan(3);
        let ran = run(plan.count, plan).unwrap();
        assert_eq!(ran.authenticated(), 3);
        let all = measure(plan).unwrap();
        assert_eq!((all.lines, all.authenticated), (3, 3));
        assert!(all.ratio > 0.0 && all.kib_per_line >= 0.0);
    }

    #[test]
    fn a_line_that_nobody_asked_for_has_not_authenticated() {
        let line = Line::preset("next-pd", Area::East).unwrap();
        let mut ran = run(1, plan(1)).unwrap();
        ran.lay(&line, 1);
        let later = ran.world.now() + BOOT;
        ran.world.run_until(later).unwrap();
        assert_eq!(ran.authenticated(), 1);
    }

    fn plan(count: usize) -> Plan {
        Plan {
            count,
            area: Area::East,
            seed: 1,
        }
    }
}
