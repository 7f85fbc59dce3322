//! What people found when they looked at the faults that nobody noticed, and at findings that may
//! send an engineer the wrong way: a list that is kept.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;
use crate::mutant::Mutant;

/// The list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reviewed {
    /// Faults that nobody noticed.
    #[serde(default)]
    survivor: Vec<Survivor>,
    /// Faults whose first finding was looked at.
    #[serde(default)]
    finding: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Key {
    file: String,
    function: String,
    operator: String,
    before: String,
    after: String,
    #[serde(default = "one")]
    nth: usize,
}

/// A fault that nobody noticed, and why not.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Survivor {
    #[serde(flatten)]
    key: Key,
    pub(crate) reason: Reason,
    /// In words; with the clause where it is allowed.
    pub(crate) because: String,
}

/// Why a fault went unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reason {
    /// Nobody outside of the router can tell.
    NotObservable,
    /// It can be seen, and is no fault.
    Allowed,
    /// A check or a scenario is missing.
    NotCovered,
}

impl Reason {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NotObservable => "not observable",
            Self::Allowed => "allowed",
            Self::NotCovered => "not covered",
        }
    }
}

/// A first finding that was looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Finding {
    #[serde(flatten)]
    key: Key,
    first: String,
    names_the_cause: bool,
    #[expect(dead_code, reason = "it is for who reads the list")]
    because: String,
}

impl Reviewed {
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::reading(path))?;
        toml::from_str(&text).map_err(|error| Error::Reviewed(error.to_string()))
    }

    /// Returns what was found of a fault that nobody noticed.
    pub(crate) fn survivor(&self, mutant: &Mutant) -> Option<&Survivor> {
        self.survivor.iter().find(|one| one.key.is_of(mutant))
    }

    /// Returns whether a first finding names the cause, if somebody looked.
    pub(crate) fn names_the_cause(&self, mutant: &Mutant, first: &str) -> Option<bool> {
        let mut looked = self.finding.iter();
        let found = looked.find(|one| one.key.is_of(mutant) && one.first == first);
        found.map(|one| one.names_the_cause)
    }
}

impl Key {
    fn is_of(&self, mutant: &Mutant) -> bool {
        self.file == mutant.file
            && self.function == mutant.function
            && self.operator == mutant.operator.name()
            && self.before == mutant.before
            && self.after == mutant.after
            && self.nth == mutant.nth
    }
}

/// Writes an entry for a fault that nobody noticed, with the reason left to fill in.
pub(crate) fn entry(mutant: &Mutant) -> String {
    let mut entry = "[[survivor]]\n".to_owned();
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let fields = [
        ("file", &*mutant.file),
        ("function", &mutant.function),
        ("operator", mutant.operator.name()),
        ("before", &mutant.before),
        ("after", &mutant.after),
    ];
    for (name, value) in fields {
        entry.push_str(&format!("{name} = {}\n", text(value)));
    }
    if mutant.nth > 1 {
        entry.push_str(&format!("nth = {}\n", mutant.nth));
    }
    entry + "reason = \"not-covered\"\nbecause = \"\"\n"
}

fn one() -> usize {
    1
}
