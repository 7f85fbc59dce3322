//! The layers of a frame, one after the other, as far as the frame alone tells.

use std::ops::Range;

use ngnlab_reports::decoded::{Decoded, Layer};

use super::next::{Next, Part};
use super::{arp, dhcpv4, dhcpv6, dns, icmpv4, icmpv6, ipv4, ipv6, link, ppp, pppoe, tcp, udp};

/// A frame or packet, taken apart.
#[derive(Debug)]
pub(super) struct Stack {
    /// Its layers, outermost first.
    pub(super) layers: Vec<Layer>,
    /// What it is.
    pub(super) says: String,
    /// Where the data of a TCP segment stands, whose meaning depends on what came before.
    pub(super) segment: Option<Range<usize>>,
    /// What the frame was filled up with.
    trailer: Option<Layer>,
    /// Layers that do not stand in the frame.
    pub(super) apart: Vec<Layer>,
}

/// Takes an Ethernet frame apart.
pub(super) fn frame(bytes: &[u8]) -> Stack {
    Stack::of(bytes, link::ethernet(bytes))
}

/// Takes a packet apart that no link brought.
fn packet(bytes: &[u8]) -> Stack {
    Stack::of(bytes, ipv6::header(bytes, 0, bytes.len()))
}

impl Stack {
    fn of(bytes: &[u8], first: Part) -> Self {
        let mut this = Self {
            layers: Vec::new(),
            says: String::new(),
            segment: None,
            trailer: None,
            apart: Vec::new(),
        };
        let mut end = bytes.len();
        let (mut part, mut is_quoted, mut remark) = (first, false, "");
        let mut behind = None;
        loop {
            let at = part.layer.start + part.layer.length;
            end = part.until.map_or(end, |until| until.min(end)).max(at);
            if !is_quoted {
                this.says = part.says.unwrap_or(this.says);
                remark = if part.remark.is_empty() {
                    remark
                } else {
                    part.remark
                };
            }
            this.layers.push(part.layer);
            behind = behind.or(part.behind);
            is_quoted |= part.next == Next::Quoted;
            let next = match this.layers.len() < MOST_LAYERS {
                true => part.next,
                false => Next::Data,
            };
            if next == Next::Nothing || at == end {
                break;
            }
            if next == Next::Segment && !is_quoted {
                this.segment = Some(at..end);
                break;
            }
            part = following(next, bytes, at, end);
        }
        if !this.says.contains(remark) {
            this.says.push_str(remark);
        }
        if let Some(behind) = behind {
            let covered = this.covered();
            if covered < behind.start {
                let padding = link::data("Padding", bytes, covered, behind.start);
                this.layers.push(padding);
            }
            this.layers.push(behind);
        }
        let covered = this.covered();
        if covered < bytes.len() {
            this.trailer = Some(link::data("Trailer", bytes, covered, bytes.len()));
        }
        this
    }

    /// Returns where the layers end that stand in the frame.
    fn covered(&self) -> usize {
        let last = self.layers.last();
        let covered = last.map_or(0, |last| last.start + last.length);
        self.segment.as_ref().map_or(covered, |segment| segment.end)
    }

    /// Returns whether it is a piece of a packet.
    pub(super) fn is_fragment(&self) -> bool {
        self.layers.iter().any(|layer| layer.name == "Fragment")
    }

    /// Adds the packet whose last missing piece it brought.
    pub(super) fn put_together(&mut self, whole: &[u8]) {
        let packet = packet(whole).into_decoded(whole);
        self.says = format!("{}, put together from fragments", packet.summary);
        self.apart
            .extend(packet.layers.into_iter().map(|layer| Layer {
                apart: whole.to_vec(),
                ..layer
            }));
    }

    /// Returns it for people. Layers that stand apart come last, and each has its bytes with it, so
    /// that nobody needs the layer above to know where the bytes of a layer are.
    pub(super) fn into_decoded(self, bytes: &[u8]) -> Decoded {
        let mut layers = self.layers;
        if let Some(segment) = self.segment {
            layers.push(link::data("Data", bytes, segment.start, segment.end));
        }
        layers.extend(self.trailer);
        layers.extend(self.apart);
        Decoded {
            summary: self.says,
            layers,
        }
    }
}

fn following(next: Next, bytes: &[u8], at: usize, end: usize) -> Part {
    match next {
        Next::Ethertype(link::IPV6) => ipv6::header(bytes, at, end),
        Next::Ethertype(link::IPV4) => ipv4::header(bytes, at, end),
        Next::Ethertype(link::ARP) => arp::message(bytes, at, end),
        Next::Ethertype(pppoe::DISCOVERY | pppoe::SESSION) => pppoe::header(bytes, at, end),
        Next::Ethertype(kind) => {
            link::tag(kind, bytes, at, end).unwrap_or_else(|| data(bytes, at, end))
        }
        Next::Ppp(protocol) => ppp::control(protocol, bytes, at, end),
        Next::Protocol(tcp::TCP, ends) => tcp::header(ends, bytes, at, end),
        Next::Protocol(udp::UDP, ends) => udp::header(ends, bytes, at, end),
        // RFC 2473 §3 and RFC 2003 §3: packets in packets.
        Next::Protocol(41, ends) if !ends.is_piece => ipv6::header(bytes, at, end),
        Next::Protocol(4, ends) if !ends.is_piece => ipv4::header(bytes, at, end),
        Next::Protocol(icmpv4::ICMP, ends) if ends.is_ipv4 => icmpv4::message(ends, bytes, at, end),
        Next::Protocol(_, ends) if ends.is_ipv4 => data(bytes, at, end),
        Next::Protocol(icmpv6::ICMPV6, ends) => icmpv6::message(ends, bytes, at, end),
        Next::Protocol(number, ends) => {
            ipv6::extension(number, ends, bytes, at, end).unwrap_or_else(|| data(bytes, at, end))
        }
        Next::Datagram(_, dhcpv6::CLIENT_PORT | dhcpv6::SERVER_PORT) => {
            dhcpv6::message(bytes, at, end)
        }
        Next::Datagram(_, dhcpv4::CLIENT_PORT | dhcpv4::SERVER_PORT) => {
            dhcpv4::message(bytes, at, end)
        }
        Next::Datagram(dns::PORT, _) | Next::Datagram(_, dns::PORT) => {
            dns::message(false, bytes, at, end)
        }
        Next::Quoted if bytes[at] >> 4 == 4 => ipv4::quoted(bytes, at, end),
        Next::Quoted => ipv6::header(bytes, at, end),
        Next::Datagram(..) | Next::Segment | Next::Data | Next::Nothing => data(bytes, at, end),
    }
}

fn data(bytes: &[u8], at: usize, end: usize) -> Part {
    let layer = link::data("Data", bytes, at, end);
    Part {
        says: None,
        ..Part::last(layer, String::new())
    }
}

/// More layers than any packet has that means well.
const MOST_LAYERS: usize = 24;
