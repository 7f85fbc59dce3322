//! When the nodes want to be called next, in one queue: what is due is found without asking them
//! all.
//!
//! A node's deadline changes only while it is called, so only who was called is asked again.

use std::collections::BTreeSet;

use crate::time::Time;

/// The deadlines of all nodes, in the order of their time and then of their insertion.
#[derive(Default)]
pub(super) struct Timers {
    queue: BTreeSet<(Time, usize)>,
    nodes: Vec<Timer>,
    /// Who was called since it was asked.
    called: Vec<usize>,
}

#[derive(Clone, Copy, Default)]
struct Timer {
    /// The node's place in the queue.
    at: Option<Time>,
    /// Whether the node was called since it was asked.
    called: bool,
}

impl Timers {
    /// Makes room for one more node, which is asked at the next turn.
    pub(super) fn add(&mut self) {
        self.nodes.push(Timer::default());
        self.note_call(self.nodes.len() - 1);
    }

    /// Notes that a node was called, and may want another deadline.
    pub(super) fn note_call(&mut self, node: usize) {
        let timer = &mut self.nodes[node];
        if !timer.called {
            timer.called = true;
            self.called.push(node);
        }
    }

    /// Asks those that were called for their deadlines.
    pub(super) fn ask(&mut self, deadline_of: impl Fn(usize) -> Option<Time>) {
        for node in self.called.drain(..) {
            let timer = &mut self.nodes[node];
            timer.called = false;
            let at = deadline_of(node);
            if at == timer.at {
                continue;
            }
            if let Some(before) = timer.at {
                self.queue.remove(&(before, node));
            }
            if let Some(at) = at {
                self.queue.insert((at, node));
            }
            timer.at = at;
        }
    }

    /// Returns the earliest deadline.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Puts the nodes that are due by `now` into `due`, in the order of their insertion.
    pub(super) fn collect_due(&self, now: Time, due: &mut Vec<usize>) {
        due.clear();
        due.extend(
            self.queue
                .iter()
                .take_while(|(at, _)| *at <= now)
                .map(|(_, node)| *node),
        );
        due.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_comes_first_and_ties_go_by_insertion() {
        let timers = asked(&[Some(5), Some(3), None, Some(3)]);
        assert_eq!(timers.next_at(), Some(Time::from_secs(3)));
        assert_eq!(due(&timers, 3), [1, 3]);
        assert_eq!(due(&timers, 9), [0, 1, 3]);
        assert!(due(&timers, 2).is_empty());
    }

    #[test]
    fn only_who_was_called_is_asked_again() {
        let mut timers = asked(&[Some(5), Some(3)]);
        timers.ask(|_| panic!("nobody was called"));
        timers.note_call(1);
        timers.note_call(1);
        timers.ask(|node| {
            assert_eq!(node, 1);
            Some(Time::from_secs(7))
        });
        assert_eq!(timers.next_at(), Some(Time::from_secs(5)));
        assert_eq!(due(&timers, 7), [0, 1]);
    }

    #[test]
    fn a_node_that_wants_nothing_more_leaves_the_queue() {
        let mut timers = asked(&[Some(5)]);
        timers.note_call(0);
        timers.ask(|_| None);
        assert_eq!(timers.next_at(), None);
    }

    fn asked(deadlines: &[Option<i64>]) -> Timers {
        let mut timers = Timers::default();
        deadlines.iter().for_each(|_| timers.add());
        timers.ask(|node| deadlines[node].map(Time::from_secs));
        timers
    }

    fn due(timers: &Timers, now: i64) -> Vec<usize> {
        let mut due = Vec::new();
        timers.collect_due(Time::from_secs(now), &mut due);
        due
    }
}
