//! What comes in because of what a terminal sent: errors about it, and answers to it.

use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::{IDLE, SOON, quoted_flow};
use crate::checks::ruling::{Ruling, broken};
use crate::dissection::crossing::Flow;
use crate::dissection::{Dissection, Found, IcmpError};

/// Returns the errors that came in for terminals, with their packets and the flows they quote.
pub(super) fn errors_for_terminals<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = (&'d Found<IcmpError>, &'d Found<Packet<'t>>, Flow)> {
    let errors = trace
        .errors
        .iter()
        .filter(|error| error.to_device(Role::Wan) && trace.is_terminal(error.destination));
    errors.filter_map(|error| {
        let at = trace
            .packets
            .binary_search_by_key(&error.record, |found| found.record);
        let packet = trace.packets.get(at.ok()?)?;
        Some((error, packet, quoted_flow(&error.is)?))
    })
}

/// Returns the packets that answer what a terminal sent less than two minutes ago.
pub(super) fn answers<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = (&'d Found<Packet<'t>>, &'d Found<Packet<'t>>, Flow)> {
    trace.packets.iter().filter_map(|found| {
        // What nodes of ours answer comes at once and proves nothing.
        if !found.injected || !trace.passes_in_for(found, IDLE, SOON) {
            return None;
        }
        let flow = Flow::of(&found.is)?;
        let sent = trace.last_out(flow.reversed(), found.record)?;
        Some((found, sent, flow))
    })
}

/// Rules on an answer to what a terminal sent: it has to reach the LAN.
pub(super) fn answer_crosses<'t>(
    trace: &Dissection<'t>,
    found: &Found<Packet<'t>>,
    sent: &Found<Packet<'t>>,
    expected: &str,
) -> Ruling {
    match trace.crossed(found) {
        Some(after) => Ruling::Holds(vec![sent.record, found.record, after.record]),
        None => broken(
            [sent.record, found.record],
            expected,
            "it did not leave on the LAN",
        )
        .unless_late(
            trace,
            Delay::Race {
                from: found.at,
                to: found.arrives + SOON,
            },
        ),
    }
}
