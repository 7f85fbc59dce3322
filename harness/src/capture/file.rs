//! Capture files: pcap in micro- or nanoseconds and either byte order, and pcapng; plain or gzip.
//!
//! A file may be anything: what is read of it is bounded, and what stands before the place where it
//! breaks off is taken.

use std::cell::RefCell;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use pcap_parser::traits::{PcapNGPacketBlock as _, PcapReaderIterator};
use pcap_parser::{
    Block, InterfaceDescriptionBlock, InterfaceStatisticsBlock, LegacyPcapBlock, LegacyPcapReader,
    OptionCode, PcapBlockOwned, PcapError, PcapHeader, PcapNGReader,
};

mod packet_block;

/// Where frames were caught, as the file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    /// Its name, if the file has it.
    pub(super) name: Option<String>,
    /// The type of its link, by the numbers of tcpdump.org.
    pub(super) link: i32,
    /// How many frames the capturing machine lost there.
    pub(super) lost: u64,
    /// How its times are to be read.
    clock: Clock,
}

/// A frame of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caught<'f> {
    /// The number of its interface.
    pub(super) interface: usize,
    /// When, in nanoseconds since 1970.
    pub(super) at: i128,
    /// Its bytes, as many as were kept.
    pub(super) bytes: &'f [u8],
    /// How long it was.
    pub(super) length: usize,
}

/// What a file has besides frames.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    /// Its interfaces.
    pub(super) interfaces: Vec<Interface>,
    /// How many of its frames have no time.
    pub(super) timeless: u64,
    /// Where it breaks off before its end, if it does.
    pub(super) broken_off: Option<String>,
}

/// Returns whether these are the first bytes of a capture, or of something packed.
pub fn is_capture(first: &[u8]) -> bool {
    first.starts_with(&GZIP) || is_pcapng(first) || is_pcap(first)
}

/// Reads a file, and gives each frame of it away until told to stop.
pub(super) fn read(
    from: impl Read,
    mut take: impl FnMut(&[Interface], Caught<'_>) -> ControlFlow<()>,
) -> io::Result<Contents> {
    let (first, from) = begun(from)?;
    if first.is_empty() {
        return Err(bad("it is empty"));
    }
    if !first.starts_with(&GZIP) {
        return read_plain(&first, from, &mut take);
    }
    let (first, from) = begun(MultiGzDecoder::new(BufReader::new(from)))?;
    if first.is_empty() {
        return Err(bad("what is packed in it is empty"));
    }
    read_plain(&first, from, &mut take)
}

/// Returns the first bytes, and a reader that begins with them again.
fn begun(mut from: impl Read) -> io::Result<(Vec<u8>, impl Read)> {
    let mut first = Vec::new();
    (&mut from).take(4).read_to_end(&mut first)?;
    let again = Cursor::new(first.clone()).chain(from);
    Ok((first, again))
}

fn read_plain(
    first: &[u8],
    from: impl Read,
    take: &mut dyn FnMut(&[Interface], Caught<'_>) -> ControlFlow<()>,
) -> io::Result<Contents> {
    let failed = Rc::default();
    let from = Whole {
        from,
        failed: Rc::clone(&failed),
    };
    let unfit = |error: PcapError<&[u8]>| match failed.borrow_mut().take() {
        Some(failure) => failure,
        None => bad(&format!("its beginning is damaged ({})", reason(&error))),
    };
    let mut reading = Reading::default();
    let why = if is_pcapng(first) {
        let reader = PcapNGReader::new(BUFFER, from).map_err(unfit)?;
        reading.run(reader, take)
    } else if is_pcap(first) {
        let reader = LegacyPcapReader::new(BUFFER, from).map_err(unfit)?;
        reading.run(reader, take)
    } else {
        return Err(bad(
            "it is no capture: neither pcap nor pcapng, plain or gzip",
        ));
    };
    let failed = failed.borrow_mut().take();
    let why = failed.map(|error| error.to_string()).or(why);
    Ok(Contents {
        interfaces: reading.interfaces,
        timeless: reading.timeless,
        broken_off: why.map(|why| format!("{why}, after frame {}", reading.frames)),
    })
}

/// How far a file has been read.
#[derive(Default)]
struct Reading {
    interfaces: Vec<Interface>,
    /// The number of the first interface of the section.
    section: usize,
    /// The byte order of the section.
    big_endian: bool,
    frames: u64,
    timeless: u64,
}

impl Reading {
    /// Reads to the end, and says why it is no end, if it is none.
    fn run(
        &mut self,
        mut reader: impl PcapReaderIterator,
        take: &mut dyn FnMut(&[Interface], Caught<'_>) -> ControlFlow<()>,
    ) -> Option<String> {
        let mut capacity = BUFFER;
        loop {
            let step = match reader.next() {
                Ok((length, block)) => match self.block(block, take) {
                    Ok(ControlFlow::Continue(())) => Step::Next(length),
                    Ok(ControlFlow::Break(())) => return None,
                    Err(why) => return Some(why),
                },
                Err(PcapError::Eof) => return None,
                Err(PcapError::Incomplete(_)) => Step::More,
                Err(PcapError::BufferTooSmall) => Step::Larger,
                Err(PcapError::UnexpectedEof) => Step::End,
                Err(error) => return Some(format!("it is damaged ({})", reason(&error))),
            };
            match step {
                Step::Next(0) => return Some("it is damaged (an empty block)".to_owned()),
                Step::Next(length) => reader.consume(length),
                Step::End if reader.data().is_empty() => return None,
                Step::End => return Some("it ends within a frame".to_owned()),
                Step::Larger if capacity >= LARGEST => {
                    return Some("it is damaged (a block without an end)".to_owned());
                }
                Step::Larger | Step::More => {
                    if matches!(step, Step::Larger) {
                        capacity *= 4;
                        reader.grow(capacity);
                    }
                    let before = reader.data().len();
                    if reader.refill().is_err() {
                        return Some("it cannot be read on".to_owned());
                    }
                    if reader.data().len() == before && !reader.reader_exhausted() {
                        return Some("it is damaged (a block without an end)".to_owned());
                    }
                }
            }
        }
    }

    fn block(
        &mut self,
        block: PcapBlockOwned<'_>,
        take: &mut dyn FnMut(&[Interface], Caught<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, String> {
        let caught = match &block {
            PcapBlockOwned::LegacyHeader(header) => return self.add(Interface::of_pcap(header)),
            PcapBlockOwned::Legacy(frame) => Caught {
                interface: 0,
                at: self.clock(0)?.of_pcap(frame),
                bytes: frame.data,
                length: length(frame.origlen),
            },
            PcapBlockOwned::NG(Block::SectionHeader(header)) => {
                self.section = self.interfaces.len();
                self.big_endian = header.big_endian();
                return Ok(ControlFlow::Continue(()));
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(block)) => {
                return self.add(Interface::of_pcapng(block));
            }
            PcapBlockOwned::NG(Block::InterfaceStatistics(block)) => {
                let number = self.section.saturating_add(length(block.if_id));
                if let Some(interface) = self.interfaces.get_mut(number) {
                    interface.lost = interface.lost.saturating_add(lost(block));
                }
                return Ok(ControlFlow::Continue(()));
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(block)) => {
                let interface = self.section.saturating_add(length(block.if_id));
                let units = u64::from(block.ts_high) << 32 | u64::from(block.ts_low);
                Caught {
                    interface,
                    at: self.clock(interface)?.of_units(units),
                    bytes: block.packet_data(),
                    length: length(block.orig_len()),
                }
            }
            PcapBlockOwned::NG(Block::Unknown(block)) if packet_block::is_one(block) => {
                let packet = packet_block::parse(block.data, self.big_endian);
                let packet = packet.ok_or("it is damaged (a block that is none)")?;
                let interface = self.section.saturating_add(packet.interface);
                let at = self.clock(interface)?.of_units(packet.units);
                if let Some(interface) = self.interfaces.get_mut(interface) {
                    interface.lost = interface.lost.saturating_add(packet.dropped);
                }
                Caught {
                    interface,
                    at,
                    bytes: packet.bytes,
                    length: length(packet.length),
                }
            }
            // A simple packet has no time (draft-ietf-opsawg-pcapng §4.4), and order alone proves
            // nothing.
            PcapBlockOwned::NG(Block::SimplePacket(_)) => {
                self.timeless += 1;
                return Ok(ControlFlow::Continue(()));
            }
            // Others hold no frames.
            PcapBlockOwned::NG(_) => return Ok(ControlFlow::Continue(())),
        };
        self.frames += 1;
        Ok(take(&self.interfaces, caught))
    }

    fn add(&mut self, interface: Interface) -> Result<ControlFlow<()>, String> {
        if self.interfaces.len() >= MOST_INTERFACES {
            return Err(format!(
                "it has more than the {MOST_INTERFACES} interfaces that are read"
            ));
        }
        self.interfaces.push(interface);
        Ok(ControlFlow::Continue(()))
    }

    fn clock(&self, interface: usize) -> Result<Clock, String> {
        let interface = self.interfaces.get(interface);
        let interface = interface.ok_or("it is damaged (a frame of no interface)")?;
        Ok(interface.clock)
    }
}

enum Step {
    Next(usize),
    More,
    Larger,
    End,
}

impl Interface {
    fn of_pcap(header: &PcapHeader) -> Self {
        let per_second = match header.is_nanosecond_precision() {
            true => 1_000_000_000,
            false => 1_000_000,
        };
        Self {
            name: None,
            // The upper bits say how long a check sequence is (draft-ietf-opsawg-pcap §4).
            link: header.network.0 & 0xffff,
            lost: 0,
            clock: Clock {
                per_second,
                offset: 0,
            },
        }
    }

    fn of_pcapng(block: &InterfaceDescriptionBlock<'_>) -> Self {
        let name = block.if_name().and_then(Result::ok);
        let name = name.map(|name| name.chars().take(LONGEST_NAME).collect());
        Self {
            name,
            link: block.linktype.0,
            lost: 0,
            clock: Clock {
                per_second: units(block.if_tsresol),
                offset: block.if_tsoffset,
            },
        }
    }
}

/// Returns how many units of time a second has (draft-ietf-opsawg-pcapng §4.2, `if_tsresol`).
fn units(resolution: u8) -> u64 {
    let power = u32::from(resolution & 0x7f);
    let units = match resolution & 0x80 {
        0 => 10_u64.checked_pow(power),
        _ => 1_u64.checked_shl(power),
    };
    // What no number can hold is nonsense; microseconds are the default.
    units.unwrap_or(1_000_000)
}

/// Returns how many frames the capturing machine says it lost: `isb_ifdrop` and `isb_osdrop`.
fn lost(block: &InterfaceStatisticsBlock<'_>) -> u64 {
    let drops = block.options.iter().filter(|option| {
        let code = option.code;
        code == OptionCode::IsbIfDrop || code == OptionCode::IsbOsDrop
    });
    let counts = drops.filter_map(|option| {
        let bytes = option.value.first_chunk::<8>()?;
        // Such a count has the byte order of its file; a large one is one read the wrong way.
        Some(u64::from_le_bytes(*bytes).min(u64::from_be_bytes(*bytes)))
    });
    counts.fold(0, u64::saturating_add)
}

/// How the times of an interface are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    /// How many units a second has.
    per_second: u64,
    /// What is to be added, in seconds.
    offset: i64,
}

impl Clock {
    fn of_pcap(self, frame: &LegacyPcapBlock<'_>) -> i128 {
        let fraction = i128::from(frame.ts_usec) * (NANOS / i128::from(self.per_second));
        i128::from(frame.ts_sec) * NANOS + fraction
    }

    fn of_units(self, units: u64) -> i128 {
        let since_offset = i128::from(units) * NANOS / i128::from(self.per_second);
        since_offset + i128::from(self.offset) * NANOS
    }
}

/// A reader that fills what it is given, as the parser wants it, and keeps the error of its file.
struct Whole<R> {
    from: R,
    failed: Rc<RefCell<Option<io::Error>>>,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < to.len() {
            match self.from.read(&mut to[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    *self.failed.borrow_mut() = Some(error);
                    break;
                }
            }
        }
        Ok(filled)
    }
}

fn length(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn reason(error: &PcapError<&[u8]>) -> &'static str {
    match error {
        PcapError::Eof | PcapError::UnexpectedEof | PcapError::Incomplete(_) => "it is too short",
        PcapError::BufferTooSmall => "a block without an end",
        PcapError::ReadError => "it cannot be read",
        PcapError::HeaderNotRecognized => "an unknown header",
        PcapError::NomError(..) | PcapError::OwnedNomError(..) => "a block that is none",
    }
}

fn bad(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text)
}

fn is_pcapng(first: &[u8]) -> bool {
    // draft-ietf-opsawg-pcapng §4.1: a palindrome, so that it reads the same in both byte orders.
    first.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a])
}

fn is_pcap(first: &[u8]) -> bool {
    // draft-ietf-opsawg-pcap §4: in micro- and in nanoseconds, in both byte orders.
    const MAGICS: [[u8; 4]; 4] = [
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x4d, 0x3c, 0xb2, 0xa1],
    ];
    MAGICS.iter().any(|magic| first.starts_with(magic))
}

/// RFC 1952 §2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const NANOS: i128 = 1_000_000_000;
/// A frame has 256 KiB at most, as Wireshark has it.
const BUFFER: usize = 1 << 20;
/// Blocks of secrets and names can be longer.
const LARGEST: usize = 16 << 20;
/// A trunk of VLANs has hundreds; more is no capture of a line.
const MOST_INTERFACES: usize = 1024;
const LONGEST_NAME: usize = 64;
