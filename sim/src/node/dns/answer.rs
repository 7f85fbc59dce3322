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
pub(in crate::node) enum Transport {
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
pub(in crate::node) fn answer(
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
            let mut found = zones.find(&question.name);
            // RFC 4035 §3.1.4.1: the DS record is on the parent's side of a zone cut. Who has the
            // child alone says from there that there is none.
            if question.query_type == RecordType::DS
                && let Some(parent) = zones.parent_of(&question.name)
            {
                found.zone = parent;
            }
            let laboratory = zones.laboratory(&question.name, question.query_type);
            let code = fill(
                &mut response,
                (&question.name, question.query_type),
                found,
                laboratory,
                rng,
            );
            if question.query_class == DNSClass::ANY {
                // RFC 1034 §3.7.1: a server does not know all classes, so such an answer can never
                // be authoritative. Like nsd, it says nothing of a zone, either.
                response.metadata.authoritative = false;
                response.authorities.clear();
            }
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
    // RFC 1034 §3.6.2: a question that matches the alias itself is not restarted at its end, and
    // one for any type does.
    let follows = !matches!(kind, RecordType::CNAME | RecordType::ANY);
    let of_zone = |record: &Record| record.record_type() == RecordType::NS;
    if answers.is_empty() || ends_in_alias && follows {
        // RFC 2308 §2 and §3.
        response.add_authority(soa(&apex, found.zone.negative_ttl));
    } else if !answers.iter().any(of_zone) {
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
        // RFC 1034 §3.7.1: every record at the name.
        RecordType::ANY => [soa(apex, zone.negative_ttl)]
            .into_iter()
            .chain(name_servers(zone, apex))
            .collect(),
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
mod tests;
