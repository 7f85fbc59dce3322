//! The tester with both sides plugged into each other, as RFC 8219 §9.2.1 asks for before anything is
//! said about a device.

use std::io;

use ngnlab_sim::link::aside::Aside;
use ngnlab_sim::link::packets::Packets;
use std::net::Ipv6Addr;

use super::cores::Cores;
use super::message::Ends;
use super::sides::Sides;

/// Starts a tester whose questions come to its own other side.
pub(super) fn start(server: Ipv6Addr, cores: Option<&Cores>) -> io::Result<Sides> {
    let (mut lan, mut wan) = Packets::pair()?;
    let (lan, wan) = (Aside::alone(&mut lan)?, Aside::alone(&mut wan)?);
    Ok(Sides::start(lan, wan, [server].into(), cores))
}

/// Returns between whom its questions travel.
pub(super) fn ends(server: Ipv6Addr) -> Ends {
    Ends {
        macs: ([0x02, 0, 0x5e, 0x40, 0, 1], [0x02, 0, 0x5e, 0x10, 0, 2]),
        // RFC 3849: an address for examples.
        addresses: (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), server),
    }
}
