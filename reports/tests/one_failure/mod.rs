//! A report of one scenario, in which one check fails and another passes.

use std::collections::BTreeMap;

use ngnlab_reports::{
    Case, CheckInfo, Evidence, FORMAT, Finding, Judged, LeftOut, Level, Outcome, Profile, Report,
    Text, Verdict,
};

/// Returns it.
pub(crate) fn report() -> Report {
    let check = |id: &str, level| CheckInfo {
        id: id.to_owned(),
        source: "ngn-facts §2.1; RFC 8415 §11.4".to_owned(),
        level,
        profiles: vec![Profile::OnsEast],
        title: Text::new("DUID は DUID-LL", "The DUID is a DUID-LL"),
        hint: Text::new(
            "DUID の種類を LL にする",
            "Set the DUID type to link-layer.",
        ),
    };
    let failed = Judged {
        verdict: Verdict::Fail(Finding {
            records: vec![12],
            expected: "a client identifier that starts with 00 03 00 01".to_owned(),
            actual: "00 01 00 01 2c 7d 11 90 02 00 5e 00 00 01, which is a DUID-LLT".to_owned(),
            excuse: None,
        }),
        known: None,
        excused: false,
        because: None,
        evidence: vec![Evidence {
            record: 12,
            frame: Some(9),
            at: "2.104 s".to_owned(),
            place: "wan".to_owned(),
            summary: "device -> ff02::1:2 DHCPv6 Solicit IA_PD".to_owned(),
        }],
    };
    let passed = Judged {
        verdict: Verdict::Pass(vec![3]),
        known: None,
        excused: false,
        because: None,
        evidence: vec![],
    };
    Report {
        format: FORMAT,
        tool: "ngnlab 0.1.0".to_owned(),
        device: "example".to_owned(),
        seed: 1,
        arguments: vec!["--defect".to_owned(), "duid-llt".to_owned()],
        captured: None,
        elapsed_ms: 1234,
        checks: BTreeMap::from([
            (
                "ngn.dhcp6.duid-ll".to_owned(),
                check("ngn.dhcp6.duid-ll", Level::Must),
            ),
            (
                "lan.ra.advertising".to_owned(),
                check("lan.ra.advertising", Level::Must),
            ),
        ]),
        cases: vec![Case {
            scenario: "line-auth/succeeds-on-a-pd-line".to_owned(),
            area: "east".to_owned(),
            about: None,
            delivery: None,
            outcome: Outcome::Judged,
            diagnosis: None,
            overcome: vec![],
            expectations: vec![],
            exercises: Vec::new(),
            verdicts: BTreeMap::from([
                ("ngn.dhcp6.duid-ll".to_owned(), failed),
                ("lan.ra.advertising".to_owned(), passed),
            ]),
            trace: None,
            capture: Some("out/capture.pcapng".to_owned()),
        }],
        left_out: vec![LeftOut {
            scenario: "home-gateway/ra-for-half-an-hour".to_owned(),
            reason: "30 min; add --long".to_owned(),
            cut_off: false,
        }],
        stale: vec![],
        profiles: vec![Profile::OnsEast],
        results: vec![],
        comes_to: None,
        firmware: Some("1.2.3 (build 45)".to_owned()),
        provenance: None,
    }
    .scored()
}
