//! What the device wrote stands in the trace, each line at the time at which it was read.

use std::time::Duration;

use ngnlab_sim::time::Time;
use ngnlab_sim::trace::{Fact, Record, Seen};

use crate::dut::lines::Line;

/// Adds lines to the records of a run; `zero` is what the machine's clock showed at time zero.
pub(super) fn add(records: &mut Vec<Record>, lines: Vec<Line>, zero: Duration, end: Time) {
    let mut kept = 0;
    for Line { at, log, text } in lines {
        let at = match at.checked_sub(zero) {
            Some(later) => Time::ZERO + later,
            None => Time::ZERO - zero.saturating_sub(at),
        };
        if at > end {
            continue;
        }
        if kept == MOST_LINES {
            break;
        }
        kept += 1;
        let (node, fact) = (NODE.to_owned(), Fact::Logged { log, line: text });
        records.push(Record {
            at,
            seen: Seen::Fact { node, fact },
        });
    }
    // What was seen at the same time stays in its order, and before what was written then.
    records.sort_by_key(|record| record.at);
}

/// Who tells them.
const NODE: &str = "router";
/// Of all logs together; more than a router writes in half an hour.
const MOST_LINES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stands_where_it_was_read_and_before_carrier_time_is_negative() {
        let step = |millis| Record {
            at: Time::ZERO + Duration::from_millis(millis),
            seen: Seen::Late(Duration::from_millis(millis)),
        };
        let line = |at, text: &str| Line {
            at: Duration::from_millis(at),
            log: "dns".to_owned(),
            text: text.to_owned(),
        };
        let mut records = vec![step(0), step(10), step(30)];
        let lines = vec![
            line(1_020, "asked"),
            line(990, "began"),
            line(9_000, "late"),
        ];
        let end = Time::from_secs(1);
        add(&mut records, lines, Duration::from_secs(1), end);
        let told = records.iter().map(|record| match &record.seen {
            Seen::Fact {
                fact: Fact::Logged { line, .. },
                ..
            } => line.as_str(),
            _ => "",
        });
        assert_eq!(told.collect::<Vec<_>>(), ["began", "", "", "asked", ""]);
        assert_eq!(records[0].at, Time::from_nanos(-10_000_000));
    }

    #[test]
    fn more_lines_than_a_trace_holds_are_left_to_the_logs() {
        let line = |at| Line {
            at: Duration::from_secs(at),
            log: "dns".to_owned(),
            text: "x".to_owned(),
        };
        let mut records = Vec::new();
        add(
            &mut records,
            (0..20_000).map(line).collect(),
            Duration::ZERO,
            Time::NEVER,
        );
        assert_eq!(records.len(), MOST_LINES);
    }
}
