use hickory_proto::rr::RecordType;
use proptest::prelude::*;

use super::builder::{Reply, TraceBuilder};
use super::*;
use crate::scenario::step::cable::Wire;

#[test]
fn a_forwarded_question_is_found_on_both_sides() {
    let mut trace = TraceBuilder::new("next-ra");
    let name = "www.lineauth.mnw";
    let server = trace.ons_dns();
    let site = trace.trace.header.line.area.values().line_auth;
    trace.lan_ra(|_| {});
    let id = trace.at(1000).ask(name, RecordType::AAAA);
    trace.forward(77, name, server);
    trace.upstream_answer(77, name, server, Reply::Addresses(&[site]));
    trace.answer(id, name, Reply::Addresses(&[site]));

    let dissection = Dissection::new(&trace.trace).unwrap();
    let lan = dissection.lan_dns();
    let upstream = dissection.upstream_dns();
    assert_eq!((lan.len(), upstream.len()), (1, 1));
    assert_eq!(lan[0].reply().unwrap().is.aaaa(), [site]);
    assert_eq!(upstream[0].query.destination, server);
    assert_eq!(
        dissection.summary(1),
        "pc -> router DNS AAAA? www.lineauth.mnw"
    );
    assert_eq!(
        dissection.summary(2),
        "router -> ONS DNS 1 DNS AAAA? www.lineauth.mnw"
    );
}

#[test]
fn a_cable_is_out_before_the_step_that_pulls_it_ends() {
    let mut trace = TraceBuilder::new("next-ra");
    let step = "link-down = { cable = \"lan\", lasting = \"120s\" }";
    trace.at(180_000).done(step);
    let dissection = Dissection::new(&trace.trace).unwrap();
    let second = Time::from_secs;
    assert!(dissection.is_disturbed(second(80), second(140)));
    assert!(!dissection.is_disturbed(second(20), second(50)));
    assert_eq!(dissection.heard_on_lan_from(second(80)), second(180));
    assert_eq!(dissection.heard_on_lan_from(second(50)), second(50));
    assert_eq!(dissection.heard_on_lan_from(second(180)), second(180));
}

#[test]
fn a_home_gateway_that_restarts_is_a_cable_that_is_out_unless_a_switch_hides_it() {
    let second = Time::from_secs;
    let of = |step: &str| {
        let mut trace = TraceBuilder::new("hgw-pd");
        trace.at(186_000).done(step);
        let dissection = Dissection::new(&trace.trace).unwrap();
        let step = &dissection.steps[0];
        let between = |from, to| dissection.is_disturbed(second(from), second(to));
        (
            step.pulls(Wire::Wan),
            step.restarts_network(),
            [between(80, 90), between(100, 110), between(270, 280)],
        )
    };
    let seen = of("reboot-home-gateway = {}");
    assert_eq!(seen, (true, true, [false, true, false]));
    let hidden = of("reboot-home-gateway = { behind-switch = true }");
    assert_eq!(hidden, (false, true, [false, false, true]));
    let edge = of("restart-edge = { outage = \"60s\" }");
    assert_eq!(edge, (false, true, [false, false, true]));
}

proptest! {
    #[test]
    fn hostile_frames_are_taken_apart_without_panic(
        kind in 0u8..4,
        ports in (0u16..3, 0u16..3),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let port = |choice| [53, 546, 547][usize::from(choice)];
        let mut trace = TraceBuilder::new("next-pd");
        let (a, b) = (trace.pc(), trace.router());
        let envelope = trace.envelope(Role::Lan, End::Device, a, b);
        let frame = match kind {
            0 => bytes.clone().into(),
            1 if bytes.len() > 5 => envelope.icmpv6(bytes[0], bytes[1], &bytes[2..]),
            2 => envelope.udp(port(ports.0), port(ports.1), &bytes),
            _ => {
                let mut header = etherparse_header(port(ports.0));
                header.syn = bytes.first().is_some_and(|byte| byte & 1 == 1);
                envelope.tcp(header, &bytes)
            }
        };
        trace.frame(Role::Lan, End::Device, frame.clone());
        trace.frame(Role::Lan, End::Network, frame);
        let dissection = Dissection::new(&trace.trace).unwrap();
        for record in 0..3 {
            dissection.summary(record);
        }
    }
}

fn etherparse_header(port: u16) -> etherparse::TcpHeader {
    etherparse::TcpHeader::new(40_000, port, 7, 1000)
}
