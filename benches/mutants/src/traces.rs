//! What a fault changes in what is seen: the traces of all scenarios, held against those without.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::Path;

use ngnlab_sim::Frame;
use ngnlab_sim::message::icmpv6::FIRST_INFORMATIONAL;
use ngnlab_sim::message::packet::ipv4::{Ipv4, Payload4};
use ngnlab_sim::message::packet::{ETHERNET_HEADER, IPV6_HEADER, Packet};
use ngnlab_sim::trace::{Record, Seen, Trace};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The records of all traces of a run, by the folder of their case, each as a hash.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Traces(BTreeMap<String, Vec<u64>>);

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parting {
    /// In how many cases.
    pub(crate) cases: usize,
    /// The first of them.
    pub(crate) first: String,
    /// The record at which it does.
    pub(crate) record: usize,
}

impl Traces {
    /// Reads what `ngnlab run --out` left in a folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let mut traces = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(at) = folders.pop() {
            for entry in fs::read_dir(&at).map_err(Error::reading(&at))? {
                let path = entry.map_err(Error::reading(&at))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.ends_with("trace.jsonl") {
                    let case = at.strip_prefix(folder).expect("it is below");
                    let records = records(&path).map_err(Error::reading(&path))?;
                    traces.insert(case.to_string_lossy().into_owned(), records);
                }
            }
        }
        Ok(Self(traces))
    }

    /// Returns where another run parts from this one, if it does.
    pub(crate) fn parting(&self, other: &Self) -> Option<Parting> {
        let mut parting = None;
        for (case, own) in &self.0 {
            let none = Vec::new();
            let others = other.0.get(case).unwrap_or(&none);
            if own == others {
                continue;
            }
            let same = own.iter().zip(others).take_while(|(a, b)| a == b).count();
            let found = parting.get_or_insert(Parting {
                cases: 0,
                first: case.clone(),
                record: same,
            });
            found.cases += 1;
        }
        parting
    }
}

fn records(path: &Path) -> io::Result<Vec<u64>> {
    let trace = Trace::load(File::open(path)?)?;
    Ok(trace.records.into_iter().map(hash).collect())
}

fn hash(mut record: Record) -> u64 {
    if let Seen::Frame { frame, .. } = &mut record.seen {
        *frame = masked(frame);
    }
    let mut hasher = DefaultHasher::new();
    let text = serde_json::to_string(&record).expect("it was read from JSON");
    text.hash(&mut hasher);
    hasher.finish()
}

/// Masks what TLS draws by itself, whatever the seed: its bytes, the checksum over them, and what
/// an ICMPv6 error quotes of both.
fn masked(frame: &Frame) -> Frame {
    let drawn = drawn_over_ipv6(frame).or_else(|| drawn_over_ipv4(frame));
    let mut bytes = frame.to_vec();
    if let Some((checksum, from)) = drawn {
        for range in [checksum..checksum + 2, from..bytes.len()] {
            if let Some(drawn) = bytes.get_mut(range) {
                drawn.fill(0);
            }
        }
    }
    bytes.into()
}

/// Returns where the checksum stands, and from where on bytes are drawn.
fn drawn_over_ipv6(frame: &Frame) -> Option<(usize, usize)> {
    Packet::parse(frame).and_then(|packet| {
        if packet
            .icmpv6()
            .is_some_and(|message| message.kind < FIRST_INFORMATIONAL)
        {
            return Some((ICMPV6_CHECKSUM, QUOTED_CHECKSUM));
        }
        let tcp = packet.tcp()?;
        let https = tcp.source_port() == HTTPS || tcp.destination_port() == HTTPS;
        https.then(|| (TCP_CHECKSUM, frame.len() - tcp.payload().len()))
    })
}

/// Returns the same over IPv4, on a cable as it is or in a PPPoE session.
fn drawn_over_ipv4(frame: &Frame) -> Option<(usize, usize)> {
    let start = match frame.get(ETHERNET_HEADER - 2..ETHERNET_HEADER)? {
        IPV4 => ETHERNET_HEADER,
        SESSION => ETHERNET_HEADER + SESSION_HEADER,
        _ => return None,
    };
    let packet = Ipv4::parse(frame.get(start..)?)?;
    let Payload4::Tcp(tcp) = &packet.payload else {
        return None;
    };
    let https = tcp.source_port() == HTTPS || tcp.destination_port() == HTTPS;
    let end = start + packet.ip.len();
    let checksum = end - tcp.slice().len() + 16;
    https.then(|| (checksum, end - tcp.payload().len()))
}

/// RFC 894.
const IPV4: &[u8] = &[0x08, 0x00];
/// RFC 2516 §4: a session packet, whose header has six bytes, with PPP's protocol behind it.
const SESSION: &[u8] = &[0x88, 0x64];
const SESSION_HEADER: usize = 8;
const HTTPS: u16 = 443;
const TCP_CHECKSUM: usize = ETHERNET_HEADER + IPV6_HEADER + 16;
const ICMPV6_CHECKSUM: usize = ETHERNET_HEADER + IPV6_HEADER + 2;
/// Where the checksum of a quoted TCP segment stands, and its bytes behind it.
const QUOTED_CHECKSUM: usize = ETHERNET_HEADER + IPV6_HEADER + 8 + IPV6_HEADER + 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_part_at_the_first_record_that_differs() {
        let clean = traces(&[("a", &[1, 2]), ("b", &[1, 2, 3])]);
        let other = traces(&[("a", &[1, 2]), ("b", &[1, 9])]);
        let expected = Parting {
            cases: 1,
            first: "b".to_owned(),
            record: 1,
        };
        assert_eq!(clean.parting(&other), Some(expected));
        assert_eq!(clean.parting(&clean), None);
    }

    fn traces(cases: &[(&str, &[u64])]) -> Traces {
        let cases = cases.iter();
        Traces(
            cases
                .map(|(name, records)| ((*name).to_owned(), records.to_vec()))
                .collect(),
        )
    }
}
