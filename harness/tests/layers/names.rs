//! What an item is called, and what a `use` brings in under which name.

use syn::{Attribute, Item, UseTree};

/// One name that a `use` brings in.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// What it is called here; nothing for all that a module has.
    pub(crate) name: Option<String>,
    /// The path it was taken by.
    pub(crate) path: Vec<String>,
}

/// Returns everything that the items bring in.
pub(crate) fn imports(items: &[Item]) -> Vec<Import> {
    let mut found = Vec::new();
    for item in items {
        if let Item::Use(item) = item {
            branch(&item.tree, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Follows one branch of a `use`, down to its leaves.
pub(crate) fn branch(tree: &UseTree, path: &mut Vec<String>, found: &mut Vec<Import>) {
    let mut leaf = |name: Option<String>, last: Option<String>| {
        // `use x::{self}` is `use x`.
        let last = last.filter(|last| last != "self" || path.is_empty());
        let path: Vec<String> = path.iter().cloned().chain(last).collect();
        let name = match name {
            Some(name) if name == "self" => path.last().cloned(),
            name => name,
        };
        found.push(Import { name, path });
    };
    match tree {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            branch(&part.tree, path, found);
            path.pop();
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            leaf(Some(name.clone()), Some(name));
        }
        UseTree::Rename(name) => {
            leaf(Some(name.rename.to_string()), Some(name.ident.to_string()));
        }
        UseTree::Glob(_) => leaf(None, None),
        UseTree::Group(group) => {
            for tree in &group.items {
                branch(tree, path, found);
            }
        }
    }
}

/// Returns what an item is called, if it has a name.
pub(crate) fn own(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Returns the attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
