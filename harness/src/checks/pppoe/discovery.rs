//! What PADI and PADR look like, and how often a PADI is repeated (RFC 2516 §5.1, §5.3, §8).

use std::collections::BTreeMap;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::pppoe::{Code, HOST_UNIQ, SERVICE_NAME};

use super::sessions::{Discovery, Seen, is_disturbed, sent};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every, expect, seconds};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.padi.broadcast",
        source: "RFC 2516 §5.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADIをSESSION_ID 0でブロードキャストする",
            "A PADI goes to everybody, with SESSION_ID zero",
        ),
        hint: Text::new(
            "PADIの宛先MACアドレスをff:ff:ff:ff:ff:ff、SESSION_IDを0x0000にしてください。",
            "Send PADIs to ff:ff:ff:ff:ff:ff with SESSION_ID 0x0000.",
        ),
        judge: padi_broadcast,
    },
    Check {
        id: "ppp.padi.service-name",
        source: "RFC 2516 §5.1, §5.3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADIとPADRにService-Nameタグをちょうど一つ入れる",
            "PADI and PADR have exactly one Service-Name tag",
        ),
        hint: Text::new(
            "サービス名を指定しない場合も、長さ0のService-Nameタグを一つ入れてください。",
            "Without a service to ask for, add one Service-Name tag of length zero.",
        ),
        judge: service_name,
    },
    Check {
        id: "ppp.padi.max-size",
        source: "RFC 2516 §5.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADIがPPPoEヘッダを含めて1484オクテットを超えない",
            "A PADI has no more than 1484 octets, its PPPoE header included",
        ),
        hint: Text::new(
            "途中の中継装置がRelay-Session-Idを付けられるように、PADIを1484オクテット以下にしてください。",
            "Leave an agent in between room for its Relay-Session-Id: 1484 octets at most.",
        ),
        judge: padi_size,
    },
    Check {
        id: "ppp.padi.backoff",
        source: "RFC 2516 §8",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADOが来ない間、PADIの再送間隔を倍に延ばす",
            "While no PADO comes, the time between PADIs doubles",
        ),
        hint: Text::new(
            "PADIの再送間隔を毎回倍にしてください。障害の復旧時に、多数のルータのPADIが集中します。",
            "Double the time with each PADI: after an outage all routers of a region ask at once.",
        ),
        judge: padi_backoff,
    },
    Check {
        id: "ppp.padr.unicast",
        source: "RFC 2516 §5.3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADRを、選んだコンセントレータのMACアドレス宛てに送る",
            "A PADR goes to the concentrator that was chosen, with SESSION_ID zero",
        ),
        hint: Text::new(
            "PADRの宛先を、受け取ったPADOの送信元MACアドレスにし、SESSION_IDを0にしてください。",
            "Send the PADR to the source address of the PADO that you chose, with SESSION_ID zero.",
        ),
        judge: padr_unicast,
    },
];

fn padi_broadcast(trace: &Dissection<'_>) -> Verdict {
    every("PADI", sent(trace, Code::Initiation), |found| {
        let ok = found.eth_destination == Mac::BROADCAST && found.is.session() == 0;
        expect(
            [found.record],
            ok,
            "a PADI to everybody with SESSION_ID 0",
            format!(
                "one to {} with SESSION_ID {}",
                found.eth_destination,
                found.is.session()
            ),
        )
    })
}

fn service_name(trace: &Dissection<'_>) -> Verdict {
    let both = sent(trace, Code::Initiation).chain(sent(trace, Code::Request));
    every("PADI or PADR", both, |found| {
        let tags = found.is.tags().iter();
        let count = tags.filter(|tag| tag.kind == SERVICE_NAME).count();
        expect(
            [found.record],
            count == 1,
            "one Service-Name tag",
            format!("{count} of them"),
        )
    })
}

fn padi_size(trace: &Dissection<'_>) -> Verdict {
    every("PADI", sent(trace, Code::Initiation), |found| {
        expect(
            [found.record],
            found.is.length <= LARGEST_PADI,
            format!("{LARGEST_PADI} octets at most"),
            format!("{} octets", found.is.length),
        )
    })
}

/// Whoever dials several sessions asks for each of them, and tells them apart by Host-Uniq.
fn padi_backoff(trace: &Dissection<'_>) -> Verdict {
    let mut questions: BTreeMap<Option<&[u8]>, Vec<&Seen>> = BTreeMap::new();
    let one = trace.setup().pppoe.len() == 1;
    for found in sent(trace, Code::Initiation) {
        let whose = found.is.tag(HOST_UNIQ).filter(|_| !one);
        questions.entry(whose).or_default().push(found);
    }
    let talk = Discovery::of(trace);
    let rows = questions
        .values()
        .flat_map(|row| (3..=row.len()).map(|end| &row[..end]));
    every(
        "PADI that was repeated twice without an offer",
        rows,
        |row| {
            let [.., first, second, third] = row else {
                return Ruling::Skip;
            };
            let mut offers = talk.heard_after(first.record, Code::Offer);
            let answered = offers.next().is_some_and(|offer| offer.at <= third.at);
            if answered || begins_anew(row) || is_disturbed(trace, first.at, third.at) {
                return Ruling::Skip;
            }
            let (before, after) = (second.at.since(first.at), third.at.since(second.at));
            let records = [first.record, second.record, third.record];
            // A timer that runs a little off is none that does not double.
            let least = (before * 3 / 2).min(LONG_ENOUGH);
            if after >= least {
                return Ruling::Holds(records.to_vec());
            }
            broken(
                records,
                format!("about {} after the one before", seconds(before * 2)),
                seconds(after),
            )
            .unless_late(
                trace,
                Delay::TooSoon {
                    after: second.at,
                    by: least - after,
                },
            )
        },
    )
}

/// Returns whether the last of some PADIs is of another attempt: RFC 2516 §8 has the time doubled "as
/// many times as desired", which may be twice; pppd gives up then, and dials again after a while.
fn begins_anew(row: &[&Seen]) -> bool {
    let [.., a, b, c, d, e] = row else {
        return false;
    };
    let waits = [(a, b), (b, c), (c, d)].map(|(from, to)| to.at.since(from.at));
    let [first, second, third] = waits;
    let grew = second >= first * 3 / 2 && third >= second * 3 / 2;
    grew && e.at.since(d.at) < third
}

fn padr_unicast(trace: &Dissection<'_>) -> Verdict {
    let talk = Discovery::of(trace);
    every("PADR", sent(trace, Code::Request), |found| {
        let mut known = talk.heard_before(found.record, Code::Offer);
        let ok =
            known.any(|offer| offer.eth_source == found.eth_destination) && found.is.session() == 0;
        expect(
            [found.record],
            ok,
            "a PADR to somebody who made an offer, with SESSION_ID 0",
            format!(
                "one to {} with SESSION_ID {}",
                found.eth_destination,
                found.is.session()
            ),
        )
    })
}

/// RFC 2516 §5.1.
const LARGEST_PADI: usize = 1484;
/// From this on nobody need wait longer (inferred; the RFC names no bound).
const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_secs(60);
