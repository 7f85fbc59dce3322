//! Authentication by PAP and CHAP (RFC 1334 §2, RFC 1994 §4; RFC 1661 §3.5).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ppp::{
    AUTHENTICATE_REQUEST, CHALLENGE, CHAP, IPCP, IPV4, IPV6, IPV6CP, PAP, RESPONSE, chap_md5,
};

use super::sessions::{Session, all_heard, all_said, is_disturbed, sessions};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Found, PppoePacket};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.auth.chap",
        source: "RFC 1994 §4.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "CHAPのチャレンジに、同じ識別子で応答する",
            "A CHAP challenge is answered under its own identifier",
        ),
        hint: Text::new(
            "Responseの識別子に、Challengeの識別子をそのまま使ってください。",
            "Use the identifier of the Challenge for the Response.",
        ),
        judge: chap,
    },
    Check {
        id: "ppp.auth.chap-rechallenge",
        source: "RFC 1994 §2, §4.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "セッション中の再チャレンジにも応答する",
            "A challenge in the middle of a session is answered, too",
        ),
        hint: Text::new(
            "認証の後に届いたChallengeにも応答してください。応答がないと、網側がセッションを切断します。",
            "Answer a Challenge that comes after authentication, or the network ends the session.",
        ),
        judge: rechallenge,
    },
    Check {
        id: "ppp.auth.chap-value",
        source: "RFC 1994 §4.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "CHAPの応答が、識別子、パスワード、チャレンジから計算したMD5である",
            "A CHAP response is the MD5 of identifier, password and challenge, under the account's name",
        ),
        hint: Text::new(
            "識別子1バイト、パスワード、チャレンジの順につないでMD5を計算し、設定されたユーザ名を付けてください。",
            "Hash the identifier's byte, the password and the challenge, and add the name as it was entered.",
        ),
        judge: chap_value,
    },
    Check {
        id: "ppp.auth.pap-credentials",
        source: "RFC 1334 §2.2.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PAPで、設定されたユーザ名とパスワードをそのまま送る",
            "PAP sends name and password as they were entered",
        ),
        hint: Text::new(
            "ユーザ名とパスワードを切り詰めたり、realm（@以降）を外したりしないでください。",
            "Cut neither name nor password, and leave the realm behind the @ where it is.",
        ),
        judge: pap_credentials,
    },
    Check {
        id: "ppp.auth.no-nlp-before",
        source: "RFC 1661 §3.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "認証が終わる前に、ネットワーク層のパケットを送らない",
            "Nothing of the network layer is sent before authentication is complete",
        ),
        hint: Text::new(
            "IPCPやIPv6CPは、PAPのAuthenticate-AckかCHAPのSuccessを受け取ってから始めてください。",
            "Begin with IPCP or IPV6CP when the Authenticate-Ack of PAP or the Success of CHAP has come.",
        ),
        judge: nothing_before,
    },
];

fn chap(trace: &Dissection<'_>) -> Verdict {
    challenged(trace, "CHAP challenge", |session, found| {
        session
            .proven()
            .is_none_or(|proven| found.record < proven.record)
    })
}

fn rechallenge(trace: &Dissection<'_>) -> Verdict {
    challenged(
        trace,
        "CHAP challenge in the middle of a session",
        |session, found| {
            session
                .proven()
                .is_some_and(|proven| found.record > proven.record)
        },
    )
}

fn challenged(
    trace: &Dissection<'_>,
    what: &str,
    select: impl Fn(&Session<'_>, &Found<PppoePacket>) -> bool,
) -> Verdict {
    let all = sessions(trace);
    let asked =
        all_heard(&all, CHAP, CHALLENGE).filter(|(session, found, _)| select(session, found));
    every(what, asked, |(session, found, packet)| {
        // RFC 1661 §3.4: before LCP is open nothing else is heard, and frames may overtake others.
        if !session.is_open(found.arrives) {
            return Ruling::Skip;
        }
        let due = found.arrives + SOON;
        let said = || session.said_after(found.record, CHAP, RESPONSE);
        if let Some((response, _)) = said().find(|(_, answer)| answer.id == packet.id) {
            return Ruling::Holds(vec![found.record, response.record]);
        }
        // Another challenge takes the place of this one.
        let (from, to) = (found.record, said().next());
        let superseded = to.is_some_and(|(response, _)| {
            let mut between = session.heard_before(response.record, CHAP, CHALLENGE);
            between
                .next()
                .is_some_and(|(other, _)| other.record != from)
        });
        // What got lost on the way to an open link leaves the two sides with different notions of it.
        let disturbed = is_disturbed(trace, session.confirmed.at, due);
        if superseded || session.until(trace) < due || disturbed {
            return Ruling::Skip;
        }
        let expected = format!("a Response with identifier {}", packet.id);
        match to {
            Some((response, answer)) => broken(
                [found.record, response.record],
                expected,
                format!("one with identifier {}", answer.id),
            ),
            None => broken([found.record], expected, "nothing came").unless_late(
                trace,
                Delay::Silence {
                    from: found.arrives,
                    due,
                },
            ),
        }
    })
}

fn chap_value(trace: &Dissection<'_>) -> Verdict {
    let accounts = &trace.setup().pppoe;
    let all = sessions(trace);
    let answered = all_said(&all, CHAP, RESPONSE);
    every("CHAP response", answered, |(session, found, packet)| {
        let before = || session.heard_before(found.record, CHAP, CHALLENGE);
        let mine = before().find(|(_, challenge)| challenge.id == packet.id);
        let before = mine.or_else(|| before().next());
        let challenge = before.and_then(|(record, it)| Some((record, it.id, it.chap_value()?.0)));
        let (Some((challenge, id, asked)), Some((value, name))) = (challenge, packet.chap_value())
        else {
            return Ruling::Skip;
        };
        let records = [challenge.record, found.record];
        // Of one name there may be several passwords, one of them wrong.
        let own: Vec<_> = accounts
            .iter()
            .filter(|it| it.name.as_bytes() == name)
            .collect();
        if own.is_empty() {
            return broken(
                records,
                "the name of an account as it was entered",
                String::from_utf8_lossy(&name),
            );
        }
        let right = own.iter().any(|account| {
            let right = chap_md5(id, account.password.as_bytes(), &asked);
            right[..] == value[..]
        });
        expect(
            records,
            right,
            "the MD5 of identifier, password and challenge",
            "another value",
        )
    })
}

fn pap_credentials(trace: &Dissection<'_>) -> Verdict {
    let accounts = &trace.setup().pppoe;
    let all = sessions(trace);
    let asked = all_said(&all, PAP, AUTHENTICATE_REQUEST);
    every(
        "Authenticate-Request of PAP",
        asked,
        |(_, found, packet)| {
            let Some((name, password)) = packet.pap_credentials() else {
                return broken([found.record], "a name and a password", "neither");
            };
            let mut known = accounts.iter();
            let account = known.find(|it| it.name.as_bytes() == name);
            let seen = match account {
                None => format!("the name {}", String::from_utf8_lossy(&name)),
                Some(account) if account.password.as_bytes() != password => {
                    "another password".to_owned()
                }
                Some(_) => return Ruling::Holds(vec![found.record]),
            };
            broken(
                [found.record],
                "name and password of an account as they were entered",
                seen,
            )
        },
    )
}

fn nothing_before(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let asked = all.iter().filter(|session| session.is_asked_for_proof());
    every("session with authentication", asked, |session| {
        let proven = session.proven().map_or(usize::MAX, |proven| proven.record);
        let mut early = session.said().filter(|found| {
            let network = [IPCP, IPV6CP, IPV4, IPV6];
            let of_network = found.is.protocol().is_some_and(|it| network.contains(&it));
            of_network && found.record < proven
        });
        match (early.next(), session.proven()) {
            (Some(early), _) => broken(
                [session.confirmed.record, early.record],
                "authentication first",
                "a packet of the network layer before it was complete",
            ),
            (None, Some(proven)) => Ruling::Holds(vec![session.confirmed.record, proven.record]),
            (None, None) => Ruling::Skip,
        }
    })
}
