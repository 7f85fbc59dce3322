//! Writes a file anew in which each fault can be switched on, and says where each of them lies.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::mutant::{Edit, Form, Mutant};

/// A file with its switches.
#[derive(Debug, Default)]
pub(crate) struct Switched {
    pub(crate) text: String,
    /// Where what a fault puts in stands.
    branches: Vec<(Range<usize>, usize)>,
    /// Where a whole switch stands, with its faults.
    switches: Vec<(Range<usize>, BTreeSet<usize>)>,
}

impl Switched {
    /// Puts the faults that lie in a file into its text.
    pub(crate) fn new(file: &str, text: &str, mutants: &[&Mutant]) -> Self {
        let mut edits: Vec<Numbered<'_>> = Vec::new();
        for mutant in mutants {
            let own = mutant.edits.iter().filter(|edit| edit.file == file);
            edits.extend(own.map(|edit| Numbered {
                number: mutant.number,
                edit,
            }));
        }
        // The outer ones first; of the same place those with the lower number.
        edits.sort_by_key(|one| {
            let Range { start, end } = one.edit.range;
            (start, std::cmp::Reverse(end), one.number)
        });
        let mut switched = Self::default();
        switched.write(text, 0..text.len(), &edits);
        switched
    }

    /// Returns the fault that put in what stands at a place of the written text.
    pub(crate) fn put_in(&self, place: &Range<usize>) -> Option<usize> {
        let mut branches = self.branches.iter();
        let found = branches.find(|(branch, _)| holds(branch, place));
        found.map(|(_, number)| *number)
    }

    /// Returns the faults of the innermost switch around a place of the written text.
    pub(crate) fn around(&self, place: &Range<usize>) -> BTreeSet<usize> {
        let switches = self.switches.iter();
        let around = switches.filter(|(switch, _)| holds(switch, place));
        let innermost = around.min_by_key(|(switch, _)| switch.len());
        innermost.map_or_else(BTreeSet::new, |(_, numbers)| numbers.clone())
    }

    /// Returns the faults that lie in a place of the written text.
    pub(crate) fn inside(&self, place: &Range<usize>) -> BTreeSet<usize> {
        let branches = self.branches.iter();
        let inside = branches.filter(|(branch, _)| holds(place, branch));
        inside.map(|(_, number)| *number).collect()
    }

    fn write(&mut self, text: &str, within: Range<usize>, edits: &[Numbered<'_>]) {
        let mut at = within.start;
        let mut rest = edits;
        while let Some(first) = rest.first() {
            let place = first.edit.range.clone();
            let same = rest
                .iter()
                .take_while(|one| one.edit.range == place)
                .count();
            let all = rest
                .iter()
                .take_while(|one| one.edit.range.start < place.end)
                .count();
            self.text.push_str(&text[at..place.start]);
            self.switch(text, &place, &rest[..same], &rest[same..all]);
            at = place.end;
            rest = &rest[all..];
        }
        self.text.push_str(&text[at..within.end]);
    }

    fn switch(
        &mut self,
        text: &str,
        place: &Range<usize>,
        own: &[Numbered<'_>],
        inner: &[Numbered<'_>],
    ) {
        let form = own.iter().map(|one| one.edit.form).max();
        let (before, after) = match form.unwrap_or(Form::Inner) {
            Form::Inner => ("(".to_owned(), ")"),
            Form::Shorthand => (format!("{}: (", &text[place.clone()]), ")"),
            Form::Body => ("{ ".to_owned(), " }"),
            Form::Statement => (String::new(), ""),
        };
        let start = self.text.len();
        self.text.push_str(&before);
        for one in own {
            let start = self.text.len();
            self.text
                .push_str(&format!("if crate::mutant::on({}) {{ ", one.number));
            self.text.push_str(&one.edit.text);
            self.branches.push((start..self.text.len(), one.number));
            self.text.push_str(" } else ");
        }
        self.text.push_str("{ ");
        self.write(text, place.clone(), inner);
        self.text.push_str(" }");
        self.text.push_str(after);
        let whole = start..self.text.len();
        let numbers = own.iter().map(|one| one.number).collect();
        self.switches.push((whole, numbers));
    }
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// One place of a fault.
#[derive(Clone, Copy, Debug)]
struct Numbered<'a> {
    number: usize,
    edit: &'a Edit,
}

/// The module that the switches ask.
pub(crate) const MODULE: &str = r#"//! Which fault is switched on.

use std::sync::{Once, OnceLock};

/// Returns whether a fault is switched on, and notes that somebody asked.
pub(crate) fn on(number: usize) -> bool {
    static ON: OnceLock<Option<usize>> = OnceLock::new();
    let on = ON.get_or_init(|| std::env::var("NGNLAB_MUTANT").ok()?.parse().ok());
    if *on != Some(number) {
        return false;
    }
    static REACHED: Once = Once::new();
    REACHED.call_once(|| {
        if let Some(file) = std::env::var_os("NGNLAB_MUTANT_REACHED") {
            let _ = std::fs::write(file, "");
        }
    });
    true
}
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::Operator;

    #[test]
    fn a_switch_within_a_switch_stands_in_what_is_not_changed() {
        let text = "x = a + 1;";
        let sum = mutant(0, 4..9, "a - 1", Form::Inner);
        let one = mutant(1, 8..9, "0", Form::Inner);
        let two = mutant(2, 0..10, "", Form::Statement);
        let switched = Switched::new("f", text, &[&sum, &one, &two]);
        let expected = "if crate::mutant::on(2) {  } else { x = (if crate::mutant::on(0) { a - 1 } \
                        else { a + (if crate::mutant::on(1) { 0 } else { 1 }) }); }";
        assert_eq!(switched.text, expected);
        let place = switched.text.find("a - 1").unwrap();
        assert_eq!(switched.put_in(&(place..place + 5)), Some(0));
        let place = switched.text.find("{ 1 }").unwrap() + 2;
        assert_eq!(switched.put_in(&(place..place + 1)), None);
        let around = switched.around(&(place..place + 1));
        assert_eq!(around, BTreeSet::from([1]));
    }

    #[test]
    fn a_field_in_short_keeps_its_name() {
        let mutant = mutant(3, 4..5, "b", Form::Shorthand);
        let switched = Switched::new("f", "S { a }", &[&mutant]);
        let expected = "S { a: (if crate::mutant::on(3) { b } else { a }) }";
        assert_eq!(switched.text, expected);
    }

    fn mutant(number: usize, range: Range<usize>, text: &str, form: Form) -> Mutant {
        let edit = Edit {
            file: "f".to_owned(),
            range,
            text: text.to_owned(),
            form,
        };
        Mutant {
            number,
            file: "f".to_owned(),
            line: 1,
            function: String::new(),
            operator: Operator::Swap,
            before: String::new(),
            after: String::new(),
            nth: 1,
            edits: vec![edit],
        }
    }
}
