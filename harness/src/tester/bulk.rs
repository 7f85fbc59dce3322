//! Bulk TCP traffic through the device: a terminal has data from a host beyond it while questions are
//! asked.

use std::io;
use std::net::Ipv6Addr;

use super::ip::Ends;
use super::stream::segment::Segment;
use super::stream::wire::Wire;
use super::stream::{Room, Stage, Stream};

/// What is to go through the device beside questions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bulk {
    /// Between whom.
    pub(super) ends: Ends,
    /// From which port it is asked for.
    pub(super) port: u16,
    /// How much in a second, at most.
    pub(super) bits_per_second: f64,
}

/// The side that has the data.
pub(super) struct Download {
    bulk: Bulk,
    stream: Stream,
    bytes: u64,
    due: Option<u64>,
}

impl Download {
    /// Asks for the data.
    pub(super) fn begin(bulk: &Bulk, wire: &mut Wire<'_>) -> io::Result<Self> {
        let ports = (bulk.port, PORT);
        let mut stream = Stream::connect(&bulk.ends, ports, TO_DOWNLOAD, u64::from(bulk.port));
        stream.delay_acknowledgements();
        let mut download = Self {
            bulk: *bulk,
            stream,
            bytes: 0,
            due: None,
        };
        let wish = bulk.bits_per_second as u64;
        download.stream.say_plainly(&wish.to_be_bytes());
        download.work(wire)?;
        Ok(download)
    }

    /// Returns how much has come.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes in a segment, and returns whether it was one of these.
    pub(super) fn take(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) -> io::Result<bool> {
        let (own, host) = self.bulk.ends.addresses;
        let is_ours = segment.ends.addresses == (host, own)
            && (segment.destination_port, segment.source_port) == (self.bulk.port, PORT);
        if is_ours {
            self.stream.take(segment, wire)?;
            self.bytes += self.stream.drink().len() as u64;
            self.due = self.stream.due(wire.now);
        }
        Ok(is_ours)
    }

    /// Does what is due by now, and returns whether anything was.
    pub(super) fn go_on(&mut self, wire: &mut Wire<'_>) -> io::Result<bool> {
        let is_due = self.due.is_some_and(|due| due <= wire.now);
        if is_due {
            self.work(wire)?;
        }
        Ok(is_due)
    }

    /// Wants no more.
    pub(super) fn hang_up(&mut self, wire: &mut Wire<'_>) -> io::Result<()> {
        self.stream.abort();
        self.work(wire)
    }

    fn work(&mut self, wire: &mut Wire<'_>) -> io::Result<()> {
        self.stream.go_on(wire)?;
        self.due = self.stream.due(wire.now);
        Ok(())
    }
}

/// The side that gives the data, to the one who asked last.
#[derive(Default)]
pub(super) struct Uploads {
    upload: Option<Upload>,
}

struct Upload {
    peer: (Ipv6Addr, u16),
    stream: Stream,
    bits_per_second: Option<f64>,
    began: u64,
    /// How much of what may have been sent by now was, or never will be.
    settled: u64,
    due: Option<u64>,
}

impl Uploads {
    /// Returns whether there is always something to do.
    pub(super) fn is_busy(&self) -> bool {
        self.upload.is_some()
    }

    /// Takes in a segment to [`PORT`].
    pub(super) fn take(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) -> io::Result<()> {
        let peer = (segment.ends.addresses.0, segment.source_port);
        if segment.opens {
            self.upload = Some(Upload {
                peer,
                stream: Stream::accept(segment, TO_UPLOAD, u64::from(peer.1)),
                bits_per_second: None,
                began: wire.now,
                settled: 0,
                due: None,
            });
        }
        if let Some(upload) = self.upload.as_mut().filter(|upload| upload.peer == peer) {
            upload.take(segment, wire)?;
        }
        let is_over = |upload: &mut Upload| upload.stream.stage() == Stage::Over;
        self.upload.take_if(is_over);
        Ok(())
    }

    /// Sends what may be sent by now, and returns whether there was anything.
    pub(super) fn go_on(&mut self, wire: &mut Wire<'_>) -> io::Result<bool> {
        match &mut self.upload {
            Some(upload) => upload.pour(wire),
            None => Ok(false),
        }
    }
}

impl Upload {
    fn take(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) -> io::Result<()> {
        self.stream.take(segment, wire)?;
        let wish = self.stream.drink();
        if let Some(wish) = wish.first_chunk::<8>() {
            self.bits_per_second = Some(u64::from_be_bytes(*wish) as f64);
            self.began = wire.now;
        }
        self.due = self.stream.due(wire.now);
        Ok(())
    }

    fn pour(&mut self, wire: &mut Wire<'_>) -> io::Result<bool> {
        let Some(bits_per_second) = self.bits_per_second else {
            return Ok(false);
        };
        let nanos = wire.now.saturating_sub(self.began) as f64;
        let allowed = (nanos * bits_per_second / 8e9) as u64;
        // What did not fit at its time is not made up for by more than a window.
        self.settled = self
            .settled
            .max(allowed.saturating_sub(TO_UPLOAD.to_send as u64));
        let mut any = false;
        // By large pieces, as a host sends: else there would be a segment for every few bytes.
        while allowed - self.settled >= DATA.len() as u64 {
            let taken = self.stream.pour(&DATA);
            if taken == 0 {
                break;
            }
            any = true;
            self.settled += taken as u64;
        }
        if any || self.due.is_some_and(|due| due <= wire.now) {
            self.stream.go_on(wire)?;
            self.due = self.stream.due(wire.now);
        }
        Ok(any)
    }
}

/// Where the data is had (`inferred`): what measures throughput listens there.
pub(super) const PORT: u16 = 5001;
/// A window that fills a gigabit at a round trip of two milliseconds.
const TO_DOWNLOAD: Room = Room {
    to_send: 256,
    to_read: 256 << 10,
};
const TO_UPLOAD: Room = Room {
    to_send: 256 << 10,
    to_read: 256,
};
static DATA: [u8; 16 << 10] = [0; 16 << 10];
