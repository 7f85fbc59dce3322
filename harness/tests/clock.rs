//! One file reads a clock, and that clock never jumps with the wall's; another one reads the date, for
//! what a report says of itself. Clippy forbids reading any, and nobody else is excepted.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn no_code_but_one_file_reads_a_clock_which_is_monotonic_and_one_the_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let lints = fs::read_to_string(root.join("clippy.toml")).unwrap();
    for method in ["Instant::now", "SystemTime::now", "libc::clock_gettime"] {
        assert!(lints.contains(method), "{method} is allowed");
    }
    let mut files = Vec::new();
    for part in ["sim", "harness", "reports"] {
        collect(&root.join(part).join("src"), &mut files);
    }
    let readers: Vec<PathBuf> = files
        .into_iter()
        .filter(|path| {
            let code = fs::read_to_string(path).unwrap();
            READS.iter().any(|word| code.contains(word))
        })
        .collect();
    let clock = root.join("sim/src/link/clock.rs");
    // It is a module of one other file, which nobody else can reach.
    let date = root.join("harness/src/cli/provenance/date.rs");
    assert!(readers.iter().eq([&clock, &date]), "{readers:?}");
    let text = fs::read_to_string(clock).unwrap();
    assert!(text.contains("Instant::now()"));
    assert!(!text.contains("SystemTime"));
    // Of the kernel's clocks it knows the one that never jumps.
    let clocks = text.matches("ClockId::").count();
    assert_eq!(clocks, text.matches("ClockId::CLOCK_MONOTONIC").count());
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
}

/// What reads a clock, whatever clippy is told.
const READS: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "clock_gettime",
    "gettimeofday",
    "libc::time",
    "ClockId",
    "now_utc",
    "Utc::now",
    "Local::now",
];
