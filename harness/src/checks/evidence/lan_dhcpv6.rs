//! What DHCPv6 clients on the LAN asked, and what the device's server told them.

use ngnlab_sim::trace::Role;

use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

/// Returns what clients on the LAN said and the device heard.
pub(in crate::checks) fn questions<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace.lan_questions()
}

/// Returns what the device's server said on the LAN.
pub(in crate::checks) fn answers<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace.dhcpv6.iter().filter(|found| {
        found.by_device(Role::Lan) && matches!(found.is.kind, Kind::Advertise | Kind::Reply)
    })
}
