//! The command line.

use std::process::ExitCode;

use ngnlab_harness::dut::process;

fn main() -> ExitCode {
    if let Some(code) = process::hidden_command() {
        return code;
    }
    ExitCode::SUCCESS
}
