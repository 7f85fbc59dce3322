use dhcproto::v6::MessageType;
use ngnlab_sim::trace::{End, Role, Seen};

use super::*;
use crate::checks::ruling::{broken, every, finding, never, within};
use crate::dissection::builder::{TraceBuilder, client_message};

fn at(secs: i64) -> Time {
    Time::from_secs(secs)
}

/// A trace of a minute in which the host was late once.
fn late(at: u64, by: u64) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(at).seen(Seen::Late(Duration::from_millis(by)));
    trace
}

/// Returns what is said of a failure of this kind.
fn said(trace: &TraceBuilder, delay: Delay) -> Verdict {
    let trace = Dissection::new(&trace.trace).unwrap();
    let ruling = || broken([1], "it", "nothing").unless_late(&trace, delay);
    excused(every("thing", [()], |()| ruling()))
}

fn is_certain(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fail(_))
}

#[test]
fn what_says_nothing_of_delay_is_certain_on_any_host() {
    let trace = late(10_000, 60_000);
    let trace = Dissection::new(&trace.trace).unwrap();
    let verdict = every("thing", [()], |()| broken([1], "it", "nothing"));
    assert_eq!(excused(verdict.clone()), verdict);
    assert!(is_certain(&verdict));
    assert!(trace.lateness.at_a_time() >= Duration::from_secs(60));
}

#[test]
fn an_overrun_is_excused_up_to_what_the_host_was_late() {
    let trace = late(10_000, 1_500);
    let overrun = |millis| Delay::Overrun {
        from: at(8),
        to: at(12),
        by: Duration::from_millis(millis),
    };
    let Verdict::Inconclusive(why) = said(&trace, overrun(1_400)) else {
        panic!("it was not excused");
    };
    assert!(
        why.contains("waiting for 1.500 s") && why.contains("1.400 s explain it"),
        "{why}"
    );
    assert!(is_certain(&said(&trace, overrun(1_600))));
    let Verdict::Inconclusive(why) = said(&trace, overrun(20)) else {
        panic!("it was not unclear");
    };
    assert_eq!(why, "0.020 s are within what the host was late");
}

#[test]
fn the_host_must_have_been_late_at_that_time() {
    let trace = late(30_000, 1_500);
    let race = |from, to| Delay::Race {
        from: at(from),
        to: at(to),
    };
    assert!(!is_certain(&said(&trace, race(28, 31))));
    // Who was kept waiting just before has not made up for it.
    assert!(!is_certain(&said(&trace, race(33, 36))));
    assert!(is_certain(&said(&trace, race(36, 39))));
    assert!(is_certain(&said(&trace, race(20, 26))));
    let little = late(30_000, 900);
    assert!(is_certain(&said(&little, race(28, 31))));
}

#[test]
fn what_is_tried_again_and_again_is_in_vain_only_on_a_host_that_was_late_as_long() {
    let trace = late(10_000, 2_000);
    let in_vain = |from, to| Delay::InVain {
        from: at(from),
        to: at(to),
    };
    // Tried once.
    assert!(!is_certain(&said(&trace, in_vain(10, 10))));
    assert!(!is_certain(&said(&trace, in_vain(8, 12))));
    assert!(is_certain(&said(&trace, in_vain(8, 16))));
    let little = late(10_000, 900);
    assert!(is_certain(&said(&little, in_vain(10, 10))));
}

#[test]
fn what_waits_for_its_timer_is_not_kept_waiting_by_the_host() {
    let mut trace = TraceBuilder::new("next-pd");
    for second in 0..300 {
        let late = Seen::Late(Duration::from_millis(200));
        trace.at(1_000 * second).seen(late);
    }
    let overrun = |by| Delay::Overrun {
        from: at(0),
        to: at(280),
        by: Duration::from_secs(by),
    };
    // A fifth of the last minute.
    assert!(!is_certain(&said(&trace, overrun(11))));
    assert!(is_certain(&said(&trace, overrun(15))));
}

#[test]
fn what_came_after_all_was_late_by_so_much_and_what_never_came_is_silence() {
    let trace = late(20_000, 1_500);
    let past = |came| Delay::past(at(15), at(20), came);
    assert!(!is_certain(&said(&trace, past(Some(at(21))))));
    assert!(is_certain(&said(&trace, past(Some(at(22))))));
    // The trace ends after a minute.
    assert!(is_certain(&said(&trace, past(None))));
}

#[test]
fn what_never_came_in_a_long_time_was_not_late() {
    let trace = late(5_000, 2_000);
    let due = |due| Delay::Silence {
        from: at(4),
        due: at(due),
    };
    // The trace ends after a minute.
    assert!(!is_certain(&said(&trace, due(59))));
    assert!(is_certain(&said(&trace, due(40))));
}

#[test]
fn what_came_too_soon_may_follow_what_was_noticed_too_late() {
    let trace = late(20_000, 700);
    let too_soon = |after, millis| Delay::TooSoon {
        after: at(after),
        by: Duration::from_millis(millis),
    };
    assert!(!is_certain(&said(&trace, too_soon(20, 600))));
    assert!(is_certain(&said(&trace, too_soon(20, 800))));
    assert!(is_certain(&said(&trace, too_soon(25, 600))));
}

#[test]
fn a_certain_failure_is_found_behind_one_that_the_host_explains() {
    let trace = late(10_000, 2_000);
    let trace = Dissection::new(&trace.trace).unwrap();
    let race = Delay::Race {
        from: at(8),
        to: at(12),
    };
    let judge = |record| {
        let ruling = broken([record], "it", "nothing");
        match record {
            1 => ruling.unless_late(&trace, race),
            _ => ruling,
        }
    };
    let Verdict::Fail(found) = excused(every("thing", [1, 2], judge)) else {
        panic!("a certain failure was excused");
    };
    assert_eq!(found.records, [2]);
    let findings = |records: &[usize]| -> Vec<Finding> {
        let found = records.iter().map(|record| match record {
            1 => unless_late(finding([1], "it", "another"), &trace, race),
            record => finding([*record], "it", "another"),
        });
        found.collect()
    };
    assert!(is_certain(&excused(never("thing", [], findings(&[1, 2])))));
    assert!(!is_certain(&excused(never("thing", [], findings(&[1])))));
}

#[test]
fn an_answer_counts_by_when_it_came() {
    // Asked at 10 s, answered 5.4 s later, where the host was late by 600 ms.
    let mut builder = TraceBuilder::new("next-pd");
    let message = client_message(MessageType::Solicit, 7, 0);
    let send = |builder: &mut TraceBuilder, at| {
        builder.at(at).dhcpv6(Role::Wan, End::Device, &message);
    };
    send(&mut builder, 10_000);
    let late = Seen::Late(Duration::from_millis(600));
    builder.at(13_000).seen(late);
    send(&mut builder, 15_400);
    let trace = Dissection::new(&builder.trace).unwrap();
    let sent: Vec<_> = trace
        .dhcpv6
        .iter()
        .filter(|found| found.on == Role::Wan && found.from == End::Device)
        .collect();
    let [asked, answered] = sent[..] else {
        panic!("{sent:?}");
    };
    let judged = |limit| {
        let limit = Duration::from_millis(limit);
        excused(every("thing", [()], |()| {
            within(&trace, asked, Some(answered), limit, "an answer")
        }))
    };
    assert!(matches!(judged(5_500), Verdict::Pass(_)));
    assert!(matches!(judged(5_000), Verdict::Inconclusive(_)));
    assert!(is_certain(&judged(4_500)));
}
