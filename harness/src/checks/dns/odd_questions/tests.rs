use crate::checks::dns::test_talk::{Talk, add, question, response};

const OTHER_CHECKS: [&str; 7] = [
    "dns.proxy.rd-kept",
    "dns.proxy.unknown-opcode",
    "dns.proxy.compression-any",
    "dns.proxy.qclass-any",
    "dns.proxy.https-type",
    "dns.proxy.long-names",
    "dns.proxy.odd-names",
];

/// Each odd question, and the check that has something to say about it.
fn odd_questions() -> Vec<(&'static str, Vec<u8>)> {
    let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(20));
    vec![
        (
            "dns.proxy.ad-cd-z",
            question("cd.mnw", |query| query[3] |= 0x10),
        ),
        (
            "dns.proxy.ad-cd-z",
            question("z.mnw", |query| query[3] |= 0x40),
        ),
        (
            "dns.proxy.unknown-opcode",
            question("notify.mnw", |query| query[2] |= 4 << 3),
        ),
        (
            "dns.proxy.compression-any",
            question("p.mnw", |query| {
                add(
                    query,
                    b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x00\x00\x02\x01x",
                );
            }),
        ),
        (
            "dns.proxy.qclass-any",
            question("hs.mnw", |query| *query.last_mut().unwrap() = 4),
        ),
        (
            "dns.proxy.https-type",
            question("https.mnw", |query| {
                let at = query.len() - 3;
                query[at] = 65;
            }),
        ),
        ("dns.proxy.long-names", question(&long, |_| {})),
        ("dns.proxy.odd-names", question("_dns.mnw", |_| {})),
        ("dns.proxy.odd-names", question("", |_| {})),
    ]
}

#[test]
fn odd_questions_must_not_be_dropped() {
    for (id, query) in odd_questions() {
        let mut talk = Talk::new();
        talk.ask(5000, &query);
        talk.fails(id);
        let mut talk = Talk::new();
        talk.relay(5000, &query, &response(&query, 3, &[]));
        talk.passes(id);
        // Nobody can answer for servers that are silent.
        let mut talk = Talk::new();
        talk.ask(5000, &query).forward(&query);
        talk.is_inconclusive(id);
    }
}

#[test]
fn a_forwarder_must_not_refuse_by_itself_what_servers_may_refuse() {
    for (id, query) in odd_questions() {
        let refused = response(&query, 4, &[]);
        let mut talk = Talk::new();
        talk.relay(5000, &query, &refused);
        talk.passes(id);
        if id != "dns.proxy.unknown-opcode" {
            let mut talk = Talk::new();
            talk.ask(5000, &query).answer(5000, &refused);
            talk.fails(id);
        }
        // An answer of its own, as to `version.bind` or from a cache, is none of our business.
        let mut talk = Talk::new();
        talk.ask(5000, &query)
            .answer(5000, &response(&query, 0, &[]));
        talk.passes(id);
    }
}

#[test]
fn ordinary_questions_are_not_odd() {
    let query = question("www.lineauth.mnw", |_| {});
    let mut talk = Talk::new();
    talk.relay(5000, &query, &response(&query, 0, &[]));
    for id in OTHER_CHECKS {
        talk.is_inconclusive(id);
    }
    talk.is_inconclusive("dns.proxy.ad-cd-z");
}

#[test]
fn cd_stays_and_ad_may_go() {
    let with = |bits: u8| question("bits.mnw", |query| query[3] |= bits);
    for (bits, fails) in [(0x10, true), (0x20, false), (0x40, false)] {
        let mut talk = Talk::new();
        talk.ask(5000, &with(bits))
            .forward(&with(0))
            .answer(5000, &response(&with(bits), 0, &[]));
        if fails {
            talk.fails("dns.proxy.ad-cd-z");
        } else {
            talk.passes("dns.proxy.ad-cd-z");
        }
    }
}

#[test]
fn recursion_is_the_clients_wish() {
    let with = |bits: u8| question("rd.mnw", |query| query[2] = bits);
    let mut talk = Talk::new();
    talk.ask(5000, &with(0)).forward(&with(1));
    talk.fails("dns.proxy.rd-kept");
    let mut talk = Talk::new();
    talk.ask(5000, &with(0)).forward(&with(0));
    talk.passes("dns.proxy.rd-kept");
    // Another client may have asked the same with the bit set.
    let mut talk = Talk::new();
    talk.ask(5001, &with(1))
        .ask(5000, &with(0))
        .forward(&with(1));
    talk.is_inconclusive("dns.proxy.rd-kept");
    let mut talk = Talk::new();
    talk.ask(5000, &with(0))
        .answer(5000, &response(&with(0), 5, &[]));
    talk.is_inconclusive("dns.proxy.rd-kept");
}
