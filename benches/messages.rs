//! What taking frames apart and putting them together costs.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ngnlab_sim::message::dhcpv6;
use ngnlab_sim::message::dns::Question;
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
    let datagram_of_dns = envelope.udp(40_000, 53, &question());
    c.bench_function("find the question of a DNS message", |b| {
        b.iter(|| {
            let packet = Packet::parse(black_box(&datagram_of_dns))?;
            Question::of(packet.udp()?.payload).map(|asked| asked.end())
        });
    });
    let solicit = SOLICIT;
    c.bench_function("decode and encode a DHCPv6 Solicit", |b| {
        b.iter(|| dhcpv6::decode(black_box(&solicit)).map(|message| dhcpv6::encode(&message)));
    });
    c.bench_function("forward a datagram of 100 bytes", |b| {
        b.iter(|| {
            let packet = Packet::parse(black_box(&datagram))?;
            forward(&packet, mac, mac)
        });
    });
}

/// A question for `www.lineauth.mnw` (RFC 1035 §4.1).
fn question() -> Vec<u8> {
    let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend(dhcpv6::wire_name("www.lineauth.mnw"));
    message.extend([0, 28, 0, 1]);
    message
}

/// RFC 8415 §8: a Solicit with a DUID-LL, an elapsed time and an IA_PD.
const SOLICIT: [u8; 40] = [
    1, 0x12, 0x34, 0x56, // kind, transaction
    0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0x5e, 0, 0, 1, // client identifier
    0, 8, 0, 2, 0, 0, // elapsed time
    0, 25, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, // IA_PD
];

criterion_group!(benches, messages);
criterion_main!(benches);
