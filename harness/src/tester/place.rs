//! Where a device is measured.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ngnlab_reports::benchmark::Family;
use ngnlab_sim::line::Area;

use crate::scenario::Scenario;

/// The line that a device is put on.
#[derive(Clone, Debug)]
pub(crate) struct Place<'s> {
    /// The scenario of the line.
    pub(crate) scenario: &'s Scenario,
    /// Over what questions come.
    pub(crate) family: Family,
    /// The area.
    pub(crate) area: Area,
    /// What everything random follows from.
    pub(crate) seed: u64,
    /// How long a device may take until it answers.
    pub(crate) ready_within: Duration,
    /// Whether nobody waits for a reply any more.
    pub(crate) stop: Arc<AtomicBool>,
}
