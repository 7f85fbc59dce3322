//! Plants faults in the reference router, runs every scenario on each, and counts which of them
//! the checks notice. A check bites its defect; this asks about the faults nobody thought of.

mod catalogue;
mod cause;
mod constants;
mod error;
mod finder;
mod known;
mod literals;
mod mutant;
mod operator;
mod results;
mod reviewed;
mod sample;
mod switches;
mod syntax;
mod table;
mod traces;
mod trial;
mod workspace;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Parser;

use catalogue::Catalogue;
use error::Error;
use mutant::Mutant;
use operator::OPERATORS;
use reviewed::Reviewed;
use table::Tried;
use traces::Traces;
use trial::{Fate, Suite};
use workspace::Workspace;

/// Plants faults in the reference router and counts which of them the scenarios notice.
///
/// Every place in sim/src/node/router where an operator fits becomes a switch in a copy of the
/// workspace, which is built once. Then `ngnlab run` plays every scenario in both areas, judged for
/// every profile, with one fault on at a time, for a sample of them that is drawn from each file in
/// proportion. What only a defect runs is left alone.
///
/// A fault is noticed if a check fails, a promise is not kept, the device failed, or a MUST could
/// not be judged. A router that panics or hangs is counted apart: everybody sees that. Faults that
/// go unnoticed are split: no scenario comes to the place; every trace stays the same; something
/// else is seen, and no check minds. Why one may go unnoticed is written into reviewed.toml.
#[derive(Parser)]
#[command(after_long_help = operators(), max_term_width = 100)]
struct Args {
    /// Which sample is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many faults are tried; 0 for all there are.
    #[arg(long, default_value_t = 300)]
    count: usize,
    /// Only faults in files whose name has this in it.
    #[arg(long, value_name = "FILE")]
    only: Option<String>,
    /// Tries this fault alone, shows its report and keeps its traces and captures.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["list", "only"])]
    mutant: Option<usize>,
    /// Lists the faults there are instead of trying them, and runs nothing.
    #[arg(long)]
    list: bool,
    /// Tells the results of the last run again, by what reviewed.toml says meanwhile; runs nothing.
    #[arg(long, conflicts_with_all = ["mutant", "list"])]
    again: bool,
    /// Prints entries for reviewed.toml of those that nobody has looked at.
    #[arg(long)]
    entries: bool,
    /// How many are tried at the same time; as many as there are processors, unless given.
    #[arg(long)]
    jobs: Option<usize>,
    /// How many seconds of a processor one may take until it is said to hang.
    #[arg(long, default_value_t = 30)]
    limit: u64,
    /// Where the results go for other programs, below the workspace's target folder unless given.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match answer(&Args::parse()) {
        Ok((text, code)) => {
            print(&text);
            code
        }
        Err(error) => {
            let mut causes: &dyn std::error::Error = &error;
            eprintln!("error: {causes}");
            while let Some(cause) = causes.source() {
                eprintln!("  because: {cause}");
                causes = cause;
            }
            ExitCode::from(2)
        }
    }
}

fn answer(args: &Args) -> Result<(String, ExitCode), Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().map_err(Error::reading(&root))?;
    let catalogue = Catalogue::read(&root)?;
    let is_chosen = |mutant: &&Mutant| {
        let only = args.only.as_ref();
        only.is_none_or(|only| mutant.file.contains(only.as_str()))
    };
    if args.list {
        let chosen = catalogue.mutants.iter().filter(is_chosen);
        return Ok((list(chosen), ExitCode::SUCCESS));
    }
    let reviewed = Reviewed::read(&root.join("benches/mutants/reviewed.toml"))?;
    let json = args.json.clone();
    let json = json.unwrap_or_else(|| root.join("target/mutants/results.json"));
    if args.again {
        let tried = results::read(&json, &catalogue)?;
        return Ok(tell(args, &tried, &reviewed));
    }
    let workspace = Workspace::copy(&root, &catalogue)?;
    let built = workspace.build(&catalogue, &say)?;
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let mut suite = Suite {
        program: built.program,
        root: workspace.root.clone(),
        room: workspace.room.clone(),
        limit: args.limit,
        jobs: 1,
    };
    if let Some(number) = args.mutant {
        let found = catalogue.mutants.get(number);
        let mutant = found.ok_or(Error::NoSuchMutant(number))?;
        suite.jobs = processors;
        let out = workspace.room.join(format!("fault-{number}"));
        let said = suite.keep(number, &out)?;
        let about = list([mutant].into_iter());
        let text = format!("{said}\n{about}traces and captures: {}\n", out.display());
        return Ok((text, ExitCode::SUCCESS));
    }
    let compiled = catalogue.mutants.iter().filter(is_chosen);
    let compiled = compiled.filter(|mutant| !built.refused.contains(&mutant.number));
    let compiled: Vec<&Mutant> = compiled.collect();
    let count = match args.count {
        0 => compiled.len(),
        count => count,
    };
    let drawn = sample::draw(&compiled, count, args.seed);
    say("the router without a fault");
    let clean = suite.clean()?;
    let again = suite.clean()?;
    if let Some(parting) = clean.parting(&again) {
        let said = format!("{} is not the same twice", parting.first);
        return Err(Error::NotClean(said));
    }
    say(&format!(
        "{} of {} faults that compile, drawn by seed {}",
        drawn.len(),
        compiled.len(),
        args.seed
    ));
    let tried = try_all(&suite, &drawn, &clean, args.jobs.unwrap_or(processors))?;
    results::write(&json, &tried)?;
    Ok(tell(args, &tried, &reviewed))
}

/// Returns what there is to say of trials, and the exit code.
fn tell(args: &Args, tried: &[Tried<'_>], reviewed: &Reviewed) -> (String, ExitCode) {
    let mut text = table::render(tried, reviewed);
    let survived = |fate: &Fate| matches!(fate, Fate::Survived { .. });
    let open = tried.iter().filter(|(mutant, fate)| {
        args.entries && survived(fate) && reviewed.survivor(mutant).is_none()
    });
    for (mutant, _) in open {
        let _ = writeln!(text, "\n{}", reviewed::entry(mutant));
    }
    let code = match table::sums(tried, reviewed).holds() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    };
    (text, code)
}

/// Tries faults, several at the same time; the results are in their order.
fn try_all<'a>(
    suite: &Suite,
    drawn: &[&'a Mutant],
    clean: &Traces,
    at_once: usize,
) -> Result<Vec<Tried<'a>>, Error> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once.max(1) {
            scope.spawn(|| {
                while let Some(mutant) = drawn.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fate = suite.try_out(mutant.number, clean);
                    let mut done = done.lock().expect("nobody panics while it is held");
                    let word = word(&fate);
                    done.push((*mutant, fate));
                    say(&format!(
                        "{}/{} {word}: {} {}",
                        done.len(),
                        drawn.len(),
                        mutant.place(),
                        mutant.change()
                    ));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nobody panics while it is held");
    done.sort_by_key(|(mutant, _)| mutant.number);
    let fates = done.into_iter().map(|(mutant, fate)| Ok((mutant, fate?)));
    fates.collect()
}

fn word(fate: &Result<Fate, Error>) -> &'static str {
    match fate {
        Ok(Fate::Noticed { .. }) => "noticed",
        Ok(Fate::Crashed { .. } | Fate::Hung) => "fell over",
        Ok(Fate::Survived { .. }) => "NOT NOTICED",
        Err(_) => "error",
    }
}

fn list<'a>(mutants: impl Iterator<Item = &'a Mutant>) -> String {
    let mut text = String::new();
    for mutant in mutants {
        let (place, change) = (mutant.place(), mutant.change());
        let _ = writeln!(
            text,
            "{:>5} {place} {} {}: {change}",
            mutant.number, mutant.function, mutant.operator
        );
    }
    text
}

fn operators() -> String {
    let mut text = "Operators:\n".to_owned();
    for (operator, about) in OPERATORS {
        let _ = writeln!(text, "  {operator:13} {about}");
    }
    text + "\nThe exit code is 0 if at least 85 % of the observable faults are noticed, at least \
            90 % of these\nwith a first finding that names the cause, and at most 15 % are called \
            not observable; else 1;\n2 if nothing could be told."
}

fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the answer of a program")]
fn print(text: &str) {
    print!("{text}");
}
