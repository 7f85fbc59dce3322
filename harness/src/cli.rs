//! The command line: what can be asked, and what teaches it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use ngnlab_reports::escape;
use ngnlab_reports::formats::FORMATS;
use ngnlab_reports::formats::Look;
use ngnlab_reports::provenance::Provenance;
use ngnlab_reports::scene::Scenes;
use ngnlab_reports::shard::Number;
use ngnlab_reports::words::Lang;
use ngnlab_sim::node::router::defect::Defect;

use crate::campaign::Watched;
use crate::error::Error;

pub use arguments::lang;
pub use bench::{Bench, Dns};
pub use bundle::Bundle;
pub use diff::Diff;
pub use explore::Explore;
pub use judge::Judge;
pub use merge::Merge;
pub use names::{AreaName, DeliveryName, LangName, ProfileName};
pub use outputs::Outputs;
pub use schema::Schema;
pub use spoken::complaint;
pub use verify::Verify;

use examples::{
    CHECK_EXAMPLES, COMPLETIONS_EXAMPLES, DOCTOR_EXAMPLES, EXAMPLES, EXPLAIN_EXAMPLES,
    JUDGE_EXAMPLES, RUN_EXAMPLES,
};

mod arguments;
mod bench;
mod bundle;
#[cfg(test)]
mod ci;
mod device;
mod diff;
mod doctor;
mod examples;
mod explain;
mod explore;
mod file;
mod init;
mod interrupt;
mod judge;
mod lint;
mod list;
mod manual;
mod measured;
mod merge;
mod names;
mod outputs;
pub mod provenance;
mod render;
mod run;
mod schema;
mod select;
mod selftest;
mod spoken;
mod traces;
mod verify;
mod watched;

/// An NTT access line in a box, and a judge for the router that is plugged into it.
#[derive(Debug, Parser)]
#[command(name = "ngnlab", bin_name = "ngnlab", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The language of what is said; that of the locale, unless given, and of a locale without one
    /// English, or both where a text is written in both. JSON is English
    #[arg(long, global = true, value_enum, value_name = "LANG")]
    pub lang: Option<LangName>,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs scenarios against a router and judges what it did
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Lists scenarios, checks, profiles, diagnoses, defects or devices
    List(List),
    /// Explains a code, a screen, a page or question of the guide, a check, a scenario and more
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Looks for mistakes in scenario files, and in device files that speak of them
    Lint(Lint),
    /// Judges the traces of a run again, or one of them, or a capture from a real line
    #[command(after_help = JUDGE_EXAMPLES)]
    Judge(Judge),
    /// Shows a saved report again
    Render(Render),
    /// Compares two saved reports: what newly fails, newly passes, is no longer judged
    #[command(after_help = diff::EXAMPLES)]
    Diff(Diff),
    /// Makes the report of a whole run of its shards
    #[command(after_help = merge::EXAMPLES)]
    Merge(Merge),
    /// Packs a report with its traces, captures and logs into one archive that can be handed in
    #[command(after_help = bundle::EXAMPLES)]
    Bundle(Bundle),
    /// Checks such an archive and judges its traces again
    #[command(after_help = verify::EXAMPLES)]
    Verify(Verify),
    /// Proves that every check can fail: runs each defect of the reference router
    Selftest(Selftest),
    /// Makes scenarios up at random and looks for what fails in them
    #[command(after_help = explore::EXAMPLES)]
    Explore(Explore),
    /// Says what this machine can do, what it lacks, and the command that mends it
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Doctor),
    /// Writes the scenarios and device examples into a folder, to be changed there
    Init(Init),
    /// Writes the JSON Schema of a report, a benchmark, a scenario or a device file, for editors and
    /// programs
    #[command(after_help = schema::EXAMPLES)]
    Schema(Schema),
    /// Writes what a shell needs to complete ngnlab's arguments
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Writes the manual's pages into a folder
    Man(Man),
    /// Looks at one device
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Measures how fast something is
    #[command(subcommand)]
    Bench(Bench),
}

/// What can be asked about one device.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Brings a device up on the simplest line and says how far it comes
    #[command(after_help = CHECK_EXAMPLES)]
    Check(DeviceCheck),
}

/// The arguments of `device check`.
#[derive(Debug, Args)]
pub struct DeviceCheck {
    /// The device file
    pub file: PathBuf,
    /// The area of the line; east unless given
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// Writes logs, trace, capture and scenario into this folder; else they are kept only after a
    /// failure
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Writes the stages as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The device files to look after; those of the folder, unless given
    pub files: Vec<PathBuf>,
    /// The folder with the device files, or `built-in`; `harness/devices` or `devices` here, unless
    /// given, and if there is none, the examples inside the program
    #[arg(long, value_name = "DIR")]
    pub devices: Option<PathBuf>,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The router: `reference`, a device file, or the name of an example; several run side by side
    /// and are compared
    #[arg(long, value_name = "FILE|NAME", default_value = "reference")]
    pub device: Vec<String>,
    /// Only these scenarios: names, or patterns with `*` such as `dns/*`
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub scenario: Vec<String>,
    /// Only this area
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// How the line delivers the prefix in scenarios that leave it open; as their preset has it,
    /// unless given. A device that does not offer the one gets the other
    #[arg(long, value_enum)]
    pub delivery: Option<DeliveryName>,
    /// Where all randomness comes from; the same seed gives the same run
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many scenarios run at the same time at most; unless given, one for each processor, and in
    /// real time, where they mostly wait, as many as this machine keeps up with
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// In real time, also runs scenarios of more than two minutes
    #[arg(long)]
    pub long: bool,
    /// Lets the reference router run in real time, too
    #[arg(long)]
    pub real_time: bool,
    /// Writes trace, capture and logs of each scenario into this folder, which is new or empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where the report goes
    #[command(flatten)]
    pub outputs: Outputs,
    /// Runs only the Kth of N parts of about the same length, which differ in nothing but that;
    /// `ngnlab merge` makes the report of all of them
    #[arg(
        long,
        value_name = "K/N",
        value_parser = run::number,
        conflicts_with_all = ["junit", "html", "markdown", "baseline"]
    )]
    pub shard: Option<Number>,
    /// Holds the run against an older report of `--json`: the exit code then judges the change, and
    /// what failed there and fails again does not fail the run
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// With --baseline: a SHOULD decides as a MUST does, and so does what makes the baseline
    /// outdated: a failure or a scenario that is no more
    #[arg(long, requires = "baseline")]
    pub strict: bool,
    /// Goes on with a run that was broken off, by the journal in --out or beside --json
    #[arg(long)]
    pub resume: bool,
    /// The profile the exit code judges; those of the areas run, unless given
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Vec<ProfileName>,
    /// Lets the reference router misbehave; `ngnlab list --defects` names the ways
    #[arg(long, value_name = "DEFECT", value_parser = defect)]
    pub defect: Vec<Defect>,
    /// Where the scenarios are
    #[command(flatten)]
    pub scenarios: Scenarios,
}

/// Where the scenarios are.
#[derive(Debug, Args)]
pub struct Scenarios {
    /// The folder with the scenario files, or `built-in`; the folder `scenarios` here, unless given,
    /// and if there is none, the scenarios inside the program
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Lists the checks
    #[arg(long)]
    pub checks: bool,
    /// Lists the defects of the reference router
    #[arg(long)]
    pub defects: bool,
    /// Lists the profiles
    #[arg(long)]
    pub profiles: bool,
    /// Lists the ends of the flow of guide p.30
    #[arg(long)]
    pub diagnoses: bool,
    /// Lists the reference router and the device files of a folder; of `harness/devices` or `devices`
    /// here, unless named, and if there is none, or with `built-in`, the examples inside the program
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    pub devices: Option<Option<PathBuf>>,
    /// Lists them as JSON, for other programs
    #[arg(long)]
    pub json: bool,
    /// Where the scenarios are
    #[command(flatten)]
    pub scenarios: Scenarios,
}

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code, a screen or its first words, a page or question of the guide; the id or name of a
    /// check, scenario, defect, profile, diagnosis, quirk or step
    pub id: String,
    /// Where the scenarios are
    #[command(flatten)]
    pub scenarios: Scenarios,
}

/// The arguments of `lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// The files; all of the folder's, unless given
    pub files: Vec<PathBuf>,
    /// A device file whose excuses are held against the scenarios of the folder
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub device: Vec<PathBuf>,
    /// Where the scenarios are
    #[command(flatten)]
    pub scenarios: Scenarios,
}

/// The arguments of `render`.
#[derive(Debug, Args)]
pub struct Render {
    /// The report, as `run --json` wrote it, the journal of a run that has not ended, or a benchmark
    pub report: PathBuf,
    /// The format
    #[arg(long, default_value = "text", help = formats_in_words())]
    pub format: String,
}

/// The arguments of `selftest`.
#[derive(Debug, Args)]
pub struct Selftest {
    /// How many scenarios run at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Where all randomness comes from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the scenarios are
    #[command(flatten)]
    pub scenarios: Scenarios,
}

/// The arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder, which is made unless it is there; nothing in it is overwritten
    pub folder: PathBuf,
}

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// The arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder
    pub folder: PathBuf,
}

/// What a command has to say: on standard output, on standard error, and as exit code.
#[derive(Debug, Default)]
pub struct Answer {
    /// For standard output.
    pub text: String,
    /// For standard error: remarks that are no part of the answer.
    pub remarks: String,
    /// The exit code.
    pub exit_code: u8,
}

impl Answer {
    /// Makes an answer that ends well.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Escapes what a terminal would obey, in a text without colours.
    fn escaped(mut self) -> Self {
        self.text = escape::lines(&self.text).into_owned();
        self
    }
}

/// What the command line needs to know of the place it runs in.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Whether standard output is a terminal.
    pub colour: bool,
    /// Who watches how far long work is.
    pub progress: Watched,
    /// Says a line on standard error at once, before long work.
    pub announce: fn(&str),
    /// What is known of this call, for the reports that it makes.
    pub provenance: fn() -> Provenance,
    /// The language that is asked for, or that the locale names, if one is.
    pub lang: Option<Lang>,
}

impl Place {
    /// Returns the language of what is said once.
    fn lang(self) -> Lang {
        self.lang.unwrap_or_default()
    }

    /// Returns how reports look, where somebody can tell what happened in each case.
    fn look(self, scenes: &dyn Scenes) -> Look<'_> {
        Look {
            colour: self.colour,
            lang: self.lang(),
            scenes,
        }
    }
}

impl Cli {
    /// Does what is asked; a terminal can only show the answer.
    pub fn answer(&self, place: Place) -> Result<Answer, Error> {
        let place = Place {
            lang: self.lang(place.lang),
            ..place
        };
        let answer = match &self.command {
            // Reports have colours of their own, and are escaped where they are rendered.
            Command::Run(args) => run::answer(args, place),
            Command::Judge(args) => judge::answer(args, place),
            Command::Render(args) => render::answer(args, place),
            Command::Diff(args) => diff::answer(args, place),
            Command::Merge(args) => merge::answer(args, place),
            Command::Bundle(args) => bundle::answer(args, place),
            Command::Verify(args) => verify::answer(args, place),
            Command::Bench(command) => bench::answer(command, place),
            Command::List(args) => list::answer(args, place).map(Answer::escaped),
            Command::Explain(args) => explain::answer(args, place).map(Answer::escaped),
            Command::Lint(args) => lint::answer(args, place).map(Answer::escaped),
            Command::Selftest(args) => selftest::answer(args, place).map(Answer::escaped),
            Command::Explore(args) => explore::answer(args, place).map(Answer::escaped),
            Command::Doctor(args) => doctor::answer(args, place).map(Answer::escaped),
            Command::Init(args) => init::answer(args, place).map(Answer::escaped),
            Command::Schema(args) => Ok(schema::answer(args)),
            // For a shell to read, made of our own words alone.
            Command::Completions(args) => Ok(manual::completions(args)),
            Command::Man(args) => manual::pages(args, place.lang()).map(Answer::escaped),
            Command::Device(DeviceCommand::Check(args)) => {
                device::answer(args, place).map(Answer::escaped)
            }
        };
        answer.map(|answer| Answer {
            remarks: escape::lines(&answer.remarks).into_owned(),
            ..answer
        })
    }
}

impl Cli {
    /// Returns the language that is asked for, or else that of the locale.
    pub fn lang(&self, locale: Option<Lang>) -> Option<Lang> {
        self.lang.map(Lang::from).or(locale)
    }
}

fn formats_in_words() -> String {
    in_words(FORMATS.iter().map(|format| (format.name, format.about)))
}

fn in_words<'a>(formats: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let formats = formats.map(|(name, about)| format!("`{name}` ({about})"));
    format!("The format: {}", formats.collect::<Vec<_>>().join(", "))
}

fn defect(name: &str) -> Result<Defect, String> {
    Defect::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Defect::all().map(Defect::name).collect();
        let advice = crate::mistake::advice(name, &known);
        advice.unwrap_or_else(|| "`ngnlab list --defects` names them".to_owned())
    })
}
