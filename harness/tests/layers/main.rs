//! Holds the crates to the layers that their `lib.rs` names, and every file to its place in them.
//!
//! What counts is which file names something of which other file: by a `use`, by a path in the
//! code or inside a macro. A name that a file only hands on by `use` is its first owner's. Modules
//! for tests do not count.
//!
//! What a file takes from the files in its own folder does not count either: `x.rs` is the front
//! door of `x/`, holds the table of what is in there and hands it on. The other direction does
//! count, as does everything among the files of a folder. So a child may use its parent's trait,
//! but the children that its parent needs for that trait are not the child's to use.

mod circles;
mod crates;
mod hiding;
mod names;
mod order;
mod uses;

use std::fs;
use std::path::Path;

use crate::crates::Crate;
use crate::order::Order;

/// The crates whose files are looked at.
const CRATES: [&str; 3] = ["harness", "sim", "reports"];

#[test]
fn no_circle_ties_files_to_each_other() {
    let told: Vec<String> = CRATES
        .iter()
        .flat_map(|name| circles::told(&read(name)))
        .collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}

#[test]
fn no_import_goes_up_the_layers() {
    let mut told = Vec::new();
    for name in CRATES {
        let read = read(name);
        told.extend(Order::read(&read).broken(&read));
    }
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}

#[test]
fn nothing_is_hidden_from_these_tests() {
    let told: Vec<String> = CRATES
        .iter()
        .flat_map(|name| hiding::told(&read(name)))
        .collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}

#[test]
fn every_file_begins_by_saying_what_it_holds() {
    let silent: Vec<String> = CRATES
        .iter()
        .flat_map(|name| {
            let modules = read(name).modules.into_values();
            modules.map(move |module| format!("{name}/src/{}", module.file))
        })
        .chain(["harness/src/main.rs".to_owned()])
        .filter(|file| {
            let text = fs::read_to_string(workspace().join(file)).expect("it was read before");
            !text.starts_with("//! ")
        })
        .collect();
    assert!(silent.is_empty(), "no `//!` line at the top of {silent:#?}");
}

fn read(name: &str) -> Crate {
    Crate::read(name, &workspace().join(name).join("src"))
}

fn workspace() -> &'static Path {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    harness.parent().expect("the workspace is above")
}
