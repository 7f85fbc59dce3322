//! The true answer behind a forged one: what is invalid answers nothing, so that the question stays
//! open for it (RFC 5452 §9.1, RFC 7766 §7).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::forged_answers::is_forged_for;
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::own_refusals::is_good;
use crate::checks::dns::twins::{PATIENCE, in_the_end, twins};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::dns::Dns;
use crate::dissection::{Dissection, Exchange, Found};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.sec.true-answer-follows",
    source: "RFC 5452 §9.1; RFC 7766 §7",
    level: Level::Should,
    profiles: EVERY_FORWARDER,
    aspects: &[Aspect::Dns],
    title: Text::new(
        "偽の応答の後に届いた正しい応答が端末に届く",
        "The true answer that follows a forged one reaches the terminal",
    ),
    hint: Text::new(
        "照合できない応答は無視し、問い合わせを終わらせずに正しい応答を待ってください。",
        "Ignore an answer that does not match, and go on waiting for the one that does.",
    ),
    judge: follows,
}];

fn follows(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let mutated = mutated(trace);
    every("true answer behind a forged one", &lan, |exchange| {
        let (asked, until) = (exchange.query.at, exchange.query.at + PATIENCE);
        let during = |found: &Found<Dns>| {
            let mutated = mutated.as_ref();
            mutated.is_some_and(|mutated| mutated.contains(&found.at))
        };
        let found = twins(&upstream, exchange).find_map(|twin| behind(trace, &upstream, twin));
        let Some((forged, honest)) = found.filter(|(forged, _)| !during(forged)) else {
            return Ruling::Skip;
        };
        let shown = [exchange.query.record, forged.record, honest.record];
        let reply = in_the_end(&lan, exchange);
        match reply {
            Some(reply) if is_good(&reply.is) => {
                Ruling::Holds([&shown[..], &[reply.record]].concat())
            }
            // That nothing came at all is for the checks on answers.
            None => Ruling::Skip,
            Some(_) if trace.is_disturbed(asked, until) => Ruling::Skip,
            Some(reply) => broken(
                shown.into_iter().chain([reply.record]),
                format!("the true answer for {}", exchange.name()),
                format!("response code {}", reply.is.rcode),
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: asked,
                    to: reply.at,
                },
            ),
        }
    })
}

/// Returns a forged answer to a question upstream, and the true one that came behind it.
fn behind<'d>(
    trace: &'d Dissection<'_>,
    upstream: &[Exchange<'d>],
    open: &Exchange<'d>,
) -> Option<(&'d Found<Dns>, &'d Found<Dns>)> {
    let honest = open.replies.iter().find(|reply| {
        !reply.lost
            && !reply.is.truncated
            && reply.is.message.is_some()
            && is_good(&reply.is)
            && reply.at <= open.query.at + PATIENCE
    })?;
    let is_reply = |found: &Found<Dns>| {
        let mut replies = upstream.iter().flat_map(|other| &other.replies);
        replies.any(|reply| std::ptr::eq(*reply, found))
    };
    let forged = trace.dns.iter().find(|found| {
        found.to_device(Role::Wan)
            && open.query.record < found.record
            // Over TCP, one segment may bring both.
            && found.record <= honest.record
            && is_forged_for(trace, open, found)
            && !is_reply(found)
    })?;
    Some((forged, honest))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::RecordType;
    use ngnlab_sim::trace::{End, Role};

    use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes};
    use crate::dissection::builder::{Reply, TraceBuilder, response};

    const CHECK: &str = "dns.sec.true-answer-follows";
    const NAME: &str = "www.lineauth.mnw";
    const TRUE: Ipv6Addr = Ipv6Addr::new(0x2404, 0, 0, 0, 0, 0, 0, 1);
    const FALSE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xbad);

    #[test]
    fn a_forged_answer_does_not_end_a_question() {
        assert_passes(CHECK, &told(Reply::Addresses(&[TRUE]), true));
        let failure = Reply::Code(ResponseCode::ServFail);
        assert_fails(CHECK, &told(failure, true));
        // Who never hears the true answer has nothing to hand on.
        assert_open(CHECK, &told(failure, false));
    }

    fn told(reply: Reply<'_>, honest: bool) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-pd");
        let server = trace.ons_dns();
        let asked = trace.lan_ra(|_| {}).at(1000).ask(NAME, RecordType::AAAA);
        trace.forward(7, NAME, server);
        let lie = response(7, "zww.lineauth.mnw", Reply::Addresses(&[FALSE]));
        let ends = ((server, 53), (trace.router(), 40_007));
        trace.udp(Role::Wan, End::Network, ends, &lie);
        trace.at(1300);
        if honest {
            trace.upstream_answer(7, NAME, server, Reply::Addresses(&[TRUE]));
        }
        trace.answer(asked, NAME, reply);
        trace.at(20_000).ask("a.lineauth.mnw", RecordType::AAAA);
        trace
    }
}
