//! Whether the two sides are what they are said to be, and were captured together.

use ngnlab_sim::line::Upstream;
use ngnlab_sim::trace::Role;

use super::points::Points;
use super::{Heap, Request};

/// Returns a sentence on each thing that does not look like one router's WAN and LAN.
pub(super) fn doubts(heap: &Heap, points: &Points, request: &Request) -> Vec<String> {
    let mut doubts = Vec::new();
    let signs = |role: Role| {
        let places = points.of(role).iter();
        let signs = places.filter_map(|place| heap.places.signs.get(place));
        signs.map(super::signs::Signs::points).max()
    };
    // A home gateway is asked by its terminals, and the router is one of them.
    let is_told = request.line.upstream == Upstream::Onu;
    if is_told && signs(Role::Wan).is_some_and(|(wan, lan)| lan > wan) {
        doubts.push(
            "what was said to be the WAN looks like a LAN, since terminals ask a router there: say \
             --wan and --lan as they are; so far nothing counts as failed"
                .to_owned(),
        );
    }
    if is_told && signs(Role::Lan).is_some_and(|(wan, lan)| wan >= DELEGATES && lan == 0) {
        doubts.push(
            "what was said to be the LAN looks like a WAN, since a router asks for a prefix there: \
             say --wan and --lan as they are; so far nothing counts as failed"
                .to_owned(),
        );
    }
    if let (Some(wan), Some(lan)) = (span(heap, points, Role::Wan), span(heap, points, Role::Lan)) {
        let apart = (lan.0 - wan.1).max(wan.0 - lan.1);
        if apart > 0 {
            doubts.push(format!(
                "the WAN and the LAN were captured one after the other, {:.3} s apart: capture both \
                 at the same time; so far nothing counts as failed",
                apart as f64 / 1e9
            ));
        }
    }
    doubts
}

/// Returns when the first and the last frame of a side was caught.
fn span(heap: &Heap, points: &Points, role: Role) -> Option<(i128, i128)> {
    let places = points.of(role);
    let there = heap.kept.iter();
    let there = there.filter(|kept| places.contains(&kept.place));
    let mut times = there.map(|kept| kept.at);
    // They are in the order of time.
    let first = times.next()?;
    Some((first, times.next_back().unwrap_or(first)))
}

/// What a question for a prefix weighs in [`super::signs::Signs::points`].
const DELEGATES: u32 = 10;
