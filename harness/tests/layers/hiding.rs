//! What would hide from these tests what a file takes, and is not written here for that reason.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemExternCrate, ItemMacro, ItemUse, UseTree};

use crate::crates::Crate;

/// Returns where a crate hides something, and how.
pub(crate) fn told(read: &Crate) -> Vec<String> {
    let mut told = Vec::new();
    for (path, module) in &read.modules {
        let mut found = Hidden::default();
        module.items.iter().for_each(|item| found.visit_item(item));
        if path.is_empty() {
            let own = |item: &&Item| matches!(item, Item::Fn(_) | Item::Macro(_));
            let own = module.items.iter().filter(own);
            found.ways.extend(own.map(|_| "does something in lib.rs"));
        }
        told.extend(
            found
                .ways
                .iter()
                .map(|way| format!("{} {way}", module.file)),
        );
    }
    told
}

#[derive(Default)]
struct Hidden {
    ways: Vec<&'static str>,
}

impl<'ast> Visit<'ast> for Hidden {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        match &item.tree {
            UseTree::Rename(name) if name.ident == "crate" => self.ways.push("renames the crate"),
            UseTree::Path(path)
                if path.ident == "crate" && matches!(path.tree.as_ref(), UseTree::Glob(_)) =>
            {
                self.ways.push("takes everything that lib.rs has");
            }
            _ => {}
        }
        visit::visit_item_use(self, item);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if composes_a_path(item.mac.tokens.clone()) {
            self.ways.push("has a macro that composes a path");
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        if item.ident == "self" {
            self.ways.push("renames the crate");
        }
    }
}

/// Returns whether something that a macro is given becomes a part of a path, as in `crate::$a::f`:
/// what it leads to stands neither where the macro is nor where it is called.
fn composes_a_path(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: Option<usize>, mark: char| {
        let token = at.and_then(|at| tokens.get(at));
        matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
    };
    let is_double_colon = |at: Option<usize>| is(at, ':') && is(at.map(|at| at + 1), ':');
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => composes_a_path(group.stream()),
        TokenTree::Ident(name) if name != "crate" && is(at.checked_sub(1), '$') => {
            is_double_colon(Some(at + 1)) || is_double_colon(at.checked_sub(3))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_a_use_is_told() {
        for (file, text) in [
            ("c.rs", "fn d() { use crate as root; root::a::b(); }"),
            ("c.rs", "fn d() { use crate::*; a::b(); }"),
            ("c.rs", "extern crate self as me;"),
            (
                "c.rs",
                "macro_rules! up { ($a:ident) => { crate::$a::b() }; }",
            ),
            (
                "c.rs",
                "macro_rules! up { ($a:ident) => { $a::a::b() }; } up!(crate);",
            ),
            (
                "c.rs",
                "macro_rules! up { ($($a:ident)*) => { crate $(:: $a)* }; }",
            ),
            ("lib.rs", "mod c; pub fn launder() {}"),
            ("lib.rs", "mod c; macro_rules! up { () => {}; }"),
        ] {
            let rest: [(&str, &str); 1] = match file {
                "c.rs" => [("lib.rs", "mod c;")],
                _ => [("c.rs", "")],
            };
            let read = Crate::made_up(&[(file, text), rest[0]]);
            assert_eq!(told(&read).len(), 1, "{text}");
        }
        let plain = [
            ("lib.rs", "mod c; pub use c::D;"),
            (
                "c.rs",
                "pub struct D; macro_rules! e { ($a:ident: $b:ty) => { const $a: $crate::c::D = $b; }; }",
            ),
        ];
        assert!(told(&Crate::made_up(&plain)).is_empty());
    }
}
