//! Bulk traffic beside questions, through a device that loses none or all of it.

use super::*;
use crate::tester::bulk::{self, Bulk};
use crate::tester::stream::segment::Segment;

#[test]
fn what_goes_through_beside_the_questions_is_told_to_a_twentieth() {
    let (passed, beside) = beside(|_| true);
    assert!(passed);
    let share = beside.unwrap() / BITS_PER_SECOND;
    assert!((0.9..1.05).contains(&share), "{share}");
}

#[test]
fn a_device_that_lets_no_bulk_through_is_said_to_let_none_through() {
    let (passed, beside) = beside(|frame| !is_bulk(frame));
    assert!(passed);
    assert_eq!(beside, Some(0.0));
}

/// Returns whether a trial passed, and what went through beside it, with a device that carries these
/// frames.
fn beside(carries: fn(&[u8]) -> bool) -> (bool, Option<f64>) {
    let base = offer();
    let offer = Offer {
        bulk: Some(Bulk {
            ends: Ends {
                addresses: (CLIENT, HOST),
                ..base.ends
            },
            port: 1_500,
            bits_per_second: BITS_PER_SECOND,
        }),
        // Two seconds.
        rate: 100.0,
        ..base
    };
    let device = move |mut lan: Packets, mut wan: Packets, stop: &AtomicBool| {
        let mut planes: [Box<dyn Plane>; 2] = [lan.lend().unwrap(), wan.lend().unwrap()];
        let mut buffer = vec![0; 2048];
        while !stop.load(Ordering::Relaxed) {
            for from in 0..2 {
                match planes[from].receive(&mut buffer).unwrap() {
                    Some(length) if carries(&buffer[..length]) => {
                        planes[1 - from].put(&buffer[..length]).unwrap();
                    }
                    Some(_) => {}
                    None => thread::yield_now(),
                }
            }
        }
    };
    let (offer, outcome, meanwhile) = outcome_of(offer, device);
    let beside = outcome.beside;
    let trial = trial(&offer, outcome, &meanwhile, Duration::from_secs(1));
    (trial.counts.is_passed(), beside)
}

fn is_bulk(frame: &[u8]) -> bool {
    Segment::read(frame).is_some_and(|segment| {
        [segment.source_port, segment.destination_port].contains(&bulk::PORT)
    })
}

const HOST: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x80);
/// Little, so that a busy host can.
const BITS_PER_SECOND: f64 = 4e6;
