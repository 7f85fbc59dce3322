use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::ALL_NODES;

use super::*;
use crate::checks::evidence::site_visits::HTTPS;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{ROUTER_LAN, ROUTER_WAN, TraceBuilder};

fn syn(trace: &mut TraceBuilder, on: Role, from: End, port: u16) {
    let (pc, portal) = (trace.pc(), trace.trace.header.line.area.values().portal);
    let mut header = etherparse::TcpHeader::new(port, HTTPS, 1, 1000);
    header.syn = true;
    let envelope = trace.envelope(on, from, pc, portal);
    trace.frame(on, from, envelope.tcp(header, &[]));
}

#[test]
fn a_router_does_not_give_itself_up_for_want_of_pongs() {
    let id = "ngn.ipv6.not-dependent-on-echo";
    let mut trace = TraceBuilder::new("next-ra");
    let edge = trace.edge().link_local();
    trace.lan_ra(|_| {});
    let own = ROUTER_WAN.link_local();
    let envelope = trace.envelope(Role::Wan, End::Device, own, edge);
    trace.at(2000).frame(
        Role::Wan,
        End::Device,
        envelope.icmpv6(128, 0, &[0, 1, 0, 1]),
    );
    trace.at(10_000);
    syn(&mut trace, Role::Lan, End::Network, 50_000);
    syn(&mut trace, Role::Wan, End::Device, 50_000);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let mut advert = trace.advert();
    advert.lifetime = Duration::ZERO;
    let (source, advert) = (ROUTER_LAN.link_local(), Ndp::RouterAdvert(advert));
    trace.ndp(Role::Lan, End::Device, source, ALL_NODES, &advert);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}
