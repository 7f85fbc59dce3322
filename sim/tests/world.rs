//! The world's promises: order, time, faults, bounds, and the same trace from the same seed.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use ngnlab_sim::link::memory::MemoryLink;
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::trace::{End, Role, Seen};
use ngnlab_sim::{Context, Fate, Frame, Link, Node, Pace, Stop, Time, World};
use proptest::prelude::*;
use rand::Rng;

#[test]
fn virtual_time_jumps_from_deadline_to_deadline() {
    let mut world = World::new(1, Pace::Virtual);
    let ticker = world.add("ticker", Ticker::every(Duration::from_secs(3600)));
    let listener = world.add("listener", Counter::default());
    world.connect(ticker.port(0), listener.port(0));
    assert_eq!(
        world.run_until(Time::from_secs(86_400)).unwrap(),
        Stop::Reached
    );
    assert_eq!(world.now(), Time::from_secs(86_400));
    assert_eq!(world.with(listener, |counter, _| counter.frames), 25);
}

#[test]
fn a_fault_decides_the_fate_and_the_trace_tells_it() {
    let mut world = World::new(1, Pace::Virtual);
    let ticker = world.add("ticker", Ticker::every(Duration::from_secs(1)));
    let listener = world.add("listener", Counter::default());
    let cable = world.connect(ticker.port(0), listener.port(0));
    world.record_as(cable, Role::Wan);
    let mut turn = 0;
    world.impair(cable, move |_: &Frame, _: End, _: Time, _: &mut _| {
        turn += 1;
        match turn {
            1 => Fate::Drop,
            2 => Fate::Duplicate,
            3 => Fate::Delay(Duration::from_secs(100)),
            _ => Fate::Pass,
        }
    });
    world.run_until(Time::from_secs(4)).unwrap();
    // Five were sent: one lost, one doubled, one still under way.
    assert_eq!(world.with(listener, |counter, _| counter.frames), 4);
    let fates: Vec<_> = world
        .into_records()
        .into_iter()
        .filter_map(|record| match record.seen {
            Seen::Frame { fate, .. } => Some(fate),
            _ => None,
        })
        .collect();
    let late = Fate::Delay(Duration::from_secs(100));
    assert_eq!(
        fates,
        [Fate::Drop, Fate::Duplicate, late, Fate::Pass, Fate::Pass]
    );
}

#[test]
fn a_loop_of_hubs_does_not_stop_the_world() {
    let mut world = World::new(1, Pace::Virtual);
    let (a, b) = (
        world.add("a", Segment::new(3)),
        world.add("b", Segment::new(3)),
    );
    world.connect(a.port(0), b.port(0));
    world.connect(a.port(1), b.port(1));
    let spark = world.add("spark", Ticker::every(Duration::from_secs(1)));
    world.connect(spark.port(0), a.port(2));
    world.run_until(Time::from_secs(3)).unwrap();
    let suppressed = |seen: &Seen| matches!(seen, Seen::Suppressed { on: None, .. });
    assert!(
        world
            .into_records()
            .iter()
            .any(|record| suppressed(&record.seen))
    );
}

#[test]
fn a_cable_without_carrier_carries_nothing() {
    let mut world = World::new(1, Pace::Virtual);
    let link = MemoryLink::default();
    let counter = world.add("counter", Counter::default());
    let cable = world.attach(counter.port(0), link.clone());
    world.set_carrier(cable, false).unwrap();
    link.push(vec![0; 60]);
    world.run_until(Time::from_secs(1)).unwrap();
    world.set_carrier(cable, true).unwrap();
    link.push(vec![0; 60]);
    world.run_until(Time::from_secs(2)).unwrap();
    let (frames, carrier) = world.with(counter, |counter, _| (counter.frames, counter.carrier));
    assert_eq!((frames, carrier), (1, 2));
}

#[test]
fn a_waker_ends_the_sleep_of_a_world_in_real_pace() {
    let mut world = World::new(1, Pace::Realtime);
    let waker = world.waker().unwrap();
    let thread = std::thread::spawn(move || waker.wake());
    assert_eq!(world.run_until(Time::from_secs(3600)).unwrap(), Stop::Woken);
    thread.join().unwrap();
}

#[test]
fn a_link_that_never_runs_dry_stops_neither_clocks_nor_deadlines_nor_wakers() {
    let mut world = World::new(1, Pace::Realtime);
    // Each of its frames becomes two on the wire behind the hub, so that delivering is slower.
    let hub = world.add("hub", Segment::new(3));
    let cable = world.attach(hub.port(0), Torrent);
    world.record_as(cable, Role::Wan);
    let listeners = [1, 2].map(|socket| {
        let counter = world.add("counter", Counter::default());
        world.connect(counter.port(0), hub.port(socket));
        counter
    });
    let ticker = world.add("ticker", Ticker::every(Duration::from_millis(10)));
    let clock = world.add("clock", Counter::default());
    world.connect(ticker.port(0), clock.port(0));
    for _ in 0..4 {
        let deadline = world.now() + Duration::from_millis(100);
        assert_eq!(world.run_until(deadline).unwrap(), Stop::Reached);
        let late = world.now().since(deadline);
        assert!(late < Duration::from_millis(500), "{late:?}");
        assert!(world.frames_under_way() < 5_000);
    }
    assert!(world.with(listeners[0], |counter, _| counter.frames) > 100);
    let ticks = world.with(clock, |counter, _| counter.frames);
    assert!(ticks >= 20, "{ticks} ticks in 400 ms");
    world.waker().unwrap().wake();
    let far = world.now() + Duration::from_secs(3_600);
    assert_eq!(world.run_until(far).unwrap(), Stop::Woken);
}

#[test]
fn a_flood_on_a_slow_cable_is_lost_once_the_cable_is_full() {
    let mut world = World::new(1, Pace::Virtual);
    let counter = world.add("counter", Counter::default());
    let link = MemoryLink::default();
    let cable = world.attach(counter.port(0), link);
    world.record_as(cable, Role::Lan);
    let slow = |_: &Frame, _: End, _: Time, _: &mut _| Fate::Delay(Duration::from_secs(60));
    world.impair(cable, slow);
    for _ in 0..100_000 {
        world.inject(cable, End::Device, vec![0; 60]).unwrap();
    }
    assert!(world.frames_under_way() <= 50_000);
    assert!(world.is_flooded());
}

proptest! {
    #[test]
    fn the_same_seed_gives_the_same_records(seed: u64, frames: Vec<Vec<u8>>) {
        let run = || {
            let mut world = World::new(seed, Pace::Virtual);
            let link = MemoryLink::default();
            let dice = world.add("dice", Dice);
            let cable = world.attach(dice.port(0), link.clone());
            world.record_as(cable, Role::Lan);
            frames.iter().for_each(|frame| link.push(frame.clone()));
            world.run_until(Time::from_secs(1)).unwrap();
            world.into_records()
        };
        prop_assert_eq!(run(), run());
    }
}

/// Sends a frame at time zero and then at every interval.
struct Ticker {
    interval: Duration,
    next: Time,
}

impl Ticker {
    fn every(interval: Duration) -> Self {
        Self {
            interval,
            next: Time::ZERO,
        }
    }
}

impl Node for Ticker {
    fn handle_frame(&mut self, _port: u8, _frame: &Frame, _cx: &mut Context<'_>) {}

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        cx.send(0, vec![0; 60]);
        self.next += self.interval;
    }

    fn poll_timeout(&self) -> Option<Time> {
        Some(self.next)
    }
}

#[derive(Default)]
struct Counter {
    frames: u32,
    carrier: u32,
}

impl Node for Counter {
    fn handle_frame(&mut self, _port: u8, _frame: &Frame, _cx: &mut Context<'_>) {
        self.frames += 1;
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }

    fn handle_carrier(&mut self, _port: u8, _up: bool, _cx: &mut Context<'_>) {
        self.carrier += 1;
    }
}

/// A link that always has one more frame.
struct Torrent;

impl Link for Torrent {
    fn send(&mut self, _frame: &Frame) -> io::Result<()> {
        Ok(())
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        Ok(Some(vec![0; 60].into()))
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Answers every frame with a random one.
struct Dice;

impl Node for Dice {
    fn handle_frame(&mut self, port: u8, _frame: &Frame, cx: &mut Context<'_>) {
        let bytes: [u8; 16] = cx.random().random();
        cx.send(port, bytes.to_vec());
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}
