//! Named constants: a fault in one shows wherever the router uses it.

use std::collections::BTreeMap;

use crate::finder::{Found, Place, one_line};
use crate::mutant::{Edit, Form};
use crate::operator::Operator;

/// A named constant and what it may be instead.
#[derive(Debug)]
pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) value: String,
    /// Whether other files can name it.
    pub(crate) is_seen_elsewhere: bool,
    /// Other values, as expressions.
    pub(crate) others: Vec<String>,
}

/// Returns the faults in the constants of one file, at every use by a function that `is_alive`.
///
/// A use in a pattern or in another constant stays as it is.
pub(crate) fn places(
    file: &str,
    files: &BTreeMap<String, Found>,
    is_alive: impl Fn(&str) -> bool,
) -> Vec<Place> {
    let mut places = Vec::new();
    for constant in &files[file].constants {
        let is_same = |other: &&Constant| other.name == constant.name;
        let namesakes = files.values().flat_map(|found| &found.constants);
        let is_unique = namesakes.filter(is_same).count() == 1;
        let everywhere = constant.is_seen_elsewhere && is_unique;
        let seen = files.iter().filter(|(name, _)| *name == file || everywhere);
        let uses: Vec<_> = seen
            .flat_map(|(name, found)| found.uses.iter().map(move |used| (name, used)))
            .filter(|(_, used)| used.name == constant.name && is_alive(&used.function))
            .collect();
        if uses.is_empty() {
            continue;
        }
        for other in &constant.others {
            let edits = uses.iter().map(|(name, used)| Edit {
                file: (*name).clone(),
                range: used.range.clone(),
                text: other.clone(),
                form: Form::Inner,
            });
            places.push(Place {
                function: "const".to_owned(),
                line: constant.line,
                operator: Operator::Constant,
                before: one_line(&format!("{} = {}", constant.name, constant.value)),
                after: one_line(other),
                edits: edits.collect(),
            });
        }
    }
    places
}
