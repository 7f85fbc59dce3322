//! Questions over TCP, and a device that does one thing wrong with its connections.

use super::*;
use crate::tester::callers::PORTS;
use crate::tester::message::Asking;
use crate::tester::stream::segment::Segment;
use crate::tester::stream::wire::Wire;
use crate::tester::stream::{Room, Stage, Stream, refuse};
use crate::tester::streams::Streams;

#[test]
fn each_question_has_a_connection_of_its_own_on_both_sides() {
    let offer = offer_over(Transport::Tcp);
    let upstream = Arc::clone(&offer.ledger);
    let counts = counts_of(offer, |lan, wan, stop| {
        forward(lan, wan, |_, _| Does::Pass, stop)
    });
    assert!(counts.is_passed(), "{counts:?}");
    assert_eq!((counts.forwarded, counts.connections), (ASKED, ASKED));
    assert_eq!(upstream.upstream().ports, ASKED);
}

#[test]
fn questions_share_the_connections_that_stay_open() {
    let offer = Offer {
        connections: 3,
        ..offer_over(Transport::TcpKeptOpen)
    };
    let upstream = Arc::clone(&offer.ledger);
    let counts = counts_of(offer, |lan, wan, stop| {
        forward(lan, wan, |_, _| Does::Pass, stop)
    });
    assert!(counts.is_passed(), "{counts:?}");
    assert_eq!((counts.forwarded, counts.connections), (ASKED, 3));
    assert_eq!(upstream.upstream().ports, 3);
}

#[test]
fn over_ipv4_connections_are_as_over_ipv6() {
    for (transport, connections) in [(Transport::Tcp, ASKED), (Transport::TcpKeptOpen, 1)] {
        let offer = over_ipv4(offer_over(transport));
        let counts = counts_of(offer, |lan, wan, stop| {
            forward(lan, wan, |_, _| Does::Pass, stop);
        });
        assert!(counts.is_passed(), "{counts:?}");
        assert_eq!(counts.connections, connections);
        let counts = counts_of(over_ipv4(offer_over(transport)), |lan, _, stop| {
            serve(lan, Serves::Refuse, stop);
        });
        assert_eq!(counts.refused, ASKED, "{counts:?}");
    }
}

#[test]
fn a_segment_that_is_lost_is_sent_again() {
    let counts = counts_of(offer_over(Transport::TcpKeptOpen), |lan, wan, stop| {
        let does = |up, number| Does::drop_if(up && number == 20);
        forward(lan, wan, does, stop);
    });
    assert!(counts.is_passed(), "{counts:?}");
}

#[test]
fn a_device_that_answers_over_tcp_passes() {
    let counts = answered(Transport::Tcp, Serves::Answer);
    assert!(counts.is_passed(), "{counts:?}");
    assert_eq!((counts.from_cache, counts.connections), (ASKED, ASKED));
}

#[test]
fn answers_may_come_in_another_order_than_their_questions() {
    let counts = answered(Transport::TcpKeptOpen, Serves::AnswerTheSecondFirst);
    assert!(counts.is_passed(), "{counts:?}");
    assert_eq!(counts.connections, 1);
}

#[test]
fn a_connection_that_is_refused_is_named() {
    for transport in [Transport::Tcp, Transport::TcpKeptOpen] {
        let counts = answered(transport, Serves::Refuse);
        assert_eq!(
            (counts.refused, counts.cut_off()),
            (ASKED, ASKED),
            "{counts:?}"
        );
    }
}

#[test]
fn a_connection_that_is_never_agreed_to_is_named() {
    let counts = answered(Transport::Tcp, Serves::Ignore);
    assert_eq!(
        (counts.unconnected, counts.cut_off()),
        (ASKED, ASKED),
        "{counts:?}"
    );
}

#[test]
fn a_connection_that_is_reset_before_the_answer_is_named() {
    let counts = answered(Transport::Tcp, Serves::Reset);
    assert_eq!(
        (counts.reset, counts.cut_off()),
        (ASKED, ASKED),
        "{counts:?}"
    );
}

#[test]
fn a_connection_that_is_closed_before_the_answer_is_named() {
    let counts = answered(Transport::Tcp, Serves::Close);
    assert_eq!(
        (counts.closed, counts.cut_off()),
        (ASKED, ASKED),
        "{counts:?}"
    );
}

#[test]
fn a_connection_that_was_closed_after_an_answer_is_opened_again() {
    let counts = answered(Transport::TcpKeptOpen, Serves::AnswerAndClose);
    assert!(counts.connections > 1, "{counts:?}");
    assert_eq!(counts.right(), counts.connections, "{counts:?}");
}

#[test]
fn what_waits_behind_the_last_answer_of_a_connection_is_not_answered() {
    // All at once, so that some wait.
    let offer = Offer {
        rate: 1e6,
        ..offer_over(Transport::TcpKeptOpen)
    };
    let counts = counts_of(offer, |lan, _, stop| {
        serve(lan, Serves::AnswerAndClose, stop);
    });
    assert!(counts.closed > 0, "{counts:?}");
    assert_eq!(counts.right() + counts.closed, ASKED, "{counts:?}");
}

#[test]
fn an_id_that_no_question_over_the_connection_had_answers_none() {
    let counts = answered(Transport::Tcp, Serves::AnswerAnother);
    assert_eq!(
        (counts.unreadable, counts.lost_unasked),
        (ASKED, ASKED),
        "{counts:?}"
    );
}

#[test]
fn a_question_that_is_never_answered_is_lost_and_not_its_connection() {
    let counts = answered(Transport::TcpKeptOpen, Serves::Listen);
    assert_eq!(
        (counts.lost_unasked, counts.cut_off()),
        (ASKED, 0),
        "{counts:?}"
    );
}

/// What a device does that answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Serves {
    /// What it shall.
    Answer,
    /// Of two questions, the second one first.
    AnswerTheSecondFirst,
    /// With an id that is not the question's.
    AnswerAnother,
    AnswerAndClose,
    /// Agrees to connections, and reads.
    Listen,
    /// Ends the connection instead of answering.
    Close,
    Reset,
    /// Agrees to no connection.
    Refuse,
    Ignore,
}

/// Returns the counts of a trial with a device that answers by itself.
fn answered(transport: Transport, serves: Serves) -> Counts {
    let offer = offer_over(transport);
    counts_of(offer, move |lan, _, stop| serve(lan, serves, stop))
}

/// Answers what comes from the LAN until it is stopped.
fn serve(mut lan: Packets, serves: Serves, stop: &AtomicBool) {
    let mut plane = lan.lend().unwrap();
    let ledger = offer().ledger;
    let mut streams = Streams::new();
    let (mut buffer, mut frame, mut held) = (vec![0; 2048], Vec::new(), None);
    while !stop.load(Ordering::Relaxed) {
        let Some(length) = plane.receive(&mut buffer).unwrap() else {
            thread::yield_now();
            continue;
        };
        // Nothing is lost here, so that no timer matters.
        let mut wire = Wire::new(&mut *plane, &mut frame, 1);
        let segment = Segment::read(&buffer[..length]).unwrap();
        let port = segment.source_port;
        if serves == Serves::Ignore {
            continue;
        }
        if serves == Serves::Refuse {
            refuse(&segment, &mut wire).unwrap();
            continue;
        }
        if !streams.has(port) {
            let stream = Stream::accept(&segment, ROOM, u64::from(port));
            streams.insert(port, stream);
        }
        let stream = streams.get(port).unwrap();
        stream.take(&segment, &mut wire).unwrap();
        while let Some(question) = stream.hear() {
            let mut answer = Vec::new();
            let asking = Asking::read(&question, &ledger.zones).unwrap();
            asking.write(&question, true, &mut answer);
            match serves {
                Serves::Answer => stream.say(&answer),
                Serves::AnswerTheSecondFirst => match held.take() {
                    None => held = Some(answer),
                    Some(first) => {
                        stream.say(&answer);
                        stream.say(&first);
                    }
                },
                Serves::AnswerAnother => {
                    answer[1] ^= 1;
                    stream.say(&answer);
                }
                Serves::AnswerAndClose => {
                    stream.say(&answer);
                    stream.close();
                    break;
                }
                Serves::Close => stream.close(),
                Serves::Reset => stream.abort(),
                Serves::Listen | Serves::Refuse | Serves::Ignore => {}
            }
        }
        if stream.stage() == Stage::PeerClosed {
            stream.close();
        }
        stream.go_on(&mut wire).unwrap();
        streams.note(port, 1);
    }
}

fn offer_over(transport: Transport) -> Offer {
    Offer {
        transport,
        first_port: PORTS.start,
        ..offer()
    }
}

const ROOM: Room = Room {
    to_send: 2048,
    to_read: 2048,
};
