//! What belongs to one case: its verdicts with their reasons, and its scene.
//!
//! Rows instead of names, and numbers of what all cases share: a page holds some hundred cases.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::shared::Shared;
use super::{said, shown, spelling};
use crate::scene::{Scene, Scenes, Sent, What};
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
        Ok(scene) => laid(&scene, words),
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

fn laid(scene: &Scene, words: &mut Shared) -> Value {
    let lanes = scene.lanes.iter();
    let lanes: Vec<Value> = lanes
        .map(|lane| json!([words.word(&lane.name), lane.side.name()]))
        .collect();
    let mut events = Vec::new();
    for event in &scene.events {
        let mut row = vec![json!(event.record), json!(event.at)];
        match &event.what {
            What::Frame(sent) => row.extend(frame(sent, words)),
            What::Told { lane, text } => {
                row.extend([json!("t"), json!(lane), json!(words.said(text))]);
            }
            What::Step { text, done } => {
                row.extend([json!("s"), json!(words.said(text)), json!(done)]);
            }
            What::Host(text) => row.extend([json!("h"), json!(words.said(text))]),
        }
        events.push(Value::Array(row));
    }
    json!({ "lanes": lanes, "events": events })
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
