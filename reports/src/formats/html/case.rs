//! What belongs to one case: its verdicts with their reasons, and its scene.
//!
//! Rows instead of names, and each text once: a page holds some hundred cases.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Value, json};

use super::shown;
use super::words::Words;
use crate::decoded::{Field, Layer};
use crate::scene::{Scene, Scenes, Sent, What};
use crate::{Case, Judged, Report, Verdict};

/// The block of a case.
#[derive(Serialize)]
pub(super) struct Pack {
    /// The texts that the numbers below stand for.
    words: Vec<String>,
    /// For the number of each check: what it says.
    verdicts: BTreeMap<usize, Value>,
    /// What happened, or why that is not known.
    scene: Value,
}

/// Packs a case.
pub(super) fn pack(report: &Report, case: &Case, scenes: &dyn Scenes) -> Pack {
    let mut words = Words::default();
    let numbers = report.checks.keys().enumerate();
    let numbers: BTreeMap<&str, usize> = numbers.map(|(number, id)| (&**id, number)).collect();
    let verdicts = case.verdicts.iter().filter_map(|(id, judged)| {
        let number = *numbers.get(&**id)?;
        Some((number, verdict(judged, &numbers, &mut words)))
    });
    let verdicts = verdicts.collect();
    let scene = match scenes.scene(case) {
        Ok(scene) => laid(&scene, &mut words),
        Err(why) => json!({ "none": shown(&why) }),
    };
    Pack {
        words: words.into_texts(),
        verdicts,
        scene,
    }
}

/// `[letter, …]`: passes with their records, failures with all there is to say, the others with
/// the reason.
fn verdict(judged: &Judged, numbers: &BTreeMap<&str, usize>, words: &mut Words) -> Value {
    let because = judged.because.as_deref().and_then(|id| numbers.get(id));
    match &judged.verdict {
        Verdict::Pass(records) => json!(["p", records]),
        Verdict::Fail(finding) => {
            let mut evidence = Vec::new();
            for one in &judged.evidence {
                let summary = words.number(&one.summary);
                let place = words.number(&one.place);
                evidence.push(json!([one.record, shown(&one.at), place, summary]));
            }
            json!([
                "f",
                finding.records,
                words.number(&finding.expected),
                words.number(&finding.actual),
                because,
                judged.known.as_deref().map(|known| words.number(known)),
                finding.excuse.as_deref().map(|excuse| words.number(excuse)),
                evidence,
            ])
        }
        Verdict::Inconclusive(why) => {
            let known = judged.known.as_deref().map(|known| words.number(known));
            json!(["i", words.number(why), because, known, judged.excused])
        }
        Verdict::NotApplicable(why) => json!(["n", words.number(why)]),
    }
}

fn laid(scene: &Scene, words: &mut Words) -> Value {
    let lanes = scene.lanes.iter();
    let lanes: Vec<Value> = lanes
        .map(|lane| json!([words.number(&lane.name), lane.side.name()]))
        .collect();
    let mut events = Vec::new();
    for event in &scene.events {
        let mut row = vec![json!(event.record), json!(event.at)];
        match &event.what {
            What::Frame(sent) => row.extend(frame(sent, words)),
            What::Told { lane, text } => {
                row.extend([json!("t"), json!(lane), json!(words.number(text))]);
            }
            What::Step { text, done } => {
                row.extend([json!("s"), json!(words.number(text)), json!(done)]);
            }
            What::Host(text) => row.extend([json!("h"), json!(words.number(text))]),
        }
        events.push(Value::Array(row));
    }
    json!({ "lanes": lanes, "events": events })
}

fn frame(sent: &Sent, words: &mut Words) -> Vec<Value> {
    let flags = u8::from(sent.lost) | u8::from(sent.injected) << 1;
    let layers = sent.decoded.layers.iter();
    let layers: Vec<Value> = layers.map(|one| layer(one, words)).collect();
    vec![
        json!("f"),
        json!(sent.from),
        json!(sent.to),
        json!(words.number(&sent.cable)),
        json!(flags),
        json!(sent.fate.as_deref().map(|fate| words.number(fate))),
        json!(BASE64.encode(&sent.bytes)),
        json!(words.number(&sent.decoded.summary)),
        Value::Array(layers),
    ]
}

fn layer(layer: &Layer, words: &mut Words) -> Value {
    json!([
        words.number(&layer.name),
        words.number(&layer.summary),
        layer.start,
        layer.length,
        match layer.apart.is_empty() {
            true => Value::Null,
            false => json!(BASE64.encode(&layer.apart)),
        },
        fields(&layer.fields, words),
    ])
}

fn fields(fields: &[Field], words: &mut Words) -> Value {
    let field = |one: &Field| {
        let mut row = vec![
            json!(words.number(&one.name)),
            json!(words.number(&one.value)),
            json!(one.start),
            json!(one.length),
        ];
        if !one.fields.is_empty() {
            row.push(self::fields(&one.fields, words));
        }
        Value::Array(row)
    };
    Value::Array(fields.iter().map(field).collect())
}
