//! What the decoder says of frames, whole ones and broken ones.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use ngnlab_harness::decode::{self, Decoder};
use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::play;
use ngnlab_harness::scenario::Scenario;
use ngnlab_reports::decoded::{Decoded, Field};
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{Seen, Trace};
use ngnlab_sim::{Frame, Pace};
use proptest::prelude::*;

mod tls_sessions;

#[test]
fn each_byte_of_a_whole_frame_stands_in_one_layer_and_in_a_field() {
    for trace in traces() {
        let decoder = Decoder::new(trace);
        for (record, frame) in frames(trace) {
            let decoded = decoder.frame(record).unwrap();
            let mut at = 0;
            for layer in &decoded.layers {
                let end = layer.start + layer.length;
                if layer.apart.is_empty() {
                    assert_eq!(layer.start, at, "#{record} {}", decoded.summary);
                    at = end;
                }
                let mut covered = layer.start;
                for field in &layer.fields {
                    assert!(field.start <= covered, "#{record} before {field:?}");
                    covered = covered.max(field.start + field.length);
                }
                assert_eq!(covered, end, "#{record} {} {}", layer.name, decoded.summary);
            }
            assert_eq!(at, frame.len(), "#{record} {}", decoded.summary);
        }
    }
}

#[test]
fn what_was_encrypted_is_read_with_the_secrets_and_not_without() {
    let trace = &traces()[0];
    let told = summaries(trace);
    let has = |told: &[String], words: &str| told.iter().any(|line| line.contains(words));
    assert!(
        has(&told, "TLS Client Hello for www.lineauth.mnw"),
        "{told:#?}"
    );
    assert!(has(&told, "HTTP GET www.lineauth.mnw/"), "{told:#?}");
    assert!(has(&told, "HTTP POST www.lineauth.mnw/"), "{told:#?}");
    assert!(has(&told, "HTTP 200 OK"), "{told:#?}");

    let mut silent = trace.clone();
    silent.header.tls_secrets.clear();
    let told = summaries(&silent);
    assert!(!has(&told, "HTTP"), "{told:#?}");
    assert!(has(&told, "encrypted, without its secret"), "{told:#?}");

    let mut wrong = trace.clone();
    for line in &mut wrong.header.tls_secrets {
        let last = if line.ends_with('0') { "1" } else { "0" };
        line.replace_range(line.len() - 1.., last);
    }
    let told = summaries(&wrong);
    assert!(!has(&told, "HTTP"), "{told:#?}");
    assert!(has(&told, "the secret does not fit"), "{told:#?}");
}

#[test]
fn every_suite_is_read_however_its_stream_is_cut() {
    for suite in tls_sessions::suites() {
        for room in [1400, 100, 7] {
            let trace = tls_sessions::play(&traces()[0], suite, room);
            let told = summaries(&trace);
            for (words, times) in [
                ("HTTP GET www.lineauth.mnw/one", 1),
                ("HTTP GET www.lineauth.mnw/two", 1),
                ("HTTP 204 No Content", 2),
            ] {
                let found = told.iter().filter(|line| line.contains(words)).count();
                assert_eq!(
                    found,
                    times,
                    "{:?} {room} {words}: {told:#?}",
                    suite.suite()
                );
            }
        }
    }
}

#[test]
fn a_stream_is_read_that_comes_twice_out_of_order_and_without_its_beginning() {
    let suite = tls_sessions::suites()[0];
    let mut trace = tls_sessions::play(&traces()[0], suite, 100);
    trace.records = trace
        .records
        .iter()
        .flat_map(|record| [record.clone(), record.clone()])
        .collect();
    // Each second segment comes before the first, and each comes twice.
    for four in trace.records.chunks_mut(4).skip(2) {
        four.rotate_left(2);
    }
    trace.records.drain(..4);
    let told = summaries(&trace);
    for words in ["GET www.lineauth.mnw/one", "GET www.lineauth.mnw/two"] {
        let found = told.iter().filter(|line| line.contains(words)).count();
        assert_eq!(found, 1, "{words}: {told:#?}");
    }
    for words in ["out of order", "sent again"] {
        assert!(told.iter().any(|line| line.contains(words)), "{told:#?}");
    }
}

#[test]
fn a_packet_in_fragments_stands_apart_where_its_last_one_comes() {
    let trace = &traces()[1];
    let decoder = Decoder::new(trace);
    let mut all = frames(trace).map(|(record, _)| decoder.frame(record).unwrap());
    let whole = all
        .find(|decoded| decoded.summary.ends_with("put together from fragments"))
        .unwrap();
    let apart: Vec<&str> = whole
        .layers
        .iter()
        .filter(|layer| !layer.apart.is_empty())
        .map(|layer| layer.name.as_str())
        .collect();
    assert_eq!(apart, ["IPv6", "UDP", "Data"]);
    let last = whole.layers.last().unwrap();
    assert_eq!(last.start + last.length, last.apart.len());
}

#[test]
fn no_frame_of_a_well_behaved_line_is_malformed() {
    let trace = &traces()[0];
    let told = summaries(trace);
    let broken = |line: &&String| line.contains("malformed") || line.contains("cut off");
    assert_eq!(told.iter().find(broken), None);
}

#[test]
fn a_frame_that_ends_early_is_said_to() {
    for (_, frame) in frames(&traces()[0]).take(60) {
        for length in 0..frame.len() {
            let decoded = decode::alone(&frame[..length]);
            check_ranges(&decoded, &frame[..length]);
            let is_told = decoded.layers.iter().any(|layer| {
                layer.summary.contains("cut off") || layer.summary.contains("malformed")
            });
            // What stands behind the header alone may be anything.
            assert!(
                is_told || length == 14,
                "{length} of {}: {decoded:#?}",
                frame.len()
            );
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_can_hurt_the_decoder(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check_ranges(&decode::alone(&bytes), &bytes);
    }

    #[test]
    fn no_bytes_behind_good_headers_can_hurt_the_decoder(
        next in prop::sample::select(vec![0_u8, 6, 17, 43, 44, 51, 58, 60]),
        port in prop::sample::select(vec![53_u16, 546, 547, 9]),
        kind in prop::sample::select(vec![1_u8, 7, 12, 13, 2, 130, 133, 134, 135, 136, 137, 143]),
        body in prop::collection::vec(prop_oneof![Just(0_u8), 1..30_u8, any::<u8>()], 0..300),
    ) {
        let mut bytes = vec![2; 12];
        bytes.extend([0x86, 0xdd, 0x60, 0, 0, 0, 2, 0, next, 255]);
        bytes.extend([0xfe; 32]);
        match next {
            17 => {
                bytes.extend([port.to_be_bytes(), port.to_be_bytes(), [1, 0], [0, 0]].concat());
                bytes.push(kind);
            }
            58 => bytes.extend([kind, 0, 0, 0]),
            _ => {}
        }
        bytes.extend(body);
        check_ranges(&decode::alone(&bytes), &bytes);
    }

    #[test]
    fn no_spoilt_frame_can_hurt_the_decoder(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let all: Vec<&Frame> = traces().iter().flat_map(frames).map(|(_, frame)| frame).collect();
        let mut bytes = which.get(&all).to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check_ranges(&decode::alone(&bytes), &bytes);
        bytes.truncate(cut.index(bytes.len() + 1));
        check_ranges(&decode::alone(&bytes), &bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_spoilt_stream_can_hurt_the_decoder(
        seed in any::<u64>(),
        turn in 0_usize..40,
    ) {
        let mut trace = traces()[0].clone();
        let mut state = seed | 1;
        for record in &mut trace.records {
            let Seen::Frame { frame, .. } = &mut record.seen else {
                continue;
            };
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if state >> 60 < 3 && frame.len() > 74 {
                let mut bytes = frame.to_vec();
                let at = 58 + (state >> 32) as usize % (bytes.len() - 58);
                bytes[at] ^= (state >> 20) as u8;
                *frame = Frame::from(bytes);
            }
        }
        let middle = turn.min(trace.records.len());
        trace.records.rotate_left(middle);
        let decoder = Decoder::new(&trace);
        for (record, frame) in frames(&trace) {
            check_ranges(&decoder.frame(record).unwrap(), frame);
        }
    }
}

fn check_ranges(decoded: &Decoded, frame: &[u8]) {
    for layer in &decoded.layers {
        let bytes = if layer.apart.is_empty() {
            frame
        } else {
            &layer.apart
        };
        let end = layer.start + layer.length;
        assert!(end <= bytes.len(), "{} of {decoded:#?}", layer.name);
        check_fields(&layer.fields, layer.start, end);
    }
}

fn check_fields(fields: &[Field], start: usize, end: usize) {
    for field in fields {
        let own = field.start + field.length;
        assert!(
            start <= field.start && own <= end,
            "{field:#?} in {start}..{end}"
        );
        check_fields(&field.fields, field.start, own);
    }
}

fn summaries(trace: &Trace) -> Vec<String> {
    let decoder = Decoder::new(trace);
    let records = frames(trace).map(|(record, _)| record);
    records
        .filter_map(|record| decoder.summary(record))
        .collect()
}

fn frames(trace: &Trace) -> impl Iterator<Item = (usize, &Frame)> {
    let records = trace.records.iter().enumerate();
    records.filter_map(|(record, entry)| match &entry.seen {
        Seen::Frame { frame, .. } => Some((record, frame)),
        _ => None,
    })
}

/// The first is one without any trouble.
fn traces() -> &'static [Trace] {
    static TRACES: OnceLock<Vec<Trace>> = OnceLock::new();
    TRACES.get_or_init(|| {
        let names = [
            "line-auth/succeeds-on-a-pd-line",
            "cpe/packets-of-many-kinds-cross",
            "cpe/errors-for-terminals",
            "dns/many-transports",
            "address/reconfigure-tells-of-another-prefix",
        ];
        names.map(run).into()
    })
}

fn run(name: &str) -> Trace {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let scenario = Scenario::load(&scenarios.join(name).with_extension("toml")).unwrap();
    let mut device = Reference::new(BTreeSet::new());
    play::run(&scenario, Area::East, 1, &mut device, Pace::Virtual)
        .unwrap()
        .trace
}
