//! What taking frames apart and putting them together costs.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac, Packet, forward};

fn messages(c: &mut Criterion) {
    let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
    let envelope = Envelope::new(mac, mac, mac.link_local(), ALL_NODES);
    let advert = Ndp::RouterAdvert(RouterAdvert {
        hop_limit: 64,
        managed: true,
        other: true,
        preference: 0,
        lifetime: Duration::from_secs(1800),
        reachable: Duration::from_secs(300),
        retrans: Duration::from_secs(10),
        options: vec![NdpOption::SourceLinkLayer(mac), NdpOption::Mtu(1500)],
    });
    let frame = advert.build(envelope);
    let datagram = envelope.udp(40_000, 53, &[0; 100]);

    c.bench_function("build an RA", |b| {
        b.iter(|| black_box(&advert).build(envelope))
    });
    c.bench_function("parse an RA", |b| {
        b.iter(|| Packet::parse(black_box(&frame)).and_then(|packet| Ndp::parse(&packet)));
    });
    c.bench_function("forward a datagram of 100 bytes", |b| {
        b.iter(|| {
            let packet = Packet::parse(black_box(&datagram))?;
            forward(&packet, mac, mac)
        });
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);
