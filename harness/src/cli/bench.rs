//! `ngnlab bench`: how fast something is.

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

pub use dns::Dns;

use super::{Answer, AreaName, Place};
use crate::error::Error;

mod dns;
mod dnsperf;
mod lines;
mod ping;

/// What can be measured.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it is made once"
)]
pub enum Bench {
    /// Measures how many questions a second devices forward, by the method of RFC 8219 §9.2
    #[command(after_help = dns::EXAMPLES)]
    Dns(Dns),
    /// Has dnsperf and the tester ask the same device in turn, and says whether they agree
    #[command(after_help = dnsperf::EXAMPLES)]
    Dnsperf(dnsperf::Dnsperf),
    /// Builds many lines in one world, has each authenticate, and says what a line costs
    #[command(after_help = lines::EXAMPLES)]
    Lines(Lines),
    /// Pings through the network in real time, and says how much later answers come than from a bare
    /// echo
    #[command(after_help = ping::EXAMPLES)]
    Ping(ping::Ping),
}

/// The arguments of `bench lines`.
#[derive(Debug, Args)]
pub struct Lines {
    /// How many lines
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        value_parser = value_parser!(u32).range(1..=100_000)
    )]
    pub count: u32,
    /// The area of the lines; east unless given
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// Where all randomness comes from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Writes what was measured as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

pub(super) fn answer(bench: &Bench, place: Place) -> Result<Answer, Error> {
    match bench {
        Bench::Dns(args) => dns::answer(args, place),
        Bench::Dnsperf(args) => dnsperf::answer(args, place),
        Bench::Lines(args) => lines::answer(args, place).map(Answer::escaped),
        Bench::Ping(args) => ping::answer(args, place).map(Answer::escaped),
    }
}
