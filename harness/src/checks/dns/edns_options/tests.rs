use crate::checks::dns::test_talk::{Talk, add, opt, question, response};

fn with_opt(version: u8, flags: u16, options: &[u8]) -> Vec<u8> {
    question("edns.mnw", |query| {
        add(query, &opt(1232, version, flags, options))
    })
}

/// A response with an OPT record of this upper response code.
fn answered(query: &[u8], high: u8) -> Vec<u8> {
    let mut bytes = response(query, 0, &[]);
    let mut own = opt(1232, 0, 0, &[]);
    own[5] = high;
    add(&mut bytes, &own);
    bytes
}

#[test]
fn options_and_flags_must_not_cost_the_answer() {
    for (id, query) in [
        (
            "dns.proxy.edns-unknown-option",
            with_opt(0, 0, b"\xfd\xe9\x00\x00"),
        ),
        ("dns.proxy.edns-unknown-flag", with_opt(0, 0x40, &[])),
        (
            "dns.proxy.edns-multi-option",
            with_opt(0, 0, b"\x00\x03\x00\x00\x00\x0a\x00\x00"),
        ),
        ("dns.proxy.edns-do", with_opt(0, 0x8000, &[])),
    ] {
        let mut talk = Talk::new();
        talk.ask(5000, &query);
        talk.fails(id);
        let mut talk = Talk::new();
        talk.relay(5000, &query, &answered(&query, 0));
        talk.passes(id);
        let mut talk = Talk::new();
        let plain = with_opt(0, 0, &[]);
        talk.relay(5000, &plain, &answered(&plain, 0));
        talk.is_inconclusive(id);
    }
    let query = with_opt(0, 0, b"\xfd\xe9\x00\x00");
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .answer(5000, &response(&query, 1, &[]));
    talk.fails("dns.proxy.edns-unknown-option");
}

#[test]
fn do_must_reach_the_server_unless_it_is_not_asked() {
    let signed = with_opt(0, 0x8000, &[]);
    let mut talk = Talk::new();
    talk.ask(5000, &signed)
        .forward(&with_opt(0, 0, &[]))
        .answer(5000, &answered(&signed, 0));
    talk.fails("dns.proxy.edns-do");
    let mut talk = Talk::new();
    talk.ask(5000, &signed).answer(5000, &answered(&signed, 0));
    talk.is_inconclusive("dns.proxy.edns-do");
}

#[test]
fn another_version_is_answered_with_badvers() {
    let id = "dns.proxy.edns-version";
    let query = with_opt(1, 0, &[]);
    let mut talk = Talk::new();
    talk.relay(5000, &query, &answered(&query, 1));
    talk.passes(id);
    let mut talk = Talk::new();
    talk.relay(5000, &query, &answered(&query, 0));
    talk.fails(id);
    let mut talk = Talk::new();
    talk.ask(5000, &query);
    talk.fails(id);
    // Servers that are silent are no fault of the version.
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .forward(&query)
        .answer(5000, &response(&query, 2, &[]));
    talk.passes(id);
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .answer(5000, &response(&query, 2, &[]));
    talk.fails(id);
}

#[test]
fn an_answer_fits_its_client() {
    let id = "dns.proxy.edns-size-kept";
    let long = vec![7; 600];
    let plain = question("size.mnw", |_| {});
    let mut talk = Talk::new();
    talk.relay(5000, &plain, &response(&plain, 0, &[(16, &long)]));
    talk.fails(id);
    let roomy = question("size.mnw", |query| add(query, &opt(1232, 0, 0, &[])));
    let mut talk = Talk::new();
    talk.relay(5000, &roomy, &response(&roomy, 0, &[(16, &long)]));
    talk.passes(id);
    let mut cut = response(&plain, 0, &[]);
    cut[2] |= 2;
    let mut talk = Talk::new();
    talk.relay(5000, &plain, &cut);
    talk.passes(id);
    let mut talk = Talk::new();
    talk.relay(5000, &plain, &response(&plain, 0, &[]));
    talk.is_inconclusive(id);
}

#[test]
fn who_speaks_no_edns_hears_none() {
    let id = "dns.proxy.no-edns-stays-without";
    let plain = question("plain.mnw", |_| {});
    let mut talk = Talk::new();
    talk.ask(5000, &plain).answer(5000, &answered(&plain, 0));
    talk.fails(id);
    // Upstream a forwarder may speak it.
    let mut talk = Talk::new();
    talk.ask(5000, &plain)
        .forward(&question("plain.mnw", |query| {
            add(query, &opt(1232, 0, 0, &[]))
        }))
        .reply(&answered(&plain, 0))
        .answer(5000, &response(&plain, 0, &[]));
    talk.passes(id);
    let query = with_opt(0, 0, &[]);
    let mut talk = Talk::new();
    talk.relay(5000, &query, &answered(&query, 0));
    talk.is_inconclusive(id);
}

#[test]
fn what_goes_upstream_for_another_client_lacks_nothing() {
    // Somebody else waits for the same already, so that the device need not ask once more.
    let (bare, signed) = (question("edns.mnw", |_| {}), with_opt(0, 0x8000, &[]));
    for id in ["dns.proxy.edns-do", "dns.proxy.edns-untouched"] {
        let mut talk = Talk::new();
        talk.ask(5000, &bare);
        talk.trace.at(2000);
        talk.ask(5001, &signed);
        talk.trace.at(3000);
        talk.forward(&bare);
        talk.is_inconclusive(id);
        // Where nobody did, the question has lost something on its way.
        let mut talk = Talk::new();
        talk.ask(5001, &signed).forward(&bare);
        talk.fails(id);
    }
}
