//! Every fault that there is, in the order of the files: what the switches are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::constants;
use crate::error::Error;
use crate::finder::{self, Found};
use crate::known::{NEVER, NOTHING};
use crate::mutant::Mutant;

/// The sources of the router, and what can be changed in them.
pub(crate) struct Catalogue {
    /// The text of each file, by its name below `sim/src/node`.
    pub(crate) texts: BTreeMap<String, String>,
    /// All faults; each has its place as number.
    pub(crate) mutants: Vec<Mutant>,
}

impl Catalogue {
    /// Reads the router's sources below the root of a workspace.
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let nodes = root.join(NODES);
        let mut texts = BTreeMap::new();
        // The PPPoE client is the router's, too, whoever else uses it.
        let mut paths = vec![nodes.join("router.rs"), nodes.join("part/pppoe_client.rs")];
        collect(&nodes.join("router"), &mut paths)?;
        collect(&nodes.join("part/pppoe_client"), &mut paths)?;
        paths.sort();
        for path in paths {
            let name = path.strip_prefix(&nodes).expect("it was found below");
            let name = name.to_string_lossy().into_owned();
            if !is_machinery(&name) {
                let text = fs::read_to_string(&path);
                texts.insert(name, text.map_err(Error::reading(&path))?);
            }
        }
        let mut files = BTreeMap::new();
        for (name, text) in &texts {
            let ast = syn::parse_file(text).map_err(|source| Error::Parse {
                file: name.clone(),
                source,
            })?;
            files.insert(name.clone(), finder::find(name, text, &ast));
        }
        let alive = alive(&files);
        let is_alive = |function: &str| alive.contains(function);
        let mut mutants: Vec<Mutant> = Vec::new();
        let named: BTreeMap<String, _> = files
            .keys()
            .map(|file| (file.clone(), constants::places(file, &files, is_alive)))
            .collect();
        for (file, found) in files {
            let own = found.places.into_iter();
            let own = own.filter(|place| is_alive(&place.function));
            let named = named.get(&file).into_iter().flatten();
            let named: Vec<_> = named.map(|place| (*place).clone()).collect();
            let mut places: Vec<_> = own.chain(named).collect();
            places.sort_by_key(|place| place.line);
            let mut before: BTreeMap<_, usize> = BTreeMap::new();
            for place in places {
                let text = (
                    place.function.clone(),
                    place.operator,
                    place.before.clone(),
                    place.after.clone(),
                );
                let nth = before.entry(text).or_default();
                *nth += 1;
                mutants.push(Mutant {
                    number: mutants.len(),
                    file: file.clone(),
                    line: place.line,
                    function: place.function,
                    operator: place.operator,
                    before: place.before,
                    after: place.after,
                    nth: *nth,
                    edits: place.edits,
                });
            }
        }
        Ok(Self { texts, mutants })
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::reading(folder))? {
        let path = entry.map_err(Error::reading(folder))?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// Returns the functions that somebody calls while no defect is on.
///
/// Of one name all are taken for called: what is meant is not known without types.
fn alive(files: &BTreeMap<String, Found>) -> BTreeSet<String> {
    let functions = || files.values().flat_map(|found| &found.functions);
    let mut alive: BTreeSet<String> = BTreeSet::new();
    let mut called: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = alive.len();
        for (name, function) in functions() {
            let last = name.rsplit("::").next().unwrap_or(name);
            // What stands outside of functions has no name.
            let is_called = function.is_root || called.contains(last) || name.is_empty();
            let is_in_vain =
                IN_VAIN.contains(&&**name) || NEVER.contains(&last) || NOTHING.contains(&last);
            if is_called && !is_in_vain && alive.insert(name.clone()) {
                called.extend(function.refers_to.iter().map(|name| &**name));
            }
        }
        if alive.len() == before {
            return alive;
        }
    }
}

/// Returns whether a file holds nothing but what defects are made of.
fn is_machinery(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    MACHINERY.contains(&file) || file.starts_with("spoilt_")
}

const NODES: &str = "sim/src/node";

const MACHINERY: &[&str] = &[
    "defect.rs",
    "all_defects.rs",
    "own_refusals.rs",
    "uplink_probe.rs",
    "wrong_cache.rs",
];

/// Functions that are called without a defect and then do nothing, beside those of `known`.
const IN_VAIN: &[&str] = &[
    "Discovery::hear",
    "Discovery::speak",
    "Router::accept_management",
    "retain",
    "rip_request",
    "spoil",
    "truncate",
];
