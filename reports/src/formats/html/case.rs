//! What belongs to one case: its verdicts with their reasons, and its scene.
//!
//! Rows instead of names, and numbers of what all cases share: a page holds some hundred cases.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::shared::Shared;
use super::{said, shown, spelling};
use crate::scene::{Event, Scene, Scenes, Sent, What};
use crate::{Case, Judged, Report, Verdict};

/// The block of a case.
#[derive(Serialize)]
pub(super) struct Pack {
    /// For the number of each check: what it says.
    verdicts: BTreeMap<usize, Value>,
    /// What happened, or why that is not known.
    scene: Value,
}

/// Packs a case.
pub(super) fn pack(report: &Report, case: &Case, scenes: &dyn Scenes, words: &mut Shared) -> Pack {
    let numbers = report.checks.keys().enumerate();
    let numbers: BTreeMap<&str, usize> = numbers.map(|(number, id)| (&**id, number)).collect();
    let verdicts = case.verdicts.iter().filter_map(|(id, judged)| {
        let number = *numbers.get(&**id)?;
        Some((number, verdict(judged, &numbers, words)))
    });
    let verdicts = verdicts.collect();
    let scene = match scenes.scene(case) {
        Ok(scene) => laid(&scene, &decided(case), words),
        Err(why) => json!({ "none": said(&why) }),
    };
    Pack { verdicts, scene }
}

/// `[letter, …]`: passes with their records, failures with all there is to say, the others with
/// the reason.
fn verdict(judged: &Judged, numbers: &BTreeMap<&str, usize>, words: &mut Shared) -> Value {
    let because = judged.because.as_deref().and_then(|id| numbers.get(id));
    match &judged.verdict {
        Verdict::Pass(records) => json!(["p", records]),
        Verdict::Fail(finding) => {
            let mut evidence = Vec::new();
            for one in &judged.evidence {
                let summary = words.said(&one.summary);
                let place = words.word(&one.place);
                evidence.push(json!([one.record, shown(&one.at), place, summary]));
            }
            json!([
                "f",
                finding.records,
                words.said(&finding.expected),
                words.said(&finding.actual),
                because,
                judged.known.as_deref().map(|known| words.word(known)),
                finding.excuse.as_deref().map(|excuse| words.said(excuse)),
                evidence,
            ])
        }
        Verdict::Inconclusive(why) => {
            let known = judged.known.as_deref().map(|known| words.word(known));
            json!(["i", words.said(why), because, known, judged.excused])
        }
        Verdict::NotApplicable(why) => json!(["n", words.said(why)]),
    }
}

/// Returns the records that decided a failure.
fn decided(case: &Case) -> BTreeSet<usize> {
    let failed = case.verdicts.values().filter_map(|one| match &one.verdict {
        Verdict::Fail(finding) => Some(&finding.records),
        Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => None,
    });
    failed.flatten().copied().collect()
}

/// Returns the records of the device's lines that the page has: all of them, or if they are many,
/// those of the moments in which a failure was decided, and the first ones.
fn lines(scene: &Scene, decided: &BTreeSet<usize>) -> BTreeSet<usize> {
    let all = scene.events.iter();
    let all: Vec<&Event> = all
        .filter(|one| matches!(one.what, What::Logged { .. }))
        .collect();
    if all.len() <= MOST_LINES {
        return all.iter().map(|one| one.record).collect();
    }
    let deciding = scene.events.iter();
    let deciding = deciding.filter(|one| decided.contains(&one.record));
    let mut moments: Vec<i64> = deciding.map(|one| one.at).collect();
    moments.sort_unstable();
    let is_near = |one: &&&Event| {
        let from = moments.partition_point(|at| *at < one.at - MOMENT);
        moments.get(from).is_some_and(|at| *at <= one.at + MOMENT)
    };
    let near = all.iter().filter(is_near).take(MOST_LINES);
    let mut kept: BTreeSet<usize> = near.map(|one| one.record).collect();
    for one in all {
        if kept.len() == MOST_LINES {
            break;
        }
        kept.insert(one.record);
    }
    kept
}

fn laid(scene: &Scene, decided: &BTreeSet<usize>, words: &mut Shared) -> Value {
    let lines = lines(scene, decided);
    let mut left_out = 0;
    let lanes = scene.lanes.iter();
    let lanes: Vec<Value> = lanes
        .map(|lane| json!([words.word(&lane.name), lane.side.name()]))
        .collect();
    let mut events = Vec::new();
    for event in &scene.events {
        let mut row = vec![json!(event.record), json!(event.at)];
        match &event.what {
            What::Logged { .. } if !lines.contains(&event.record) => {
                left_out += 1;
                continue;
            }
            What::Frame(sent) => row.extend(frame(sent, words)),
            What::Told { lane, text } => {
                row.extend([json!("t"), json!(lane), json!(words.said(text))]);
            }
            What::Logged { log, line } => {
                row.extend([json!("l"), json!(words.word(log)), json!(words.word(line))]);
            }
            What::Step { text, done } => {
                row.extend([json!("s"), json!(words.said(text)), json!(done)]);
            }
            What::Host(text) => row.extend([json!("h"), json!(words.said(text))]),
        }
        events.push(Value::Array(row));
    }
    json!({ "lanes": lanes, "events": events, "more": left_out })
}

fn frame(sent: &Sent, words: &mut Shared) -> Vec<Value> {
    let flags = u8::from(sent.lost) | u8::from(sent.injected) << 1;
    let layers = sent.decoded.layers.iter();
    let layers: Vec<Value> = layers.map(|one| words.layer(one, &sent.bytes)).collect();
    vec![
        json!("f"),
        json!(sent.from),
        json!(sent.to),
        json!(words.word(&sent.cable)),
        json!(flags),
        json!(sent.fate.as_deref().map(|fate| words.said(fate))),
        json!(spelling::hex(&sent.bytes)),
        json!(words.said(&sent.decoded.summary)),
        Value::Array(layers),
        json!(sent.left_out),
    ]
}

/// A case has so many of the device's lines on the page; its logs have them all.
const MOST_LINES: usize = 500;
/// Half a second, in microseconds.
const MOMENT: i64 = 500_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_lines_those_stay_that_were_written_when_a_failure_was_decided() {
        let logged = |record: usize| Event {
            record,
            at: i64::try_from(record).unwrap() * 10_000,
            what: What::Logged {
                log: "dns".to_owned(),
                line: record.to_string(),
            },
        };
        let mut events: Vec<Event> = (0..5_000).map(logged).collect();
        events[4_000].what = What::Host("late".to_owned());
        let scene = Scene {
            lanes: Vec::new(),
            events,
        };
        let kept = lines(&scene, &BTreeSet::from([4_000]));
        assert_eq!(kept.len(), MOST_LINES);
        assert!(kept.contains(&0));
        assert!((3_950..=4_050).all(|record| record == 4_000 || kept.contains(&record)));
        assert!(!kept.contains(&3_949) && !kept.contains(&4_051));
        let all = lines(&scene, &(0..5_000).collect());
        assert_eq!(all.len(), MOST_LINES);
    }
}
