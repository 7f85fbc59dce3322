//! DNS messages (RFC 1035 §4.1), in datagrams and in streams.

use super::names;
use super::next::Part;
use super::shown;
use super::walk::{Read, Walk, layer, plain};

mod edns;
mod numbers;
mod rdata;
mod records;

/// The port of DNS (RFC 1035 §4.2).
pub(super) const PORT: u16 = 53;

/// What a message tells in a line.
#[derive(Debug, Default)]
struct Told {
    question: Option<String>,
    response: bool,
    truncated: bool,
    code: u16,
    answers: u16,
    payload_size: Option<u16>,
    size: usize,
}

/// Reads a message; in a stream its length stands before it (RFC 1035 §4.2.2).
pub(super) fn message(is_stream: bool, bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, _) = layer("DNS", bytes, at..end, |walk| {
        let mut told = Told::default();
        if is_stream {
            walk.u16("Length", plain)?;
        }
        told.size = walk.left();
        let read = content(walk, &mut told);
        walk.summary = told.words();
        read
    });
    let says = format!("DNS {}", layer.summary);
    Part::last(layer, says)
}

fn content(walk: &mut Walk<'_>, told: &mut Told) -> Read<()> {
    let origin = walk.at();
    walk.u16("ID", |id| format!("{id:#06x}"))?;
    flags(walk, told)?;
    let questions = walk.u16("QDCOUNT", plain)?;
    told.answers = walk.u16("ANCOUNT", plain)?;
    let authorities = walk.u16("NSCOUNT", plain)?;
    let additionals = walk.u16("ARCOUNT", plain)?;
    for number in 0..questions {
        let mut words = String::new();
        walk.group("Question", |walk| {
            let name = names::field(walk, "QNAME", origin)?;
            let kind = walk.u16("QTYPE", numbers::kind)?;
            walk.u16("QCLASS", numbers::class)?;
            words = format!("{}? {name}", numbers::short_kind(kind));
            Ok(words.clone())
        })?;
        if number == 0 {
            told.question = Some(words);
        }
    }
    for (section, count) in [
        ("Answer", told.answers),
        ("Authority", authorities),
        ("Additional", additionals),
    ] {
        for _ in 0..count {
            let opt = records::record(section, origin, walk)?;
            if let Some(opt) = opt {
                told.payload_size = Some(opt.payload_size);
                // RFC 6891 §6.1.3: the upper eight bits.
                told.code |= u16::from(opt.extended_code) << 4;
            }
        }
    }
    if walk.left() > 0 {
        walk.doubt();
        walk.note_rest("does not fit");
    }
    Ok(())
}

fn flags(walk: &mut Walk<'_>, told: &mut Told) -> Read<()> {
    let start = walk.at();
    let word = walk.skip(2)?;
    let word = u16::from_be_bytes([word[0], word[1]]);
    told.response = word & 0x8000 != 0;
    told.truncated = word & 0x0200 != 0;
    told.code = word & 15;
    let (first, second) = (start..start + 1, start + 1..start + 2);
    let kind = if told.response { "response" } else { "query" };
    walk.note("QR", first.clone(), kind);
    let code = (word >> 11) & 15;
    walk.note("OPCODE", first.clone(), numbers::opcode(code));
    for (mask, name) in [(0x0400, "AA"), (0x0200, "TC"), (0x0100, "RD")] {
        walk.note(name, first.clone(), shown::flag(word & mask != 0));
    }
    for (mask, name) in [(0x80, "RA"), (0x40, "Z"), (0x20, "AD"), (0x10, "CD")] {
        walk.note(name, second.clone(), shown::flag(word & mask != 0));
    }
    walk.note("RCODE", second, numbers::response_code(told.code));
    Ok(())
}

impl Told {
    fn words(&self) -> String {
        let question = self.question.as_deref().unwrap_or("without a question");
        if !self.response {
            let edns = self.payload_size.map(|size| format!(" EDNS {size}"));
            return format!("{question}{}", edns.unwrap_or_default());
        }
        let outcome = match self.code {
            0 if self.answers == 0 => "no data".to_owned(),
            0 => format!("{} records", self.answers),
            2 => "SERVFAIL".to_owned(),
            3 => "NXDOMAIN".to_owned(),
            5 => "REFUSED".to_owned(),
            code => format!("rcode {code}"),
        };
        let cut = if self.truncated { ", truncated" } else { "" };
        format!("answer {question}: {outcome}{cut}, {} bytes", self.size)
    }
}
