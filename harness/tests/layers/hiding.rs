//! What would hide from these tests what a file takes, and is not written here for that reason.

use syn::visit::{self, Visit};
use syn::{Item, ItemExternCrate, ItemUse, UseTree};

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

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        if item.ident == "self" {
            self.ways.push("renames the crate");
        }
    }
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
            ("c.rs", "pub struct D;"),
        ];
        assert!(told(&Crate::made_up(&plain)).is_empty());
    }
}
