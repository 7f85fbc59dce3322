//! ARP and IPv4, as a computer on the same wire sends them: a question for everybody who has an
//! address, and a datagram for everybody.

use std::net::Ipv4Addr;

use etherparse::{EtherType, PacketBuilder};
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::packet::ethernet::Ethernet;

/// Returns the frames.
pub(super) fn frames(sender: Mac) -> Vec<Frame> {
    vec![who_has(sender), datagram(sender)]
}

/// RFC 826: Ethernet and IPv4, request, sender, target.
fn who_has(sender: Mac) -> Frame {
    let payload = [
        &[0, 1, 8, 0, 6, 4, 0, 1][..],
        &sender.0,
        &OWN.octets(),
        &[0; 6],
        &ROUTER.octets(),
    ]
    .concat();
    let frame = Ethernet {
        source: sender,
        destination: EVERYBODY,
        kind: EtherType::ARP,
        payload: &payload,
    };
    frame.frame()
}

fn datagram(sender: Mac) -> Frame {
    let builder = PacketBuilder::ethernet2(sender.0, EVERYBODY.0)
        .ipv4(OWN.octets(), Ipv4Addr::BROADCAST.octets(), 64)
        .udp(PORT, PORT);
    let mut bytes = Vec::new();
    let written = builder.write(&mut bytes, b"ngnlab");
    written.expect("a short datagram can be built");
    bytes.into()
}

const EVERYBODY: Mac = Mac([0xff; 6]);
/// RFC 1918 §3: addresses of a LAN.
const OWN: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
/// Nobody's service.
const PORT: u16 = 40_000;
