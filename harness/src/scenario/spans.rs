//! Where in a scenario file a value stands, so that the values themselves need not know.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

/// The places of everything in one file.
pub(super) struct Spans<'t> {
    root: Option<Spanned<DeTable<'t>>>,
}

impl<'t> Spans<'t> {
    /// Reads a file that is TOML.
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            root: DeTable::parse(text).ok(),
        }
    }

    /// Returns where a value of a step stands, the whole step if the file does not have it.
    pub(super) fn of_step(&self, number: usize, path: &[&str]) -> Range<usize> {
        let step = self.root.as_ref().and_then(|root| {
            let steps = root.get_ref().get("step")?;
            steps.get_ref().get(number)
        });
        let mut found = step;
        for key in path {
            found = found.and_then(|value| value.get_ref().get(*key));
        }
        found.or(step).map_or(0..0, Spanned::span)
    }
}
