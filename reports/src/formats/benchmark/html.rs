//! A benchmark as one page for a browser, with plots: no request goes anywhere.
//!
//! It stands there in both languages, so that it can be read without its script, too, which only
//! changes language and colours. Foreign words are escaped wherever they stand.

use std::fmt::Write as _;

use drawing::escaped as esc;

use super::figures::{count, number};
use super::sentences::Sentences;
use crate::benchmark::{Benchmark, Measured, Method, Series, Trial, Workload};
use crate::formats::{Look, html};
use crate::words::Lang;

mod drawing;
mod plots;

/// Renders a benchmark; the page opens in the language that is asked for.
pub(super) fn render(benchmark: &Benchmark, look: Look<'_>) -> String {
    let mut body = String::new();
    for (lang, code) in [(Lang::Ja, "ja"), (Lang::En, "en")] {
        let hidden = if lang == look.lang { "" } else { " hidden" };
        let _ = writeln!(body, "<div lang=\"{code}\"{hidden}>");
        part(benchmark, Sentences(lang), &mut body);
        body.push_str("</div>\n");
    }
    let language = match look.lang {
        Lang::En => "en",
        Lang::Ja => "ja",
    };
    let style = [html::STYLE, STYLE].concat();
    let title = esc(&title(benchmark, Sentences(look.lang)));
    let parts = [
        ("{language}", language),
        ("{title}", &title),
        ("{style}", &style),
        ("{body}", &body),
        ("{script}", SCRIPT),
    ];
    let mut page = PAGE;
    let mut text = String::with_capacity(body.len() + (32 << 10));
    // The holes stand in this order, and what fills one is not searched for others.
    for (hole, filling) in parts {
        if let Some((before, after)) = page.split_once(hole) {
            text.push_str(before);
            text.push_str(filling);
            page = after;
        }
    }
    text.push_str(page);
    text
}

fn title(benchmark: &Benchmark, said: Sentences) -> String {
    let what = said.title(&benchmark.method);
    match &benchmark.devices[..] {
        [only] => said.explained(what, &only.device),
        all => {
            let count = all.len();
            said.explained(what, &said.say(&format!("{count} devices")))
        }
    }
}

/// Writes the page in one language.
fn part(benchmark: &Benchmark, said: Sentences, to: &mut String) {
    let title = esc(&title(benchmark, said));
    let badge = if benchmark.method.conforms() {
        "p"
    } else {
        "s"
    };
    let method = esc(&said.method(&benchmark.method));
    let _ = writeln!(
        to,
        "<h1>{title}</h1>\n<p><span class=\"badge {badge}\">RFC 8219</span> {method}</p>"
    );
    rates(benchmark, said, to);
    overview(benchmark, said, to);
    for device in &benchmark.devices {
        let _ = writeln!(to, "<h2>{}</h2>", esc(&named(device, said)));
        about(device, said, to);
        for series in &device.series {
            details(device, series, &benchmark.method, said, to);
        }
    }
    let _ = writeln!(to, "<h2>{}</h2>", said.say("How it was measured"));
    let family = ("asked over", said.family(&benchmark.method));
    let search = ("search", said.search(&benchmark.method));
    let rows = benchmark.provenance.rows().into_iter();
    let rows: Vec<(&str, String)> = [family, search].into_iter().chain(rows).collect();
    facts(&rows, said, to);
}

fn named(device: &Measured, said: Sentences) -> String {
    match &device.firmware {
        Some(firmware) => format!("{}{}{firmware}", device.device, said.comma()),
        None => device.device.clone(),
    }
}

/// Writes the rates of all devices in one table.
fn rates(benchmark: &Benchmark, said: Sentences, to: &mut String) {
    let caption = said.say("highest rates at which everything was answered");
    scroll(&caption, "rates", to);
    let _ = write!(to, "<thead><tr>");
    for (head, class) in [
        ("device", ""),
        ("workload", ""),
        ("median, q/s", " class=\"number\""),
        ("p1–p99", " class=\"number\""),
        ("whose limit", ""),
    ] {
        let _ = write!(to, "<th scope=\"col\"{class}>{}</th>", esc(&said.say(head)));
    }
    to.push_str("</tr></thead>\n<tbody>\n");
    for device in &benchmark.devices {
        for series in &device.series {
            let found = device.found(series, &benchmark.method);
            let (rate, range, whose, badge) = match &found {
                Some(found) => (
                    format!("{}{}", said.mark(found), number(found.rate.median)),
                    said.range(&found.rate),
                    said.whose(found, series),
                    if found.bound.is_some() { "s" } else { "" },
                ),
                None => {
                    let nothing = said.say("not measured");
                    ("-".to_owned(), "-".to_owned(), nothing, "f")
                }
            };
            let (name, workload) = (esc(&device.device), said.workload(&series.workload));
            let _ = writeln!(
                to,
                "<tr><td class=\"name-of-device\">{name}</td><td class=\"workload\">{}</td><td class=\"number\">{rate}</td>\
                 <td class=\"number\">{range}</td><td><span class=\"badge {badge}\">{}</span></td></tr>",
                esc(&workload),
                esc(&whose)
            );
        }
    }
    to.push_str("</tbody></table></div>\n");
    if benchmark.devices.iter().any(|device| {
        let mut series = device.series.iter();
        series.any(|one| {
            let found = device.found(one, &benchmark.method);
            found.is_some_and(|found| found.bound.is_some())
        })
    }) {
        let note =
            said.say("≥ is a lower bound: the device may be faster than the tester could tell");
        let _ = writeln!(to, "<p class=\"quiet\">{}</p>", esc(&note));
    }
    for device in &benchmark.devices {
        if let Some(failure) = &device.failure {
            let _ = writeln!(
                to,
                "<p><span class=\"badge f\">{}</span> {}{}{}</p>",
                esc(&said.say("FAILED")),
                esc(&device.device),
                said.0.colon(),
                esc(&said.0.say(failure))
            );
        }
    }
}

/// Writes the plots that are about several rates.
fn overview(benchmark: &Benchmark, said: Sentences, to: &mut String) {
    let mut workloads: Vec<&Workload> = Vec::new();
    let series = benchmark.devices.iter().flat_map(|device| &device.series);
    for series in series {
        if !workloads.contains(&&series.workload) && workloads.len() < MOST_WORKLOADS {
            workloads.push(&series.workload);
        }
    }
    to.push_str("<div class=\"plots\">\n");
    for workload in &workloads {
        let title = said.explained("devices side by side", &said.workload(workload));
        let plot = plots::devices(benchmark, workload, &title, said);
        let key = said.say(
            "point: median; line: p1 to p99; box: where the mean is with 95 % certainty; \
             empty arrow: lower bound",
        );
        figure(&title, plot, &key, to);
    }
    let mut seen: Vec<&Workload> = Vec::new();
    for workload in &workloads {
        if seen.iter().any(|one| plots::is_alike(one, workload)) {
            continue;
        }
        seen.push(workload);
        let title = said.say("rate against the share of cached names");
        let plot = plots::shares(benchmark, workload, &title, said);
        let key = said.say("point: median; line: p1 to p99; empty arrow: lower bound");
        figure(&title, plot, &key, to);
    }
    to.push_str("</div>\n");
}

/// Writes what belongs to no single rate.
fn about(device: &Measured, said: Sentences, to: &mut String) {
    let mut rows = vec![("self-test", said.self_test(&device.self_test))];
    rows.extend(said.cold_start(device).map(|start| ("cold start", start)));
    let failure = device.failure.as_ref();
    rows.extend(failure.map(|why| ("failed", said.0.say(why).into_owned())));
    if let Some(file) = &device.file {
        rows.push(("file", file.file.clone()));
        rows.push(("sha256", file.sha256.clone()));
    }
    facts(&rows, said, to);
}

/// Writes what lies behind one rate.
fn details(device: &Measured, series: &Series, method: &Method, said: Sentences, to: &mut String) {
    let workload = esc(&said.workload(&series.workload));
    let _ = writeln!(to, "<section class=\"failure\"><h3>{workload}</h3>");
    let Some(found) = device.found(series, method) else {
        let nothing = said.say("no repetition came to an end");
        let _ = writeln!(to, "<p>{}</p></section>", esc(&nothing));
        return;
    };
    let mut rows = vec![("median", said.median(&found))];
    let bound = found.bound.as_ref();
    rows.extend(bound.map(|bound| ("bound", said.bound(bound, &found.rate, method))));
    rows.extend(said.missing(series).map(|missing| ("missing", missing)));
    rows.push(("mean", said.mean(&found)));
    let odd = series
        .not_passed()
        .and_then(|(counts, ..)| said.oddities(&counts));
    rows.extend(odd.map(|odd| ("beside", odd)));
    if let Some(trial) = series.typical() {
        rows.extend(said.upstream(&trial.upstream).map(|one| ("upstream", one)));
        rows.push(("tester", said.effort(&trial.effort)));
        let connections = said.connections(&trial.counts);
        rows.extend(connections.map(|one| ("over TCP", one)));
    }
    let self_test = series.self_test.as_ref();
    rows.extend(self_test.map(|one| ("self-test", said.self_test(one))));
    let overload = series.overload.as_ref();
    rows.extend(overload.map(|one| ("overload", said.overload(one))));
    facts(&rows, said, to);
    to.push_str("<div class=\"plots\">\n");
    let title = said.say("delay against the offered rate");
    let key = said.say("orange: beside other traffic, p50 to p99");
    let is_beside = series
        .at_shares
        .iter()
        .any(|at| at.beside_bits_per_second.is_some());
    let key = if is_beside { &key[..] } else { "" };
    figure(&title, plots::delays(series, &title, said), key, to);
    if let Some(trial) = middle(series) {
        let title = said.of_trial("how many answers took how long", trial);
        figure(&title, plots::histogram(trial, &title, said), "", to);
    }
    let failed = series
        .repetitions
        .iter()
        .filter_map(|one| one.failed.as_ref());
    let failed = failed.filter(|trial| !trial.timeline.is_empty());
    if let Some(trial) = failed.min_by(|one, other| one.offered.total_cmp(&other.offered)) {
        let title = said.of_trial("a trial that did not pass", trial);
        figure(&title, plots::timeline(trial, &title, said), "", to);
    }
    if let Some(overload) = overload {
        let title = said.of_trial("overload", &overload.trial);
        figure(
            &title,
            plots::timeline(&overload.trial, &title, said),
            "",
            to,
        );
    }
    to.push_str("</div>\n");
    delays(series, &said.rate(&found), said, to);
    to.push_str("</section>\n");
}

/// Returns the trial that tells most of how long answers usually take: at half of the rate, if
/// there is one.
fn middle(series: &Series) -> Option<&Trial> {
    let mut shares = series.at_shares.iter();
    let half = shares.find(|at| at.percent == 50 && at.beside_bits_per_second.is_none());
    half.map(|at| &at.trial).or_else(|| series.typical())
}

/// Writes the delays at fixed shares of a rate as a table.
fn delays(series: &Series, rate: &str, said: Sentences, to: &mut String) {
    if series.at_shares.is_empty() {
        return;
    }
    let caption = said.say(&format!("delays at shares of {rate}"));
    scroll(&caption, "delays", to);
    to.push_str("<thead><tr>");
    for head in ["delay at", "p50", "p90", "p99", "p99.9", "max", "missing"] {
        let class = if head == "delay at" {
            ""
        } else {
            " class=\"number\""
        };
        let _ = write!(to, "<th scope=\"col\"{class}>{}</th>", esc(&said.say(head)));
    }
    to.push_str("</tr></thead>\n<tbody>\n");
    for at in &series.at_shares {
        let beside = at.beside_bits_per_second.map(|rate| said.beside(rate));
        let beside = beside.map_or(String::new(), |words| format!("{}{words}", said.comma()));
        let _ = write!(to, "<tr><td>{}{}</td>", esc(&said.share(at)), esc(&beside));
        let counts = &at.trial.counts;
        let missing = count(counts.offered() - counts.right());
        for cell in said.delays(&at.trial).iter().chain([&missing]) {
            let _ = write!(to, "<td class=\"number\">{cell}</td>");
        }
        to.push_str("</tr>\n");
    }
    to.push_str("</tbody></table></div>\n");
}

/// Begins a table that is wider than a small screen.
fn scroll(caption: &str, class: &str, to: &mut String) {
    let caption = esc(caption);
    let _ = writeln!(
        to,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\
         <table class=\"{class}\"><caption class=\"unseen\">{caption}</caption>"
    );
}

fn facts(rows: &[(&str, String)], said: Sentences, to: &mut String) {
    to.push_str("<dl class=\"facts\">\n");
    for (name, value) in rows {
        let _ = writeln!(
            to,
            "<dt>{}</dt><dd>{}</dd>",
            esc(&said.say(name)),
            esc(value)
        );
    }
    to.push_str("</dl>\n");
}

/// Writes a plot, if there is one, with its title and what its shapes mean.
fn figure(title: &str, plot: Option<String>, key: &str, to: &mut String) {
    let Some(plot) = plot else { return };
    let title = esc(title);
    let key = match key {
        "" => String::new(),
        key => format!("<p>{}</p>", esc(key)),
    };
    let _ = writeln!(
        to,
        "<figure><figcaption>{title}</figcaption><div class=\"scroll\" tabindex=\"0\" \
         role=\"region\" aria-label=\"{title}\">\n{plot}</div>{key}</figure>"
    );
}

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/plots.css");
const SCRIPT: &str = include_str!("html/page.js");
/// Of those that devices are compared with; the table has them all.
const MOST_WORKLOADS: usize = 24;
