//! Frames with their cables and pauses in a row of bytes: what the corpora of `world` and `judge`
//! are made of. Any bytes are such a row.
//!
//! The first byte chooses a line. Each entry has a byte of flags, one of pause, the length in two
//! bytes, and the frame.

use std::time::Duration;

use ngnlab_sim::fault::Fate;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::trace::{End, Role, Seen, Trace};

/// A row of frames.
#[derive(Clone, Debug)]
pub struct Packed<'a> {
    /// The line they are on.
    pub line: Line,
    rest: &'a [u8],
}

/// A frame on a cable.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What the bits of its first byte say.
    pub flags: u8,
    /// How long after the one before it.
    pub pause: Duration,
    /// The frame.
    pub frame: &'a [u8],
}

impl<'a> Packed<'a> {
    /// Reads a row.
    pub fn new(bytes: &'a [u8]) -> Self {
        let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let preset = Line::PRESETS[usize::from(*first >> 1) % Line::PRESETS.len()];
        let area = Area::ALL[usize::from(*first & 1)];
        let line = Line::preset(preset, area).expect("the table has its names");
        Self { line, rest }
    }
}

impl<'a> Iterator for Packed<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let ([flags, pause, high, low], rest) = self.rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (frame, rest) = rest.split_at(length.min(rest.len()));
        self.rest = rest;
        Some(Entry {
            flags: *flags,
            // Squared, so that both milliseconds and minutes can be said.
            pause: Duration::from_millis(u64::from(*pause).pow(2)),
            frame,
        })
    }
}

impl Entry<'_> {
    /// Returns the cable.
    pub fn role(&self) -> Role {
        if self.flags & LAN == 0 {
            Role::Wan
        } else {
            Role::Lan
        }
    }

    /// Returns the end it came from.
    pub fn from(&self) -> End {
        if self.flags & NETWORK == 0 {
            End::Device
        } else {
            End::Network
        }
    }
}

/// Packs the frames of a trace, as many as fit into a number of bytes.
pub fn pack(trace: &Trace, room: usize) -> Vec<u8> {
    let line = &trace.header.line;
    let named = |area| {
        Line::PRESETS.iter().position(|name| {
            Line::preset(name, area).is_some_and(|preset| {
                preset.delivery() == line.delivery() && preset.upstream == line.upstream
            })
        })
    };
    let preset = named(line.area).unwrap_or_default();
    let area = u8::from(line.area == Area::ALL[1]);
    let mut bytes = vec![u8::try_from(preset).unwrap_or_default() << 1 | area];
    let mut before = None;
    for record in &trace.records {
        let Seen::Frame {
            on,
            from,
            frame,
            fate,
            ..
        } = &record.seen
        else {
            continue;
        };
        let role = match on {
            Role::Wan => 0,
            Role::Lan => LAN,
            Role::Uplink => continue,
        };
        let length = u16::try_from(frame.len()).unwrap_or(u16::MAX);
        if *fate == Fate::Drop || bytes.len() + 4 + frame.len() > room {
            continue;
        }
        let end = if *from == End::Network { NETWORK } else { 0 };
        let since = record.at.since(*before.get_or_insert(record.at));
        before = Some(record.at);
        let pause = since.as_millis().isqrt().min(255);
        bytes.extend([role | end | MENDED, u8::try_from(pause).unwrap_or(u8::MAX)]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&**frame);
    }
    bytes
}

/// The frame is on the LAN, not on the line.
pub const LAN: u8 = 1;
/// It came from the network or a terminal, not from the device.
pub const NETWORK: u8 = 2;
/// Its lengths and checksums are put right, so that what is inside is looked at.
pub const MENDED: u8 = 4;
/// In a trace: it is something that a node told, not a frame.
pub const FACT: u8 = 8;
