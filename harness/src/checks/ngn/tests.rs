use dhcproto::v6::MessageType;
use etherparse::TcpHeader;
use ngnlab_sim::Time;

use super::super::verdicts::{fails, passes, verdict};
use super::*;
use crate::dissection::builder::{PC, ROUTER_WAN, TraceBuilder, client_message, grant};

const PUBLIC: Ipv6Addr = Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111);

#[test]
fn terminals_of_an_ra_line_live_in_its_prefix_and_are_answered() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1000).wan_ra(|_| {});
    let (pc, server) = (trace.pc(), trace.ons_dns());
    trace
        .at(2000)
        .udp(Role::Lan, End::Network, ((pc, 4000), (server, 53)), b"?");
    assert!(matches!(
        verdict("ngn.ra-only.slaac", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.udp(Role::Lan, End::Device, ((server, 53), (pc, 4000)), b"!");
    assert!(passes("ngn.ra-only.slaac", &trace));
    let stranger = PC.in_prefix("2001:db8::".parse().unwrap());
    trace.udp(
        Role::Lan,
        End::Network,
        ((stranger, 4000), (server, 53)),
        b"?",
    );
    assert!(fails("ngn.ra-only.slaac", &trace));
}

#[test]
fn an_offer_without_an_address_is_requested() {
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = trace.trace.header.line.assignment(0);
    let solicit = client_message(MessageType::Solicit, 7, 0);
    let mut offer = grant(7, prefix, [300, 480, 600, 900]);
    offer.set_msg_type(MessageType::Advertise);
    let request = client_message(MessageType::Request, 8, 0);
    trace.at(1000).dhcpv6(Role::Wan, End::Device, &solicit);
    trace.at(1100).dhcpv6(Role::Wan, End::Network, &offer);
    assert!(fails("ngn.pd.no-iana", &trace));
    trace.at(2100).dhcpv6(Role::Wan, End::Device, &request);
    // An offer that comes twice needs no second Request.
    trace.at(2200).dhcpv6(Role::Wan, End::Network, &offer);
    assert!(passes("ngn.pd.no-iana", &trace));
    trace.trace.header.until = Time::from_secs(3);
    let mut short = TraceBuilder::new("next-pd");
    short.trace.header.until = Time::from_secs(3);
    short.at(1000).dhcpv6(Role::Wan, End::Device, &solicit);
    short.at(1100).dhcpv6(Role::Wan, End::Network, &offer);
    assert!(!fails("ngn.pd.no-iana", &short));
}

#[test]
fn the_lan_is_not_given_the_prefix_of_the_wan() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(1000).lan_ra(|_| {});
    assert!(!fails("ngn.pd.lan-apart-from-wan", &trace));
    trace.at(2000).wan_ra(|_| {});
    assert!(fails("ngn.pd.lan-apart-from-wan", &trace));
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(500).wan_ra(|_| {});
    trace.at(1000).lan_ra(|advert| {
        advert.options.truncate(1);
        if let Some(ngnlab_sim::message::ndp::NdpOption::Prefix(info)) = advert.options.first_mut()
        {
            info.prefix = "2408:3ff:e00:ca01::".parse().unwrap();
        }
    });
    assert!(passes("ngn.pd.lan-apart-from-wan", &trace));
}

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

#[test]
fn who_asks_the_internet_and_gives_up_fails() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1000).wan_ra(|_| {});
    trace.at(12_000).lan_ra(|_| {});
    assert!(passes("ngn.closed-network.stays-router", &trace));
    // Without having asked anybody, there are other reasons.
    let end =
        |advert: &mut ngnlab_sim::message::ndp::RouterAdvert| advert.lifetime = Duration::ZERO;
    trace.at(40_000).lan_ra(end);
    assert!(passes("ngn.closed-network.stays-router", &trace));
    let source = ROUTER_WAN.in_prefix(trace.prefix());
    trace.at(41_000).udp(
        Role::Wan,
        End::Device,
        ((source, 4000), (PUBLIC, 443)),
        b"?",
    );
    trace.at(50_000).lan_ra(end);
    assert!(fails("ngn.closed-network.stays-router", &trace));
    // A line that has ended is another reason.
    trace.trace.header.line.isp = Isp::Ipoe;
    assert!(!fails("ngn.closed-network.stays-router", &trace));
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
