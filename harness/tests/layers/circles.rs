//! Circles: files of which each takes something from the next, and the last from the first.

use std::collections::{BTreeMap, BTreeSet};

use crate::crates::Crate;
use crate::uses::{self, Uses};

/// Returns of each knot of files a sentence about one circle in it.
pub(crate) fn told(read: &Crate) -> Vec<String> {
    let uses = uses::by_file(read);
    let knots = knots(&uses);
    knots
        .iter()
        .map(|knot| sentence(&read.name, &uses, knot))
        .collect()
}

/// Returns the largest sets of files that all reach each other.
fn knots(uses: &Uses) -> Vec<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = uses
        .keys()
        .map(|file| (file.as_str(), reached(uses, file)))
        .collect();
    let mut knots: Vec<BTreeSet<&str>> = Vec::new();
    for (file, others) in &reached {
        if !others.contains(file) || knots.iter().any(|knot| knot.contains(file)) {
            continue;
        }
        let comes_back = |other: &&&str| reached.get(**other).is_some_and(|it| it.contains(file));
        knots.push(others.iter().filter(comes_back).copied().collect());
    }
    knots
}

fn reached<'a>(uses: &'a Uses, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(file) = waiting.pop() {
        for next in uses.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next.as_str()) {
                waiting.push(next);
            }
        }
    }
    reached
}

fn sentence(name: &str, uses: &Uses, knot: &BTreeSet<&str>) -> String {
    let first = knot.first().expect("a knot has files");
    let circle = shortest(uses, knot, first);
    let mut lines = vec![format!(
        "{} files of {name} are tied in a knot; a circle in it:",
        knot.len()
    )];
    for (index, file) in circle.iter().enumerate() {
        let next = circle[(index + 1) % circle.len()];
        let taken: Vec<&str> = uses[*file][next].iter().map(String::as_str).collect();
        lines.push(format!("  {file} takes {} from {next}", taken.join(", ")));
    }
    lines.join("\n") + "\n"
}

/// Returns the shortest way from a file back to itself.
fn shortest<'a>(uses: &'a Uses, knot: &BTreeSet<&'a str>, first: &'a str) -> Vec<&'a str> {
    let mut ways = vec![vec![first]];
    let mut seen = BTreeSet::new();
    loop {
        let mut longer = Vec::new();
        for way in &ways {
            let last = way.last().expect("a way begins somewhere");
            for next in uses[*last].keys().map(String::as_str) {
                if next == first {
                    return way.clone();
                }
                if knot.contains(next) && seen.insert(next) {
                    longer.push(way.iter().copied().chain([next]).collect());
                }
            }
        }
        ways = longer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_circle_is_told_with_what_ties_it() {
        let told = told(&Crate::made_up(&[
            ("lib.rs", "mod bell; mod door; mod house;"),
            ("bell.rs", "use crate::door::Door; pub struct Bell(Door);"),
            (
                "door.rs",
                "pub struct Door; pub fn open() { crate::house::LIGHT; }",
            ),
            (
                "house.rs",
                "use crate::bell::Bell; pub const LIGHT: Option<Bell> = None;",
            ),
        ]));
        let [told] = &told[..] else {
            panic!("{told:?}")
        };
        assert!(told.starts_with("3 files of made-up"), "{told}");
        assert!(told.contains("bell.rs takes Door from door.rs"), "{told}");
        assert!(told.contains("door.rs takes LIGHT from house.rs"), "{told}");
        assert!(told.contains("house.rs takes Bell from bell.rs"), "{told}");
    }

    #[test]
    fn a_front_door_and_what_is_behind_it_are_no_circle() {
        let told = told(&Crate::made_up(&[
            ("lib.rs", "mod house;"),
            ("house.rs", "mod room; pub trait Lit {} pub use room::Room;"),
            (
                "house/room.rs",
                "use super::Lit; pub struct Room; impl Lit for Room {}",
            ),
        ]));
        assert_eq!(told, [""; 0]);
    }

    #[test]
    fn what_a_front_door_hands_on_is_its_owners() {
        let told = told(&Crate::made_up(&[
            ("lib.rs", "mod house; pub use house::Lamp;"),
            (
                "house.rs",
                "mod lamp; mod room; pub use lamp::*; pub use room::Room;",
            ),
            ("house/lamp.rs", "use super::Room; pub struct Lamp(Room);"),
            (
                "house/room.rs",
                "pub fn light() -> crate::Lamp { todo!() } pub struct Room;",
            ),
        ]));
        let [told] = &told[..] else {
            panic!("{told:?}")
        };
        assert!(
            told.contains("lamp.rs takes Room from house/room.rs"),
            "{told}"
        );
        assert!(
            told.contains("room.rs takes Lamp from house/lamp.rs"),
            "{told}"
        );
    }
}
