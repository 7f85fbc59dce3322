//! DNS questions as bytes, written one by one, since a library would refuse many of them.

use ngnlab_sim::message::dns::{HEADER, OPT};
use ngnlab_sim::node::terminal::{Carrier, Inquiry};

use super::not_yet;
use super::testbed::Testbed;
use crate::scenario::step::question::{DnsName, Edns, Extra, Flag, Question};
use crate::scenario::step::resolve::Transport;
use crate::scenario::step::target::Target;

/// Returns what the terminal has to send for a step.
pub(super) fn of(step: &Question, testbed: &Testbed) -> Result<Inquiry, String> {
    let server = testbed
        .address(step.server.unwrap_or(Target::Device))
        .ok_or(not_yet::NO_SERVER)?;
    Ok(Inquiry {
        server,
        messages: step.names.iter().map(|name| message(step, name)).collect(),
        id: step.id,
        carrier: match step.transport {
            Transport::Udp => Carrier::Datagrams,
            Transport::Tcp => Carrier::Streams {
                pipelined: step.pipelined,
                idle: step.idle.map(|idle| idle.0).unwrap_or_default(),
                cuts: step.cuts.clone(),
                half_close: step.half_close,
            },
        },
    })
}

/// Returns one question as bytes; its id is nought.
fn message(step: &Question, name: &DnsName) -> Vec<u8> {
    let mut message = vec![0; HEADER];
    message[2] = step.opcode << 3 & OPCODE;
    if !step.no_recursion {
        message[2] |= RECURSION_DESIRED;
    }
    for flag in &step.flags {
        message[3] |= match flag {
            Flag::Z => 0x40,
            Flag::Ad => 0x20,
            Flag::Cd => 0x10,
        };
    }
    message[5] = 1;
    message.extend(name.wire());
    message.extend(step.kind.number().to_be_bytes());
    message.extend((step.class as u16).to_be_bytes());
    let (last, first): (Vec<&Extra>, Vec<&Extra>) = step
        .extra
        .iter()
        .partition(|extra| matches!(extra, Extra::Tsig));
    let records = first
        .into_iter()
        .map(|extra| additional(*extra, name))
        .chain(step.edns.iter().map(opt))
        .chain(last.into_iter().map(|extra| additional(*extra, name)));
    for record in records {
        message.extend(record);
        message[11] += 1;
    }
    message
}

/// Returns the OPT record.
fn opt(edns: &Edns) -> Vec<u8> {
    let options: Vec<u8> = edns
        .options
        .iter()
        .flat_map(|code| [&code.to_be_bytes()[..], &[0, 4], b"test"].concat())
        .collect();
    let [flags_high, flags_low] = edns.flags.to_be_bytes();
    let ttl = [0, edns.version, flags_high, flags_low];
    record(&[0], OPT, edns.size, ttl, &options)
}

/// Returns a record of the additional section.
fn additional(extra: Extra, question: &DnsName) -> Vec<u8> {
    match extra {
        Extra::Compressed => record(&POINTER_TO_QUESTION, TXT, INTERNET, [0; 4], b"\x04test"),
        Extra::Uncompressed => record(question.wire(), TXT, INTERNET, [0; 4], b"\x04test"),
        Extra::Tkey => {
            let mut data = GSS_TSIG.to_vec();
            // Inception and expiration.
            data.extend(
                [SIGNED_AT, SIGNED_AT + 86_400]
                    .map(u32::to_be_bytes)
                    .concat(),
            );
            // Mode 3 is GSS-API; no error, eight octets of key data, no other data.
            data.extend([0, 3, 0, 0, 0, 8]);
            data.extend(b"ngnlab-k");
            data.extend([0, 0]);
            record(KEY, TKEY, ANY, [0; 4], &data)
        }
        Extra::Tsig => {
            let mut data = HMAC_SHA256.to_vec();
            // The upper 16 bits of the time are nought; five minutes of fudge.
            data.extend([0, 0]);
            data.extend(SIGNED_AT.to_be_bytes());
            data.extend([1, 44, 0, 32]);
            data.extend([0x5a; 32]);
            // The original id, no error, no other data.
            data.extend([0; 6]);
            record(KEY, TSIG, ANY, [0; 4], &data)
        }
    }
}

fn record(owner: &[u8], kind: u16, class: u16, ttl: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    [
        owner,
        &kind.to_be_bytes(),
        &class.to_be_bytes(),
        &ttl,
        &length.to_be_bytes(),
        data,
    ]
    .concat()
}

const OPCODE: u8 = 0x78;
const RECURSION_DESIRED: u8 = 0x01;
const INTERNET: u16 = 1;
const ANY: u16 = 255;
const TXT: u16 = 16;
const TKEY: u16 = 249;
const TSIG: u16 = 250;
/// The question's name is the first thing after the header.
const POINTER_TO_QUESTION: [u8; 2] = [0xc0, 12];
const KEY: &[u8] = b"\x03key\x06ngnlab\x00";
const HMAC_SHA256: &[u8] = b"\x0bhmac-sha256\x00";
const GSS_TSIG: &[u8] = b"\x08gss-tsig\x00";
/// When the guide's edition 1.2 came out, 2021-03-25; nobody looks.
const SIGNED_AT: u32 = 1_616_630_400;

#[cfg(test)]
mod tests {
    use hickory_proto::op::Message;
    use hickory_proto::rr::RData;

    use super::*;

    fn message(text: &str) -> Vec<u8> {
        let question: Question = toml::from_str(text).unwrap();
        super::message(&question, &question.names[0])
    }

    #[test]
    fn another_implementation_reads_what_is_written() {
        let bytes = message(
            r#"
            names = ["www.lineauth.mnw"]
            flags = ["ad", "cd"]
            edns  = { size = 4096, flags = 0x8000, options = [65001, 65002] }
            extra = ["tsig", "tkey", "compressed", "uncompressed"]
            "#,
        );
        let message = Message::from_vec(&bytes).unwrap();
        assert!(message.metadata.authentic_data && message.metadata.checking_disabled);
        assert!(message.metadata.recursion_desired);
        let edns = message.edns.as_ref().unwrap();
        assert_eq!((edns.max_payload(), edns.flags().dnssec_ok), (4096, true));
        assert_eq!(edns.options().as_ref().len(), 2);
        assert_eq!(message.additionals[1].name, message.queries[0].name);
        assert_eq!(message.additionals[2].name, message.queries[0].name);
        let last = message.additionals.last().unwrap();
        assert!(matches!(last.data, RData::TSIG(_)), "{last}");
    }

    #[test]
    fn odd_headers_are_written_as_told() {
        let bytes = message("names = [\"a\"]\nopcode = 4\nclass = \"CH\"\nno-recursion = true");
        assert_eq!(bytes[2], 4 << 3);
        assert_eq!(bytes[HEADER..], *b"\x01a\x00\x00\x1c\x00\x03");
        let bytes = message("names = [\"a\"]\nflags = [\"z\"]");
        assert_eq!(bytes[2..4], [1, 0x40]);
    }
}
