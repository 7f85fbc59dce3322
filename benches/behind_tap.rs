//! What `anchors.sh` beside this folder holds the tester of `ngnlab bench dns` against: the bare
//! writes of a TAP interface, and the ordinary DNS server of every scenario behind one.
//!
//! Runs in a network namespace of its own, for as many seconds as are given.

use std::env;
use std::io::{self, Write as _};
use std::time::Duration;

use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::link::Link as _;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::link::tap::{Tap, set_up};
use ngnlab_sim::message::packet::{Envelope, Mac};
use ngnlab_sim::node::dns::{DnsServer, DnsServerConfig, Zones};
use ngnlab_sim::{Pace, Time, World};

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let usage = || io::Error::other("usage: behind_tap dns|writes SECONDS");
    let [what, seconds] = <[String; 2]>::try_from(words).map_err(|_| usage())?;
    let lasts = Duration::from_secs(seconds.parse().map_err(|_| usage())?);
    let mut tap = Tap::open("dns0", OWN).map_err(io::Error::other)?;
    tap.set_carrier(true)?;
    set_up("dns0", true)?;
    match what.as_str() {
        "dns" => answer(tap, lasts),
        "writes" => {
            let rate = writes(&mut tap, lasts)?;
            writeln!(io::stdout(), "{rate:.0}")
        }
        _ => Err(usage()),
    }
}

/// Answers what comes, as in any scenario.
fn answer(tap: Tap, lasts: Duration) -> io::Result<()> {
    let line = Line::preset("next-pd", Area::East).expect("the preset exists");
    let mut world = World::new(1, Pace::Realtime);
    let server = world.add(
        "dns",
        DnsServer::new(DnsServerConfig {
            address: Area::East.values().ons_dns[0],
            zones: Zones::ons(&line),
            quirks: Vec::new(),
        }),
    );
    world.attach(server.port(DnsServer::PORT), tap);
    world.run_until(Time::ZERO + lasts).map(drop)
}

/// Returns how many frames a second go into the interface, one by one and made beforehand.
fn writes(tap: &mut Tap, lasts: Duration) -> io::Result<f64> {
    let values = Area::East.values();
    let from = values.ons_dns[0];
    let to = OWN.in_prefix(values.assignments[0].addr());
    // As long as a question of the tester.
    let frame = Envelope::new(SERVER, OWN, from, to).udp(40_000, 53, &[0; 48]);
    let clock = Clock::starting_at(Time::ZERO);
    let mut count = 0.0;
    while clock.now().since(Time::ZERO) < lasts {
        for _ in 0..BATCH {
            tap.send(&frame)?;
        }
        count += f64::from(BATCH);
    }
    Ok(count / clock.now().since(Time::ZERO).as_secs_f64())
}

const OWN: Mac = Mac([0x02, 0, 0x5e, 0x40, 0, 1]);
const SERVER: Mac = Mac([0x02, 0, 0x5e, 0x10, 0, 2]);
const BATCH: u32 = 64;
