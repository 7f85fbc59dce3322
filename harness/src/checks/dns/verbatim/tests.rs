use super::*;
use crate::checks::dns::test_talk::{Talk, add, opt, question, response};

const TSIG: &[u8] = b"\x03key\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x04sign";

#[test]
fn a_signature_and_what_it_signs_stay_as_they_are() {
    let id = "dns.proxy.tsig";
    let signed = question("signed.mnw", |query| add(query, TSIG));
    let answer = response(&signed, 9, &[]);
    let mut talk = Talk::new();
    talk.relay(5000, &signed, &answer);
    talk.passes(id);
    let mut talk = Talk::new();
    talk.ask(5000, &signed);
    talk.fails(id);
    let mut talk = Talk::new();
    talk.ask(5000, &signed)
        .forward(&question("signed.mnw", |_| {}))
        .reply(&answer)
        .answer(5000, &answer);
    talk.fails(id);
    let mut talk = Talk::new();
    talk.ask(5000, &signed)
        .forward(&signed)
        .reply(&answer)
        .answer(5000, &response(&signed, 2, &[]));
    talk.fails(id);
}

#[test]
fn a_question_for_a_key_passes() {
    let query = question("key.mnw", |query| {
        let at = query.len() - 3;
        query[at] = 249;
    });
    let mut talk = Talk::new();
    talk.ask(5000, &query);
    talk.fails("dns.proxy.tkey");
    let mut talk = Talk::new();
    talk.relay(5000, &query, &response(&query, 4, &[]));
    talk.passes("dns.proxy.tkey");
}

#[test]
fn unknown_records_keep_their_content() {
    let id = "dns.proxy.rr-unknown";
    let query = question("unknown.mnw", |_| {});
    let whole = response(&query, 0, &[(65_400, b"\x00\xffdata")]);
    let mut talk = Talk::new();
    talk.relay(5000, &query, &whole);
    talk.passes(id);
    for other in [
        response(&query, 0, &[(65_400, b"\x00\x00data")]),
        response(&query, 0, &[]),
    ] {
        let mut talk = Talk::new();
        talk.ask(5000, &query)
            .forward(&query)
            .reply(&whole)
            .answer(5000, &other);
        talk.fails(id);
    }
    let mut cut = response(&query, 0, &[]);
    cut[2] |= 2;
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .forward(&query)
        .reply(&whole)
        .answer(5000, &cut);
    talk.is_inconclusive(id);
}

#[test]
fn answers_keep_their_records_in_whatever_order() {
    let id = "dns.proxy.verbatim";
    let query = question("verbatim.mnw", |_| {});
    let (one, two) = ([1; 16], [2; 16]);
    let whole = response(&query, 0, &[(28, &one), (28, &two)]);
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .forward(&question("verbatim.mnw", |query| {
            add(query, &opt(1232, 0, 0, &[]))
        }))
        .reply(&whole)
        .answer(5000, &response(&query, 0, &[(28, &two), (28, &one)]));
    talk.passes(id);
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .forward(&query)
        .reply(&whole)
        .answer(5000, &response(&query, 0, &[(28, &one)]));
    talk.fails(id);
    // From a cache.
    let mut talk = Talk::new();
    talk.ask(5000, &query).answer(5000, &whole);
    talk.is_inconclusive(id);
}

#[test]
fn questions_for_others_pass_untouched() {
    let id = "dns.proxy.bypass";
    let query = question("outside.mnw", |_| {});
    let answer = response(&query, 3, &[]);
    let other = response(&query, 0, &[]);
    for (forwarded, came, fails) in [
        (Some(&query), &answer, false),
        (Some(&query), &other, true),
        (None, &answer, true),
    ] {
        let mut talk = Talk::new();
        let (pc, server) = ((talk.trace.pc(), 5000), (talk.trace.ons_dns(), 53));
        // The server is known by an earlier answer.
        talk.reply(&other);
        let trace = &mut talk.trace;
        trace.udp(Role::Lan, End::Network, (pc, server), &query);
        if let Some(forwarded) = forwarded {
            trace.udp(Role::Wan, End::Device, (pc, server), forwarded);
            trace.udp(Role::Wan, End::Network, (server, pc), &answer);
            trace.udp(Role::Lan, End::Device, (server, pc), came);
        }
        if fails {
            talk.fails(id);
        } else {
            talk.passes(id);
        }
    }
    let mut talk = Talk::new();
    talk.relay(5000, &query, &answer);
    talk.is_inconclusive(id);
}
