//! The layers of a crate: the numbered list in the comment of its `lib.rs`, topmost first.
//!
//! A row names modules, and means everything below them but what has a row of its own. None of a
//! row may use what stands above it, nor another of the same row.

use std::collections::BTreeMap;

use crate::crates::{Crate, ModulePath};
use crate::uses::{self, Taken};

/// Which module is in which layer.
#[derive(Debug)]
pub(crate) struct Order {
    layers: BTreeMap<ModulePath, usize>,
}

impl Order {
    /// Reads the list, whose rows are `1. [`top`], `below::other`: what they are`.
    pub(crate) fn read(read: &Crate) -> Self {
        let doc = &read.modules[&Vec::new()].doc;
        let rows = doc.iter().filter_map(|line| row(line));
        let layers = rows.enumerate().flat_map(|(number, modules)| {
            let modules = modules.into_iter();
            modules.map(move |module| (module, number))
        });
        Self {
            layers: layers.collect(),
        }
    }

    /// Returns a sentence on everything that does not keep to the layers.
    pub(crate) fn broken(&self, read: &Crate) -> Vec<String> {
        let file = format!("{}/src/lib.rs", read.name);
        let homeless = read
            .modules
            .keys()
            .filter(|path| !path.is_empty() && self.home(path).is_none())
            .map(|path| format!("{file} names no layer for {}", path.join("::")));
        let gone = self
            .layers
            .keys()
            .filter(|path| !read.has(path))
            .map(|path| format!("{file} names {}, which is not there", path.join("::")));
        let wrong = uses::taken(read)
            .into_iter()
            .filter_map(|taken| self.wrong(read, &taken));
        homeless.chain(gone).chain(wrong).collect()
    }

    /// Returns which of the named modules a module belongs to, and its layer.
    fn home(&self, path: &[String]) -> Option<(&ModulePath, usize)> {
        let lengths = (1..=path.len()).rev();
        let mut homes = lengths.filter_map(|length| self.layers.get_key_value(&path[..length]));
        homes.next().map(|(module, layer)| (module, *layer))
    }

    fn wrong(&self, read: &Crate, taken: &Taken) -> Option<String> {
        let (by, layer) = self.home(&taken.by)?;
        let (from, of) = self.home(&taken.from)?;
        if by == from || of > layer {
            return None;
        }
        let how = if of == layer { "beside" } else { "above" };
        let [by_file, from_file] = [&taken.by, &taken.from].map(|path| &read.modules[path].file);
        Some(format!(
            "{}: {by_file} takes {} from {from_file}, but {} stands {how} {}",
            read.name,
            taken.name,
            from.join("::"),
            by.join("::"),
        ))
    }
}

/// Returns the modules of one row of the list.
fn row(line: &str) -> Option<Vec<ModulePath>> {
    let (number, row) = line.trim().split_once(". ")?;
    number.parse::<usize>().ok()?;
    let (modules, _) = row.split_once(": ")?;
    let names = modules.split('`').skip(1).step_by(2);
    Some(
        names
            .map(|name| name.split("::").map(str::to_owned).collect())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: &str = "//! A house.\n//!\n//! 1. [`roof`](mod@roof): what keeps the rain out\n\
        //! 2. `walls`, [`stairs`]: what stands\n//! 3. `walls::bricks`: what walls are of\n\
        mod roof; mod stairs; mod walls;";

    #[test]
    fn an_import_goes_down_the_layers_and_neither_up_nor_aside() {
        let told = broken(&[
            ("lib.rs", HOUSE),
            (
                "roof.rs",
                "use crate::walls::{Wall, bricks::Brick}; pub struct Roof(Wall, Brick);",
            ),
            (
                "stairs.rs",
                "use crate::walls::Wall; pub struct Stairs(Wall);",
            ),
            ("walls.rs", "pub mod bricks; pub struct Wall;"),
            (
                "walls/bricks.rs",
                "pub struct Brick(Option<crate::roof::Roof>);",
            ),
        ]);
        assert_eq!(
            told,
            [
                "made-up: stairs.rs takes Wall from walls.rs, but walls stands beside stairs",
                "made-up: walls/bricks.rs takes Roof from roof.rs, but roof stands above walls::bricks",
            ]
        );
    }

    #[test]
    fn the_list_has_every_module_and_no_other() {
        let doc = HOUSE
            .replace("`stairs`", "`cellar`")
            .replace("//! 3. `walls::bricks`", "//! -");
        let told = broken(&[
            ("lib.rs", &doc),
            ("roof.rs", ""),
            ("stairs.rs", ""),
            ("walls.rs", "mod bricks;"),
            ("walls/bricks.rs", ""),
        ]);
        assert_eq!(
            told,
            [
                "made-up/src/lib.rs names no layer for stairs",
                "made-up/src/lib.rs names cellar, which is not there",
            ]
        );
    }

    fn broken(files: &[(&str, &str)]) -> Vec<String> {
        let read = Crate::made_up(files);
        Order::read(&read).broken(&read)
    }
}
