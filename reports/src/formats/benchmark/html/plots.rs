//! The plots of a page, one file each.

use super::drawing::Panel;

mod delays;
mod devices;
mod histogram;
mod shares;
mod timeline;

pub(super) use delays::delays;
pub(super) use devices::devices;
pub(super) use histogram::histogram;
pub(super) use shares::{is_alike, shares};
pub(super) use timeline::timeline;

const WIDTH: f64 = 680.0;
const HEIGHT: f64 = 320.0;

/// The panel of a plot that has one.
const PANEL: Panel = Panel {
    left: 78.0,
    right: 600.0,
    top: 14.0,
    bottom: 266.0,
};

/// Cuts a name to what fits; the tables have it whole.
fn short(name: &str, longest: usize) -> String {
    match name.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

/// Moves the places of labels down until none stands on another; they come and go sorted.
fn apart(places: &mut [f64], distance: f64) {
    for index in 1..places.len() {
        places[index] = places[index].max(places[index - 1] + distance);
    }
}
