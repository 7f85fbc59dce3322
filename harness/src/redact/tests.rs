use ngnlab_sim::Frame;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::PppoeAccount;
use ngnlab_sim::trace::Fact;

use super::*;
use crate::dissection::builder::TraceBuilder;

const OWN: Mac = Mac([0x00, 0x1b, 0x21, 0xa1, 0xb2, 0xc3]);

#[test]
fn a_value_is_always_mapped_to_the_same_other_one() {
    let redactor = knowing_own();
    let other = redactor.mac(OWN);
    assert_ne!(other, OWN);
    assert_eq!(redactor.mac(OWN), other);
    assert!(is_given_out(other));
    let another = Redactor::with_key([8; 32], []);
    assert_ne!(another.mac(OWN), other, "by another key");
}

#[test]
fn a_line_of_the_routers_log_is_mapped_as_all_else() {
    let redactor = knowing_own();
    let line = |mac: Mac| Seen::Fact {
        node: "router".to_owned(),
        fact: Fact::Logged {
            log: "dhcp".to_owned(),
            line: format!("solicit from {mac}"),
        },
    };
    let mapped = redactor.value(&line(OWN)).unwrap();
    assert_eq!(mapped, line(redactor.mac(OWN)));
}

#[test]
fn every_spelling_of_an_address_is_mapped_alike() {
    let redactor = knowing_own();
    let map = redactor.texts();
    let bare = redactor.mac(OWN).to_string().replace(':', "");
    for text in [
        "00:1b:21:a1:b2:c3",
        "00:1B:21:A1:B2:C3",
        "00-1b-21-a1-b2-c3",
        "00 1b 21 a1 b2 c3",
        "001b.21a1.b2c3",
        "001B21A1B2C3",
    ] {
        let mapped = map(text);
        assert_eq!(mapped.len(), text.len());
        let left: String = mapped.chars().filter(char::is_ascii_hexdigit).collect();
        assert_eq!(left.to_lowercase(), bare, "{text}");
    }
    // One that is not known is found where it is written as such.
    let other = "00:1b:21:00:00:01".parse().unwrap();
    let said = format!("peer {}: up", redactor.mac(other));
    assert_eq!(map("peer 00:1b:21:00:00:01: up"), said);
    assert_eq!(map("02:00:5e:00:00:01"), "02:00:5e:00:00:01", "a local one");
}

#[test]
fn addresses_made_of_one_go_with_it() {
    let redactor = knowing_own();
    let (map, other) = (redactor.texts(), redactor.mac(OWN));
    let own = OWN.link_local();
    assert_eq!(
        map(&format!("via {own}.")),
        format!("via {}.", other.link_local())
    );
    let prefix = "2001:db8:1:2::".parse().unwrap();
    let (own, mapped) = (OWN.in_prefix(prefix), other.in_prefix(prefix));
    assert_eq!(map(&format!("{own}/64")), format!("{mapped}/64"));
    let [.., d, e, f] = other.0;
    let group = format!("ff02::1:ff{d:02x}:{:x}", u16::from_be_bytes([e, f]));
    assert_eq!(map("ff02::1:ffa1:b2c3"), group);
    for kept in ["2001:db8::1", "at 12:30:45", "::", "fe80::", "a:b"] {
        assert_eq!(map(kept), kept);
    }
}

#[test]
fn an_address_that_is_looked_up_backwards_is_mapped() {
    let redactor = knowing_own();
    let other = redactor.mac(OWN);
    let name = |mac: Mac| {
        let digits = mac
            .interface_id()
            .map(|byte| format!("{byte:02x}"))
            .concat();
        digits.chars().rev().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(name(OWN)[..4].join("."), "3.c.2.b");
    let text = |mac| format!("query[PTR] {}.0.8.e.f.ip6.arpa", name(mac).join("."));
    assert_eq!(redactor.texts()(&text(OWN)), text(other));
    let labels = |mac| {
        name(mac)
            .concat()
            .bytes()
            .flat_map(|digit| [1, digit])
            .collect::<Vec<_>>()
    };
    let frame = |mac| Frame::from([&[0xaa; 20][..], &labels(mac), &[0]].concat());
    assert_eq!(Frames::new(&redactor).map(&frame(OWN)), frame(other));
}

#[test]
fn words_keep_their_form() {
    let mut redactor = Redactor::with_key([7; 32], ["Pass-9word".to_owned()]);
    redactor.ids.insert("CAF1234567890".to_owned());
    let mapped = redactor.texts()("CAF1234567890 Pass-9word");
    let (id, word) = mapped.split_once(' ').unwrap();
    assert!(id.starts_with("CAF") && id[3..].bytes().all(|byte| byte.is_ascii_digit()));
    assert_ne!(id, "CAF1234567890");
    assert_ne!(word, "Pass-9word");
    assert_eq!((word.len(), &word[4..5]), (10, "-"));
    assert!(word.starts_with(|letter: char| letter.is_ascii_uppercase()));
}

#[test]
fn passwords_of_ppp_are_hidden_and_nothing_else_of_the_frame() {
    let pap = [&[1, 7, 0, 18, 5][..], b"user1", &[7], b"letmein"].concat();
    let chap = [&[2, 7, 0, 14, 4][..], &[9, 9, 9, 9], b"user1"].concat();
    let request = [1, 7, 0, 4];
    let redactor = Redactor::with_key([7; 32], []);
    for (protocol, message, hidden) in [
        (0xc023_u16, &pap[..], vec![5..10, 11..18]),
        (0xc223, &chap[..], vec![5..9, 9..14]),
        (0xc021, &request[..], vec![]),
    ] {
        let frame = session(protocol, message);
        let mapped = Frames::new(&redactor).map(&frame.clone().into());
        let start = frame.len() - message.len();
        for (at, (before, after)) in frame.iter().zip(mapped.iter()).enumerate() {
            let is_hidden = hidden
                .iter()
                .any(|range| at >= start && range.contains(&(at - start)));
            assert!(is_hidden || before == after, "{protocol:x} {at}");
        }
        assert_eq!(mapped[..] == frame[..], hidden.is_empty(), "{protocol:x}");
        for range in hidden {
            assert_ne!(mapped[start..][range.clone()], message[range]);
        }
    }
    // Cut short, or with lengths that lie.
    let frame = session(0xc023, &[1, 7, 0, 200, 99, 1]);
    for length in 0..frame.len() {
        let cut: Frame = frame[..length].into();
        assert_eq!(Frames::new(&redactor).map(&cut), cut);
    }
}

#[test]
fn accounts_of_our_own_line_stay_and_those_of_a_device_do_not() {
    let mut trace = TraceBuilder::new("next-ra").trace;
    trace.header.setup.pppoe = vec![PppoeAccount {
        name: "user1".to_owned(),
        password: "letmein".to_owned(),
        domains: Vec::new(),
        source: None,
    }];
    let mut redactor = Redactor::with_key([7; 32], []);
    redactor.learn(&trace);
    let ours = [&[1, 7, 0, 18, 5][..], b"user1", &[7], b"letmein"].concat();
    let theirs = [&[1, 7, 0, 18, 5][..], b"other", &[7], b"letmein"].concat();
    for (message, stays) in [(ours, true), (theirs, false)] {
        let frame: Frame = session(0xc023, &message).into();
        assert_eq!(Frames::new(&redactor).map(&frame) == frame, stays);
    }
}

fn session(protocol: u16, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len() + 2).unwrap();
    [
        &[
            2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0x64, 0x11, 0, 0, 1,
        ][..],
        &length.to_be_bytes(),
        &protocol.to_be_bytes(),
        message,
    ]
    .concat()
}

fn knowing_own() -> Redactor {
    let mut redactor = Redactor::with_key([7; 32], []);
    redactor.macs.insert(OWN);
    redactor
}
