use std::str::FromStr;

use hickory_proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{AAAA, CNAME, SOA};
use hickory_proto::rr::{Name, RecordType};
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes, sign, verdict};
use crate::dissection::builder::TraceBuilder;

const NAME: &str = "chain.ngnlab.onshikaku.org";

#[test]
fn a_cut_answer_keeps_its_mark() {
    let cut = with(|message| message.metadata.truncation = true);
    let plain = with(|_| {});
    assert_passes("dns.proxy.tc-kept", &relay(&cut, Some(&cut)));
    assert_fails("dns.proxy.tc-kept", &relay(&cut, Some(&plain)));
    // Nothing was cut, or nothing was answered.
    assert_open("dns.proxy.tc-kept", &relay(&plain, Some(&plain)));
    assert_open("dns.proxy.tc-kept", &relay(&cut, None));
}

#[test]
fn who_goes_on_over_tcp_hands_no_mark_on() {
    let cut = with(|message| message.metadata.truncation = true);
    let goes_on = |answer: Option<&Vec<u8>>, after: u64| {
        let mut trace = relay(&cut, answer);
        let (router, server) = (trace.router(), trace.ons_dns());
        let mut syn = etherparse::TcpHeader::new(50_000, 53, 1, 1000);
        syn.syn = true;
        let envelope = trace.envelope(Role::Wan, End::Device, router, server);
        let now = trace.trace.records.last().unwrap().at.as_millis();
        trace.at(u64::try_from(now).unwrap() + after);
        trace.frame(Role::Wan, End::Device, envelope.tcp(syn, &[]));
        verdict("dns.proxy.tc-kept", &trace)
    };
    assert!(matches!(goes_on(None, 100), Verdict::NotApplicable(_)));
    assert!(matches!(goes_on(None, 1500), Verdict::Inconclusive(_)));
    let plain = with(|_| {});
    assert!(matches!(goes_on(Some(&plain), 100), Verdict::Fail(_)));
}

#[test]
fn failures_are_told_and_a_remembered_answer_is_as_good() {
    let (failed, refused) = (code(ResponseCode::ServFail), code(ResponseCode::Refused));
    let id = "dns.proxy.servfail-passed";
    assert_passes(id, &relay(&failed, Some(&failed)));
    assert_passes(
        id,
        &relay(&failed, Some(&with(|message| add(message, address(1))))),
    );
    assert_fails(id, &relay(&failed, Some(&with(|_| {}))));
    assert_fails(id, &relay(&failed, None));
    assert_open(id, &relay(&with(|_| {}), None));
    let id = "dns.proxy.refused-passed";
    assert_passes(id, &relay(&refused, Some(&refused)));
    assert_passes(id, &relay(&refused, Some(&failed)));
    assert_fails(id, &relay(&refused, Some(&code(ResponseCode::NXDomain))));
}

#[test]
fn a_server_that_answers_better_than_the_other_settles_it() {
    let failed = code(ResponseCode::ServFail);
    let good = with(|message| add(message, address(1)));
    let mut trace = begun();
    let server = trace.ons_dns();
    for (port, bytes) in [(40_001, &failed), (40_002, &good)] {
        trace.forward_with(7, port, NAME, server, None);
        let ends = ((server, 53), (trace.router(), port));
        trace.udp(Role::Wan, End::Network, ends, bytes);
    }
    answer(&mut trace, &good);
    assert_open("dns.proxy.servfail-passed", &trace);
}

#[test]
fn the_reason_of_a_name_error_goes_along() {
    let bare = code(ResponseCode::NXDomain);
    let whole = with(|message| {
        message.metadata.response_code = ResponseCode::NXDomain;
        message.add_authority(soa());
    });
    let id = "dns.proxy.nxdomain-soa";
    assert_passes(id, &relay(&whole, Some(&whole)));
    assert_fails(id, &relay(&whole, Some(&bare)));
    assert_open(id, &relay(&bare, Some(&bare)));
}

#[test]
fn no_data_is_not_no_name() {
    let nodata = with(|message| {
        message.add_authority(soa());
    });
    let empty = with(|_| {});
    let gone = code(ResponseCode::NXDomain);
    assert_passes("dns.proxy.nodata", &relay(&nodata, Some(&nodata)));
    assert_passes("dns.proxy.nodata", &relay(&nodata, Some(&empty)));
    assert_fails("dns.proxy.nodata", &relay(&nodata, Some(&gone)));
    // That nothing came is not about what is in answers.
    assert_open("dns.proxy.nodata", &relay(&nodata, None));
    assert_fails("dns.proxy.present", &relay(&nodata, None));
    assert_open("dns.proxy.empty-answer", &relay(&nodata, None));
    let failed = code(ResponseCode::ServFail);
    assert_passes("dns.proxy.empty-answer", &relay(&empty, Some(&failed)));
    assert_fails("dns.proxy.empty-answer", &relay(&empty, None));
    assert_open("dns.proxy.nodata", &relay(&empty, None));
}

#[test]
fn a_chain_arrives_with_its_end() {
    let whole = with(|message| {
        add(message, alias(NAME, "b.mnw"));
        add(message, alias("b.mnw", "c.mnw"));
        add(message, address(1));
    });
    let part = with(|message| add(message, alias(NAME, "b.mnw")));
    let id = "dns.proxy.cname-chain";
    assert_passes(id, &relay(&whole, Some(&whole)));
    assert_fails(id, &relay(&whole, Some(&part)));
    let cut = with(|message| message.metadata.truncation = true);
    assert_open(id, &relay(&whole, Some(&cut)));
    assert_open(id, &relay(&part, Some(&part)));
    // Whoever takes all of it away has something against addresses.
    let emptied = relay(&whole, Some(&with(|_| {})));
    assert_open(id, &emptied);
    assert_fails("ons.dns.aaaa-kept", &emptied);
}

#[test]
fn the_order_is_that_of_a_server() {
    let one = with(|message| [1, 2, 3].map(|host| add(message, address(host))).len());
    let other = with(|message| [3, 2, 1].map(|host| add(message, address(host))).len());
    let fewer = with(|message| [3, 2].map(|host| add(message, address(host))).len());
    let id = "dns.proxy.rr-order";
    assert_passes(id, &relay(&one, Some(&one)));
    assert_fails(id, &relay(&one, Some(&other)));
    assert_open(id, &relay(&one, Some(&fewer)));
    // What a cache deals out is not forwarded.
    let mut cached = relay(&one, Some(&one));
    cached.at(30_000).ask(NAME, RecordType::AAAA);
    answer(&mut cached, &other);
    assert_passes(id, &cached);
}

#[test]
fn a_question_that_was_asked_again_is_judged_by_what_came_in_the_end() {
    let nothing = with(|message| {
        message.add_authority(soa());
    });
    // That the device fails by itself, or says nothing, is for another check to say.
    for first in [None, Some(code(ResponseCode::ServFail))] {
        let mut trace = relay(&nothing, first.as_ref());
        assert_open("dns.proxy.nodata", &trace);
        assert_fails("dns.proxy.present", &trace);
        trace.at(3000).ask(NAME, RecordType::AAAA);
        answer(&mut trace, &nothing);
        assert_eq!(sign("dns.proxy.nodata", &trace), '+');
    }
    // What is wrong stays wrong.
    let mut trace = relay(&nothing, Some(&code(ResponseCode::NXDomain)));
    trace.at(3000).ask(NAME, RecordType::AAAA);
    answer(&mut trace, &nothing);
    assert_eq!(sign("dns.proxy.nodata", &trace), '-');
}

/// A terminal has asked.
fn begun() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {}).at(1000).ask(NAME, RecordType::AAAA);
    trace
}

/// What came from upstream for it, and what the terminal got.
fn relay(upstream: &[u8], lan: Option<&Vec<u8>>) -> TraceBuilder {
    let mut trace = begun();
    let server = trace.ons_dns();
    trace.forward_with(7, 40_001, NAME, server, None);
    let ends = ((server, 53), (trace.router(), 40_001));
    trace.udp(Role::Wan, End::Network, ends, upstream);
    if let Some(bytes) = lan {
        answer(&mut trace, bytes);
    }
    trace
}

fn answer(trace: &mut TraceBuilder, bytes: &[u8]) {
    let id = trace.fresh_id() - 1;
    let ends = ((trace.router(), 53), (trace.pc(), 30_000 + id));
    let bytes = [&id.to_be_bytes()[..], &bytes[2..]].concat();
    trace.udp(Role::Lan, End::Device, ends, &bytes);
}

fn with<R>(change: impl FnOnce(&mut Message) -> R) -> Vec<u8> {
    let mut message = Message::response(7, OpCode::Query);
    message.add_query(Query::query(name(NAME), RecordType::AAAA));
    change(&mut message);
    message.to_vec().unwrap()
}

fn code(code: ResponseCode) -> Vec<u8> {
    with(|message| message.metadata.response_code = code)
}

fn add(message: &mut Message, record: Record) {
    message.add_answer(record);
}

fn address(host: u16) -> Record {
    let data = RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host));
    Record::from_rdata(name(NAME), 300, data)
}

fn alias(from: &str, to: &str) -> Record {
    Record::from_rdata(name(from), 300, RData::CNAME(CNAME(name(to))))
}

fn soa() -> Record {
    let data = SOA::new(name("ns.mnw"), name("host.mnw"), 1, 1, 1, 1, 5);
    Record::from_rdata(name("mnw"), 5, RData::SOA(data))
}

fn name(text: &str) -> Name {
    Name::from_str(&format!("{text}.")).unwrap()
}
