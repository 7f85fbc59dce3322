//! What a device does that the concentrator refuses: a session too many, a wrong name (RFC 2516 §5.4,
//! ngn-facts §4.5).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ppp::{AUTHENTICATE_NAK, CHAP, FAILURE, PAP};
use ngnlab_sim::message::pppoe::{
    AC_SYSTEM_ERROR, Code, GENERIC_ERROR, HOST_UNIQ, SERVICE_NAME_ERROR,
};
use ngnlab_sim::trace::Role;

use super::sessions::{Discovery, Seen, heard, is_restarted, on_wan, sessions};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every, seconds};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.disc.error-is-no-session",
        source: "RFC 2516 §5.4, appendix A",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "エラーの入ったPADSをセッションの確立とみなさない",
            "A PADS with an error is no session",
        ),
        hint: Text::new(
            "SESSION_IDが0のPADSやエラータグのあるPADSでは、PPPを始めずに接続をやめてください。",
            "At a PADS with SESSION_ID zero or with an error tag, give up and start no PPP.",
        ),
        judge: no_session,
    },
    // No standard asks for it: an operator locks accounts and lines that storm (catalogue K).
    Check {
        id: "ppp.disc.refusal-backoff",
        source: "ngnlab (inferred); RFC 2516 §8",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "セッション数の超過などで拒否されたら、間を置いてから接続し直す",
            "Refused by an error, as for a session too many, it waits before it asks again",
        ),
        hint: Text::new(
            "PADSのエラーの後は、少なくとも5秒は待ち、失敗が続くほど間隔を延ばしてください。",
            "Wait at least five seconds after an error in a PADS, and longer with each failure.",
        ),
        judge: refusal_backoff,
    },
    Check {
        id: "ppp.auth.fail-backoff",
        source: "ngnlab (inferred)",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "認証に失敗したら、間を置いてから接続し直す",
            "After a failed authentication it waits before it tries again",
        ),
        hint: Text::new(
            "認証の失敗後は、少なくとも5秒は待ち、失敗が続くほど間隔を延ばしてください。アカウントが停止されることがあります。",
            "Wait at least five seconds after a failed authentication, and longer with each failure: accounts get locked.",
        ),
        judge: proof_backoff,
    },
];

fn is_error(found: &Seen) -> bool {
    let errors = [SERVICE_NAME_ERROR, AC_SYSTEM_ERROR, GENERIC_ERROR];
    let named = found.is.tags().iter().any(|tag| errors.contains(&tag.kind));
    found.is.code() == Some(Code::Confirmation) && (named || found.is.session() == 0)
}

fn no_session(trace: &Dissection<'_>) -> Verdict {
    let refusals: Vec<&Seen> = heard(trace, Code::Confirmation)
        .filter(|found| is_error(found))
        .collect();
    every("PADS with an error", &refusals, |refusal| {
        let session = refusal.is.session();
        let mut speaks = on_wan(trace).filter(|found| {
            found.record > refusal.record
                && found.by_device(Role::Wan)
                && found.is.ppp.is_some()
                && found.eth_destination == refusal.eth_source
                && found.is.session() == session
        });
        match speaks.next() {
            None => Ruling::Holds(vec![refusal.record]),
            Some(spoken) => broken(
                [refusal.record, spoken.record],
                "no PPP, since there is no session",
                format!("a session packet with SESSION_ID {session}"),
            ),
        }
    })
}

fn refusal_backoff(trace: &Dissection<'_>) -> Verdict {
    let talk = Discovery::of(trace);
    let refusals = heard(trace, Code::Confirmation).filter(|found| is_error(found));
    every("PADS with an error", refusals, |refusal| {
        let whose = refusal.is.tag(HOST_UNIQ);
        waits(trace, &talk, refusal, |found| {
            found.is.tag(HOST_UNIQ) == whose
        })
    })
}

fn proof_backoff(trace: &Dissection<'_>) -> Verdict {
    let talk = Discovery::of(trace);
    let one = trace.setup().pppoe.len() == 1;
    let refusals = sessions(trace).into_iter().filter_map(|session| {
        let chap = session.heard_as(CHAP, FAILURE);
        let pap = session.heard_as(PAP, AUTHENTICATE_NAK);
        let refusal = chap.chain(pap).map(|(found, _)| found).next()?;
        Some((session.confirmed.is.tag(HOST_UNIQ), refusal))
    });
    every("failed authentication", refusals, |(whose, refusal)| {
        waits(trace, &talk, refusal, |found| {
            one || found.is.tag(HOST_UNIQ) == whose
        })
    })
}

/// Judges that the device waits a while before it asks for a session again.
fn waits(
    trace: &Dissection<'_>,
    talk: &Discovery<'_>,
    refusal: &Seen,
    is_same: impl Fn(&Seen) -> bool,
) -> Ruling {
    let mut later = talk.sent_after(refusal.record);
    let Some(next) = later.find(|found| is_same(found)) else {
        return match trace.end() < refusal.arrives + LEAST {
            true => Ruling::Skip,
            false => Ruling::Holds(vec![refusal.record]),
        };
    };
    let waited = next.at.since(refusal.arrives);
    if waited >= LEAST || is_restarted(trace, refusal.at, next.at) {
        return Ruling::Holds(vec![refusal.record, next.record]);
    }
    broken(
        [refusal.record, next.record],
        format!("{} or more until the next attempt", seconds(LEAST)),
        seconds(waited),
    )
    .unless_late(
        trace,
        Delay::TooSoon {
            after: refusal.arrives,
            by: LEAST - waited,
        },
    )
}

/// The least that a client may wait (inferred; ngn-facts §4.5: SEIL redials after 6 s).
const LEAST: Duration = Duration::from_secs(5);
