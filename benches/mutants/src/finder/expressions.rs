//! Expressions of each form, and what can be changed in them.

use std::ops::Range;

use syn::visit::{self, Visit as _};
use syn::{Arm, BinOp, Expr, ExprBinary, ExprIf, ExprMatch, ExprMethodCall, ExprStruct};

use super::conditions::{Part, has_let};
use super::{Finder, one_line, range};
use crate::known::Known;
use crate::mutant::Form;
use crate::operator::Operator;
use crate::syntax::{can_match, dots, member, swapped_method};

impl Finder<'_> {
    pub(super) fn visit_if(&mut self, expr: &ExprIf, part: Part) {
        let known = self.locals.bool(&expr.cond);
        if known.is_none() {
            self.condition(&expr.cond, part);
            self.visit_expr(&expr.cond);
        }
        if known != Some(false) {
            self.visit_block(&expr.then_branch);
        }
        if let Some((_, otherwise)) = &expr.else_branch
            && known != Some(true)
        {
            match &**otherwise {
                Expr::If(next) => self.visit_if(next, Part::Whole),
                other => self.visit_expr(other),
            }
        }
    }

    pub(super) fn visit_match(&mut self, expr: &ExprMatch) {
        let known = self.locals.of(&expr.expr);
        if known.is_none() {
            self.visit_expr(&expr.expr);
        }
        let alive = |arm: &&Arm| {
            let guard = arm.guard.as_ref().map(|(_, guard)| self.locals.bool(guard));
            guard != Some(Some(false)) && can_match(&arm.pat, known)
        };
        let arms: Vec<&Arm> = expr.arms.iter().filter(alive).collect();
        for pair in arms.windows(2) {
            let bodies = format!(
                "{} ⇄ {}",
                self.source(&pair[0].pat),
                self.source(&pair[1].pat)
            );
            let before = self.found.places.len();
            self.swap(expr, &pair[0].body, &pair[1].body, Form::Body);
            for place in &mut self.found.places[before..] {
                place.after = format!("in the arms {}", one_line(&bodies));
            }
        }
        for arm in arms {
            if let Some((_, guard)) = &arm.guard
                && self.locals.of(guard).is_none()
            {
                self.condition(guard, Part::Whole);
                self.visit_expr(guard);
            }
            self.visit_expr(&arm.body);
        }
    }

    pub(super) fn visit_binary(&mut self, binary: &ExprBinary, whole: &Expr) {
        let (left, right) = (self.source(&*binary.left), self.source(&*binary.right));
        let other = |operator: &str| format!("({left}) {operator} ({right})");
        let assigned = |operator: &str| format!("{left} {operator} {right}");
        let changed = match binary.op {
            BinOp::And(_) | BinOp::Or(_) => {
                let known = |side: &Expr| self.locals.of(side).is_some();
                if has_let(whole) || known(&binary.left) || known(&binary.right) {
                    None
                } else if matches!(binary.op, BinOp::And(_)) {
                    Some((Operator::Connective, other("||")))
                } else {
                    Some((Operator::Connective, other("&&")))
                }
            }
            BinOp::Lt(_) => Some((Operator::Bound, other("<="))),
            BinOp::Le(_) => Some((Operator::Bound, other("<"))),
            BinOp::Gt(_) => Some((Operator::Bound, other(">="))),
            BinOp::Ge(_) => Some((Operator::Bound, other(">"))),
            BinOp::Eq(_) => Some((Operator::Bound, other("!="))),
            BinOp::Ne(_) => Some((Operator::Bound, other("=="))),
            BinOp::Add(_) => Some((Operator::Arithmetic, other("-"))),
            BinOp::Sub(_) => Some((Operator::Arithmetic, other("+"))),
            BinOp::BitOr(_) => Some((Operator::Arithmetic, other("&"))),
            BinOp::BitAnd(_) => Some((Operator::Arithmetic, other("|"))),
            BinOp::AddAssign(_) => Some((Operator::Arithmetic, assigned("-="))),
            BinOp::SubAssign(_) => Some((Operator::Arithmetic, assigned("+="))),
            BinOp::BitOrAssign(_) => Some((Operator::Arithmetic, assigned("&="))),
            BinOp::BitAndAssign(_) => Some((Operator::Arithmetic, assigned("|="))),
            _ => None,
        };
        if let Some((operator, text)) = changed {
            self.other(operator, whole, text);
        }
        visit::visit_expr_binary(self, binary);
    }

    pub(super) fn visit_method(&mut self, call: &ExprMethodCall, whole: &Expr) {
        let method = call.method.to_string();
        self.refer(&method);
        if let Some((operator, other)) = swapped_method(&method) {
            let text = self.replaced(whole, &range(&call.method), other);
            self.other(operator, whole, text);
        }
        if matches!(&*method, "contains" | "random_range") {
            let parts = [&*call.receiver].into_iter().chain(&call.args);
            for dots in parts.filter_map(dots) {
                let other = match &self.text[dots.clone()] {
                    ".." => "..=",
                    _ => "..",
                };
                let text = self.replaced(whole, &dots, other);
                self.other(Operator::Bound, whole, text);
            }
        }
        if matches!(&*method, "then" | "then_some") {
            self.condition(&call.receiver, Part::Whole);
        }
        if let Some(Expr::Closure(closure)) = call.args.first()
            && PREDICATES.contains(&&*method)
        {
            self.returned_condition(&closure.body);
        }
        self.swap_neighbours(whole, &call.args);
        // Of what is nothing at all, what is done with it is nothing, too.
        if self.locals.of(&call.receiver) != Some(Known::Nothing) {
            self.visit_expr(&call.receiver);
        }
        let never = matches!(
            &*method,
            "map" | "and_then" | "filter" | "is_some_and" | "any"
        );
        let is_nothing = self.locals.of(&call.receiver) == Some(Known::Nothing);
        for argument in &call.args {
            let known = match argument {
                Expr::Closure(closure) => self.locals.of_closure(closure),
                other => self.locals.of(other),
            };
            if known.is_none() && !(never && is_nothing) {
                self.visit_expr(argument);
            }
        }
    }

    pub(super) fn replaced(&self, whole: &Expr, part: &Range<usize>, by: &str) -> String {
        let whole = range(whole);
        let (before, after) = (whole.start..part.start, part.end..whole.end);
        [&self.text[before], by, &self.text[after]].concat()
    }

    pub(super) fn visit_struct(&mut self, made: &ExprStruct) {
        let fields: Vec<_> = made.fields.iter().collect();
        for (index, a) in fields.iter().enumerate() {
            for b in &fields[index + 1..] {
                let form = |short: bool| if short { Form::Shorthand } else { Form::Inner };
                let forms = [a, b].map(|field| form(field.colon_token.is_none()));
                let before = self.found.places.len();
                self.swap(made, &a.expr, &b.expr, Form::Inner);
                for place in &mut self.found.places[before..] {
                    for (edit, form) in place.edits.iter_mut().zip(forms) {
                        edit.form = form;
                    }
                    let [a, b] = [a, b].map(|field| member(&field.member));
                    place.before = format!("{a} ⇄ {b}");
                }
            }
        }
        for field in &made.fields {
            self.refer(&member(&field.member));
            if field.colon_token.is_some() && self.locals.of(&field.expr).is_none() {
                self.visit_expr(&field.expr);
            }
        }
        if let Some(rest) = &made.rest {
            self.visit_expr(rest);
        }
    }
}

/// Methods whose closure is a condition.
const PREDICATES: &[&str] = &[
    "filter",
    "any",
    "all",
    "find",
    "position",
    "retain",
    "is_some_and",
    "is_none_or",
    "take_while",
    "skip_while",
    "take_if",
    "partition",
];
