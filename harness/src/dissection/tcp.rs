//! TCP connections as each cable shows them, and the DNS messages in their streams.
//!
//! Reassembly is simple: bytes count when they continue the stream; what comes early waits.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use etherparse::TcpSlice;
use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::{End, Role};

use super::Found;
use super::dns::{self, Dns, Transport};

/// One end of a connection.
pub type Socket = (Ipv6Addr, u16);

/// A TCP connection on one cable, from its SYN on.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Which cable.
    pub on: Role,
    /// Which end sent the SYN.
    pub opener: End,
    /// Whether a scenario put the SYN there.
    pub injected: bool,
    /// The end that opens.
    pub client: Socket,
    /// The end that listens.
    pub server: Socket,
    /// The record of the first SYN.
    pub syn: RecordId,
    /// When it entered the cable.
    pub at: Time,
    /// Whether at least one SYN was not lost.
    pub syn_arrived: bool,
    /// The SYN that answers.
    pub accepted: Option<(RecordId, Time)>,
    /// The first segment of the client after that.
    pub established: Option<RecordId>,
    /// The first RST, and the end it came from.
    pub reset: Option<(RecordId, End)>,
    /// The first FIN of the end that opened.
    pub client_closed: Option<(RecordId, Time)>,
    /// The first FIN of the end that listens.
    pub server_closed: Option<(RecordId, Time)>,
    /// The bytes the client sent, as far as they continue its stream.
    pub up: usize,
    /// A hash of those bytes, to compare what came in with what went out.
    pub up_hash: u64,
    /// The bytes the server sent.
    pub down: usize,
    /// A hash of those bytes.
    pub down_hash: u64,
    /// The last segment.
    pub last: (RecordId, Time),
}

#[derive(Debug, Default)]
pub(super) struct Streams {
    connections: Vec<Connection>,
    open: BTreeMap<(Role, Socket, Socket), usize>,
    buffers: Vec<[Buffer; 2]>,
}

#[derive(Debug)]
struct Buffer {
    hash: u64,
    next: Option<u32>,
    early: BTreeMap<u32, Vec<u8>>,
    bytes: Vec<u8>,
    /// Segments since the last message ended.
    pieces: usize,
}

/// A stream of DNS messages is no longer followed once it waits for more bytes than this.
const LONGEST_BUFFER: usize = 256 * 1024;
// FNV-1a, 64 bits: it finds what was changed, not who changed it.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
/// Segments that may wait for one that comes late.
const MOST_EARLY: usize = 64;

impl Streams {
    /// Takes in a segment and returns the DNS messages that it completes.
    pub(super) fn take_in(
        &mut self,
        found: &Found<Packet<'_>>,
        segment: &TcpSlice<'_>,
    ) -> Vec<Dns> {
        let source = (found.source, segment.source_port());
        let destination = (found.destination, segment.destination_port());
        if segment.syn() && !segment.ack() {
            self.open(found, segment, source, destination);
            return Vec::new();
        }
        let upward = self.open.get(&(found.on, source, destination)).copied();
        let downward = self.open.get(&(found.on, destination, source)).copied();
        let (Some(index), up) = (upward.or(downward), upward.is_some()) else {
            return Vec::new();
        };
        let connection = &mut self.connections[index];
        connection.last = (found.record, found.at);
        if segment.rst() {
            connection.reset.get_or_insert((found.record, found.from));
        }
        if segment.fin() {
            let closed = if up {
                &mut connection.client_closed
            } else {
                &mut connection.server_closed
            };
            closed.get_or_insert((found.record, found.at));
        }
        if segment.syn() && !up {
            connection.accepted.get_or_insert((found.record, found.at));
        } else if up && connection.accepted.is_some() && !segment.rst() {
            connection.established.get_or_insert(found.record);
        }
        if found.lost {
            return Vec::new();
        }
        let buffer = &mut self.buffers[index][usize::from(!up)];
        if segment.syn() {
            buffer
                .next
                .get_or_insert(segment.sequence_number().wrapping_add(1));
        }
        let is_dns = source.1 == dns::PORT || destination.1 == dns::PORT;
        let count = buffer.push(segment.sequence_number(), segment.payload(), is_dns);
        if up {
            connection.up += count;
            connection.up_hash = buffer.hash;
        } else {
            connection.down += count;
            connection.down_hash = buffer.hash;
        }
        if is_dns {
            buffer.messages((source.1, destination.1))
        } else {
            Vec::new()
        }
    }

    fn open(
        &mut self,
        found: &Found<Packet<'_>>,
        segment: &TcpSlice<'_>,
        client: Socket,
        server: Socket,
    ) {
        let key = (found.on, client, server);
        // A repeated SYN is the same attempt; one after data is another connection.
        if let Some(&index) = self.open.get(&key) {
            let known = &mut self.connections[index];
            if known.established.is_none() {
                known.syn_arrived |= !found.lost;
                known.last = (found.record, found.at);
                return;
            }
        }
        self.open.insert(key, self.connections.len());
        self.connections.push(Connection {
            on: found.on,
            opener: found.from,
            injected: found.injected,
            client,
            server,
            syn: found.record,
            at: found.at,
            syn_arrived: !found.lost,
            accepted: None,
            established: None,
            reset: None,
            client_closed: None,
            server_closed: None,
            up: 0,
            up_hash: FNV_START,
            down: 0,
            down_hash: FNV_START,
            last: (found.record, found.at),
        });
        let mut buffers = [Buffer::default(), Buffer::default()];
        buffers[0].next = Some(segment.sequence_number().wrapping_add(1));
        self.buffers.push(buffers);
    }

    pub(super) fn into_connections(self) -> Vec<Connection> {
        self.connections
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            hash: FNV_START,
            next: None,
            early: BTreeMap::new(),
            bytes: Vec::new(),
            pieces: 0,
        }
    }
}

impl Buffer {
    /// Takes in a piece of the stream and returns how many bytes continue it.
    fn push(&mut self, sequence: u32, payload: &[u8], keep: bool) -> usize {
        let Some(next) = self.next else {
            return 0;
        };
        if payload.is_empty() {
            return 0;
        }
        if sequence != next {
            // Sequence numbers wrap (RFC 9293 §3.4): what lies behind is a repetition.
            let ahead = sequence.wrapping_sub(next) < 1 << 31;
            if ahead && self.early.len() < MOST_EARLY {
                self.early.insert(sequence, payload.to_vec());
            }
            return 0;
        }
        let mut count = self.append(payload, keep);
        while let Some(bytes) = self.next.and_then(|next| self.early.remove(&next)) {
            count += self.append(&bytes, keep);
        }
        count
    }

    fn append(&mut self, bytes: &[u8], keep: bool) -> usize {
        let length = u32::try_from(bytes.len()).unwrap_or(0);
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
        }
        self.next = self.next.map(|next| next.wrapping_add(length));
        self.pieces += 1;
        if keep && self.bytes.len() + bytes.len() <= LONGEST_BUFFER {
            self.bytes.extend_from_slice(bytes);
        }
        bytes.len()
    }

    fn messages(&mut self, ports: (u16, u16)) -> Vec<Dns> {
        let mut whole = Vec::new();
        while let Some((length, rest)) = self.bytes.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some(message) = rest.get(..length) else {
                break;
            };
            let pieces = self.pieces;
            whole
                .extend(Dns::read(Transport::Tcp, ports, message).map(|dns| Dns { pieces, ..dns }));
            self.bytes.drain(..2 + length);
            // What is left over came with the last segment.
            self.pieces = usize::from(!self.bytes.is_empty());
        }
        whole
    }
}
