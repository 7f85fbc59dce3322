use etherparse::TcpHeader;

use super::*;
use crate::checks::test_verdicts::{fails, passes};
use crate::dissection::builder::TraceBuilder;

const PUBLIC: Ipv6Addr = Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111);

#[test]
fn a_reset_has_to_come_through() {
    let mut trace = TraceBuilder::new("next-ra");
    let pc = trace.pc();
    let (there, back) = ((pc, PUBLIC), (PUBLIC, pc));
    segment(&mut trace, 1000, Role::Lan, End::Network, there, |tcp| {
        tcp.syn = true
    });
    segment(&mut trace, 1001, Role::Wan, End::Device, there, |tcp| {
        tcp.syn = true
    });
    assert!(!fails("ngn.wan.rst-passed", &trace));
    segment(&mut trace, 1010, Role::Wan, End::Network, back, |tcp| {
        (tcp.rst, tcp.ack) = (true, true);
    });
    assert!(fails("ngn.wan.rst-passed", &trace));
    segment(&mut trace, 1011, Role::Lan, End::Device, back, |tcp| {
        (tcp.rst, tcp.ack) = (true, true);
    });
    assert!(passes("ngn.wan.rst-passed", &trace));
}

#[test]
fn a_reset_of_a_running_connection_proves_nothing() {
    let mut trace = TraceBuilder::new("next-ra");
    let pc = trace.pc();
    let (there, back) = ((pc, PUBLIC), (PUBLIC, pc));
    segment(&mut trace, 1000, Role::Lan, End::Network, there, |tcp| {
        tcp.syn = true
    });
    segment(&mut trace, 1001, Role::Wan, End::Device, there, |tcp| {
        tcp.syn = true
    });
    segment(&mut trace, 1002, Role::Wan, End::Network, back, |tcp| {
        (tcp.syn, tcp.ack) = (true, true);
    });
    segment(&mut trace, 1010, Role::Wan, End::Network, back, |tcp| {
        tcp.rst = true
    });
    assert!(!fails("ngn.wan.rst-passed", &trace));
}

#[test]
fn a_mark_is_a_fault_only_if_the_terminal_did_not_set_it() {
    for (before, fails_then) in [(0, true), (LOST_MARK, false)] {
        let mut trace = TraceBuilder::new("next-ra");
        let (pc, server) = (trace.pc(), trace.ons_dns());
        for (on, from, class) in [
            (Role::Lan, End::Network, before),
            (Role::Wan, End::Device, LOST_MARK),
        ] {
            let mut envelope = trace.envelope(on, from, pc, server);
            envelope.traffic_class = class;
            trace.at(1000).frame(on, from, envelope.udp(4000, 53, b"?"));
        }
        assert_eq!(fails("ngn.wan.no-lost-mark", &trace), fails_then);
        assert_eq!(passes("ngn.wan.no-lost-mark", &trace), !fails_then);
    }
}

fn segment(
    trace: &mut TraceBuilder,
    at: u64,
    on: Role,
    from: End,
    (source, to): (Ipv6Addr, Ipv6Addr),
    set: impl Fn(&mut TcpHeader),
) {
    let ports = if to == PUBLIC {
        (4000, 443)
    } else {
        (443, 4000)
    };
    let mut header = TcpHeader::new(ports.0, ports.1, 1, 1000);
    set(&mut header);
    let envelope = trace.envelope(on, from, source, to);
    trace.at(at).frame(on, from, envelope.tcp(header, &[]));
}
