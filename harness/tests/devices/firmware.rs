//! The contract of a firmware that is a Linux program, kept by an example.

use std::fs;

use ngnlab_harness::play::Ending;

use crate::Test;
use crate::bench::{Bench, root};

pub(crate) const TESTS: &[Test] = &[(
    "a_firmware_learns_all_it_needs_and_is_power_cycled",
    a_firmware_learns_all_it_needs_and_is_power_cycled,
)];

fn a_firmware_learns_all_it_needs_and_is_power_cycled() {
    let bench = Bench::new();
    let here = root().join("harness/tests/devices/firmware");
    let here = here.canonicalize().unwrap();
    let text = fs::read_to_string(here.join("firmware.toml")).unwrap();
    let text = text.replace("@here@", here.to_str().unwrap());
    let mut job = bench.job(&text);
    fs::write(&job.scenario, POWER_CUT).unwrap();
    job.out = Some(bench.folder.join("out"));
    let run = job.run().unwrap();
    assert_eq!(run.ending, Ending::Complete);
    let log = bench.folder.join("out/logs/firmware.sh.log");
    assert_eq!(
        fs::read_to_string(log).unwrap(),
        "boot 1: east, pd, wan0 to the line, lan0 to the terminals\n\
        boot 2: east, pd, wan0 to the line, lan0 to the terminals\n"
    );
}

const POWER_CUT: &str = "about = { en = \"A power cut.\", ja = \"停電。\" }\nsource = \"none\"\n\
    line = { preset = \"next-pd\" }\nuntil = \"8s\"\n\
    [[step]]\nat = \"2s\"\ndo.power-cycle = {}\n";
