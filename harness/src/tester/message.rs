//! Questions and answers, byte by byte: what is made and read a hundred thousand times a second.

use ngnlab_reports::benchmark::Asked;

use super::ip::{self, Ends, Ip, complement, pseudo_sum, sum, two};
use super::label::{self, Label};
use super::zone::Zone;

/// What both sides know of a message, wherever it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Datagram<'a> {
    /// Between whom it travels, the sender first.
    pub(super) ends: Ends,
    /// From which port.
    pub(super) source_port: u16,
    /// To which port.
    pub(super) destination_port: u16,
    /// The DNS message.
    pub(super) payload: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// Takes a frame apart, if there is a UDP datagram in it, whole.
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let Ip {
            ends,
            protocol,
            body: udp,
            ..
        } = Ip::read(frame)?;
        if protocol != UDP_PROTOCOL || udp.len() < UDP {
            return None;
        }
        let length = usize::from(two(udp, 4));
        if length < UDP || length > udp.len() {
            return None;
        }
        Some(Self {
            ends,
            source_port: two(udp, 0),
            destination_port: two(udp, 2),
            payload: &udp[UDP..length],
        })
    }
}

/// A question in a frame, of which only port, id and label change.
#[derive(Clone, Debug)]
pub(super) struct Question {
    frame: Vec<u8>,
    /// Where UDP begins in it.
    udp: usize,
    /// The sum over all that does not change (RFC 1071).
    sum: u32,
}

impl Question {
    /// Makes the frame of a question for names of a domain.
    pub(super) fn new(ends: &Ends, zone: &Zone, asked: Asked) -> Self {
        let mut dns = vec![0; DNS];
        // Recursion desired, one question (RFC 1035 §4.1.1).
        dns[2] = 0x01;
        dns[5] = 1;
        dns.push(label::LENGTH as u8);
        dns.extend([0; label::LENGTH]);
        dns.extend(&zone.wire);
        dns.extend(kind(asked).to_be_bytes());
        dns.extend(CLASS_IN.to_be_bytes());
        if is_large(asked) {
            dns[11] = 1;
            dns.extend(opt());
        }
        let mut frame = Vec::new();
        headers(&mut frame, ends, (0, PORT));
        frame.extend(dns);
        let sum = lengths(&mut frame);
        Self {
            udp: ip::body(&frame),
            frame,
            sum,
        }
    }

    /// Returns the frame of one question.
    pub(super) fn frame(&mut self, label: Label, port: u16, id: u16) -> &[u8] {
        let udp = self.udp;
        let dns = udp + UDP;
        self.frame[udp..udp + 2].copy_from_slice(&port.to_be_bytes());
        self.frame[dns..dns + 2].copy_from_slice(&id.to_be_bytes());
        let letters = label.letters();
        let at = dns + DNS + 1;
        self.frame[at..at + label::LENGTH].copy_from_slice(&letters);
        // The letters begin at an odd place, and are even in number.
        let mut changed = u32::from(port) + u32::from(id) + u32::from(letters[0]);
        for pair in letters[1..label::LENGTH - 1].chunks_exact(2) {
            changed += u32::from(two(pair, 0));
        }
        changed += u32::from(letters[label::LENGTH - 1]) << 8;
        let checksum = checksum(self.sum + changed);
        self.frame[udp + 6..udp + 8].copy_from_slice(&checksum.to_be_bytes());
        &self.frame
    }

    /// Returns one question without what carries it.
    pub(super) fn message(&mut self, label: Label, id: u16) -> &[u8] {
        let dns = self.udp + UDP;
        &self.frame(label, 0, id)[dns..]
    }
}

/// A question that came upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    /// For which name.
    pub(super) label: Label,
    /// For which type.
    pub(super) kind: u16,
    /// With which id.
    pub(super) id: u16,
    /// The domain of the name, by its place among the domains.
    pub(super) zone: usize,
    end: usize,
}

impl Asking {
    /// Reads a question, if it is for a name of these domains.
    pub(super) fn read(message: &[u8], zones: &[Zone]) -> Option<Self> {
        let is_question = message.len() > DNS && message[2] & 0xf8 == 0;
        if !is_question || two(message, 4) != 1 {
            return None;
        }
        let (label, zone) = name(&message[DNS..], zones)?;
        let end = DNS + zones[zone].name_length() + 4;
        let tail = message.get(end - 4..end)?;
        (two(tail, 2) == CLASS_IN).then_some(Self {
            label,
            kind: two(tail, 0),
            id: two(message, 0),
            zone,
            end,
        })
    }

    /// Writes the frame of the answer to a question.
    pub(super) fn answer(&self, asked: &Datagram<'_>, right: bool, to: &mut Vec<u8>) {
        to.clear();
        headers(to, &asked.ends.turned(), (PORT, asked.source_port));
        self.append(asked.payload, right, to);
        finish(to);
    }

    /// Writes the answer to a question.
    pub(super) fn write(&self, question: &[u8], right: bool, to: &mut Vec<u8>) {
        to.clear();
        self.append(question, right, to);
    }

    fn append(&self, question: &[u8], right: bool, to: &mut Vec<u8>) {
        let has_opt = two(question, 10) == 1;
        let data = right.then(|| data(self.label, self.kind)).flatten();
        let dns = to.len();
        to.extend(&question[..self.end]);
        // QR, and RD as it was; RA (RFC 1035 §4.1.1).
        to[dns + 2] = 0x80 | (question[2] & 0x01);
        to[dns + 3] = if right { 0x80 } else { 0x80 | NXDOMAIN };
        let records = u8::from(data.is_some());
        to[dns + 6..dns + 12].copy_from_slice(&[0, records, 0, 0, 0, u8::from(has_opt)]);
        if let Some(data) = data {
            // The name is that of the question (RFC 1035 §4.1.4).
            to.extend([0xc0, DNS as u8]);
            to.extend(self.kind.to_be_bytes());
            to.extend(CLASS_IN.to_be_bytes());
            to.extend(TTL.to_be_bytes());
            to.extend((data.len() as u16).to_be_bytes());
            to.extend(data);
        }
        if has_opt {
            to.extend(opt());
        }
    }
}

/// What a device answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The record that was asked for.
    Right,
    /// An error.
    Rcode,
    /// Another record, none, or too many.
    Record,
    /// For another name or type.
    Question,
    /// Cut off.
    Truncated,
}

/// Reads an answer: its label if there is one, and how it compares to what was asked for.
///
/// Nothing is returned for what is no answer at all.
pub(super) fn judge(message: &[u8], zones: &[Zone], asked: Asked) -> Option<(Label, Verdict)> {
    if message.len() <= DNS || message[2] & 0xf8 != 0x80 {
        return None;
    }
    let (label, zone) = name(&message[DNS..], zones)?;
    let end = DNS + zones[zone].name_length() + 4;
    let tail = message.get(end - 4..end)?;
    let verdict = if two(message, 4) != 1 || two(tail, 0) != kind(asked) || two(tail, 2) != CLASS_IN
    {
        Verdict::Question
    } else if message[2] & 0x02 != 0 {
        Verdict::Truncated
    } else if message[3] & 0x0f != 0 {
        Verdict::Rcode
    } else if two(message, 6) == 1 && has_record(message, end, label, kind(asked)) {
        Verdict::Right
    } else {
        Verdict::Record
    };
    Some((label, verdict))
}

/// Returns whether the one record of an answer is the one that a name has.
fn has_record(message: &[u8], at: usize, label: Label, kind: u16) -> bool {
    let Some(rest) = message.get(at..) else {
        return false;
    };
    // A pointer to the question's name, or the name once more.
    let owner = match rest.first() {
        Some(0xc0) if rest.get(1) == Some(&(DNS as u8)) => 2,
        Some(_) => {
            let question = &message[DNS..at - 4];
            match rest.get(..question.len()) {
                Some(again) if again.eq_ignore_ascii_case(question) => question.len(),
                _ => return false,
            }
        }
        None => return false,
    };
    let Some(fixed) = rest.get(owner..owner + 10) else {
        return false;
    };
    let length = usize::from(two(fixed, 8));
    let found = rest.get(owner + 10..owner + 10 + length);
    two(fixed, 0) == kind && two(fixed, 2) == CLASS_IN && found == data(label, kind).as_deref()
}

/// Reads a name that begins with a label of ours and goes on with one of the domains.
fn name(bytes: &[u8], zones: &[Zone]) -> Option<(Label, usize)> {
    let letters = bytes.get(1..=label::LENGTH)?;
    if usize::from(bytes[0]) != label::LENGTH {
        return None;
    }
    let rest = &bytes[1 + label::LENGTH..];
    let zone = zones.iter().position(|zone| {
        rest.get(..zone.wire.len())
            .is_some_and(|wire| wire.eq_ignore_ascii_case(&zone.wire))
    })?;
    Some((Label::read(letters)?, zone))
}

/// Returns the data of the record of a name, which no other name has; none for other types.
fn data(label: Label, kind: u16) -> Option<Vec<u8>> {
    let Label { trial, number, .. } = label;
    let [high, low] = trial.to_be_bytes();
    let [a, b, c, d] = number.to_be_bytes();
    let seven = u8::from(label.repeats);
    match kind {
        // RFC 3849: addresses for examples, so nobody's.
        TYPE_AAAA => Some(vec![
            0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, seven, 0, 0, high, low, a, b, c, d,
        ]),
        // RFC 2544 appendix C.2.2: addresses for benchmarks.
        TYPE_A => Some(vec![198, 18 | (b & 1), c, d]),
        // Strings of 255 bytes at most (RFC 1035 §3.3.14), the first of them the label.
        TYPE_TXT => {
            let length = if label.long { 1300 } else { 700 };
            let mut text = vec![label::LENGTH as u8];
            text.extend(label.letters());
            while text.len() < length {
                let part = (length - text.len() - 1).min(255);
                text.push(part as u8);
                text.extend(std::iter::repeat_n(b'n', part));
            }
            Some(text)
        }
        _ => None,
    }
}

/// Returns the number of a type (RFC 1035 §3.2.2, RFC 3596 §2.1).
fn kind(asked: Asked) -> u16 {
    match asked {
        Asked::Aaaa => TYPE_AAAA,
        Asked::A => TYPE_A,
        Asked::Txt700 | Asked::Txt1300 => TYPE_TXT,
    }
}

fn is_large(asked: Asked) -> bool {
    matches!(asked, Asked::Txt700 | Asked::Txt1300)
}

/// An OPT record that says how much fits into a datagram (RFC 6891 §6.1.2).
fn opt() -> [u8; 11] {
    let [high, low] = EDNS_SIZE.to_be_bytes();
    [0, 0, 41, high, low, 0, 0, 0, 0, 0, 0]
}

/// Writes the headers of a datagram.
fn headers(frame: &mut Vec<u8>, ends: &Ends, ports: (u16, u16)) {
    ip::begin(frame, ends, UDP_PROTOCOL);
    frame.extend(ports.0.to_be_bytes());
    frame.extend(ports.1.to_be_bytes());
    // Length and checksum.
    frame.extend([0; 4]);
}

/// Fills in the lengths of a frame whose payload is complete, and returns the sum for its checksum.
fn lengths(frame: &mut [u8]) -> u32 {
    ip::finish(frame);
    let udp = ip::body(frame);
    let length = ((frame.len() - udp) as u16).to_be_bytes();
    frame[udp + 4..udp + 6].copy_from_slice(&length);
    pseudo_sum(frame) + sum(&frame[udp..])
}

/// Fills in the lengths and the checksum of a frame whose payload is complete.
fn finish(frame: &mut [u8]) {
    let checksum = checksum(lengths(frame));
    let udp = ip::body(frame);
    frame[udp + 6..udp + 8].copy_from_slice(&checksum.to_be_bytes());
}

/// Returns the checksum of a datagram, in which zero is sent as all ones (RFC 8200 §8.1, RFC 768).
fn checksum(sum: u32) -> u16 {
    match complement(sum) {
        0 => 0xffff,
        checksum => checksum,
    }
}

const UDP: usize = 8;
/// The header of a DNS message (RFC 1035 §4.1.1).
const DNS: usize = 12;
const UDP_PROTOCOL: u8 = 17;
/// DNS (RFC 1035 §4.2.1).
pub(super) const PORT: u16 = 53;
const CLASS_IN: u16 = 1;
const TYPE_A: u16 = 1;
const TYPE_TXT: u16 = 16;
const TYPE_AAAA: u16 = 28;
const NXDOMAIN: u8 = 3;
/// Longer than a trial and the pause before the next one (`inferred`).
const TTL: u32 = 86_400;
/// What a terminal with EDNS takes (RFC 6891 §6.2.5).
const EDNS_SIZE: u16 = 4096;

#[cfg(test)]
mod tests;
