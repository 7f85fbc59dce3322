//! Devices side by side with one workload, each with how sure its rate is.

use super::{WIDTH, short};
use crate::benchmark::found::Found;
use crate::benchmark::{Benchmark, Workload};
use crate::formats::benchmark::figures::number;
use crate::formats::benchmark::html::drawing::{Anchor, Drawing, Panel, Scale, Towards};
use crate::formats::benchmark::sentences::Sentences;

/// Draws the rates of all devices with a workload; nothing if there are not two.
pub(in crate::formats::benchmark::html) fn devices(
    benchmark: &Benchmark,
    workload: &Workload,
    title: &str,
    said: Sentences,
) -> Option<String> {
    let rates: Vec<(&str, Found)> = benchmark
        .devices
        .iter()
        .filter_map(|device| {
            let mut series = device.series.iter();
            let series = series.find(|series| series.workload == *workload)?;
            let found = device.found(series, &benchmark.method)?;
            Some((&device.device[..], found))
        })
        .collect();
    if rates.len() < 2 {
        return None;
    }
    let highest = |(_, found): &(&str, Found)| {
        let high = found.interval().map_or(0.0, |interval| interval.high);
        found.rate.p99.max(high)
    };
    let most = rates.iter().map(highest).max_by(f64::total_cmp)?;
    let xs = Scale::linear(most, 6.0);
    let panel = Panel {
        left: 20.0,
        right: 650.0,
        top: 8.0,
        bottom: 8.0 + ROW * rates.len() as f64,
    };
    let told: Vec<String> = rates
        .iter()
        .map(|(name, found)| format!("{name} {}", said.rate(found)))
        .collect();
    let told = format!("{title}{}{}", said.0.colon(), told.join(said.comma()));
    let mut drawing = Drawing::new(WIDTH, panel.bottom + 42.0, &told);
    panel.draw_x(&xs, &mut drawing, number);
    for (index, (name, found)) in rates.iter().enumerate() {
        let colour = "device-0";
        let top = panel.top + ROW * index as f64;
        let name = short(name, LONGEST);
        let words = format!("{name}{}{}", said.0.colon(), said.rate(found));
        drawing.text(
            "label",
            (panel.left + 4.0, top + 14.0),
            Anchor::Start,
            &words,
        );
        let y = top + 28.0;
        let x = |rate: f64| panel.x(&xs, rate);
        if let Some(interval) = found.interval() {
            let (low, high) = (x(interval.low), x(interval.high));
            drawing.bar("interval", (low, y - 6.0), (high, y + 6.0));
        }
        let (low, high) = (x(found.rate.p1), x(found.rate.p99));
        drawing.line(&format!("whisker {colour}"), (low, y), (high, y));
        let bound = found.bound.as_ref().map(|_| Towards::Right);
        drawing.mark(&format!("dot {colour}"), (x(found.rate.median), y), bound);
    }
    let place = (f64::midpoint(panel.left, panel.right), panel.bottom + 36.0);
    drawing.text("name", place, Anchor::Middle, "q/s");
    Some(drawing.into_svg())
}

const ROW: f64 = 40.0;
/// Letters of a name that fit above a rate, however wide they are.
const LONGEST: usize = 36;
