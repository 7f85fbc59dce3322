//! Where something was seen, and the same thing of several places once.

use crate::Case;

/// Returns the first of each kind, with the cases of all that are the same to a reader.
pub(super) fn grouped<'a, T, K: PartialEq>(
    items: impl Iterator<Item = (&'a Case, &'a T)>,
    kind: impl Fn(&T) -> K,
) -> Vec<(&'a T, Vec<&'a Case>)> {
    let mut groups: Vec<(K, &T, Vec<&Case>)> = Vec::new();
    for (case, item) in items {
        let key = kind(item);
        match groups.iter_mut().find(|(known, ..)| *known == key) {
            Some((.., cases)) => cases.push(case),
            None => groups.push((key, item, vec![case])),
        }
    }
    let groups = groups.into_iter();
    groups.map(|(_, item, cases)| (item, cases)).collect()
}

pub(super) fn places(cases: &[&Case]) -> String {
    let shown: Vec<_> = cases
        .iter()
        .take(PLACES_MAX)
        .map(|case| case.place())
        .collect();
    let more = cases.len().saturating_sub(PLACES_MAX);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{tail}", shown.join(", "))
}

pub(super) fn several(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

const PLACES_MAX: usize = 4;
