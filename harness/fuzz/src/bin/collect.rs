//! Makes corpus files of saved traces: `collect NAME TRACE…` adds the frames of each trace as a
//! row for `world` and `judge`, and one frame of each kind for `codecs`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use ngnlab_fuzz::packed::pack;
use ngnlab_sim::message::packet::{Packet, Payload};
use ngnlab_sim::trace::{Seen, Trace};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut kinds = BTreeSet::new();
    for (number, path) in arguments.enumerate() {
        let trace = Trace::load(File::open(path)?)?;
        for target in ["world", "judge"] {
            let file = format!("{name}-{number:02}");
            write(&corpus.join(target), &file, &pack(&trace, ROW))?;
        }
        for record in &trace.records {
            let Seen::Frame { frame, .. } = &record.seen else {
                continue;
            };
            let Some(kind) = kind(frame) else { continue };
            if frame.len() <= LONGEST && kinds.insert(kind) {
                let file = format!("{name}-{:02}", kinds.len());
                write(&corpus.join("codecs"), &file, frame)?;
            }
        }
    }
    Ok(())
}

fn write(folder: &Path, file: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(file), bytes)
}

/// Returns what tells one frame from others of its kind.
fn kind(frame: &[u8]) -> Option<(u8, u16)> {
    let packet = Packet::parse(frame)?;
    Some(match packet.ipv6.payload {
        Payload::Udp(udp) => {
            let port = udp.source_port.min(udp.destination_port);
            // A DHCPv6 message says its type first, a DNS message in its flags.
            let first = udp.payload.first().copied().unwrap_or(0);
            let flags = udp.payload.get(2).copied().unwrap_or(0) & 0xf8;
            (if port == 53 { flags } else { first }, port)
        }
        Payload::Tcp(tcp) => {
            let long = u8::from(!tcp.payload().is_empty());
            (long, tcp.source_port().min(tcp.destination_port()))
        }
        Payload::Icmpv6(icmpv6) => (icmpv6.kind, 0),
        Payload::Other { next_header, .. } => (next_header, 1),
    })
}

/// What a row of frames may take.
const ROW: usize = 16 * 1024;
/// What a frame may take.
const LONGEST: usize = 600;
