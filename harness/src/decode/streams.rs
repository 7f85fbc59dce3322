//! What the frames of a trace mean together: TCP streams with what is encrypted in them, and
//! packets that came in fragments.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use ngnlab_reports::RecordId;
use ngnlab_sim::Trace;
use ngnlab_sim::message::fragment::Reassembly;
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Packet};
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
            let Some(packet) = Packet::parse(frame) else {
                continue;
            };
            let pieces = take_in(*on, &packet, &mut open, &secrets);
            if !pieces.is_empty() {
                this.pieces.insert(record, pieces);
            }
            let reassembly = fragments.entry(*on).or_default();
            if let Some(whole) = reassembly.take_in(packet.ip) {
                this.packets.insert(record, whole);
            }
        }
        this
    }
}

fn take_in(
    on: Role,
    packet: &Packet<'_>,
    open: &mut BTreeMap<Key, Known>,
    secrets: &Secrets,
) -> Vec<Piece> {
    let Some(segment) = packet.tcp() else {
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
    let from = ETHERNET_HEADER + packet.ip.len() - data.len();
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
