//! A benchmark for people: 80 columns, the rates of all devices first, then what lies behind each.

use unicode_width::UnicodeWidthStr as _;

use super::figures::count;
use super::sentences::Sentences;
use crate::benchmark::{Benchmark, Measured, Method, Series};
use crate::escape;
use crate::formats::Look;
use crate::formats::page::Page;

/// Renders a benchmark.
pub(super) fn render(benchmark: &Benchmark, look: Look<'_>) -> String {
    let mut page = Page::new(look);
    let said = Sentences(look.lang);
    rates(benchmark, said, &mut page);
    page.gap();
    page.row("asked over", &said.family(&benchmark.method));
    page.row("method", &said.method(&benchmark.method));
    for device in &benchmark.devices {
        for series in &device.series {
            page.gap();
            details(device, series, &benchmark.method, said, &mut page);
        }
        about(device, said, &mut page);
    }
    page.gap();
    page.row("search", &said.search(&benchmark.method));
    for (label, value) in benchmark.provenance.rows() {
        page.row(label, &value);
    }
    page.into_text()
}

/// Writes the rates of all devices in one table.
fn rates(benchmark: &Benchmark, said: Sentences, page: &mut Page) {
    let head = ["", "q/s", "p1–p99", "whose limit"].map(|head| said.say(head));
    let mut table = Table::new(head);
    for device in &benchmark.devices {
        table.heading(said_name(device, said));
        for series in &device.series {
            let workload = format!("  {}", said.workload(&series.workload));
            table.row(match device.found(series, &benchmark.method) {
                Some(found) => [
                    workload,
                    format!(
                        "{}{}",
                        said.mark(&found),
                        super::figures::number(found.rate.median)
                    ),
                    said.range(&found.rate),
                    said.whose(&found, series),
                ],
                None => [
                    workload,
                    "-".to_owned(),
                    "-".to_owned(),
                    said.say("not measured"),
                ],
            });
        }
        if let Some(failure) = &device.failure {
            let failure = said.0.say(failure);
            table.heading(format!("  {}", said.explained("FAILED", &failure)));
        }
    }
    table.write(page);
}

fn said_name(device: &Measured, said: Sentences) -> String {
    match &device.firmware {
        Some(firmware) => format!("{}{}{firmware}", device.device, said.comma()),
        None => device.device.clone(),
    }
}

/// Writes what lies behind one rate.
fn details(device: &Measured, series: &Series, method: &Method, said: Sentences, page: &mut Page) {
    let workload = said.workload(&series.workload);
    let title = format!("{}{}{workload}", device.device, said.0.colon());
    page.title(&title);
    let Some(found) = device.found(series, method) else {
        page.row("rate", "no repetition came to an end");
        return;
    };
    page.row("median", &said.median(&found));
    if let Some(bound) = &found.bound {
        page.row("bound", &said.bound(bound, &found.rate, method));
    }
    if let Some(missing) = said.missing(series) {
        page.row("missing", &missing);
    }
    page.row("mean", &said.mean(&found));
    if let Some(odd) = series
        .not_passed()
        .and_then(|(counts, ..)| said.oddities(&counts))
    {
        page.row("beside", &odd);
    }
    if let Some(trial) = series.typical() {
        if let Some(upstream) = said.upstream(&trial.upstream) {
            page.row("upstream", &upstream);
        }
        if let Some(connections) = said.connections(&trial.counts) {
            page.row("over TCP", &connections);
        }
        page.row("tester", &said.effort(&trial.effort));
    }
    if let Some(self_test) = &series.self_test {
        page.row("self-test", &said.self_test(self_test));
    }
    delays(series, said, page);
    if let Some(overload) = &series.overload {
        page.row("overload", &said.overload(overload));
    }
}

/// Writes how long answers take at fixed shares of the rate, alone and beside other traffic.
fn delays(series: &Series, said: Sentences, page: &mut Page) {
    if series.at_shares.is_empty() {
        return;
    }
    let head = ["delay at", "p50", "p90", "p99", "p99.9", "max", "missing"];
    let mut table = Table::new(head.map(|head| said.say(head)));
    let mut beside = None;
    for at in &series.at_shares {
        if at.beside_bits_per_second != beside {
            beside = at.beside_bits_per_second;
            let words = beside.map_or_else(|| said.say("alone"), |bits| said.beside(bits));
            table.heading(format!("  {words}"));
        }
        let [p50, p90, p99, p999, max] = said.delays(&at.trial);
        let counts = &at.trial.counts;
        let missing = count(counts.offered() - counts.right());
        table.row([said.share(at), p50, p90, p99, p999, max, missing]);
    }
    table.write(page);
}

/// Writes what belongs to no single rate.
fn about(device: &Measured, said: Sentences, page: &mut Page) {
    page.gap();
    page.title(&said_name(device, said));
    page.row("self-test", &said.self_test(&device.self_test));
    if let Some(start) = said.cold_start(device) {
        page.row("cold start", &start);
    }
    if let Some(failure) = &device.failure {
        page.row("failed", failure);
    }
    if let Some(file) = &device.file {
        page.row("file", &file.file);
        page.row("sha256", &file.sha256);
    }
}

/// Columns as wide as they need to be; the first is set to the left, figures to the right.
struct Table<const N: usize> {
    rows: Vec<Row<N>>,
}

enum Row<const N: usize> {
    Cells([String; N]),
    Heading(String),
}

impl<const N: usize> Table<N> {
    fn new(head: [String; N]) -> Self {
        Self {
            rows: vec![Row::Cells(head)],
        }
    }

    fn row(&mut self, cells: [String; N]) {
        // As wide as they are shown.
        let cells = cells.map(|cell| escape::line(&cell).into_owned());
        self.rows.push(Row::Cells(cells));
    }

    fn heading(&mut self, text: String) {
        self.rows.push(Row::Heading(text));
    }

    fn write(&self, page: &mut Page) {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| match row {
                Row::Cells(cells) => Some(cells[column].width()),
                Row::Heading(_) => None,
            });
            cells.max().unwrap_or_default()
        };
        let mut widths: [usize; N] = std::array::from_fn(width);
        let all: usize = widths.iter().map(|width| width + 2).sum();
        // Where one name is too long for its line, each has a line of its own.
        let is_narrow = all > COLUMNS + 2;
        if is_narrow {
            widths[0] = INDENT.len();
        }
        for row in &self.rows {
            match row {
                Row::Heading(text) => page.wrapped(text, "", "  "),
                Row::Cells(cells) if is_narrow => {
                    let mut cells = cells.clone();
                    let name = std::mem::replace(&mut cells[0], INDENT.to_owned());
                    if !name.is_empty() {
                        page.wrapped(&name, "", INDENT);
                    }
                    page.plain(&aligned(&cells, &widths));
                }
                Row::Cells(cells) => page.plain(&aligned(cells, &widths)),
            }
        }
    }
}

fn aligned<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let blanks = " ".repeat(width.saturating_sub(cell.width()));
        let is_figure = cell.starts_with(|c: char| c.is_ascii_digit() || "≥-<".contains(c));
        if column > 0 {
            line.push_str("  ");
        }
        match column > 0 && (is_figure || column < N - 1) {
            true => line.extend([&blanks[..], cell]),
            false => line.extend([cell, &blanks[..]]),
        }
    }
    line.trim_end().to_owned()
}

const COLUMNS: usize = 80;
const INDENT: &str = "    ";
