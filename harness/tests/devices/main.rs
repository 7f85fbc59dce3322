//! Real router programs on TAP interfaces, in real time, as an ordinary user.
//!
//! What the machine cannot do is skipped aloud, and an error where CI must have it.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use ngnlab_harness::launch;

use bench::Bench;

mod bench;
mod beside;
mod broken_off;
mod command;
mod few_files;
mod firmware;
mod handed_in;
mod hostile;
mod isolation;
mod killed;
mod nic;
mod pings;
mod ppp;
mod qemu;
mod routers;
#[path = "../same_again/mod.rs"]
mod same_again;
mod sandbox;
mod terminals;
#[path = "../tshark/mod.rs"]
mod tshark;

fn main() -> ExitCode {
    if let Some(code) = launch::hidden_command()
        .or_else(killed::hidden_command)
        .or_else(nic::hidden_command)
        .or_else(hostile::hidden_command)
    {
        return code;
    }
    let mut arguments = Arguments::from_args();
    let obstacle = Bench::new().run("").err().map(|error| error.to_string());
    // They wait for time to pass, not for the processor.
    arguments.test_threads.get_or_insert(AT_ONCE);
    // The routers take longest, so they come first.
    let mut trials = routers::trials(obstacle.as_deref());
    trials.extend(beside::trials(obstacle.as_deref()));
    trials.extend(nic::trials(obstacle.as_deref()));
    trials.extend(terminals::trials(obstacle.as_deref()));
    let no_machine = qemu::obstacle();
    trials.extend(broken_off::trials(
        obstacle.as_deref(),
        no_machine.as_deref(),
    ));
    trials.extend(ppp::trials(no_machine.as_deref()));
    trials.extend(qemu::trials(no_machine));
    let tables = [
        sandbox::TESTS,
        isolation::TESTS,
        firmware::TESTS,
        terminals::TESTS,
        nic::TESTS,
        pings::TESTS,
        killed::TESTS,
        command::TESTS,
        few_files::TESTS,
        handed_in::TESTS,
        beside::TESTS,
    ];
    let tests = tables.concat().into_iter();
    let hostile = hostile::tests().into_iter();
    let hostile = hostile.map(|(name, test)| (format!("hostile::{name}"), test));
    let tests = tests
        .map(|(name, test)| (name.to_owned(), test))
        .chain(hostile);
    trials.extend(tests.map(|(name, test)| {
        gated(&name, obstacle.as_deref(), move || {
            test();
            Ok(())
        })
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test that needs namespaces and TAP interfaces.
type Test = (&'static str, fn());

/// Makes a trial that is skipped aloud because of an obstacle, unless CI must not have any.
fn gated(
    name: &str,
    obstacle: Option<&str>,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let Some(obstacle) = obstacle.map(str::to_owned) else {
        return Trial::test(name, test);
    };
    if env::var("CI").is_ok_and(|ci| ci == "true") {
        return Trial::test(name, move || Err(obstacle.into()));
    }
    Trial::test(format!("{name} (skipped: {obstacle})"), || Ok(())).with_ignored_flag(true)
}

/// Real time passes whatever the processor does.
const AT_ONCE: usize = 16;
