//! A server that says it failed, while another one is there to be asked (RFC 1034 §5.3.3).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::own_refusals::is_good;
use crate::checks::dns::twins::{PATIENCE, twins};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::dns::SERVFAIL;
use crate::dissection::{Dissection, Exchange};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.proxy.failure-failover",
    source: "RFC 1034 §5.3.3; RFC 2308 §7.1",
    level: Level::Should,
    profiles: EVERY_FORWARDER,
    aspects: &[Aspect::Dns],
    title: Text::new(
        "1台のDNSサーバが失敗を返したら、もう1台に問い合わせる",
        "When one DNS server fails, the other one is asked",
    ),
    hint: Text::new(
        "SERVFAILやREFUSEDを返したサーバを除き、残りのサーバにも問い合わせてから端末に答えてください。",
        "Ask the remaining servers before a SERVFAIL or REFUSED of one is handed to the terminal.",
    ),
    judge: asks_the_other,
}];

/// RFC 1035 §3.2.4.
const INTERNET: u16 = 1;

/// RFC 1035 §4.1.1.
const REFUSED: u8 = 5;

fn asks_the_other(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    // An answer with random bytes changed says by chance that its server failed.
    let mutated = mutated(trace);
    every("question that a server failed at", &lan, |exchange| {
        // Of other classes a server may know nothing at all (RFC 1035 §3.2.4).
        let is_of_internet = exchange
            .question()
            .is_some_and(|question| question.class == INTERNET);
        if !is_of_internet {
            return Ruling::Skip;
        }
        if mutated
            .as_ref()
            .is_some_and(|time| time.contains(&exchange.query.at))
        {
            return Ruling::Skip;
        }
        let servers = trace.setup().servers_for(exchange.name());
        let asked: Vec<&Exchange<'_>> = twins(&upstream, exchange)
            .filter(|twin| servers.contains(&twin.query.destination))
            .collect();
        let failed = asked.iter().find(|twin| {
            // What comes behind its first word comes to nobody who waits.
            let mut replies = twin.replies.iter();
            let first = replies.find(|reply| !reply.injected && !reply.lost);
            first.is_some_and(|reply| [SERVFAIL, REFUSED].contains(&reply.is.rcode))
        });
        let Some(failed) = failed else {
            return Ruling::Skip;
        };
        let others = || {
            let mut others = servers.iter();
            others.any(|server| *server != failed.query.destination)
        };
        if !others() || trace.is_disturbed(exchange.query.at, exchange.query.at + PATIENCE) {
            return Ruling::Skip;
        }
        let other = asked
            .iter()
            .find(|twin| twin.query.destination != failed.query.destination);
        match (other, exchange.reply()) {
            (Some(other), _) => Ruling::Holds(vec![
                exchange.query.record,
                failed.query.record,
                other.query.record,
            ]),
            // What a cache had, or what a repeated question brought, is as good.
            (None, Some(reply)) if is_good(&reply.is) => Ruling::Skip,
            (None, Some(reply)) => broken(
                [exchange.query.record, failed.query.record, reply.record],
                format!(
                    "another server asked for {}, as {} failed",
                    exchange.name(),
                    failed.query.destination
                ),
                format!("response code {} handed to the terminal", reply.is.rcode),
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: exchange.query.at,
                    to: reply.at,
                },
            ),
            (None, None) => Ruling::Skip,
        }
    })
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::RecordType;

    use crate::checks::test_verdicts::{fails, passes};
    use crate::dissection::builder::{Reply, TraceBuilder};

    const NAME: &str = "www.lineauth.mnw";

    #[test]
    fn the_failure_of_one_server_is_not_the_last_word() {
        for asks_both in [false, true] {
            let mut trace = TraceBuilder::new("next-pd");
            trace.lan_ra(|_| {});
            let servers = trace.trace.header.setup.servers_for(NAME).to_vec();
            let id = trace.at(1000).ask(NAME, RecordType::AAAA);
            trace.forward(5, NAME, servers[0]);
            trace.upstream_answer(5, NAME, servers[0], Reply::Code(ResponseCode::ServFail));
            if asks_both {
                trace.forward(6, NAME, servers[1]);
            }
            trace.answer(id, NAME, Reply::Code(ResponseCode::ServFail));
            trace.at(20_000);
            assert_eq!(fails("dns.proxy.failure-failover", &trace), !asks_both);
            assert_eq!(passes("dns.proxy.failure-failover", &trace), asks_both);
        }
    }
}
