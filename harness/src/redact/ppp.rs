//! PPP authentication in a PPPoE session: names and passwords that stand there in clear, and
//! proofs by which a password can be guessed. Those of our own line are an example's, and stay, since
//! verdicts depend on them.

use std::collections::BTreeSet;
use std::ops::Range;

use ngnlab_sim::line::Area;
use ngnlab_sim::line::pppoe::{AC_NAME, accounts};
use ngnlab_sim::trace::Header;

use super::checksums::word;

/// The names that are of our line: those that the device or a terminal was given, and the
/// concentrator's.
#[derive(Clone, Debug, Default)]
pub(super) struct Own(BTreeSet<Vec<u8>>);

impl Own {
    /// Adds those of a run; a capture has none. Terminals that dial themselves have accounts of our
    /// line, too.
    pub(super) fn add(&mut self, header: &Header) {
        let given = header.setup.pppoe.iter();
        self.0
            .extend(given.map(|account| account.name.clone().into_bytes()));
        if header.captured.is_none() {
            let ours = Area::ALL.into_iter().flat_map(accounts);
            self.0.extend(ours.map(|account| account.name.into()));
            self.0.insert(AC_NAME.to_vec());
        }
    }
}

/// Returns where in a frame names, passwords and proofs of passwords stand that are nobody's of ours.
pub(super) fn secrets(frame: &[u8], own: &Own) -> Vec<Range<usize>> {
    let found = found(frame).unwrap_or_default();
    let mut names = found.iter().filter_map(|range| frame.get(range.clone()));
    match names.any(|name| own.0.contains(name)) {
        true => Vec::new(),
        false => found,
    }
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
