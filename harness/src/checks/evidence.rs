//! What several rooms read out of a trace, before any of them judges it.

pub(super) mod dhcpv6_exchanges;
pub(super) mod formed_addresses;
pub(super) mod given_prefixes;
pub(super) mod icmpv6_messages;
pub(super) mod invitations;
pub(super) mod ip_protocols;
pub(super) mod lan_adverts;
pub(super) mod lan_dhcpv6;
pub(super) mod shown_pages;
pub(super) mod silent_line;
pub(super) mod site_visits;
pub(super) mod spans;
#[cfg(test)]
pub(super) mod test_addresses;
#[cfg(test)]
pub(super) mod test_adverts;
#[cfg(test)]
pub(super) mod test_dhcpv6;
pub(super) mod through_device;
pub(super) mod trouble;
pub(super) mod wan_adverts;
