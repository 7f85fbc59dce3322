//! The command line: reads it, answers it, and says how it ended.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use clap::Parser;
use ngnlab_harness::cli::{Answer, Cli, Place};
use ngnlab_harness::launch;

fn main() -> ExitCode {
    // A worker enters its namespaces while it has a single thread.
    if let Some(code) = launch::hidden_command() {
        return code;
    }
    let place = Place {
        colour: stdout().is_terminal(),
        progress: stderr().is_terminal(),
        announce: |line| {
            let _ = writeln!(stderr(), "{line}");
        },
    };
    let answer = Cli::parse().answer(place).unwrap_or_else(|error| Answer {
        text: String::new(),
        remarks: error.pretty(),
        exit_code: error.exit_code(),
    });
    // Whoever closes the other end, as `head` does, has seen enough.
    let _ = stdout().write_all(answer.text.as_bytes());
    let _ = stderr().write_all(answer.remarks.as_bytes());
    ExitCode::from(answer.exit_code)
}
