//! The blocks of pcapng that old or simple programs write their frames in.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ngnlab_harness::capture::{self, Capture};
use ngnlab_harness::checks;
use ngnlab_harness::dut::reference::Reference;
use ngnlab_harness::error::Error;
use ngnlab_harness::play;
use ngnlab_harness::scenario::Scenario;
use ngnlab_reports::words::Lang;
use ngnlab_sim::Pace;
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{Role, Seen, Trace};

use crate::tap;

#[test]
fn packet_blocks_are_read_in_both_byte_orders() {
    let trace = tapped();
    let mut all = Vec::new();
    for order in [Order::Little, Order::Big] {
        let file = file(&trace, order, 0, |_| Block::Packet);
        let found = read(&trace, &file).unwrap();
        assert!(found.told.warnings.is_empty(), "{:?}", found.told);
        let frames = found.trace.records.len();
        assert_eq!(frames, trace.records.len());
        all.push(checks::judge(&found.trace).unwrap());
        let lost = self::file(&trace, order, 3, |_| Block::Packet);
        let lost = read(&trace, &lost).unwrap();
        assert!(lost.trace.header.captured.unwrap().gaps);
    }
    let plain = file(&trace, Order::Little, 0, |_| Block::Enhanced);
    let right = checks::judge(&read(&trace, &plain).unwrap().trace).unwrap();
    assert!(all.iter().all(|verdicts| *verdicts == right));
}

#[test]
fn what_has_no_time_is_left_out_and_told() {
    let trace = tapped();
    let simple = file(&trace, Order::Little, 0, |_| Block::Simple);
    let why = read(&trace, &simple).unwrap_err().pretty(Lang::En);
    assert!(why.contains("have no time (Simple Packet Blocks)"), "{why}");
    let some = |number: usize| match number % 10 {
        9 => Block::Simple,
        _ => Block::Enhanced,
    };
    let some = read(&trace, &file(&trace, Order::Big, 0, some)).unwrap();
    let warnings = some.told.warnings.join("\n");
    assert!(
        warnings.contains("have no time (Simple Packet Blocks)"),
        "{warnings}"
    );
    assert!(some.trace.header.captured.unwrap().gaps);
}

#[test]
fn too_many_interfaces_are_told() {
    let trace = tapped();
    let mut bytes = section(Order::Little);
    for _ in 0..2000 {
        bytes.extend(interface(Order::Little));
    }
    let why = read(&trace, &bytes).unwrap_err().pretty(Lang::En);
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = why.replace("│ ", "");
    assert!(
        why.contains("it has more than the 1024 interfaces that are read"),
        "{why}"
    );
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

enum Block {
    Enhanced,
    Packet,
    Simple,
}

impl Order {
    fn word(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn short(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

fn file(trace: &Trace, order: Order, drops: u16, kind: impl Fn(usize) -> Block) -> Vec<u8> {
    let mut bytes = section(order);
    bytes.extend(interface(order));
    bytes.extend(interface(order));
    for (number, record) in trace.records.iter().enumerate() {
        let Seen::Frame { on, frame, .. } = &record.seen else {
            continue;
        };
        let side = u16::from(*on == Role::Lan);
        let micros = u64::try_from(record.at.as_nanos()).unwrap() / 1000;
        let length = order.word(u32::try_from(frame.len()).unwrap());
        let high = order.word(u32::try_from(micros >> 32).unwrap());
        let low = order.word(u32::try_from(micros & 0xffff_ffff).unwrap());
        let number = match kind(number) {
            Block::Enhanced => (6, order.word(side.into()).to_vec()),
            Block::Packet => (2, [order.short(side), order.short(drops)].concat()),
            Block::Simple => {
                bytes.extend(block(order, 3, &[&length, &frame[..]].concat()));
                continue;
            }
        };
        let body = [&number.1[..], &high, &low, &length, &length, frame].concat();
        bytes.extend(block(order, number.0, &body));
    }
    bytes
}

fn section(order: Order) -> Vec<u8> {
    let head = [
        &order.word(0x1a2b_3c4d)[..],
        &order.short(1),
        &order.short(0),
    ]
    .concat();
    block(order, 0x0a0d_0d0a, &[&head[..], &[0xff; 8]].concat())
}

fn interface(order: Order) -> Vec<u8> {
    let body = [&order.short(1)[..], &[0, 0], &order.word(262_144)].concat();
    block(order, 1, &body)
}

fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = order.word(u32::try_from(body.len() + 12).unwrap());
    [&order.word(kind)[..], &length, &body, &length].concat()
}

fn tapped() -> Trace {
    let path = "../scenarios/line-auth/succeeds-on-a-pd-line.toml";
    let scenario = Scenario::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut device = Reference::new(BTreeSet::new());
    let run = play::run(&scenario, Area::East, 1, &mut device, Pace::Virtual);
    tap::tapped(&run.unwrap().trace)
}

fn read(trace: &Trace, bytes: &[u8]) -> Result<Capture, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pcapng");
    fs::write(&path, bytes).unwrap();
    let mut request = tap::request(trace);
    (request.wan, request.lan) = (Some("0".to_owned()), Some("1".to_owned()));
    capture::read(&[tap::source(&path)], &request)
}
