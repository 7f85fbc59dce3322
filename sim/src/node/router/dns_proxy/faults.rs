//! What broken forwarders do to the messages that pass through them.

use std::collections::BTreeSet;

use super::{edit, pedantry};
use crate::message::dns::{
    AAAA, CLASSIC_LIMIT, CNAME, NAME_ERROR, Question, REFUSED, SERVER_FAILURE, Section, TC,
    is_truncated, records, response_code,
};
use crate::node::router::defect::Defect;

/// Returns the query as it goes upstream, or `None` if it goes nowhere.
pub(super) fn spoil_query(query: &[u8], defects: &BTreeSet<Defect>) -> Option<Vec<u8>> {
    let mut query = query.to_vec();
    for defect in defects {
        if !pedantry::spoil_query(&mut query, *defect) {
            return None;
        }
        match defect {
            Defect::DropsEdns if edit::opt(&query).is_some() => return None,
            Defect::DropsUnknownTypes if !is_known(&query) => return None,
            Defect::StripsEdns => edit::strip_opt(&mut query),
            Defect::LowercasesNames => edit::lowercase_question(&mut query),
            _ => {}
        }
    }
    Some(query)
}

/// Returns the response as it goes to the client, or `None` if it goes nowhere.
pub(super) fn spoil_response(
    response: &[u8],
    over_udp: bool,
    defects: &BTreeSet<Defect>,
) -> Option<Vec<u8>> {
    let mut response = response.to_vec();
    let long = over_udp && response.len() > CLASSIC_LIMIT;
    for defect in defects {
        pedantry::spoil_response(&mut response, *defect);
        match defect {
            Defect::DropsLargeAnswers if long => return None,
            Defect::Truncates512 if long => edit::truncate(&mut response, CLASSIC_LIMIT, true),
            Defect::TruncatesWithoutTc if long => {
                edit::truncate(&mut response, TINY_BUFFER, false);
            }
            Defect::FiltersAaaa if kind(&response) == Some(AAAA) => edit::empty(&mut response),
            Defect::HidesNxdomain if response_code(&response) == Some(NAME_ERROR) => {
                edit::set_response_code(&mut response, 0);
            }
            Defect::ClearsTc if is_truncated(&response) => response[2] &= !TC,
            Defect::DropsFailures if is_failure(&response) => return None,
            Defect::DropsEmptyAnswers if has_no_records(&response) => return None,
            Defect::NodataIsNxdomain if has_no_answers(&response) => {
                edit::set_response_code(&mut response, NAME_ERROR);
            }
            Defect::DropsAuthority => {
                edit::retain(&mut response, |record| record.section == Section::Answer);
            }
            Defect::CutsAliasChains if kind(&response) != Some(CNAME) => cut_chain(&mut response),
            Defect::ReordersAnswers => edit::reverse_addresses(&mut response),
            _ => {}
        }
    }
    Some(response)
}

fn is_failure(response: &[u8]) -> bool {
    response_code(response).is_some_and(|code| [SERVER_FAILURE, REFUSED].contains(&code))
}

fn has_no_records(response: &[u8]) -> bool {
    response_code(response) == Some(0)
        && !is_truncated(response)
        && edit::opt(response).map_or(0, |_| 1) == records(response).map_or(1, |found| found.len())
}

fn has_no_answers(response: &[u8]) -> bool {
    response_code(response) == Some(0)
        && !is_truncated(response)
        && response.get(6..8) == Some(&[0, 0])
}

/// Leaves the first alias alone in the answer.
fn cut_chain(response: &mut Vec<u8>) {
    let found = records(response).unwrap_or_default();
    if let Some(first) = found.first().filter(|first| first.kind == CNAME) {
        edit::retain(response, |record| record == first);
    }
}

fn kind(message: &[u8]) -> Option<u16> {
    Question::of(message).map(|question| question.kind)
}

/// Returns whether the question is for a type that was known when the device was made.
fn is_known(message: &[u8]) -> bool {
    Question::of(message)
        .is_some_and(|question| OLD_TYPES.contains(&question.kind) && question.class == INTERNET)
}

/// A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, and ANY.
const OLD_TYPES: [u16; 10] = [1, 2, 5, 6, 12, 15, 16, 28, 33, 255];
const INTERNET: u16 = 1;
/// Too small for the fifteen addresses of a delivery host, of either kind (guide p.15).
const TINY_BUFFER: usize = 256;
