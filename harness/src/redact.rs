//! What gives people away is mapped to something else in a trace, and to the same thing each time:
//! customer IDs, MAC addresses and the addresses made of them, PPP passwords, TLS secrets. What a
//! router did stays what it was, so that every verdict stays, too.
//!
//! The key of the mapping is random and kept nowhere, so that nobody maps it back. IPv6 prefixes
//! stay: whether an address is of the right area decides verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::{io, mem};

use hmac::{Hmac, Mac as _};
use ngnlab_reports::Report;
use ngnlab_sim::Trace;
use ngnlab_sim::message::packet::{Mac, Packet};
use ngnlab_sim::trace::{Record, Seen};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;

mod checksums;
mod frames;
mod ppp;
mod text;

use frames::Frames;
use text::Texts;

/// Maps what gives people away, one value to one other.
#[derive(Clone, Debug)]
pub struct Redactor {
    key: [u8; 32],
    macs: BTreeSet<Mac>,
    /// Customer IDs, whose letters say what kind of ID they are (ngn-facts §5.1) and stay.
    ids: BTreeSet<String>,
    words: BTreeSet<String>,
    /// PPP accounts of ours, which are nobody's.
    own: ppp::Own,
}

impl Redactor {
    /// Makes one that also maps these words wherever they stand, as the password of an ISP.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self::with_key(rand::random(), words)
    }

    fn with_key(key: [u8; 32], words: impl IntoIterator<Item = String>) -> Self {
        Self {
            key,
            macs: BTreeSet::new(),
            ids: BTreeSet::new(),
            words: words.into_iter().filter(|word| !word.is_empty()).collect(),
            own: ppp::Own::default(),
        }
    }

    /// Notes what in a trace has to be mapped.
    pub fn learn(&mut self, trace: &Trace) {
        let found = Inside::of(trace);
        self.own.add(&trace.header);
        self.macs.extend(found.macs);
        self.ids.extend(found.customer_ids);
    }

    /// Maps a trace, of which all is learnt.
    pub fn trace(&self, trace: &Trace) -> io::Result<Trace> {
        let texts = Texts::new(self);
        let frames = Frames::new(self);
        let mut header = mapped(&trace.header, &texts)?;
        for line in &mut header.tls_secrets {
            *line = self.secret(line);
        }
        let records = trace.records.iter().map(|record| {
            let seen = match &record.seen {
                Seen::Frame {
                    on,
                    from,
                    frame,
                    fate,
                    injected,
                } => Seen::Frame {
                    on: *on,
                    from: *from,
                    frame: frames.map(frame),
                    fate: *fate,
                    injected: *injected,
                },
                told => mapped(told, &texts)?,
            };
            Ok(Record {
                at: record.at,
                seen,
            })
        });
        Ok(Trace {
            header,
            records: records.collect::<io::Result<_>>()?,
        })
    }

    /// Returns what maps texts by all that is learnt until now.
    pub fn texts(&self) -> impl Fn(&str) -> String + use<> {
        let texts = Texts::new(self);
        move |text| texts.map(text)
    }

    /// Maps every text in a value.
    pub fn value<T: Serialize + DeserializeOwned>(&self, value: &T) -> io::Result<T> {
        mapped(value, &Texts::new(self))
    }

    /// Maps what a report says besides its cases, and what its checks are, which nobody gives away.
    pub fn report(&self, mut report: Report) -> io::Result<Report> {
        let cases = mem::take(&mut report.cases);
        let checks = mem::take(&mut report.checks);
        Ok(Report {
            cases,
            checks,
            ..self.value(&report)?
        })
    }

    /// Maps an address to one of the same kind: unicast stays unicast, and a local one local.
    fn mac(&self, mac: Mac) -> Mac {
        let mut bytes: [u8; 6] = [0; 6];
        bytes.copy_from_slice(&self.hash(b"mac", &mac.0)[..6]);
        bytes[0] = (bytes[0] & !KIND) | (mac.0[0] & KIND);
        Mac(bytes)
    }

    /// Maps a word to one of the same form.
    fn word(&self, word: &str, keeps_letters: bool) -> String {
        let mut letters = (0_u32..).flat_map(|block| {
            let text = [&block.to_be_bytes(), word.as_bytes()].concat();
            self.hash(b"word", &text)
        });
        let mut map = |letter: char| {
            let random = letters.next().unwrap_or_default();
            match letter {
                '0'..='9' => char::from(b'0' + random % 10),
                'a'..='z' if !keeps_letters => char::from(b'a' + random % 26),
                'A'..='Z' if !keeps_letters => char::from(b'A' + random % 26),
                other => other,
            }
        };
        word.chars().map(&mut map).collect()
    }

    /// Maps the secret in a line of an NSS key log; what it belongs to stays.
    fn secret(&self, line: &str) -> String {
        let Some((owner, secret)) = line.rsplit_once(' ') else {
            return self.word(line, false);
        };
        let hidden = (0_u32..).flat_map(|block| {
            self.hash(b"tls", &[&block.to_be_bytes(), secret.as_bytes()].concat())
        });
        let hidden = hidden.flat_map(|byte| format!("{byte:02x}").into_bytes());
        let hidden = hidden.take(secret.len()).map(char::from);
        format!("{owner} {}", hidden.collect::<String>())
    }

    fn hash(&self, kind: &[u8], value: &[u8]) -> [u8; 32] {
        let mut hash =
            <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.key).expect("a key has any length");
        hash.update(kind);
        hash.update(value);
        hash.finalize().into_bytes().into()
    }

    /// Returns every word to be mapped, with what it is mapped to.
    fn words(&self) -> BTreeMap<String, String> {
        let ids = self.ids.iter().map(|id| (id.clone(), self.word(id, true)));
        let words = self.words.iter();
        ids.chain(words.map(|word| (word.clone(), self.word(word, false))))
            .collect()
    }
}

/// What gives people away in traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// The MAC addresses of the device, and all others that a maker gave out, or that stand in a
    /// capture of somebody's.
    pub macs: BTreeSet<Mac>,
    /// Customer IDs (お客さまID).
    pub customer_ids: BTreeSet<String>,
    /// How many connections' TLS secrets there are.
    pub tls_connections: usize,
    /// How many PPP passwords, or proofs of one.
    pub passwords: usize,
}

impl Inside {
    /// Looks into a trace.
    pub fn of(trace: &Trace) -> Self {
        let header = &trace.header;
        let line = &header.line;
        let ids = [Some(&line.customer_id), line.applied_id.as_ref()];
        let secrets = header.tls_secrets.iter();
        // An NSS key log names the connection by its client's random number.
        let connections: BTreeSet<&str> =
            secrets.filter_map(|line| line.split(' ').nth(1)).collect();
        let mut found = Self {
            macs: [header.setup.wan_mac, header.setup.lan_mac].into(),
            customer_ids: ids.into_iter().flatten().cloned().collect(),
            tls_connections: connections.len(),
            passwords: 0,
        };
        found.customer_ids.retain(|id| !id.is_empty());
        // On a line of ours, those that no maker gave out are ours as well.
        let is_real = |mac: &Mac| {
            is_given_out(*mac) || header.captured.is_some() && mac.0[0] & 1 == 0 && mac.0 != [0; 6]
        };
        let mut own = ppp::Own::default();
        own.add(header);
        for record in &trace.records {
            if let Seen::Frame { frame, .. } = &record.seen {
                found.macs.extend(frames::macs(frame).filter(is_real));
                if let Some(packet) = Packet::parse(frame) {
                    let ends = [packet.source, packet.destination];
                    let inside = ends.into_iter().filter_map(text::mac_inside);
                    found.macs.extend(inside.filter(is_real));
                }
                found.passwords += usize::from(!ppp::secrets(frame, &own).is_empty());
            }
        }
        found
    }

    /// Adds what is in another trace.
    pub fn add(&mut self, other: Self) {
        self.macs.extend(other.macs);
        self.customer_ids.extend(other.customer_ids);
        self.tls_connections += other.tls_connections;
        self.passwords += other.passwords;
    }
}

/// Returns whether a maker gave an address to one machine: then neither bit of its first byte is
/// set that makes it a group's or a local one (IEEE 802-2014 §8.2).
fn is_given_out(mac: Mac) -> bool {
    mac.0[0] & KIND == 0 && mac != Mac([0; 6])
}

fn mapped<T: Serialize + DeserializeOwned>(value: &T, texts: &Texts) -> io::Result<T> {
    let mut value = serde_json::to_value(value)?;
    map_texts(&mut value, texts);
    Ok(serde_json::from_value(value)?)
}

fn map_texts(value: &mut Value, texts: &Texts) {
    match value {
        Value::String(text) => *text = texts.map(text),
        Value::Array(values) => values.iter_mut().for_each(|one| map_texts(one, texts)),
        Value::Object(fields) => fields.values_mut().for_each(|one| map_texts(one, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The bits of the first byte that say what kind of an address it is.
const KIND: u8 = 0b11;

#[cfg(test)]
mod tests;
