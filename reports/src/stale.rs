//! The entries of a device file, and whether they still hold: a known failure fails, and what is
//! excused is not judged. Only all of the runs can tell that.

use serde::{Deserialize, Serialize};

use crate::StaleKnown;

/// What became of one entry in some of the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The check, the promise of a scenario, or the way in which the device fails.
    pub what: String,
    /// The reason the device file gives.
    pub reason: String,
    /// Whether it excuses what is not judged, and knows of no failure.
    pub excuses: bool,
    /// The scenario and the area where it was judged first, if it was.
    pub judged_in: Option<(String, String)>,
    /// Whether it failed anywhere.
    pub failed: bool,
}

impl StaleKnown {
    /// Says what does not hold, and what to do about it.
    pub fn said(&self) -> (String, &'static str) {
        match &self.excused_in {
            None => (
                format!("{} is a known failure, but passes", self.check),
                "take the [[known]] entry out of the device file",
            ),
            Some(_) => (
                format!("{} is excused, but was judged", self.check),
                "take the [[excuse]] entry out of the device file, or give it the `area` in which \
                 nothing is judged",
            ),
        }
    }
}

/// Returns the entries that do not hold, wherever they were judged.
pub fn stale(watched: &[Watched]) -> Vec<StaleKnown> {
    let stale = watched.iter().filter(|one| !one.failed);
    let stale = stale.filter_map(|one| {
        let (scenario, area) = one.judged_in.as_ref()?;
        Some(StaleKnown {
            check: one.what.clone(),
            reason: one.reason.clone(),
            excused_in: one.excuses.then(|| format!("{scenario} ({area})")),
        })
    });
    stale.collect()
}
