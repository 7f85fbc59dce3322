//! The reference router's DNS forwarder between a terminal and the servers of the network.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;
use std::net::SocketAddrV6;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use ngnlab_sim::Time;
use ngnlab_sim::line::ONS_DOMAINS;
use ngnlab_sim::message::dns;
use ngnlab_sim::message::packet::{Envelope, Packet};
use proptest::prelude::*;

mod bench;

use bench::{Bench, OTHER_MAC, STRANGER, WAN, WAN_MAC, question};

#[test]
fn the_payload_is_the_same_on_both_sides_but_for_the_id() {
    let mut bench = Bench::new(&[]);
    let mut question = question("wWw.LineAuth.mnw.", RecordType::AAAA, Some(1400));
    let response = bench.ask(&question).unwrap();
    let (upstream, to) = bench.asked_upstream()[0].clone();
    assert_eq!(to, bench.ons[0]);
    assert_eq!(question[2..], upstream[2..]);
    question.truncate(2);
    assert_eq!(response[..2], question);
    let response = Message::from_vec(&response).unwrap();
    assert_eq!(response.queries[0].name.to_ascii(), "wWw.LineAuth.mnw.");
    assert_eq!(response.answers.len(), 1);
    assert_eq!(response.edns.unwrap().max_payload(), 1232);
}

#[test]
fn each_name_goes_to_the_preferred_server_of_its_domain() {
    let mut bench = Bench::new(&[]);
    for name in [
        "assv.asc.flets-east.jp.",
        "FLETS-EAST.jp.",
        "www.example.jp.",
    ] {
        bench.ask(&question(name, RecordType::AAAA, None)).unwrap();
    }
    for domain in ONS_DOMAINS {
        let name = format!("some.host.{domain}.");
        bench.ask(&question(&name, RecordType::A, None)).unwrap();
    }
    let asked = bench.servers_asked();
    assert!(asked[..3].iter().all(|to| *to == bench.ngn[0]));
    assert!(asked[3..].iter().all(|to| *to == bench.ons[0]));
    assert_eq!(asked.len(), 9);
}

#[test]
fn a_silent_server_is_replaced_remembered_and_tried_again() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(20));
    let question = question("www.lineauth.mnw.", RecordType::AAAA, None);
    for waits in [true, true, false] {
        let asked_at = bench.world.now();
        assert!(bench.ask(&question).is_some());
        assert_eq!(
            bench.answered_at.since(asked_at) > Duration::from_secs(1),
            waits
        );
    }
    bench.world.run_until(Time::from_secs(60)).unwrap();
    bench.forget();
    assert!(bench.ask(&question).is_some());
    assert_eq!(bench.servers_asked(), [bench.ons[0]]);
}

#[test]
fn a_question_that_nobody_answers_fails() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    bench.silence(1, Time::from_secs(100));
    let question = question("www.lineauth.mnw.", RecordType::AAAA, Some(1232));
    let response = Message::from_vec(&bench.ask(&question).unwrap()).unwrap();
    assert_eq!(response.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(response.queries.len(), 1);
    assert!(response.edns.is_some());
    assert_eq!(bench.servers_asked().len(), 4);
    let over_tcp = bench.ask_over_tcp(&[&question]);
    assert_eq!(dns::id(&over_tcp[0]), Some(7));
    assert_eq!(dns::response_code(&over_tcp[0]), Some(dns::SERVER_FAILURE));
}

#[test]
fn forged_answers_are_ignored_and_malformed_ones_fail() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    let asked = question("www.lineauth.mnw.", RecordType::AAAA, None);
    bench.send(&asked);
    let (query, server, port) = bench.last_upstream();
    let mut good = query.clone();
    good[2] |= dns::QR;
    let mut wrong_id = good.clone();
    wrong_id[1] ^= 1;
    let mut wrong_name = good.clone();
    wrong_name[dns::HEADER + 1] = b'x';
    let mut wrong_server = server;
    wrong_server.set_port(54);
    let elsewhere = SocketAddrV6::new(bench.ons[1], 53, 0, 0);
    bench.reply(server, port, &wrong_id);
    bench.reply(server, port, &wrong_name);
    bench.reply(server, port, &query);
    bench.reply(wrong_server, port, &good);
    bench.reply(elsewhere, port, &good);
    bench.reply(server, port ^ 1, &good);
    assert!(bench.received().is_empty());
    let mut cut = good.clone();
    cut[7] = 1;
    bench.reply(server, port, &cut);
    let failed = bench.received();
    assert_eq!(dns::response_code(&failed[0]), Some(dns::SERVER_FAILURE));
    bench.reply(server, port, &good);
    assert!(bench.received().is_empty());
}

#[test]
fn ids_and_ports_differ_and_the_defects_make_them_plain() {
    let numbers = |defects: &[&str]| {
        let mut bench = Bench::new(defects);
        let kinds = [RecordType::AAAA, RecordType::A, RecordType::TXT];
        kinds.map(|kind| {
            bench
                .ask(&question("www.lineauth.mnw.", kind, None))
                .unwrap();
            let (query, _, port) = bench.last_upstream();
            (dns::id(&query).unwrap(), port)
        })
    };
    let [a, b, c] = numbers(&[]);
    assert!(b.0 != a.0.wrapping_add(1) || c.0 != b.0.wrapping_add(1));
    assert!(a.1 != b.1 && b.1 != c.1);
    let [a, b, c] = numbers(&["sequential-dns-ids", "fixed-dns-port"]);
    assert_eq!((b.0, c.0), (a.0 + 1, a.0 + 2));
    assert!(a.1 == b.1 && b.1 == c.1);
}

#[test]
fn questions_over_tcp_go_upstream_over_tcp_on_one_connection() {
    let mut bench = Bench::new(&[]);
    let long = question("pweb.base.oqs-pdl.org.", RecordType::AAAA, None);
    let short = question("www.lineauth.mnw.", RecordType::AAAA, None);
    let responses = bench.ask_over_tcp(&[&long, &short]);
    let counts = responses
        .iter()
        .map(|response| Message::from_vec(response).unwrap().answers.len());
    assert_eq!(counts.collect::<BTreeSet<_>>(), BTreeSet::from([1, 15]));
    assert!(bench.asked_upstream().is_empty());
    assert!(bench.ask_over_tcp(&[&short]).len() == 1);
}

#[test]
fn tcp_fails_over_to_the_alternate_server() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    let question = question("www.lineauth.mnw.", RecordType::AAAA, None);
    let responses = bench.ask_over_tcp(&[&question]);
    assert_eq!(Message::from_vec(&responses[0]).unwrap().answers.len(), 1);
}

#[test]
fn the_line_is_not_served_without_the_defect() {
    let asked = question("www.lineauth.mnw.", RecordType::AAAA, None);
    for defects in [&[][..], &["dns-open-on-wan"]] {
        let mut bench = Bench::new(defects);
        let frame = Envelope::new(OTHER_MAC, WAN_MAC, STRANGER, WAN).udp(4000, 53, &asked);
        bench.forget();
        bench.world.with(bench.line, |_, cx| cx.send(0, frame));
        bench.world.run_until(Time::from_secs(1)).unwrap();
        let answered = bench
            .wan_frames()
            .iter()
            .any(|frame| Packet::parse(frame).is_some_and(|packet| packet.destination == STRANGER));
        assert_eq!(answered, !defects.is_empty());
    }
}

#[test]
fn more_questions_than_there_is_room_for_fail_at_once() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    bench.silence(1, Time::from_secs(100));
    for count in 0..520 {
        let name = format!("host{count}.lineauth.mnw.");
        bench.send(&question(&name, RecordType::AAAA, None));
    }
    assert_eq!(bench.received().len(), 8);
}

#[test]
fn each_defect_shows() {
    let large = question("pweb.base.oqs-pdl.org.", RecordType::AAAA, Some(1400));
    let with_edns = question("www.lineauth.mnw.", RecordType::AAAA, Some(1232));
    let plain = question("WWW.lineauth.mnw.", RecordType::AAAA, None);
    let ask = |defect: &str, question: &[u8]| Bench::new(&[defect]).ask(question);
    let read =
        |defect: &str, question: &[u8]| Message::from_vec(&ask(defect, question).unwrap()).unwrap();

    assert_eq!(ask("no-dns-proxy", &plain), None);
    assert_eq!(ask("drops-edns", &with_edns), None);
    assert!(ask("drops-edns", &plain).is_some());
    assert_eq!(ask("drops-large-answers", &large), None);
    let strange = question("www.lineauth.mnw.", RecordType::Unknown(65400), None);
    assert_eq!(ask("drops-unknown-types", &strange), None);

    let cut = read("truncates-512", &large);
    assert!(cut.metadata.truncation && cut.edns.is_some());
    let cut = ask("truncates-without-tc", &large).unwrap();
    assert!(!dns::is_truncated(&cut) && cut.len() <= 512);
    assert!(Message::from_vec(&cut).unwrap().answers.len() < 15);

    assert!(read("filters-aaaa", &plain).answers.is_empty());
    assert!(read("strips-edns", &with_edns).edns.is_none());
    let name = read("lowercases-names", &plain).queries[0].name.to_ascii();
    assert_eq!(name, "www.lineauth.mnw.");
    let missing = question("nobody.lineauth.mnw.", RecordType::AAAA, None);
    let hidden = read("hides-nxdomain", &missing).metadata.response_code;
    assert_eq!(hidden, ResponseCode::NoError);
    let mut deaf = Bench::new(&["no-dns-tcp"]);
    assert!(deaf.ask_over_tcp(&[&plain]).is_empty());
}

#[test]
fn the_defects_of_the_table_ask_the_wrong_servers() {
    let asked = |defect: &str, name: &str| {
        let mut bench = Bench::new(&[defect]);
        bench.ask(&question(name, RecordType::AAAA, None));
        let servers = bench.servers_asked();
        (servers, bench.ons, bench.ngn)
    };
    let (servers, _, ngn) = asked("one-dns-for-all", "www.lineauth.mnw.");
    assert_eq!(servers, [ngn[0]]);
    let (servers, ons, ngn) = asked("leaks-ons-names", "www.lineauth.mnw.");
    assert_eq!(servers, [ngn[0], ons[0]]);
    let (servers, ons, _) = asked("alternate-first", "www.lineauth.mnw.");
    assert_eq!(servers, [ons[1]]);
    let (servers, ons, _) = asked("ngn-names-to-ons", "assv.asc.flets-east.jp.");
    assert_eq!(servers, [ons[0]]);
    let mut bench = Bench::new(&["no-failover"]);
    bench.silence(0, Time::from_secs(100));
    bench.ask(&question("www.lineauth.mnw.", RecordType::AAAA, None));
    assert_eq!(bench.servers_asked(), [bench.ons[0]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_from_either_side_leave_the_forwarder_running(
        queries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
        replies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
        flips in prop::collection::vec((2_usize..60, any::<u8>()), 0..6),
        defect in prop::sample::select(&SURVIVABLE[..]),
    ) {
        let mut bench = Bench::new(&[defect]);
        for query in &queries {
            bench.send(query);
            let mut header = question("www.lineauth.mnw.", RecordType::AAAA, Some(1232));
            for (at, byte) in &flips {
                header[*at % 45] = *byte;
            }
            bench.send(&header);
        }
        bench.silence(0, Time::from_secs(1));
        bench.send(&question("www.lineauth.mnw.", RecordType::AAAA, None));
        if !bench.asked_upstream().is_empty() {
            let (query, server, port) = bench.last_upstream();
            for bytes in &replies {
                bench.reply(server, port, bytes);
                let tail = bytes.get(2..).unwrap_or_default();
                bench.reply(server, port, &[&query[..2], tail].concat());
            }
        }
        let end = bench.world.now() + Duration::from_secs(20);
        bench.world.run_until(end).unwrap();
        let last = question("hweb.oqs.onshikaku.org.", RecordType::A, None);
        prop_assert!(bench.ask(&last).is_some());
    }
}

/// Defects with which a plain question is still answered.
const SURVIVABLE: [&str; 19] = [
    "one-dns-for-all",
    "leaks-ons-names",
    "table-of-five",
    "knows-six-domains-only",
    "matches-one-label",
    "case-sensitive-table",
    "matches-anywhere",
    "asks-other-area",
    "asks-learnt-servers",
    "alternate-first",
    "no-failover",
    "forgets-earlier-tries",
    "dns-storm",
    "gives-servers-up",
    "stays-with-alternate",
    "drops-large-answers",
    "truncates-512",
    "truncates-without-tc",
    "clears-tc",
];
