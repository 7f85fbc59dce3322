//! What is said about each frame: verdicts that it decided, and what happened before it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ngnlab_reports::{Judged, Level, RecordId, Verdict, escape};
use ngnlab_sim::trace::{Fact, Seen};

use crate::checks;
use crate::dissection::Dissection;

/// Returns the comments on frames, by their records.
pub(super) fn comments(
    trace: &Dissection<'_>,
    verdicts: &BTreeMap<String, Judged>,
) -> BTreeMap<RecordId, Vec<String>> {
    let mut on: BTreeMap<RecordId, Vec<String>> = BTreeMap::new();
    failures(trace, verdicts, &mut on);
    passes(trace, verdicts, &mut on);
    told(trace, &mut on);
    for text in on.values_mut().flatten() {
        if let Cow::Owned(shown) = escape::line(text) {
            *text = shown;
        }
    }
    on
}

/// Says of each failed check what was expected and seen, on every frame that shows it.
fn failures(
    trace: &Dissection<'_>,
    verdicts: &BTreeMap<String, Judged>,
    on: &mut BTreeMap<RecordId, Vec<String>>,
) {
    for (id, judged) in verdicts {
        let Verdict::Fail(finding) = &judged.verdict else {
            continue;
        };
        let mut by_frame: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
        for record in &finding.records {
            if let Some(frame) = trace.frames.beside(*record) {
                by_frame.entry(frame).or_default().push(*record);
            }
        }
        let word = match checks::find(id).map(|check| check.level) {
            Some(Level::Should) => "REMARK",
            Some(Level::Must) | None => "FAIL",
        };
        let because = judged.because.as_ref();
        let because = because.map(|root| format!("; because of {root}"));
        let because = because.unwrap_or_default();
        for (frame, records) in by_frame {
            let (expected, actual) = (&finding.expected, &finding.actual);
            let shown_by = numbers(&records);
            on.entry(frame).or_default().push(format!(
                "{word} {id} ({shown_by}): expected {expected}, seen {actual}{because}"
            ));
        }
    }
}

/// Names the checks that a record proves, all of them in one line.
fn passes(
    trace: &Dissection<'_>,
    verdicts: &BTreeMap<String, Judged>,
    on: &mut BTreeMap<RecordId, Vec<String>>,
) {
    let mut proven: BTreeMap<RecordId, Vec<&str>> = BTreeMap::new();
    for (id, judged) in verdicts {
        let Verdict::Pass(records) = &judged.verdict else {
            continue;
        };
        for record in records {
            let ids = proven.entry(*record).or_default();
            if ids.last() != Some(&&id[..]) {
                ids.push(id);
            }
        }
    }
    for (record, ids) in proven {
        if let Some(frame) = trace.frames.beside(record) {
            let text = format!("pass #{record}: {}", ids.join(", "));
            on.entry(frame).or_default().push(text);
        }
    }
}

/// Tells what happened that is no frame.
fn told(trace: &Dissection<'_>, on: &mut BTreeMap<RecordId, Vec<String>>) {
    let mut on_frame: BTreeMap<(RecordId, bool), usize> = BTreeMap::new();
    for (record, entry) in trace.trace.records.iter().enumerate() {
        // A device that writes much hides nothing else.
        let is_logged = matches!(
            entry.seen,
            Seen::Fact {
                fact: Fact::Logged { .. },
                ..
            }
        );
        match entry.seen {
            Seen::Fact { .. } | Seen::Step { .. } | Seen::Suppressed { .. } => {}
            // How late the host was is a matter of every few frames.
            Seen::Frame { .. } | Seen::Late(_) => continue,
        }
        let Some(frame) = trace.frames.beside(record) else {
            return;
        };
        let count = on_frame.entry((frame, is_logged)).or_default();
        *count += 1;
        if *count <= MOST_TOLD {
            let (at, summary) = (entry.at.as_secs_f64(), trace.summary(record));
            let text = format!("#{record} {at:.3} {summary}");
            on.entry(frame).or_default().push(text);
        }
    }
    for ((frame, is_logged), count) in on_frame {
        if count > MOST_TOLD {
            let what = match is_logged {
                true => "lines of the router's logs",
                false => "that are no frames",
            };
            let more = format!("and {} more {what}", count - MOST_TOLD);
            on.entry(frame).or_default().push(more);
        }
    }
}

fn numbers(records: &[RecordId]) -> String {
    let shown = records.iter().take(MOST_NUMBERS);
    let shown: Vec<String> = shown.map(|record| format!("#{record}")).collect();
    match records.len().saturating_sub(MOST_NUMBERS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Before one frame.
const MOST_TOLD: usize = 32;
/// Of records that one frame stands for.
const MOST_NUMBERS: usize = 8;

#[cfg(test)]
mod tests {
    use ngnlab_reports::Finding;
    use ngnlab_sim::Frame;
    use ngnlab_sim::trace::{End, Note, Role};

    use super::*;
    use crate::dissection::builder::TraceBuilder;

    #[test]
    fn what_is_told_without_end_before_a_frame_is_counted() {
        let mut trace = TraceBuilder::new("next-pd");
        for _ in 0..MOST_TOLD + 8 {
            note(&mut trace, "again");
        }
        frame(&mut trace);
        let on = comments(&Dissection::new(&trace.trace).unwrap(), &BTreeMap::new());
        let texts = &on[&(MOST_TOLD + 8)];
        assert_eq!(texts.len(), MOST_TOLD + 1);
        assert_eq!(texts[0], "#0 0.000 pc: again");
        assert_eq!(texts[MOST_TOLD], "and 8 more that are no frames");
    }

    #[test]
    fn a_log_that_never_ends_hides_nothing_else() {
        let mut trace = TraceBuilder::new("next-pd");
        for _ in 0..MOST_TOLD + 8 {
            let (log, line) = ("dns".to_owned(), "again".to_owned());
            trace.fact("router", Fact::Logged { log, line });
        }
        note(&mut trace, "once");
        frame(&mut trace);
        let on = comments(&Dissection::new(&trace.trace).unwrap(), &BTreeMap::new());
        let texts = &on[&(MOST_TOLD + 9)];
        assert_eq!(texts[0], "#0 0.000 router: dns: again");
        assert!(
            texts.contains(&"#40 0.000 pc: once".to_owned()),
            "{texts:?}"
        );
        let more = "and 8 more lines of the router's logs".to_owned();
        assert!(texts.contains(&more), "{texts:?}");
    }

    #[test]
    fn foreign_words_begin_no_line_of_their_own() {
        let mut trace = TraceBuilder::new("next-pd");
        note(&mut trace, "x\nFAIL dns.id (#1): \x1b[31m");
        frame(&mut trace);
        let on = comments(&Dissection::new(&trace.trace).unwrap(), &BTreeMap::new());
        assert_eq!(on[&1], [r"#0 0.000 pc: x\nFAIL dns.id (#1): \u{1b}[31m"]);
    }

    #[test]
    fn a_failure_stands_once_on_a_frame_that_stands_for_several_of_its_records() {
        let mut trace = TraceBuilder::new("next-pd");
        frame(&mut trace);
        note(&mut trace, "came");
        frame(&mut trace);
        let judged = |verdict| Judged {
            verdict,
            known: None,
            excused: false,
            because: None,
            evidence: Vec::new(),
        };
        let failed = Verdict::Fail(Finding {
            records: vec![1, 2],
            expected: "a".to_owned(),
            actual: "b".to_owned(),
            excuse: None,
        });
        let verdicts = BTreeMap::from([
            ("test.fails".to_owned(), judged(failed)),
            ("test.one".to_owned(), judged(Verdict::Pass(vec![0, 0]))),
            ("test.two".to_owned(), judged(Verdict::Pass(vec![0]))),
        ]);
        let on = comments(&Dissection::new(&trace.trace).unwrap(), &verdicts);
        assert_eq!(on[&0], ["pass #0: test.one, test.two"]);
        let failure = "FAIL test.fails (#1, #2): expected a, seen b";
        assert_eq!(on[&2], [failure, "#1 0.000 pc: came"]);
    }

    fn note(trace: &mut TraceBuilder, text: &str) {
        let text = text.to_owned();
        trace.fact("pc", Fact::Note(Note { text }));
    }

    fn frame(trace: &mut TraceBuilder) {
        trace.frame(Role::Wan, End::Device, Frame::from(vec![0; 60]));
    }
}
