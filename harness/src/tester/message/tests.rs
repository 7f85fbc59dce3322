use std::net::{Ipv4Addr, Ipv6Addr};

use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::packet::ipv4::in_frame;
use ngnlab_sim::message::packet::{Packet, Payload};
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_question_is_answered_with_what_was_asked_for(
        label in labels(), asked in kinds(), zone in 0..2_usize, port: u16, id: u16, ends in ends(),
    ) {
        let label = Label { long: asked == Asked::Txt1300, ..label };
        let zones = zones();
        let question = question(&ends, (label, asked, zone), port, id);
        prop_assert!(has_good_checksums(&question));
        let datagram = Datagram::read(&question).unwrap();
        prop_assert_eq!(datagram.ends, ends);
        let asking = Asking::read(datagram.payload, &zones).unwrap();
        prop_assert_eq!((asking.label, asking.id, asking.zone), (label, id, zone));
        let mut answer = Vec::new();
        asking.answer(&datagram, true, &mut answer);
        prop_assert!(has_good_checksums(&answer));
        let back = Datagram::read(&answer).unwrap();
        prop_assert_eq!((back.source_port, back.destination_port), (PORT, port));
        prop_assert_eq!(back.ends, datagram.ends.turned());
        prop_assert_eq!(judge(back.payload, &zones, asked), Some((label, Verdict::Right)));
        let least = match asked {
            Asked::Txt700 => 512,
            Asked::Txt1300 => 1232,
            Asked::A | Asked::Aaaa => 0,
        };
        prop_assert!(back.payload.len() > least && back.payload.len() < 1432);
    }

    #[test]
    fn frames_of_a_device_are_read_without_harm(bytes: Vec<u8>, tail: Vec<u8>, ends in ends()) {
        let zones = zones();
        let mut frame = question(&ends, (LABEL, Asked::Aaaa, 0), 1, 2);
        frame.truncate(bytes.len() * 3 % frame.len());
        frame.extend(tail);
        for frame in [bytes, frame] {
            if let Some(datagram) = Datagram::read(&frame) {
                let mut answer = Vec::new();
                if let Some(asking) = Asking::read(datagram.payload, &zones) {
                    asking.answer(&datagram, true, &mut answer);
                }
                let _ = judge(datagram.payload, &zones, Asked::Aaaa);
            }
        }
    }

    #[test]
    fn a_spoilt_byte_of_the_record_is_no_right_answer(at in 0..16_usize, by in 1..=255_u8) {
        let mut message = answer_to(Asked::Aaaa, true);
        let first = message.len() - 16;
        message[first + at] ^= by;
        prop_assert_eq!(verdict(&message), Some(Verdict::Record));
    }
}

#[test]
fn what_is_wrong_with_an_answer_is_named() {
    let right = answer_to(Asked::Aaaa, true);
    assert_eq!(verdict(&right), Some(Verdict::Right));
    assert_eq!(
        verdict(&answer_to(Asked::Aaaa, false)),
        Some(Verdict::Rcode)
    );
    assert_eq!(verdict(&answer_to(Asked::A, true)), Some(Verdict::Question));
    let spoilt = |spoil: fn(&mut Vec<u8>)| {
        let mut message = right.clone();
        spoil(&mut message);
        verdict(&message)
    };
    assert_eq!(spoilt(|one| one[2] |= 0x02), Some(Verdict::Truncated));
    assert_eq!(spoilt(|one| one[7] = 0), Some(Verdict::Record));
    assert_eq!(spoilt(|one| one[7] = 2), Some(Verdict::Record));
    assert_eq!(
        spoilt(|one| one.truncate(one.len() - 1)),
        Some(Verdict::Record)
    );
    // The question once more, and no answer.
    assert_eq!(spoilt(|one| one[2] &= 0x7f), None);
}

#[test]
fn a_record_under_its_whole_name_is_as_good_as_under_a_pointer() {
    let right = answer_to(Asked::Aaaa, true);
    let end = DNS + zones()[0].name_length();
    let mut whole = right[..end + 4].to_vec();
    whole.extend(right[DNS..end].to_ascii_uppercase());
    whole.extend(&right[end + 6..]);
    assert_eq!(verdict(&whole), Some(Verdict::Right));
}

fn verdict(message: &[u8]) -> Option<Verdict> {
    judge(message, &zones(), Asked::Aaaa).map(|(_, verdict)| verdict)
}

/// Returns the message that answers a question.
fn answer_to(asked: Asked, right: bool) -> Vec<u8> {
    let question = question(&OVER_IPV6, (LABEL, asked, 0), 40_000, 7);
    let datagram = Datagram::read(&question).unwrap();
    let asking = Asking::read(datagram.payload, &zones()).unwrap();
    let mut answer = Vec::new();
    asking.answer(&datagram, right, &mut answer);
    Datagram::read(&answer).unwrap().payload.to_vec()
}

fn question(ends: &Ends, about: (Label, Asked, usize), port: u16, id: u16) -> Vec<u8> {
    let (label, asked, zone) = about;
    let mut question = Question::new(ends, &zones()[zone], asked);
    // What the frame before left in it must not show.
    question.frame(LABEL, 1, 1);
    question.frame(label, port, id).to_vec()
}

/// Returns whether the simulator takes a frame for one with a good datagram in it; of an IPv4 header
/// whose checksum is wrong it takes nothing.
fn has_good_checksums(bytes: &[u8]) -> bool {
    let frame = Frame::from(bytes);
    match Packet::parse(&frame) {
        Some(packet) => matches!(packet.payload, Payload::Udp(udp) if udp.checksum_ok),
        None => in_frame(bytes).is_some_and(|(.., packet)| packet.udp().is_some()),
    }
}

fn zones() -> Vec<Zone> {
    let zone = |wire: &[u8]| Zone {
        wire: wire.to_vec(),
        servers: Vec::new(),
    };
    vec![zone(b"\x06ngnlab\x04test\0"), zone(b"\x07example\0")]
}

fn labels() -> impl Strategy<Value = Label> {
    any::<(bool, u16, u32)>().prop_map(|(repeats, trial, number)| Label {
        long: false,
        repeats,
        trial,
        number,
    })
}

fn ends() -> impl Strategy<Value = Ends> {
    let over_ipv4 = any::<(u32, u32)>().prop_map(|(own, server)| Ends {
        addresses: (
            Ipv4Addr::from(own).to_ipv6_mapped(),
            Ipv4Addr::from(server).to_ipv6_mapped(),
        ),
        ..OVER_IPV6
    });
    prop_oneof![Just(OVER_IPV6), over_ipv4]
}

fn kinds() -> impl Strategy<Value = Asked> {
    prop_oneof![
        Just(Asked::Aaaa),
        Just(Asked::A),
        Just(Asked::Txt700),
        Just(Asked::Txt1300)
    ]
}

const LABEL: Label = Label {
    long: false,
    repeats: false,
    trial: 3,
    number: 70_000,
};
const OVER_IPV6: Ends = Ends {
    macs: ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]),
    addresses: (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2),
    ),
};
