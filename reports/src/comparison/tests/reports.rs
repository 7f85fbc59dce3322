//! Reports of a few runs that end in given ways.

use std::collections::BTreeMap;

use crate::{
    Case, CheckInfo, Exercise, Finding, Judged, Level, Outcome, Profile, Report, Text, Verdict,
};

pub(super) const MUST: &str = "dns.must";
pub(super) const SHOULD: &str = "dns.should";
/// It counts for a profile that nobody chose.
pub(super) const OTHER: &str = "dns.other";

/// How a check, a promise or a run can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Passes,
    Fails,
    FailsOtherwise,
    FailsAsKnown,
    IsMissing,
    IsUnclear,
    NeedNot,
}

pub(super) const ENDS: [Ends; 7] = [
    Ends::Passes,
    Ends::Fails,
    Ends::FailsOtherwise,
    Ends::FailsAsKnown,
    Ends::IsMissing,
    Ends::IsUnclear,
    Ends::NeedNot,
];

pub(super) fn one(ends: Ends) -> Report {
    report(&[("dns/one", ends)])
}

pub(super) fn named(device: &str) -> Report {
    Report {
        device: device.to_owned(),
        ..one(Ends::Passes)
    }
}

pub(super) fn fails() -> Judged {
    judged(Ends::Fails)
}

pub(super) fn judged(ends: Ends) -> Judged {
    let finding = |actual: &str| {
        Verdict::Fail(Finding {
            records: vec![1],
            expected: "this".to_owned(),
            actual: actual.to_owned(),
            excuse: None,
        })
    };
    let inconclusive = || Verdict::Inconclusive("there was no question".to_owned());
    Judged {
        verdict: match ends {
            Ends::Passes => Verdict::Pass(vec![1]),
            Ends::Fails | Ends::FailsAsKnown => finding("that"),
            Ends::FailsOtherwise => finding("something else"),
            Ends::IsMissing | Ends::IsUnclear | Ends::NeedNot => inconclusive(),
        },
        known: (ends == Ends::FailsAsKnown).then(|| "it is old".to_owned()),
        excused: ends == Ends::IsUnclear,
        because: None,
        evidence: Vec::new(),
    }
}

pub(super) fn report(cases: &[(&str, Ends)]) -> Report {
    let info = |id: &str, level, profile| {
        let text = Text::new("これ", "this");
        let info = CheckInfo {
            id: id.to_owned(),
            source: "RFC 1035".to_owned(),
            level,
            profiles: vec![profile],
            title: text.clone(),
            hint: text,
        };
        (id.to_owned(), info)
    };
    let case = |(scenario, ends): &(&str, Ends)| Case {
        scenario: (*scenario).to_owned(),
        area: "east".to_owned(),
        about: None,
        delivery: None,
        outcome: Outcome::Judged,
        diagnosis: None,
        overcome: Vec::new(),
        expectations: Vec::new(),
        exercises: match ends {
            Ends::NeedNot => Vec::new(),
            _ => vec![Exercise {
                check: MUST.to_owned(),
                excuse: None,
            }],
        },
        verdicts: BTreeMap::from([
            (MUST.to_owned(), judged(*ends)),
            (SHOULD.to_owned(), judged(Ends::Passes)),
            (OTHER.to_owned(), judged(Ends::Passes)),
        ]),
        trace: None,
        capture: None,
    };
    Report {
        format: crate::FORMAT,
        tool: "ngnlab".to_owned(),
        device: "device".to_owned(),
        seed: 1,
        arguments: Vec::new(),
        captured: None,
        firmware: None,
        provenance: None,
        elapsed_ms: 1,
        checks: BTreeMap::from([
            info(MUST, Level::Must, Profile::DnsProxy),
            info(SHOULD, Level::Should, Profile::DnsProxy),
            info(OTHER, Level::Must, Profile::CeRouter),
        ]),
        cases: cases.iter().map(case).collect(),
        left_out: Vec::new(),
        stale: Vec::new(),
        profiles: vec![Profile::DnsProxy],
        results: Vec::new(),
        comes_to: None,
    }
}
