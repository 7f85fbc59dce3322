//! `ngnlab schema`: what a file may have, for editors and other programs.

use clap::{Args, ValueEnum};

use super::Answer;

/// The arguments of `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which file
    #[arg(value_enum)]
    pub of: Of,
}

/// A file that has a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Of {
    /// What `run --json` writes
    Report,
    /// What `bench dns --json` writes
    Bench,
    /// A scenario
    Scenario,
    /// A device file
    Device,
}

pub(super) fn answer(args: &Schema) -> Answer {
    Answer::text(match args.of {
        Of::Report => REPORT,
        Of::Bench => BENCH,
        Of::Scenario => SCENARIO,
        Of::Device => DEVICE,
    })
}

/// The schemas as they are published. A test holds them to the types that they are made of, which
/// would take a fortieth of the whole program.
const REPORT: &str = include_str!("../../schema/report.json");
const BENCH: &str = include_str!("../../schema/bench.json");
pub(super) const SCENARIO: &str = include_str!("../../schema/scenario.json");
pub(super) const DEVICE: &str = include_str!("../../schema/device.json");

/// What can be asked, and what it is good for.
pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab schema device > device.json        then, as the first line of a device file, for an editor
                                            with Even Better TOML or taplo: #:schema ./device.json
  ngnlab schema scenario > scenario.json    the same for scenarios
  ngnlab schema report > report.json        for who reads `run --json`

`ngnlab init DIR` writes schemas and what has editors find them. Whether names fit together, and
templates, only `ngnlab lint` and `ngnlab device check` can say";
