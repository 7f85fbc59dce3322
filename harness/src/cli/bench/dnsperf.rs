//! `ngnlab bench dnsperf`: whether dnsperf and the tester find the same.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, value_parser};
use ngnlab_reports::benchmark::{Asked, Domains, Family, Method, Transport, Workload};
use ngnlab_reports::escape;
use ngnlab_sim::line::Area;
use unicode_width::UnicodeWidthStr as _;

use super::dns::{SELF_TEST_FACTOR, candidate};
use crate::bench::agreement::{self, Agreement, Compared};
use crate::bench::{Audience, Plan};
use crate::cli::{Answer, AreaName, Place, file, interrupt};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::launch::bench::Wish;
use crate::scratch;

/// The arguments of `bench dnsperf`.
#[derive(Debug, Args)]
pub struct Dnsperf {
    /// The router: a device file, or the name of an example
    #[arg(long, value_name = "FILE|NAME")]
    pub device: String,
    /// How often both ask in turn
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = value_parser!(u32).range(2..=100))]
    pub pairs: u32,
    /// How long each turn takes, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = value_parser!(u32).range(1..=60))]
    pub trial: u32,
    /// Asks for names that the device knows, and not for new ones
    #[arg(long)]
    pub cached: bool,
    /// The area of the line; east unless given
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// Writes what was measured as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

pub(super) fn answer(args: &Dnsperf, place: Place) -> Result<Answer, Error> {
    if let Some(path) = &args.json {
        file::try_out(path)?;
    }
    let stop = interrupt::stop_at_signals();
    scratch::sweep();
    let plan = plan(args);
    let (candidate, _preparation) = candidate(&args.device, &stop)?;
    let lang = place.lang();
    let measured = agreement::measure(
        &plan,
        &candidate,
        &mut Audience {
            tell: &mut |line| (place.announce)(&lang.say(&line)),
            keep: &mut |_| Ok(()),
            stop: &stop,
        },
    )?;
    let agreement = match measured {
        Ok(agreement) => agreement,
        Err(failure) => {
            return Ok(Answer {
                text: format!("{}\n", lang.say(&failure)),
                remarks: String::new(),
                exit_code: UNDETERMINED,
            });
        }
    };
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&agreement).expect("all keys are strings");
        file::write(path, &(escape::json(&text) + "\n"))?;
    }
    let overlaps = [agreement.rates(), agreement.delays()].map(|one| one.overlap());
    Ok(Answer {
        text: shown(&agreement, place),
        remarks: String::new(),
        exit_code: match overlaps {
            [Some(true), Some(true)] => CONFORMANT,
            [Some(_), Some(_)] => NOT_CONFORMANT,
            _ => UNDETERMINED,
        },
    })
}

fn plan(args: &Dnsperf) -> Plan {
    Plan {
        method: Method {
            family: Family::Ipv6,
            trial_seconds: f64::from(args.trial),
            repetitions: args.pairs as usize,
            timeout_ms: 1000,
            resolution: 0.02,
            self_test_factor: SELF_TEST_FACTOR,
            answers_after_ms: 0,
        },
        workloads: vec![Workload {
            transport: Transport::Udp,
            asked: Asked::Aaaa,
            cached_percent: if args.cached { 100 } else { 0 },
            domains: Domains::Ons,
        }],
        names: 100,
        connections: 1,
        shares: Vec::new(),
        beside: None,
        overload: false,
        cold_starts: 0,
        wish: Wish {
            family: Family::Ipv6,
            area: args.area.map_or(Area::East, Area::from),
            delivery: None,
            seed: 1,
        },
    }
}

fn shown(agreement: &Agreement, place: Place) -> String {
    let lang = place.lang();
    let calm = agreement.calm;
    let rows = [
        ("highest rate, q/s".to_owned(), agreement.rates()),
        (
            format!("mean delay at {calm:.0} q/s, µs"),
            agreement.delays(),
        ),
    ];
    let head = ["", "ngnlab", "dnsperf", ""].map(|word| lang.say(word).into_owned());
    let cells = rows.map(|(name, row)| {
        let [ours, theirs] = [0, 1].map(|at| cell(&row, at));
        let verdict = lang.say(&verdict(&row)).into_owned();
        [lang.say(&name).into_owned(), ours, theirs, verdict]
    });
    let table: Vec<[String; 4]> = [head].into_iter().chain(cells).collect();
    let width = |column: usize| table.iter().map(|row| row[column].width()).max();
    let widths = [0, 1, 2].map(|column| width(column).unwrap_or(0));
    let mut text = format!("{}\n", lang.say(&agreement.device));
    for row in &table {
        for (cell, width) in row.iter().zip(widths) {
            let gap = width - cell.width() + 2;
            let _ = write!(text, "{cell}{:gap$}", "");
        }
        let _ = writeln!(text, "{}", row[3]);
    }
    if let Some(why) = agreement.bounds.first() {
        let (bounds, pairs) = (agreement.bounds.len(), agreement.pairs.len());
        let said = format!("the rate is a lower bound in {bounds} of {pairs} pairs");
        let _ = writeln!(text, "{}: {}", lang.say(&said), lang.say(why));
    }
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn cell(row: &Compared, at: usize) -> String {
    let mean = row.means[at];
    match row.intervals[at] {
        Some(interval) => format!("{mean:.0} ({:.0}–{:.0})", interval.low, interval.high),
        None => format!("{mean:.0}"),
    }
}

fn verdict(row: &Compared) -> String {
    match (row.overlap(), row.change) {
        (Some(true), _) => "the 95 % intervals overlap".to_owned(),
        (_, Some(change)) => {
            let (share, margin) = (change.share * 100.0, change.margin * 100.0);
            format!("differs by {share:+.1} % ± {margin:.1} %")
        }
        _ => "of one pair nothing is known".to_owned(),
    }
}

pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab bench dnsperf --device my-router.toml                ten pairs, names that are new
  ngnlab bench dnsperf --device my-router.toml --cached

dnsperf runs on a computer of its own on the device's LAN, and its frames cross ngnlab on their way.
Exit codes: 0 both intervals overlap, 1 they do not, 2 wrong usage or file, 3 not measured to the end";
