//! Changes to DNS messages in their wire form.

use std::net::Ipv6Addr;

use crate::message::dns::{
    A, AAAA, HEADER, OPT, QR, Question, RecordAt, SERVER_FAILURE, Section, TC, records,
};

/// Returns the answer that says the server failed, made for a query nobody answered
/// (RFC 5625 §6.3).
pub(super) fn server_failure(query: &[u8]) -> Option<Vec<u8>> {
    let mut response = query.get(..HEADER)?.to_vec();
    response[2] = QR | query[2] & (OPCODE | RECURSION_DESIRED);
    response[3] = RECURSION_AVAILABLE | query[3] & CHECKING_DISABLED | SERVER_FAILURE;
    response[4..].fill(0);
    if let Some(question) = Question::of(query) {
        response.extend(&query[HEADER..question.end()]);
        response[5] = 1;
        if opt(query).is_some() {
            // RFC 6891 §6.1.1: who asks with EDNS is answered with EDNS.
            response.extend(OWN_OPT);
            response[11] = 1;
        }
    }
    Some(response)
}

/// Returns where the message's OPT record lies.
pub(super) fn opt(message: &[u8]) -> Option<RecordAt> {
    let found = records(message)?;
    let mut opts = found
        .into_iter()
        .filter(|record| record.section == Section::Additional && record.kind == OPT);
    opts.next()
}

/// Returns the answer of a forwarder that asks nobody, with this response code and no records.
pub(super) fn own_answer(query: &[u8], code: u8) -> Option<Vec<u8>> {
    let mut response = server_failure(query)?;
    set_response_code(&mut response, code);
    Some(response)
}

/// Returns the answer of a forwarder that asks nobody, with an address of its own making.
pub(super) fn own_address(query: &[u8], address: Ipv6Addr) -> Option<Vec<u8>> {
    let mut response = own_answer(query, 0)?;
    let end = Question::of(&response)?.end();
    // The owner is the question's name (RFC 1035 §4.1.4); AAAA, IN, a minute, sixteen bytes.
    let mut record = vec![0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16];
    record.extend(address.octets());
    response.splice(end..end, record);
    response[7] = 1;
    Some(response)
}

/// Removes the OPT record.
pub(super) fn strip_opt(message: &mut Vec<u8>) {
    if let Some(record) = opt(message) {
        message.drain(record.start..record.end);
        let count = u16::from_be_bytes([message[10], message[11]]).saturating_sub(1);
        message[10..HEADER].copy_from_slice(&count.to_be_bytes());
    }
}

/// Cuts a response to `limit` bytes between two records, keeping its OPT record.
pub(super) fn truncate(message: &mut Vec<u8>, limit: usize, sets_tc: bool) {
    let Some(found) = records(message).filter(|_| message.len() > limit) else {
        return;
    };
    let kept_opt = opt(message).map_or_else(Vec::new, |at| message[at.start..at.end].to_vec());
    let room = limit.saturating_sub(kept_opt.len());
    let mut counts = [0_u16; 3];
    let mut end = Question::of(message).map_or(HEADER, |question| question.end());
    for record in found.iter().filter(|record| record.kind != OPT) {
        if record.end > room {
            break;
        }
        counts[record.section as usize] += 1;
        end = record.end;
    }
    message.truncate(end);
    if !kept_opt.is_empty() {
        counts[Section::Additional as usize] += 1;
        message.extend(kept_opt);
    }
    for (count, place) in counts.iter().zip(message[6..HEADER].chunks_exact_mut(2)) {
        place.copy_from_slice(&count.to_be_bytes());
    }
    message[2] &= !TC;
    if sets_tc {
        message[2] |= TC;
    }
}

/// Keeps the records that `keep` wants, and the OPT record; nothing kept may point at the rest.
pub(super) fn retain(message: &mut Vec<u8>, keep: impl Fn(&RecordAt) -> bool) {
    let (Some(found), Some(end)) = (
        records(message),
        Question::of(message).map(|question| question.end()),
    ) else {
        return;
    };
    let mut counts = [0_u16; 3];
    let mut kept = message[..end].to_vec();
    for record in found.iter().filter(|one| one.kind == OPT || keep(one)) {
        counts[record.section as usize] += 1;
        kept.extend(&message[record.start..record.end]);
    }
    for (count, place) in counts.iter().zip(kept[6..HEADER].chunks_exact_mut(2)) {
        place.copy_from_slice(&count.to_be_bytes());
    }
    *message = kept;
}

/// Turns the order of the addresses round, if they are of one kind and of one name.
pub(super) fn reverse_addresses(message: &mut [u8]) {
    let found = records(message).unwrap_or_default();
    let addresses: Vec<RecordAt> = found
        .into_iter()
        .filter(|record| record.section == Section::Answer && [A, AAAA].contains(&record.kind))
        .collect();
    let length = |record: &RecordAt| record.end - record.start;
    let Some(first) = addresses.first() else {
        return;
    };
    if addresses
        .iter()
        .any(|record| length(record) != length(first))
    {
        return;
    }
    let bytes: Vec<Vec<u8>> = addresses
        .iter()
        .map(|record| message[record.start..record.end].to_vec())
        .collect();
    for (record, other) in addresses.iter().zip(bytes.iter().rev()) {
        message[record.start..record.end].copy_from_slice(other);
    }
}

/// Turns a response into one without any records.
pub(super) fn empty(message: &mut Vec<u8>) {
    if let Some(end) = Question::of(message).map(|question| question.end()) {
        message.truncate(end);
        message[6..HEADER].fill(0);
    }
}

/// Turns the name of the question to lower case.
pub(super) fn lowercase_question(message: &mut [u8]) {
    if let Some(end) = Question::of(message).map(|question| question.end()) {
        message[HEADER..end - 4].make_ascii_lowercase();
    }
}

/// Replaces the response code in the header.
pub(super) fn set_response_code(message: &mut [u8], code: u8) {
    if let Some(flags) = message.get_mut(3) {
        *flags = *flags & 0xf0 | code;
    }
}

/// An OPT record of 1232 bytes without options.
const OWN_OPT: [u8; 11] = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];
const OPCODE: u8 = 0x78;
const RECURSION_DESIRED: u8 = 0x01;
const RECURSION_AVAILABLE: u8 = 0x80;
const CHECKING_DISABLED: u8 = 0x10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::dns::{id, response_code};

    #[test]
    fn a_failure_repeats_the_question_and_speaks_edns_only_if_asked() {
        let failure = server_failure(&message(0, true)).unwrap();
        assert_eq!(
            (id(&failure), response_code(&failure)),
            (Some(0x0102), Some(2))
        );
        assert_eq!(failure.len(), HEADER + QUESTION.len() + OWN_OPT.len());
        assert!(opt(&failure).is_some());
        let failure = server_failure(&message(0, false)).unwrap();
        assert_eq!(failure.len(), HEADER + QUESTION.len());
        assert_eq!(server_failure(&failure[..11]), None);
        // A header alone is enough for a header alone.
        assert_eq!(server_failure(&failure[..HEADER]).unwrap().len(), HEADER);
    }

    #[test]
    fn stripping_takes_the_opt_record_and_nothing_else() {
        let mut stripped = message(2, true);
        strip_opt(&mut stripped);
        assert_eq!(stripped, message(2, false));
        strip_opt(&mut stripped);
        assert_eq!(stripped, message(2, false));
    }

    #[test]
    fn truncation_falls_between_records_and_keeps_the_opt_record() {
        let whole = message(40, true);
        let mut cut = whole.clone();
        truncate(&mut cut, 200, true);
        assert!(cut.len() <= 200 && cut[2] & TC != 0);
        let kept = records(&cut).unwrap();
        assert_eq!(usize::from(cut[7]) + 1, kept.len());
        assert_eq!(kept.last().unwrap().kind, OPT);
        let mut untouched = whole.clone();
        truncate(&mut untouched, whole.len(), true);
        assert_eq!(untouched, whole);
    }

    /// A message with so many A records, and an OPT record or none.
    fn message(answers: u8, with_opt: bool) -> Vec<u8> {
        let header = [1, 2, 1, 0, 0, 1, 0, answers, 0, 0, 0, u8::from(with_opt)];
        let answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1];
        let answers = answer.repeat(answers.into());
        let opt = if with_opt { &OWN_OPT[..] } else { &[] };
        [&header[..], QUESTION, &answers, opt].concat()
    }

    const QUESTION: &[u8] = b"\x01a\x03mnw\x00\x00\x01\x00\x01";
}
