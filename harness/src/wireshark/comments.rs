//! What is said about each frame: verdicts that it decided, and what happened before it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ngnlab_reports::{Judged, Level, RecordId, Verdict, escape};
use ngnlab_sim::trace::Seen;

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
    let mut on_frame: BTreeMap<RecordId, usize> = BTreeMap::new();
    for (record, entry) in trace.trace.records.iter().enumerate() {
        match entry.seen {
            Seen::Fact { .. } | Seen::Step { .. } | Seen::Suppressed { .. } => {}
            // How late the host was is a matter of every few frames.
            Seen::Frame { .. } | Seen::Late(_) => continue,
        }
        let Some(frame) = trace.frames.beside(record) else {
            return;
        };
        let count = on_frame.entry(frame).or_default();
        *count += 1;
        if *count <= MOST_TOLD {
            let (at, summary) = (entry.at.as_secs_f64(), trace.summary(record));
            let text = format!("#{record} {at:.3} {summary}");
            on.entry(frame).or_default().push(text);
        }
    }
    for (frame, count) in on_frame {
        if count > MOST_TOLD {
            let more = format!("and {} more that are no frames", count - MOST_TOLD);
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
