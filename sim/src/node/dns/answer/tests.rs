//! What the servers answer, and how large.

use std::net::Ipv6Addr;

use hickory_proto::op::{MessageType, Query};
use rand::SeedableRng;

use super::*;
use crate::line::{Area, Line};
use crate::message::dns::CLASSIC_LIMIT;

#[test]
fn the_line_authentication_site_answers_with_authority() {
    let (response, _) = ask("www.lineauth.mnw.", RecordType::AAAA, None);
    assert!(response.metadata.authoritative && response.metadata.recursion_available);
    assert_eq!(aaaa(&response), [Area::East.values().line_auth]);
    assert_eq!(response.answers[0].ttl, TTL);
    let (response, _) = ask("www.lineauth.mnw.", RecordType::A, None);
    assert!(response.answers.is_empty());
    assert_eq!(response.metadata.response_code, ResponseCode::NoError);
    assert_eq!(response.authorities[0].record_type(), RecordType::SOA);
}

#[test]
fn letters_come_back_as_they_were_asked() {
    let (response, _) = ask("wWw.LINEauth.mNw.", RecordType::AAAA, None);
    assert_eq!(response.queries[0].name.to_ascii(), "wWw.LINEauth.mNw.");
    assert_eq!(response.answers[0].name.to_ascii(), "wWw.LINEauth.mNw.");
    let (response, _) = ask("x.LINEauth.mNw.", RecordType::AAAA, None);
    assert_eq!(response.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(response.authorities[0].name.to_ascii(), "LINEauth.mNw.");
}

#[test]
fn delivery_answers_are_longer_than_512_bytes_and_are_truncated_without_edns() {
    for name in ["pweb.base.oqs-pdl.org.", "NTP.base.OQS-pdl.org."] {
        for kind in [RecordType::AAAA, RecordType::A] {
            let (whole, length) = ask(name, kind, Some(1232));
            assert!(length > CLASSIC_LIMIT, "{length}");
            assert!(!whole.metadata.truncation && !whole.metadata.authoritative);
            assert_eq!(whole.answers.len(), 15);
            assert_eq!((whole.authorities.len(), whole.additionals.len()), (4, 8));
            let (_, length) = ask(name, kind, None);
            assert!(length <= CLASSIC_LIMIT, "{length}");
        }
        // The fifteen AAAA records and the authority section do not fit together.
        let (cut, _) = ask(name, RecordType::AAAA, None);
        assert!(cut.metadata.truncation);
    }
}

#[test]
fn the_laboratory_answers_in_the_sizes_its_names_say() {
    for (name, size) in [("txt1232", 1232), ("txt1452", 1452), ("TXT4096", 4096)] {
        let name = format!("{name}.{}.", super::super::laboratory::LABORATORY);
        let (response, length) = ask(&name, RecordType::TXT, Some(4096));
        assert_eq!((length, response.answers.len()), (size, 1), "{name}");
        let (response, _) = ask(&name, RecordType::TXT, Some(1200));
        assert!(response.metadata.truncation);
    }
}

#[test]
fn an_alias_is_followed_to_its_end_and_says_if_there_is_nothing() {
    let (response, _) = ask("chain.ngnlab.onshikaku.org.", RecordType::AAAA, None);
    let alias = RecordType::CNAME;
    assert_eq!(
        kinds(&response.answers),
        [alias, alias, alias, RecordType::AAAA]
    );
    assert!(response.authorities.is_empty());
    let (response, _) = ask("dangling.ngnlab.onshikaku.org.", RecordType::AAAA, None);
    assert_eq!(response.answers.len(), 1);
    assert_eq!(response.authorities[0].ttl, 5);
    let (response, _) = ask("gone.ngnlab.onshikaku.org.", RecordType::AAAA, None);
    assert_eq!(response.metadata.response_code, ResponseCode::NXDomain);
    let unknown = RecordType::Unknown(65400);
    let (response, _) = ask("unknown.ngnlab.onshikaku.org.", unknown, None);
    assert_eq!(response.answers.len(), 1);
}

#[test]
fn any_type_at_an_apex_brings_what_the_zone_has_there() {
    // RFC 1034 §3.7.1; nsd, told not to refuse ANY, begins with the SOA, too.
    let (response, _) = ask("onshikaku.org.", RecordType::ANY, None);
    assert_eq!(kinds(&response.answers), [RecordType::SOA]);
    assert!(response.authorities.is_empty());
    let (response, _) = ask("base.oqs-pdl.org.", RecordType::ANY, Some(4096));
    let ns = RecordType::NS;
    assert_eq!(kinds(&response.answers), [RecordType::SOA, ns, ns, ns, ns]);
    assert!(response.authorities.is_empty());
    assert_eq!(response.additionals.len(), 8);
    // A host of its own comes before.
    let (response, _) = ask("flets-east.jp.", RecordType::ANY, None);
    assert_eq!(
        kinds(&response.answers),
        [RecordType::AAAA, RecordType::SOA]
    );
    assert!(response.metadata.authoritative);
}

#[test]
fn any_type_at_an_alias_is_the_alias_alone() {
    // RFC 1034 §3.6.2 and §4.3.2 step 3a; nsd does the same.
    for name in ["chain", "dangling"] {
        let name = format!("{name}.ngnlab.onshikaku.org.");
        let (response, _) = ask(&name, RecordType::ANY, None);
        assert_eq!(kinds(&response.answers), [RecordType::CNAME], "{name}");
        assert!(response.authorities.is_empty(), "{name}");
    }
}

#[test]
fn the_ds_record_is_denied_by_the_parent_where_the_server_has_it() {
    // RFC 4035 §3.1.4.1 and appendix B.8; nsd does the same.
    for (asked, denied_by) in [
        ("ngnlab.onshikaku.org.", "onshikaku.org."),
        ("onshikaku.org.", "onshikaku.org."),
        ("lineauth.mnw.", "lineauth.mnw."),
        ("www.lineauth.mnw.", "lineauth.mnw."),
    ] {
        let (response, _) = ask(asked, RecordType::DS, None);
        assert_eq!(response.metadata.response_code, ResponseCode::NoError);
        assert!(response.answers.is_empty());
        assert_eq!(kinds(&response.authorities), [RecordType::SOA]);
        assert_eq!(response.authorities[0].name.to_ascii(), denied_by);
        let own = denied_by.starts_with("lineauth");
        assert_eq!(response.metadata.authoritative, own, "{asked}");
    }
}

#[test]
fn an_answer_to_any_class_is_never_authoritative() {
    // RFC 1034 §3.7.1; nsd leaves the authority section empty as well.
    for (name, kind, code) in [
        ("www", RecordType::AAAA, ResponseCode::NoError),
        ("www", RecordType::MX, ResponseCode::NoError),
        ("nothing", RecordType::AAAA, ResponseCode::NXDomain),
    ] {
        let mut query = message(&format!("{name}.lineauth.mnw."), kind, None);
        query.queries[0].query_class = DNSClass::ANY;
        let (response, _) = answer_with(&query, UDP_LIMIT, &mut ChaCha8Rng::seed_from_u64(1));
        assert!(!response.metadata.authoritative);
        assert_eq!(response.metadata.response_code, code);
        let found = name == "www" && kind == RecordType::AAAA;
        assert_eq!(response.answers.len(), usize::from(found));
        assert!(response.authorities.is_empty());
    }
}

#[test]
fn the_order_of_delivery_addresses_differs_and_the_set_does_not() {
    let query = message("pweb.base.oqs-pdl.org.", RecordType::AAAA, Some(4096));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut orders: Vec<Vec<Ipv6Addr>> = (0..2)
        .map(|_| aaaa(&answer_with(&query, UDP_LIMIT, &mut rng).0))
        .collect();
    assert_ne!(orders[0], orders[1]);
    orders.iter_mut().for_each(|order| order.sort());
    assert_eq!(orders[0], orders[1]);
}

#[test]
fn edns_is_answered_in_kind() {
    let mut query = message("www.lineauth.mnw.", RecordType::AAAA, Some(4096));
    query.edns.as_mut().unwrap().set_dnssec_ok(true);
    let (response, _) = answer_with(&query, UDP_LIMIT, &mut ChaCha8Rng::seed_from_u64(1));
    let edns = response.edns.unwrap();
    assert!(edns.flags().dnssec_ok);
    assert_eq!((edns.version(), edns.max_payload()), (0, OWN_PAYLOAD));
    query.edns.as_mut().unwrap().set_version(1);
    let (response, _) = answer_with(&query, UDP_LIMIT, &mut ChaCha8Rng::seed_from_u64(1));
    // Hickory calls the code BADSIG, which shares its number with BADVERS.
    let bad_version = u16::from(ResponseCode::BADVERS);
    assert_eq!(u16::from(response.metadata.response_code), bad_version);
    assert_eq!(response.edns.unwrap().version(), 0);
    assert!(response.answers.is_empty());
    assert!(
        ask("www.lineauth.mnw.", RecordType::A, None)
            .0
            .edns
            .is_none()
    );
}

#[test]
fn unknown_edns_options_are_ignored_and_a_second_opt_record_is_an_error() {
    let zones = Zones::ons(&Line::preset("next-ra", Area::East).unwrap());
    let plain = message("www.lineauth.mnw.", RecordType::AAAA, Some(1232));
    let mut bytes = plain.to_vec().unwrap();
    let end = bytes.len();
    bytes[end - 1] = 6;
    bytes.extend([0xfd, 0xe9, 0, 2, 1, 2]);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let response = answer(&bytes, &zones, Transport::Tcp, &mut rng).unwrap();
    assert_eq!(Message::from_vec(&response).unwrap().answers.len(), 1);
    let mut bytes = plain.to_vec().unwrap();
    let opt = bytes[end - 11..].to_vec();
    bytes.extend(opt);
    bytes[11] = 2;
    let response = answer(&bytes, &zones, Transport::Tcp, &mut rng).unwrap();
    assert_eq!(response[3] & 0x0f, FORMAT_ERROR);
}

#[test]
fn a_signed_query_learns_that_its_key_is_not_known() {
    let zones = Zones::ons(&Line::preset("next-ra", Area::East).unwrap());
    let mut bytes = message("www.lineauth.mnw.", RecordType::AAAA, None)
        .to_vec()
        .unwrap();
    // RFC 8945 §4.2: owner, type, class ANY, TTL; algorithm, time, fudge, MAC, id.
    bytes.extend(b"\x03key\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x21");
    bytes.extend(b"\x0bhmac-sha256\x00\x00\x00\x60\x00\x00\x00\x01\x2c\x00\x04mac!");
    bytes.extend(b"\x00\x07\x00\x00\x00\x00");
    bytes[11] = 1;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let response = answer(&bytes, &zones, Transport::Tcp, &mut rng).unwrap();
    let response = Message::from_vec(&response).unwrap();
    assert_eq!(response.metadata.response_code, ResponseCode::NotAuth);
    let RData::TSIG(tsig) = &response.additionals[0].data else {
        panic!("{response:?}");
    };
    assert_eq!(tsig.error, Some(TsigError::BadKey));
    assert!(tsig.mac.is_empty() && tsig.oid == 7 && tsig.time == 0x6000_0000);
}

#[test]
fn what_is_not_looked_up_is_refused_by_name() {
    let code = |kind| ask("onshikaku.org.", kind, None).0.metadata.response_code;
    assert_eq!(code(RecordType::AXFR), ResponseCode::Refused);
    assert_eq!(code(RecordType::Unknown(65400)), ResponseCode::NoError);
    assert_eq!(code(RecordType::HTTPS), ResponseCode::NoError);
    assert_eq!(code(RecordType::OPT), ResponseCode::FormErr);
    let reverse = "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
    let (response, _) = ask(reverse, RecordType::PTR, None);
    assert_eq!(response.metadata.response_code, ResponseCode::NXDomain);
}

#[test]
fn a_query_that_is_cut_short_gets_a_format_error_and_a_response_gets_nothing() {
    let query = message("www.lineauth.mnw.", RecordType::A, None)
        .to_vec()
        .unwrap();
    let zones = Zones::ons(&Line::preset("next-ra", Area::East).unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let response = answer(&query[..20], &zones, Transport::Tcp, &mut rng).unwrap();
    assert_eq!(response[..4], [query[0], query[1], 0x81, 0x81]);
    assert_eq!(response.len(), HEADER);
    assert_eq!(answer(&response, &zones, Transport::Tcp, &mut rng), None);
    assert_eq!(answer(&query[..11], &zones, Transport::Tcp, &mut rng), None);
}

fn ask(name: &str, kind: RecordType, edns: Option<u16>) -> (Message, usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    answer_with(&message(name, kind, edns), UDP_LIMIT, &mut rng)
}

fn answer_with(query: &Message, limit: usize, rng: &mut ChaCha8Rng) -> (Message, usize) {
    let zones = Zones::ons(&Line::preset("next-ra", Area::East).unwrap());
    let transport = Transport::Udp { limit };
    let bytes = answer(&query.to_vec().unwrap(), &zones, transport, rng).unwrap();
    (Message::from_vec(&bytes).unwrap(), bytes.len())
}

fn message(name: &str, kind: RecordType, edns: Option<u16>) -> Message {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    if let Some(size) = edns {
        let mut edns = Edns::new();
        edns.set_max_payload(size);
        message.set_edns(edns);
    }
    message
}

fn kinds(records: &[Record]) -> Vec<RecordType> {
    records.iter().map(Record::record_type).collect()
}

fn aaaa(response: &Message) -> Vec<Ipv6Addr> {
    let addresses = response.answers.iter().map(|record| match &record.data {
        RData::AAAA(address) => address.0,
        other => panic!("{other:?}"),
    });
    addresses.collect()
}
