//! Other values for numbers and times.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, Lit};

/// Returns what a number may be instead.
pub(crate) fn other_numbers(literal: &Lit) -> Vec<String> {
    let mut others = Vec::new();
    match literal {
        Lit::Int(number) => {
            let Ok(value) = number.base10_parse::<u128>() else {
                return others;
            };
            for other in [value + 1, value * 2, 0] {
                let text = format!("{other}{}", number.suffix());
                if other != value && !others.contains(&text) {
                    others.push(text);
                }
            }
        }
        Lit::Float(number) => {
            if let Ok(value) = number.base10_parse::<f64>() {
                others.push(format!("{:?}", value * 2.0));
                others.push("0.0".to_owned());
            }
        }
        _ => {}
    }
    others
}

/// Returns what a named constant may be instead, as expressions.
pub(crate) fn other_values(value: &Expr, source: &str) -> Vec<String> {
    if let Expr::Lit(literal) = value {
        return other_numbers(&literal.lit);
    }
    let mut numbers = Numbers::default();
    numbers.visit_expr(value);
    // Addresses and texts are no quantities.
    let [first, ..] = &numbers.found[..] else {
        return Vec::new();
    };
    if !numbers.is_time && numbers.found.len() > 1 {
        return Vec::new();
    }
    let whole = value.span().byte_range();
    let with = |other: u128| {
        let (before, after) = (whole.start..first.1.start, first.1.end..whole.end);
        format!("{}{other}{}", &source[before], &source[after])
    };
    let mut others: Vec<u128> = vec![first.0 * 2];
    if numbers.is_time {
        others.extend([first.0 / 2, 0]);
    } else {
        others.extend([first.0 + 1, 0]);
    }
    others.dedup();
    others
        .into_iter()
        .filter(|other| *other != first.0)
        .map(with)
        .collect()
}

#[derive(Default)]
struct Numbers {
    found: Vec<(u128, std::ops::Range<usize>)>,
    is_time: bool,
}

impl<'ast> Visit<'ast> for Numbers {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func {
            self.is_time |= path.path.segments.iter().any(|one| one.ident == "Duration");
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_lit(&mut self, literal: &'ast Lit) {
        if let Lit::Int(number) = literal
            && let Ok(value) = number.base10_parse()
        {
            self.found.push((value, number.span().byte_range()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_more_twice_as_much_or_zero() {
        assert_eq!(numbers("64"), ["65", "128", "0"]);
        assert_eq!(numbers("1"), ["2", "0"]);
        assert_eq!(numbers("0"), ["1"]);
        assert_eq!(numbers("0x10u8"), ["17u8", "32u8", "0u8"]);
    }

    #[test]
    fn a_time_is_twice_half_or_nothing() {
        let time = "Duration::from_secs(2 * 60)";
        let others = ["Duration::from_secs(4 * 60)", "Duration::from_secs(1 * 60)"];
        assert_eq!(values(time)[..2], others);
        assert!(values("Ipv6Addr::new(1, 2, 3, 4, 5, 6, 7, 8)").is_empty());
    }

    fn numbers(text: &str) -> Vec<String> {
        other_numbers(&syn::parse_str(text).unwrap())
    }

    fn values(text: &str) -> Vec<String> {
        other_values(&syn::parse_str(text).unwrap(), text)
    }
}
