//! Which options the DHCPv6 client asks for, and which it sends (RFC 8415 §18.2, §21.7).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::{Aspect, Mode};

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::evidence::dhcpv6_exchanges::{of_kind, sent};
use crate::checks::evidence::invitations::begins;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.oro.inf-max-rt",
        source: "RFC 8415 §18.2.6, §21.23, §21.25",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Information-Requestで更新時間とINF_MAX_RTを要求する",
            "Information-Request asks for the refresh time and INF_MAX_RT",
        ),
        hint: Text::new(
            "Information-RequestのOption Requestに32と83を加えてください。",
            "Add options 32 and 83 to the Option Request of Information-Request.",
        ),
        judge: inf_max_rt,
    },
    Check {
        id: "dhcp6c.oro.irt-only-in-inf",
        source: "RFC 8415 §21.23",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Information Refresh TimeはInformation-Requestでだけ要求する",
            "Only Information-Request asks for the refresh time",
        ),
        hint: Text::new(
            "SolicitやRequestのOption Requestから32を外してください。",
            "Leave option 32 out of the Option Request of Solicit and Request.",
        ),
        judge: refresh_time_elsewhere,
    },
    Check {
        id: "dhcp6c.oro.no-duplicates",
        source: "RFC 8415 §21.7, §24",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Option Requestに同じ番号や要求できない番号がない",
            "The Option Request names each option once, and none that cannot be asked for",
        ),
        hint: Text::new(
            "Option Requestから重複と、Client Identifierのような要求できない番号を除いてください。",
            "Remove what stands there twice, and what cannot be asked for, as the Client Identifier.",
        ),
        judge: no_duplicates,
    },
    Check {
        id: "dhcp6c.msg.no-foreign-options",
        source: "RFC 8415 §18.2.1, appendix B",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Solicitに許されないオプションを入れない",
            "A Solicit has no options that do not belong there",
        ),
        hint: Text::new(
            "Server IdentifierやSOL_MAX_RTの値など、Solicitに許されないオプションを外してください。",
            "Leave out what only servers send, as a value of SOL_MAX_RT, and the Server Identifier.",
        ),
        judge: no_foreign_options,
    },
    Check {
        id: "dhcp6c.inf.no-ia",
        source: "RFC 8415 §16.12, appendix B",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Information-RequestにIAオプションを入れない",
            "An Information-Request has no IA option",
        ),
        hint: Text::new(
            "Information-RequestからIA_PDやIA_NAを外してください。入っているとサーバは応答しません。",
            "Leave IA_PD and IA_NA out of Information-Request: a server drops it with them.",
        ),
        judge: information_without_ia,
    },
    Check {
        id: "dhcp6c.rcf.accept",
        source: "RFC 7084 §4.2 WAA-4; RFC 8415 §21.20",
        // WAA-4 asks to be able to; that it is in use is more.
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Reconfigureを受け付けることを示す",
            "The client says that it accepts Reconfigure",
        ),
        hint: Text::new(
            "SolicitやInformation-RequestにReconfigure Acceptを入れてください。プレフィックスの変更がすぐに伝わります。",
            "Send Reconfigure Accept, so that a change of the prefix is told at once.",
        ),
        judge: reconfigure_accept,
    },
    Check {
        id: "dhcp6c.m-flag.iana",
        source: "RFC 7084 §4.2 WAA-6",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "RAのMフラグが立っていればIA_NAも要求する",
            "Where the M flag is set, an address is asked for",
        ),
        hint: Text::new(
            "Mフラグが立っていれば、IA_PDとともにIA_NAを要求してください。",
            "Ask for an IA_NA besides the IA_PD where the advertisement has the M flag.",
        ),
        judge: asks_for_address,
    },
];

/// Information Refresh Time (RFC 8415 §21.23) and INF_MAX_RT (§21.25).
const REFRESH_TIME: u16 = 32;

const INF_MAX_RT: u16 = 83;

/// RFC 8415 §21.4.
const IA_NA: u16 = 3;

/// IA_NA (RFC 8415 §21.4), IA_TA (§21.5) and IA_PD (§21.21).
const ASSOCIATIONS: [u16; 3] = [IA_NA, 4, 25];

fn inf_max_rt(trace: &Dissection<'_>) -> Verdict {
    every(
        "Information-Request",
        of_kind(trace, &[Kind::InformationRequest]),
        |found| {
            let requested = found.is.requested();
            let both = [REFRESH_TIME, INF_MAX_RT];
            expect(
                [found.record],
                both.iter().all(|code| requested.contains(code)),
                "options 32 and 83 in the Option Request",
                format!("{requested:?}"),
            )
        },
    )
}

fn refresh_time_elsewhere(trace: &Dissection<'_>) -> Verdict {
    let others = sent(trace).filter(|found| found.is.kind != Kind::InformationRequest);
    let asking = others.filter(|found| !found.is.requested().is_empty());
    every("Option Request of another message", asking, |found| {
        let requested = found.is.requested();
        expect(
            [found.record],
            !requested.contains(&REFRESH_TIME),
            format!("no option 32 in the Option Request of {:?}", found.is.kind),
            format!("{requested:?}"),
        )
    })
}

/// RFC 8415 §24: the options that no client may ask for.
const NOT_TO_ASK: [u16; 20] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 18, 19, 20, 25, 26,
];

fn no_duplicates(trace: &Dissection<'_>) -> Verdict {
    let asking = sent(trace).filter(|found| !found.is.requested().is_empty());
    every("Option Request", asking, |found| {
        let requested = found.is.requested();
        let mut codes = requested.iter().enumerate();
        let bad = codes
            .find(|(index, code)| requested[..*index].contains(code) || NOT_TO_ASK.contains(code));
        match bad {
            None => Ruling::Holds(vec![found.record]),
            Some((_, code)) => broken(
                [found.record],
                "each option once, and only such as can be asked for",
                format!("option {code} in {requested:?}"),
            ),
        }
    })
}

/// What only servers and relay agents send, and what belongs into other options.
const NOT_IN_SOLICIT: [u16; 12] = [2, 5, 7, 9, 12, 13, 18, 19, 26, 32, 82, 83];

fn no_foreign_options(trace: &Dissection<'_>) -> Verdict {
    every("Solicit", of_kind(trace, &[Kind::Solicit]), |found| {
        let codes = found.is.codes();
        match codes.iter().find(|code| NOT_IN_SOLICIT.contains(code)) {
            None => Ruling::Holds(vec![found.record]),
            Some(code) => broken(
                [found.record],
                "only options that belong into a Solicit",
                format!("option {code}"),
            ),
        }
    })
}

fn information_without_ia(trace: &Dissection<'_>) -> Verdict {
    let asking = of_kind(trace, &[Kind::InformationRequest]);
    every("Information-Request", asking, |found| {
        let codes = found.is.codes();
        match codes.iter().find(|code| ASSOCIATIONS.contains(code)) {
            None => Ruling::Holds(vec![found.record]),
            Some(code) => broken([found.record], "no IA option", format!("option {code}")),
        }
    })
}

fn reconfigure_accept(trace: &Dissection<'_>) -> Verdict {
    let kinds = match trace.setup().mode {
        Mode::Pd => &[Kind::Solicit],
        Mode::Ra | Mode::Bridge => &[Kind::InformationRequest],
    };
    every(
        "Solicit or Information-Request",
        of_kind(trace, kinds),
        |found| {
            expect(
                [found.record],
                found.is.accepts_reconfigure(),
                "Reconfigure Accept",
                "none",
            )
        },
    )
}

fn asks_for_address(trace: &Dissection<'_>) -> Verdict {
    let with_address = |found: &&Found<Dhcpv6>| found.is.codes().contains(&IA_NA);
    begins(trace, true, "a Solicit with an IA_NA", with_address)
}

#[cfg(test)]
mod tests;
