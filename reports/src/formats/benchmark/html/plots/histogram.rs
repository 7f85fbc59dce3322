//! How many answers took how long.

use super::{HEIGHT, PANEL, WIDTH};
use crate::benchmark::Trial;
use crate::formats::benchmark::figures::{number, time};
use crate::formats::benchmark::html::drawing::{Anchor, Drawing, Scale};
use crate::formats::benchmark::sentences::Sentences;

/// Draws the histogram of a trial; nothing if it has none.
pub(in crate::formats::benchmark::html) fn histogram(
    trial: &Trial,
    title: &str,
    said: Sentences,
) -> Option<String> {
    let steps = trial.delay.histogram.iter();
    let steps: Vec<&(f64, u64)> = steps.filter(|(_, count)| *count > 0).collect();
    if steps.is_empty() {
        return None;
    }
    let first = steps[0].0.max(NOTHING);
    let places: Vec<f64> = steps
        .iter()
        .map(|(upto, _)| (upto.max(NOTHING) / first).ln())
        .collect();
    let ratios = places.windows(2).map(|pair| pair[1] - pair[0]);
    let step = ratios.fold(WIDEST, f64::min).max(FINEST);
    // However fine the steps are, no bar is narrower than the eye can see.
    let last = places.last().copied().unwrap_or_default().max(0.0);
    let each = ((last / step + 1.0) / BARS as f64).ceil() * step;
    let mut bars = vec![0_u64; (last / each + 0.5) as usize + 1];
    for (place, (_, count)) in places.iter().zip(&steps) {
        let bar = ((place / each + step / each / 2.0).max(0.0) as usize).min(bars.len() - 1);
        bars[bar] = bars[bar].saturating_add(*count);
    }
    // A bar ends at the longest delay that is counted in it.
    let end = |bar: usize| first * ((bar as f64 + 1.0) * each - step).exp();
    let start = first * (-step).exp();
    let xs = Scale::logarithmic([start, end(bars.len() - 1)].into_iter());
    let most = bars.iter().max().copied().unwrap_or_default();
    let ys = Scale::linear(most.max(4) as f64, 4.0);
    let [p50, p90, p99, p999, max] = said.delays(trial);
    let told = format!("{title}: p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p999}, max {max}");
    let mut drawing = Drawing::new(WIDTH, HEIGHT, &told);
    PANEL.draw_y(&ys, &mut drawing, number);
    let mut left = PANEL.x(&xs, start);
    for (index, count) in bars.iter().enumerate() {
        let right = PANEL.x(&xs, end(index));
        if *count > 0 {
            // A single answer is to be seen beside a million.
            let top = PANEL.y(&ys, *count as f64).min(PANEL.bottom - 1.0);
            drawing.bar("fill", (left, top), (right - 1.0, PANEL.bottom));
        }
        left = right;
    }
    PANEL.draw_x(&xs, &mut drawing, time);
    for (name, value) in [("p50", trial.delay.p50), ("p99", trial.delay.p99)] {
        let x = PANEL.x(&xs, value);
        drawing.line("mark", (x, PANEL.top), (x, PANEL.bottom));
        drawing.text("label", (x + 4.0, PANEL.top + 10.0), Anchor::Start, name);
    }
    let place = (f64::midpoint(PANEL.left, PANEL.right), HEIGHT - 12.0);
    drawing.text("name", place, Anchor::Middle, &said.say("delay"));
    Some(drawing.into_svg())
}

const BARS: usize = 90;
/// In microseconds; less than anything that is measured.
const NOTHING: f64 = 1e-3;
/// Steps between bars, as logarithms.
const WIDEST: f64 = 0.1;
const FINEST: f64 = 1e-4;
