//! Passive checks: those whose verdict follows from frames alone, as a capture from a real line has
//! them.
//!
//! A check is passive if it says of the frames that a tap on the router's sockets sees what it says
//! of the whole trace, over all scenarios, the clean reference and its defects; the test `captures`
//! holds every row to that. A check that has no row is not passive: it reads facts that nodes tell,
//! steps of a scenario, what is injected or lost, or how the router was configured.

use ngnlab_reports::Verdict;
use ngnlab_sim::message::packet::is_link_local;
use ngnlab_sim::message::pppoe::Code;
use ngnlab_sim::trace::{CapturedAt, Role};

use crate::dissection::Dissection;

mod rows;

use rows::{BOTH, FROM_THE_START, LAN, TERMINAL, WAN, WHOM_IT_WAS_FOR};

/// Where frames have to be captured so that a check can judge them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// On the WAN; the LAN adds nothing.
    Wan,
    /// On the LAN; the WAN adds nothing.
    Lan,
    /// On both at the same time, by one clock.
    Both,
    /// Frames show half of it: a terminal has to say what its user sees.
    Terminal,
    /// Frames do not show it: `ngnlab run` makes it happen, and knows what it did.
    Run,
}

impl Point {
    /// Returns whether a capture of these sides has what is needed.
    pub fn is_in(self, at: CapturedAt) -> bool {
        match self {
            Self::Wan => at.wan,
            Self::Lan => at.lan,
            Self::Both => at.wan && at.lan,
            Self::Terminal | Self::Run => false,
        }
    }
}

/// Returns where frames have to be captured for a check.
pub fn point(id: &str) -> Point {
    let lists = [
        (WAN, Point::Wan),
        (LAN, Point::Lan),
        (BOTH, Point::Both),
        (TERMINAL, Point::Terminal),
    ];
    let mut found = lists.iter().filter(|(list, _)| list.contains(&id));
    found.next().map_or(Point::Run, |(_, point)| *point)
}

/// Judges a capture, as far as frames go.
pub(super) fn verdict(
    id: &str,
    judge: fn(&Dissection<'_>) -> Verdict,
    trace: &Dissection<'_>,
    at: CapturedAt,
) -> Verdict {
    let point = point(id);
    if !point.is_in(at) {
        let why = match point {
            Point::Wan => "the WAN was not captured",
            Point::Lan => "the LAN was not captured",
            Point::Both => "it takes a capture of WAN and LAN at the same time",
            Point::Terminal => "frames alone do not show it; what the terminal shows would",
            Point::Run => "frames alone do not show it; `ngnlab run` would",
        };
        return Verdict::Inconclusive(why.to_owned());
    }
    let verdict = judge(trace);
    let Verdict::Fail(finding) = &verdict else {
        return verdict;
    };
    let doubt = if at.doubtful {
        "the capture does not look like the line that was told"
    } else if at.gaps {
        "frames are missing in the capture"
    } else if at.forgets_groups && WHOM_IT_WAS_FOR.contains(&id) {
        "the capture does not say whom frames were for"
    } else if FROM_THE_START.contains(&id) && !shows_the_start(trace, at) {
        "the capture began when the router was up"
    } else {
        return verdict;
    };
    let (expected, actual) = (&finding.expected, &finding.actual);
    Verdict::Inconclusive(format!(
        "{doubt}, so that it may have been otherwise: expected was {expected}, seen was {actual}"
    ))
}

/// Returns whether a capture shows the router begin: on every side that was captured it speaks first
/// as somebody without any address, who does not try out but a link-local one (RFC 4862 §5.3, §5.4), or,
/// where it speaks no IPv6 at all, asks for a session.
fn shows_the_start(trace: &Dissection<'_>, at: CapturedAt) -> bool {
    let begins = |on: Role| {
        let mut packets = trace.packets.iter();
        let Some(first) = packets.find(|found| found.by_device(on)) else {
            let mut sessions = trace.pppoe.iter();
            let first = sessions.find(|found| found.by_device(on));
            return first.is_some_and(|found| found.is.code() == Some(Code::Initiation));
        };
        let mut probes = trace.neighbor_solicits();
        let probe = probes.find(|probe| probe.record == first.record);
        first.source.is_unspecified() && probe.is_none_or(|probe| is_link_local(probe.is.target))
    };
    (!at.wan || begins(Role::Wan)) && (!at.lan || begins(Role::Lan))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::checks::find;

    #[test]
    fn every_row_is_a_check_and_is_there_once() {
        let mut seen = BTreeSet::new();
        for id in [WAN, LAN, BOTH, TERMINAL].concat() {
            assert!(find(id).is_some(), "{id} is no check");
            assert!(seen.insert(id), "{id} is there twice");
        }
        for id in FROM_THE_START.iter().chain(WHOM_IT_WAS_FOR) {
            assert!(point(id) < Point::Terminal, "{id} is not passive");
        }
    }

    #[test]
    fn a_side_that_was_not_captured_judges_nothing() {
        let wan = CapturedAt {
            wan: true,
            ..CapturedAt::default()
        };
        assert!(Point::Wan.is_in(wan));
        assert!(!Point::Lan.is_in(wan) && !Point::Both.is_in(wan));
        assert_eq!(point("ons.line-auth.completes"), Point::Terminal);
        assert_eq!(point("dhcp6c.id.duid-persistent"), Point::Run);
    }
}
