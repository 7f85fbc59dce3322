//! What became of a trial from its beginning to its end.

use super::WIDTH;
use crate::benchmark::{Slice, Trial};
use crate::formats::benchmark::figures::{number, time};
use crate::formats::benchmark::html::drawing::{Anchor, Drawing, Panel, Scale};
use crate::formats::benchmark::sentences::Sentences;

/// Draws three panels: right answers a second, what is missing, the slowest answer. Nothing if the
/// trial was not watched.
pub(in crate::formats::benchmark::html) fn timeline(
    trial: &Trial,
    title: &str,
    said: Sentences,
) -> Option<String> {
    let slices = joined(&trial.timeline);
    let last = slices.last()?;
    let step = match &slices[..] {
        [first, second, ..] => second.at - first.at,
        _ => trial.seconds,
    };
    let step = if step > 0.0 { step } else { 1.0 };
    let xs = Scale::linear((last.at + step).max(trial.seconds), 8.0);
    let missing: u64 = slices.iter().map(|slice| slice.asked - slice.right).sum();
    let words = said.say(&format!("{missing} missing"));
    let mut drawing = Drawing::new(WIDTH, BOTTOM, &format!("{title}{}{words}", said.0.colon()));
    let most = |value: fn(&Slice) -> f64| {
        let values = slices.iter().map(value);
        values.max_by(f64::total_cmp).unwrap_or_default()
    };
    let rates = Scale::linear(most(|slice| slice.asked as f64) / step, 2.0);
    // A question is lost whole.
    let losses = most(|slice| (slice.asked - slice.right) as f64).max(2.0);
    let losses = Scale::linear(losses, 2.0);
    let slowest = Scale::logarithmic(slices.iter().map(|slice| slice.slowest));
    let [first, second, third] = PANELS;
    first.draw_y(&rates, &mut drawing, number);
    second.draw_y(&losses, &mut drawing, number);
    third.draw_y(&slowest, &mut drawing, time);
    third.draw_x(&xs, &mut drawing, number);
    let bars = |panel: &Panel, scale: &Scale, value: &dyn Fn(&Slice) -> f64| -> Vec<(f64, f64)> {
        let floor = |at: f64| (panel.x(&xs, at), panel.bottom);
        let steps = slices.iter().flat_map(|slice| {
            let y = match value(slice) {
                // A single question is to be seen beside a million.
                value if value > 0.0 => panel.y(scale, value).min(panel.bottom - 1.0),
                _ => panel.bottom,
            };
            [slice.at, slice.at + step].map(|at| (panel.x(&xs, at), y))
        });
        let ends = [floor(last.at + step), floor(slices[0].at)];
        steps.chain(ends).collect()
    };
    let answered = bars(&first, &rates, &|slice| slice.right as f64 / step);
    drawing.area("fill", &answered);
    let lost = bars(&second, &losses, &|slice| {
        (slice.asked - slice.right) as f64
    });
    drawing.area("lost", &lost);
    let offered: Vec<(f64, f64)> = slices
        .iter()
        .map(|slice| {
            let x = first.x(&xs, slice.at + step / 2.0);
            (x, first.y(&rates, slice.asked as f64 / step))
        })
        .collect();
    drawing.lines("curve", &offered);
    let slowest: Vec<(f64, f64)> = slices
        .iter()
        .map(|slice| {
            let x = third.x(&xs, slice.at + step / 2.0);
            (x, third.y(&slowest, slice.slowest))
        })
        .collect();
    drawing.lines("curve", &slowest);
    for (panel, name) in PANELS.iter().zip([
        "asked (line) and answered rightly (bars), q/s",
        "missing",
        "slowest answer",
    ]) {
        let place = (panel.left, panel.top - 6.0);
        drawing.text("name", place, Anchor::Start, &said.say(name));
    }
    let place = (f64::midpoint(third.left, third.right), BOTTOM - 8.0);
    drawing.text("name", place, Anchor::Middle, &said.say("seconds"));
    Some(drawing.into_svg())
}

/// Joins slices until there are no more than can be told apart.
fn joined(slices: &[Slice]) -> Vec<Slice> {
    let each = slices.len().div_ceil(MOST).max(1);
    let joined = slices.chunks(each).map(|chunk| {
        let mut sum = chunk[0];
        for slice in &chunk[1..] {
            sum.asked = sum.asked.saturating_add(slice.asked);
            sum.right = sum.right.saturating_add(slice.right);
            sum.slowest = sum.slowest.max(slice.slowest);
        }
        sum
    });
    joined.collect()
}

const MOST: usize = 250;
const BOTTOM: f64 = 372.0;
const PANELS: [Panel; 3] = [panel(24.0, 114.0), panel(144.0, 214.0), panel(244.0, 324.0)];

const fn panel(top: f64, bottom: f64) -> Panel {
    Panel {
        left: 78.0,
        right: 660.0,
        top,
        bottom,
    }
}
