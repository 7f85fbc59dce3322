//! Times at which something holds, from one moment up to another.

use std::time::Duration;

use ngnlab_sim::Time;

/// Times at which something holds: in order, and apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::checks) struct Spans(Vec<(Time, Time)>);

impl Spans {
    /// Returns the times at which either holds.
    pub(in crate::checks) fn or(mut self, other: &Self) -> Self {
        self.0.extend(&other.0);
        self.merged()
    }

    /// Returns the times at which both hold.
    pub(in crate::checks) fn and(&self, other: &Self) -> Self {
        let pairs = self
            .0
            .iter()
            .flat_map(|a| other.0.iter().map(move |b| (a, b)));
        let both = pairs.map(|(a, b)| (a.0.max(b.0), a.1.min(b.1)));
        Self(both.filter(|(from, to)| from < to).collect()).merged()
    }

    /// Returns the times at which this holds and the other does not.
    pub(in crate::checks) fn without(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        for (mut from, to) in self.iter() {
            for (begin, end) in other.iter() {
                if end <= from || begin >= to {
                    continue;
                }
                if from < begin {
                    rest.push((from, begin));
                }
                from = end;
            }
            if from < to {
                rest.push((from, to));
            }
        }
        Self(rest)
    }

    /// Returns the times at which it has held for this long.
    pub(in crate::checks) fn settled(&self, after: Duration) -> Self {
        let later = self.0.iter().map(|(from, to)| (*from + after, *to));
        Self(later.filter(|(from, to)| from < to).collect())
    }

    /// Returns each of them, in order.
    pub(in crate::checks) fn iter(&self) -> impl Iterator<Item = (Time, Time)> {
        self.0.iter().copied()
    }

    fn merged(mut self) -> Self {
        self.0.sort_unstable();
        let mut whole: Vec<(Time, Time)> = Vec::new();
        for (from, to) in self.0 {
            match whole.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => whole.push((from, to)),
            }
        }
        Self(whole)
    }
}

impl FromIterator<(Time, Time)> for Spans {
    fn from_iter<I: IntoIterator<Item = (Time, Time)>>(times: I) -> Self {
        let times = times.into_iter().filter(|(from, to)| from < to);
        Self(times.collect()).merged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_leaves_of_another_is_what_neither_covers() {
        let line = spans(&[(0, 10), (20, 30)]);
        let has = spans(&[(2, 4), (8, 22), (29, 40)]);
        assert_eq!(line.without(&has), spans(&[(0, 2), (4, 8), (22, 29)]));
        assert_eq!(
            line.and(&has),
            spans(&[(2, 4), (8, 10), (20, 22), (29, 30)])
        );
        assert_eq!(
            line.settled(Duration::from_secs(9)),
            spans(&[(9, 10), (29, 30)])
        );
        assert_eq!(line.or(&spans(&[(10, 20)])), spans(&[(0, 30)]));
    }

    fn spans(times: &[(u64, u64)]) -> Spans {
        let at = |secs| Time::ZERO + Duration::from_secs(secs);
        times
            .iter()
            .map(|(from, to)| (at(*from), at(*to)))
            .collect()
    }
}
