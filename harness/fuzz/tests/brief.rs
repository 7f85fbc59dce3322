//! Each target for a while, as part of the ordinary tests; and a proof that a panic is noticed.

use std::fs;
use std::time::Duration;

use ngnlab_fuzz::driver::{corpus, drive};
use ngnlab_fuzz::{TARGETS, Target};

#[test]
fn codecs_take_anything_in() {
    run("codecs");
}

#[test]
fn a_line_takes_anything_in() {
    run("world");
}

#[test]
fn the_judge_takes_anything_in() {
    run("judge");
}

#[test]
fn a_planted_panic_is_reported_with_its_input() {
    let target = Target {
        name: "planted",
        take_in: |bytes| {
            // An IPv6 frame whose Ethernet source begins with what no frame of the corpus has.
            let frame = bytes.get(12..14) == Some(&[0x86, 0xdd]);
            assert!(!frame || bytes[6] != 0xc0, "planted");
        },
    };
    let inputs = corpus("codecs").unwrap();
    let failure = drive(&target, &inputs, SEED, TIME).unwrap_err();
    assert!(failure.what.contains("planted"), "{}", failure.what);
    assert!(
        failure.before > inputs.len() as u64,
        "no input of the corpus does it"
    );
    assert_eq!(failure.input[6], 0xc0);
    let folder = env!("CARGO_TARGET_TMPDIR");
    let report = failure.keep(folder.as_ref());
    assert!(report.contains(&format!("seed {SEED}")), "{report}");
    let kept = format!("{folder}/planted-{SEED}-{}", failure.before);
    assert!(report.contains(&kept), "{report}");
    assert_eq!(fs::read(kept).unwrap(), failure.input);
    let again = std::panic::catch_unwind(|| (target.take_in)(&failure.input));
    assert!(again.is_err());
}

#[expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it cannot build, and says how far it came"
)]
fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let inputs = corpus(name).unwrap();
    assert!(!inputs.is_empty());
    match drive(target, &inputs, SEED, TIME) {
        Ok(count) => println!("{name}: {count} inputs from seed {SEED}"),
        Err(failure) => panic!("{}", failure.keep(env!("CARGO_TARGET_TMPDIR").as_ref())),
    }
}

const SEED: u64 = 1;
/// Long enough for some hundred inputs of the slowest; whoever wants more runs the programs.
const TIME: Duration = Duration::from_secs(20);
