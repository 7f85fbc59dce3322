//! The examples for CI in the README, held against the real command line.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use ngnlab_reports::words::Lang;

use super::{Cli, Command};

#[test]
fn every_command_for_ci_in_the_readme_is_one_that_can_be_given() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let section = readme.split("\n### In CI\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let commands = commands(section);
    let (mut runs, mut merges) = (0, 0);
    for command in &commands {
        let arguments: Vec<OsString> = command.iter().map(OsString::from).collect();
        match Cli::read(&arguments, Lang::En).map(|cli| cli.command) {
            Ok(Command::Run(_)) => runs += 1,
            Ok(Command::Merge(_)) => merges += 1,
            Ok(other) => panic!("{other:?}"),
            Err(error) => panic!("{command:?}: {error}"),
        }
    }
    assert_eq!((runs, merges), (3, 2), "{commands:?}");
    let said = commands.concat();
    for option in ["--shard", "--junit", "--markdown", "--baseline"] {
        assert!(said.iter().any(|word| word == option), "{option}");
    }
}

/// Returns the words of each command, with a number for each variable.
fn commands(section: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut fenced = false;
    let mut lines = section.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let start = line
            .trim_start_matches([' ', '-'])
            .trim_start_matches("run: ");
        if !fenced || !start.starts_with("ngnlab ") {
            continue;
        }
        let mut command = start.to_owned();
        // A folded scalar goes on as long as it is set in as far.
        let indent = |line: &str| line.len() - line.trim_start().len();
        while let Some(more) = lines
            .next_if(|next| next.trim_start().starts_with("--") && indent(next) == indent(line))
        {
            command.push(' ');
            command.push_str(more.trim());
        }
        let command = command
            .replace("$$((JOB_COMPLETION_INDEX + 1))", "1")
            .replace("$$JOB_COMPLETION_INDEX", "0")
            .replace("$CI_NODE_INDEX", "1")
            .replace("$CI_NODE_TOTAL", "3")
            .replace('"', "");
        assert!(!command.contains('$'), "{command}");
        // What goes to a file is for the shell.
        let words = command.split_whitespace().take_while(|word| *word != ">");
        commands.push(words.map(str::to_owned).collect());
    }
    commands
}
