//! The side of the tester that answers: a thread in front of the world, which takes the questions of
//! the benchmark and leaves it everything else.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ngnlab_sim::link::aside::Aside;
use ngnlab_sim::link::plane::Plane;
use nix::unistd::gettid;

use super::ledger::Ledger;
use super::message::{Asking, Datagram, PORT};
use super::sleep::Bed;

/// What the last trial counts in; nothing before the first one.
pub(super) type Book = Arc<Mutex<Option<Arc<Ledger>>>>;

/// Answers until it is stopped.
pub(super) struct Answerer {
    /// The cable to the device.
    pub(super) aside: Aside,
    /// The addresses of the network's DNS servers.
    pub(super) servers: BTreeSet<Ipv6Addr>,
    /// What the last trial counts in.
    pub(super) book: Book,
    /// Whether to end.
    pub(super) stop: Arc<AtomicBool>,
    /// Where this thread tells its number.
    pub(super) thread: Arc<AtomicI32>,
}

impl Answerer {
    /// Answers until it is stopped.
    pub(super) fn serve(self) -> io::Result<()> {
        let mut buffer = vec![0; LONGEST_FRAME];
        let mut answer = Vec::with_capacity(LONGEST_FRAME);
        let plane = Arc::clone(&self.aside.plane);
        let bed = Bed::new(&plane)?;
        self.thread.store(gettid().as_raw(), Ordering::Relaxed);
        while !self.stop.load(Ordering::Relaxed) {
            let ledger = self.ledger();
            let mut busy = false;
            {
                let mut plane = plane.lock().unwrap_or_else(PoisonError::into_inner);
                for _ in 0..BATCH {
                    let Some(length) = plane.receive(&mut buffer)? else {
                        break;
                    };
                    busy = true;
                    self.take(&buffer[..length], &mut **plane, ledger.as_deref(), &mut answer)?;
                }
            }
            if !busy {
                bed.sleep(IDLE)?;
            }
        }
        Ok(())
    }

    fn ledger(&self) -> Option<Arc<Ledger>> {
        self.book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn take(
        &self,
        frame: &[u8],
        plane: &mut dyn Plane,
        ledger: Option<&Ledger>,
        answer: &mut Vec<u8>,
    ) -> io::Result<()> {
        let asked = Datagram::read(frame).filter(|datagram| {
            datagram.destination_port == PORT
                && self.servers.contains(&datagram.destination.into())
        });
        let asking = asked.zip(ledger).and_then(|(datagram, ledger)| {
            let asking = Asking::read(datagram.payload, &ledger.zones)?;
            Some((datagram, ledger, asking))
        });
        let Some((datagram, ledger, asking)) = asking else {
            self.aside.hand_on(frame);
            return Ok(());
        };
        ledger.note(asking.label, datagram.source_port, asking.id);
        let server = Ipv6Addr::from(datagram.destination);
        let right = ledger.zones[asking.zone].servers.contains(&server);
        if !right {
            ledger.note_misdirected();
        }
        asking.answer(frame, &datagram, right, answer);
        if !plane.send(answer)? {
            ledger.note_unanswered();
        }
        Ok(())
    }
}

const BATCH: usize = 64;
/// How often to look whether to end.
const IDLE: Duration = Duration::from_millis(20);
/// The largest frame of our own cables, and some.
pub(super) const LONGEST_FRAME: usize = 16 << 10;
