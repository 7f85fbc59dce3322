//! JUnit XML for CI, as `junit-10.xsd` of Jenkins' xUnit plugin has it: a suite for each device, a
//! test case for each scenario in each area, and one for what the device came to.
//!
//! A test case has one outcome, since many readers look at the first alone. A *failure* is what the
//! exit code 1 stands for, an *error* what 3 does; *skipped* is what the device does not offer, or
//! was left out. Remarks and known failures stand in what the test case printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::Look;
use crate::conclusion::Conclusion;
use crate::document::Document;
use crate::words::Lang;
use crate::{Case, CheckInfo, Expectation, Finding, Level, Outcome, Report, Verdict, escape};

/// Renders a document, without colour, whatever is asked for.
pub fn render<'a>(document: &Document, look: impl Into<Look<'a>>) -> String {
    let lang = look.into().lang;
    let reports: Vec<&Report> = match document {
        Document::Report(report) => vec![report],
        Document::Matrix(matrix) => matrix.devices.iter().collect(),
    };
    let suites = reports.into_iter().map(|report| Suite::of(report, lang));
    let suites: Vec<Suite> = suites.collect();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    write(&mut writer, &suites).expect("memory takes what is written");
    let xml = String::from_utf8(writer.into_inner()).expect("XML is made of strings");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n")
}

/// What a device came to.
struct Suite {
    name: String,
    seconds: String,
    properties: Vec<(String, String)>,
    tests: Vec<Test>,
}

/// What a scenario came to in one area.
struct Test {
    class: String,
    name: String,
    came: Option<Came>,
    /// What is worth a look, and changes nothing.
    notes: Vec<String>,
}

/// Why a test case has not passed.
struct Came {
    element: &'static str,
    kind: String,
    message: String,
    /// Each with all there is to know about it.
    details: Vec<String>,
}

impl Suite {
    fn of(report: &Report, lang: Lang) -> Self {
        let cases = report.cases.iter();
        let cases = cases.map(|case| Test::of(report, case, lang));
        let stale = report.stale.iter().map(|stale| {
            let message = match &stale.excused_in {
                None => format!("{} is a known failure, but passes", stale.check),
                Some(place) => format!("{} is excused, but was judged in {place}", stale.check),
            };
            let message = lang.say(&message).into_owned();
            Test {
                class: "device file".to_owned(),
                name: stale.check.clone(),
                came: Some(Came {
                    element: FAILURE,
                    kind: "stale".to_owned(),
                    message,
                    details: vec![stale.reason.clone()],
                }),
                notes: Vec::new(),
            }
        });
        let left_out = report.left_out.iter().map(|one| Test {
            class: class(&one.scenario),
            name: one.scenario.clone(),
            came: Some(Came {
                element: if one.cut_off { ERROR } else { SKIPPED },
                kind: if one.cut_off { "stopped" } else { "left out" }.to_owned(),
                message: lang.say(&one.reason).into_owned(),
                details: Vec::new(),
            }),
            notes: Vec::new(),
        });
        Self {
            name: report.device.clone(),
            seconds: format!("{:.3}", report.elapsed_ms as f64 / 1000.0),
            properties: properties(report),
            tests: cases
                .chain(stale)
                .chain(left_out)
                .chain([Test::of_all(report, lang)])
                .collect(),
        }
    }

    fn count(&self, element: &str) -> usize {
        let came = self.tests.iter().filter_map(|test| test.came.as_ref());
        came.filter(|came| came.element == element).count()
    }
}

fn properties(report: &Report) -> Vec<(String, String)> {
    let own = |name: &str, value: String| (name.to_owned(), value);
    let head = [
        own("tool", report.tool.clone()),
        own("seed", report.seed.to_string()),
        own("arguments", report.arguments.join(" ")),
    ];
    let firmware = report.firmware.clone();
    let firmware = firmware.map(|version| own("firmware", version));
    let profiles = report.profiles.iter().map(|profile| {
        let result = report.overall(*profile).words().to_owned();
        (format!("profile {}", profile.name()), result)
    });
    let made = report.provenance.iter().flat_map(|one| one.rows());
    let made = made.filter(|(label, _)| *label != "seed");
    let made = made.map(|(label, value)| own(label, value));
    let head = head.into_iter().chain(firmware);
    let failed = failed(report).into_iter().flat_map(|(id, info)| {
        let level = match info.level {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
        };
        let level = (format!("level {id}"), level.to_owned());
        [level, (format!("source {id}"), info.source.clone())]
    });
    head.chain(profiles).chain(made).chain(failed).collect()
}

/// Returns what failed anywhere; a test case cannot have properties.
fn failed(report: &Report) -> BTreeMap<&str, &CheckInfo> {
    let verdicts = report.cases.iter().flat_map(|case| &case.verdicts);
    let failed = verdicts.filter(|(_, judged)| matches!(judged.verdict, Verdict::Fail(_)));
    let failed = failed.filter_map(|(id, _)| Some((&**id, report.checks.get(id)?)));
    failed.collect()
}

impl Test {
    /// What all of it came to: no other test case stands for what was never judged.
    fn of_all(report: &Report, lang: Lang) -> Self {
        let came = match report.conclusion() {
            Conclusion::Conformant | Conclusion::NoFailureSeen(_) => None,
            Conclusion::NotConformant(why) => Some((FAILURE, "not conformant", why)),
            Conclusion::Undetermined(why) => Some((ERROR, "undetermined", why)),
        };
        Self {
            class: "device".to_owned(),
            name: "result".to_owned(),
            came: came.map(|(element, kind, why)| {
                let why: Vec<_> = why.iter().map(|one| lang.say(one)).collect();
                Came::new(element, kind, &why.join(lang.semicolon()))
            }),
            notes: Vec::new(),
        }
    }

    fn of(report: &Report, case: &Case, lang: Lang) -> Self {
        let mut notes = Vec::new();
        let came = match &case.outcome {
            Outcome::NotApplicable(why) => Some(Came::new(
                SKIPPED,
                "not applicable",
                &lang.say(&format!("not offered: {why}")),
            )),
            Outcome::HarnessError(why) => {
                Some(Came::new(ERROR, "broken by ngnlab", &lang.say(why)))
            }
            Outcome::DeviceFailed { message, known, .. } if known.is_some() => {
                let known = lang.say("known");
                notes.push(format!("{known}: {}", lang.say(message)));
                None
            }
            Outcome::DeviceFailed { how, message, .. } => {
                let message = lang.say(message);
                Some(Came::new(FAILURE, &format!("device {how}"), &message))
            }
            Outcome::Judged => judged(report, case, &mut notes, lang),
        };
        Self {
            class: class(&case.scenario),
            name: case.place(),
            came,
            notes,
        }
    }
}

impl Came {
    fn new(element: &'static str, kind: &str, message: &str) -> Self {
        Self {
            element,
            kind: kind.to_owned(),
            message: message.to_owned(),
            details: Vec::new(),
        }
    }

    /// Makes one of several things of the same kind, if there are any.
    fn of(element: &'static str, kind: &str, found: Vec<(String, String)>) -> Option<Self> {
        let names: Vec<&str> = found.iter().map(|(name, _)| &name[..]).collect();
        let message = names.join("; ");
        (!found.is_empty()).then(|| Self {
            message,
            details: found.into_iter().map(|(_, detail)| detail).collect(),
            ..Self::new(element, kind, "")
        })
    }
}

/// Returns why a case that was judged has not passed; what changes nothing is noted.
fn judged(report: &Report, case: &Case, notes: &mut Vec<String>, lang: Lang) -> Option<Came> {
    let (mut failed, mut unclear) = (Vec::new(), Vec::new());
    // What explains others comes before them.
    let mut verdicts: Vec<_> = case.verdicts.iter().collect();
    verdicts.sort_by_key(|(id, _)| case.root_of(id).is_some());
    for (id, judged) in verdicts {
        let Some(info) = report.checks.get(id) else {
            continue;
        };
        let counts = !report.counts_for(id, [case]).is_empty();
        if judged.excused && counts && info.level == Level::Must {
            let why = lang.say("the host was too late to say");
            unclear.push((id.clone(), format!("{id}: {why}")));
        }
        let Verdict::Fail(finding) = &judged.verdict else {
            continue;
        };
        let word = match (&judged.known, info.level) {
            (Some(reason), _) => format!("known ({reason})"),
            (None, Level::Must) if counts => {
                failed.push((id.clone(), detail(report, case, id, finding, lang)));
                continue;
            }
            (None, Level::Must) => "of none of the chosen profiles".to_owned(),
            (None, Level::Should) => "remark".to_owned(),
        };
        let word = lang.say(&word);
        notes.push(format!("{word}: {id}: {}", said(finding, lang)));
    }
    for promise in &case.expectations {
        let what = lang.say(&promise.what).into_owned();
        if promise.is_broken() {
            failed.push((what, told(promise, lang)));
        } else if promise.is_unclear() {
            unclear.push((what, told(promise, lang)));
        } else if let (false, Some(reason)) = (promise.met, &promise.known) {
            let known = format!("known ({reason})");
            notes.push(format!("{}: {}", lang.say(&known), told(promise, lang)));
        }
    }
    for exercise in &case.exercises {
        let Some(why) = case.lost(exercise) else {
            continue;
        };
        let id = &exercise.check;
        let is_must = report
            .checks
            .get(id)
            .is_some_and(|info| info.level == Level::Must);
        let line = lang
            .say(&format!("{id}: not judged, because {why}"))
            .into_owned();
        match is_must && !report.counts_for(id, [case]).is_empty() {
            true => unclear.push((id.clone(), line)),
            false => notes.push(line),
        }
    }
    if let Some(diagnosis) = &case.diagnosis {
        let finding = lang.of(&diagnosis.finding);
        let end = format!("diagnosis: {} ({})", diagnosis.id, diagnosis.place());
        notes.push(format!("{}: {finding}", lang.say(&end)));
    }
    Came::of(FAILURE, "not conformant", failed).or_else(|| Came::of(ERROR, "undetermined", unclear))
}

fn said(finding: &Finding, lang: Lang) -> String {
    let said = format!("expected {}, seen {}", finding.expected, finding.actual);
    lang.say(&said).into_owned()
}

fn told(promise: &Expectation, lang: Lang) -> String {
    let told = format!("{}: seen {}", promise.what, promise.seen);
    lang.say(&told).into_owned()
}

/// Returns all there is to know about a failure.
fn detail(report: &Report, case: &Case, id: &str, finding: &Finding, lang: Lang) -> String {
    let mut text = format!("{id}: {}", said(finding, lang));
    if let Some(root) = case.root_of(id) {
        let _ = write!(text, "\n  {}", lang.say(&format!("because of {root}")));
    }
    let judged = case.verdicts.get(id);
    for evidence in judged.iter().flat_map(|judged| &judged.evidence) {
        let _ = write!(text, "\n  {}", evidence.line(lang));
    }
    if let (Some(capture), Some(filter)) = (
        &case.capture,
        judged.and_then(|judged| case.filter(id, judged)),
    ) {
        let (capture_word, filter_word) = (lang.say("capture"), lang.say("filter"));
        let _ = write!(
            text,
            "\n  {capture_word} {capture}\n  {filter_word} {filter}"
        );
    }
    if let Some(info) = report.checks.get(id) {
        let _ = write!(text, "\n  {} {}", lang.say("hint"), lang.of(&info.hint));
        let _ = write!(text, "\n  {} {}", lang.say("source"), info.source);
    }
    let (scenario, area) = (&case.scenario, &case.area);
    let arguments = report.arguments.join(" ");
    let again = lang.say("again");
    let _ = write!(
        text,
        "\n  {again} ngnlab run --scenario {scenario} --area {area} {arguments}"
    );
    text
}

/// Returns the family of a scenario: readers show a tree of classes.
fn class(scenario: &str) -> String {
    scenario.split('/').next().unwrap_or_default().to_owned()
}

fn write(writer: &mut Writer<Vec<u8>>, suites: &[Suite]) -> io::Result<()> {
    let all = |count: &dyn Fn(&Suite) -> usize| -> String {
        suites.iter().map(count).sum::<usize>().to_string()
    };
    let tests = all(&|suite| suite.tests.len());
    let failures = all(&|suite| suite.count(FAILURE));
    let errors = all(&|suite| suite.count(ERROR));
    let root = writer.create_element("testsuites").with_attributes([
        ("name", "ngnlab"),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", &errors),
    ]);
    root.write_inner_content(|writer| suites.iter().try_for_each(|suite| suite.write(writer)))?;
    Ok(())
}

impl Suite {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let count = |element| self.count(element).to_string();
        let (failures, errors, skipped) = (count(FAILURE), count(ERROR), count(SKIPPED));
        let element = writer.create_element("testsuite").with_attributes([
            ("name", &*escape::line(&self.name)),
            ("tests", &self.tests.len().to_string()),
            ("failures", &failures),
            ("errors", &errors),
            ("skipped", &skipped),
            ("time", &self.seconds),
        ]);
        element.write_inner_content(|writer| {
            let properties = writer.create_element("properties");
            properties.write_inner_content(|writer| {
                self.properties.iter().try_for_each(|(name, value)| {
                    let property = writer.create_element("property").with_attributes([
                        ("name", &*escape::line(name)),
                        ("value", &*escape::line(value)),
                    ]);
                    property.write_empty().map(|_| ())
                })
            })?;
            self.tests.iter().try_for_each(|test| test.write(writer))
        })?;
        Ok(())
    }
}

impl Test {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let element = writer.create_element("testcase").with_attributes([
            ("classname", &*escape::line(&self.class)),
            ("name", &*escape::line(&self.name)),
        ]);
        if self.came.is_none() && self.notes.is_empty() {
            element.write_empty()?;
            return Ok(());
        }
        element.write_inner_content(|writer| {
            if let Some(came) = &self.came {
                let element = writer.create_element(came.element).with_attributes([
                    ("type", &*escape::line(&came.kind)),
                    ("message", &*escape::line(&came.message)),
                ]);
                match came.details.is_empty() {
                    true => element.write_empty()?,
                    false => element.write_text_content(text(&came.details))?,
                };
            }
            if !self.notes.is_empty() {
                let element = writer.create_element("system-out");
                element.write_text_content(text(&self.notes))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Returns lines as text in which XML allows every character.
fn text(lines: &[String]) -> BytesText<'static> {
    let shown: Vec<_> = lines.iter().map(|line| escape::lines(line)).collect();
    BytesText::new(&format!("\n{}\n", shown.join("\n"))).into_owned()
}

const FAILURE: &str = "failure";
const ERROR: &str = "error";
const SKIPPED: &str = "skipped";
