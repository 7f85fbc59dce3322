use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ngnlab_reports::{Level, Text};
use ngnlab_sim::frame::Frame;
use ngnlab_sim::line::Area;
use ngnlab_sim::node::{Context, Node};
use ngnlab_sim::setup::{Macs, Setup};
use ngnlab_sim::time::{Pace, Time};
use ngnlab_sim::world::World;

use super::*;
use crate::campaign::{Campaign, Watched};
use crate::checks::Check;
use crate::dissection::Dissection;
use crate::dut::reference::Reference;
use crate::dut::{Cables, Dut, DutError, Ends};
use crate::job::{Device, Job};
use crate::play;
use crate::scenario::Scenario;

#[test]
fn a_node_that_panics_costs_only_its_own_case() {
    let run = |entry: &Entry, _: &AtomicBool, _: &mut dyn FnMut(Sign)| match &entry.scenario.name[..]
    {
        BAD => play::run(
            &entry.scenario,
            entry.job.area,
            entry.job.seed,
            &mut Rigged(Reference::new(BTreeSet::new())),
            Pace::Virtual,
        ),
        _ => entry.job.run(),
    };
    let cases = run_all(Hands { run: &run, ..HANDS });
    let said = only_the_bad_one_broke(&cases);
    for words in [
        "while running it",
        "with seed 7",
        "out of frames",
        "tests.rs:",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_check_that_panics_costs_only_its_own_case() {
    let judge = |entry: &Entry, run: &Result<Run, Error>, trace: Option<String>| {
        if let (BAD, Ok(run)) = (&entry.scenario.name[..], run) {
            let _ = HASTY.verdict(&Dissection::new(&run.trace).unwrap());
        }
        judge(entry, run, trace)
    };
    let cases = run_all(Hands {
        judge: &judge,
        ..HANDS
    });
    let said = only_the_bad_one_broke(&cases);
    for words in [
        "while judging it",
        "with seed 7",
        "no such record",
        "tests.rs:",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_case_that_cannot_be_kept_is_our_error_and_the_others_are_judged() {
    let campaign = Campaign {
        jobs: 2,
        progress: Watched::ByNobody,
        stop: &AtomicBool::new(false),
    };
    let cases = campaign.run_and_keep(&entries(), &|_, case| match &case.scenario[..] {
        BAD => Err(Error::Write {
            path: "journal.jsonl".into(),
            source: io::ErrorKind::StorageFull.into(),
        }),
        _ => Ok(()),
    });
    let said = only_the_bad_one_broke(&cases);
    assert!(said.contains("cannot write journal.jsonl"), "{said}");
}

/// Runs three scenarios by these hands.
fn run_all(hands: Hands<'_>) -> Vec<Option<Case>> {
    let campaign = Campaign {
        jobs: 2,
        progress: Watched::ByNobody,
        stop: &AtomicBool::new(false),
    };
    campaign.run_by(&entries(), hands, &|_, _| Ok(()))
}

fn only_the_bad_one_broke(cases: &[Option<Case>]) -> String {
    let mut said = String::new();
    for case in cases {
        let case = case.as_ref().unwrap();
        match (&case.scenario[..], &case.outcome) {
            (BAD, Outcome::HarnessError(message)) => said.push_str(message),
            (BAD, outcome) => panic!("{outcome:?}"),
            (_, outcome) => assert_eq!(*outcome, Outcome::Judged),
        }
    }
    said
}

fn entries() -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let names = ["dns/odd-questions", BAD, "dns/public-resolver"];
    let entry = |name| {
        let path = folder.join(name).with_extension("toml");
        Entry {
            scenario: Scenario::load(&path).unwrap(),
            job: Job {
                scenario: path,
                area: Area::East,
                delivery: None,
                seed: 7,
                pace: None,
                device: Device::Reference(BTreeSet::new()),
                prepared: None,
                out: None,
            },
            known: Arc::new([]),
            excuses: Arc::new([]),
        }
    };
    names.map(entry).into()
}

/// The reference router, and beside it a node that panics.
struct Rigged(Reference<'static>);

impl Dut for Rigged {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn pace(&self) -> Pace {
        self.0.pace()
    }

    fn macs(&self) -> Macs {
        self.0.macs()
    }

    fn attach(&mut self, world: &mut World, ends: Ends, setup: &Setup) -> Result<Cables, DutError> {
        world.add("bad", Bad);
        self.0.attach(world, ends, setup)
    }

    fn power_cycle(&mut self, world: &mut World) -> Result<(), DutError> {
        self.0.power_cycle(world)
    }
}

struct Bad;

impl Node for Bad {
    fn handle_frame(&mut self, _port: u8, _frame: &Frame, _cx: &mut Context<'_>) {}

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {
        panic!("out of frames");
    }

    fn poll_timeout(&self) -> Option<Time> {
        Some(Time::ZERO)
    }
}

/// A check that takes something for granted.
const HASTY: Check = Check {
    id: "test.hasty",
    source: "none",
    level: Level::Must,
    profiles: &[],
    aspects: &[],
    title: Text::new("試験", "A test"),
    hint: Text::new("試験", "A test"),
    judge: |_| panic!("no such record"),
};

const BAD: &str = "dns/large-answers";
