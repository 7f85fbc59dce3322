//! `ngnlab bench ping`: the latency that a world adds.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};
use ngnlab_reports::escape;
use ngnlab_sim::line::Area;
use unicode_width::UnicodeWidthStr as _;

use crate::bench_ping::{self, Latency, Measured, Plan, Ratio};
use crate::cli::{Answer, AreaName, Place, file};
use crate::error::{CONFORMANT, Error};

/// The arguments of `bench ping`.
#[derive(Debug, Args)]
pub struct Ping {
    /// How often to turn from the one to the other and back
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = value_parser!(u32).range(2..=1000))]
    pub rounds: u32,
    /// How many pings each gets in a round
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = value_parser!(u32).range(10..=5000))]
    pub pings: u32,
    /// Microseconds between two pings
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u64).range(..=5_000))]
    pub gap: u64,
    /// The area of the line; east unless given
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// Where all randomness comes from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Writes what was measured as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab bench ping                            how much later answers come through the network
  ngnlab bench ping --rounds 100 --json p.json

A computer of its own pings the edge of a line in real time, and in turn a loop that does nothing but
echo. The ratio is the one divided by the other in the same round: compare ratios, not microseconds.
Exit codes: 0 measured, 2 wrong usage or file, 3 could not measure";

pub(super) fn answer(args: &Ping, place: Place) -> Result<Answer, Error> {
    if let Some(path) = &args.json {
        file::try_out(path)?;
    }
    let measured = bench_ping::measure(Plan {
        rounds: args.rounds,
        pings: args.pings,
        gap: Duration::from_micros(args.gap),
        area: args.area.map_or(Area::East, Area::from),
        seed: args.seed,
    })?;
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&measured).expect("all keys are strings");
        file::write(path, &(escape::json(&text) + "\n"))?;
    }
    Ok(Answer {
        text: shown(&measured, place),
        remarks: String::new(),
        exit_code: CONFORMANT,
    })
}

fn shown(measured: &Measured, place: Place) -> String {
    let lang = place.lang();
    let Measured {
        rounds,
        pings,
        lost,
        bare,
        world,
        ratio_median,
        ratio_p99,
    } = measured;
    let late = |Latency { median_us, p99_us }: &Latency| {
        format!("median {median_us:.1} µs, 99th percentile {p99_us:.1} µs")
    };
    let ratio = |Ratio { mean, low, high }: &Ratio| {
        format!("{mean:.3}, with 95 % certainty {low:.3} to {high:.3}")
    };
    let rows = [
        (
            "pings",
            format!("{rounds} rounds of {pings} each, {lost} unanswered"),
        ),
        ("bare echo", late(bare)),
        ("network", late(world)),
        ("ratio of the medians", ratio(ratio_median)),
        ("ratio of the 99th percentiles", ratio(ratio_p99)),
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
