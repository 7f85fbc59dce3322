//! Frames: the bytes of addresses and words, and the checksums over them.

use aho_corasick::AhoCorasick;
use ngnlab_sim::Frame;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::packet::ethernet::Ethernet;

use super::text::{SOLICITED_NODE, labels_backwards, searcher, spelled};
use super::{Redactor, checksums, ppp};

/// Maps frames.
pub(super) struct Frames<'r> {
    redactor: &'r Redactor,
    known: AhoCorasick,
    instead: Vec<Vec<u8>>,
}

impl<'r> Frames<'r> {
    pub(super) fn new(redactor: &'r Redactor) -> Self {
        let mut pairs = Vec::new();
        for mac in &redactor.macs {
            let other = redactor.mac(*mac);
            for form in [
                itself,
                interface_id,
                solicited_node,
                its_ethernet_group,
                looked_up,
            ] {
                pairs.push((form(*mac), form(other)));
            }
        }
        let spelled = spelled(redactor).into_iter();
        pairs.extend(spelled.map(|(one, other)| (one.into_bytes(), other.into_bytes())));
        let (patterns, instead): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Self {
            redactor,
            known: searcher(&patterns),
            instead,
        }
    }

    /// Maps a frame; its length stays, and a checksum that was wrong stays wrong.
    pub(super) fn map(&self, frame: &Frame) -> Frame {
        let mut mapped = self.known.replace_all_bytes(frame, &self.instead);
        for secret in ppp::secrets(frame, &self.redactor.own) {
            let hidden = self.redactor.hash(b"ppp", &frame[secret.clone()]);
            for (byte, hidden) in mapped[secret].iter_mut().zip(hidden.iter().cycle()) {
                *byte = b'a' + hidden % 26;
            }
        }
        if mapped[..] == frame[..] {
            return frame.clone();
        }
        checksums::mend(frame, &mut mapped);
        mapped.into()
    }
}

/// Returns the addresses that an Ethernet frame goes from and to.
pub(super) fn macs(frame: &[u8]) -> impl Iterator<Item = Mac> + use<> {
    let ends = Ethernet::parse(frame).map(|frame| [frame.source, frame.destination]);
    ends.into_iter().flatten()
}

fn itself(mac: Mac) -> Vec<u8> {
    mac.0.to_vec()
}

fn interface_id(mac: Mac) -> Vec<u8> {
    mac.interface_id().to_vec()
}

fn solicited_node(mac: Mac) -> Vec<u8> {
    [&SOLICITED_NODE[..], &mac.0[3..]].concat()
}

/// RFC 2464 §7.
fn its_ethernet_group(mac: Mac) -> Vec<u8> {
    [&[0x33, 0x33, 0xff], &mac.0[3..]].concat()
}

/// The labels of an address in ip6.arpa (RFC 3596 §2.5), each behind its length (RFC 1035 §3.1).
fn looked_up(mac: Mac) -> Vec<u8> {
    let labels = labels_backwards(mac);
    labels.flat_map(|digit| [1, digit as u8]).collect()
}
