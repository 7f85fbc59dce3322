//! What can be told of a piece of source by its form alone.

use std::collections::BTreeSet;
use std::ops::Range;

use syn::{Attribute, BinOp, Block, Expr, Lit, Pat, RangeLimits, Stmt};

use crate::finder::range;
use crate::known::Known;
use crate::operator::Operator;

/// Returns whether something is for tests alone.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| {
        let is_cfg = one.path().is_ident("cfg")
            && one
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string() == "test");
        is_cfg || one.path().is_ident("test")
    })
}

/// Returns whether a name is one of a constant.
pub(crate) fn is_constant(name: &str) -> bool {
    let is_upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.len() > 1 && name.chars().all(is_upper)
}

/// Returns whether an arm can be taken by what is known of the scrutinee.
pub(crate) fn can_match(pat: &Pat, known: Option<Known>) -> bool {
    match (pat, known) {
        (Pat::TupleStruct(pat), Some(Known::Nothing)) => !pat.path.is_ident("Some"),
        (Pat::Lit(pat), Some(Known::Bool(known))) => {
            !matches!(&pat.lit, Lit::Bool(flag) if flag.value != known)
        }
        _ => true,
    }
}

/// Takes the parentheses off.
pub(crate) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}

/// Returns the name of what is called.
pub(crate) fn called(expr: &Expr) -> Option<String> {
    match expr {
        Expr::MethodCall(call) => Some(call.method.to_string()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns whether a block does nothing but leave.
pub(crate) fn leaves(block: &Block) -> bool {
    block.stmts.len() == 1 && leaves_at_last(block)
}

/// Returns whether a block ends by leaving the function or the turn of a loop.
pub(crate) fn leaves_at_last(block: &Block) -> bool {
    let last = block.stmts.last();
    matches!(
        last,
        Some(Stmt::Expr(
            Expr::Return(_) | Expr::Continue(_) | Expr::Break(_),
            _
        ))
    )
}

/// Returns whether an operator assigns.
pub(crate) fn is_assignment(operator: &BinOp) -> bool {
    matches!(
        operator,
        BinOp::AddAssign(_) | BinOp::SubAssign(_) | BinOp::BitOrAssign(_) | BinOp::BitAndAssign(_)
    )
}

/// Returns where the dots of a range stand.
pub(crate) fn dots(expr: &Expr) -> Option<Range<usize>> {
    match bare(expr) {
        Expr::Range(found) => Some(match &found.limits {
            RangeLimits::HalfOpen(dots) => range(dots),
            RangeLimits::Closed(dots) => range(dots),
        }),
        _ => None,
    }
}

/// Returns the method that does the opposite.
pub(crate) fn swapped_method(name: &str) -> Option<(Operator, &'static str)> {
    SWAPPED.iter().find_map(|(operator, a, b)| {
        let other = [(a, b), (b, a)].into_iter().find(|(one, _)| **one == name);
        other.map(|(_, other)| (*operator, *other))
    })
}

/// Returns the name of a field.
pub(crate) fn member(member: &syn::Member) -> String {
    match member {
        syn::Member::Named(name) => name.to_string(),
        syn::Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Returns the words of a text.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.split(|c| !is_word(c)).map(str::to_owned).collect()
}

const SWAPPED: &[(Operator, &str, &str)] = &[
    (Operator::Bound, "min", "max"),
    (Operator::Bound, "min_by_key", "max_by_key"),
    (Operator::Bound, "first", "last"),
    (Operator::Connective, "any", "all"),
    (Operator::Connective, "is_some_and", "is_none_or"),
    (Operator::Arithmetic, "saturating_add", "saturating_sub"),
];
