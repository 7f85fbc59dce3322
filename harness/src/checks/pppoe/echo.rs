//! LCP echoes: answered, with one's own magic number, and in opened state alone (RFC 1661 §5.8).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ppp::{CONFIGURE_ACK, ECHO_REPLY, ECHO_REQUEST, LCP, MAGIC};

use super::sessions::{Session, all_heard, all_said, is_disturbed, sessions};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.lcp.echo-reply",
        source: "RFC 1661 §5.8",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "LCPが開いている間のEcho-Requestに応答する",
            "LCP Echo-Requests in opened state are answered",
        ),
        hint: Text::new(
            "同じ識別子のEcho-Replyを返してください。返さないと、網側がセッションを切断します。",
            "Send an Echo-Reply with the same identifier, or the network ends the session.",
        ),
        judge: answers_echo,
    },
    Check {
        id: "ppp.lcp.echo-magic",
        source: "RFC 1661 §5.8",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "Echo-RequestとEcho-Replyに自分のMagic-Numberを入れる",
            "Echo-Requests and Echo-Replies have the sender's own Magic-Number",
        ),
        hint: Text::new(
            "Echo-Replyには、相手のMagic-Numberではなく、自分が合意した値を入れてください。",
            "Put the number that you agreed on into an Echo-Reply, and not the other side's.",
        ),
        judge: own_magic,
    },
    Check {
        id: "ppp.lcp.echo-when-open",
        source: "RFC 1661 §5.8",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "LCPが開く前にEcho-Requestを送らない",
            "No Echo-Request is sent before LCP is open",
        ),
        hint: Text::new(
            "Echo-Requestは、双方のConfigure-Ackが揃ってから始めてください。",
            "Begin with Echo-Requests when both sides have sent a Configure-Ack.",
        ),
        judge: only_when_open,
    },
];

fn answers_echo(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let asked =
        all_heard(&all, LCP, ECHO_REQUEST).filter(|(session, found, _)| session.is_open(found.at));
    every(
        "Echo-Request in opened state",
        asked,
        |(session, found, packet)| {
            let due = found.arrives + SOON;
            let mut replies = session.said_after(found.record, LCP, ECHO_REPLY);
            match replies.find(|(_, reply)| reply.id == packet.id) {
                Some((reply, _)) => Ruling::Holds(vec![found.record, reply.record]),
                None if session.until(trace) < due || is_disturbed(trace, found.at, due) => {
                    Ruling::Skip
                }
                None => broken(
                    [found.record],
                    "an Echo-Reply with the same identifier",
                    "nothing came",
                )
                .unless_late(
                    trace,
                    Delay::Silence {
                        from: found.arrives,
                        due,
                    },
                ),
            }
        },
    )
}

/// Returns the magic number that the other side has agreed to; zero where none was.
fn agreed(session: &Session<'_>) -> [u8; 4] {
    let agreed = session.heard_as(LCP, CONFIGURE_ACK).last();
    let options = agreed
        .and_then(|(_, ack)| ack.options())
        .unwrap_or_default();
    let magic = options.into_iter().find(|option| option.kind == MAGIC);
    magic
        .and_then(|option| option.value.try_into().ok())
        .unwrap_or_default()
}

fn own_magic(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let said = all.iter().flat_map(|session| {
        let own = agreed(session);
        let replies = session.said_as(LCP, ECHO_REPLY);
        let both = replies.chain(session.said_as(LCP, ECHO_REQUEST));
        let open = both.filter(|(found, _)| session.is_open(found.at));
        open.map(move |(found, packet)| (own, found, packet))
    });
    every(
        "Echo-Request or Echo-Reply",
        said,
        |(own, found, packet)| {
            let Some(seen) = packet.data.first_chunk::<4>() else {
                return broken([found.record], "a Magic-Number", "none");
            };
            expect(
                [found.record],
                *seen == own,
                format!("{:#010x}", u32::from_be_bytes(own)),
                format!("{:#010x}", u32::from_be_bytes(*seen)),
            )
        },
    )
}

fn only_when_open(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let asked = all_said(&all, LCP, ECHO_REQUEST);
    every(
        "Echo-Request of the device",
        asked,
        |(session, found, _)| {
            let opening = session.opening(LCP);
            match opening.filter(|opening| opening.record < found.record) {
                Some(_) => Ruling::Holds(vec![found.record]),
                None => broken(
                    [found.record],
                    "an Echo-Request once LCP is open",
                    "one before both sides have agreed",
                ),
            }
        },
    )
}
