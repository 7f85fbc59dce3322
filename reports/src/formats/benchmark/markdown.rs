//! A benchmark for the summary that CI shows beside a run: a table of all rates, and what lies
//! behind each where it is asked for.

use std::fmt::Write as _;

use super::figures::{count, number};
use super::sentences::Sentences;
use crate::benchmark::{Benchmark, Measured, Series};
use crate::formats::Look;
use crate::formats::markdown::{code, folded, prose};

/// Renders a benchmark, without colour, whatever is asked for.
pub(super) fn render(benchmark: &Benchmark, look: Look<'_>) -> String {
    let said = Sentences(look.lang);
    let names: Vec<String> = benchmark
        .devices
        .iter()
        .map(|device| code(&device.device))
        .collect();
    let title = said.explained(said.title(&benchmark.method), &names.join(said.comma()));
    let method = prose(&said.method(&benchmark.method));
    let mut text = format!("## {title}\n\n{method}\n\n");
    rates(&mut text, benchmark, said);
    for device in &benchmark.devices {
        remarks(&mut text, device, benchmark, said);
    }
    for device in &benchmark.devices {
        for series in &device.series {
            details(&mut text, device, series, said);
        }
    }
    let _ = writeln!(text, "\n- {}", prose(&said.search(&benchmark.method)));
    for (label, value) in benchmark.provenance.rows() {
        let _ = writeln!(text, "- {} {}", said.say(label), code(&value));
    }
    text
}

fn rates(text: &mut String, benchmark: &Benchmark, said: Sentences) {
    let head = ["device", "workload", "q/s", "p1–p99", "whose limit"].map(|head| said.say(head));
    let _ = writeln!(
        text,
        "| {} |\n| --- | --- | ---: | ---: | --- |",
        head.join(" | ")
    );
    for device in &benchmark.devices {
        for series in &device.series {
            let workload = said.workload(&series.workload);
            let cells = match device.found(series, &benchmark.method) {
                Some(found) => [
                    device.device.clone(),
                    workload,
                    format!("{}{}", said.mark(&found), number(found.rate.median)),
                    said.range(&found.rate),
                    said.whose(&found, series),
                ],
                None => [
                    device.device.clone(),
                    workload,
                    "-".to_owned(),
                    "-".to_owned(),
                    said.say("not measured"),
                ],
            };
            let cells = cells.map(|cell| prose(&cell));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text.push('\n');
}

/// Says which rates are lower bounds, why, and what failed.
fn remarks(text: &mut String, device: &Measured, benchmark: &Benchmark, said: Sentences) {
    let name = code(&device.device);
    for series in &device.series {
        let found = device.found(series, &benchmark.method);
        let workload = said.workload(&series.workload);
        if let Some((found, bound)) = found
            .as_ref()
            .and_then(|one| Some((one, one.bound.as_ref()?)))
        {
            let rate = said.rate(found);
            let why = said.bound(bound, &found.rate, &benchmark.method);
            let place = prose(&format!("{workload}{}{rate}", said.0.colon()));
            let _ = writeln!(text, "- {name} {place}{}{}", said.0.colon(), prose(&why));
        }
        if let Some(missing) = said.missing(series) {
            let place = prose(&workload);
            let _ = writeln!(
                text,
                "- {name} {place}{}{}",
                said.0.colon(),
                prose(&missing)
            );
        }
    }
    if let Some(failure) = &device.failure {
        let failed = said.say("FAILED");
        let failure = code(&said.0.say(failure));
        let _ = writeln!(text, "- {name} **{failed}**{}{failure}", said.0.colon());
    }
}

fn details(text: &mut String, device: &Measured, series: &Series, said: Sentences) {
    let rows: Vec<String> = series
        .at_shares
        .iter()
        .map(|at| {
            let counts = &at.trial.counts;
            let missing = count(counts.offered() - counts.right());
            let missing = format!("{} {missing}", said.say("missing"));
            let beside = at.beside_bits_per_second.map(|rate| said.beside(rate));
            let beside = beside.map_or(String::new(), |words| format!("{}{words}", said.comma()));
            let [p50, p90, p99, p999, max] = said.delays(&at.trial);
            let share = said.share(at);
            prose(&format!(
                "{share}{beside}: p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p999}, max {max}, {missing}"
            ))
        })
        .chain(series.overload.as_ref().map(|overload| {
            prose(&said.explained("overload", &said.overload(overload)))
        }))
        .collect();
    let workload = said.workload(&series.workload);
    let title = format!("{}{}{workload}", device.device, said.0.colon());
    folded(text, &prose(&title), &rows);
}
