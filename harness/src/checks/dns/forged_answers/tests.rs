use std::net::Ipv6Addr;

use hickory_proto::rr::RecordType;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::{assert_open, verdict};
use crate::dissection::builder::{Reply, TraceBuilder, response};

const NAME: &str = "www.lineauth.mnw";

const TRUE: Ipv6Addr = Ipv6Addr::new(0x2404, 0, 0, 0, 0, 0, 0, 1);

const FALSE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xbad);

const PORT_ASKED: u16 = 40_007;

/// Who forges, to which port, under which id, for which name.
type Forgery = (Ipv6Addr, u16, u16, &'static str);

fn forgeries(server: Ipv6Addr) -> [(&'static str, Forgery); 4] {
    let stranger = "2404:1a8:f583:d00::153:1".parse().unwrap();
    [
        ("dns.sec.match-id", (server, PORT_ASKED, 8, NAME)),
        ("dns.sec.match-port", (server, PORT_ASKED + 1, 7, NAME)),
        ("dns.sec.match-address", (stranger, PORT_ASKED, 7, NAME)),
        (
            "dns.sec.match-question",
            (server, PORT_ASKED, 7, "zww.lineauth.mnw"),
        ),
    ]
}

#[test]
fn a_forged_answer_must_not_reach_the_lan() {
    let server = TraceBuilder::new("next-pd").ons_dns();
    for (id, forgery) in forgeries(server) {
        for (told, passes) in [(TRUE, true), (FALSE, false)] {
            let trace = forged(forgery, told);
            let verdict = verdict(id, &trace);
            assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Fail(_)), !passes, "{verdict:?}");
            for (other, _) in forgeries(server).iter().filter(|(other, _)| *other != id) {
                assert_open(other, &trace);
            }
        }
    }
}

#[test]
fn the_alternate_server_may_answer_for_the_preferred_one_and_late_answers_forge_nothing() {
    let [server, alternate] = TraceBuilder::new("next-pd").trace.header.line.ons_dns();
    let trace = forged((alternate, PORT_ASKED, 7, NAME), FALSE);
    assert_open("dns.sec.match-address", &trace);
    let mut trace = asked();
    trace.upstream_answer(7, NAME, server, Reply::Addresses(&[TRUE]));
    let bytes = response(8, NAME, Reply::Addresses(&[FALSE]));
    let ends = ((server, 53), (trace.router(), PORT_ASKED));
    trace.udp(Role::Wan, End::Network, ends, &bytes);
    assert_open("dns.sec.match-id", &trace);
}

/// A terminal has asked, and the router has asked upstream.
fn asked() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let server = trace.ons_dns();
    trace.lan_ra(|_| {}).at(1000).ask(NAME, RecordType::AAAA);
    trace.forward_with(7, PORT_ASKED, NAME, server, None);
    trace
}

/// A forged answer comes first, then the true one; the terminal is told an address.
fn forged((from, port, id, name): Forgery, told: Ipv6Addr) -> TraceBuilder {
    let mut trace = asked();
    let asked = trace.fresh_id() - 1;
    let (server, router) = (trace.ons_dns(), trace.router());
    let lie = response(id, name, Reply::Addresses(&[FALSE]));
    trace.udp(Role::Wan, End::Network, ((from, 53), (router, port)), &lie);
    trace.at(1300);
    let truth = response(7, NAME, Reply::Addresses(&[TRUE]));
    let ends = ((server, 53), (router, PORT_ASKED));
    trace.udp(Role::Wan, End::Network, ends, &truth);
    trace.answer(asked, NAME, Reply::Addresses(&[told]));
    trace
}
