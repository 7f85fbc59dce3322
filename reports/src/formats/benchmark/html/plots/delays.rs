//! How long answers take at each offered rate, percentiles as bands.

use super::{HEIGHT, PANEL, WIDTH, apart};
use crate::benchmark::{Delay, Series};
use crate::formats::benchmark::figures::{number, time};
use crate::formats::benchmark::html::drawing::{Anchor, Drawing, Scale};
use crate::formats::benchmark::sentences::Sentences;

/// Draws the delays at all shares of the rate; nothing if there are none.
pub(in crate::formats::benchmark::html) fn delays(
    series: &Series,
    title: &str,
    said: Sentences,
) -> Option<String> {
    let mut alone: Vec<(f64, &Delay)> = Vec::new();
    let mut beside = Vec::new();
    for at in &series.at_shares {
        let point = (at.trial.offered, &at.trial.delay);
        match at.beside_bits_per_second {
            None => alone.push(point),
            Some(_) => beside.push(point),
        }
    }
    alone.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let all = || alone.iter().chain(&beside);
    let most = all().map(|(rate, _)| *rate).max_by(f64::total_cmp)?;
    let xs = Scale::linear(most, 6.0);
    let ys = Scale::logarithmic(all().flat_map(|(_, delay)| [delay.p50, delay.max]));
    let told = format!(
        "{title}{}{}",
        said.0.colon(),
        said.say("the table has the figures")
    );
    let mut drawing = Drawing::new(WIDTH, HEIGHT, &told);
    PANEL.draw_x(&xs, &mut drawing, number);
    PANEL.draw_y(&ys, &mut drawing, time);
    let line = |pick: fn(&Delay) -> f64| -> Vec<(f64, f64)> {
        let points = alone.iter();
        points
            .map(|(rate, delay)| (PANEL.x(&xs, *rate), PANEL.y(&ys, pick(delay))))
            .collect()
    };
    let curves: [Vec<(f64, f64)>; 5] = PICKS.map(|(_, pick)| line(pick));
    for (number, class) in ["band-1", "band-2", "band-3"].into_iter().enumerate() {
        let upper = curves[number + 1].iter().rev();
        let around: Vec<_> = curves[number].iter().chain(upper).copied().collect();
        drawing.area(class, &around);
    }
    drawing.lines("curve", &curves[0]);
    drawing.lines("curve most", &curves[4]);
    for point in &curves[0] {
        drawing.mark("dot", *point, None);
    }
    let mut ends: Vec<(f64, &str)> = curves
        .iter()
        .zip(PICKS)
        .filter_map(|(curve, (name, _))| Some((curve.last()?.1, name)))
        .collect();
    ends.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut places: Vec<f64> = ends.iter().map(|(y, _)| *y).collect();
    apart(&mut places, 13.0);
    let last = curves[0].last().map_or(PANEL.right, |(x, _)| *x);
    for ((_, name), y) in ends.iter().zip(places) {
        drawing.text("label", (last + 8.0, y + 4.0), Anchor::Start, name);
    }
    for (rate, delay) in &beside {
        let x = PANEL.x(&xs, *rate);
        let [low, middle, high] = [delay.p50, delay.p50, delay.p99].map(|at| PANEL.y(&ys, at));
        drawing.line("other", (x, low), (x, high));
        drawing.line("other", (x - 5.0, high), (x + 5.0, high));
        drawing.mark("dot other", (x, middle), None);
    }
    let place = (f64::midpoint(PANEL.left, PANEL.right), HEIGHT - 12.0);
    drawing.text("name", place, Anchor::Middle, &said.say("offered q/s"));
    Some(drawing.into_svg())
}

/// The percentiles that are drawn, each with its name.
type Pick = (&'static str, fn(&Delay) -> f64);

const PICKS: [Pick; 5] = [
    ("p50", |delay| delay.p50),
    ("p90", |delay| delay.p90),
    ("p99", |delay| delay.p99),
    ("p99.9", |delay| delay.p999),
    ("max", |delay| delay.max),
];
