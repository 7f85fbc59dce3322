//! The command line: reads it, answers it, and says how it ended.

use std::env;
use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use git_version::git_version;
use ngnlab_harness::campaign::Watched;
use ngnlab_harness::cli::{self, Answer, Cli, Place, provenance};
use ngnlab_harness::error::{BAD_INPUT, CONFORMANT, UNDETERMINED};
use ngnlab_harness::launch;
use ngnlab_reports::escape;
use ngnlab_reports::words::Lang;

fn main() -> ExitCode {
    // A worker enters its namespaces while it has a single thread.
    if let Some(code) = launch::hidden_command() {
        return code;
    }
    let announce = |line: &str| {
        let _ = writeln!(stderr(), "{}", escape::lines(line));
    };
    let place = Place {
        colour: stdout().is_terminal(),
        progress: match stderr().is_terminal() {
            true => Watched::OnTerminal(Lang::default()),
            false => Watched::InLog(announce, Lang::default()),
        },
        announce,
        // Only this file is built anew where nothing but the revision has changed.
        provenance: || {
            provenance::here(git_version!(
                args = ["--always", "--dirty=-changed", "--abbrev=12"],
                fallback = "unknown"
            ))
        },
        lang: locale().and_then(|locale| Lang::of_locale(&locale)),
    };
    let arguments: Vec<OsString> = env::args_os().collect();
    let spoken = cli::lang(&arguments).or(place.lang).unwrap_or_default();
    let cli = match Cli::read(&arguments, spoken) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = match cli::complaint(&error, spoken) {
                Some(text) => stderr().write_all(text.as_bytes()),
                None => error.print(),
            };
            return ExitCode::from(if error.use_stderr() {
                BAD_INPUT
            } else {
                CONFORMANT
            });
        }
    };
    let answer = cli.answer(place).unwrap_or_else(|error| Answer {
        text: String::new(),
        remarks: error.pretty(cli.lang(place.lang).unwrap_or_default()),
        exit_code: error.exit_code(),
    });
    let told = stdout().write_all(answer.text.as_bytes());
    let _ = stderr().write_all(answer.remarks.as_bytes());
    match told {
        // Whoever closes the other end, as `head` does, has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(stderr(), "cannot write to standard output: {error}");
            ExitCode::from(answer.exit_code.max(UNDETERMINED))
        }
        _ => ExitCode::from(answer.exit_code),
    }
}

/// Returns the locale of messages, by the order of POSIX.1-2024 XBD §8.2.
fn locale() -> Option<String> {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set)
}
