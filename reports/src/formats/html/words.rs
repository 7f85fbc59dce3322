//! Texts that occur again and again, each held once.

use std::collections::HashMap;

use super::shown;

/// The texts of a block, by their numbers.
#[derive(Default)]
pub(super) struct Words {
    texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Words {
    /// Returns the number of a text.
    pub(super) fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.texts.push(shown(text));
        self.numbers.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    /// Returns all of them, in the order of their numbers.
    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}
