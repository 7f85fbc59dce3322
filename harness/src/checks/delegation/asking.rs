//! How the device asks for a prefix: when it begins, and what it hints at (RFC 7084 §4.2 WPD-2,
//! WPD-4; RFC 8415 §21.21, §21.22).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::dhcpv6::Delegated;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::evidence::dhcpv6_exchanges::{of_kind, sent};
use crate::checks::evidence::invitations::begins;
use crate::checks::ruling::{every, expect};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "pd.start.m-or-o",
        source: "RFC 7084 §4.2 WPD-4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "RAのMまたはOフラグでプレフィックスの要求を始める",
            "Delegation begins where the advertisement has the M or the O flag",
        ),
        hint: Text::new(
            "MフラグだけでなくOフラグでもIA_PDの要求を始めてください。ホームゲートウェイ配下はOフラグだけです。",
            "Begin with either flag: below a home gateway there is only the O flag.",
        ),
        judge: starts,
    },
    // The clause says what the client includes, and has no MUST for it.
    Check {
        id: "pd.renew.names-prefix",
        source: "RFC 8415 §18.2.4, §18.2.5; ngn-facts §2.2",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "RenewとRebindに、持っているプレフィックスを入れる",
            "Renew and Rebind name the prefix that the device holds",
        ),
        hint: Text::new(
            "延長したいプレフィックスを、IA_PDの中のIA Prefixオプションに入れて送ってください。",
            "Send the prefix that is to be extended in an IA Prefix option of the IA_PD.",
        ),
        judge: names_prefix,
    },
    Check {
        id: "pd.hint.size",
        source: "RFC 7084 §4.2 WPD-2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "すべてのLANに/64を割り当てられる長さを要求する",
            "The length that is hinted at has room for a /64 of each LAN",
        ),
        hint: Text::new(
            "プレフィックス長の希望は/64以下（例：/56）にしてください。",
            "Hint at a /64 or shorter, as a /56.",
        ),
        judge: hint_size,
    },
    Check {
        id: "pd.hint.no-zero-length",
        source: "RFC 8415 §21.22",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "プレフィックス長0のIA Prefixを送らない",
            "No IA Prefix has a length of zero",
        ),
        hint: Text::new(
            "希望がなければIA Prefixを付けず、あれば長さを入れてください。",
            "Send a length, or no IA Prefix at all.",
        ),
        judge: no_zero_length,
    },
    Check {
        id: "pd.fields.zero-lifetimes",
        source: "RFC 8415 §21.21, §21.22",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "SolicitとRequestのT1、T2、有効期間を0にする",
            "T1, T2 and lifetimes are zero in Solicit and Request",
        ),
        hint: Text::new(
            "SolicitとRequestではT1、T2と有効期間を0にしてサーバに任せてください。",
            "Leave T1, T2 and the lifetimes to the server, by zeros.",
        ),
        judge: zero_lifetimes,
    },
];

fn starts(trace: &Dissection<'_>) -> Verdict {
    let with_prefix = |found: &&Found<Dhcpv6>| !found.is.delegations().is_empty();
    begins(trace, false, "a Solicit with an IA_PD", with_prefix)
}

fn wishes(found: &Found<Dhcpv6>) -> Vec<Delegated> {
    let delegations = found.is.delegations();
    delegations.into_iter().flat_map(|ia| ia.prefixes).collect()
}

/// Every LAN is a /64 of its own, and the testbed has one.
const LAN_LENGTH: u8 = 64;

fn hint_size(trace: &Dissection<'_>) -> Verdict {
    let hints = of_kind(trace, &[Kind::Solicit]).flat_map(|found| {
        let lengths = wishes(found)
            .into_iter()
            .map(|wish| wish.prefix.prefix_len());
        lengths.map(move |length| (found, length))
    });
    let hints = hints.filter(|(_, length)| *length > 0);
    every(
        "Solicit with a hint at a length",
        hints,
        |(found, length)| {
            expect(
                [found.record],
                length <= LAN_LENGTH,
                "a length of 64 or less",
                format!("/{length}"),
            )
        },
    )
}

fn no_zero_length(trace: &Dissection<'_>) -> Verdict {
    let wishes = sent(trace).flat_map(|found| {
        let prefixes = wishes(found).into_iter();
        prefixes.map(move |prefix| (found, prefix))
    });
    every("IA Prefix of the device", wishes, |(found, wish)| {
        expect(
            [found.record],
            wish.prefix.prefix_len() > 0,
            "a length above zero, or no IA Prefix",
            wish.prefix.to_string(),
        )
    })
}

fn names_prefix(trace: &Dissection<'_>) -> Verdict {
    let messages = of_kind(trace, &[Kind::Renew, Kind::Rebind]);
    let delegations = messages.flat_map(|found| {
        let delegations = found.is.delegations().into_iter();
        delegations.map(move |ia| (found, ia))
    });
    every("IA_PD in a Renew or Rebind", delegations, |(found, ia)| {
        expect(
            [found.record],
            !ia.prefixes.is_empty(),
            "the prefix that the device holds",
            "an IA_PD without a prefix",
        )
    })
}

fn zero_lifetimes(trace: &Dissection<'_>) -> Verdict {
    let messages = of_kind(trace, &[Kind::Solicit, Kind::Request]);
    let delegations = messages.flat_map(|found| {
        let delegations = found.is.delegations().into_iter();
        delegations.map(move |ia| (found, ia))
    });
    every(
        "IA_PD in a Solicit or Request",
        delegations,
        |(found, ia)| {
            let mut values = vec![ia.t1, ia.t2];
            let lifetimes = ia.prefixes.iter();
            values.extend(lifetimes.flat_map(|prefix| [prefix.preferred, prefix.valid]));
            expect(
                [found.record],
                values.iter().all(|value| *value == 0),
                "T1, T2 and lifetimes of zero",
                format!("{values:?} s"),
            )
        },
    )
}

#[cfg(test)]
mod tests;
