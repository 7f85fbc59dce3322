//! A frame, taken apart for people: what it is in one line, and every field with its bytes.
//!
//! Whoever shows a frame asks here: reports in whatever form, and comments in captures. Checks do
//! not; they judge what [`dissection`](crate::dissection) found.
//!
//! Whatever the bytes are, reading goes as far as they allow, and says where they end too early or
//! do not fit.

use std::sync::OnceLock;

use ngnlab_reports::RecordId;
use ngnlab_reports::decoded::Decoded;
use ngnlab_sim::Trace;
use ngnlab_sim::trace::Seen;

use streams::Streams;

mod arp;
mod checksum;
mod conversation;
mod dhcpv4;
mod dhcpv6;
mod dns;
mod flow;
mod http;
mod icmp_extensions;
mod icmpv4;
mod icmpv6;
mod ipv4;
mod ipv6;
mod link;
mod names;
mod ndp;
mod next;
mod pieces;
mod ppp;
mod pppoe;
mod shown;
mod stack;
mod streams;
mod tcp;
mod tls;
mod udp;
mod walk;

/// What takes the frames of one trace apart.
#[derive(Debug)]
pub struct Decoder<'t> {
    trace: &'t Trace,
    streams: OnceLock<Streams>,
}

impl<'t> Decoder<'t> {
    /// Returns the decoder of a trace. Nothing is read until it is asked for.
    pub fn new(trace: &'t Trace) -> Self {
        Self {
            trace,
            streams: OnceLock::new(),
        }
    }

    /// Takes a frame apart; `None` if this record is not in the trace, or is no frame.
    pub fn frame(&self, record: RecordId) -> Option<Decoded> {
        let Seen::Frame { frame, .. } = &self.trace.records.get(record)?.seen else {
            return None;
        };
        let mut stack = stack::frame(frame);
        if stack.segment.is_none() && !stack.is_fragment() {
            return Some(stack.into_decoded(frame));
        }
        let streams = self.streams.get_or_init(|| Streams::of(self.trace));
        if let Some(pieces) = streams.pieces.get(&record) {
            stack.segment = None;
            pieces::add(&mut stack, frame, pieces);
        }
        if let Some(packet) = streams.packets.get(&record) {
            stack.put_together(packet);
        }
        Some(stack.into_decoded(frame))
    }

    /// Returns what a frame is, in one line.
    pub fn summary(&self, record: RecordId) -> Option<String> {
        self.frame(record).map(|decoded| decoded.summary)
    }
}

/// Takes a frame apart of which nothing is known that came before it.
pub fn alone(frame: &[u8]) -> Decoded {
    stack::frame(frame).into_decoded(frame)
}
