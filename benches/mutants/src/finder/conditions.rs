//! Conditions, and the parts of them.

use syn::{BinOp, Expr, Stmt};

use super::Finder;
use crate::operator::Operator;
use crate::syntax::bare;

/// How a condition bears on what it is a part of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// The whole of an `if` that is also left out as such.
    OfEarlyReturn,
    OfAnd,
    OfOr,
}

impl Finder<'_> {
    pub(super) fn condition(&mut self, expr: &Expr, part: Part) {
        let expr = bare(expr);
        if self.locals.of(expr).is_some() {
            return;
        }
        let text = self.source(expr).to_owned();
        let constant = |part: Part| match part {
            Part::Whole => &["true", "false"][..],
            Part::OfEarlyReturn | Part::OfAnd => &["true"],
            Part::OfOr => &["false"],
        };
        if let Some((left, right, below)) = connected(expr) {
            let known = |side: &Expr| self.locals.of(side).is_some();
            if known(left) {
                return self.condition(right, part);
            }
            if known(right) {
                return self.condition(left, part);
            }
            if matches!(part, Part::Whole | Part::OfEarlyReturn) && !has_let(expr) {
                for value in constant(part) {
                    self.other(Operator::Condition, expr, (*value).to_owned());
                }
            }
            self.condition(left, below);
            self.condition(right, below);
            return;
        }
        if has_let(expr) || matches!(expr, Expr::Lit(_) | Expr::Closure(_)) {
            return;
        }
        let is_equality = matches!(
            expr,
            Expr::Binary(binary) if matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_))
        );
        if !is_equality {
            self.other(Operator::Condition, expr, format!("!({text})"));
        }
        for value in constant(part) {
            self.other(Operator::Condition, expr, (*value).to_owned());
        }
    }

    /// Takes what a closure or a function returns for a condition.
    pub(super) fn returned_condition(&mut self, expr: &Expr) {
        let last = match bare(expr) {
            Expr::Block(block) => match block.block.stmts.last() {
                Some(Stmt::Expr(last, None)) => last,
                _ => return,
            },
            other => other,
        };
        if !matches!(last, Expr::If(_) | Expr::Match(_) | Expr::Block(_)) {
            self.condition(last, Part::Whole);
        }
    }
}

fn connected(expr: &Expr) -> Option<(&Expr, &Expr, Part)> {
    let Expr::Binary(binary) = expr else {
        return None;
    };
    let part = match binary.op {
        BinOp::And(_) => Part::OfAnd,
        BinOp::Or(_) => Part::OfOr,
        _ => return None,
    };
    Some((&binary.left, &binary.right, part))
}

/// Returns whether a condition binds a name.
pub(super) fn has_let(expr: &Expr) -> bool {
    match connected(expr) {
        Some((left, right, _)) => has_let(left) || has_let(right),
        None => matches!(expr, Expr::Let(_)),
    }
}
