//! How often each thing that a scenario can say was said: nothing may be missing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::vocabulary::{Said, vocabulary};

/// How often each word was used, by the path of keys that it stands at, in the order of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    sayings: Vec<Said>,
    counts: BTreeMap<Said, u64>,
}

impl Tally {
    /// Counts nothing yet, and knows everything that there is to be counted.
    pub(super) fn new() -> Self {
        let mut sayings: Vec<Said> = Vec::new();
        for said in vocabulary().sayings("") {
            if !sayings.contains(&said) {
                sayings.push(said);
            }
        }
        Self {
            counts: sayings.iter().map(|said| (said.clone(), 0)).collect(),
            sayings,
        }
    }

    /// Counts a scenario: each word once, however often it stands in it.
    pub(super) fn count(&mut self, document: &Value) {
        let mut said = vocabulary().said_by("", document);
        said.sort();
        said.dedup();
        for said in said {
            *self.counts.entry(said).or_default() += 1;
        }
    }

    /// Returns the paths with what stands at each, and how often it was used.
    pub fn rows(&self) -> Vec<(&str, Vec<(&str, u64)>)> {
        let mut rows: Vec<(&str, Vec<(&str, u64)>)> = Vec::new();
        for said in &self.sayings {
            let (path, word) = (&said.0[..], &said.1[..]);
            let count = self.counts.get(said).copied().unwrap_or_default();
            match rows.iter_mut().find(|(other, _)| *other == path) {
                Some((_, words)) => words.push((word, count)),
                None => rows.push((path, vec![(word, count)])),
            }
        }
        rows
    }

    /// Returns what was never used.
    pub fn unused(&self) -> Vec<String> {
        let unused = self
            .sayings
            .iter()
            .filter(|said| self.counts.get(said) == Some(&0));
        unused
            .map(|(path, word)| format!("{path} {word}"))
            .collect()
    }
}
