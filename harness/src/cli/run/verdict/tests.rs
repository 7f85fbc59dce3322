use ngnlab_reports::{
    Case, Expectation, Finding, Judged, Outcome, Profile, Promise, StaleKnown, Verdict,
};
use ngnlab_sim::line::Area;
use toml::Spanned;

use super::*;
use crate::cli::watched::watched;
use crate::dut::Failure;
use crate::dut::description::Known;
use crate::dut::description::excuse::Excuse;
use crate::report::check_infos;

const CHECK: &str = "lan.ra.rio";
const SCENARIO: &str = "cpe/one";

fn judged(verdict: Verdict) -> Case {
    let judged = Judged {
        verdict,
        known: None,
        excused: false,
        because: None,
        evidence: Vec::new(),
    };
    Case {
        scenario: SCENARIO.to_owned(),
        area: "east".to_owned(),
        about: None,
        delivery: None,
        outcome: Outcome::Judged,
        diagnosis: None,
        overcome: Vec::new(),
        expectations: Vec::new(),
        exercises: Vec::new(),
        verdicts: [(CHECK.to_owned(), judged)].into(),
        trace: None,
        capture: None,
    }
}

fn fails() -> Verdict {
    Verdict::Fail(Finding {
        records: Vec::new(),
        expected: String::new(),
        actual: String::new(),
        excuse: None,
    })
}

fn promised(met: bool) -> Case {
    let mut case = judged(Verdict::Pass(Vec::new()));
    case.expectations.push(Expectation {
        what: "the last screen is m1".to_owned(),
        seen: String::new(),
        met,
        remark: false,
        excused: false,
        promise: Promise::Screen,
        known: None,
        because: None,
    });
    case
}

fn known(check: Option<&str>, expect: Option<Promise>) -> Known {
    Known {
        check: check.map(|id| Spanned::new(0..0, id.to_owned())),
        expect,
        device: None,
        scenarios: vec![Spanned::new(0..0, SCENARIO.to_owned())],
        wavers: false,
        reason: Spanned::new(0..0, "so".to_owned()),
    }
}

fn stale(known: &[Known], cases: &[Case]) -> Vec<StaleKnown> {
    ngnlab_reports::stale::stale(&watched(known, &[], cases))
}

fn needless(excuses: &[Excuse], cases: &[Case]) -> Vec<StaleKnown> {
    ngnlab_reports::stale::stale(&watched(&[], excuses, cases))
}

fn code(case: Case) -> u8 {
    exit_code_of_all(&[report(case)])
}

fn report(case: Case) -> Report {
    Report {
        format: ngnlab_reports::FORMAT,
        tool: String::new(),
        device: String::new(),
        seed: 1,
        arguments: Vec::new(),
        captured: None,
        elapsed_ms: 0,
        checks: check_infos(),
        profiles: vec![Profile::CeRouter],
        cases: vec![case],
        left_out: Vec::new(),
        stale: Vec::new(),
        results: Vec::new(),
        comes_to: None,
        firmware: None,
        provenance: None,
    }
    .scored()
}

#[test]
fn of_several_devices_the_one_that_certainly_failed_decides() {
    let (good, bad) = (report(promised(true)), report(judged(fails())));
    let open = report(judged(Verdict::Inconclusive("there was none".to_owned())));
    let all = |reports: &[&Report]| {
        let reports: Vec<Report> = reports.iter().map(|one| (*one).clone()).collect();
        exit_code_of_all(&reports)
    };
    assert_eq!(all(&[&good, &good]), error::CONFORMANT);
    assert_eq!(all(&[&good, &open]), error::UNDETERMINED);
    assert_eq!(all(&[&open, &bad, &good]), error::NOT_CONFORMANT);
    let mut broken = judged(fails());
    broken.outcome = Outcome::HarnessError("no space".to_owned());
    broken.verdicts.clear();
    let broken = report(broken);
    assert_eq!(all(&[&good, &broken]), error::UNDETERMINED);
    assert_eq!(all(&[&bad, &broken]), error::NOT_CONFORMANT);
}

#[test]
fn a_known_failure_that_passes_everywhere_is_stale_unless_it_wavers() {
    let passes = [judged(Verdict::Pass(Vec::new()))];
    let mut one = known(Some(CHECK), None);
    assert_eq!(stale(&[one.clone()], &passes)[0].check, CHECK);
    assert!(stale(&[one.clone()], &[judged(fails())]).is_empty());
    one.wavers = true;
    assert!(stale(&[one], &passes).is_empty());
    let promise = [known(None, Some(Promise::Screen))];
    assert_eq!(stale(&promise, &[promised(true)])[0].check, "expect screen");
    assert!(stale(&promise, &[promised(false)]).is_empty());
}

#[test]
fn a_device_that_fails_as_known_does_not_count_and_is_stale_once_it_holds() {
    let failed = |reason: Option<&str>| {
        let mut case = judged(fails());
        case.verdicts.clear();
        case.outcome = Outcome::DeviceFailed {
            how: "bloated".to_owned(),
            message: "it took over 512 MiB".to_owned(),
            log: None,
            known: reason.map(str::to_owned),
        };
        case
    };
    assert_eq!(code(failed(None)), error::NOT_CONFORMANT);
    let passes = judged(Verdict::Pass(Vec::new()));
    let mut both = report(passes.clone());
    both.cases.push(failed(Some("so")));
    assert_eq!(exit_code_of_all(&[both.clone()]), error::CONFORMANT);
    let result = both.result(Profile::CeRouter).overall;
    assert_eq!(
        result,
        ngnlab_reports::score::Overall::ConformantButForKnown
    );

    let mut known = known(None, None);
    known.device = Some(Failure::Bloated);
    assert!(known.is_way_to_fail(Failure::Bloated, SCENARIO));
    assert!(!known.is_way_to_fail(Failure::Crashed, SCENARIO));
    let known = [known];
    assert!(stale(&known, &both.cases[1..]).is_empty());
    // One area is enough.
    assert!(stale(&known, &both.cases).is_empty());
    assert_eq!(stale(&known, &[passes])[0].check, "device bloated");
    // A device that fails in another way counts by itself, too.
    let mut other = failed(Some("another entry"));
    if let Outcome::DeviceFailed { how, .. } = &mut other.outcome {
        *how = "crashed".to_owned();
    }
    assert_eq!(stale(&known, &[other]).len(), 1);
    let mut broken = failed(None);
    broken.outcome = Outcome::HarnessError("no space".to_owned());
    assert!(stale(&known, &[broken]).is_empty());
}

#[test]
fn an_excuse_is_stale_once_its_check_is_judged_unless_it_wavers() {
    let name = |word: &str| Spanned::new(0..0, word.to_owned());
    let mut excuse = Excuse {
        scenario: name(SCENARIO),
        check: name(CHECK),
        area: None,
        wavers: false,
        reason: name("so"),
    };
    let nothing = [judged(Verdict::Inconclusive("there was none".to_owned()))];
    assert!(needless(&[excuse.clone()], &nothing).is_empty());
    for verdict in [Verdict::Pass(Vec::new()), fails()] {
        let stale = needless(
            &[excuse.clone()],
            &[&nothing[..], &[judged(verdict)]].concat(),
        );
        assert_eq!(stale[0].excused_in.as_deref(), Some("cpe/one (east)"));
    }
    // What is judged in the other area is not excused.
    excuse.area = Some(Area::West);
    assert!(needless(&[excuse.clone()], &[judged(fails())]).is_empty());
    excuse.area = Some(Area::East);
    assert_eq!(needless(&[excuse.clone()], &[judged(fails())]).len(), 1);
    excuse.wavers = true;
    assert!(needless(&[excuse], &[judged(fails())]).is_empty());
}

#[test]
fn what_is_known_does_not_count_and_what_is_excused_tells_nothing() {
    assert_eq!(code(promised(true)), error::CONFORMANT);
    assert_eq!(code(promised(false)), error::NOT_CONFORMANT);
    let mut expected = promised(false);
    expected.expectations[0].known = Some("so".to_owned());
    assert_eq!(code(expected), error::CONFORMANT);
    let mut late = promised(false);
    late.expectations[0].excused = true;
    assert_eq!(code(late), error::UNDETERMINED);
    assert_eq!(code(judged(fails())), error::NOT_CONFORMANT);
    let mut late = promised(true);
    late.verdicts.get_mut(CHECK).unwrap().excused = true;
    assert_eq!(code(late), error::UNDETERMINED);
}
