//! Serves the benchmark: does what it is ordered to until no more orders come.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;

use super::cores::Cores;
use super::loopback::Through;
use super::orders::{Order, Reply};
use super::place::Place;
use super::reference::ApartReference;
use super::site::Site;
use super::whose::Whose;
use crate::dut::{Dut, DutError};
use crate::error::Error;

/// Serves with the built-in router.
pub(crate) fn serve_reference(
    place: &Place<'_>,
    orders: &Receiver<Order>,
    tell: &mut dyn FnMut(Reply),
) -> Result<(), Error> {
    let cores = Cores::divided();
    let mut dut = ApartReference::new(cores.clone());
    let thread = dut.thread();
    let whose = move || Whose::Thread(thread.load(Ordering::Relaxed));
    let means = (cores, Through::Packets);
    serve_with(place, &mut dut, whose, means, orders, tell)
}

/// Serves with a device of another kind, whose cables are like those of a self-test `through` this;
/// `apart` is one that is no process of this machine.
pub(crate) fn serve(
    place: &Place<'_>,
    dut: &mut dyn Dut,
    (apart, through): (bool, Through),
    orders: &Receiver<Order>,
    tell: &mut dyn FnMut(Reply),
) -> Result<(), Error> {
    let whose = move || if apart { Whose::Nobodys } else { Whose::Below };
    serve_with(place, dut, whose, (Cores::divided(), through), orders, tell)
}

fn serve_with(
    place: &Place<'_>,
    dut: &mut dyn Dut,
    whose: impl FnOnce() -> Whose,
    means: Means,
    orders: &Receiver<Order>,
    tell: &mut dyn FnMut(Reply),
) -> Result<(), Error> {
    match obey(place, dut, whose, means, orders, tell) {
        Ok(()) => Ok(()),
        Err(DutError::Failed(failure)) => {
            tell(Reply::Failed(failure.message));
            Ok(())
        }
        Err(DutError::NotOffered(what)) => {
            tell(Reply::Failed(what));
            Ok(())
        }
        Err(DutError::Harness(error)) => Err(error),
    }
}

fn obey(
    place: &Place<'_>,
    dut: &mut dyn Dut,
    whose: impl FnOnce() -> Whose,
    means: Means,
    orders: &Receiver<Order>,
    tell: &mut dyn FnMut(Reply),
) -> Result<(), DutError> {
    let clock = Clock::starting_at(Time::ZERO);
    let mut site = Site::new(place, dut, whose, means)?;
    let within = place.ready_within + ANSWERS_WITHIN;
    tell(Reply::Up(millis(site.first_answer(&clock, within)?)));
    loop {
        match orders.try_recv() {
            Ok(Order::Trial(order)) => {
                let (trial, beside) = site.trial(&order)?;
                tell(Reply::Trial(Box::new(trial), beside));
            }
            Ok(Order::SelfTest(order)) => {
                let (trial, through) = site.self_test(&order)?;
                tell(Reply::SelfTest(Box::new(trial), through));
            }
            Ok(Order::Dnsperf(order)) => tell(Reply::Dnsperf(site.dnsperf(&order)?)),
            Ok(Order::ColdStart) => tell(Reply::Started(millis(site.cold_start(within)?))),
            Err(TryRecvError::Empty) => site.idle()?,
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
    }
}

/// The tester's processors, and what joins its sides in a self-test.
type Means = (Option<Cores>, Through);

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// How long a device that is ready may take until its first right answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(150);
