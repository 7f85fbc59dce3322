//! What broken forwarders do to answers on their way to the client.

use std::collections::BTreeSet;

use super::edit;
use crate::message::dns::{
    AAAA, CLASSIC_LIMIT, CNAME, HEADER, NAME_ERROR, OPT, Question, REFUSED, SERVER_FAILURE,
    Section, TC, is_truncated, records, response_code,
};
use crate::node::router::defect::Defect;

/// Returns the response as it goes to the client, or `None` if it goes nowhere.
pub(super) fn spoil(
    response: &[u8],
    over_udp: bool,
    defects: &BTreeSet<Defect>,
) -> Option<Vec<u8>> {
    let mut response = response.to_vec();
    let long = over_udp && response.len() > CLASSIC_LIMIT;
    for defect in defects {
        match defect {
            Defect::DropsLargeAnswers if long => return None,
            Defect::Truncates512 if long => edit::truncate(&mut response, CLASSIC_LIMIT, true),
            Defect::TruncatesWithoutTc if long => {
                edit::truncate(&mut response, TINY_BUFFER, false);
            }
            Defect::BareErrors if response[3] & RESPONSE_CODE != 0 => {
                response.truncate(HEADER);
                response[4..].fill(0);
            }
            Defect::ErasesUnknownRecords => erase_unknown(&mut response),
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

/// Overwrites the content of records whose type is for private use (RFC 6895 §3.1).
fn erase_unknown(response: &mut [u8]) {
    for at in records(response).unwrap_or_default() {
        let pointer = response[at.start] & 0xc0 == 0xc0;
        if at.kind >= PRIVATE_TYPES && at.kind != OPT && pointer {
            response[at.start + 12..at.end].fill(0);
        }
    }
}

// RFC 1035 §4.1.1, and RFC 6895 §3.1.
const RESPONSE_CODE: u8 = 0x0f;
const PRIVATE_TYPES: u16 = 65_280;
/// Too small for the fifteen addresses of a delivery host, of either kind (guide p.15).
const TINY_BUFFER: usize = 256;
