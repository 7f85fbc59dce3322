//! The tester against a device of a few lines, which does one thing wrong.

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ngnlab_reports::benchmark::{Asked, Counts, Family, Transport};
use ngnlab_sim::link::Link as _;
use ngnlab_sim::link::aside::Aside;
use ngnlab_sim::link::packets::Packets;
use ngnlab_sim::link::plane::Plane;

use super::ip::Ends;
use super::lan::Outcome;
use super::ledger::Ledger;
use super::loopback::{self, Through};
use super::offer::Offer;
use super::result::{Before, Meanwhile, trial};
use super::sides::Sides;
use super::whose::Device;
use super::zone::Zone;

#[test]
fn a_device_without_faults_passes() {
    let counts = counted(|_, _| Does::Pass);
    assert!(counts.is_passed(), "{counts:?}");
    assert_eq!((counts.forwarded, counts.from_cache), (ASKED, 0));
}

#[test]
fn what_is_lost_on_the_way_up_was_not_asked() {
    let counts = counted(|up, number| Does::drop_if(up && number == 7));
    assert_eq!((counts.lost_unasked, counts.lost()), (1, 1), "{counts:?}");
}

#[test]
fn what_is_lost_on_the_way_down_was_answered() {
    let counts = counted(|up, number| Does::drop_if(!up && number == 7));
    assert_eq!((counts.lost_answered, counts.lost()), (1, 1), "{counts:?}");
}

#[test]
fn a_question_that_is_asked_again_is_a_retry() {
    let counts = counted(|up, number| {
        if up && number < 3 {
            Does::Twice
        } else {
            Does::Pass
        }
    });
    assert_eq!(counts.retries, 3, "{counts:?}");
    // Both were answered, and the device handed both on.
    assert_eq!(counts.duplicates, 3, "{counts:?}");
    assert!(counts.is_passed());
}

#[test]
fn an_answer_from_another_port_is_named() {
    let counts = counted(|up, number| match (up, number) {
        (false, 0..5) => Does::Spoil(SOURCE_PORT),
        _ => Does::Pass,
    });
    assert_eq!((counts.wrong_sender, counts.wrong), (5, 5), "{counts:?}");
}

#[test]
fn a_wrong_record_is_named() {
    let counts = counted(|up, number| match (up, number) {
        (false, 0..5) => Does::SpoilLast,
        _ => Does::Pass,
    });
    assert_eq!((counts.wrong_record, counts.wrong), (5, 5), "{counts:?}");
}

#[test]
fn an_error_instead_of_a_record_is_named() {
    let counts = counted(|up, number| match (up, number) {
        (false, 0..5) => Does::Spoil(RCODE),
        _ => Does::Pass,
    });
    assert_eq!((counts.wrong_rcode, counts.wrong), (5, 5), "{counts:?}");
}

#[test]
fn an_id_that_no_question_had_answers_none() {
    let counts = counted(|up, number| match (up, number) {
        (false, 0) => Does::Spoil(ID),
        _ => Does::Pass,
    });
    assert_eq!(
        (counts.unreadable, counts.lost_answered),
        (1, 1),
        "{counts:?}"
    );
}

#[test]
fn without_a_device_every_question_is_answered_whatever_joins_the_sides() {
    for through in [Through::Taps, Through::Streams, Through::Packets] {
        for family in [Family::Ipv6, Family::Ipv4] {
            let server = loopback::server(family);
            let (mut sides, by) = loopback::start(through, server, None).unwrap();
            if by != through {
                eprintln!("skipped: no interfaces can be made here");
            }
            let offer = loopback::asked_alone(server, offer());
            let counts = counted_by(&mut sides, &offer);
            assert!(counts.is_passed(), "{through:?}, {family:?}: {counts:?}");
        }
    }
}

#[test]
fn over_ipv4_a_device_is_judged_as_over_ipv6() {
    let counted = |does: fn(bool, u64) -> Does| {
        counts_of(over_ipv4(offer()), move |lan, wan, stop| {
            forward(lan, wan, does, stop);
        })
    };
    let counts = counted(|_, _| Does::Pass);
    assert!(counts.is_passed(), "{counts:?}");
    assert_eq!((counts.forwarded, counts.from_cache), (ASKED, 0));
    let counts = counted(|up, number| Does::drop_if(up && number == 7));
    assert_eq!((counts.lost_unasked, counts.lost()), (1, 1), "{counts:?}");
    let counts = counted(|up, number| match (up, number) {
        (false, 0..5) => Does::Spoil(IPV4_SOURCE),
        _ => Does::Pass,
    });
    assert_eq!((counts.wrong_sender, counts.wrong), (5, 5), "{counts:?}");
}

#[test]
fn a_network_that_takes_its_time_delays_every_answer() {
    let (mut sides, _) = loopback::start(Through::Packets, SERVER, None).unwrap();
    let mut offer = loopback::asked_alone(SERVER, offer());
    offer.ledger = Arc::new(ledger().after(Duration::from_millis(30)));
    sides.begin(offer.clone());
    let outcome = sides.wait().unwrap();
    let delay = outcome.heard.delay();
    assert_eq!(outcome.heard.right(), ASKED);
    assert!(delay.p50 >= 30_000.0, "{delay:?}");
}

mod bulk;
mod tcp;

/// What a device does with a packet.
enum Does {
    Pass,
    Drop,
    Twice,
    /// Turns a bit of this byte.
    Spoil(usize),
    SpoilLast,
}

impl Does {
    fn drop_if(condition: bool) -> Self {
        if condition { Self::Drop } else { Self::Pass }
    }
}

/// Returns the counts of a trial with a device that does so with each packet on its way up or down,
/// counted from zero.
fn counted(does: fn(bool, u64) -> Does) -> Counts {
    counts_of(offer(), move |lan, wan, stop| forward(lan, wan, does, stop))
}

/// Returns the counts of a trial with a device between two cables.
fn counts_of(
    offer: Offer,
    device: impl FnOnce(Packets, Packets, &AtomicBool) + Send + 'static,
) -> Counts {
    let (offer, outcome, meanwhile) = outcome_of(offer, device);
    trial(&offer, outcome, &meanwhile, Duration::from_secs(1)).counts
}

/// Returns what came of a trial with a device between two cables.
fn outcome_of(
    offer: Offer,
    device: impl FnOnce(Packets, Packets, &AtomicBool) + Send + 'static,
) -> (Offer, Outcome, Meanwhile) {
    let (mut lan, device_lan) = Packets::pair().unwrap();
    let (mut wan, device_wan) = Packets::pair().unwrap();
    let sides = Sides::start(
        Aside::alone(&mut lan).unwrap(),
        Aside::alone(&mut wan).unwrap(),
        [offer.ends.addresses.1].into(),
        None,
    );
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let device = thread::spawn(move || device(device_lan, device_wan, &stopped));
    let mut sides = sides;
    let (outcome, meanwhile) = asked(&mut sides, &offer);
    stop.store(true, Ordering::Relaxed);
    device.join().unwrap();
    (offer, outcome, meanwhile)
}

fn counted_by(sides: &mut Sides, offer: &Offer) -> Counts {
    let (outcome, meanwhile) = asked(sides, offer);
    trial(offer, outcome, &meanwhile, Duration::from_secs(1)).counts
}

fn asked(sides: &mut Sides, offer: &Offer) -> (Outcome, Meanwhile) {
    let before = Before::look(sides, &Device::NOBODYS);
    sides.begin(offer.clone());
    let outcome = sides.wait().unwrap();
    let meanwhile = Meanwhile::since(&before, sides, &Device::NOBODYS);
    (outcome, meanwhile)
}

/// Carries packets between its two cables until it is stopped.
fn forward(mut lan: Packets, mut wan: Packets, does: fn(bool, u64) -> Does, stop: &AtomicBool) {
    let mut planes: [Box<dyn Plane>; 2] = [lan.lend().unwrap(), wan.lend().unwrap()];
    let mut seen = [0; 2];
    let mut buffer = vec![0; 2048];
    while !stop.load(Ordering::Relaxed) {
        for from in 0..2 {
            let Some(length) = planes[from].receive(&mut buffer).unwrap() else {
                thread::yield_now();
                continue;
            };
            let mut frame = buffer[..length].to_vec();
            let times = match does(from == 0, seen[from]) {
                Does::Pass => 1,
                Does::Drop => 0,
                Does::Twice => 2,
                Does::Spoil(at) => {
                    frame[at] ^= 1;
                    1
                }
                Does::SpoilLast => {
                    frame[length - 1] ^= 1;
                    1
                }
            };
            seen[from] += 1;
            for _ in 0..times {
                planes[1 - from].put(&frame).unwrap();
            }
        }
    }
}

fn ledger() -> Ledger {
    let zone = Zone {
        wire: b"\x07example\0".to_vec(),
        servers: vec![SERVER],
    };
    let names = (ASKED as usize, 1);
    Ledger::new((1, 2), names, vec![zone], Asked::Aaaa)
}

fn offer() -> Offer {
    Offer {
        rate: 1000.0,
        total: ASKED as u32,
        cached_percent: 0,
        names: 1,
        // Long, so that a busy host makes none of them late.
        timeout: Duration::from_secs(2),
        long: false,
        ends_early: false,
        ends: Ends {
            macs: ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]),
            addresses: (CLIENT, SERVER),
        },
        transport: Transport::Udp,
        connections: 1,
        bulk: None,
        first_port: 20_000,
        ledger: Arc::new(ledger()),
    }
}

/// Has an offer asked over IPv4.
fn over_ipv4(offer: Offer) -> Offer {
    loopback::asked_alone(loopback::server(Family::Ipv4), offer)
}

const ASKED: u64 = 200;
const CLIENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53);
/// Behind the headers of Ethernet, IPv6 and UDP.
const ID: usize = 14 + 40 + 8 + 1;
const RCODE: usize = 14 + 40 + 8 + 3;
const SOURCE_PORT: usize = 14 + 40 + 1;
/// The last byte of who sent it (RFC 791 §3.1).
const IPV4_SOURCE: usize = 14 + 15;
