//! The DNS forwarder: which server it asks for which name, what it passes on as it is, and whom it
//! believes (guide p.7; RFC 5625, RFC 5452).

use super::check::Check;

mod after_an_answer;
mod answer_contents;
mod answer_shapes;
mod best_answers;
mod broken_answers;
mod cache;
mod clients_apart;
mod closed_connections;
mod closed_on_wan;
mod crowds;
mod cut_answers;
mod domain_edges;
mod domain_table;
mod edns_options;
mod failing_servers;
mod failover;
mod forged_answers;
mod forwarder;
mod fragmented_answers;
mod large_answers;
mod let_through;
mod mutated_answers;
mod not_understood;
mod odd_questions;
mod oddities;
mod outages;
mod own_failures;
mod own_questions;
pub(super) mod own_refusals;
mod relayed;
mod server_outages;
mod silence;
mod tcp;
mod tcp_clients;
#[cfg(test)]
mod test_talk;
mod true_answers;
mod twins;
mod unguessable_questions;
mod verbatim;

pub(super) const TOPICS: &[&[Check]] = &[
    domain_table::CHECKS,
    failover::CHECKS,
    domain_edges::CHECKS,
    forwarder::CHECKS,
    unguessable_questions::CHECKS,
    closed_on_wan::CHECKS,
    answer_contents::CHECKS,
    forged_answers::CHECKS,
    true_answers::CHECKS,
    broken_answers::CHECKS,
    server_outages::CHECKS,
    cache::CHECKS,
    large_answers::CHECKS,
    edns_options::CHECKS,
    failing_servers::CHECKS,
    after_an_answer::CHECKS,
    not_understood::CHECKS,
    own_failures::CHECKS,
    fragmented_answers::CHECKS,
    own_questions::CHECKS,
    odd_questions::CHECKS,
    verbatim::CHECKS,
    clients_apart::CHECKS,
    tcp::CHECKS,
    closed_connections::CHECKS,
];
