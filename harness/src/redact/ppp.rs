//! PPP authentication in a PPPoE session: names and passwords that stand there in clear, and
//! proofs by which a password can be guessed.

use std::ops::Range;

use super::checksums::word;

/// Returns where in a frame names, passwords and proofs of passwords stand.
pub(super) fn secrets(frame: &[u8]) -> Vec<Range<usize>> {
    found(frame).unwrap_or_default()
}

fn found(frame: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut at = 12;
    // IEEE 802.1Q.
    while let 0x8100 | 0x88a8 = word(frame, at)? {
        at += 4;
    }
    // RFC 2516 §4: a session, its header, the PPP protocol.
    if word(frame, at)? != 0x8864 {
        return None;
    }
    let protocol = word(frame, at + 8)?;
    let message = at + 10;
    let length = usize::from(word(frame, message + 2)?);
    let end = (message + length).min(frame.len());
    let first = counted(frame, message + 4, end)?;
    match (protocol, frame.get(message)?) {
        // RFC 1334 §2.2.1, Authenticate-Request: the name, and the password in clear.
        (0xc023, 1) => {
            let second = counted(frame, first.end, end)?;
            Some(vec![first, second])
        }
        // RFC 1994 §4.1, Challenge and Response: a value, and the name behind it.
        (0xc223, 1 | 2) => {
            let name = first.end..end;
            Some(vec![first, name])
        }
        _ => None,
    }
}

/// Returns where what stands behind a byte with its length is.
fn counted(frame: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    let start = at + 1;
    let stop = start + usize::from(*frame.get(at)?);
    (stop <= end).then_some(start..stop)
}
