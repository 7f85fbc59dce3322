//! What broken forwarders do to questions on their way upstream, above all to those whose shape they
//! did not expect.

use std::collections::BTreeSet;

use super::edit;
use crate::message::dns::{Question, RecordAt, Section, records};
use crate::node::router::defect::Defect;

/// Returns the query as it goes upstream, or `None` if it goes nowhere.
pub(super) fn spoil(query: &[u8], defects: &BTreeSet<Defect>) -> Option<Vec<u8>> {
    let mut query = query.to_vec();
    let survives = defects.iter().all(|defect| pass(&mut query, *defect));
    survives.then_some(query)
}

/// Changes a query as a defect does; returns whether it still goes upstream.
fn pass(query: &mut Vec<u8>, defect: Defect) -> bool {
    match defect {
        Defect::LowercasesNames => {
            edit::lowercase_question(query);
            true
        }
        Defect::DropsEdns => edit::opt(query).is_none(),
        Defect::StripsEdns => {
            edit::strip_opt(query);
            true
        }
        Defect::DropsUnknownTypes => is_known(query),
        Defect::DropsHeaderBits => query[3] & HEADER_BITS == 0,
        Defect::SetsRecursionDesired => {
            query[2] |= RECURSION_DESIRED;
            true
        }
        Defect::DropsOpcodes => query[2] & OPCODE == 0,
        Defect::DropsPointers => !has_pointer(query),
        Defect::DropsForeignClasses => asked(query).is_none_or(|asked| asked.class == INTERNET),
        Defect::DropsHttpsType => {
            asked(query).is_none_or(|asked| !HTTPS_AND_SVCB.contains(&asked.kind))
        }
        Defect::DropsLongNames => asked(query).is_none_or(|asked| asked.name.len() <= SHORT_BUFFER),
        Defect::DropsOddNames => asked(query).is_none_or(|asked| is_host_name(asked.name)),
        Defect::StripsTsig => {
            strip(query, TSIG);
            true
        }
        Defect::DropsTkey => asked(query).is_none_or(|asked| asked.kind != TKEY),
        Defect::ClearsDo => {
            if let Some(opt) = edit::opt(query) {
                query[opt.start + EDNS_FLAGS] &= !DNSSEC_OK;
            }
            true
        }
        Defect::DropsEdnsOptions => {
            edit::opt(query).is_none_or(|opt| opt.end - opt.start == BARE_OPT)
        }
        Defect::DropsManyEdnsOptions => options(query) <= 1,
        Defect::DropsEdnsFlags => edit::opt(query).is_none_or(|opt| {
            query[opt.start + EDNS_FLAGS] & !DNSSEC_OK == 0
                && query[opt.start + EDNS_FLAGS + 1] == 0
        }),
        Defect::DropsEdnsVersions => {
            edit::opt(query).is_none_or(|opt| query[opt.start + EDNS_VERSION] == 0)
        }
        Defect::RaisesEdnsSize => {
            if let Some(opt) = edit::opt(query) {
                query[opt.start + 3..opt.start + 5].copy_from_slice(&LARGE.to_be_bytes());
            }
            true
        }
        Defect::AddsEdns => {
            if edit::opt(query).is_none() && records(query).is_some_and(|found| found.is_empty()) {
                query.extend([0, 0, 41, 2, 0, 0, 0, 0, 0, 0, 0]);
                query[11] = 1;
            }
            true
        }
        _ => true,
    }
}

fn asked(query: &[u8]) -> Option<Question<'_>> {
    Question::of(query)
}

/// Returns whether the question is for a type that was known when the device was made.
fn is_known(message: &[u8]) -> bool {
    Question::of(message)
        .is_some_and(|question| OLD_TYPES.contains(&question.kind) && question.class == INTERNET)
}

fn has_pointer(query: &[u8]) -> bool {
    let found = records(query).unwrap_or_default();
    found.iter().any(|record| query[record.start] & 0xc0 != 0)
}

/// Letters, digits and hyphens, as in the names of computers (RFC 952).
fn is_host_name(mut name: &[u8]) -> bool {
    let mut labels = 0;
    while let Some((&length, rest)) = name.split_first() {
        let (label, rest) = rest.split_at(usize::from(length).min(rest.len()));
        labels += usize::from(length > 0);
        if !label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        {
            return false;
        }
        name = rest;
    }
    labels > 0
}

/// Removes an additional record that nothing points at.
fn strip(message: &mut Vec<u8>, kind: u16) {
    let found = records(message).unwrap_or_default();
    let additional = |at: &&RecordAt| at.section == Section::Additional && at.kind == kind;
    if let Some(at) = found.iter().find(additional) {
        message.drain(at.start..at.end);
        message[11] = message[11].saturating_sub(1);
    }
}

fn options(query: &[u8]) -> usize {
    let Some(opt) = edit::opt(query) else {
        return 0;
    };
    let mut rest = &query[opt.start + BARE_OPT..opt.end];
    let mut count = 0;
    while let Some((&[_, _, high, low], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = after.get(length..).unwrap_or_default();
        count += 1;
    }
    count
}

// RFC 1035 §4.1.1 and RFC 4035 §3.
const OPCODE: u8 = 0x78;
const RECURSION_DESIRED: u8 = 0x01;
const HEADER_BITS: u8 = 0x70;
const INTERNET: u16 = 1;
const HTTPS_AND_SVCB: [u16; 2] = [65, 64];
const TKEY: u16 = 249;
const TSIG: u16 = 250;
/// A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, and ANY.
const OLD_TYPES: [u16; 10] = [1, 2, 5, 6, 12, 15, 16, 28, 33, 255];
/// A buffer for the names of people who never saw a long one.
const SHORT_BUFFER: usize = 128;
// RFC 6891 §6.1.2: counted from the record's first byte.
const EDNS_VERSION: usize = 6;
const EDNS_FLAGS: usize = 7;
const BARE_OPT: usize = 11;
const DNSSEC_OK: u8 = 0x80;
const LARGE: u16 = 4096;
