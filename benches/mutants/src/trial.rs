//! One fault, tried: the whole suite, as a user would run it, on the router with the fault.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::json;
use ngnlab_reports::{Level, Outcome, Profile, Report};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::traces::{Parting, Traces};

/// The program with the switches, and how it is run.
pub(crate) struct Suite {
    pub(crate) program: PathBuf,
    /// The root of the workspace that it was built of, with the scenarios.
    pub(crate) root: PathBuf,
    /// A folder for what runs leave.
    pub(crate) room: PathBuf,
    /// How many seconds of a processor one may take.
    pub(crate) limit: u64,
    /// How many jobs one may have.
    pub(crate) jobs: usize,
}

/// What became of a fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// Somebody who reads the report sees that something is wrong.
    Noticed {
        code: i32,
        /// The first finding of the report: a check, a promise or a verdict that is missing.
        first: String,
        level: Option<Level>,
        /// All findings, in the order told.
        all: Vec<String>,
    },
    /// The router, or the program with it, fell over, and no check failed.
    Crashed { message: String },
    /// It never came to an end.
    Hung,
    /// Nothing in the report is wrong.
    Survived {
        /// Whether the place was ever come to.
        reached: bool,
        /// Where what is seen differs, if it does.
        parting: Option<Parting>,
        /// SHOULDs that could no longer be judged, which only a careful reader sees.
        lost: Vec<String>,
    },
}

impl Suite {
    /// Runs the suite without a fault; it must find nothing.
    pub(crate) fn clean(&self) -> Result<Traces, Error> {
        let room = Room::new(&self.room, "clean")?;
        let out = room.0.join("out");
        let Some(ran) = self.run(None, &room.0, &out)? else {
            return Err(Error::NotClean("it took too long".to_owned()));
        };
        let report = ran
            .report
            .as_ref()
            .map_err(|said| Error::NotClean(said.clone()))?;
        if ran.code != 0 || !findings(report).is_empty() {
            let found = findings(report).into_iter().map(|(what, _)| what);
            return Err(Error::NotClean(found.collect::<Vec<_>>().join(", ")));
        }
        Traces::read(&out)
    }

    /// Tries a fault.
    pub(crate) fn try_out(&self, number: usize, clean: &Traces) -> Result<Fate, Error> {
        let room = Room::new(&self.room, &number.to_string())?;
        let out = room.0.join("out");
        let Some(ran) = self.run(Some(number), &room.0, &out)? else {
            return Ok(Fate::Hung);
        };
        let report = match &ran.report {
            Ok(report) => report,
            Err(said) => {
                let message = said.lines().last().unwrap_or_default().to_owned();
                return Ok(Fate::Crashed { message });
            }
        };
        let found = findings(report);
        if let Some((first, level)) = found.first() {
            return Ok(Fate::Noticed {
                code: ran.code,
                first: first.clone(),
                level: *level,
                all: found.iter().map(|(what, _)| what.clone()).collect(),
            });
        }
        let broke = report.cases.iter().find_map(|case| match &case.outcome {
            Outcome::HarnessError(message) => Some(format!("{}: {message}", case.place())),
            _ => None,
        });
        if let Some(message) = broke {
            return Ok(Fate::Crashed { message });
        }
        let reached = room.0.join(REACHED).exists();
        let parting = match reached {
            true => clean.parting(&Traces::read(&out)?),
            false => None,
        };
        let lost = report.lost_for_chosen().into_iter();
        let lost = lost.map(|one| format!("{} in {}", one.check, one.place()));
        Ok(Fate::Survived {
            reached,
            parting,
            lost: lost.collect(),
        })
    }

    /// Runs the suite and keeps what it leaves; returns what it printed.
    pub(crate) fn keep(&self, number: usize, out: &Path) -> Result<String, Error> {
        let room = Room::new(&self.room, &number.to_string())?;
        if out.exists() {
            fs::remove_dir_all(out).map_err(Error::writing(out))?;
        }
        match self.run(Some(number), &room.0, out)? {
            Some(ran) => Ok(ran.said),
            None => Ok("It never came to an end.\n".to_owned()),
        }
    }

    /// Runs the suite; `None` if it would not have ended.
    fn run(&self, number: Option<usize>, room: &Path, out: &Path) -> Result<Option<Ran>, Error> {
        let report = room.join("report.json");
        // Who goes round in circles or fills the memory is stopped, the same on a busy machine.
        let limits = format!(
            "ulimit -v 8000000; ulimit -t {}; exec \"$0\" \"$@\"",
            self.limit
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", &limits])
            .arg(&self.program)
            .args(["run", "--lang", "en", "--scenarios", "scenarios"])
            .args(["--jobs", &self.jobs.to_string()])
            .args(
                Profile::ALL
                    .iter()
                    .flat_map(|one| ["--profile", one.name()]),
            )
            .arg("--json")
            .arg(&report)
            .arg("--out")
            .arg(out)
            .current_dir(&self.root)
            .env_remove("NGNLAB_MUTANT")
            .env("NGNLAB_MUTANT_REACHED", room.join(REACHED))
            .stdin(Stdio::null());
        if let Some(number) = number {
            command.env("NGNLAB_MUTANT", number.to_string());
        }
        let start = |source| Error::Start {
            program: self.program.display().to_string(),
            source,
        };
        let ended = command.output().map_err(start)?;
        if matches!(ended.status.signal(), Some(SIGKILL | SIGXCPU)) {
            return Ok(None);
        }
        let streams = [&ended.stdout, &ended.stderr];
        let words = streams.map(|stream| String::from_utf8_lossy(stream).into_owned());
        let words = words.concat();
        let text = fs::read_to_string(&report);
        let read = text.ok().and_then(|text| json::parse(&text).ok());
        let read = match read {
            Some(Document::Report(report)) => Ok(report),
            _ => Err(words.clone()),
        };
        Ok(Some(Ran {
            code: ended.status.code().unwrap_or(-1),
            report: read,
            said: words,
        }))
    }
}

struct Ran {
    code: i32,
    /// The report, or what was said if there is none.
    report: Result<Box<Report>, String>,
    said: String,
}

/// Returns what is wrong by a report, in the order in which it is told: failed checks, what the
/// device did, promises, MUSTs that nobody could judge.
fn findings(report: &Report) -> Vec<(String, Option<Level>)> {
    let failures = report.failures();
    let mut found: Vec<_> = failures
        .iter()
        .map(|failure| (failure.info.id.clone(), Some(failure.info.level)))
        .collect();
    for case in &report.cases {
        if let Outcome::DeviceFailed { how, .. } = &case.outcome {
            found.push((format!("the device: {how}"), Some(Level::Must)));
        }
        let broken = case.expectations.iter().filter(|one| one.is_broken());
        for promise in broken.filter(|one| case.blames(one).is_none()) {
            found.push((format!("promise: {}", promise.what), Some(Level::Must)));
        }
    }
    let lost = report.lost_for_chosen().into_iter();
    let musts = lost.filter(|one| one.level == Level::Must);
    found.extend(musts.map(|one| (format!("not judged: {}", one.check), Some(Level::Must))));
    found
}

/// A folder that goes with its run.
struct Room(PathBuf);

impl Room {
    fn new(within: &Path, name: &str) -> Result<Self, Error> {
        let path = within.join("runs").join(name);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(Error::writing(&path))?;
        }
        fs::create_dir_all(&path).map_err(Error::writing(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The file that is there once somebody came to the place of a fault.
const REACHED: &str = "reached";
// What a bound on processor time ends a program with.
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
