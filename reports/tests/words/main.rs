//! The tables of what is said: everything that the code can say stands there, nothing else does, and
//! there is one word for each idea.

use std::collections::BTreeSet;

use ngnlab_reports::words::{entries, is_the_same, japanese};

mod glossary;
mod literals;

use literals::{Literal, probe};

#[test]
fn all_that_checks_and_diagnoses_can_say_is_said_in_japanese() {
    let literals = literals::of(&[
        "../harness/src/checks",
        "../harness/src/diagnosis",
        "../harness/src/diagnosis.rs",
        "../harness/src/stages.rs",
    ]);
    assert!(literals.len() > 800, "only {} literals", literals.len());
    let missing: BTreeSet<String> = literals
        .iter()
        // What ends like a sentence of prose stands beside its Japanese.
        .filter(|literal| literal.text.contains(' ') && !literal.text.ends_with('.'))
        .filter(|literal| !PIECES.contains(&&*literal.text))
        .filter(|literal| is_missing(&probe(&literal.text)) && is_missing(&literal.text))
        .map(|literal| format!("{}: {}", literal.file, literal.text))
        .collect();
    let missing: Vec<String> = missing.into_iter().collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn all_that_is_wrong_with_files_and_calls_is_said_in_japanese() {
    let literals = literals::of(&[
        "../harness/src/bench.rs",
        "../harness/src/bench",
        "../harness/src/bundle",
        "../harness/src/campaign/progress.rs",
        "../harness/src/capture/file.rs",
        "../harness/src/capture/points.rs",
        "../harness/src/cli/bench/dns.rs",
        "../harness/src/cli/bundle.rs",
        "../harness/src/cli/diff.rs",
        "../harness/src/cli/explore",
        "../harness/src/explore/vocabulary.rs",
        "../harness/src/cli/init.rs",
        "../harness/src/cli/judge",
        "../harness/src/cli/judge.rs",
        "../harness/src/cli/lint.rs",
        "../harness/src/cli/measured.rs",
        "../harness/src/cli/merge.rs",
        "../harness/src/cli/render.rs",
        "../harness/src/cli/run",
        "../harness/src/cli/select.rs",
        "../harness/src/cli/verify.rs",
        "../harness/src/tester/site.rs",
        "../harness/src/dut/description",
        "../harness/src/dut/description.rs",
        "../harness/src/error.rs",
        "../harness/src/input.rs",
        "../harness/src/installed.rs",
        "../harness/src/mistake.rs",
        "../harness/src/scenario/idle",
        "../harness/src/scenario/idle.rs",
        "../harness/src/scenario/place.rs",
        "../harness/src/scenario/validate.rs",
        "src/benchmark",
        "src/comparison.rs",
        "src/comparison",
        "src/formats/benchmark/changes/sentences.rs",
        "src/formats/benchmark/changes/text.rs",
        "src/formats/benchmark/sentences.rs",
        "src/formats/benchmark/text.rs",
        "src/formats/changes",
        "src/formats/text",
        "src/journal",
        "src/shard.rs",
    ]);
    let missing: BTreeSet<String> = literals
        .iter()
        // Help, and what is told with it, is English; examples of commands are no sentences.
        .filter(|literal| literal.text.trim().contains(' ') && !literal.text.contains('\n'))
        .filter(|literal| !NO_SENTENCES.contains(&&*literal.text))
        .filter(|literal| is_missing(&probe(&literal.text)) && is_missing(&literal.text))
        .filter(|literal| !is_part(&literal.text))
        .map(|literal| format!("{}: {}", literal.file, literal.text))
        .collect();
    let missing: Vec<String> = missing.into_iter().collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn nothing_stands_in_the_tables_that_nobody_says() {
    let mut literals = literals::of(&["src", "../harness/src", "../sim/src"]);
    literals.extend(literals::help(&[
        "../harness/src/cli",
        "../harness/src/cli.rs",
    ]));
    let stale: Vec<String> = entries()
        .filter(|(_, english, _)| !is_said(english, &literals))
        .map(|(file, english, _)| format!("{file}: {english}"))
        .collect();
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn there_is_one_japanese_word_for_each_idea() {
    let wrong = glossary::wrong();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_missing(sentence: &str) -> bool {
    japanese(sentence).is_none() && !is_the_same(sentence)
}

/// Returns whether a literal is no more than a part of sentences that stand in a table as wholes.
fn is_part(text: &str) -> bool {
    let mut pieces = literals::pieces(text);
    pieces.sort_by_key(String::len);
    let said = pieces.pop().unwrap_or_default();
    let mut entries = entries();
    entries.any(|(_, english, _)| english.contains(said.trim()))
}

/// Returns whether a literal says a pattern, or is the greater part of it where it is put together
/// of several.
fn is_said(english: &str, literals: &[Literal]) -> bool {
    let wanted = probe(english);
    let is_name = !english.contains(' ');
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let most = letters(&wanted).div_ceil(2);
    let says = |literal: &Literal| {
        literal.text.contains(english)
            || literals::fits(&literal.text, &wanted) && letters(&probe(&literal.text)) >= most
            || letters(&literal.said) >= most && wanted.contains(&*literal.said)
    };
    is_name || ELSEWHERE.iter().any(|one| english.contains(one)) || literals.iter().any(says)
}

/// What is told by the reader of arguments within its own words, and what a machine reads.
const NO_SENTENCES: &[&str] = &[
    "it takes K/N, as 1/3 for the first of three",
    "shards are counted from 1 to {of}",
    "A router, and how it is driven: `driver` decides which other keys there are.",
    "How the router is driven: programs of this machine (`process`), a machine that QEMU plays (`qemu`), or a box on two cables (`nic`).",
    "Kernel panic",
    "nobody composes a value of type {other:?} at {path}",
    "an object",
    "file or folder",
    "ngnlab run --scenario {} --area {}",
];

/// Parts of sentences, which are said as wholes.
const PIECES: &[&str] = &[
    " or ",
    "because ",
    " failed: ",
    "may not",
    "{service:?} {words} use ONS",
    "a connection to {host}",
    "the terminal did not send {what}",
    "that there is no such record",
    "advertises a part",
    "forms an address",
    "sends from an address",
    "the device {how} of it",
    "the device {how} of its prefix {net}",
];

/// What is not said as it stands in the code: in capitals, in several pieces, or by the system.
const ELSEWHERE: &[&str] = &[
    "DEVICE ",
    "(os error ",
    " at a time",
    "(east and west)",
    "conformant but for ",
    ": NoServer",
    ": Timeout",
    ": ServerFailure",
    ": NxDomain",
    ": NoData",
    ": Certificate",
    " preferred {#5}",
    ", truncated, ",
    "; --resume runs the rest",
    ", because of ",
    "if it is wrong on purpose",
    " frames), ",
    "no longer stale in the device file",
    "ngnlab panicked while ",
    "ARP who has ",
    "DNS answer ",
    "IPv4 fragment from byte ",
    "IPv6 fragment from byte ",
    "TLS Alert ",
    "echo reply ",
    "echo request ",
    "router solicitation",
    "LAN is ",
    "LAN not captured",
    "WAN is ",
    "WAN not captured",
    " from its worker: ",
    // Said by the reader of arguments, and one line of several.
    "{1} is not in {2}",
    "selftest: {#1} checks, ",
    // Beside them stand words of screens in Japanese.
    "what a code on the screen means, and what to do",
    "a screen: m1 to m10, consent, login, not-authenticated",
    "the same, by the words it begins with",
    "a check: why it is there, and which defects fail it",
    "a quirk of the network",
];
