//! What is known of an expression when no defect is on: the checks are calibrated with defects, so
//! what only a defect runs is no part of the router.

use std::collections::BTreeMap;

use syn::{Expr, ExprBinary, ExprClosure, ExprLet, ExprMethodCall, Pat, Stmt, UnOp};

/// What an expression always is without a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Bool(bool),
    /// `None`, or an empty iterator.
    Nothing,
}

/// The local names of one function whose value is known.
#[derive(Debug, Default)]
pub(crate) struct Locals(BTreeMap<String, Known>);

impl Locals {
    /// Notes what a `let` binds; a closure is what it returns.
    pub(crate) fn note(&mut self, pat: &Pat, value: &Expr) {
        let Some(name) = bound(pat) else { return };
        let known = match value {
            Expr::Closure(closure) => self.of_closure(closure),
            other => self.of(other),
        };
        match known {
            Some(known) => self.0.insert(name, known),
            None => self.0.remove(&name),
        };
    }

    /// Returns what an expression is.
    pub(crate) fn of(&self, expr: &Expr) -> Option<Known> {
        match expr {
            Expr::Paren(inner) => self.of(&inner.expr),
            Expr::Group(inner) => self.of(&inner.expr),
            Expr::Reference(inner) => self.of(&inner.expr),
            Expr::Path(path) => self.0.get(&path.path.get_ident()?.to_string()).copied(),
            Expr::Unary(unary) => match (&unary.op, self.of(&unary.expr)?) {
                (UnOp::Not(_), Known::Bool(known)) => Some(Known::Bool(!known)),
                _ => None,
            },
            Expr::Binary(binary) => self.of_binary(binary),
            Expr::Call(call) => match name_of(&call.func)?.as_str() {
                "has" => Some(Known::Bool(false)),
                name if NEVER.contains(&name) => Some(Known::Bool(false)),
                name => self.0.get(name).copied(),
            },
            Expr::MethodCall(call) => self.of_method(call),
            Expr::Let(binding) => self.of_let(binding),
            Expr::Block(block) => match &block.block.stmts[..] {
                [Stmt::Expr(only, None)] => self.of(only),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns whether a condition is always so.
    pub(crate) fn bool(&self, expr: &Expr) -> Option<bool> {
        match self.of(expr)? {
            Known::Bool(known) => Some(known),
            Known::Nothing => None,
        }
    }

    /// Returns what a closure returns.
    pub(crate) fn of_closure(&self, closure: &ExprClosure) -> Option<Known> {
        self.of(&closure.body)
    }

    fn of_binary(&self, binary: &ExprBinary) -> Option<Known> {
        let (left, right) = (self.bool(&binary.left), self.bool(&binary.right));
        let decides = match binary.op {
            syn::BinOp::And(_) => false,
            syn::BinOp::Or(_) => true,
            _ => return None,
        };
        if left == Some(decides) || right == Some(decides) {
            return Some(Known::Bool(decides));
        }
        (left.is_some() && right.is_some()).then_some(Known::Bool(!decides))
    }

    fn of_method(&self, call: &ExprMethodCall) -> Option<Known> {
        let method = call.method.to_string();
        if method == "has" && call.args.len() == 1 || NEVER.contains(&&*method) {
            return Some(Known::Bool(false));
        }
        if NOTHING.contains(&&*method) {
            return Some(Known::Nothing);
        }
        let argument = call.args.first().and_then(|argument| match argument {
            Expr::Closure(closure) => self.of_closure(closure),
            other => self.of(other),
        });
        let receiver = self.of(&call.receiver);
        match (&*method, receiver, argument) {
            ("filter" | "take_while" | "take_if", _, Some(Known::Bool(false))) => {
                Some(Known::Nothing)
            }
            ("any" | "is_some_and", _, Some(Known::Bool(false))) => Some(Known::Bool(false)),
            ("any" | "is_some" | "is_some_and", Some(Known::Nothing), _) => {
                Some(Known::Bool(false))
            }
            ("all" | "is_none" | "is_none_or", Some(Known::Nothing), _) => Some(Known::Bool(true)),
            ("then" | "then_some", Some(Known::Bool(false)), _) => Some(Known::Nothing),
            (
                "map" | "and_then" | "copied" | "cloned" | "as_ref" | "next" | "filter" | "flatten",
                Some(Known::Nothing),
                _,
            ) => Some(Known::Nothing),
            ("or" | "or_else", Some(Known::Nothing), Some(Known::Nothing)) => Some(Known::Nothing),
            _ => None,
        }
    }

    fn of_let(&self, binding: &ExprLet) -> Option<Known> {
        let wants_some =
            matches!(&*binding.pat, Pat::TupleStruct(pat) if pat.path.is_ident("Some"));
        let is_nothing = self.of(&binding.expr) == Some(Known::Nothing);
        (wants_some && is_nothing).then_some(Known::Bool(false))
    }
}

/// Returns the name of a function that is called by it alone, as a local closure is.
fn name_of(function: &Expr) -> Option<String> {
    match function {
        Expr::Path(path) => Some(path.path.get_ident()?.to_string()),
        _ => None,
    }
}

/// Functions of the router that are false without a defect.
pub(crate) const NEVER: &[&str] = &[
    "forward_by_mistake",
    "gets_lost",
    "has_management",
    "ignores",
    "is_crowded",
    "is_fatal",
];

/// Functions of the router that return `None` without a defect.
pub(crate) const NOTHING: &[&str] = &[
    "leak_for",
    "look_up",
    "parse_invalid",
    "refuse",
    "stale_source",
];

/// Returns the name that a pattern binds, if it is but a name.
pub(crate) fn bound(pat: &Pat) -> Option<String> {
    match pat {
        Pat::Ident(ident) => Some(ident.ident.to_string()),
        Pat::Type(typed) => bound(&typed.pat),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_defect_nobody_has_one() {
        for always in [
            "!self.defects.has(X)",
            "a || !defects.has(X)",
            "(!desk.has(X))",
            "list.filter(|_| self.defects.has(X)).is_none()",
        ] {
            assert_eq!(known(always), Some(Known::Bool(true)), "{always}");
        }
        for never in [
            "a && self.defects.has(X)",
            "lax.iter().any(|one| self.defects.has(*one))",
            "self.defects.has(X) || has(Y)",
        ] {
            assert_eq!(known(never), Some(Known::Bool(false)), "{never}");
        }
        assert_eq!(known("a.filter(|_| has(X))"), Some(Known::Nothing));
    }

    #[test]
    fn what_the_router_finds_out_is_not_known() {
        for open in ["a && !has(X)", "a || has(X)", "a.is_some()", "true"] {
            assert_eq!(known(open), None, "{open}");
        }
    }

    #[test]
    fn a_name_is_what_it_was_bound_to() {
        let mut locals = Locals::default();
        let binding: syn::ExprLet = syn::parse_str("let lax = defects.has(X)").unwrap();
        locals.note(&binding.pat, &binding.expr);
        let asked = syn::parse_str("lax && a").unwrap();
        assert_eq!(locals.of(&asked), Some(Known::Bool(false)));
    }

    fn known(text: &str) -> Option<Known> {
        Locals::default().of(&syn::parse_str(text).unwrap())
    }
}
