//! Scenarios made up at random from all that a scenario file can say, run with a router, and what is
//! wrong in them made as small as it can be.
//!
//! With the reference router whatever is found is a false alarm of a check or a fault of the
//! reference; with another router it is that one's failure.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ngnlab_reports::{Case, Outcome};
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;
use serde_json::Value;

use crate::campaign::{Campaign, Entry, Watched};
use crate::dut::Prepared;
use crate::dut::description::Known;
use crate::error::Error;
use crate::job::{Device, Job};
use crate::scenario::Scenario;
use compose::{Bounds, Composed, compose};
use shrink::shrink;

mod compose;
mod file;
mod found;
mod shrink;
mod tally;
mod texts;
mod vocabulary;

pub use found::{Found, Rules, Wrong};
pub use tally::Tally;

/// What is to be looked into.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// Where all randomness comes from.
    pub seed: u64,
    /// The numbers of the scenarios.
    pub numbers: RangeInclusive<u64>,
    /// The only area, if there is one.
    pub area: Option<Area>,
    /// The longest that a scenario lasts.
    pub longest: Duration,
    /// The router.
    pub device: Device,
    /// What was done for it before its first run.
    pub prepared: Option<Prepared>,
    /// How it can get its prefix.
    pub modes: Vec<Mode>,
    /// The failures that its file knows.
    pub known: Vec<Known>,
    /// Which checks count.
    pub rules: Rules,
    /// Of how many runs that show the same the scenario is made smaller.
    pub shrunk: usize,
    /// How many smaller scenarios are tried for each of them.
    pub tries: usize,
    /// The folder for scenarios that another process reads, if one does.
    pub room: Option<PathBuf>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Explored {
    /// How many scenarios were run.
    pub ran: u64,
    /// How many of them the device was not fit for by what it offers.
    pub not_offered: u64,
    /// How many stages and steps were drawn that cannot be, or can do nothing.
    pub drawn_again: u64,
    /// How often each thing was used in those that were run.
    pub tally: Tally,
    /// What was found, each with the runs that show it.
    pub findings: BTreeMap<Wrong, Finding>,
    /// What the device file expects, and in which runs it was seen.
    pub known: BTreeMap<Wrong, Vec<u64>>,
}

/// Something wrong, and where it is seen.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// The numbers of the scenarios that show it.
    pub numbers: Vec<u64>,
    /// The smallest scenarios of some of them.
    pub shown: Vec<Shown>,
}

/// A scenario that shows something wrong.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its number.
    pub number: u64,
    /// Its area.
    pub area: Area,
    /// How many steps it had before it was made smaller.
    pub steps: usize,
    /// Its file.
    pub text: String,
    /// What was expected in it.
    pub expected: String,
    /// What was seen in it.
    pub actual: String,
}

/// Returns what is not composed: where it would stand in a file, and why it does not.
pub fn left_out() -> &'static [(&'static str, &'static str)] {
    vocabulary::LEFT_OUT
}

/// Returns what the scenario of a number is called, and so its file below a folder of scenarios.
pub fn name(number: u64) -> String {
    compose::name(number)
}

impl Exploration {
    /// Returns the file of a scenario as it is made up.
    pub fn text(&self, number: u64) -> String {
        file::text(&compose(self.seed, number, &self.bounds()).document, &[])
    }

    /// Makes up the scenarios, runs them, and makes those smaller that show something wrong.
    ///
    /// Once the campaign is stopped, what was found by then is returned as it is.
    pub fn explore(&self, campaign: &Campaign<'_>) -> Result<Explored, Error> {
        let mut explored = Explored {
            ran: 0,
            not_offered: 0,
            drawn_again: 0,
            tally: Tally::new(),
            findings: BTreeMap::new(),
            known: BTreeMap::new(),
        };
        let mut first = *self.numbers.start();
        while first <= *self.numbers.end() && !campaign.stop.load(Ordering::Relaxed) {
            let last = (first + AT_ONCE - 1).min(*self.numbers.end());
            self.run(first..=last, campaign, &mut explored)?;
            first += AT_ONCE;
        }
        let mut findings = std::mem::take(&mut explored.findings);
        for (wrong, finding) in &mut findings {
            let numbers = finding.numbers.iter().take(self.shrunk);
            let shown = numbers.map(|number| self.shown(*number, wrong, campaign.stop));
            finding.shown = shown.flatten().collect();
        }
        explored.findings = findings;
        Ok(explored)
    }

    fn run(
        &self,
        numbers: RangeInclusive<u64>,
        campaign: &Campaign<'_>,
        explored: &mut Explored,
    ) -> Result<(), Error> {
        let first = *numbers.start();
        let composed = self.compose_all(numbers, campaign.jobs, campaign.stop);
        let entries = composed
            .iter()
            .zip(first..)
            .map(|(one, number)| self.entry(number, one.area, one.scenario.clone(), &one.document));
        let entries = entries.collect::<Result<Vec<Entry>, Error>>()?;
        let found: Mutex<BTreeMap<usize, (bool, Vec<Found>)>> = Mutex::default();
        campaign.run_and_hand_over(&entries, &|index, case| {
            let not_offered = matches!(case.outcome, Outcome::NotApplicable(_));
            let what = (not_offered, self.rules.found(&case));
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.insert(index, what);
        });
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        // In the order of the scenarios, whoever of them was done first.
        for (index, (not_offered, found)) in found {
            let number = first + index as u64;
            explored.ran += 1;
            explored.not_offered += u64::from(not_offered);
            explored.drawn_again += composed[index].drawn_again;
            explored.tally.count(&composed[index].document);
            for one in found {
                match one.known {
                    Some(_) => explored.known.entry(one.wrong).or_default().push(number),
                    None => {
                        let finding = explored.findings.entry(one.wrong).or_default();
                        finding.numbers.push(number);
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes up scenarios, on as many processors as the runs have.
    fn compose_all(
        &self,
        numbers: RangeInclusive<u64>,
        jobs: usize,
        stop: &AtomicBool,
    ) -> Vec<Composed> {
        let numbers = Mutex::new(numbers);
        let composed: Mutex<BTreeMap<u64, Composed>> = Mutex::default();
        let bounds = self.bounds();
        thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let mut left = numbers.lock().unwrap_or_else(PoisonError::into_inner);
                        let Some(number) = left.next() else {
                            return;
                        };
                        drop(left);
                        let one = compose(self.seed, number, &bounds);
                        let mut all = composed.lock().unwrap_or_else(PoisonError::into_inner);
                        all.insert(number, one);
                    }
                });
            }
        });
        let composed = composed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        composed.into_values().collect()
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            area: self.area,
            longest: self.longest,
            modes: self.modes.clone(),
        }
    }

    /// Returns what runs a scenario, which is on the disk if another process reads it.
    fn entry(
        &self,
        number: u64,
        area: Area,
        scenario: Scenario,
        document: &Value,
    ) -> Result<Entry, Error> {
        let delivery = scenario.delivery_for(&self.modes, None);
        let name = name(number);
        let path = match &self.room {
            Some(room) => {
                let path = room.join(&name).with_extension("toml");
                write(&path, &file::text(document, &[]))?;
                path
            }
            None => PathBuf::from(name),
        };
        Ok(Entry {
            job: Job {
                scenario: path,
                area,
                delivery,
                seed: self.seed,
                pace: None,
                device: self.device.clone(),
                prepared: self.prepared.clone(),
                out: None,
            },
            scenario: scenario.delivered_by(delivery),
            known: self.known().into(),
            excuses: Arc::new([]),
        })
    }

    /// Returns the checks that the device is known to fail, wherever that was: which scenarios they
    /// are known in says nothing of those that nobody has seen.
    fn known(&self) -> Vec<Known> {
        let checks = self.known.iter().filter(|known| known.check.is_some());
        let anywhere = checks.map(|known| Known {
            scenarios: Vec::new(),
            ..known.clone()
        });
        anywhere.collect()
    }

    /// Makes a scenario smaller that shows something wrong; nothing of it once everything is being
    /// stopped.
    fn shown(&self, number: u64, wrong: &Wrong, stop: &AtomicBool) -> Option<Shown> {
        let composed = compose(self.seed, number, &self.bounds());
        let seen = |document: &Value| -> Option<Option<Found>> {
            let scenario = compose::read(number, document)?;
            let entry = self.entry(number, composed.area, scenario, document).ok()?;
            let case = run_alone(&entry, stop)?;
            let mut found = self.rules.found(&case).into_iter();
            Some(found.find(|one| one.wrong == *wrong))
        };
        let smallest = shrink(&composed.document, self.tries, &|document| {
            seen(document).map(|found| found.is_some())
        });
        let found = seen(&smallest)?;
        let comment = [
            format!(
                "Made up at random: number {number} of seed {}. {}",
                self.seed,
                wrong.words()
            ),
            format!(
                "ngnlab run --scenarios FOLDER --scenario {} --area {} --seed {}",
                name(number),
                composed.area.name(),
                self.seed
            ),
        ];
        let (expected, actual) = match found {
            Some(found) => (found.expected, found.actual),
            None => (String::new(), "it was not seen again".to_owned()),
        };
        Some(Shown {
            number,
            area: composed.area,
            steps: composed.document["step"].as_array().map_or(0, Vec::len),
            text: file::text(&smallest, &comment),
            expected,
            actual,
        })
    }
}

/// Runs one scenario; nothing once everything is being stopped.
fn run_alone(entry: &Entry, stop: &AtomicBool) -> Option<Case> {
    let campaign = Campaign {
        jobs: 1,
        progress: Watched::ByNobody,
        stop,
    };
    campaign.run(&[entry]).pop().flatten()
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(path, text));
    written.map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

/// So many scenarios are made up before they are run, and forgotten when they were.
const AT_ONCE: u64 = 10_000;
