//! What is asked in a trial: which question comes when, under which name, port and id.

use std::sync::Arc;
use std::time::Duration;

use ngnlab_reports::benchmark::Transport;

use super::bulk::Bulk;
use super::ip::Ends;
use super::label::Label;
use super::ledger::Ledger;

/// The questions of one trial.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// Questions a second.
    pub(super) rate: f64,
    /// How many there are.
    pub(super) total: u32,
    /// How many of a hundred are for repeated names.
    pub(super) cached_percent: u8,
    /// How many repeated names there are.
    pub(super) names: u32,
    /// How long a question waits for its answer.
    pub(super) timeout: Duration,
    /// Whether texts are longer than 1232 bytes.
    pub(super) long: bool,
    /// Whether to end soon after it is certain that not every question is answered.
    pub(super) ends_early: bool,
    /// Between whom questions travel.
    pub(super) ends: Ends,
    /// Over what questions come.
    pub(super) transport: Transport,
    /// How many connections stay open, where they do.
    pub(super) connections: u16,
    /// What else goes through the device meanwhile.
    pub(super) bulk: Option<Bulk>,
    /// The first of the ports that are asked from.
    pub(super) first_port: u16,
    /// What came upstream.
    pub(super) ledger: Arc<Ledger>,
}

/// How a question is told from all others that wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The port it is asked from.
    pub(super) port: u16,
    /// Its id.
    pub(super) id: u16,
}

impl Offer {
    /// Returns when a question is to be sent, in nanoseconds from the trial's start.
    pub(super) fn due(&self, number: u32) -> u64 {
        (f64::from(number) * 1e9 / self.rate) as u64
    }

    /// Returns the name of a question.
    pub(super) fn label(&self, number: u32) -> Label {
        let before = self.repeated_before(number);
        let repeats = self.repeated_before(number + 1) > before;
        let (trial, number) = match repeats {
            true => (self.ledger.set, (before % u64::from(self.names)) as u32),
            false => (self.ledger.trial, number),
        };
        Label {
            long: self.long,
            repeats,
            trial,
            number,
        }
    }

    /// Returns the domain of a name; a name that is asked for again has the same one.
    pub(super) fn zone(&self, label: Label) -> usize {
        label.number as usize % self.ledger.zones.len()
    }

    /// Returns the port and the id of a question.
    pub(super) fn mark(&self, number: u32) -> Mark {
        let port = (number >> 16) as u16 % self.ports();
        Mark {
            port: self.first_port + port,
            id: spread(number as u16),
        }
    }

    /// Returns the last of the questions with this mark, of so many that were sent.
    pub(super) fn number(&self, mark: Mark, sent: u32) -> Option<u32> {
        let port = mark.port.checked_sub(self.first_port)?;
        let ports = self.ports();
        if port >= ports || sent == 0 {
            return None;
        }
        let low = u32::from(mark.id.wrapping_mul(ID_INVERSE));
        let first = (u32::from(port) << 16) | low;
        let round = u32::from(ports) << 16;
        let last = sent - 1;
        (first <= last).then(|| last - (last - first) % round)
    }

    /// Returns from how many ports is asked: enough for all questions that may be waiting.
    pub(super) fn ports(&self) -> u16 {
        let waiting = self.rate * self.timeout.as_secs_f64() * 2.0;
        (waiting / 65_536.0) as u16 + 2
    }

    fn repeated_before(&self, number: u32) -> u64 {
        u64::from(number) * u64::from(self.cached_percent) / 100
    }
}

/// Returns an id for each count.
pub(super) fn spread(count: u16) -> u16 {
    // An odd factor leaves no id out, and the ids do not count up.
    count.wrapping_mul(ID_FACTOR)
}

const ID_FACTOR: u16 = 40_503;
/// Its inverse modulo 65 536.
const ID_INVERSE: u16 = inverse(ID_FACTOR);

const fn inverse(odd: u16) -> u16 {
    // Newton's iteration: each step doubles the bits that are right.
    let mut inverse = odd;
    let mut step = 0;
    while step < 4 {
        let error = 2_u16.wrapping_sub(odd.wrapping_mul(inverse));
        inverse = inverse.wrapping_mul(error);
        step += 1;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use ngnlab_reports::benchmark::Asked;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_question_is_found_by_its_mark_while_it_waits(
            rate in 1_000.0..2_000_000.0_f64,
            number in 0..20_000_000_u32,
            later in 0..60_000_u32,
        ) {
            let offer = offer(rate, 0);
            let found = offer.number(offer.mark(number), number + 1 + later);
            prop_assert_eq!(found, Some(number));
        }

        #[test]
        fn so_many_of_a_hundred_names_repeat(percent in 0..=100_u8) {
            let offer = offer(1000.0, percent);
            let repeats = (0..1000).filter(|number| offer.label(*number).repeats);
            prop_assert_eq!(repeats.count(), usize::from(percent) * 10);
        }
    }

    #[test]
    fn a_mark_that_no_question_had_finds_none() {
        let offer = offer(1000.0, 0);
        let mark = offer.mark(70);
        assert_eq!(offer.number(mark, 70), None);
        assert_eq!(offer.number(mark, 71), Some(70));
        let strange = Mark { port: 1, ..mark };
        assert_eq!(offer.number(strange, 71), None);
    }

    fn offer(rate: f64, cached_percent: u8) -> Offer {
        Offer {
            rate,
            total: 1,
            cached_percent,
            names: 100,
            timeout: Duration::from_secs(1),
            long: false,
            ends_early: false,
            ends: Ends {
                macs: ([0; 6], [0; 6]),
                addresses: (Ipv6Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED),
            },
            transport: Transport::Udp,
            connections: 1,
            bulk: None,
            first_port: 20_000,
            ledger: Arc::new(Ledger::new((1, 2), (0, 0), Vec::new(), Asked::Aaaa)),
        }
    }
}
