use ngnlab_reports::Verdict;
use ngnlab_sim::line::Area;
use ngnlab_sim::line::pppoe::accounts;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::ppp::{
    ACFC, AUTHENTICATION, CHALLENGE, CHAP, CHAP_MD5, CONFIGURE_ACK, CONFIGURE_REJECT,
    CONFIGURE_REQUEST, ConfigurationOption, Control, ECHO_REPLY, ECHO_REQUEST, IPCP, IPV6CP, LCP,
    MAGIC, Ppp, RESPONSE, SUCCESS, TERMINATE_ACK, TERMINATE_REQUEST, chap_md5, with_count,
};
use ngnlab_sim::message::pppoe::{AC_COOKIE, Code, HOST_UNIQ, Pppoe, SERVICE_NAME, Stage, Tag};
use ngnlab_sim::setup::PppoeAccount;
use ngnlab_sim::trace::{End, Fact, PppEvent, Role};

use crate::checks::test_verdicts::{fails, open, passes, verdict};
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

const AC: Mac = Mac([2, 0, 0x5e, 0, 0x88, 1]);
const OTHER: Mac = Mac([2, 0, 0x5e, 0, 0x88, 2]);

/// A device that was set up for a session to the ISP.
fn dialling() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let [isp, _] = accounts(Area::East);
    trace.trace.header.setup.pppoe = vec![PppoeAccount {
        name: isp.name.to_owned(),
        password: isp.password.to_owned(),
        domains: Vec::new(),
        source: None,
    }];
    trace
}

fn discovery(trace: &mut TraceBuilder, ends: (Mac, Mac), code: Code, id: u16, tags: &[Tag]) {
    let (source, destination) = ends;
    let packet = Pppoe {
        source,
        destination,
        session: id,
        stage: Stage::Discovery {
            code,
            tags: tags.to_vec(),
        },
    };
    put(trace, source, &packet);
}

fn say(trace: &mut TraceBuilder, ends: (Mac, Mac), protocol: u16, packet: &Control) {
    let (source, destination) = ends;
    let packet = Pppoe {
        source,
        destination,
        session: 9,
        stage: Stage::Session(Ppp::control(protocol, packet).to_bytes()),
    };
    put(trace, source, &packet);
}

fn put(trace: &mut TraceBuilder, source: Mac, packet: &Pppoe) {
    let from = match source == ROUTER_WAN {
        true => End::Device,
        false => End::Network,
    };
    trace.frame(Role::Wan, from, packet.frame());
}

const OUT: (Mac, Mac) = (ROUTER_WAN, AC);
const IN: (Mac, Mac) = (AC, ROUTER_WAN);

fn service() -> Tag {
    Tag::new(SERVICE_NAME, [])
}

fn uniq() -> Tag {
    Tag::new(HOST_UNIQ, [1])
}

fn cookie() -> Tag {
    Tag::new(AC_COOKIE, *b"cookie")
}

/// Everything from PADI to an open IPCP.
fn connected() -> TraceBuilder {
    let mut trace = dialling();
    trace.at(1000);
    let all = (ROUTER_WAN, Mac::BROADCAST);
    discovery(&mut trace, all, Code::Initiation, 0, &[service(), uniq()]);
    discovery(
        &mut trace,
        IN,
        Code::Offer,
        0,
        &[service(), uniq(), cookie()],
    );
    discovery(
        &mut trace,
        OUT,
        Code::Request,
        0,
        &[service(), uniq(), cookie()],
    );
    discovery(&mut trace, IN, Code::Confirmation, 9, &[service(), uniq()]);
    let chap = [&CHAP.to_be_bytes()[..], &[CHAP_MD5]].concat();
    let theirs = [
        ConfigurationOption::new(AUTHENTICATION, chap),
        ConfigurationOption::new(MAGIC, [1, 2, 3, 4]),
    ];
    agree(&mut trace, IN, OUT, LCP, 1, &theirs);
    agree(
        &mut trace,
        OUT,
        IN,
        LCP,
        1,
        &[ConfigurationOption::new(MAGIC, [5, 6, 7, 8])],
    );
    challenged(&mut trace, 3, 3);
    say(
        &mut trace,
        IN,
        CHAP,
        &Control {
            code: SUCCESS,
            id: 3,
            data: vec![],
        },
    );
    agree(&mut trace, IN, OUT, IPCP, 1, &[]);
    agree(&mut trace, OUT, IN, IPCP, 1, &[]);
    trace
}

fn agree(
    trace: &mut TraceBuilder,
    one: (Mac, Mac),
    other: (Mac, Mac),
    protocol: u16,
    id: u8,
    options: &[ConfigurationOption],
) {
    let request = Control::with_options(CONFIGURE_REQUEST, id, options);
    say(trace, one, protocol, &request);
    let ack = Control::with_options(CONFIGURE_ACK, id, options);
    say(trace, other, protocol, &ack);
}

/// A challenge under one identifier, and its response under another.
fn challenged(trace: &mut TraceBuilder, id: u8, answered: u8) {
    let mut data = with_count(b"challenge");
    data.extend(b"flets");
    say(
        trace,
        IN,
        CHAP,
        &Control {
            code: CHALLENGE,
            id,
            data,
        },
    );
    let [isp, _] = accounts(Area::East);
    let mut data = with_count(&chap_md5(id, isp.password.as_bytes(), b"challenge"));
    data.extend(isp.name.as_bytes());
    say(
        trace,
        OUT,
        CHAP,
        &Control {
            code: RESPONSE,
            id: answered,
            data,
        },
    );
}

fn echo(trace: &mut TraceBuilder, ends: (Mac, Mac), code: u8, magic: [u8; 4]) {
    let data = magic.to_vec();
    say(trace, ends, LCP, &Control { code, id: 7, data });
}

#[test]
fn a_session_that_comes_up_passes() {
    let mut trace = connected();
    echo(trace.at(9000), IN, ECHO_REQUEST, [1, 2, 3, 4]);
    echo(&mut trace, OUT, ECHO_REPLY, [5, 6, 7, 8]);
    for id in [
        "ppp.padi.broadcast",
        "ppp.padi.service-name",
        "ppp.disc.cookie-returned",
        "ppp.lcp.magic",
        "ppp.lcp.ack-exact",
        "ppp.lcp.echo-reply",
        "ppp.lcp.echo-magic",
        "ppp.auth.chap",
        "ppp.auth.chap-value",
        "ppp.auth.no-nlp-before",
        "ppp.session.id",
        "ppp.session.comes-up",
    ] {
        assert!(passes(id, &trace), "{id}");
    }
    assert!(open("ppp.auth.chap-rechallenge", &trace));
}

#[test]
fn nobody_who_dials_nothing_is_judged() {
    let trace = TraceBuilder::new("next-ra");
    assert!(matches!(
        verdict("ppp.session.comes-up", &trace),
        Verdict::NotApplicable(_)
    ));
    let trace = dialling();
    assert!(fails("ppp.session.comes-up", &trace));
}

#[test]
fn an_echo_that_stays_unanswered_fails_unless_the_session_was_given_up() {
    let mut trace = connected();
    echo(trace.at(9000), IN, ECHO_REQUEST, [1, 2, 3, 4]);
    assert!(fails("ppp.lcp.echo-reply", &trace));
    // A device that has begun anew knows nothing of the session before.
    let mut trace = connected();
    let all = (ROUTER_WAN, Mac::BROADCAST);
    discovery(
        trace.at(8000),
        all,
        Code::Initiation,
        0,
        &[service(), uniq()],
    );
    echo(trace.at(9000), IN, ECHO_REQUEST, [1, 2, 3, 4]);
    assert!(open("ppp.lcp.echo-reply", &trace));
}

#[test]
fn a_response_under_another_identifier_or_by_another_name_fails() {
    let mut trace = connected();
    challenged(trace.at(9000), 5, 6);
    assert!(fails("ppp.auth.chap-rechallenge", &trace));
    assert!(passes("ppp.auth.chap", &trace));
    let mut trace = connected();
    trace.trace.header.setup.pppoe[0].password = "another".to_owned();
    assert!(fails("ppp.auth.chap-value", &trace));
}

#[test]
fn a_padt_of_somebody_else_ends_nothing_and_a_real_one_does() {
    let mut trace = connected();
    let stranger = (OTHER, ROUTER_WAN);
    discovery(trace.at(8000), stranger, Code::Termination, 9, &[]);
    echo(trace.at(9000), IN, ECHO_REQUEST, [1, 2, 3, 4]);
    assert!(fails("ppp.padt.foreign", &trace));
    echo(&mut trace, OUT, ECHO_REPLY, [5, 6, 7, 8]);
    assert!(passes("ppp.padt.foreign", &trace));
    discovery(trace.at(10_000), IN, Code::Termination, 9, &[]);
    assert!(passes("ppp.padt.stop", &trace));
    echo(trace.at(11_000), OUT, ECHO_REQUEST, [5, 6, 7, 8]);
    assert!(fails("ppp.padt.stop", &trace));
}

/// pppd as a server asks for IPv6, too, and may be ended soon after.
#[test]
fn a_session_that_the_network_ends_says_nothing_of_ipv6cp() {
    let with_ipv6cp = || {
        let mut trace = connected();
        let asked = Control::with_options(CONFIGURE_REQUEST, 1, &[]);
        say(trace.at(5000), IN, IPV6CP, &asked);
        trace
    };
    let request = Control {
        code: TERMINATE_REQUEST,
        id: 6,
        data: Vec::new(),
    };
    let ended_by = |ends: (Mac, Mac)| {
        let mut trace = with_ipv6cp();
        say(trace.at(9000), ends, LCP, &request);
        discovery(trace.at(9020), IN, Code::Termination, 9, &[]);
        echo(trace.at(50_000), IN, ECHO_REQUEST, [1, 2, 3, 4]);
        trace
    };
    let id = "ppp.ncp.independent";
    assert!(open(id, &ended_by(IN)));
    assert!(fails(id, &ended_by(OUT)));
}

#[test]
fn who_is_asked_for_the_end_does_not_hang_up_first() {
    let acked = |hangs_up: (Mac, Mac), after: u64| {
        let mut trace = connected();
        let [request, ack] = [TERMINATE_REQUEST, TERMINATE_ACK].map(|code| Control {
            code,
            id: 6,
            data: Vec::new(),
        });
        say(trace.at(9000), IN, LCP, &request);
        say(&mut trace, OUT, LCP, &ack);
        discovery(trace.at(9000 + after), hangs_up, Code::Termination, 9, &[]);
        trace
    };
    let id = "ppp.lcp.terminate-wait";
    assert!(passes(id, &acked(IN, 20)));
    assert!(passes(id, &acked(OUT, 3000)));
    assert!(fails(id, &acked(OUT, 20)));
    assert!(open(id, &connected()));
}

/// pppd opens its socket a moment after the PADS, and misses what comes at once.
#[test]
fn a_request_that_came_too_early_is_judged_by_the_next_one() {
    let asked = |answers: bool| {
        let mut trace = dialling();
        discovery(trace.at(1000), OUT, Code::Request, 0, &[service(), uniq()]);
        discovery(&mut trace, IN, Code::Confirmation, 9, &[service(), uniq()]);
        let forbidden = [ConfigurationOption::new(ACFC, [])];
        for (id, at) in [(1, 1000), (2, 4000)] {
            let request = Control::with_options(CONFIGURE_REQUEST, id, &forbidden);
            say(trace.at(at), IN, LCP, &request);
        }
        if answers {
            let reject = Control::with_options(CONFIGURE_REJECT, 2, &forbidden);
            say(&mut trace, OUT, LCP, &reject);
        }
        trace
    };
    assert!(passes("ppp.lcp.forbidden-rejected", &asked(true)));
    assert!(fails("ppp.lcp.forbidden-rejected", &asked(false)));
}

#[test]
fn padis_that_do_not_wait_longer_fail() {
    let all = (ROUTER_WAN, Mac::BROADCAST);
    let at = |times: &[u64]| {
        let mut trace = dialling();
        for time in times {
            discovery(
                trace.at(*time),
                all,
                Code::Initiation,
                0,
                &[service(), uniq()],
            );
        }
        trace
    };
    assert!(passes("ppp.padi.backoff", &at(&[1000, 2000, 4000, 8000])));
    assert!(fails("ppp.padi.backoff", &at(&[1000, 2000, 4000, 5000])));
    assert!(open("ppp.padi.backoff", &at(&[1000, 2000])));
    // Who gives up after some time begins anew, and not after two PADIs.
    let anew = [0, 5000, 15_000, 45_000, 50_000, 60_000];
    assert!(passes("ppp.padi.backoff", &at(&anew)));
    assert!(fails("ppp.padi.backoff", &at(&[0, 5000, 15_000, 20_000])));
    // Who waits for minutes already need not wait longer.
    assert!(passes("ppp.padi.backoff", &at(&[0, 120_000, 240_000])));
}

#[test]
fn what_was_hung_up_by_hand_is_down_until_it_is_dialled_by_hand() {
    let (down, up) = ("ppp.hand.disconnects", "ppp.hand.connects");
    let good = hung_up(true, None, Some(31_000));
    assert!(passes(down, &good) && passes(up, &good));
    assert!(fails(down, &hung_up(false, None, Some(31_000))));
    assert!(fails(down, &hung_up(true, Some(20_000), None)));
    let silent = hung_up(true, None, None);
    assert!(passes(down, &silent) && fails(up, &silent));
    assert!(open(down, &connected()) && open(up, &connected()));
}

/// A session that is hung up by hand after five seconds, and dialled after thirty.
fn hung_up(ends: bool, back: Option<u64>, asked: Option<u64>) -> TraceBuilder {
    let mut trace = connected();
    tell_up(&mut trace);
    trace
        .at(5000)
        .done("by-hand = { does = \"disconnect\", session = \"isp\" }");
    if ends {
        let end = Control {
            code: TERMINATE_REQUEST,
            id: 7,
            data: vec![],
        };
        say(&mut trace, OUT, LCP, &end);
        discovery(&mut trace, OUT, Code::Termination, 9, &[]);
    }
    if let Some(back) = back {
        trace.at(back);
        discovery(&mut trace, IN, Code::Confirmation, 9, &[service(), uniq()]);
        tell_up(&mut trace);
    }
    trace.at(30_000).done("by-hand = { does = \"connect\" }");
    if let Some(asked) = asked {
        let all = (ROUTER_WAN, Mac::BROADCAST);
        let tags = [service(), uniq()];
        discovery(trace.at(asked), all, Code::Initiation, 0, &tags);
    }
    trace
}

/// The concentrator says that IPv4 may flow.
fn tell_up(trace: &mut TraceBuilder) {
    let [isp, _] = accounts(Area::East);
    let fact = Fact::Ppp {
        session: 9,
        account: Some(isp.name.to_owned()),
        event: PppEvent::Up {
            address: isp.realm.first_address(),
        },
    };
    trace.fact("concentrator", fact);
}
