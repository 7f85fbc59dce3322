//! What a server with quirks makes of a true answer (ngn-facts §8).

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::A as Address;

use super::mood::{self, Mood};
use crate::line::DnsQuirk;
use crate::message::dns::{A, PTR, Question};

/// The server of which a user reported stale and fresh answers in turn (ngn-facts §4.4).
const ALTERNATING: Ipv6Addr = Ipv6Addr::new(0x2001, 0xa7ff, 0x5f01, 0, 0, 0, 0, 0xa);

/// Returns the answer as it leaves the server at `own`, its `count`th, or `None` if none leaves.
pub(super) fn bend(
    quirks: &[DnsQuirk],
    (own, count): (Ipv6Addr, u32),
    answer: Vec<u8>,
) -> Option<Vec<u8>> {
    let question = Question::of(&answer);
    let kind = question.as_ref().map(|question| question.kind);
    let reverse = question.is_some_and(|question| is_reverse(&question));
    // Guide p.15: nslookup waits two seconds for the router's own name, before four of the six
    // names, in vain. That every reverse look-up fares like that is inferred.
    let heard = [DnsQuirk::DeniesPtr, DnsQuirk::RefusesPtr];
    if reverse && !quirks.iter().any(|quirk| heard.contains(quirk)) {
        return None;
    }
    let mut bent = answer;
    for quirk in quirks {
        match quirk {
            DnsQuirk::RefusesPtr if reverse => {
                bent = mood::without_records(Mood::Refused, bent);
            }
            DnsQuirk::IgnoresForeignNames if is_foreign(&bent) => return None,
            DnsQuirk::NoPrivateAddresses if kind == Some(A) => {
                bent = mood::without_records(Mood::Empty, bent);
            }
            DnsQuirk::StaleInTurn if own == ALTERNATING && count % 2 == 1 => bent = stale(bent),
            DnsQuirk::DeniesPtr
            | DnsQuirk::RefusesPtr
            | DnsQuirk::IgnoresForeignNames
            | DnsQuirk::NoPrivateAddresses
            | DnsQuirk::StaleInTurn
            | DnsQuirk::NoTcp
            | DnsQuirk::TruncatesAt512
            | DnsQuirk::PreferredDead => {}
        }
    }
    Some(bent)
}

/// Returns whether a question asks for the name of an address (RFC 1035 §3.5, RFC 3596 §2.5).
fn is_reverse(question: &Question<'_>) -> bool {
    let name = question.name.to_ascii_lowercase();
    let below = |suffix: &[u8]| name.ends_with(suffix);
    question.kind == PTR && (below(b"\x03ip6\x04arpa\0") || below(b"\x07in-addr\x04arpa\0"))
}

/// Returns whether the name lies in no zone of the server, so that the root denies it.
fn is_foreign(answer: &[u8]) -> bool {
    Message::from_vec(answer).is_ok_and(|message| {
        message.metadata.response_code == ResponseCode::NXDomain
            && message
                .authorities
                .iter()
                .any(|record| record.name.is_root())
    })
}

/// Gives the address that a host had before, one below.
fn stale(answer: Vec<u8>) -> Vec<u8> {
    let Ok(mut message) = Message::from_vec(&answer) else {
        return answer;
    };
    for record in &mut message.answers {
        if let RData::A(address) = &mut record.data {
            let before = u32::from(address.0).wrapping_sub(1);
            *address = Address(Ipv4Addr::from(before));
        }
    }
    message.to_vec().unwrap_or(answer)
}
