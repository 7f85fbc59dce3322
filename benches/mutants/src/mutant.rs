//! One fault: where it is, what it changes, and the text that stands there instead.

use std::ops::Range;

use serde::Serialize;

use crate::operator::Operator;

/// One fault that can be switched on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mutant {
    /// Its place among all that were found.
    pub(crate) number: usize,
    /// The file, below `sim/src/node`.
    pub(crate) file: String,
    pub(crate) line: usize,
    /// The function, as `Type::name`; `const` for a named constant.
    pub(crate) function: String,
    pub(crate) operator: Operator,
    /// What stands there, in one line.
    pub(crate) before: String,
    /// What stands there instead.
    pub(crate) after: String,
    /// Its number among those of the same text in the same function.
    pub(crate) nth: usize,
    #[serde(skip)]
    pub(crate) edits: Vec<Edit>,
}

/// A text that takes the place of another while its fault is switched on.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) file: String,
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
    pub(crate) form: Form,
}

/// What stands at the place of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// An expression among others.
    Inner,
    /// A field that is called as the variable it has its value from.
    Shorthand,
    /// The body of an arm, which may be a block.
    Body,
    /// A statement with its semicolon.
    Statement,
}

impl Mutant {
    /// Returns where it is, to look at.
    pub(crate) fn place(&self) -> String {
        format!("sim/src/node/{}:{}", self.file, self.line)
    }

    /// Returns what it changes, in one line.
    pub(crate) fn change(&self) -> String {
        format!("{} → {}", self.before, self.after)
    }
}
