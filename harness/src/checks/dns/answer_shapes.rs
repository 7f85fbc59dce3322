//! What kind of answer a message is.

use hickory_proto::op::Message;
use hickory_proto::rr::{Record, RecordType};
use ngnlab_sim::message::dns::Section;

use crate::dissection::Dns;

/// Returns whether an answer says which zone it speaks for.
pub(super) fn has_soa(dns: &Dns) -> bool {
    records(dns, |message| &message.authorities)
        .iter()
        .any(|record| record.record_type() == RecordType::SOA)
}

fn records(dns: &Dns, section: impl Fn(&Message) -> &Vec<Record>) -> &[Record] {
    dns.message
        .as_ref()
        .map_or(&[], |message| section(message).as_slice())
}

/// Returns whether a message says that the name has no records of the type asked for.
pub(super) fn is_nodata(dns: &Dns) -> bool {
    dns.rcode == 0 && !dns.truncated && dns.answer_count == 0
}

/// Returns whether a message has the right header and question, and nonsense behind; one whose question is
/// cut belongs to no question, so that it may be thrown away in silence (RFC 5452 §9.1).
pub(super) fn is_malformed(reply: &Dns) -> bool {
    reply.message.is_none() && !reply.truncated && reply.question.is_some()
}

/// The response code of a question that a server does not understand (RFC 1035 §4.1.1).
pub(super) const FORMERR: u8 = 1;

/// Returns whether a message says so; its question may be missing.
pub(super) fn is_format_error(reply: &Dns) -> bool {
    reply.rcode == FORMERR && reply.message.is_some()
}

/// Returns the contents of the answers of types for private use (RFC 6895 §3.1).
pub(super) fn unknown_records_in(dns: &Dns) -> Vec<Vec<u8>> {
    let mut records = dns.records();
    records.retain(|record| record.section == Section::Answer && record.kind >= PRIVATE_TYPES);
    let mut contents: Vec<Vec<u8>> = records.iter().map(|one| one.data.to_vec()).collect();
    contents.sort();
    contents
}

const PRIVATE_TYPES: u16 = 65_280;
