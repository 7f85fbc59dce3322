//! What a terminal sends beside TCP, apart from where it comes from.

use std::net::Ipv6Addr;

/// A UDP datagram or an ICMPv6 message to be sent, apart from its source address.
#[derive(Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) to: Ipv6Addr,
    /// `None` for what the routers advertise.
    pub(super) hop_limit: Option<u8>,
    pub(super) body: Body<'a>,
}

/// What is inside an [`Outgoing`].
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Udp {
        from_port: u16,
        to_port: u16,
        payload: &'a [u8],
        /// Whether it may travel in fragments, if it is IPv4: DF is clear then.
        may_be_cut: bool,
    },
    /// The body starts after the checksum and has four bytes or more.
    Icmpv6 { kind: u8, body: &'a [u8] },
}
