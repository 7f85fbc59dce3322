use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ngnlab_reports::Verdict;
use ngnlab_sim::trace::{End, Fact, Role};

use crate::checks::dns::test_talk::{Talk, add, opt, question, response};
use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes, verdict};
use crate::dissection::builder::{self, Reply, TraceBuilder, query};

const NAME: &str = "www.lineauth.mnw";
const OTHER: &str = "hweb.oqs.onshikaku.org";
const PRESENT: &str = "dns.proxy.present";

fn on_the_lan() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {}).at(1000);
    trace
}

/// A terminal asks and is told a code, nobody else is asked.
fn told(trace: &mut TraceBuilder, name: &str, code: ResponseCode) {
    let id = trace.ask_with(name, RecordType::AAAA, Some(1232));
    trace.answer(id, name, Reply::Code(code));
}

/// A question goes upstream and is answered there.
fn asked_upstream(trace: &mut TraceBuilder, id: u16, name: &str, reply: Reply<'_>) {
    let server = trace.ons_dns();
    trace.forward(id, name, server);
    trace.upstream_answer(id, name, server, reply);
}

fn finds(id: &str, trace: &TraceBuilder, words: &str) {
    let text = format!("{:?}", verdict(id, trace));
    assert!(text.contains(words), "{text}");
}

#[test]
fn a_device_that_refuses_everything_is_not_present() {
    for code in [
        ResponseCode::Refused,
        ResponseCode::ServFail,
        ResponseCode::NXDomain,
    ] {
        let mut trace = on_the_lan();
        for host in 0..10 {
            told(&mut trace, &format!("h{host}.lineauth.mnw"), code);
        }
        assert_fails(PRESENT, &trace);
        finds(PRESENT, &trace, "the device itself answers");
        for id in ["dns.proxy.edns-pass", "dns.proxy.concurrent"] {
            assert_open(id, &trace);
            finds(id, &trace, "because dns.proxy.present failed");
        }
    }
}

#[test]
fn a_device_that_refuses_what_is_beyond_its_bound_fails() {
    let mut trace = on_the_lan();
    for host in 0..10_u16 {
        let name = format!("h{host}.lineauth.mnw");
        let id = trace.ask(&name, RecordType::AAAA);
        if host < 5 {
            let address = trace.ons_dns();
            asked_upstream(&mut trace, host, &name, Reply::Addresses(&[address]));
            trace.answer(id, &name, Reply::Addresses(&[address]));
        } else {
            trace.answer(id, &name, Reply::Code(ResponseCode::Refused));
        }
    }
    assert_fails(PRESENT, &trace);
    assert_open("dns.proxy.concurrent", &trace);
}

#[test]
fn what_the_servers_refuse_the_device_may_pass_on() {
    for code in [ResponseCode::Refused, ResponseCode::ServFail] {
        let mut trace = on_the_lan();
        let id = trace.ask_with(NAME, RecordType::AAAA, Some(1232));
        asked_upstream(&mut trace, 5, NAME, Reply::Code(code));
        trace.answer(id, NAME, Reply::Code(code));
        // It may remember it for a while, too.
        told(trace.at(3000), NAME, code);
        assert_passes(PRESENT, &trace);
        assert_passes("dns.proxy.edns-pass", &trace);
    }
}

#[test]
fn a_failure_is_the_devices_own_only_where_the_servers_answered() {
    let asked = || {
        let mut trace = on_the_lan();
        let id = trace.ask(NAME, RecordType::AAAA);
        (trace, id)
    };
    let failure = Reply::Code(ResponseCode::ServFail);
    // Servers that were silent are why it fails, for the next question, too.
    let (mut trace, id) = asked();
    let server = trace.ons_dns();
    trace
        .forward(5, NAME, server)
        .at(5000)
        .answer(id, NAME, failure);
    told(trace.at(30_000), OTHER, ResponseCode::ServFail);
    assert_passes(PRESENT, &trace);
    // What came cannot be read.
    let (mut trace, id) = asked();
    asked_upstream(&mut trace, 5, NAME, Reply::Truncated);
    trace.answer(id, NAME, failure);
    assert_passes(PRESENT, &trace);
    // An answer came.
    let (mut trace, id) = asked();
    asked_upstream(&mut trace, 5, NAME, Reply::Addresses(&[server]));
    trace.answer(id, NAME, failure);
    assert_fails(PRESENT, &trace);
    finds(PRESENT, &trace, "though the servers gave an answer");
}

#[test]
fn what_nobody_can_read_answers_nothing_and_the_device_goes_on_asking() {
    for (readable, fails) in [(true, true), (false, false)] {
        let mut trace = on_the_lan();
        let first = trace.ask(NAME, RecordType::AAAA);
        let server = trace.ons_dns();
        trace.forward(1, NAME, server);
        let mut bytes = builder::response(1, NAME, Reply::Addresses(&[server]));
        if !readable {
            bytes.truncate(bytes.len() - 20);
        }
        let ends = ((server, 53), (trace.router(), 40_001));
        trace.udp(Role::Wan, End::Network, ends, &bytes);
        // It is asked again meanwhile, and answers both at once.
        let again = trace.at(3000).ask(NAME, RecordType::AAAA);
        let failed = Reply::Code(ResponseCode::ServFail);
        trace.at(3100).answer(first, NAME, failed);
        trace.answer(again, NAME, failed);
        let verdict = verdict(PRESENT, &trace);
        assert_eq!(matches!(verdict, Verdict::Fail(_)), fails, "{verdict:?}");
    }
}

#[test]
fn an_empty_answer_contradicts_no_failure() {
    for (addresses, fails) in [
        (&[][..], false),
        (&[TraceBuilder::new("next-ra").pc()], true),
    ] {
        let mut trace = on_the_lan();
        let asked = trace.ask(NAME, RecordType::AAAA);
        asked_upstream(&mut trace, 1, NAME, Reply::Addresses(addresses));
        trace.answer(asked, NAME, Reply::Code(ResponseCode::ServFail));
        let verdict = verdict(PRESENT, &trace);
        assert_eq!(matches!(verdict, Verdict::Fail(_)), fails, "{verdict:?}");
    }
}

#[test]
fn a_server_that_was_silent_once_excuses_no_failure_for_ever() {
    let dead = |name: &str, made_good: bool| {
        let mut trace = on_the_lan();
        // A question of its own that is lost before there is a way.
        let server = match name {
            "." => trace.trace.header.setup.default_dns[1],
            _ => trace.ons_dns(),
        };
        trace.forward(1, name, server).at(12_000);
        if made_good {
            asked_upstream(&mut trace, 2, OTHER, Reply::Addresses(&[server]));
        }
        for host in 0..3 {
            let name = format!("h{host}.lineauth.mnw");
            told(&mut trace, &name, ResponseCode::ServFail);
        }
        trace
    };
    // The servers for the name are others, or have answered since.
    assert_fails(PRESENT, &dead(".", true));
    assert_fails(PRESENT, &dead(OTHER, true));
    assert_passes(PRESENT, &dead(OTHER, false));
}

#[test]
fn who_cannot_ask_yet_may_say_so() {
    let mut trace = on_the_lan();
    told(&mut trace, NAME, ResponseCode::ServFail);
    let mut later = on_the_lan();
    told(&mut later, NAME, ResponseCode::ServFail);
    let address = later.ons_dns();
    asked_upstream(later.at(20_000), 5, NAME, Reply::Addresses(&[address]));
    assert_open(PRESENT, &later);
    let id = later.ask(NAME, RecordType::AAAA);
    later.answer(id, NAME, Reply::Addresses(&[address]));
    assert_passes(PRESENT, &later);
    assert_fails(PRESENT, &trace);
}

#[test]
fn what_is_answered_when_asked_again_is_answered() {
    let mut trace = on_the_lan();
    let address = trace.ons_dns();
    asked_upstream(&mut trace, 4, OTHER, Reply::Addresses(&[address]));
    told(&mut trace, NAME, ResponseCode::Refused);
    assert_fails(PRESENT, &trace);
    let id = trace.at(3000).ask_with(NAME, RecordType::AAAA, Some(1232));
    asked_upstream(&mut trace, 5, NAME, Reply::Addresses(&[address]));
    trace.answer(id, NAME, Reply::Addresses(&[address]));
    assert_passes(PRESENT, &trace);
    assert_passes("dns.proxy.edns-pass", &trace);
}

#[test]
fn a_lost_question_that_is_answered_when_asked_again_is_answered() {
    let mut trace = on_the_lan();
    trace.ask_with(NAME, RecordType::AAAA, Some(1232));
    assert_fails(PRESENT, &trace);
    assert_open("dns.proxy.edns-pass", &trace);
    let address = trace.ons_dns();
    let id = trace.at(3000).ask_with(NAME, RecordType::AAAA, Some(1232));
    asked_upstream(&mut trace, 5, NAME, Reply::Addresses(&[address]));
    trace.answer(id, NAME, Reply::Addresses(&[address]));
    assert_passes("dns.proxy.edns-pass", &trace);
    assert_passes(PRESENT, &trace);
    // Another question is another matter.
    trace.ask_with(OTHER, RecordType::AAAA, Some(1232));
    assert_fails(PRESENT, &trace);
    assert_open("dns.proxy.edns-pass", &trace);
}

#[test]
fn aaaa_records_that_nobody_was_asked_for_are_withheld() {
    let mut trace = on_the_lan();
    told(&mut trace, NAME, ResponseCode::NoError);
    assert_fails("ons.dns.aaaa-kept", &trace);
    finds("ons.dns.aaaa-kept", &trace, "asks nobody");
    assert_open(PRESENT, &trace);
    assert_open("dns.proxy.edns-pass", &trace);
    assert_open("ons.line-auth.reaches-site", &trace);
    finds(
        "ons.line-auth.reaches-site",
        &trace,
        "because ons.dns.aaaa-kept failed",
    );
    // Somebody said so.
    let mut trace = on_the_lan();
    let nothing = Reply::Code(ResponseCode::NoError);
    asked_upstream(&mut trace, 5, NAME, nothing);
    told(trace.at(30_000), NAME, ResponseCode::NoError);
    assert!(!matches!(
        verdict("ons.dns.aaaa-kept", &trace),
        Verdict::Fail(_)
    ));
    // Of other names the device may know by itself.
    let mut trace = on_the_lan();
    told(&mut trace, "router.home.arpa", ResponseCode::NoError);
    told(&mut trace, "router.home.arpa", ResponseCode::NXDomain);
    assert_passes(PRESENT, &trace);
}

#[test]
fn odd_questions_are_refused_by_the_servers_alone() {
    let odd = question("svcb.lineauth.mnw", |query| {
        let at = query.len() - 3;
        query[at] = 64;
    });
    let ids = ["dns.proxy.qtype-any", "dns.proxy.https-type"];
    for code in [0, 1, 2, 3, 4, 5] {
        let refused = response(&odd, code, &[]);
        let mut talk = Talk::new();
        talk.ask(5000, &odd).answer(5000, &refused);
        ids.iter().for_each(|id| talk.fails(id));
        talk.is_inconclusive(PRESENT);
        let mut talk = Talk::new();
        talk.relay(5000, &odd, &refused);
        ids.iter().for_each(|id| talk.passes(id));
        // Who refuses everything dislikes nothing in particular.
        let plain = question(NAME, |_| {});
        let mut talk = Talk::new();
        talk.ask(5000, &odd).answer(5000, &refused);
        talk.ask(5001, &plain)
            .answer(5001, &response(&plain, 5, &[]));
        ids.iter().for_each(|id| talk.is_inconclusive(id));
        talk.fails(PRESENT);
    }
}

#[test]
fn of_its_own_words_on_an_opcode_only_not_implemented_counts() {
    let id = "dns.proxy.unknown-opcode";
    let notify = question("notify.lineauth.mnw", |query| query[2] |= 4 << 3);
    for (code, passes) in [(1, true), (4, true), (2, false), (3, false), (5, false)] {
        let mut talk = Talk::new();
        talk.ask(5000, &notify)
            .answer(5000, &response(&notify, code, &[]));
        if passes {
            talk.passes(id);
        } else {
            talk.fails(id);
        }
        let mut talk = Talk::new();
        talk.relay(5000, &notify, &response(&notify, code, &[]));
        talk.passes(id);
        // Who refuses everything dislikes no opcode in particular.
        let plain = question(NAME, |_| {});
        let mut talk = Talk::new();
        talk.ask(5000, &notify)
            .answer(5000, &response(&notify, 5, &[]))
            .ask(5001, &plain)
            .answer(5001, &response(&plain, 5, &[]));
        talk.is_inconclusive(id);
    }
}

#[test]
fn a_referral_is_no_word_that_there_is_nothing() {
    let plain = question(NAME, |_| {});
    let mut referral = response(&plain, 0, &[]);
    referral.extend(b"\x00\x00\x02\x00\x01\x00\x00\x01\x2c\x00\x02\xc0\x0c");
    referral[9] = 1;
    let iterative = question(NAME, |query| query[2] = 0);
    let nothing = response(&iterative, 0, &[]);
    for (query, reply) in [(&plain, referral), (&iterative, nothing)] {
        let mut talk = Talk::new();
        talk.ask(5000, query).answer(5000, &reply);
        talk.is_inconclusive("ons.dns.aaaa-kept");
        talk.passes(PRESENT);
    }
    let mut talk = Talk::new();
    talk.ask(5000, &plain)
        .answer(5000, &response(&plain, 0, &[]));
    talk.fails("ons.dns.aaaa-kept");
}

#[test]
fn who_refuses_everything_dislikes_no_version_in_particular() {
    let id = "dns.proxy.edns-version";
    let plain = question(NAME, |_| {});
    let later = question(NAME, |query| add(query, &opt(1232, 1, 0, &[])));
    let mut talk = Talk::new();
    talk.ask(5000, &later)
        .answer(5000, &response(&later, 5, &[]));
    talk.fails(id);
    talk.ask(5001, &plain)
        .answer(5001, &response(&plain, 5, &[]));
    talk.is_inconclusive(id);
}

#[test]
fn a_device_between_two_prefixes_can_ask_nobody() {
    use ngnlab_sim::message::ndp::{Ndp, NdpOption};
    use ngnlab_sim::message::packet::ALL_NODES;
    use ngnlab_sim::trace::{End, Role};
    // The line gives another prefix at 70 s; duplicate address detection takes ten.
    for (at, fails) in [(75_000, false), (95_000, true)] {
        let mut trace = on_the_lan();
        trace.wan_ra(|_| {});
        asked_upstream_and_told(&mut trace);
        let other = trace.trace.header.line.assignment(1);
        let (mut advert, edge) = (trace.advert(), trace.edge().link_local());
        if let NdpOption::Prefix(info) = &mut advert.options[0] {
            info.prefix = other.addr();
        }
        let advert = Ndp::RouterAdvert(advert);
        trace
            .at(70_000)
            .ndp(Role::Wan, End::Network, edge, ALL_NODES, &advert);
        trace.trace.header.until = ngnlab_sim::Time::from_secs(200);
        // It still has a way out.
        trace.at(at - 1000);
        asked_upstream_and_told(&mut trace);
        trace.at(at);
        told(&mut trace, OTHER, ResponseCode::ServFail);
        let verdict = verdict(PRESENT, &trace);
        assert_eq!(
            matches!(verdict, Verdict::Fail(_)),
            fails,
            "{at}: {verdict:?}"
        );
    }
}

fn asked_upstream_and_told(trace: &mut TraceBuilder) {
    let id = trace.ask_with(NAME, RecordType::AAAA, Some(1232));
    let address = Reply::Code(ResponseCode::NoError);
    asked_upstream(trace, id, NAME, address);
    trace.answer(id, NAME, Reply::Code(ResponseCode::NoError));
}

#[test]
fn a_name_that_the_servers_know_does_not_vanish_for_who_asks_for_aaaa() {
    let mut trace = on_the_lan();
    let id = trace.ask(NAME, RecordType::A);
    let server = trace.ons_dns();
    let ipv4 = query(5, NAME, RecordType::A, None);
    let ends = ((trace.router(), 40_005), (server, 53));
    trace.udp(Role::Wan, End::Device, ends, &ipv4);
    let nothing = response_for_a(5);
    trace.udp(Role::Wan, End::Network, (ends.1, ends.0), &nothing);
    trace.answer(id, NAME, Reply::Code(ResponseCode::NoError));
    told(&mut trace, NAME, ResponseCode::NXDomain);
    assert_fails("ons.dns.aaaa-kept", &trace);
    finds("ons.dns.aaaa-kept", &trace, "answers NXDOMAIN");
}

/// No data for an IPv4 address.
fn response_for_a(id: u16) -> Vec<u8> {
    let mut response = query(id, NAME, RecordType::A, None);
    response[2] |= 0x80;
    response
}

#[test]
fn an_address_comes_from_a_server() {
    let site = "2404:1a8:f583:af0::1".parse().unwrap();
    let other = "2001:db8::1".parse().unwrap();
    let mut trace = on_the_lan();
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    let id = trace.ask(NAME, RecordType::AAAA);
    let own = trace.router();
    trace.answer(id, NAME, Reply::Addresses(&[own]));
    assert_fails(PRESENT, &trace);
    finds(PRESENT, &trace, "which no server said");
    let mut trace = on_the_lan();
    let id = trace.ask(NAME, RecordType::AAAA);
    asked_upstream(&mut trace, 5, NAME, Reply::Addresses(&[site]));
    trace.answer(id, NAME, Reply::Addresses(&[other]));
    finds(PRESENT, &trace, "which no server said");
    // It may remember what was said before anybody looked.
    let mut trace = on_the_lan();
    let id = trace.ask(NAME, RecordType::AAAA);
    trace.answer(id, NAME, Reply::Addresses(&[other]));
    assert_passes(PRESENT, &trace);
    let mut trace = on_the_lan();
    let id = trace.ask(NAME, RecordType::AAAA);
    asked_upstream(&mut trace, 5, NAME, Reply::Addresses(&[site]));
    trace.answer(id, NAME, Reply::Addresses(&[site]));
    assert_passes(PRESENT, &trace);
    // From a cache.
    let id = trace.at(30_000).ask(NAME, RecordType::AAAA);
    trace.answer(id, NAME, Reply::Addresses(&[site]));
    assert_passes(PRESENT, &trace);
}
