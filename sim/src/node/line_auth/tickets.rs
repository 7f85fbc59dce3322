//! Tickets for one choice each on the consent page.

use std::collections::VecDeque;

use ipnet::Ipv6Net;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// The tickets that can still be used, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    good: VecDeque<(String, Option<Ipv6Net>)>,
}

impl Tickets {
    /// Issues a ticket to a line; the oldest one goes when there are too many.
    pub(super) fn issue(&mut self, line: Option<Ipv6Net>, rng: &mut ChaCha8Rng) -> String {
        if self.good.len() >= MAX_TICKETS {
            self.good.pop_front();
        }
        let ticket = format!("{:016x}", rng.random::<u64>());
        self.good.push_back((ticket.clone(), line));
        ticket
    }

    /// Returns whether a line may still choose with a ticket.
    pub(super) fn is_good(&self, ticket: &str, line: Option<Ipv6Net>) -> bool {
        self.good
            .iter()
            .any(|(known, owner)| known == ticket && *owner == line)
    }

    /// Uses a ticket up; `false` if it was no good.
    pub(super) fn use_up(&mut self, ticket: &str, line: Option<Ipv6Net>) -> bool {
        let good = self.is_good(ticket, line);
        if good {
            self.good.retain(|(known, _)| known != ticket);
        }
        good
    }
}

const MAX_TICKETS: usize = 256;
