//! UDP headers (RFC 768).

use super::checksum::{self, Sum};
use super::next::{Ends, Next, Part};
use super::shown;
use super::walk::{layer, plain};

/// The protocol number of UDP.
pub(super) const UDP: u8 = 17;

/// Reads a datagram's header.
pub(super) fn header(ends: Ends, bytes: &[u8], at: usize, end: usize) -> Part {
    let mut remark = "";
    let (layer, found) = layer("UDP", bytes, at..end, |walk| {
        let source = walk.u16("Source Port", plain)?;
        let destination = walk.u16("Destination Port", plain)?;
        walk.summary = format!("{source} to {destination}");
        let length = usize::from(walk.u16("Length", plain)?);
        let whole = length.max(HEADER);
        let sum = checksum::read(walk, UDP, ends, at, whole)?;
        let body = whole - HEADER;
        walk.summary
            .push_str(&format!(", {}", shown::bytes(body.min(walk.left()))));
        if sum == Sum::Wrong {
            remark = ", with a wrong checksum";
            walk.summary.push_str(remark);
        }
        // What is a fragment, or is quoted, ends early by right, and its packet tells the rest.
        if length < HEADER || (body > walk.left() && ends.is_whole) {
            walk.doubt();
        }
        let until = walk.at() + body.min(walk.left());
        Ok((source, destination, until))
    });
    let says = format!("UDP {}", layer.summary);
    match found {
        Some((source, destination, until)) => {
            let next = match ends.is_piece {
                true => Next::Data,
                false => Next::Datagram(source, destination),
            };
            let mut part = Part::before(layer, says, next);
            part.remark = remark;
            part.until(until)
        }
        None => Part::last(layer, says),
    }
}

const HEADER: usize = 8;
