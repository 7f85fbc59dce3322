//! What one question costs the DNS servers of the network, from its frame to that of the answer.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::dhcpv6::wire_name;
use ngnlab_sim::message::packet::{Envelope, Mac};
use ngnlab_sim::node::dns::{DnsServer, DnsServerConfig, Zones};
use ngnlab_sim::trace::End;
use ngnlab_sim::{Cable, Context, Frame, Handle, Node, Pace, Time, World};

fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("the DNS server answers");
    group.throughput(Throughput::Elements(1));
    for (what, name, kind) in [
        ("one AAAA record", "www.lineauth.mnw", AAAA),
        ("fifteen records and glue", "pweb.base.oqs-pdl.org", AAAA),
        ("that there is no such name", "nothing.managedpki.ne.jp", A),
    ] {
        let mut bench = Bench::new();
        let question = bench.question(name, kind);
        group.bench_function(what, |b| {
            b.iter(|| bench.ask(black_box(&question)));
        });
        assert!(bench.answers() > 0, "{what}");
    }
    group.finish();
}

/// A server, and somebody who counts its answers.
struct Bench {
    world: World,
    cable: Cable,
    asker: Handle<Asker>,
}

#[derive(Default)]
struct Asker {
    answers: u64,
}

impl Node for Asker {
    fn handle_frame(&mut self, _port: u8, _frame: &Frame, _cx: &mut Context<'_>) {
        self.answers += 1;
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

impl Bench {
    fn new() -> Self {
        let line = Line::preset("next-pd", Area::East).expect("the preset exists");
        let mut world = World::new(1, Pace::Virtual);
        let server = world.add(
            "dns",
            DnsServer::new(DnsServerConfig {
                address: Area::East.values().ons_dns[0],
                zones: Zones::ons(&line),
                quirks: Vec::new(),
            }),
        );
        let asker = world.add("asker", Asker::default());
        let cable = world.connect(asker.port(0), server.port(DnsServer::PORT));
        Self {
            world,
            cable,
            asker,
        }
    }

    /// Returns the frame of a question (RFC 1035 §4.1).
    fn question(&self, name: &str, kind: u16) -> Frame {
        let values = Area::East.values();
        let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        message.extend(wire_name(name));
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        let from = mac.in_prefix(values.assignments[0].addr());
        Envelope::new(mac, mac, from, values.ons_dns[0]).udp(40_000, 53, &message)
    }

    fn ask(&mut self, question: &Frame) {
        let world = &mut self.world;
        let now = world.now() + std::time::Duration::from_micros(1);
        world
            .inject(self.cable, End::Device, question.clone())
            .and_then(|()| world.run_until(now))
            .expect("nothing real is attached");
    }

    fn answers(&mut self) -> u64 {
        self.world.with(self.asker, |asker, _| asker.answers)
    }
}

/// RFC 1035 §3.2.2 and RFC 3596 §2.1.
const A: u16 = 1;
const AAAA: u16 = 28;

criterion_group!(benches, answers);
criterion_main!(benches);
