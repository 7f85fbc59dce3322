use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

fn segment(
    trace: &mut TraceBuilder,
    (on, from): (Role, End),
    server: Ipv6Addr,
    set: impl FnOnce(&mut etherparse::TcpHeader),
    payload: &[u8],
) {
    let pc = trace.pc();
    let upward = matches!(
        (on, from),
        (Role::Lan, End::Network) | (Role::Wan, End::Device)
    );
    let (ends, ports) = if upward {
        ((pc, server), (50_000, 80))
    } else {
        ((server, pc), (80, 50_000))
    };
    let mut header = etherparse::TcpHeader::new(ports.0, ports.1, 1, 1000);
    set(&mut header);
    let envelope = trace.envelope(on, from, ends.0, ends.1);
    trace.frame(on, from, envelope.tcp(header, payload));
}

const LAN_IN: (Role, End) = (Role::Lan, End::Network);

const WAN_OUT: (Role, End) = (Role::Wan, End::Device);

const WAN_IN: (Role, End) = (Role::Wan, End::Network);

const LAN_OUT: (Role, End) = (Role::Lan, End::Device);

/// A download in packets of one size, and what of it reaches the LAN.
fn download(
    server: Ipv6Addr,
    size: usize,
    reaches_lan: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let accept = |header: &mut etherparse::TcpHeader| (header.syn, header.ack) = (true, true);
    trace.at(1000);
    segment(&mut trace, LAN_IN, server, |header| header.syn = true, b"");
    segment(&mut trace, WAN_OUT, server, |header| header.syn = true, b"");
    segment(&mut trace, WAN_IN, server, accept, b"");
    segment(&mut trace, LAN_OUT, server, accept, b"");
    for number in 0..4u32 {
        let payload = vec![u8::try_from(number).unwrap(); size];
        let length = u32::try_from(size).unwrap();
        let piece = |header: &mut etherparse::TcpHeader| {
            header.ack = true;
            header.sequence_number = 2 + number * length;
        };
        segment(&mut trace, WAN_IN, server, piece, &payload);
        if let Some(payload) = reaches_lan(&payload) {
            segment(&mut trace, LAN_OUT, server, piece, &payload);
        }
    }
    trace
}

fn crl() -> Ipv6Addr {
    TraceBuilder::new("next-ra")
        .trace
        .header
        .line
        .area
        .values()
        .crl[0]
}

#[test]
fn every_byte_of_the_list_arrives_unchanged() {
    let id = "ons.crl.downloads";
    let whole = |payload: &[u8]| Some(payload.to_vec());
    assert!(matches!(
        verdict(id, &download(crl(), 100, whole)),
        Verdict::Pass(_)
    ));
    let changed = |payload: &[u8]| Some(vec![0x20; payload.len()]);
    assert!(matches!(
        verdict(id, &download(crl(), 100, changed)),
        Verdict::Fail(_)
    ));
    assert!(matches!(
        verdict(id, &download(crl(), 100, |_| None)),
        Verdict::Fail(_)
    ));
    let other = "2404:1a8:f583::1".parse().unwrap();
    assert!(matches!(
        verdict(id, &download(other, 100, whole)),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn delivery_hosts_are_judged_only_with_the_v6_option() {
    let id = "ons.delivery.reachable";
    let values = TraceBuilder::new("next-ra").trace.header.line.area.values();
    let host = delivery_hosts(values)[14];
    let mut trace = download(host, 100, |_| None);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    trace.trace.header.line.v6_option = false;
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
}

#[test]
fn full_size_packets_pass_or_are_complained_about() {
    let id = "ons.large-download";
    let whole = |payload: &[u8]| Some(payload.to_vec());
    assert!(matches!(
        verdict(id, &download(crl(), 1440, whole)),
        Verdict::Pass(_)
    ));
    let mut trace = download(crl(), 1440, |_| None);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    let body = ngnlab_sim::message::packet::icmpv6_error_body(1454, &[0x60; 60]);
    let (pc, server) = (trace.pc(), crl());
    let envelope = trace.envelope(Role::Wan, End::Device, pc, server);
    trace.frame(Role::Wan, End::Device, envelope.icmpv6(2, 0, &body));
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    // Packets that are short anyway say nothing.
    assert!(matches!(
        verdict(id, &download(crl(), 1000, |_| None)),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn the_time_goes_out_and_comes_back() {
    let id = "ons.ntp.answers";
    let mut trace = TraceBuilder::new("next-ra");
    let host = delivery_hosts(trace.trace.header.line.area.values())[0];
    let (out, back) = (
        ((trace.pc(), 40_000), (host, NTP)),
        ((host, NTP), (trace.pc(), 40_000)),
    );
    let mut question = [0; 48];
    question[0] = 0x23;
    trace.at(1000).udp(LAN_IN.0, LAN_IN.1, out, &question);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    trace.udp(WAN_OUT.0, WAN_OUT.1, out, &question);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    question[0] = 0x24;
    trace.udp(WAN_IN.0, WAN_IN.1, back, &question);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    trace.udp(LAN_OUT.0, LAN_OUT.1, back, &question);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
}

#[test]
fn a_question_whose_hops_end_at_the_router_says_nothing_of_port_123() {
    let mut trace = TraceBuilder::new("next-ra");
    let host = delivery_hosts(trace.trace.header.line.area.values())[0];
    let envelope = trace.envelope(LAN_IN.0, LAN_IN.1, trace.pc(), host);
    let question = envelope.with_hop_limit(1).udp(40_000, NTP, &[0x23; 48]);
    trace.at(1000).frame(LAN_IN.0, LAN_IN.1, question);
    assert!(matches!(
        verdict("ons.ntp.answers", &trace),
        Verdict::Inconclusive(_)
    ));
}
