//! A whole line with computers, and a device that sends frames from the input on both its cables.

use std::time::Duration;

use ngnlab_sim::access;
use ngnlab_sim::cable::Cable;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::node::terminal::{Terminal, TerminalConfig};
use ngnlab_sim::trace::{End, Role, Seen};
use ngnlab_sim::{Context, Frame, Handle, Node, Pace, Time, World};

use crate::mutation::mend;
use crate::packed::{MENDED, Packed};

/// Has the device of a line send what the bytes say, and lets some time pass.
pub fn take_in(bytes: &[u8]) {
    let packed = Packed::new(bytes);
    let mut table = Table::new(&packed);
    for entry in packed.take(MOST_FRAMES) {
        let mut frame = entry.frame.to_vec();
        if entry.flags & MENDED != 0 {
            mend(&mut frame);
        }
        table.send(entry.role(), frame);
        table.pass(entry.pause);
    }
    // Long enough for every time-out of a node but those of leases.
    table.pass(Duration::from_secs(120));
    let stuck = |seen: &Seen| matches!(seen, Seen::Suppressed { .. });
    let records = table.world.records();
    assert!(
        !records.iter().any(|record| stuck(&record.seen)),
        "frames never stop moving"
    );
    assert!(records.len() < MOST_RECORDS, "{} records", records.len());
    assert!(
        table.world.frames_under_way() < 100,
        "frames wait on cables"
    );
    // Whatever came before, the computer has not given up: it does what it is told, to an end.
    table.world.with(table.terminal, |terminal, cx| {
        terminal.open("https://www.lineauth.mnw/", cx);
    });
    table.pass(Duration::from_secs(120));
    let busy = |terminal: &mut Terminal, _: &mut Context<'_>| terminal.is_busy();
    assert!(
        !table.world.with(table.terminal, busy),
        "the computer waits for ever"
    );
}

/// What stands on the table, with a device that only sends.
struct Table {
    world: World,
    terminal: Handle<Terminal>,
    wan: Cable,
    lan: Cable,
}

impl Table {
    fn new(packed: &Packed<'_>) -> Self {
        let mut world = World::new(1, Pace::Virtual);
        let access = access::lay(&mut world, &packed.line);
        let hub = world.add("hub", Segment::new(3));
        let device = world.add("device", Bridge);
        let mut terminals = [1, 2].map(|number| {
            let config = TerminalConfig {
                mac: Mac([2, 0, 0x5e, 0x40, 0, number]),
                trusts_ons_root: true,
                fixed_dns: packed.line.area.values().ons_dns.to_vec(),
                ipv4: None,
            };
            let terminal = world.add(
                ["pc", "printer"][usize::from(number) - 1],
                Terminal::new(config),
            );
            world.connect(terminal.port(Terminal::PORT), hub.port(number));
            terminal
        });
        let wan = world.connect(device.port(0), access.wan);
        let lan = world.connect(device.port(1), hub.port(0));
        world.record_as(wan, Role::Wan);
        world.record_as(lan, Role::Lan);
        world
            .run_until(Time::from_secs(10))
            .expect("no link can fail");
        let terminal = terminals[0];
        for terminal in &mut terminals {
            world.with(*terminal, |terminal, cx| {
                terminal.open("https://www.lineauth.mnw/", cx);
                terminal.hold("https://www.lineauth.mnw/", Duration::from_secs(30), cx);
                terminal.download("http://pweb.base.oqs-pdl.org/update", cx);
            });
        }
        Self {
            world,
            terminal,
            wan,
            lan,
        }
    }

    fn send(&mut self, role: Role, frame: Vec<u8>) {
        let cable = if role == Role::Lan {
            self.lan
        } else {
            self.wan
        };
        let sent = self.world.inject(cable, End::Device, frame);
        sent.expect("no link can fail");
    }

    fn pass(&mut self, time: Duration) {
        let until = self.world.now() + time;
        self.world.run_until(until).expect("no link can fail");
    }
}

/// A device that passes everything on as it is, so that nodes answer each other.
struct Bridge;

impl Node for Bridge {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        cx.send(1 - port, frame.clone());
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

const MOST_FRAMES: usize = 256;
/// Many times what a few hundred frames are answered with.
const MOST_RECORDS: usize = 50_000;
