//! A real terminal that asks the device in place of the tester.

use std::time::Duration;

use ngnlab_reports::benchmark::{Asked, Domains};
use ngnlab_sim::link::Link as _;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::time::Time;

use super::dnsperf::{self, Heard};
use super::guest::Guest;
use super::orders::{DnsperfOrder, TrialOrder};
use super::site::Site;
use crate::dut::DutError;
use crate::error::Error;
use crate::terminal::{Errand, RealTerminal, Told};

impl Site<'_> {
    /// Has dnsperf ask the device.
    pub(super) fn dnsperf(&mut self, order: &DnsperfOrder) -> Result<Heard, DutError> {
        let mut trial = TrialOrder::probe();
        trial.workload.asked = Asked::Aaaa;
        trial.workload.domains = Domains::Ons;
        trial.names = order.names;
        trial.delay = order.delay;
        trial.timeout = order.timeout;
        if order.cached {
            trial.rate = 1000.0;
            self.warm_up(&trial)?;
        }
        trial.lasts = Duration::from_secs(1);
        trial.rate = f64::from(dnsperf::names(order));
        let offer = self.offer(&trial)?;
        self.sides.answer_by(&offer.ledger);
        let errand = Errand {
            words: dnsperf::command(order, &offer.ledger, self.ends.addresses.1),
            root_pem: None,
            files: None,
            resolv_conf: String::new(),
            router: String::new(),
        };
        let started = RealTerminal::start(MAC, errand);
        let mut terminal = started.map_err(|error| cannot("start a real terminal", Some(error)))?;
        let heard = self.hear(&mut terminal, order.lasts + order.timeout);
        self.sides.host(None);
        heard
    }

    /// Waits for what dnsperf says at its end.
    fn hear(&mut self, terminal: &mut RealTerminal, lasts: Duration) -> Result<Heard, DutError> {
        let clock = Clock::starting_at(Time::ZERO);
        let mut said = String::new();
        while clock.now().since(Time::ZERO) < dnsperf::READY_WITHIN + lasts {
            self.idle()?;
            let told = terminal.told();
            let told = told.map_err(|error| cannot("hear from a real terminal", Some(error)))?;
            let Some((told, tap)) = told else {
                continue;
            };
            if let Some(mut tap) = tap {
                let plane = tap.lend();
                let plane =
                    plane.map_err(|error| cannot("take a terminal's cable", Some(error)))?;
                self.sides.host(Some(Guest::new(MAC, plane)));
            }
            match told {
                Told::Plugged | Told::Online(_) => {}
                Told::Output(text) => said.push_str(&text),
                Told::Ended { .. } => {
                    let what = || format!("understand dnsperf, which said: {}", said.trim());
                    return Heard::read(&said).ok_or_else(|| cannot(&what(), None));
                }
                Told::Cannot { doing, help } => {
                    return Err(DutError::Harness(Error::Missing {
                        doing,
                        help,
                        source: None,
                    }));
                }
            }
        }
        Err(cannot("see dnsperf end", None))
    }
}

fn cannot(doing: &str, source: Option<std::io::Error>) -> DutError {
    DutError::Harness(Error::Missing {
        doing: doing.to_owned(),
        help: "dnsperf 2 and awk are to be installed".to_owned(),
        source,
    })
}

/// 5e:10 and 5e:20 are the devices of `dut`, 5e:40 the emulated terminals.
const MAC: Mac = Mac([0x02, 0x00, 0x5e, 0x50, 0x00, 1]);
