//! `ngnlab merge`: the shards of a run become the report of the whole.

use std::path::{Path, PathBuf};

use clap::Args;
use ngnlab_reports::comparison::Rules;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{self, FORMATS, Look};
use ngnlab_reports::provenance::Provenance;
use ngnlab_reports::shard::{self, Shard};
use ngnlab_reports::{Case, Report};

use super::{Answer, Outputs, Place, diff, formats_in_words, run};
use crate::error::{Error, UNDETERMINED};
use crate::input;
use crate::mistake::advice;
use crate::scene::Kept;

/// The arguments of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Every shard of the run, as `run --shard K/N --json FILE` wrote it
    #[arg(required = true, value_name = "SHARD")]
    pub shards: Vec<PathBuf>,
    /// Where the report goes
    #[command(flatten)]
    pub outputs: Outputs,
    /// The format of what is printed
    #[arg(long, default_value = "text", help = formats_in_words())]
    pub format: String,
    /// Holds the run against an older report, as `run --baseline` does
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// With --baseline: as of `run`
    #[arg(long, requires = "baseline")]
    pub strict: bool,
}

pub(super) fn answer(args: &Merge, place: Place) -> Result<Answer, Error> {
    let Some(format) = formats::find(&args.format) else {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        return Err(Error::Usage {
            what: format!("no format is called `{}`", args.format),
            help: advice(&args.format, &known),
        });
    };
    args.outputs.try_out()?;
    let baseline = match &args.baseline {
        Some(path) => Some((path, diff::reports(path)?)),
        None => None,
    };
    let shards = args.shards.iter().map(|path| {
        let name = path.display().to_string();
        Ok((name, load(path)?))
    });
    let shards = shards.collect::<Result<Vec<(String, Shard)>, Error>>()?;
    let mut reports = shard::merge(&shards).map_err(|what| Error::Usage {
        what,
        help: Some("name every shard of one run, each once".to_owned()),
    })?;
    drop(shards);
    // The runs say when and with what they were; what made a report of them is this command.
    let made = (place.provenance)();
    for report in &mut reports {
        report.provenance = Some(match report.provenance.take() {
            Some(of_run) => Provenance {
                command: made.command.clone(),
                ..of_run
            },
            None => made.clone(),
        });
    }
    let change = baseline.map(|(path, old)| {
        let (name, rules) = (
            path.display().to_string(),
            Rules {
                strict: args.strict,
            },
        );
        // A single device may be called otherwise.
        let is_single = old.len() == 1 && reports.len() == 1;
        let is_asked = |old: &Report, case: &Case| {
            let same = |new: &&Report| is_single || new.device == old.device;
            reports.iter().filter(same).any(|new| is_about(new, case))
        };
        diff::held_against((&name, &old), ("this run", &reports), rules, &is_asked)
    });
    let change = change.transpose()?;
    let code = change
        .as_ref()
        .map_or_else(|| run::exit_code_of_all(&reports), diff::exit_code);
    let document = Document::of(reports);
    let scenes = Kept { for_good: true };
    let look = place.look(&scenes);
    let change_as = |name: &str, look: Look<'_>| match &change {
        Some(change) if ["text", "markdown"].contains(&name) => {
            format!("\n{}", diff::shown_as(name, change, look))
        }
        Some(_) | None => String::new(),
    };
    let plain = Look {
        colour: false,
        ..look
    };
    let written = args
        .outputs
        .write(&document, look, &|name| change_as(name, plain));
    let text = (format.render)(&document, look) + &change_as(format.name, look);
    let (remarks, exit_code) = match written {
        Ok(()) => (String::new(), code),
        Err(error) => (error.pretty(place.lang()), UNDETERMINED),
    };
    Ok(Answer {
        text,
        remarks,
        exit_code,
    })
}

/// Returns whether a run of the baseline is one that was to be run this time, too: the shards do not
/// say which patterns were given.
fn is_about(report: &Report, case: &Case) -> bool {
    let mut cases = report.cases.iter();
    let mut left_out = report.left_out.iter();
    let planned = format!("{} ({})", case.scenario, case.area);
    cases.any(|one| one.scenario == case.scenario && one.area == case.area)
        || left_out.any(|one| one.scenario == case.scenario || one.scenario == planned)
}

fn load(path: &Path) -> Result<Shard, Error> {
    let text = input::text(path, input::REPORT)?;
    shard::parse(&text).map_err(|why| Error::Usage {
        what: format!("{} is no shard of a run: {why}", path.display()),
        help: Some("`ngnlab run --shard K/N --json FILE` writes one".to_owned()),
    })
}

/// What can be asked, and what the exit codes mean.
pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab run --shard 1/3 --json shard-1.json     on one machine; 2/3 and 3/3 on others
  ngnlab merge shard-*.json --json report.json   the report, as if all had been one run
  ngnlab merge shard-*.json --junit junit.xml    the same for CI

Exit codes: those of `ngnlab run`; 2 also where a shard is missing, named twice, or of another run.
A shard by itself ends with 0 when all of its part has run, whatever came of it";
