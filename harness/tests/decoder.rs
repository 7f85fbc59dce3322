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
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::packet::ipv4::{Header4, frame_either, renew_checksum};
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
    for trace in [&traces()[0], &traces()[DIALLED]] {
        let decoder = Decoder::new(trace);
        for (record, _) in frames(trace) {
            let decoded = decoder.frame(record).unwrap();
            let layers = decoded.layers.iter().map(|layer| &layer.summary);
            for told in layers.chain([&decoded.summary]) {
                let is_broken = ["malformed", "cut off", "wrong"];
                let is_broken = is_broken.iter().any(|word| told.contains(word));
                assert!(!is_broken, "#{record} {told} of {}", decoded.summary);
            }
        }
    }
}

#[test]
fn what_goes_over_ipv4_is_read_as_over_ipv6() {
    let told = summaries(&traces()[DIALLED]);
    for words in [
        "PPPoE PADI",
        "PPPoE PADS, session 0x",
        "LCP Configure-Request, id",
        "IPCP Configure-Nak, id",
        "IP-Address 203.0.113.",
        "ARP who has",
        "DHCPDISCOVER ",
        "DHCPACK ",
        "DNS A? www.example.jp",
        "DNS answer A? www.example.jp",
        "echo request ",
        "TLS Client Hello for www.v4flets-east.jp",
        "HTTP GET www.v4flets-east.jp/",
        "HTTP GET www.example.jp/",
        "HTTP 200 OK",
    ] {
        let is_told = told.iter().any(|line| line.contains(words));
        assert!(is_told, "{words}: {told:#?}");
    }
}

#[test]
fn a_fragment_of_ipv4_is_data_unless_it_is_the_first_one() {
    let (from, to) = ([192, 168, 1, 2].into(), [192, 0, 2, 1].into());
    let whole = Header4::new(from, to).udp(4000, 53, &[7; 64]);
    let (mac, other) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
    let piece = |place: u16, body: &[u8]| {
        let mut ip = [&whole[..20], body].concat();
        let length = u16::try_from(ip.len()).unwrap();
        ip[2..4].copy_from_slice(&length.to_be_bytes());
        ip[6..8].copy_from_slice(&place.to_be_bytes());
        renew_checksum(&mut ip);
        decode::alone(&frame_either(mac, other, &ip))
    };
    let names = |decoded: &Decoded| -> Vec<String> {
        let layers = decoded.layers.iter();
        layers.map(|layer| layer.name.clone()).collect()
    };
    let first = piece(0x2000, &whole[20..60]);
    assert_eq!(names(&first), ["Ethernet", "IPv4", "UDP", "Data"]);
    assert_eq!(
        first.summary,
        "UDP 4000 to 53, 32 bytes, the first fragment"
    );
    let last = piece(5, &whole[60..]);
    assert_eq!(names(&last), ["Ethernet", "IPv4", "Data"]);
    assert_eq!(last.summary, "IPv4 fragment from byte 40, 32 bytes");
}

#[test]
fn options_of_ipv4_are_named_and_no_checksum_of_udp_is_no_fault() {
    let (from, to) = ([192, 168, 1, 2].into(), [192, 0, 2, 1].into());
    let mut ip = Header4::new(from, to).udp(4000, 9, b"any");
    // RFC 768: none was computed.
    ip[26..28].fill(0);
    // RFC 2113, RFC 791 §3.1: Router Alert, No Operation, Record Route with room for one.
    let options = [148, 4, 0, 0, 1, 7, 7, 4, 0, 0, 0, 0];
    ip.splice(20..20, options);
    ip[0] = 0x48;
    let length = u16::try_from(ip.len()).unwrap();
    ip[2..4].copy_from_slice(&length.to_be_bytes());
    renew_checksum(&mut ip);
    let mac = Mac([2, 0, 0, 0, 0, 1]);
    let decoded = decode::alone(&frame_either(mac, mac, &ip));
    assert_eq!(decoded.summary, "UDP 4000 to 9, 3 bytes");
    let shown = format!("{decoded:?}");
    for words in ["Router Alert, Record Route", "0x0000 (none)", "(right)"] {
        assert!(shown.contains(words), "{words}: {decoded:#?}");
    }
    // What the frame was filled up with is none of the packet.
    ip.extend([0; 20]);
    let filled = decode::alone(&frame_either(mac, mac, &ip));
    assert_eq!(filled.summary, decoded.summary);
    assert_eq!(filled.layers.last().unwrap().name, "Trailer");
}

#[test]
fn a_frame_that_ends_early_is_said_to() {
    let both = [&traces()[0], &traces()[DIALLED]];
    for (_, frame) in both.into_iter().flat_map(|trace| frames(trace).take(60)) {
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
    fn no_bytes_behind_good_headers_of_ipv4_can_hurt_the_decoder(
        protocol in prop::sample::select(vec![1_u8, 4, 6, 17, 41, 51, 58]),
        words in prop::sample::select(vec![5_u8, 6, 15, 0]),
        place in prop::sample::select(vec![0_u16, 0x2000, 0x4000, 7]),
        port in prop::sample::select(vec![53_u16, 67, 68, 547, 9]),
        kind in prop::sample::select(vec![0_u8, 3, 5, 8, 9, 11, 12, 13, 17, 40]),
        is_dhcp in any::<bool>(),
        body in prop::collection::vec(
            prop_oneof![Just(0_u8), 1..30_u8, 50..130_u8, any::<u8>()], 0..500),
    ) {
        let mut bytes = vec![2; 12];
        bytes.extend([8, 0, 0x40 | words, 0, 2, 88, 0, 1]);
        bytes.extend(place.to_be_bytes());
        bytes.extend([64, protocol, 0, 0, 192, 168, 1, 2, 192, 168, 1, 1]);
        match protocol {
            17 => {
                bytes.extend([port.to_be_bytes(), port.to_be_bytes(), [2, 0], [0, 0]].concat());
                if is_dhcp {
                    bytes.extend([1, 1, 6, 0]);
                    bytes.resize(bytes.len() + 232, 0);
                    bytes.extend([99, 130, 83, 99]);
                }
            }
            1 => bytes.extend([kind, 4, 0, 0]),
            _ => {}
        }
        bytes.extend(body);
        check_ranges(&decode::alone(&bytes), &bytes);
    }

    #[test]
    fn no_bytes_behind_good_headers_of_a_session_can_hurt_the_decoder(
        kind in prop::sample::select(vec![0x8863_u16, 0x8864, 0x0806]),
        code in prop::sample::select(vec![0_u8, 7, 9, 0x19, 0x65, 0xa7]),
        protocol in prop::sample::select(
            vec![0x21_u16, 0x57, 0x8021, 0x8057, 0x80fd, 0xc021, 0xc023, 0xc223, 0x0101]),
        control in 0..15_u8,
        length in 0..100_u8,
        body in prop::collection::vec(prop_oneof![Just(0_u8), 1..9_u8, any::<u8>()], 0..200),
    ) {
        let mut bytes = vec![2; 12];
        bytes.extend(kind.to_be_bytes());
        if kind != 0x0806 {
            bytes.extend([0x11, code, 0, 7, 0, length]);
            if code == 0 {
                bytes.extend(protocol.to_be_bytes());
                bytes.extend([control, 1, 0, length]);
            }
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
        which in prop::sample::select(vec![0, DIALLED]),
    ) {
        let mut trace = traces()[which].clone();
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

/// Which of them has PPPoE sessions, and IPv4 in them.
const DIALLED: usize = 5;

/// The first is one without any trouble, and so is that with sessions.
fn traces() -> &'static [Trace] {
    static TRACES: OnceLock<Vec<Trace>> = OnceLock::new();
    TRACES.get_or_init(|| {
        let names = [
            "line-auth/succeeds-on-a-pd-line",
            "cpe/packets-of-many-kinds-cross",
            "cpe/errors-for-terminals",
            "dns/many-transports",
            "address/reconfigure-tells-of-another-prefix",
            "pppoe/service-site-by-domain-routing",
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
