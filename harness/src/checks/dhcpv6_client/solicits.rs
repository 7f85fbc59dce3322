//! The client's search for a server: its Solicits, and the Advertises that offer something.

use crate::checks::evidence::dhcpv6_exchanges::{Asked, exchanges};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

/// Returns the Solicits of the device, each with its repetitions and what answered it.
pub(super) fn solicits<'d>(trace: &'d Dissection<'_>) -> Vec<Asked<'d>> {
    let mut all = exchanges(trace);
    all.retain(|asked| asked.messages[0].is.kind == Kind::Solicit);
    all
}

/// Returns whether an Advertise offers anything: a prefix, or an address.
pub(super) fn offers(found: &Found<Dhcpv6>) -> bool {
    !found.is.granted().is_empty() || found.is.grants_address()
}
