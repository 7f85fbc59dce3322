//! What broken forwarders do to the messages that pass through them.

use std::collections::BTreeSet;

use super::edit;
use crate::message::dns::{AAAA, CLASSIC_LIMIT, NAME_ERROR, Question, response_code};
use crate::node::router::defect::Defect;

/// Returns the query as it goes upstream, or `None` if it goes nowhere.
pub(super) fn spoil_query(query: &[u8], defects: &BTreeSet<Defect>) -> Option<Vec<u8>> {
    let mut query = query.to_vec();
    for defect in defects {
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
            _ => {}
        }
    }
    Some(response)
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
