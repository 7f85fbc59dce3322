//! A report with something of everything.

use std::collections::BTreeMap;

use ngnlab_reports::document::Document;
use ngnlab_reports::{
    Case, CheckInfo, Diagnosis, Evidence, Exercise, Expectation, FORMAT, Finding, Flow, Judged,
    LeftOut, Level, Outcome, Profile, Promise, Report, Text, Verdict, Walked,
};

/// Returns a device that fails, is not judged somewhere, and leaves a scenario out.
pub(crate) fn document() -> Document {
    let check = |id: &str, level, ja, en| {
        let info = CheckInfo {
            id: id.to_owned(),
            source: "RFC 8415 §11.4".to_owned(),
            level,
            profiles: vec![Profile::OnsEast],
            title: Text::new(ja, en),
            hint: Text::new(
                "DUIDの種類をLLにしてください。",
                "Set the DUID type to link-layer.",
            ),
        };
        (id.to_owned(), info)
    };
    let judged = |verdict| Judged {
        verdict,
        known: None,
        excused: false,
        because: None,
        evidence: vec![],
    };
    let failed = Judged {
        evidence: vec![Evidence {
            frame: None,
            record: 12,
            at: "2.104".to_owned(),
            place: "wan".to_owned(),
            summary: "router -> all DHCPv6 servers DHCPv6 Solicit bc3b52, ::/56 T1 0 T2 0 \
                      preferred 4294967295 valid 4294967295"
                .to_owned(),
        }],
        ..judged(Verdict::Fail(Finding {
            records: vec![12],
            expected: "a Request within 3.000 s".to_owned(),
            actual: "it came after 6.000 s".to_owned(),
            excuse: None,
        }))
    };
    let promise = Expectation {
        what: "the last screen is m1".to_owned(),
        seen: "no screen".to_owned(),
        met: false,
        remark: false,
        excused: false,
        promise: Promise::Screen,
        known: None,
        because: None,
    };
    let diagnosis = Diagnosis {
        id: "wrong-dns".to_owned(),
        flow: Flow::Guide,
        step: 3,
        finding: Text::new(
            "端末のDNSサーバが正しくない",
            "The DNS servers are not the right ones",
        ),
        remedy: Text::new("DNSの設定を正してください。", "Correct the DNS settings."),
        walked: vec![Walked {
            step: 1,
            question: Text::new("URLは正しいか。", "Is the URL right?"),
            yes: true,
            because: "https://www.lineauth.mnw".to_owned(),
            evidence: vec![],
        }],
    };
    let case = Case {
        capture: None,
        scenario: "line-auth/succeeds-on-a-pd-line".to_owned(),
        area: "east".to_owned(),
        about: Some(Text::new("回線認証に成功する。", "It is authenticated.")),
        delivery: None,
        outcome: Outcome::Judged,
        diagnosis: Some(diagnosis),
        overcome: vec![],
        expectations: vec![promise],
        exercises: vec![Exercise {
            check: "lan.ra.mtu".to_owned(),
            excuse: None,
        }],
        verdicts: BTreeMap::from([
            ("ngn.dhcp6.duid-ll".to_owned(), failed),
            (
                "lan.ra.mtu".to_owned(),
                judged(Verdict::Inconclusive(
                    "there was no advertisement with an MTU".to_owned(),
                )),
            ),
            ("lan.ra.rdnss".to_owned(), judged(Verdict::Pass(vec![3]))),
        ]),
        trace: None,
    };
    let broken = Case {
        scenario: "dns/upstream-goes-silent".to_owned(),
        outcome: Outcome::DeviceFailed {
            how: "hung".to_owned(),
            message: "the device was not ready within 60s".to_owned(),
            log: None,
            known: None,
        },
        diagnosis: None,
        expectations: vec![],
        exercises: vec![],
        verdicts: BTreeMap::new(),
        ..case.clone()
    };
    let left_out = [
        "home-gateway/ra-for-half-an-hour",
        "home-gateway/pd-for-half-an-hour",
        "address/lease-through-t1-t2-and-expiry",
    ];
    let left_out = left_out.map(|scenario| LeftOut {
        scenario: scenario.to_owned(),
        reason: "takes 30m in real time; --long runs it".to_owned(),
        cut_off: false,
    });
    let checks = [
        check(
            "ngn.dhcp6.duid-ll",
            Level::Must,
            "DUIDがDUID-LLである",
            "The DUID is a DUID-LL",
        ),
        check(
            "lan.ra.mtu",
            Level::Must,
            "LAN側のRAのMTUが正しい",
            "The MTU is right",
        ),
        check(
            "lan.ra.rdnss",
            Level::Should,
            "LAN側のRAにDNSサーバがある",
            "There are DNS servers",
        ),
    ];
    let report = Report {
        captured: None,
        firmware: None,
        provenance: None,
        format: FORMAT,
        tool: "ngnlab 0.1.0".to_owned(),
        device: "example".to_owned(),
        seed: 1,
        arguments: vec!["--defect".to_owned(), "duid-llt".to_owned()],
        elapsed_ms: 1234,
        checks: checks.into_iter().collect(),
        cases: vec![case, broken],
        left_out: left_out.into(),
        stale: vec![],
        profiles: vec![Profile::OnsEast],
        results: vec![],
        comes_to: None,
    };
    Document::of(vec![report.scored()])
}
