//! Somebody on the line who wants to ask the device's own DNS forwarder over TCP (RFC 7766).

use std::net::Ipv6Addr;

use etherparse::TcpHeader;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::packet::{Envelope, is_link_local};

use super::{PORT, question};
use crate::play::sight::Sight;
use crate::scenario::step::crafted::Crafted;

/// Returns the beginning of a connection to each address of the device, or a question on each.
pub(super) fn frames(crafted: Crafted, sight: &Sight<'_>) -> Vec<Frame> {
    let gateway = sight.gateway();
    let each = sight.device_addresses().into_iter().map(|to| {
        let source = match is_link_local(to) {
            true => gateway.address,
            false => sight.stranger(),
        };
        let envelope = Envelope::new(gateway.mac, sight.wan_mac(), source, to);
        match crafted {
            Crafted::DnsConnectionToDevice => begin(envelope),
            _ => ask(envelope, sequence_at(to, sight)),
        }
    });
    each.collect()
}

fn begin(envelope: Envelope) -> Frame {
    let mut header = TcpHeader::new(PORT, DNS, FIRST, WINDOW);
    header.syn = true;
    envelope.tcp(header, &[])
}

/// Whoever took no connection is asked all the same.
fn ask(envelope: Envelope, sequence: Option<u32>) -> Frame {
    let mut header = TcpHeader::new(PORT, DNS, FIRST + 1, WINDOW);
    (header.ack, header.psh) = (true, true);
    header.acknowledgment_number = sequence.map_or(1, |sequence| sequence.wrapping_add(1));
    let question = question();
    // RFC 1035 §4.2.2: the length comes first.
    let length = u16::try_from(question.len()).expect("a question is short");
    envelope.tcp(header, &[&length.to_be_bytes()[..], &question].concat())
}

/// Returns the sequence number with which the device took the connection at an address.
fn sequence_at(address: Ipv6Addr, sight: &Sight<'_>) -> Option<u32> {
    sight.from_the_device().find_map(|packet| {
        let tcp = packet.tcp().filter(|tcp| tcp.syn() && tcp.ack())?;
        let is_its = packet.source == address && tcp.source_port() == DNS;
        (is_its && tcp.destination_port() == PORT).then(|| tcp.sequence_number())
    })
}

/// Where DNS is asked for (RFC 1035 §4.2).
const DNS: u16 = 53;
const FIRST: u32 = 1;
const WINDOW: u16 = 65_535;
