//! `ngnlab explore`: scenarios made up at random, and what fails in them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ngnlab_reports::Profile;
use ngnlab_sim::node::router::defect::Defect;

use super::names::{AreaName, ProfileName};
use super::run::{device, jobs};
use super::{Answer, Place, defect, file, interrupt};
use crate::campaign::Campaign;
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::explore::{Exploration, Explored, Rules, Wrong};
use crate::job::Device;
use crate::launch::{self, Preparation};
use crate::period::Period;
use crate::report::check_infos;
use crate::scratch::{self, Scratch};

mod told;

use told::Told;

/// The arguments of `explore`.
#[derive(Debug, Args)]
pub struct Explore {
    /// Where all randomness comes from; the same seed makes up the same scenarios
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many scenarios are made up
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=MOST_RUNS))]
    pub runs: u64,
    /// Makes up the scenario of this number alone, as it is among all others, and shows it
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u64).range(1..=MOST_RUNS),
        conflicts_with = "runs"
    )]
    pub only: Option<u64>,
    /// The router: `reference`, a device file, or the name of an example
    #[arg(long, value_name = "FILE|NAME", default_value = "reference")]
    pub device: String,
    /// Only this area
    #[arg(long, value_enum)]
    pub area: Option<AreaName>,
    /// Only checks of these profiles; of all, unless given
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Vec<ProfileName>,
    /// The longest that a scenario lasts; three days, unless given, and in real time two minutes
    #[arg(long, value_name = "TIME")]
    pub longest: Option<Period>,
    /// How many scenarios run at the same time at most; unless given, one for each processor, and in
    /// real time, where they mostly wait, as many as this machine keeps up with
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Of how many scenarios that show the same one is looked for that is smaller
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub shrink: usize,
    /// How many smaller ones are tried for each of them; 500, unless given, and in real time 20
    #[arg(long, value_name = "N")]
    pub tries: Option<usize>,
    /// Writes the smallest scenarios into this folder: DIR/CHECK/explore/run-NUMBER.toml
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Writes what was found as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Lets the reference router misbehave; `ngnlab list --defects` names the ways
    #[arg(long, value_name = "DEFECT", value_parser = defect)]
    pub defect: Vec<Defect>,
}

pub(super) fn answer(args: &Explore, place: Place) -> Result<Answer, Error> {
    let device = device::one(&args.device, &args.defect)?;
    let numbers = match args.only {
        Some(number) => number..=number,
        None => 1..=args.runs,
    };
    let count = usize::try_from(args.runs).unwrap_or(usize::MAX);
    let devices = [device];
    let jobs = jobs::at_once(&devices, args.jobs, count)?;
    let [device] = devices;
    args.json.as_deref().map_or(Ok(()), file::try_out)?;
    args.out.as_deref().map_or(Ok(()), file::make_folder_at)?;
    let stop = interrupt::stop_at_signals();
    scratch::sweep();
    // A worker reads its scenario from the disk.
    let room = device.real_time.then(Scratch::new).transpose()?;
    let preparation = match &device.device {
        Device::File(path) => launch::prepare(path, &stop)?,
        Device::Reference(_) => Preparation::default(),
    };
    let jobs = jobs::that_can_open_files(jobs, place)?;
    let exploration = Exploration {
        seed: args.seed,
        numbers,
        area: args.area.map(Into::into),
        longest: args
            .longest
            .map_or(longest(device.real_time), |longest| longest.0),
        device: device.device,
        prepared: preparation.prepared.clone(),
        modes: device.modes,
        known: device.known,
        rules: Rules {
            checks: check_infos(),
            profiles: args.profile.iter().copied().map(Profile::from).collect(),
            // Of the reference nothing may be wrong; of another router, what it must do.
            shoulds: !device.real_time,
        },
        shrunk: args.shrink,
        tries: args
            .tries
            .unwrap_or(if device.real_time { 20 } else { 500 }),
        room: room.as_ref().map(|room| room.path().to_owned()),
    };
    let campaign = Campaign {
        jobs,
        progress: place.progress.in_language(place.lang()),
        stop: &stop,
    };
    let explored = exploration.explore(&campaign)?;
    let asked = exploration.numbers.end() - exploration.numbers.start() + 1;
    let told = Told {
        exploration: &exploration,
        explored: &explored,
        device: &device.name,
        asked,
    };
    let mut remarks = String::new();
    let written = write(args, &explored, &told);
    if let Err(error) = &written {
        remarks = error.pretty(place.lang());
    }
    let exit_code = exit_code(&explored, asked);
    Ok(Answer {
        text: told.text(place.lang()),
        remarks,
        exit_code: match written {
            Ok(()) => exit_code,
            Err(_) => UNDETERMINED,
        },
    })
}

fn write(args: &Explore, explored: &Explored, told: &Told<'_>) -> Result<(), Error> {
    if let Some(path) = &args.json {
        file::write(path, &told.json())?;
    }
    let Some(out) = &args.out else {
        return Ok(());
    };
    for (wrong, finding) in &explored.findings {
        for shown in &finding.shown {
            file::write(&told::path(out, wrong, shown.number), &shown.text)?;
        }
    }
    Ok(())
}

/// What was found is certain, however far it came.
fn exit_code(explored: &Explored, asked: u64) -> u8 {
    let broke = |wrong: &&Wrong| matches!(wrong, Wrong::Broke(_));
    let is_certain = explored.findings.keys().any(|wrong| !broke(&wrong));
    if is_certain {
        NOT_CONFORMANT
    } else if explored.ran < asked || !explored.findings.is_empty() {
        UNDETERMINED
    } else {
        CONFORMANT
    }
}

fn longest(real_time: bool) -> Duration {
    match real_time {
        true => Duration::from_secs(120),
        false => Duration::from_secs(3 * 86_400),
    }
}

/// More than anybody waits for.
const MOST_RUNS: u64 = 1_000_000_000;

/// What can be asked, and what the exit codes mean.
pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab explore --seed 7 --runs 10000           situations that nobody thought of
  ngnlab explore --seed 7 --only 42              the scenario of number 42 alone
  ngnlab explore --runs 10000 --out found        the smallest scenarios that show it, as files
  ngnlab run --scenarios found/CHECK --seed 7    such a file, run as any other
  ngnlab explore --device my-router.toml --runs 200 --area west
  ngnlab explore --defect no-failover --runs 50   see something be found

Scenarios are made up of all that a scenario file can say. Whatever fails in one with the built-in
router is a false alarm of a check or a fault of that router, and a SHOULD counts as a MUST does; of
another router what it must do counts, and that it does not crash. What a device file knows of a
check is told apart, in whichever scenario it is seen

Exit codes: 0 nothing was found, 1 something was, 2 wrong usage or file, 3 stopped before the end, or
ngnlab broke";
