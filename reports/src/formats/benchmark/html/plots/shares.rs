//! How the rate depends on the share of names that the device has asked before.

use super::{HEIGHT, PANEL, WIDTH, apart, short};
use crate::benchmark::found::Found;
use crate::benchmark::{Benchmark, Workload};
use crate::formats::benchmark::figures::number;
use crate::formats::benchmark::html::drawing::{Anchor, Drawing, Scale, Towards};
use crate::formats::benchmark::sentences::Sentences;

/// Draws a curve for each device that was measured with several shares of workloads that are else
/// like this one; nothing if there is none.
pub(in crate::formats::benchmark::html) fn shares(
    benchmark: &Benchmark,
    like: &Workload,
    title: &str,
    said: Sentences,
) -> Option<String> {
    let curves: Vec<(&str, Vec<(f64, Found)>)> = benchmark
        .devices
        .iter()
        .filter_map(|device| {
            let series = device.series.iter();
            let alike = series.filter(|series| is_alike(&series.workload, like));
            let mut points: Vec<(f64, Found)> = alike
                .filter_map(|series| {
                    let share = f64::from(series.workload.cached_percent);
                    Some((share, device.found(series, &benchmark.method)?))
                })
                .collect();
            points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            (points.len() > 1).then_some((&device.device[..], points))
        })
        .collect();
    let all = curves.iter().flat_map(|(_, points)| points);
    let most = all
        .map(|(_, found)| found.rate.p99)
        .max_by(f64::total_cmp)?;
    let (xs, ys) = (Scale::linear(100.0, 5.0), Scale::linear(most, 5.0));
    let told = format!(
        "{title}{}{}",
        said.0.colon(),
        said.say("the table has the figures")
    );
    let mut drawing = Drawing::new(WIDTH, HEIGHT, &told);
    PANEL.draw_x(&xs, &mut drawing, |percent| format!("{percent:.0} %"));
    PANEL.draw_y(&ys, &mut drawing, number);
    let mut ends = Vec::new();
    for (index, (name, points)) in curves.iter().enumerate() {
        let colour = format!("device-{}", index % COLOURS);
        let at = |share: f64, rate: f64| (PANEL.x(&xs, share), PANEL.y(&ys, rate));
        let line: Vec<(f64, f64)> = points
            .iter()
            .map(|(share, found)| at(*share, found.rate.median))
            .collect();
        drawing.lines(&format!("curve {colour}"), &line);
        for (share, found) in points {
            let (low, high) = (at(*share, found.rate.p1), at(*share, found.rate.p99));
            drawing.line(&format!("whisker {colour}"), low, high);
            let bound = found.bound.as_ref().map(|_| Towards::Up);
            drawing.mark(
                &format!("dot {colour}"),
                at(*share, found.rate.median),
                bound,
            );
        }
        if let Some((x, y)) = line.last() {
            ends.push((*y, *x, *name));
        }
    }
    ends.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    let mut places: Vec<f64> = ends.iter().map(|(y, ..)| *y).collect();
    apart(&mut places, 13.0);
    for ((_, x, name), y) in ends.iter().zip(places) {
        drawing.text(
            "label",
            (x + 10.0, y + 4.0),
            Anchor::Start,
            &short(name, LONGEST),
        );
    }
    let place = (f64::midpoint(PANEL.left, PANEL.right), HEIGHT - 12.0);
    drawing.text("name", place, Anchor::Middle, &said.say("cached names"));
    Some(drawing.into_svg())
}

/// Returns whether two workloads differ in the share of cached names at most.
pub(in crate::formats::benchmark::html) fn is_alike(one: &Workload, other: &Workload) -> bool {
    let share = other.cached_percent;
    Workload {
        cached_percent: share,
        ..one.clone()
    } == *other
}

/// Letters of a name that fit beside a curve.
const LONGEST: usize = 10;
/// So many colours are told apart; each curve has its name beside it, too.
const COLOURS: usize = 6;
