use hickory_proto::op::{Edns, Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::Name;
use hickory_proto::rr::rdata::{AAAA, SOA};
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

const NAME: &str = "short.ngnlab.onshikaku.org";

#[test]
fn lifetimes_count_down() {
    let id = "dns.cache.ttl";
    // As it came, a while later, raised, kept, and after its end.
    for (later, told, passes) in [
        (0, 60, true),
        (10, 50, true),
        (10, 51, true),
        (0, 90, false),
        (20, 60, false),
        (90, 5, false),
    ] {
        let mut trace = asked_once(&address(60));
        again(&mut trace, later, None, Some(&address(told)), None);
        let verdict = verdict(id, &trace);
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
        assert_eq!(matches!(verdict, Verdict::Fail(_)), !passes, "{verdict:?}");
    }
}

#[test]
fn lifetimes_that_were_changed_on_the_way_tell_nothing() {
    for (changed, fails) in [(false, true), (true, false)] {
        let mut trace = begun();
        if changed {
            trace.done("dns = { node = \"ons-dns\", mood = \"mutated\", lasting = \"3s\" }");
        }
        again(&mut trace, 0, Some(&address(60)), Some(&address(60)), None);
        again(&mut trace, 20, None, Some(&address(60)), None);
        let verdict = verdict("dns.cache.ttl", &trace);
        assert_eq!(matches!(verdict, Verdict::Fail(_)), fails, "{verdict:?}");
    }
}

#[test]
fn what_was_asked_for_again_lives_anew() {
    let mut trace = asked_once(&address(5));
    let fresh = address(5);
    again(&mut trace, 20, Some(&fresh), Some(&fresh), None);
    assert!(matches!(verdict("dns.cache.ttl", &trace), Verdict::Pass(_)));
}

#[test]
fn a_name_error_ends_with_its_soa_record() {
    let id = "dns.cache.negative";
    let gone = name_error(5);
    let mut trace = asked_once(&gone);
    again(&mut trace, 3, None, Some(&gone), None);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    let mut trace = asked_once(&gone);
    again(&mut trace, 20, None, Some(&gone), None);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    let mut trace = asked_once(&gone);
    again(&mut trace, 20, Some(&gone), Some(&gone), None);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
}

#[test]
fn an_opt_record_is_for_whoever_sent_one() {
    let id = "dns.cache.opt-not-cached";
    let (plain, with_opt) = (address(60), opt(&address(60)));
    for (told, passes) in [(&plain, true), (&with_opt, false)] {
        let mut trace = begun();
        again(&mut trace, 0, Some(&with_opt), Some(&with_opt), Some(1232));
        again(&mut trace, 5, None, Some(told), None);
        let verdict = verdict(id, &trace);
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
        assert_eq!(matches!(verdict, Verdict::Fail(_)), !passes, "{verdict:?}");
    }
    let mut trace = asked_once(&plain);
    again(&mut trace, 5, None, Some(&with_opt), None);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
}

#[test]
fn a_cut_answer_stays_cut() {
    let id = "dns.cache.tc-not-cached";
    let cut = message(|message| message.metadata.truncation = true);
    let mut trace = asked_once(&cut);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    again(&mut trace, 5, None, Some(&address(60)), None);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    let mut trace = asked_once(&cut);
    let whole = address(60);
    again(&mut trace, 5, Some(&whole), Some(&whole), None);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    let mut trace = asked_once(&cut);
    again(&mut trace, 5, None, Some(&cut), None);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
}

fn begun() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.trace.header.until = ngnlab_sim::Time::from_secs(200);
    trace.lan_ra(|_| {});
    trace
}

/// A terminal asked, and this came from upstream and went to it.
fn asked_once(answer: &[u8]) -> TraceBuilder {
    let mut trace = begun();
    again(&mut trace, 0, Some(answer), Some(answer), None);
    trace
}

/// A terminal asks so many seconds later; what comes from upstream, and what it gets.
fn again(
    trace: &mut TraceBuilder,
    later: u64,
    upstream: Option<&[u8]>,
    told: Option<&[u8]>,
    edns: Option<u16>,
) {
    let id = trace
        .at(1000 + 1000 * later)
        .ask_with(NAME, RecordType::AAAA, edns);
    if let Some(bytes) = upstream {
        let server = trace.ons_dns();
        trace.forward_with(id, 40_000 + id, NAME, server, edns);
        let ends = ((server, 53), (trace.router(), 40_000 + id));
        trace.udp(Role::Wan, End::Network, ends, &with_id(id, bytes));
    }
    if let Some(bytes) = told {
        let ends = ((trace.router(), 53), (trace.pc(), 30_000 + id));
        trace.udp(Role::Lan, End::Device, ends, &with_id(id, bytes));
    }
}

fn with_id(id: u16, bytes: &[u8]) -> Vec<u8> {
    [&id.to_be_bytes()[..], &bytes[2..]].concat()
}

fn message(change: impl FnOnce(&mut Message)) -> Vec<u8> {
    let mut message = Message::response(0, OpCode::Query);
    message.add_query(Query::query(name(NAME), RecordType::AAAA));
    change(&mut message);
    message.to_vec().unwrap()
}

fn address(ttl: u32) -> Vec<u8> {
    message(|message| {
        let data = RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
        message.add_answer(Record::from_rdata(name(NAME), ttl, data));
    })
}

fn name_error(ttl: u32) -> Vec<u8> {
    message(|message| {
        message.metadata.response_code = ResponseCode::NXDomain;
        let data = SOA::new(name("ns.org"), name("host.org"), 1, 1, 1, 1, ttl);
        message.add_authority(Record::from_rdata(name("org"), 300, RData::SOA(data)));
    })
}

fn opt(bytes: &[u8]) -> Vec<u8> {
    let mut message = Message::from_vec(bytes).unwrap();
    message.set_edns(Edns::new());
    message.to_vec().unwrap()
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}
