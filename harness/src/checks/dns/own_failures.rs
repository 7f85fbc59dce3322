//! The failures that a forwarder reports by itself, because no server answered: they are messages
//! like any other (RFC 1035 §4.1, RFC 6891 §6.1.1).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::dns as wire;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::dns::SERVFAIL;
use crate::dissection::{Dissection, Dns, Exchange};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.failure-edns",
        source: "RFC 6891 §6.1.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "EDNS付きの問い合わせには、自分で作るエラー応答にもOPTレコードを付ける",
            "Who asked with EDNS is told of a failure with EDNS",
        ),
        hint: Text::new(
            "SERVFAILなどを自分で返すときも、問い合わせにOPTレコードがあれば応答に含めてください。",
            "Add an OPT record to errors of your own making if the question has one.",
        ),
        judge: with_edns,
    },
    Check {
        id: "dns.proxy.failure-form",
        source: "RFC 1035 §4.1.1; RFC 4035 §3.2.2",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "自分で作るエラー応答の形式が正しい",
            "A failure that the device reports by itself is well-formed",
        ),
        hint: Text::new(
            "RDとCDは問い合わせから写し、予約ビットは0にし、含めたレコードだけを数えてください。",
            "Copy RD and CD, leave the reserved bit zero, and count what is there.",
        ),
        judge: well_formed,
    },
    Check {
        id: "dns.proxy.failure-no-authority",
        source: "RFC 1035 §4.1.1",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "自分で作るエラー応答にAAとTCを立てない",
            "A failure that the device reports by itself is neither authoritative nor cut",
        ),
        hint: Text::new(
            "SERVFAILなどを自分で返すときは、AAとTCを0にしてください。",
            "Leave AA and TC zero in errors of your own making.",
        ),
        judge: no_authority,
    },
];

/// Returns the questions that the device itself answered with an error, which no server had said
/// before.
fn own_failures<'d>(trace: &'d Dissection<'_>) -> Vec<Exchange<'d>> {
    let upstream = trace.upstream_dns();
    let mut own = trace.lan_dns();
    own.retain(|exchange| {
        let Some(reply) = exchange.reply() else {
            return false;
        };
        let is_said = |other: &Exchange<'_>| {
            let mut replies = other.replies.iter();
            replies.any(|said| {
                said.record < reply.record && said.is.full_rcode() == reply.is.full_rcode()
            })
        };
        [FORMERR, SERVFAIL, NOTIMP, REFUSED].contains(&reply.is.rcode)
            && exchange.query.is.opcode() == 0
            && exchange.query.is.message.is_some()
            && !upstream
                .iter()
                .any(|other| other.asks_same(exchange) && is_said(other))
    });
    own
}

fn with_edns(trace: &Dissection<'_>) -> Verdict {
    every(
        "question with EDNS that the device failed by itself",
        own_failures(trace),
        |exchange| {
            let asked = exchange.query.is.opt();
            let Some(reply) = exchange.reply().filter(|_| asked.is_some()) else {
                return Ruling::Skip;
            };
            // RFC 6891 §7: who has no EDNS says FORMERR, and has no OPT record to add.
            if reply.is.rcode == FORMERR {
                return Ruling::Skip;
            }
            expect(
                exchange.records(),
                reply.is.opt().is_some(),
                format!("response code {} with an OPT record", reply.is.rcode),
                "an answer without an OPT record",
            )
        },
    )
}

fn well_formed(trace: &Dissection<'_>) -> Verdict {
    every(
        "question that the device failed by itself",
        own_failures(trace),
        |exchange| {
            let Some(reply) = exchange.reply() else {
                return Ruling::Skip;
            };
            let (asked, given) = (exchange.query.is.flags, reply.is.flags);
            if given & COPIED != asked & COPIED {
                return broken(
                    exchange.records(),
                    format!("RD and CD as in the question, {:#06x}", asked & COPIED),
                    format!("{:#06x}", given & COPIED),
                );
            }
            if given & RESERVED != 0 {
                return broken(
                    exchange.records(),
                    "a failure with the reserved bit zero",
                    format!("flags {given:#06x}"),
                );
            }
            expect(
                exchange.records(),
                is_whole(&reply.is),
                "an answer that ends with the last record that it counts",
                "more or less than its header counts",
            )
        },
    )
}

fn no_authority(trace: &Dissection<'_>) -> Verdict {
    every(
        "question that the device failed by itself",
        own_failures(trace),
        |exchange| {
            let Some(reply) = exchange.reply() else {
                return Ruling::Skip;
            };
            expect(
                exchange.records(),
                !reply.is.authoritative && !reply.is.truncated,
                "a failure with AA and TC zero",
                format!("flags {:#06x}", reply.is.flags),
            )
        },
    )
}

/// Returns whether a message ends where its counts say.
fn is_whole(message: &Dns) -> bool {
    let Some(records) = wire::records(&message.bytes) else {
        return false;
    };
    let question = || wire::Question::of(&message.bytes).map(|question| question.end());
    let end = match records.last() {
        Some(last) => Some(last.end),
        None if message.bytes.get(4..6) == Some(&[0, 0]) => Some(wire::HEADER),
        None => question(),
    };
    end == Some(message.bytes.len())
}

/// RD and CD (RFC 1035 §4.1.1, RFC 4035 §3.2.2).
const COPIED: u16 = 0x0110;
/// Z must be zero in all messages (RFC 1035 §4.1.1).
const RESERVED: u16 = 0x0040;
// RFC 1035 §4.1.1.
const FORMERR: u8 = 1;
const NOTIMP: u8 = 4;
const REFUSED: u8 = 5;

#[cfg(test)]
mod tests {
    use hickory_proto::rr::RecordType;
    use ngnlab_sim::trace::{End, Role};

    use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes};
    use crate::dissection::builder::{TraceBuilder, query};

    const NAME: &str = "www.lineauth.mnw";
    const EDNS: &str = "dns.proxy.failure-edns";
    const FORM: &str = "dns.proxy.failure-form";
    const ALONE: &str = "dns.proxy.failure-no-authority";

    #[test]
    fn a_failure_has_an_opt_record_if_the_question_has_one() {
        let said = failed(Some(1232), |_| {});
        assert_passes(EDNS, &said);
        assert_passes(FORM, &said);
        let silent = failed(Some(1232), |bytes| {
            bytes.truncate(bytes.len() - 11);
            bytes[11] = 0;
        });
        assert_fails(EDNS, &silent);
        assert_passes(FORM, &silent);
        assert_open(EDNS, &failed(None, |_| {}));
    }

    #[test]
    fn flags_and_counts_of_a_failure_are_its_own() {
        for (at, bit) in [(3, 0x40), (2, 0x01), (3, 0x10)] {
            assert_fails(FORM, &failed(None, |bytes| bytes[at] ^= bit));
        }
        assert_passes(ALONE, &failed(None, |_| {}));
        for bit in [0x04, 0x02] {
            assert_fails(ALONE, &failed(None, |bytes| bytes[2] ^= bit));
        }
        assert_fails(FORM, &failed(None, |bytes| bytes[11] = 1));
        assert_fails(FORM, &failed(None, |bytes| bytes.push(0)));
    }

    #[test]
    fn what_a_server_said_is_no_failure_of_the_devices_own() {
        let mut trace = TraceBuilder::new("next-pd");
        let server = trace.ons_dns();
        let asked = trace.lan_ra(|_| {}).at(1000).ask(NAME, RecordType::AAAA);
        trace.forward(7, NAME, server);
        let mut said = query(7, NAME, RecordType::AAAA, None);
        (said[2], said[3]) = (0x85, 0x82);
        let ends = ((server, 53), (trace.router(), 40_007));
        trace.udp(Role::Wan, End::Network, ends, &said);
        said[..2].copy_from_slice(&asked.to_be_bytes());
        let ends = ((trace.router(), 53), (trace.pc(), 30_000 + asked));
        trace.udp(Role::Lan, End::Device, ends, &said);
        assert_open(FORM, &trace);
    }

    /// The router answers SERVFAIL, changed by `change`, and no server has said anything.
    fn failed(edns: Option<u16>, change: impl Fn(&mut Vec<u8>)) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-pd");
        let server = trace.ons_dns();
        trace.lan_ra(|_| {}).at(1000);
        let asked = trace.ask_with(NAME, RecordType::AAAA, edns);
        trace.forward(7, NAME, server);
        let mut bytes = query(asked, NAME, RecordType::AAAA, edns);
        (bytes[2], bytes[3]) = (0x81, 0x82);
        change(&mut bytes);
        let ends = ((trace.router(), 53), (trace.pc(), 30_000 + asked));
        trace.at(7000).udp(Role::Lan, End::Device, ends, &bytes);
        trace
    }
}
