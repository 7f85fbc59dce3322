//! The time between one unsolicited advertisement on the LAN and the next.

use std::time::Duration;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;

use crate::checks::evidence::lan_adverts::adverts;
use crate::dissection::Dissection;

/// The time between two advertisements to all nodes.
pub(super) struct Gap {
    pub(super) records: [RecordId; 2],
    pub(super) length: Duration,
    /// When the second one came.
    pub(super) ends: Time,
    /// The router lifetime of the first one.
    pub(super) lifetime: Duration,
}

/// Returns the times between advertisements to all nodes during which the device went on as
/// before: it kept its power, its cables and the prefix.
pub(super) fn gaps(trace: &Dissection<'_>) -> Vec<Gap> {
    let multicast: Vec<_> = adverts(trace)
        .filter(|ra| ra.destination.is_multicast())
        .collect();
    multicast
        .windows(2)
        .filter(|pair| {
            let prefixes = |index: usize| {
                let alive = pair[index].is.prefixes().filter(|prefix| prefix.valid > 0);
                alive.map(|prefix| prefix.prefix).collect::<Vec<_>>()
            };
            prefixes(0) == prefixes(1) && !trace.is_disturbed(pair[0].at, pair[1].at)
        })
        .map(|pair| Gap {
            records: [pair[0].record, pair[1].record],
            length: pair[1].at.since(pair[0].at),
            ends: pair[1].at,
            lifetime: pair[0].is.lifetime,
        })
        .collect()
}
