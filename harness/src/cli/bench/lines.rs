//! `ngnlab bench lines`: many lines in one world.

use std::fmt::Write as _;
use std::path::PathBuf;

use ngnlab_reports::escape;
use ngnlab_sim::line::Area;
use unicode_width::UnicodeWidthStr as _;

use super::Lines;
use crate::bench_lines::{self, Measured, Plan};
use crate::cli::{Answer, Place, file};
use crate::error::{CONFORMANT, Error, UNDETERMINED};

pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab bench lines --count 10000             what a line costs among ten thousand
  ngnlab bench lines --count 100 --json l.json

The ratio is a line's processor time in the one world, divided by that of a line alone in a world of
its own, measured in the same run: compare ratios, not seconds. Exit codes: 0 every line has
authenticated, 2 wrong usage or file, 3 not all of them have";

pub(super) fn answer(args: &Lines, place: Place) -> Result<Answer, Error> {
    if let Some(path) = &args.json {
        file::try_out(path)?;
    }
    let plan = Plan {
        count: args.count as usize,
        area: args.area.map_or(Area::East, Area::from),
        seed: args.seed,
    };
    let measured = bench_lines::measure(plan).map_err(|source| Error::Read {
        path: PathBuf::from("/proc/self"),
        source,
    })?;
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&measured).expect("all keys are strings");
        file::write(path, &(escape::json(&text) + "\n"))?;
    }
    let all = measured.authenticated == measured.lines;
    Ok(Answer {
        text: shown(&measured, place),
        remarks: String::new(),
        exit_code: if all { CONFORMANT } else { UNDETERMINED },
    })
}

fn shown(measured: &Measured, place: Place) -> String {
    let lang = place.lang();
    let Measured {
        lines,
        authenticated,
        virtual_seconds,
        wall_seconds,
        cpu_seconds,
        memory_kib,
        kib_per_line,
        cpu_ms_per_line,
        anchor,
        ratio,
    } = measured;
    let alone = anchor.cpu_ms_per_line;
    let rows = [
        (
            "lines",
            format!("{authenticated} of {lines} have authenticated"),
        ),
        (
            "time",
            format!(
                "{wall_seconds:.2} s, {cpu_seconds:.2} s of a processor, for {virtual_seconds:.0} s \
                 of virtual time"
            ),
        ),
        (
            "memory",
            format!("{memory_kib} KiB at the height, {kib_per_line:.1} KiB a line"),
        ),
        (
            "a line",
            format!("{cpu_ms_per_line:.3} ms; alone in a world {alone:.3} ms"),
        ),
        ("ratio", format!("{ratio:.2}")),
    ];
    let names = rows.each_ref().map(|(name, _)| lang.say(name));
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let mut text = String::new();
    for ((_, said), name) in rows.iter().zip(&names) {
        let gap = width - name.width() + 2;
        let _ = writeln!(text, "{name}{:gap$}{}", "", lang.say(said));
    }
    text
}
