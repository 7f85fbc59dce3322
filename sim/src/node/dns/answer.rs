//! From one query to one response: a pure function of the zones, apart from the order of records.
//!
//! RFC 1035, RFC 2181 §9 (truncation), RFC 2308 (negative answers), RFC 6891 (EDNS).

use hickory_proto::op::{Edns, Message, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::rdata::tsig::TsigError;
use hickory_proto::rr::rdata::{A, AAAA, NS, SOA, TSIG};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::zones::{Found, Host, TTL, Zone, Zones};
use crate::message::dns::{FORMAT_ERROR, HEADER, QR, is_query};

/// How a query came, which decides how long its response may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// UDP: what EDNS offers, and never more than `limit`.
    Udp {
        /// The longest response, whatever the query offers.
        limit: usize,
    },
    /// TCP.
    Tcp,
}

/// The longest response over UDP, in fragments if need be: what servers commonly allow
/// (RFC 6891 §6.2.5; inferred).
pub(super) const UDP_LIMIT: usize = 4096;

/// Answers one query; `None` if what came is no query.
pub(super) fn answer(
    query: &[u8],
    zones: &Zones,
    transport: Transport,
    rng: &mut ChaCha8Rng,
) -> Option<Vec<u8>> {
    if !is_query(query) {
        return None;
    }
    let Ok(query) = Message::from_vec(query) else {
        return Some(format_error(query));
    };
    let response = respond(&query, zones, rng);
    let limit = match transport {
        Transport::Tcp => usize::from(u16::MAX),
        Transport::Udp { limit } => limit.min(usize::from(query.max_payload())),
    };
    encode(response, limit)
}

fn respond(query: &Message, zones: &Zones, rng: &mut ChaCha8Rng) -> Message {
    let mut response = Message::response(query.metadata.id, query.metadata.op_code);
    response.metadata = Metadata::response_from_request(&query.metadata);
    response.metadata.recursion_available = true;
    response.queries.clone_from(&query.queries);
    if let Some(edns) = &query.edns {
        let mut own = Edns::new();
        own.set_max_payload(OWN_PAYLOAD);
        // RFC 3225 §3: the DO bit is copied.
        own.set_dnssec_ok(edns.flags().dnssec_ok);
        response.set_edns(own);
    }
    response.signature = bad_key(query).map(Box::new);
    response.metadata.response_code = match refusal(query) {
        Some(code) => code,
        None => {
            let question = &query.queries[0];
            let found = zones.find(&question.name);
            let laboratory = zones.laboratory(&question.name, question.query_type);
            let code = fill(
                &mut response,
                (&question.name, question.query_type),
                found,
                laboratory,
                rng,
            );
            add_glue(&mut response, zones);
            code
        }
    };
    response
}

/// Returns why a query is not looked up at all.
fn refusal(query: &Message) -> Option<ResponseCode> {
    // RFC 6891 §6.1.3.
    if query.version() > 0 {
        return Some(ResponseCode::BADVERS);
    }
    if query.metadata.op_code != OpCode::Query {
        return Some(ResponseCode::NotImp);
    }
    // RFC 8945 §5.2.1: our servers share keys with nobody.
    if bad_key(query).is_some() {
        return Some(ResponseCode::NotAuth);
    }
    let [question] = &query.queries[..] else {
        return Some(ResponseCode::FormErr);
    };
    match (question.query_type, question.query_class) {
        (RecordType::AXFR | RecordType::IXFR, _) => Some(ResponseCode::Refused),
        // Obsolete, and no types of records at all (RFC 1035 §3.2.3, RFC 6895 §3.1).
        (RecordType::Unknown(249 | 250 | 253 | 254) | RecordType::TSIG, _) => {
            Some(ResponseCode::NotImp)
        }
        (RecordType::OPT, _) => Some(ResponseCode::FormErr),
        (_, DNSClass::IN | DNSClass::ANY) => None,
        _ => Some(ResponseCode::Refused),
    }
}

/// Returns the TSIG record that answers a signed query: its key is not known, so nothing is
/// signed (RFC 8945 §5.3.2).
fn bad_key(query: &Message) -> Option<Record<TSIG>> {
    let signed = query.additionals.last()?;
    let RData::TSIG(tsig) = &signed.data else {
        return None;
    };
    let mut tsig = tsig.clone();
    tsig.mac.clear();
    tsig.error = Some(TsigError::BadKey);
    let mut answer = Record::from_rdata(signed.name.clone(), 0, tsig);
    answer.dns_class = signed.dns_class;
    Some(answer)
}

/// Writes the records that answer a question, and returns the response code.
fn fill(
    response: &mut Message,
    (asked, kind): (&Name, RecordType),
    found: Found<'_>,
    laboratory: Vec<Record>,
    rng: &mut ChaCha8Rng,
) -> ResponseCode {
    response.metadata.authoritative = found.zone.authoritative;
    // The zone's name in the letters it was asked with, which also lets it be compressed.
    let apex = asked.trim_to(found.zone.apex.iter().count());
    let mut answers = found
        .host
        .map_or_else(Vec::new, |host| addresses(host, asked, kind));
    // Guide p.15: the order differs from answer to answer.
    answers.shuffle(rng);
    if asked == &found.zone.apex {
        answers.extend(apex_records(found.zone, &apex, kind));
    }
    answers.extend(laboratory);
    let ends_in_alias = answers
        .last()
        .is_some_and(|last| last.record_type() == RecordType::CNAME);
    if answers.is_empty() || ends_in_alias && kind != RecordType::CNAME {
        // RFC 2308 §2 and §3.
        response.add_authority(soa(&apex, found.zone.negative_ttl));
    } else if kind != RecordType::NS {
        response.add_authorities(name_servers(found.zone, &apex));
    }
    response.add_answers(answers);
    if found.exists {
        ResponseCode::NoError
    } else {
        ResponseCode::NXDomain
    }
}

fn addresses(host: &Host, owner: &Name, kind: RecordType) -> Vec<Record> {
    let record = |data| Record::from_rdata(owner.clone(), TTL, data);
    let aaaa = host.aaaa.iter().map(|address| RData::AAAA(AAAA(*address)));
    let a = host.a.iter().map(|address| RData::A(A(*address)));
    match kind {
        RecordType::AAAA => aaaa.map(record).collect(),
        RecordType::A => a.map(record).collect(),
        RecordType::ANY => aaaa.chain(a).map(record).collect(),
        _ => Vec::new(),
    }
}

fn apex_records(zone: &Zone, apex: &Name, kind: RecordType) -> Vec<Record> {
    match kind {
        RecordType::SOA => vec![soa(apex, zone.negative_ttl)],
        RecordType::NS => name_servers(zone, apex).collect(),
        _ => Vec::new(),
    }
}

fn name_servers(zone: &Zone, apex: &Name) -> impl Iterator<Item = Record> {
    zone.name_servers.iter().map(|server| {
        let name = server
            .iter()
            .next()
            .and_then(|label| apex.prepend_label(label).ok())
            .unwrap_or_else(|| server.clone());
        Record::from_rdata(apex.clone(), TTL, RData::NS(NS(name)))
    })
}

/// A zone's SOA record; everything in it but the lifetime is inferred.
fn soa(apex: &Name, lifetime: u32) -> Record {
    let inside = |label: &str| apex.prepend_label(label).unwrap_or_else(|_| apex.clone());
    let data = SOA::new(
        inside("ns1"),
        inside("hostmaster"),
        SERIAL,
        3600,
        900,
        604_800,
        lifetime,
    );
    Record::from_rdata(apex.clone(), lifetime, RData::SOA(data))
}

/// Adds the addresses of the name servers (ngn-facts §4.4, inferred).
fn add_glue(response: &mut Message, zones: &Zones) {
    let named = response.answers.iter().chain(&response.authorities);
    let servers = named.filter_map(|record| match &record.data {
        RData::NS(server) => Some(server.0.clone()),
        _ => None,
    });
    let glue: Vec<Record> = servers
        .filter_map(|name| Some((zones.find(&name).host?, name)))
        .flat_map(|(host, name)| addresses(host, &name, RecordType::ANY))
        .collect();
    response.add_additionals(glue);
}

/// Encodes a response, leaving out what does not fit.
fn encode(mut response: Message, limit: usize) -> Option<Vec<u8>> {
    let mut bytes = response.to_vec().ok()?;
    while bytes.len() > limit {
        // RFC 2181 §9: glue may be missing silently, anything else sets TC.
        if response.additionals.pop().is_none() {
            response.metadata.truncation = true;
            if !response.authorities.is_empty() {
                response.authorities.clear();
            } else if response.answers.pop().is_none() {
                break;
            }
        }
        bytes = response.to_vec().ok()?;
    }
    Some(bytes)
}

/// Answers a query that could not be decoded, with its header alone.
fn format_error(query: &[u8]) -> Vec<u8> {
    let mut response = [0; HEADER];
    response[..2].copy_from_slice(&query[..2]);
    response[2] = QR | query[2] & (OPCODE | RECURSION_DESIRED);
    response[3] = RECURSION_AVAILABLE | FORMAT_ERROR;
    response.to_vec()
}

/// The size our servers say they take in (DNS flag day 2020; inferred).
const OWN_PAYLOAD: u16 = 1232;
/// The day of the guide's edition 1.2 (inferred).
const SERIAL: u32 = 2_021_032_500;
const OPCODE: u8 = 0x78;
const RECURSION_DESIRED: u8 = 0x01;
const RECURSION_AVAILABLE: u8 = 0x80;

#[cfg(test)]
mod tests {
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
        let kinds: Vec<RecordType> = response.answers.iter().map(Record::record_type).collect();
        let alias = RecordType::CNAME;
        assert_eq!(kinds, [alias, alias, alias, RecordType::AAAA]);
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

    fn aaaa(response: &Message) -> Vec<Ipv6Addr> {
        let addresses = response.answers.iter().map(|record| match &record.data {
            RData::AAAA(address) => address.0,
            other => panic!("{other:?}"),
        });
        addresses.collect()
    }
}
