//! The modules of a crate: each with its file, its items and the names that it brings in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::{Attribute, Item};

use crate::names::{self, Import};

/// The path of a module from the root of its crate.
pub(crate) type ModulePath = Vec<String>;

/// A crate's modules, without those for tests.
pub(crate) struct Crate {
    /// What its folder is called.
    pub(crate) name: String,
    /// The modules by their paths; the root's is empty.
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

/// A module, be it a file or a part of one.
pub(crate) struct Module {
    /// The file, from the folder of the crate's sources on.
    pub(crate) file: String,
    /// What it consists of, without its tests.
    pub(crate) items: Vec<Item>,
    /// The comment at its top.
    pub(crate) doc: Vec<String>,
    /// What its items are called.
    pub(crate) own: BTreeSet<String>,
    /// What it brings in by `use`.
    pub(crate) imports: Vec<Import>,
}

impl Crate {
    /// Reads a crate from the folder of its sources.
    pub(crate) fn read(name: &str, folder: &Path) -> Self {
        Self::from_sources(name, &|file| fs::read_to_string(folder.join(file)).ok())
    }

    /// Reads a crate whose files have these texts.
    pub(crate) fn from_sources(name: &str, text: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut read = Self {
            name: name.to_owned(),
            modules: BTreeMap::new(),
        };
        read.add_file("lib.rs", Vec::new(), text);
        read
    }

    fn add_file(&mut self, file: &str, path: ModulePath, text: &dyn Fn(&str) -> Option<String>) {
        let source = text(file).unwrap_or_else(|| panic!("{}/{file} is missing", self.name));
        let parsed = syn::parse_file(&source).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.add(file, path, parsed.items, doc(&parsed.attrs), text);
    }

    fn add(
        &mut self,
        file: &str,
        path: ModulePath,
        items: Vec<Item>,
        doc: Vec<String>,
        text: &dyn Fn(&str) -> Option<String>,
    ) {
        let mut kept = Vec::new();
        for item in items {
            if is_for_tests(names::attributes(&item)) {
                continue;
            }
            let Item::Mod(module) = item else {
                kept.push(item);
                continue;
            };
            let name = module.ident.to_string();
            let below: ModulePath = path.iter().cloned().chain([name]).collect();
            match module.content {
                Some((_, items)) => self.add(file, below, items, Vec::new(), text),
                None => self.add_file(&format!("{}.rs", below.join("/")), below, text),
            }
        }
        let module = Module {
            file: file.to_owned(),
            own: kept.iter().filter_map(names::own).collect(),
            imports: names::imports(&kept),
            items: kept,
            doc,
        };
        self.modules.insert(path, module);
    }

    /// Reads a crate that exists nowhere, from the names and texts of its files.
    pub(crate) fn made_up(files: &[(&str, &str)]) -> Self {
        Self::from_sources("made-up", &|name| {
            let file = files.iter().find(|(file, _)| *file == name);
            file.map(|(_, text)| (*text).to_owned())
        })
    }

    /// Returns whether a module of this path exists.
    pub(crate) fn has(&self, path: &[String]) -> bool {
        self.modules.contains_key(path)
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}

fn doc(attributes: &[Attribute]) -> Vec<String> {
    let lines = attributes.iter().filter_map(|attribute| {
        let pair = attribute.meta.require_name_value().ok()?;
        let syn::Expr::Lit(literal) = &pair.value else {
            return None;
        };
        match &literal.lit {
            syn::Lit::Str(line) if pair.path.is_ident("doc") => Some(line.value()),
            _ => None,
        }
    });
    lines.collect()
}
