//! What a tap on the router's sockets sees of a run, as a capture file of any kind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ngnlab_harness::capture::{Request, Source};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::trace::pcapng::Remarks;
use ngnlab_sim::trace::{End, Record, Role, Seen, Trace};
use ngnlab_sim::{Fate, Time};

/// Returns the frames alone, as they left the router or reached it: what a cable lost on the way to
/// it was never there, what was late came late, and nothing says who sent what.
pub(crate) fn tapped(trace: &Trace) -> Trace {
    let mut records = Vec::new();
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
        let (mut at, mut times) = (record.at, 1);
        if *from == End::Network {
            match fate {
                Fate::Pass => {}
                Fate::Delay(by) => at += *by,
                Fate::Drop => times = 0,
                Fate::Duplicate => times = 2,
            }
        }
        if *on == Role::Uplink {
            continue;
        }
        let seen = Seen::Frame {
            on: *on,
            from: *from,
            frame: frame.clone(),
            fate: Fate::Pass,
            injected: false,
        };
        records.extend((0..times).map(|_| Record {
            at,
            seen: seen.clone(),
        }));
    }
    records.sort_by_key(|record| record.at);
    // Time that is played stands still while a packet crosses the router; real time does not, and a
    // capture of two files has nothing else to order them by.
    for (record, micros) in records.iter_mut().zip(0..) {
        record.at += Duration::from_micros(micros);
    }
    let mut header = trace.header.clone();
    header.tls_secrets.clear();
    Trace { header, records }
}

/// Returns what remains of a tap that was begun in the middle.
pub(crate) fn second_half(mut tap: Trace) -> Trace {
    let end = tap.records.last().map_or(Time::ZERO, |last| last.at);
    let half = Time::from_nanos(end.as_nanos() / 2);
    tap.records.retain(|record| record.at >= half);
    tap
}

/// Writes a tap as pcapng, with the interfaces `wan` and `lan`.
pub(crate) fn pcapng(tap: &Trace, path: &Path) {
    let file = fs::File::create(path).unwrap();
    tap.write_pcapng(&Remarks::default(), file).unwrap();
}

/// How a pcap file is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pcap {
    pub(crate) big_endian: bool,
    pub(crate) nanoseconds: bool,
    pub(crate) link: u32,
}

/// The usual one.
pub(crate) const PCAP: Pcap = Pcap {
    big_endian: false,
    nanoseconds: true,
    link: 1,
};

/// Writes the frames of one side as a pcap, each as `wrap` makes it.
pub(crate) fn pcap(
    tap: &Trace,
    on: impl Fn(Role) -> bool,
    kind: Pcap,
    wrap: impl Fn(Role, &[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let word = |value: u32| match kind.big_endian {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    };
    let short = |value: u16| match kind.big_endian {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    };
    let magic = match kind.nanoseconds {
        true => 0xa1b2_3c4d,
        false => 0xa1b2_c3d4,
    };
    let mut bytes = [
        &word(magic)[..],
        &short(2),
        &short(4),
        &[0; 8],
        &word(262_144),
        &word(kind.link),
    ]
    .concat();
    for record in &tap.records {
        let Seen::Frame {
            on: role, frame, ..
        } = &record.seen
        else {
            continue;
        };
        if !on(*role) {
            continue;
        }
        let nanos = record.at.as_nanos() + 1_000_000_000_000_000_000;
        let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        let rest = if kind.nanoseconds { rest } else { rest / 1000 };
        let wrapped = wrap(*role, frame);
        let length = u32::try_from(wrapped.len()).unwrap();
        bytes.extend(word(u32::try_from(seconds).unwrap()));
        bytes.extend(word(u32::try_from(rest).unwrap()));
        bytes.extend(word(length));
        bytes.extend(word(length));
        bytes.extend(&wrapped);
    }
    bytes
}

/// Returns what an engineer says of a capture of this trace.
pub(crate) fn request(trace: &Trace) -> Request {
    let line = &trace.header.line;
    let presets = Line::PRESETS.iter().filter_map(|name| {
        let preset = Line::preset(name, line.area)?;
        let same = preset.upstream == line.upstream
            && preset.delegates_to_device() == line.delegates_to_device();
        same.then_some((*name, preset))
    });
    let found = presets.min_by_key(|(_, preset)| preset.service != line.service);
    // What lets no IPv6 pass has no preset; an engineer does not know of it.
    let found = found.or_else(|| {
        let name = match line.delegates_to_device() {
            true => "next-pd",
            false => "next-ra",
        };
        Some((name, Line::preset(name, line.area)?))
    });
    let otherwise = || ("next-ra", Line::preset("next-ra", Area::East).unwrap());
    let (name, mut line) = found.unwrap_or_else(otherwise);
    // Whoever entered them knows of them: `--extra-domain`.
    line.extra_domains = trace.header.line.extra_domains.clone();
    Request {
        line,
        line_name: name.to_owned(),
        wan: None,
        lan: None,
        macs: Vec::new(),
        start: None,
    }
}

/// Returns a whole file as the source.
pub(crate) fn source(path: &Path) -> Source {
    let path = PathBuf::from(path);
    Source { path, role: None }
}
