use ngnlab_sim::message::dns::to_stream;

use super::*;
use crate::checks::dns::test_talk::{Stream, Talk, question, response};

const PC: u16 = 0;

#[test]
fn what_came_over_tcp_is_answered_on_its_connection_and_not_asked_over_udp() {
    let query = question("a.mnw", |_| {});
    let answer = response(&query, 0, &[]);
    let mut talk = Talk::new();
    let mut stream = talk.connect(PC, 6000);
    talk.send_message(PC, &mut stream, End::Network, &query);
    talk.is_inconclusive("dns.proxy.tcp-to-tcp");
    talk.forward(&query);
    talk.fails("dns.proxy.tcp-to-tcp");
    talk.is_inconclusive("dns.proxy.tcp-same-connection");
    talk.answer(6000, &answer);
    talk.fails("dns.proxy.tcp-same-connection");
    talk.send_message(PC, &mut stream, End::Device, &answer);
    talk.passes("dns.proxy.tcp-same-connection");
    // The datagram upstream may be for somebody who asked over UDP.
    talk.ask(5000, &query);
    talk.is_inconclusive("dns.proxy.tcp-to-tcp");
}

#[test]
fn all_questions_of_a_connection_are_answered() {
    let id = "dns.proxy.tcp-pipelining";
    let (one, two) = (
        question("a.mnw", |_| {}),
        question("b.mnw", |query| query[1] = 3),
    );
    let mut talk = Talk::new();
    let mut stream = talk.connect(PC, 6000);
    let both = [to_stream(&one), to_stream(&two)].concat();
    talk.send(PC, &mut stream, End::Network, &both);
    // In any order.
    talk.send_message(PC, &mut stream, End::Device, &response(&two, 0, &[]));
    talk.fails(id);
    talk.send_message(PC, &mut stream, End::Device, &response(&one, 0, &[]));
    talk.passes(id);
    let mut talk = Talk::new();
    let mut stream = talk.connect(PC, 6000);
    for query in [&one, &two] {
        talk.send_message(PC, &mut stream, End::Network, query);
        talk.send_message(PC, &mut stream, End::Device, &response(query, 0, &[]));
    }
    talk.is_inconclusive(id);
}

#[test]
fn a_question_may_come_in_pieces() {
    let id = "dns.proxy.tcp-partial-read";
    let query = question("a.mnw", |_| {});
    let framed = to_stream(&query);
    let mut talk = Talk::new();
    let mut stream = talk.connect(PC, 6000);
    talk.send(PC, &mut stream, End::Network, &framed[..2]);
    talk.is_inconclusive(id);
    talk.send(PC, &mut stream, End::Network, &framed[2..]);
    talk.fails(id);
    talk.send_message(PC, &mut stream, End::Device, &response(&query, 0, &[]));
    talk.passes(id);

    let mut talk = Talk::new();
    let mut stream = talk.connect(PC, 6000);
    talk.send(PC, &mut stream, End::Network, &framed[..2]);
    talk.close(PC, &mut stream, End::Device);
    talk.fails(id);

    // Who hangs up in the middle cannot complain.
    let mut talk = Talk::new();
    let mut stream = talk.connect(PC, 6000);
    talk.send(PC, &mut stream, End::Network, &framed[..2]);
    talk.close(PC, &mut stream, End::Network);
    talk.close(PC, &mut stream, End::Device);
    talk.is_inconclusive(id);

    let mut talk = Talk::new();
    let mut stream = talk.connect(PC, 6000);
    talk.send(PC, &mut stream, End::Network, &framed);
    talk.send_message(PC, &mut stream, End::Device, &response(&query, 0, &[]));
    talk.is_inconclusive(id);
}

#[test]
fn several_terminals_are_served_at_once() {
    let id = "dns.proxy.tcp-many-clients";
    let query = question("a.mnw", |_| {});
    let talk_with = |hosts: u16, answered: u16| {
        let mut talk = Talk::new();
        for host in 0..hosts {
            let mut stream = talk.connect(host, 6000 + host);
            talk.send_message(host, &mut stream, End::Network, &query);
            if host < answered {
                talk.send_message(host, &mut stream, End::Device, &response(&query, 0, &[]));
            }
        }
        talk
    };
    talk_with(3, 3).passes(id);
    talk_with(3, 2).fails(id);
    talk_with(2, 2).is_inconclusive(id);
}

#[test]
fn an_idle_connection_keeps_nobody_waiting() {
    let id = "dns.proxy.tcp-idle";
    let query = question("a.mnw", |_| {});
    let mut talk = Talk::new();
    talk.connect(1, 6001);
    talk.trace.at(4000);
    let mut stream = talk.connect(PC, 6000);
    talk.send_message(PC, &mut stream, End::Network, &query);
    talk.fails(id);
    talk.trace.at(10_500);
    talk.send_message(PC, &mut stream, End::Device, &response(&query, 0, &[]));
    talk.fails(id);

    let mut talk = Talk::new();
    talk.connect(1, 6001);
    talk.trace.at(4000);
    let mut stream = talk.connect(PC, 6000);
    talk.send_message(PC, &mut stream, End::Network, &query);
    talk.send_message(PC, &mut stream, End::Device, &response(&query, 0, &[]));
    talk.passes(id);

    // A connection that was closed for its silence is out of the way.
    let mut talk = Talk::new();
    let mut silent = talk.connect(1, 6001);
    talk.trace.at(3000);
    talk.close(1, &mut silent, End::Device);
    talk.trace.at(4000);
    let mut stream = talk.connect(PC, 6000);
    talk.send_message(PC, &mut stream, End::Network, &query);
    talk.is_inconclusive(id);
}

#[test]
fn who_takes_no_connection_at_all_fails_for_that_alone() {
    let many = "dns.proxy.tcp-many-clients";
    let mut talk = Talk::new();
    for host in 0..3 {
        let mut stream = Stream {
            port: 6000 + host,
            up: 100,
            down: 200,
        };
        talk.segment(host, &mut stream, End::Network, |tcp| tcp.syn = true, &[]);
    }
    talk.fails("dns.proxy.tcp");
    talk.is_inconclusive(many);
    let text = format!("{:?}", talk.verdict(many));
    assert!(text.contains("because dns.proxy.tcp failed"), "{text}");
    // Where one gets through, it is for the others that there is no room.
    talk.connect(3, 6003);
    talk.fails(many);
    talk.is_inconclusive("dns.proxy.tcp");
}

#[test]
fn who_gives_up_was_not_refused() {
    for (from, how) in [(End::Network, "nothing came"), (End::Device, "refused")] {
        let mut talk = Talk::new();
        let mut tried = Stream {
            port: 6000,
            up: 100,
            down: 200,
        };
        talk.segment(PC, &mut tried, End::Network, |tcp| tcp.syn = true, &[]);
        talk.segment(PC, &mut tried, from, |tcp| tcp.rst = true, &[]);
        talk.fails("dns.proxy.tcp");
        let text = format!("{:?}", talk.verdict("dns.proxy.tcp"));
        assert!(text.contains(how), "{text}");
    }
}

#[test]
fn a_connection_that_is_taken_when_it_is_tried_again_is_taken() {
    let query = question("a.mnw", |_| {});
    let mut talk = Talk::new();
    let mut refused = Stream {
        port: 6000,
        up: 100,
        down: 200,
    };
    talk.segment(PC, &mut refused, End::Network, |tcp| tcp.syn = true, &[]);
    talk.fails("dns.proxy.tcp");
    talk.trace.at(3000);
    let mut stream = talk.connect(PC, 6001);
    talk.send_message(PC, &mut stream, End::Network, &query);
    talk.send_message(PC, &mut stream, End::Device, &response(&query, 0, &[]));
    talk.passes("dns.proxy.tcp");
}
