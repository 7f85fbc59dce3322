//! What the device makes of a PADO: what it has to return, what it has to ignore, whom it chooses, and
//! what it does when no PADS comes (RFC 2516 §4.1, §5.3, §8, appendix A).

use std::collections::BTreeSet;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::pppoe::{
    AC_COOKIE, AC_NAME, AC_SYSTEM_ERROR, Code, GENERIC_ERROR, HOST_UNIQ, PPP_MAX_PAYLOAD,
    RELAY_SESSION_ID, SERVICE_NAME, SERVICE_NAME_ERROR, VENDOR_SPECIFIC,
};

use super::sessions::{Discovery, Seen, heard, is_disturbed, is_restarted, sent};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.disc.cookie-returned",
        source: "RFC 2516 appendix A",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADOのAC-Cookieを、そのままPADRで返す",
            "The AC-Cookie of a PADO comes back unmodified in the PADR",
        ),
        hint: Text::new(
            "PADOのAC-Cookieタグを1ビットも変えずにPADRに入れてください。",
            "Copy the AC-Cookie tag of the PADO into the PADR, unchanged.",
        ),
        judge: cookie_returned,
    },
    Check {
        id: "ppp.disc.relay-id-returned",
        source: "RFC 2516 appendix A",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADOのRelay-Session-Idを、そのままPADRで返す",
            "The Relay-Session-Id of a PADO comes back unmodified in the PADR",
        ),
        hint: Text::new(
            "PADOのRelay-Session-Idタグをそのまま PADRに入れてください。中継装置がこれでセッションを識別します。",
            "Copy the Relay-Session-Id tag of the PADO into the PADR: agents in between know the session by it.",
        ),
        judge: relay_id_returned,
    },
    Check {
        id: "ppp.disc.unknown-tag",
        source: "RFC 2516 §4.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "知らないタグの入ったPADOも受け付ける",
            "A PADO with tags of unknown types is taken, too",
        ),
        hint: Text::new(
            "知らないTAG_TYPEは読み飛ばし、残りのタグで接続を続けてください。",
            "Skip tags of unknown types and go on with the others.",
        ),
        judge: unknown_tag,
    },
    Check {
        id: "ppp.disc.multi-pado",
        source: "RFC 2516 §5.3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADOが複数届いたら、一つだけを選んでPADRを送る",
            "Of several offers one is chosen, and one concentrator asked",
        ),
        hint: Text::new(
            "最初に選んだコンセントレータからPADSが来るか、再送が尽きるまで、ほかにPADRを送らないでください。",
            "Ask no other concentrator before the first one has answered or your repetitions are over.",
        ),
        judge: one_is_chosen,
    },
    Check {
        id: "ppp.padr.retry-then-padi",
        source: "RFC 2516 §8",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADSが来なければPADRを再送し、それでもだめならPADIからやり直す",
            "Without a PADS the PADR is repeated, and discovery begins anew in the end",
        ),
        hint: Text::new(
            "PADRにタイマを設け、数回再送しても応答がなければPADIからやり直してください。",
            "Give the PADR a timer, and begin with a PADI when some repetitions brought no answer.",
        ),
        judge: goes_on,
    },
];

fn cookie_returned(trace: &Dissection<'_>) -> Verdict {
    returned(trace, AC_COOKIE, "AC-Cookie")
}

fn relay_id_returned(trace: &Dissection<'_>) -> Verdict {
    returned(trace, RELAY_SESSION_ID, "Relay-Session-Id")
}

fn returned(trace: &Dissection<'_>, kind: u16, name: &str) -> Verdict {
    let talk = Discovery::of(trace);
    let what = format!("PADR after an offer with {name}");
    every(&what, sent(trace, Code::Request), |found| {
        let before = talk.heard_before(found.record, Code::Offer);
        let mut own = before.filter(|offer| answers(offer, found)).take(1);
        let Some((offer, value)) = own.find_map(|offer| Some((offer, offer.is.tag(kind)?))) else {
            return Ruling::Skip;
        };
        let back = found.is.tag(kind);
        expect(
            [offer.record, found.record],
            back == Some(value),
            format!("the {name} of the offer"),
            match back {
                None => format!("no {name}"),
                Some(_) => format!("another {name}"),
            },
        )
    })
}

/// Returns whether a PADR is to this offer: to its sender, and for the same session of the host.
fn answers(offer: &Seen, request: &Seen) -> bool {
    offer.eth_source == request.eth_destination
        && offer.is.tag(HOST_UNIQ) == request.is.tag(HOST_UNIQ)
}

fn unknown_tag(trace: &Dissection<'_>) -> Verdict {
    let talk = Discovery::of(trace);
    let offers = heard(trace, Code::Offer).filter(|offer| {
        let odd = |kind| !KNOWN.contains(&kind);
        offer.is.tags().iter().any(|tag| odd(tag.kind))
    });
    every("PADO with an unknown tag", offers, |offer| {
        // Who has chosen already needs no other offer.
        let mut before = talk.sent_before(offer.record);
        let last = before.find(|it| it.is.tag(HOST_UNIQ) == offer.is.tag(HOST_UNIQ));
        if last.is_none_or(|last| last.is.code() == Some(Code::Request)) {
            return Ruling::Skip;
        }
        let due = offer.arrives + PATIENCE;
        let mut answers = talk.sent_after(offer.record).filter(|request| {
            request.is.code() == Some(Code::Request)
                && request.is.tag(HOST_UNIQ) == offer.is.tag(HOST_UNIQ)
        });
        let from = offer.arrives;
        match answers.next() {
            Some(request) if request.at <= due => Ruling::Holds(vec![offer.record, request.record]),
            _ if trace.end() < due || is_disturbed(trace, from, due) => Ruling::Skip,
            _ => broken(
                [offer.record],
                "a PADR, whatever the unknown tag means",
                "the offer was not taken",
            )
            .unless_late(trace, Delay::Silence { from, due }),
        }
    })
}

fn one_is_chosen(trace: &Dissection<'_>) -> Verdict {
    let talk = Discovery::of(trace);
    let twice = sent(trace, Code::Request).filter(|request| {
        let before = talk.heard_before(request.record, Code::Offer);
        let near = before.take_while(|offer| request.at.since(offer.at) < PATIENCE);
        let same = near.filter(|offer| offer.is.tag(HOST_UNIQ) == request.is.tag(HOST_UNIQ));
        let from: BTreeSet<Mac> = same.map(|offer| offer.eth_source).collect();
        from.len() > 1
    });
    every("PADR after several offers", twice, |request| {
        let later = talk.sent_after(request.record);
        let mut soon = later.take_while(|other| other.at.since(request.at) < AT_ONCE);
        let other = soon.find(|other| {
            other.is.code() == Some(Code::Request)
                && other.is.tag(HOST_UNIQ) == request.is.tag(HOST_UNIQ)
                && other.eth_destination != request.eth_destination
        });
        match other {
            None => Ruling::Holds(vec![request.record]),
            Some(other) => broken(
                [request.record, other.record],
                "one concentrator asked",
                format!(
                    "both {} and {} asked",
                    request.eth_destination, other.eth_destination
                ),
            ),
        }
    })
}

fn goes_on(trace: &Dissection<'_>) -> Verdict {
    let talk = Discovery::of(trace);
    let requests = sent(trace, Code::Request);
    every("PADR without an answer", requests, |request| {
        let due = request.at + LONGEST_PAUSE;
        let is_same = |it: &&Seen| it.is.tag(HOST_UNIQ) == request.is.tag(HOST_UNIQ);
        // Another concentrator may be asked beside this one.
        let goes_on = |it: &&Seen| {
            let to_same = it.eth_destination == request.eth_destination;
            is_same(it) && (to_same || it.is.code() == Some(Code::Initiation))
        };
        let later = talk.sent_after(request.record);
        let next = later.take_while(|it| it.at <= due).find(goes_on);
        let until = next.map_or(due, |next| next.at);
        // What comes in the moment of a repetition, and behind it, answers that.
        let before = next.map_or(RecordId::MAX, |next| next.record);
        let confirmed = talk
            .heard_after(request.record, Code::Confirmation)
            .take_while(|it| it.at <= until && it.record < before)
            .any(|it| is_same(&it));
        if confirmed || is_restarted(trace, request.at, until) {
            return Ruling::Skip;
        }
        match next {
            Some(next) => Ruling::Holds(vec![request.record, next.record]),
            None if trace.end() < due => Ruling::Skip,
            None => broken(
                [request.record],
                "the PADR repeated, or a PADI",
                "neither came for two minutes",
            )
            .unless_late(
                trace,
                Delay::Silence {
                    from: request.at,
                    due,
                },
            ),
        }
    })
}

/// RFC 2516 appendix A, RFC 4638 §4.
const KNOWN: [u16; 10] = [
    SERVICE_NAME,
    AC_NAME,
    HOST_UNIQ,
    AC_COOKIE,
    VENDOR_SPECIFIC,
    RELAY_SESSION_ID,
    PPP_MAX_PAYLOAD,
    SERVICE_NAME_ERROR,
    AC_SYSTEM_ERROR,
    GENERIC_ERROR,
];
/// How long a device may think about an offer (inferred: some wait for others to come in).
const PATIENCE: Duration = Duration::from_secs(10);
/// What goes to two concentrators within this time goes to both at once.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How long a pause may be (inferred; the RFC asks for a timer and names no time).
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
