//! What the frames of a trace mean together: TCP streams with what is encrypted in them, and
//! packets that came in fragments.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use etherparse::{EtherType, TcpSlice};
use ngnlab_reports::RecordId;
use ngnlab_sim::Trace;
use ngnlab_sim::message::fragment::Reassembly;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::message::packet::ipv4::{Ipv4, Payload4};
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Ipv6};
use ngnlab_sim::message::{ppp, pppoe};
use ngnlab_sim::trace::{Role, Seen};

use super::conversation::{Conversation, Piece};
use super::dns;
use super::tls::Secrets;

/// What each record tells that no frame tells by itself.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// What its TCP data is.
    pub(super) pieces: BTreeMap<RecordId, Vec<Piece>>,
    /// The packet whose last missing fragment it is.
    pub(super) packets: BTreeMap<RecordId, Vec<u8>>,
}

type Socket = (Ipv6Addr, u16);
type Key = (Role, Socket, Socket);

/// A connection, and the number that its first SYN had.
#[derive(Debug)]
struct Known {
    began: Option<u32>,
    conversation: Conversation,
}

impl Streams {
    /// Reads a whole trace.
    pub(super) fn of(trace: &Trace) -> Self {
        let secrets = Secrets::read(&trace.header.tls_secrets);
        let mut this = Self::default();
        let mut open: BTreeMap<Key, Known> = BTreeMap::new();
        let mut fragments: BTreeMap<Role, Reassembly> = BTreeMap::new();
        for (record, entry) in trace.records.iter().enumerate() {
            let Seen::Frame { on, frame, .. } = &entry.seen else {
                continue;
            };
            let Some(packet) = packet(frame) else {
                continue;
            };
            let pieces = take_in(*on, &packet, &mut open, &secrets);
            if !pieces.is_empty() {
                this.pieces.insert(record, pieces);
            }
            if packet.ip[0] >> 4 == 6
                && let Some(whole) = fragments.entry(*on).or_default().take_in(packet.ip)
            {
                this.packets.insert(record, whole);
            }
        }
        this
    }
}

/// What is needed of a packet of either family, whatever brought it.
struct Carried<'f> {
    source: Ipv6Addr,
    destination: Ipv6Addr,
    tcp: Option<TcpSlice<'f>>,
    ip: &'f [u8],
    /// Where the packet begins in its frame.
    at: usize,
}

/// Returns the packet in a frame, bare or in a PPPoE session.
fn packet(frame: &[u8]) -> Option<Carried<'_>> {
    let ethernet = Ethernet::parse(frame)?;
    let (kind, bytes, at) = match ethernet.kind {
        pppoe::SESSION => {
            let (header, _) = ethernet.payload.split_first_chunk::<SESSION_HEADER>()?;
            let protocol = u16::from_be_bytes([header[6], header[7]]);
            let kind = match protocol {
                ppp::IPV4 => EtherType::IPV4,
                ppp::IPV6 => EtherType::IPV6,
                _ => return None,
            };
            let at = ETHERNET_HEADER + SESSION_HEADER;
            (kind, frame.get(at..)?, at)
        }
        kind => (kind, ethernet.payload, ETHERNET_HEADER),
    };
    match kind {
        EtherType::IPV4 => {
            let packet = Ipv4::parse(bytes)?;
            Some(Carried {
                source: packet.source.to_ipv6_mapped(),
                destination: packet.destination.to_ipv6_mapped(),
                tcp: match packet.payload {
                    Payload4::Tcp(segment) => Some(segment),
                    Payload4::Udp(_) | Payload4::Icmp(_) | Payload4::Other { .. } => None,
                },
                ip: packet.ip,
                at,
            })
        }
        EtherType::IPV6 => {
            let packet = Ipv6::parse(bytes)?;
            Some(Carried {
                source: packet.source,
                destination: packet.destination,
                tcp: packet.tcp(),
                ip: packet.ip,
                at,
            })
        }
        _ => None,
    }
}

fn take_in(
    on: Role,
    packet: &Carried<'_>,
    open: &mut BTreeMap<Key, Known>,
    secrets: &Secrets,
) -> Vec<Piece> {
    let Some(segment) = &packet.tcp else {
        return Vec::new();
    };
    let source = (packet.source, segment.source_port());
    let destination = (packet.destination, segment.destination_port());
    let sequence = segment.sequence_number();
    let forward = (on, source, destination);
    let backward = (on, destination, source);
    if segment.syn() && !segment.ack() {
        // The same SYN again is the same connection; another one is another.
        let is_known = open
            .get(&forward)
            .is_some_and(|known| known.began == Some(sequence));
        if !is_known {
            open.remove(&backward);
            open.insert(forward, Known::new(source, destination, Some(sequence)));
        }
    }
    let by_client = !open.contains_key(&backward);
    let key = if by_client { forward } else { backward };
    let data = segment.payload();
    if data.is_empty() && !segment.syn() {
        return Vec::new();
    }
    let known = open
        .entry(key)
        .or_insert_with(|| Known::new(source, destination, None));
    let conversation = &mut known.conversation;
    let first = match segment.syn() {
        true => {
            conversation.begin_after(by_client, sequence);
            sequence.wrapping_add(1)
        }
        false => sequence,
    };
    if data.is_empty() {
        return Vec::new();
    }
    // Nothing stands behind a segment in its packet.
    let from = packet.at + packet.ip.len() - data.len();
    conversation.take_in(by_client, first, data, from, secrets)
}

impl Known {
    fn new(one: Socket, other: Socket, began: Option<u32>) -> Self {
        let is_dns = one.1 == dns::PORT || other.1 == dns::PORT;
        Self {
            began,
            conversation: match is_dns {
                true => Conversation::of_dns(),
                false => Conversation::default(),
            },
        }
    }
}

/// The header of PPPoE, and the protocol of the PPP frame (RFC 2516 §4).
const SESSION_HEADER: usize = pppoe::HEADER + 2;
