//! Which file takes what from which other: each path followed to the file that owns the name.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ItemUse, Macro, Meta, Path, UseTree, Visibility};

use crate::crates::{Crate, ModulePath};
use crate::names;

/// From a file to the files it takes from, with what it takes.
pub(crate) type Uses = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// One name, taken by one module from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taken {
    /// By whom.
    pub(crate) by: ModulePath,
    /// From whom.
    pub(crate) from: ModulePath,
    /// What.
    pub(crate) name: String,
}

/// Returns what the modules of a crate take from each other, without what a file takes from the
/// files in its own folder.
pub(crate) fn taken(read: &Crate) -> BTreeSet<Taken> {
    let mut all = BTreeSet::new();
    for (by, module) in &read.modules {
        let mut paths = Paths::default();
        module.items.iter().for_each(|item| paths.visit_item(item));
        for path in paths.found {
            let Some((from, name)) = owner(read, by, &path, DEEPEST) else {
                continue;
            };
            let is_same_file = read.modules[&from].file == module.file;
            let is_below = from.starts_with(by);
            if !is_same_file && !is_below {
                let by = by.clone();
                all.insert(Taken { by, from, name });
            }
        }
    }
    all
}

/// Returns the same by files.
pub(crate) fn by_file(read: &Crate) -> Uses {
    let mut uses = Uses::new();
    for Taken { by, from, name } in taken(read) {
        let file = |path| read.modules[path].file.clone();
        let from_whom = uses.entry(file(&by)).or_default();
        from_whom.entry(file(&from)).or_default().insert(name);
    }
    uses
}

/// Follows a path from a module to the module that owns its name; `None` if that is elsewhere.
fn owner(read: &Crate, at: &[String], path: &[String], depth: u8) -> Option<(ModulePath, String)> {
    let (first, rest) = path.split_first()?;
    let depth = depth.checked_sub(1)?;
    match first.as_str() {
        "crate" => within(read, &[], rest, depth),
        "self" => within(read, at, rest, depth),
        "super" => within(read, at.split_last()?.1, rest, depth),
        // It is in scope, or another crate's.
        _ => within(read, at, path, depth).filter(|(owner, name)| {
            let is_unknown = owner == at && name == first && !read.modules[at].own.contains(name);
            !is_unknown
        }),
    }
}

/// Follows what is left of a path, from a module on.
fn within(read: &Crate, at: &[String], path: &[String], depth: u8) -> Option<(ModulePath, String)> {
    let Some((first, rest)) = path.split_first() else {
        let name = at.last().cloned().unwrap_or("crate".to_owned());
        return Some((at.to_owned(), name));
    };
    if first == "super" {
        return within(read, at.split_last()?.1, rest, depth);
    }
    let below: ModulePath = at.iter().chain([first]).cloned().collect();
    if read.has(&below) {
        return within(read, &below, rest, depth);
    }
    let module = read.modules.get(at)?;
    if module.own.contains(first) {
        return Some((at.to_owned(), first.clone()));
    }
    let named = |name: &Option<String>| name.as_ref() == Some(first);
    if let Some(import) = module.imports.iter().find(|import| named(&import.name)) {
        let whole: Vec<String> = import.path.iter().chain(rest).cloned().collect();
        return owner(read, at, &whole, depth);
    }
    let all = module.imports.iter().filter(|import| import.name.is_none());
    for import in all {
        let whole: Vec<String> = import.path.iter().chain(path).cloned().collect();
        if let Some((owner, name)) = owner(read, at, &whole, depth)
            && read.modules[&owner].own.contains(&name)
        {
            return Some((owner, name));
        }
    }
    Some((at.to_owned(), first.clone()))
}

/// The paths that code consists of.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut imports = Vec::new();
        names::branch(&item.tree, &mut Vec::new(), &mut imports);
        self.found
            .extend(imports.into_iter().map(|import| import.path));
    }

    fn visit_path(&mut self, path: &'ast Path) {
        // A name by itself was brought in by a `use`, which counts already.
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let segments = path.segments.iter();
            self.found
                .push(segments.map(|segment| plain(&segment.ident)).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.found.extend(in_tokens(call.tokens.clone()));
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.found.extend(in_tokens(list.tokens.clone()));
        }
    }

    // For whom something is visible is not a use.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_use_tree(&mut self, _: &'ast UseTree) {}
}

/// Returns the paths of several parts in what a macro is given.
fn in_tokens(tokens: TokenStream) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut colons = 0;
    let mut end = |path: &mut Vec<String>| {
        if path.len() > 1 {
            found.push(path.clone());
        }
        path.clear();
    };
    let mut inner = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    end(&mut path);
                }
                path.push(plain(&name));
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => colons += 1,
            TokenTree::Punct(_) => {
                end(&mut path);
                colons = 0;
            }
            TokenTree::Literal(literal) => {
                end(&mut path);
                colons = 0;
                inner.extend(in_words(&literal.to_string()));
            }
            TokenTree::Group(group) => {
                end(&mut path);
                colons = 0;
                inner.extend(in_tokens(group.stream()));
            }
        }
    }
    end(&mut path);
    found.extend(inner);
    found
}

/// Returns the path that a text is, as serde's attributes have them.
fn in_words(literal: &str) -> Option<Vec<String>> {
    let path: Path = syn::parse_str(literal.trim_matches('"')).ok()?;
    let segments = path.segments.iter().map(|segment| plain(&segment.ident));
    let whole: Vec<String> = segments.collect();
    (whole.len() > 1).then_some(whole)
}

fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// Names that are handed on in a ring have no owner.
const DEEPEST: u8 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_taken() {
        for by in [
            "use crate::a::B as C;",
            "use super::a::{self, B};",
            "use crate::a; type C = a::B;",
            "fn c(_: &[crate::a::B]) {}",
            "fn c() { assert_eq!(1, [super::a::B::new()].len()); }",
            "mod d { use super::super::a::B; }",
            "use crate::a::*; const C: B = B;",
            "fn c() -> crate::r#a::B { todo!() }",
            "#[derive(C)] #[error(\"{}\", crate::a::B)] struct D;",
            "struct D { #[serde(with = \"crate::a::B\")] e: u8 }",
        ] {
            let read = Crate::made_up(&[
                ("lib.rs", "mod a; mod c;"),
                ("a.rs", "pub struct B;"),
                ("c.rs", by),
            ]);
            assert!(by_file(&read)["c.rs"].contains_key("a.rs"), "{by}");
        }
    }

    #[test]
    fn tests_visibility_and_other_crates_are_no_use() {
        let read = Crate::made_up(&[
            ("lib.rs", "mod a; mod c;"),
            ("a.rs", "pub struct B;"),
            (
                "c.rs",
                "use std::fmt; pub(in crate::a) struct C; #[cfg(test)] mod tests { use crate::a::B; }
                #[cfg(test)] use crate::a::B; fn d() -> fmt::Result { a::b() }",
            ),
        ]);
        assert!(by_file(&read).is_empty());
    }
}
