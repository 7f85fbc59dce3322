//! The built-in router as a device: a node, so that time can be virtual.

use ngnlab_sim::message::packet::Mac;

use super::Macs;

/// The MAC addresses of the reference router; locally administered, so nobody's.
pub const MACS: Macs = Macs {
    wan: Mac([0x02, 0x00, 0x5e, 0x10, 0x00, 0x01]),
    lan: Mac([0x02, 0x00, 0x5e, 0x10, 0x00, 0x02]),
};
