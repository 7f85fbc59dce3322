//! A run with a file for each format, and the same from its traces, judged again.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Each format that a run writes, and its file.
const FORMATS: [(&str, &str); 4] = [
    ("json", "run.report.json"),
    ("junit", "run.xml"),
    ("markdown", "run.md"),
    ("html", "run.html"),
];

/// Holds what judging gives against what the run gave, in every format.
pub(crate) fn same_as_the_run(folder: &Path, judged: &str, run: &Output) {
    let again = ngnlab(folder, &["judge", judged, "--json", "again.json"]);
    assert_eq!(again.status.code(), run.status.code(), "{}", told(&again));
    let mut report = read(folder, "again.json");
    let without = |report: &mut serde_json::Value| {
        let made = report["provenance"].as_object_mut().unwrap();
        let block = made.remove("judged").expect("it says who judged again");
        assert_eq!(block["command"][1], "judge");
    };
    match report["devices"].as_array_mut() {
        Some(devices) => devices.iter_mut().for_each(without),
        None => without(&mut report),
    }
    fs::write(folder.join("again.json"), report.to_string()).unwrap();
    for (format, file) in FORMATS {
        let shown = ngnlab(folder, &["render", "again.json", "--format", format]);
        let given = fs::read(folder.join(file)).unwrap();
        assert!(!given.is_empty());
        assert!(
            shown.stdout == given,
            "{format} of {judged} differs from the run's"
        );
        let rendered = ngnlab(folder, &["render", "run.report.json", "--format", format]);
        assert!(
            rendered.stdout == given,
            "{format} differs when it is rendered"
        );
    }
    let text = without_the_row(&String::from_utf8_lossy(&again.stdout));
    assert_eq!(text, String::from_utf8_lossy(&run.stdout));
}

/// Takes out the row that says who judged again.
fn without_the_row(text: &str) -> String {
    let mut inside = false;
    let mut found = false;
    let lines = text.split_inclusive('\n').filter(|line| {
        inside = line.starts_with("rejudged ") || inside && line.starts_with(' ');
        found |= inside;
        !inside
    });
    let text = lines.collect();
    assert!(found, "it says who judged again");
    text
}

/// Runs something, with its traces in `out` and a report in each format.
pub(crate) fn ran(folder: &Path, args: &[&str]) -> Output {
    let files = FORMATS.map(|(format, file)| [format!("--{format}"), file.to_owned()]);
    let files: Vec<&str> = files.iter().flatten().map(String::as_str).collect();
    ngnlab(
        folder,
        &[&["run", "--out", "out"], args, &files[..]].concat(),
    )
}

/// Calls the program in a folder.
pub(crate) fn ngnlab(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the program was built with this test")
}

/// Reads a report.
pub(crate) fn read(folder: &Path, name: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

/// Returns all that was said.
pub(crate) fn told(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).replace('│', " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    String::from_utf8_lossy(&output.stdout).into_owned() + &said
}
