//! Packets that must or must not cross the device, and how long that may take.

use std::time::Duration;

use ngnlab_reports::Verdict;
use ngnlab_sim::message::packet::{Packet, is_routable};
use ngnlab_sim::trace::Role;

use crate::checks::delay::Delay;
use crate::checks::evidence::ip_protocols::{EXTENSIONS, ICMPV6, TCP, UDP};
use crate::checks::ruling::{Ruling, broken, every, finding, never};
use crate::dissection::crossing::Flow;
use crate::dissection::{Dissection, Found, IcmpError};

/// Returns what terminals and strangers on the LAN sent to the device for it to pass on.
pub(in crate::checks) fn to_pass_on<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = &'d Found<Packet<'t>>> + use<'d, 't> {
    let macs = trace.device_macs();
    trace.packets.iter().filter(move |found| {
        found.to_device(Role::Lan)
            && macs.contains(&found.eth_destination)
            && is_routable(found.source)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
    })
}

/// How long a device may take to pass a packet on, or to answer it, the search for a neighbour
/// included (RFC 4861 §10: three solicitations, a second apart).
pub(in crate::checks) const SOON: Duration = Duration::from_secs(3);

/// How long a flow may be silent before a filter may forget it (RFC 6092 REC-12, REC-14: two
/// minutes), less a second for the way.
pub(in crate::checks) const IDLE: Duration = Duration::from_secs(119);

/// Judges that packets of a kind come out on the other side, whichever way they go.
pub(in crate::checks) fn must_cross<'t>(
    trace: &Dissection<'t>,
    what: &str,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
) -> Verdict {
    let chosen = trace.packets.iter().filter(|found| {
        select(found)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
            && (trace.passes_out_for(found, SOON) || trace.passes_in_for(found, IDLE, SOON))
    });
    every(what, chosen, |found| match trace.crossed(found) {
        Some(after) => Ruling::Holds(vec![found.record, after.record]),
        None if trace.was_looking_for_next_hop(found, SOON) => Ruling::Skip,
        None => broken(
            [found.record],
            format!("the {what} forwarded"),
            "it did not leave on the other side",
        )
        .unless_late(
            trace,
            Delay::Race {
                from: found.at,
                to: found.arrives + SOON,
            },
        ),
    })
}

/// Judges that no packet of a kind comes out on the other side.
pub(in crate::checks) fn must_not_cross<'t>(
    trace: &Dissection<'t>,
    what: &str,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
) -> Verdict {
    let tried: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.to_device(found.on)
                && found.on != Role::Uplink
                && !trace.is_device_address(found.destination)
                && select(found)
        })
        .collect();
    let through = tried.iter().filter_map(|found| {
        let after = trace.crossed(found)?;
        Some(finding(
            [found.record, after.record],
            format!("the {what} dropped"),
            "it left on the other side",
        ))
    });
    never(what, tried.iter().map(|found| found.record), through)
}

/// Returns the flow of the packet that an error quotes.
pub(in crate::checks) fn quoted_flow(error: &IcmpError) -> Option<Flow> {
    let quoted = error.quoted?;
    let (from, to) = match quoted.next_header {
        TCP | UDP => quoted.ports?,
        ICMPV6 => (quoted.echo?, quoted.echo?),
        // Behind extension headers it would have to be looked for.
        number if EXTENSIONS.contains(&number) => return None,
        _ => (0, 0),
    };
    Some(Flow {
        protocol: quoted.next_header,
        source: (quoted.source, from),
        destination: (quoted.destination, to),
    })
}
