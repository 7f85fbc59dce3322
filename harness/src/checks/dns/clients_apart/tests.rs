use ngnlab_sim::message::dns::set_id;

use crate::checks::dns::test_talk::{Talk, question, response};

fn named(name: &str, id: u16) -> Vec<u8> {
    question(name, |query| set_id(query, id))
}

#[test]
fn an_answer_comes_once_unless_the_question_came_again() {
    let id = "dns.proxy.one-answer";
    let query = named("a.mnw", 1);
    let answer = response(&query, 0, &[]);
    let mut talk = Talk::new();
    talk.ask(5000, &query).answer(5000, &answer);
    talk.passes(id);
    talk.answer(5000, &answer);
    talk.fails(id);
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .ask(5000, &query)
        .answer(5000, &answer)
        .answer(5000, &answer);
    talk.passes(id);
}

#[test]
fn an_answer_from_elsewhere_or_with_another_id_is_not_the_clients() {
    let query = named("a.mnw", 1);
    let answer = response(&query, 0, &[]);
    let mut talk = Talk::new();
    let elsewhere = crate::dissection::builder::ROUTER_LAN.link_local();
    talk.ask(5000, &query).answer_from(elsewhere, 5000, &answer);
    talk.fails("dns.proxy.answers-from-asked-address");
    talk.is_inconclusive("dns.proxy.id-restored");
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .answer(5000, &response(&named("a.mnw", 2), 0, &[]));
    talk.fails("dns.proxy.id-restored");
    talk.is_inconclusive("dns.proxy.answers-from-asked-address");
    // A late answer to an earlier question from that port does no harm beside the right one.
    talk.answer(5000, &answer);
    talk.passes("dns.proxy.id-restored");
    talk.passes("dns.proxy.answers-from-asked-address");
}

#[test]
fn an_answer_to_another_question_from_the_same_port_is_no_stray() {
    let id = "dns.proxy.id-restored";
    let (one, two) = (named("a.mnw", 1), named("a.mnw", 2));
    let mut talk = Talk::new();
    talk.ask(5000, &one).ask(5000, &two);
    talk.answer(5000, &response(&two, 0, &[]));
    talk.passes(id);
    talk.answer(5000, &response(&named("a.mnw", 3), 0, &[]));
    talk.fails(id);
}

#[test]
fn an_answer_repeats_the_question() {
    let id = "dns.proxy.question-echoed";
    let query = named("a.mnw", 1);
    let mut bare = response(&query, 3, &[]);
    bare.truncate(12);
    bare[4..].fill(0);
    let mut talk = Talk::new();
    talk.ask(5000, &query).answer(5000, &bare);
    talk.fails(id);
    // Who did not understand the question cannot repeat it.
    bare[3] = bare[3] & 0xf0 | 1;
    let mut talk = Talk::new();
    talk.ask(5000, &query).answer(5000, &bare);
    talk.is_inconclusive(id);
    let mut talk = Talk::new();
    talk.ask(5000, &query)
        .answer(5000, &response(&named("A.mnw", 1), 0, &[]));
    talk.passes(id);
}

#[test]
fn all_of_many_questions_are_answered() {
    let id = "dns.proxy.concurrent";
    let names: Vec<String> = ('a'..='h').map(|letter| format!("{letter}.mnw")).collect();
    let talk_with = |asked: usize, answered: usize| {
        let mut talk = Talk::new();
        let queries = names.iter().zip(5000..).take(asked);
        for (name, port) in queries.clone() {
            talk.ask(port, &named(name, port));
        }
        for (name, port) in queries.take(answered) {
            talk.answer(port, &response(&named(name, port), 0, &[]));
        }
        talk
    };
    talk_with(8, 8).passes(id);
    talk_with(8, 7).fails(id);
    talk_with(7, 7).is_inconclusive(id);
}

#[test]
fn one_id_is_not_one_client() {
    let id = "dns.proxy.same-id-clients";
    let (one, two) = (named("one.mnw", 7), named("two.mnw", 7));
    let mut talk = Talk::new();
    talk.ask(5000, &one).ask(5001, &two);
    talk.answer(5000, &response(&one, 0, &[]));
    talk.fails(id);
    talk.answer(5001, &response(&two, 0, &[]));
    talk.passes(id);
    // Letters may lose their case on the way, which mixes nobody up.
    let mut talk = Talk::new();
    talk.ask(5000, &named("One.mnw", 7)).ask(5001, &two);
    talk.answer(5000, &response(&one, 0, &[]));
    talk.answer(5001, &response(&two, 0, &[]));
    talk.passes(id);
    let mut talk = Talk::new();
    talk.ask(5000, &one).ask(5001, &two);
    talk.answer(5000, &response(&two, 0, &[]));
    talk.fails(id);
    let mut talk = Talk::new();
    talk.ask(5000, &one).trace.at(3000);
    talk.ask(5001, &two);
    talk.is_inconclusive(id);
}
