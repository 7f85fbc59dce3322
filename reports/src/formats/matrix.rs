//! Several devices beside each other, for people: a letter for each, and two tables.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::Look;
use super::page::Page;
use crate::conclusion::{Conclusion, of_all};
use crate::matrix::{Cell, Matrix};
use crate::words::Lang;
use crate::{Level, escape};

/// Renders the tables of several devices.
pub fn render(matrix: &Matrix, lang: Lang) -> String {
    let mut page = Page::new(Look {
        lang,
        ..Look::PLAIN
    });
    devices(matrix, &mut page);
    let scenarios = matrix.scenarios();
    let rows: Vec<Vec<String>> = scenarios
        .iter()
        .filter(|row| row.cells.iter().any(|cell| *cell != Cell::Nothing))
        .map(|row| with_cells(format!("{} ({})", row.scenario, row.area), &row.cells, lang))
        .collect();
    table("scenario", matrix, &rows, &mut page);
    let checks = matrix.checks();
    let worst = |cells: &[Cell]| cells.iter().max().cloned().unwrap_or(Cell::Nothing);
    let of_interest = checks
        .iter()
        .filter(|row| !matches!(worst(&row.cells), Cell::Nothing | Cell::Passed));
    let rows: Vec<Vec<String>> = of_interest
        .map(|row| {
            let level = match row.level {
                Level::Must => "MUST",
                Level::Should => "SHOULD",
            };
            with_cells(format!("{level:<6} {}", row.check), &row.cells, lang)
        })
        .collect();
    table("check", matrix, &rows, &mut page);
    let count = |wanted| {
        let rows = checks.iter();
        rows.filter(|row| worst(&row.cells) == wanted).count()
    };
    page.said(&format!(
        "{} checks more passed with every device that was judged by them; {} judged none",
        count(Cell::Passed),
        count(Cell::Nothing)
    ));
    let line = match of_all(&matrix.devices) {
        Conclusion::Conformant => "conformant: all of them".to_owned(),
        Conclusion::NotConformant(names) => format!("not conformant: {}", names.join("; ")),
        Conclusion::Undetermined(names) | Conclusion::NoFailureSeen(names) => {
            format!("undetermined: {}", names.join("; "))
        }
    };
    page.row("result", &line);
    page.into_text()
}

fn devices(matrix: &Matrix, page: &mut Page) {
    for (index, report) in matrix.devices.iter().enumerate() {
        let results: Vec<String> = report
            .results
            .iter()
            .map(|result| {
                let words = page.lang.say(result.overall.words());
                format!("{} {words}", result.profile.name())
            })
            .collect();
        let stale = match report.stale.len() {
            0 => String::new(),
            count => format!("; {count} stale entries in the device file"),
        };
        let stale = page.lang.say(&stale);
        let firmware = report.firmware.as_ref();
        let firmware = firmware.map_or(String::new(), |version| format!(", {version}"));
        page.plain(&format!("{}  {}{firmware}", letter(index), report.device));
        let comes_to = match report.conclusion() {
            Conclusion::Conformant => "conformant",
            Conclusion::NotConformant(_) => "not conformant",
            Conclusion::Undetermined(_) | Conclusion::NoFailureSeen(_) => "undetermined",
        };
        let comes_to = page.lang.say(comes_to);
        page.plain(&format!("     {comes_to} ({}){stale}", results.join(", ")));
    }
    page.gap();
}

fn with_cells(name: String, cells: &[Cell], lang: Lang) -> Vec<String> {
    let words = |cell: &Cell| lang.say(&words(cell)).into_owned();
    let cells = std::iter::once(name).chain(cells.iter().map(words));
    // As wide as they are shown.
    cells.map(|cell| escape::line(&cell).into_owned()).collect()
}

fn words(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => "-".to_owned(),
        Cell::Passed => "pass".to_owned(),
        Cell::Known(count) => format!("{count} known"),
        Cell::Remarks(1) => "1 remark".to_owned(),
        Cell::Remarks(count) => format!("{count} remarks"),
        Cell::Lost(count) => format!("{count} not judged"),
        Cell::Unclear(count) => format!("{count} unclear"),
        Cell::Failed(count) => format!("{count} FAIL"),
        Cell::Broken(how) => how.to_uppercase(),
    }
}

/// Writes rows in columns as wide as they need to be.
fn table(title: &str, matrix: &Matrix, rows: &[Vec<String>], page: &mut Page) {
    let letters = (0..matrix.devices.len()).map(letter);
    let title = page.lang.say(title).into_owned();
    let head: Vec<String> = std::iter::once(title).chain(letters).collect();
    let rows: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or_default()
        })
        .collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let blanks = width.saturating_sub(cell.width()) + 2;
            let _ = write!(line, "{cell}{:blanks$}", "");
        }
        page.plain(line.trim_end());
    }
    page.gap();
}

/// Returns a short name for a device: A to Z, then numbers.
fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index @ 0..26) => char::from(b'A' + index).to_string(),
        _ => (index + 1).to_string(),
    }
}
