//! How the device asks for options, and what it says to what it does not know (RFC 1661 §5.1, §5.6,
//! §5.7).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ppp::{
    CHAP, CODE_REJECT, CONFIGURE_REQUEST, DISCARD_REQUEST, IPCP, IPV4, IPV6, IPV6CP, LCP, PAP,
    PROTOCOL_REJECT,
};

use super::sessions::{Seen, Session, is_disturbed, sessions};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.lcp.request-id",
        source: "RFC 1661 §5.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "オプションを変えたConfigure-Requestには新しい識別子を付ける",
            "A Configure-Request with other options has another identifier",
        ),
        hint: Text::new(
            "オプションが変わるたび、また応答を受け取るたびに、識別子を変えてください。",
            "Change the identifier whenever the options change, and after each answer.",
        ),
        judge: request_id,
    },
    Check {
        id: "ppp.lcp.code-reject",
        source: "RFC 1661 §5.6",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "知らないLCPのコードにCode-Rejectを返す",
            "An LCP packet of an unknown code is answered with Code-Reject",
        ),
        hint: Text::new(
            "知らないコードのLCPパケットには、受け取ったパケットを入れたCode-Rejectを返してください。",
            "Answer an LCP packet of an unknown code with a Code-Reject that has the packet in it.",
        ),
        judge: code_reject,
    },
    Check {
        id: "ppp.lcp.protocol-reject",
        source: "RFC 1661 §5.7",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "知らないPPPプロトコルにProtocol-Rejectを返す",
            "A frame of an unknown protocol is answered with Protocol-Reject",
        ),
        hint: Text::new(
            "LCPが開いた後に知らないプロトコルが届いたら、その番号を入れたProtocol-Rejectを返してください。",
            "Once LCP is open, answer an unknown protocol with a Protocol-Reject that names it.",
        ),
        judge: protocol_reject,
    },
];

fn request_id(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let pairs = all.iter().flat_map(|session| {
        [LCP, IPCP].into_iter().flat_map(move |protocol| {
            let requests: Vec<_> = session.said_as(protocol, CONFIGURE_REQUEST).collect();
            let pairs: Vec<_> = requests.windows(2).map(|pair| (pair[0], pair[1])).collect();
            pairs
        })
    });
    let changed = pairs.filter(|((_, before), (_, after))| before.data != after.data);
    every(
        "Configure-Request with other options",
        changed,
        |(before, after)| {
            expect(
                [before.0.record, after.0.record],
                before.1.id != after.1.id,
                "another identifier than before",
                format!("identifier {} again", after.1.id),
            )
        },
    )
}

fn code_reject(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let odd = all.iter().flat_map(|session| {
        let heard = session.heard().filter(|found| {
            let control = found.is.control.as_ref();
            let is_odd = control.is_some_and(|it| it.code == 0 || it.code > HIGHEST_KNOWN);
            is_odd && found.is.protocol() == Some(LCP) && session.is_open(found.at)
        });
        heard.map(move |found| (session, found))
    });
    every("LCP packet of an unknown code", odd, |(session, found)| {
        let sent = found.is.ppp.as_ref().map(|ppp| &ppp.information[..]);
        answered(trace, session, found, CODE_REJECT, |data| {
            sent.is_some_and(|sent| sent.starts_with(&data[..data.len().min(2)]))
        })
    })
}

fn protocol_reject(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let odd = all.iter().flat_map(|session| {
        let heard = session.heard().filter(|found| {
            let known = [LCP, PAP, CHAP, IPCP, IPV6CP, IPV4, IPV6];
            let is_odd = found.is.protocol().is_some_and(|it| !known.contains(&it));
            is_odd && session.is_open(found.at)
        });
        heard.map(move |found| (session, found))
    });
    every("frame of an unknown protocol", odd, |(session, found)| {
        let protocol = found.is.protocol().unwrap_or_default().to_be_bytes();
        answered(trace, session, found, PROTOCOL_REJECT, |data| {
            data.starts_with(&protocol)
        })
    })
}

/// Judges that something odd is answered by LCP with a code.
fn answered(
    trace: &Dissection<'_>,
    session: &Session<'_>,
    found: &Seen,
    code: u8,
    is_mine: impl Fn(&[u8]) -> bool,
) -> Ruling {
    let expected = match code {
        CODE_REJECT => "a Code-Reject with what was not understood",
        _ => "a Protocol-Reject with what was not understood",
    };
    let due = found.arrives + SOON;
    let mut answers = session
        .said_after(found.record, LCP, code)
        .filter(|(_, packet)| is_mine(&packet.data));
    match answers.next() {
        Some((answer, _)) => Ruling::Holds(vec![found.record, answer.record]),
        None if trace.end() < due || is_disturbed(trace, found.at, due) => Ruling::Skip,
        None => broken([found.record], expected, "nothing came").unless_late(
            trace,
            Delay::Silence {
                from: found.arrives,
                due,
            },
        ),
    }
}

/// RFC 1661 §5; RFC 1570 and others have 12 to 15.
const HIGHEST_KNOWN: u8 = 15;
const _: () = assert!(DISCARD_REQUEST <= HIGHEST_KNOWN);
