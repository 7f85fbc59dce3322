//! A box between line and router that lets no IPv6 pass, as an old UTM or key-phone main unit does
//! (guide p.5: every device on the path must support IPv6).

use crate::frame::Frame;
use crate::node::{Context, Node};
use crate::time::Time;

/// The box: it passes every frame on but those with IPv6 in them.
pub struct Ipv4Box;

impl Ipv4Box {
    /// The socket towards the line.
    pub const LINE: u8 = 0;
    /// The socket towards the router.
    pub const LAN: u8 = 1;
}

impl Node for Ipv4Box {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if frame.get(ETHER_TYPE..ETHER_TYPE + 2) == Some(&IPV6[..]) {
            return;
        }
        let other = if port == Self::LINE {
            Self::LAN
        } else {
            Self::LINE
        };
        cx.send(other, frame.clone());
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

/// Where the EtherType stands in a frame.
const ETHER_TYPE: usize = 12;
/// The EtherType of IPv6 (RFC 2464 §3).
const IPV6: [u8; 2] = [0x86, 0xdd];
