//! What is changed in the router: the kinds of faults, fixed before anything is run.

use std::fmt;

use serde::Serialize;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operator {
    /// A condition is negated, or is always or never true.
    Condition,
    /// `&&` instead of `||`, or the other way round; all instead of any.
    Connective,
    /// A comparison or range takes its end in or leaves it out, or is the opposite; min for max.
    Bound,
    /// A number is one more, twice as much or zero; a time twice, half or zero; true for false.
    Constant,
    /// Plus instead of minus, or the other way round; a bit is set instead of masked.
    Arithmetic,
    /// A statement with a call or an assignment is left out.
    Statement,
    /// An `if` that leaves the function early is left out.
    EarlyReturn,
    /// Two fields, arguments or elements have each other's value; two arms each other's body.
    Swap,
    /// `None` instead of `Some`.
    Nothing,
}

/// Every kind, with what it does in words, for `--help` and the README.
pub(crate) const OPERATORS: &[(Operator, &str)] = &[
    (
        Operator::Condition,
        "a condition, or a part of one, is negated, always true or always false",
    ),
    (
        Operator::Connective,
        "&& for || and || for &&, any for all and all for any",
    ),
    (
        Operator::Bound,
        "< for <=, > for >=, == for != and the other way round; .. for ..=, min for max, first for last",
    ),
    (
        Operator::Constant,
        "a number n becomes n + 1, 2n or 0, a time 2n, n / 2 or 0, and true false; a named one at all its uses",
    ),
    (
        Operator::Arithmetic,
        "+ for -, | for &, and the other way round, also with =",
    ),
    (
        Operator::Statement,
        "a statement that is a call or an assignment is left out",
    ),
    (
        Operator::EarlyReturn,
        "an if that only leaves the function is left out",
    ),
    (
        Operator::Swap,
        "two fields of a struct, neighbours in a tuple or among arguments, or bodies of neighbouring arms are swapped",
    ),
    (Operator::Nothing, "None instead of Some(…)"),
];

impl Operator {
    /// Returns the name in lists.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Connective => "connective",
            Self::Bound => "bound",
            Self::Constant => "constant",
            Self::Arithmetic => "arithmetic",
            Self::Statement => "statement",
            Self::EarlyReturn => "early-return",
            Self::Swap => "swap",
            Self::Nothing => "nothing",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
