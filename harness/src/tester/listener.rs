//! The connections that the device asks upstream over.

use std::io;
use std::net::Ipv6Addr;

use super::ledger::Ledger;
use super::message::Asking;
use super::stream::segment::Segment;
use super::stream::wire::Wire;
use super::stream::{Room, Stage, Stream, refuse};
use super::streams::Streams;

/// The connections to the network's DNS servers.
pub(super) struct Listener {
    streams: Streams<Line>,
    accepted: u64,
    answer: Vec<u8>,
}

/// Who asks from which port, and whom.
type Line = (Ipv6Addr, u16, Ipv6Addr);

impl Listener {
    /// Makes one without connections.
    pub(super) fn new() -> Self {
        Self {
            streams: Streams::new(),
            accepted: 0,
            answer: Vec::new(),
        }
    }

    /// Takes in a segment, and answers the questions that are complete with it.
    pub(super) fn take(
        &mut self,
        segment: &Segment<'_>,
        ledger: &Ledger,
        wire: &mut Wire<'_>,
    ) -> io::Result<()> {
        let (client, server) = segment.ends.addresses;
        let line = (client, segment.source_port, server);
        if !self.streams.has(line) {
            if !segment.opens {
                return refuse(segment, wire);
            }
            self.accepted += 1;
            let stream = Stream::accept(segment, ROOM, self.accepted);
            self.streams.insert(line, stream);
        }
        if let Some(stream) = self.streams.get(line) {
            stream.take(segment, wire)?;
            while let Some(message) = stream.hear() {
                match Asking::read(&message, &ledger.zones) {
                    Some(asking) => {
                        let right = ledger.asked_at(&asking, server, segment.source_port);
                        asking.write(&message, right, &mut self.answer);
                        stream.say(&self.answer);
                    }
                    // The network would know more, but is not asked once the handshake was ours.
                    None => stream.close(),
                }
            }
            if stream.stage() == Stage::PeerClosed {
                stream.close();
            }
            stream.go_on(wire)?;
        }
        self.streams.note(line, wire.now);
        Ok(())
    }

    /// Does what is due by now, and returns whether anything was.
    pub(super) fn go_on(&mut self, wire: &mut Wire<'_>) -> io::Result<bool> {
        let mut any = false;
        while let Some(line) = self.streams.next_due(wire.now) {
            any = true;
            if let Some(stream) = self.streams.get(line) {
                stream.go_on(wire)?;
            }
            self.streams.note(line, wire.now);
        }
        Ok(any)
    }
}

const ROOM: Room = Room {
    to_send: 8 << 10,
    to_read: 4 << 10,
};
