//! A device that is measured: on a line that stays up, it is given orders one after the other.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ngnlab_reports::benchmark::Family;
use ngnlab_sim::line::Area;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::time::Time;

use super::assignment::{Answer, Assignment, News, Task};
use super::desk::Desk;
use super::{GLANCE, Said, Worker, broken, own_id};
use crate::dut::Prepared;
use crate::dut::description::Description;
use crate::dut::needs;
use crate::error::Error;
use crate::tester::line::{self, Offered};
use crate::tester::orders::{Order, Reply};
use crate::tester::place::Place;
use crate::tester::serve;

/// The line that a device is measured on.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Over what questions come.
    pub family: Family,
    /// The area.
    pub area: Area,
    /// How the prefix is delivered, if the user says so.
    pub delivery: Option<Mode>,
    /// What everything random follows from.
    pub seed: u64,
}

/// A device on its line; dropping it ends both.
pub struct Bench {
    far_end: FarEnd,
    name: String,
}

enum FarEnd {
    Thread {
        orders: Option<Sender<Order>>,
        replies: Receiver<Reply>,
        stop: Arc<AtomicBool>,
        thread: Option<JoinHandle<Result<(), Error>>>,
    },
    Process {
        worker: Worker,
        orders: ChildStdin,
        _desk: Desk,
    },
}

impl Bench {
    /// Puts the built-in router on a line.
    pub fn of_reference(wish: &Wish) -> Self {
        let (orders, orders_end) = channel();
        let (replies_end, replies) = channel();
        let wish = wish.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let offered = Offered {
                modes: &[Mode::Ra, Mode::Pd],
                dials: true,
            };
            let scenario = line::scenario(offered, wish.delivery, wish.family);
            let place = Place {
                scenario: &scenario,
                family: wish.family,
                area: wish.area,
                seed: wish.seed,
                ready_within: Duration::ZERO,
                stop: stopped,
            };
            serve::serve_reference(&place, &orders_end, &mut |reply| {
                let _ = replies_end.send(reply);
            })
        });
        Self {
            far_end: FarEnd::Thread {
                orders: Some(orders),
                replies,
                stop,
                thread: Some(thread),
            },
            name: crate::dut::reference::NAME.to_owned(),
        }
    }

    /// Puts the device of a file on a line.
    pub fn of_file(device: &Path, prepared: Option<Prepared>, wish: &Wish) -> Result<Self, Error> {
        let description = Description::load(device)?;
        needs::check(&description)?;
        let desk = Desk::new(&description)?;
        let assignment = Assignment {
            device: device.to_owned(),
            task: Some(Task {
                scenario: PathBuf::new(),
                area: wish.area,
                delivery: wish.delivery,
                seed: wish.seed,
                trace: desk.trace(),
                prepared,
                staged: false,
                files: None,
                measured: Some(wish.family),
            }),
            save: None,
            parent: own_id(),
            logs: desk.logs(),
            gates: desk.gates(),
        };
        let started = Worker::start_and_order(&assignment);
        let (worker, orders) =
            started.map_err(|source| broken(&description.name, &source.to_string()))?;
        Ok(Self {
            far_end: FarEnd::Process {
                worker,
                orders,
                _desk: desk,
            },
            name: description.name,
        })
    }

    /// Gives an order and returns what came of it.
    pub(crate) fn order(
        &mut self,
        order: &Order,
        within: Duration,
        stop: &AtomicBool,
    ) -> Result<Reply, Error> {
        match &mut self.far_end {
            FarEnd::Thread { orders, .. } => {
                // Who is no longer there has said why, or says it below.
                let _ = orders.as_ref().map(|orders| orders.send(order.clone()));
            }
            FarEnd::Process { orders, .. } => {
                let _ = give(orders, order);
            }
        }
        self.reply(within, stop)
    }

    /// Returns what is said next.
    pub(crate) fn reply(&mut self, within: Duration, stop: &AtomicBool) -> Result<Reply, Error> {
        let clock = Clock::starting_at(Time::ZERO);
        while clock.now().since(Time::ZERO) < within {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            if let Some(reply) = self.said()? {
                return Ok(reply);
            }
        }
        let how = format!("it did not answer within {within:?}");
        Err(broken(&self.name, &how))
    }

    /// Returns what has been said within a moment.
    fn said(&mut self) -> Result<Option<Reply>, Error> {
        match &mut self.far_end {
            FarEnd::Thread {
                replies, thread, ..
            } => match replies.recv_timeout(GLANCE) {
                Ok(reply) => Ok(Some(reply)),
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = thread.take().map(JoinHandle::join);
                    match ended {
                        Some(Ok(Err(error))) => Err(error),
                        _ => Err(broken(&self.name, "its thread has ended")),
                    }
                }
            },
            FarEnd::Process { worker, .. } => {
                let Ok(said) = worker.said.recv_timeout(GLANCE) else {
                    return Ok(None);
                };
                let line = match said {
                    Said::Answer(line) => line,
                    Said::LastWords(words) => return Err(broken(&self.name, words.trim())),
                };
                match serde_json::from_str(&line) {
                    Ok(Answer::News(News::Reply(reply))) => Ok(Some(reply)),
                    Ok(Answer::News(_) | Answer::Ended(_)) => Ok(None),
                    Ok(Answer::Missing { doing, help }) => Err(Error::Missing {
                        doing,
                        help,
                        source: None,
                    }),
                    Ok(Answer::Panicked(message) | Answer::Broken(message)) => {
                        Err(broken(&self.name, &message))
                    }
                    Err(_) => Err(broken(&self.name, "it ended without an answer")),
                }
            }
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let FarEnd::Thread {
            orders,
            stop,
            thread,
            ..
        } = &mut self.far_end
        {
            *orders = None;
            stop.store(true, Ordering::Relaxed);
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}

fn give(orders: &mut ChildStdin, order: &Order) -> io::Result<()> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    orders.write_all(&line)
}
