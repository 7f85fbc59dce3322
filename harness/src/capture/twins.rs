//! Frames that a place caught twice each, as a switch does that mirrors what comes in and what goes
//! out, or `-i any` on a bridge and on its port.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Kept;
use super::points::Place;

/// Returns which frames are the second sight of another one, in places where nearly all are seen
/// twice. Where a few are, somebody sent them twice.
pub(super) fn twins(kept: &[Kept]) -> BTreeSet<usize> {
    let mut places: BTreeMap<Place, Seen<'_>> = BTreeMap::new();
    for (number, one) in kept.iter().enumerate() {
        places.entry(one.place).or_default().take_in(number, one);
    }
    let doubled = places.into_values().filter(Seen::is_doubled);
    doubled.flat_map(|seen| seen.twins).collect()
}

/// What a place caught so far.
#[derive(Default)]
struct Seen<'k> {
    frames: usize,
    /// When a frame was seen first, and whether again.
    last: HashMap<&'k [u8], (i128, bool)>,
    /// How many were seen again.
    again: usize,
    twins: Vec<usize>,
}

impl<'k> Seen<'k> {
    fn take_in(&mut self, number: usize, kept: &'k Kept) {
        match self.last.get_mut(&kept.frame[..]) {
            Some((first, again)) if kept.at - *first <= AT_ONCE => {
                self.again += usize::from(!*again);
                *again = true;
                self.twins.push(number);
            }
            _ => {
                self.frames += 1;
                self.last.insert(&kept.frame, (kept.at, false));
            }
        }
    }

    fn is_doubled(&self) -> bool {
        self.frames >= ENOUGH && self.again * 10 >= self.frames * 9
    }
}

/// A millisecond, in nanoseconds: a switch is quicker, and nobody repeats himself so soon.
const AT_ONCE: i128 = 1_000_000;
/// Fewer prove nothing.
const ENOUGH: usize = 10;
