//! Servers that do not understand what they are asked (RFC 1035 §4.1.1), as those without EDNS say of
//! an OPT record (RFC 6891 §7).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::answer_shapes::{FORMERR, is_format_error};
use crate::checks::dns::own_refusals::is_good;
use crate::checks::dns::relayed::relayed;
use crate::checks::dns::silence::nothing_came;
use crate::checks::dns::twins::{in_the_end, twins};
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::{Dissection, Dns};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.proxy.formerr-passed",
    source: "RFC 5625 §3; RFC 6891 §7",
    level: Level::Should,
    profiles: EVERY_FORWARDER,
    aspects: &[Aspect::Dns],
    title: Text::new(
        "上位のFORMERRを端末に伝える",
        "FORMERR from upstream reaches the terminal",
    ),
    hint: Text::new(
        "FORMERRを受けたら、EDNSなしで問い合わせ直すか、そのまま端末に返してください。",
        "Ask again without EDNS, or hand FORMERR on, so that the terminal can.",
    ),
    judge: passed,
}];

fn passed(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every(
        "question that no server understood",
        relayed(trace),
        |relayed| {
            if !relayed.all(is_format_error) {
                return Ruling::Skip;
            }
            let asked = &relayed.lan;
            let first = relayed.replies[0].record;
            let Some(reply) = in_the_end(&lan, asked) else {
                return nothing_came("dns.proxy.formerr-passed", trace, &upstream, asked);
            };
            let has_edns = |dns: &Dns| dns.edns().is_some();
            // Without EDNS there is nothing to be had from asking again.
            let asked_without = || twins(&upstream, asked).any(|twin| !has_edns(&twin.query.is));
            let is_told = reply.is.rcode == FORMERR || is_good(&reply.is);
            let ruling = expect(
                [asked.query.record, first, reply.record],
                is_told || !has_edns(&asked.query.is) || asked_without(),
                format!(
                    "FORMERR for {}, or a question without EDNS upstream",
                    asked.name()
                ),
                format!("response code {}", reply.is.rcode),
            );
            ruling.unless_late(
                trace,
                Delay::Race {
                    from: asked.query.at,
                    to: reply.at,
                },
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::RecordType;
    use ngnlab_sim::trace::{End, Role};

    use crate::checks::test_verdicts::{assert_fails, assert_passes};
    use crate::dissection::builder::{Reply, TraceBuilder};

    const CHECK: &str = "dns.proxy.formerr-passed";
    const NAME: &str = "www.lineauth.mnw";

    #[test]
    fn a_server_without_edns_says_so_to_the_terminal() {
        for (edns, code, passes) in [
            (Some(1232), ResponseCode::FormErr, true),
            (Some(1232), ResponseCode::ServFail, false),
            (None, ResponseCode::ServFail, true),
        ] {
            let mut trace = not_understood(edns);
            let asked = trace.fresh_id() - 1;
            trace.answer(asked, NAME, Reply::Code(code)).at(20_000);
            match passes {
                true => assert_passes(CHECK, &trace),
                false => assert_fails(CHECK, &trace),
            }
        }
    }

    #[test]
    fn who_asks_again_without_edns_may_fail() {
        let mut trace = not_understood(Some(1232));
        let (asked, server) = (trace.fresh_id() - 1, trace.ons_dns());
        trace.forward(8, NAME, server);
        let failure = Reply::Code(ResponseCode::ServFail);
        trace.answer(asked, NAME, failure).at(20_000);
        assert_passes(CHECK, &trace);
    }

    /// The only server answers with the header alone that it does not understand.
    fn not_understood(edns: Option<u16>) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-pd");
        let server = trace.ons_dns();
        trace.lan_ra(|_| {}).at(1000);
        trace.ask_with(NAME, RecordType::AAAA, edns);
        trace.forward_with(7, 40_007, NAME, server, edns);
        let ends = ((server, 53), (trace.router(), 40_007));
        let header = [0, 7, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0];
        trace.udp(Role::Wan, End::Network, ends, &header);
        trace
    }
}
