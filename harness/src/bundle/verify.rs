//! A bundle that somebody has sent: whether it is what its manifest says, whose signature it has,
//! and whether its report follows from its traces.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{Look, html, json};
use ngnlab_reports::scene::{Scene, Scenes};
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Case, Judged, Outcome, Report, Verdict};
use ngnlab_sim::Trace;

use super::archive::Opened;
use super::book::Book;
use super::signature::{self, Signature};
use super::{ABOUT, About, DEVICES, FORMAT, MANIFEST, PAGE, REPORT, SCENARIOS, SIGNATURE};
use crate::built_in;
use crate::error::Error;
use crate::report::check_infos;
use crate::scene::lay;

/// What a bundle turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it says of itself.
    pub about: About,
    /// The devices that it is about.
    pub devices: Vec<String>,
    /// How many files it has.
    pub files: usize,
    /// Files that are not what the manifest says, and what is the matter with each.
    pub wrong: Vec<(String, &'static str)>,
    /// Whose it is.
    pub signature: Signature,
    /// How many runs were judged again.
    pub judged: usize,
    /// How many have no trace by which they could be.
    pub unjudged: usize,
    /// Scenarios that are not those inside this program.
    pub own_scenarios: Vec<String>,
    /// Where the report says something else than its traces.
    pub differs: Vec<Difference>,
    /// Whether it was judged by the same version of the program.
    pub same_judge: bool,
}

impl Verified {
    /// Returns whether the files are what the manifest says, and the signature is not a bad one.
    pub fn is_whole(&self) -> bool {
        self.wrong.is_empty() && !matches!(self.signature, Signature::Bad(_))
    }
}

/// Where two judgements of a run differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The scenario with its area, or what else it is about.
    pub place: String,
    /// What was said before, and what is said now.
    pub how: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.how)
    }
}

/// Verifies a bundle, with a program of this version; `signers` are those who are trusted.
pub fn verify(
    path: &Path,
    file: File,
    (tool, revision): (&str, &str),
    signers: Option<&Path>,
    unpack: Option<&Unpack<'_>>,
) -> Result<Verified, Error> {
    let refused = |why: String| Error::Usage {
        what: format!("{} is no bundle: {why}", path.display()),
        help: Some("`ngnlab bundle REPORT FILE` makes one".to_owned()),
    };
    let broken = |name: &str| {
        let name = name.to_owned();
        move |error: io::Error| refused(format!("cannot read {name} in it: {error}"))
    };
    let mut opened = Opened::new(file).map_err(refused)?;
    for name in [MANIFEST, ABOUT, REPORT] {
        if !opened.has(name) {
            return Err(refused(format!("it has no {name}")));
        }
    }
    let about = opened.text(ABOUT).map_err(broken(ABOUT))?;
    let about: About =
        serde_json::from_str(&about).map_err(|error| refused(format!("{ABOUT}: {error}")))?;
    if about.bundle != FORMAT {
        let what = format!(
            "its form is {}, and this ngnlab reads {FORMAT}",
            about.bundle
        );
        return Err(refused(what));
    }
    let manifest = opened.read(MANIFEST).map_err(broken(MANIFEST))?;
    let wrong = against(&manifest, &mut opened).map_err(broken("the files"))?;
    let signature = match opened.has(SIGNATURE) {
        true => {
            let signature = opened.read(SIGNATURE).map_err(broken(SIGNATURE))?;
            signature::check(&manifest, &signature, signers)?
        }
        false if signers.is_some() => Signature::Bad("there is none".to_owned()),
        false => Signature::None,
    };
    let text = opened.text(REPORT).map_err(broken(REPORT))?;
    let document = json::parse(&text).map_err(|why| refused(format!("{REPORT}: {why}")))?;
    let reports: &[Report] = match &document {
        Document::Report(report) => std::slice::from_ref(report),
        Document::Matrix(matrix) => &matrix.devices,
    };
    let mut verified = Verified {
        same_judge: about.tool == tool && about.revision == revision,
        devices: reports.iter().map(|report| report.device.clone()).collect(),
        about,
        files: opened.names().len(),
        wrong,
        signature,
        judged: 0,
        unjudged: 0,
        own_scenarios: Vec::new(),
        differs: Vec::new(),
    };
    verified.own_scenarios = own_scenarios(&mut opened).map_err(broken(SCENARIOS))?;
    for (number, report) in reports.iter().enumerate() {
        verified
            .judge(number, report, &mut opened)
            .map_err(&refused)?;
    }
    if let Some(unpack) = unpack {
        for name in opened
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
        {
            unpack(&name, &opened.read(&name).map_err(broken(&name))?)?;
        }
    }
    if verified.same_judge && verified.wrong.is_empty() && verified.differs.is_empty() {
        verified.look_at_page(&document, opened).map_err(refused)?;
    }
    Ok(verified)
}

/// Takes a file out of a bundle, by its name in it.
pub type Unpack<'a> = dyn Fn(&str, &[u8]) -> Result<(), Error> + 'a;

impl Verified {
    /// Judges every run of a report again that has a trace.
    fn judge(&mut self, number: usize, report: &Report, opened: &mut Opened) -> Result<(), String> {
        let prefix = format!("{DEVICES}/{}-", number + 1);
        let names = opened.names();
        let device = names.iter().find(|name| name.starts_with(&prefix));
        let device = device.map(|name| (*name).to_owned());
        let device = match device {
            Some(name) => {
                let text = opened.text(&name);
                let text = text.map_err(|error| format!("cannot read {name} in it: {error}"))?;
                let name = name.trim_start_matches("devices/").to_owned();
                Some((PathBuf::from(name), text))
            }
            None => None,
        };
        let device = device.as_ref().map(|(path, text)| (&**path, &text[..]));
        let scenarios = |name: &str| {
            let path = format!("{SCENARIOS}/{name}.toml");
            opened.text(&path).map_err(|source| Error::Read {
                path: path.into(),
                source,
            })
        };
        let book = Book::read(report, scenarios, device).map_err(|error| error.with_causes())?;
        let mut again = report.clone();
        for (case, again) in report.cases.iter().zip(&mut again.cases) {
            let Some(path) = &case.trace else {
                match case.outcome {
                    Outcome::Judged => self.differs.push(Difference {
                        place: case.place(),
                        how: "it has verdicts, and no trace".to_owned(),
                    }),
                    _ => self.unjudged += 1,
                }
                continue;
            };
            let judged = opened
                .read(path)
                .and_then(|bytes| Trace::load(&bytes[..]))
                .map_err(|error| error.to_string())
                .and_then(|trace| book.again(case, &trace));
            match judged {
                Ok(judged) => {
                    self.judged += 1;
                    self.differs.extend(differences(case, &judged));
                    *again = judged;
                }
                Err(how) => self.differs.push(Difference {
                    place: case.place(),
                    how: format!("cannot be judged again: {how}"),
                }),
            }
        }
        let checks = check_infos();
        if self.same_judge
            && let Some((id, _)) = report
                .checks
                .iter()
                .find(|(id, info)| checks.get(*id) != Some(*info))
        {
            self.differs.push(Difference {
                place: report.device.clone(),
                how: format!("{id} is another check than this version has"),
            });
        }
        // Whoever changes a verdict may forget what it adds up to, and the other way round.
        let again = again.scored();
        if self.differs.is_empty()
            && (again.results != report.results || again.comes_to != report.comes_to)
        {
            self.differs.push(Difference {
                place: report.device.clone(),
                how: "the result is not what the verdicts add up to".to_owned(),
            });
        }
        Ok(())
    }

    /// Looks whether the page says what the report says.
    fn look_at_page(&mut self, document: &Document, mut opened: Opened) -> Result<(), String> {
        let page = opened.text(PAGE).map_err(|error| error.to_string())?;
        let lang = match &self.about.lang[..] {
            "ja" => Lang::Ja,
            _ => Lang::En,
        };
        let inside = Inside(RefCell::new(opened));
        let look = Look {
            colour: false,
            lang,
            scenes: &inside,
        };
        if html::render(document, look) != page {
            self.differs.push(Difference {
                place: PAGE.to_owned(),
                how: format!("it is not what {REPORT} and the traces give"),
            });
        }
        Ok(())
    }
}

/// The scenes of the traces in a bundle.
struct Inside(RefCell<Opened>);

impl Scenes for Inside {
    fn scene(&self, case: &Case) -> Result<Scene, String> {
        let path = case
            .trace
            .as_ref()
            .ok_or("no trace of it was kept; `ngnlab run --out DIR` keeps them")?;
        let bytes = self.0.borrow_mut().read(path);
        let trace = bytes.and_then(|bytes| Trace::load(&bytes[..]));
        let trace = trace.map_err(|error| error.to_string())?;
        lay(&trace).map_err(|error| error.to_string())
    }

    fn trace<'a>(&self, case: &'a Case) -> Option<&'a str> {
        case.trace.as_deref()
    }
}

/// Returns the scenarios that this program has not inside, or not in this form.
fn own_scenarios(opened: &mut Opened) -> io::Result<Vec<String>> {
    let names: Vec<String> = opened.names().into_iter().map(str::to_owned).collect();
    let mut own = Vec::new();
    for path in names {
        let Some(name) = path
            .strip_prefix(SCENARIOS)
            .and_then(|name| name.strip_prefix('/'))
        else {
            continue;
        };
        let inside = built_in::read(&built_in::scenarios().join(name));
        if inside.is_none_or(|inside| opened.read(&path).is_ok_and(|text| text != *inside)) {
            own.push(name.trim_end_matches(".toml").to_owned());
        }
    }
    Ok(own)
}

/// Holds every file against the manifest; returns what is wrong.
fn against(manifest: &[u8], opened: &mut Opened) -> io::Result<Vec<(String, &'static str)>> {
    let mut wrong = Vec::new();
    let mut sums: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8_lossy(manifest).lines() {
        match line.split_once("  ") {
            Some((sum, name)) => sums.insert(name.to_owned(), sum.to_owned()),
            None => {
                wrong.push((MANIFEST.to_owned(), "has a line that is none"));
                continue;
            }
        };
    }
    let names: Vec<String> = opened.names().into_iter().map(str::to_owned).collect();
    let mut length = 0;
    for name in names {
        if [MANIFEST, SIGNATURE].contains(&&name[..]) {
            continue;
        }
        let (sum, bytes) = opened.sum(&name)?;
        length += bytes;
        if length > LONGEST {
            let message = format!("unpacked it has more than {LONGEST} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        match sums.remove(&name) {
            Some(told) if told == sum => {}
            Some(_) => wrong.push((name, "was changed")),
            None => wrong.push((name, "is not in the manifest")),
        }
    }
    wrong.extend(sums.into_keys().map(|name| (name, "is missing")));
    Ok(wrong)
}

/// Returns where two judgements of a case differ in anything at all.
pub(super) fn differences(before: &Case, now: &Case) -> Option<Difference> {
    if before == now {
        return None;
    }
    if let Some(difference) = outcomes(before, now) {
        return Some(difference);
    }
    let mut verdicts = before.verdicts.iter();
    let other = verdicts.find(|(id, judged)| now.verdicts.get(*id) != Some(*judged));
    let how = match other {
        Some((id, _)) => format!("{id} has other evidence"),
        None => "its diagnosis or promises read otherwise".to_owned(),
    };
    Some(Difference {
        place: before.place(),
        how,
    })
}

/// Returns where two judgements of a case come to something else.
pub(super) fn outcomes(before: &Case, now: &Case) -> Option<Difference> {
    let differ = |how: String| {
        Some(Difference {
            place: before.place(),
            how,
        })
    };
    let mut ids: Vec<&String> = before.verdicts.keys().chain(now.verdicts.keys()).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let (was, is) = (word(before.verdicts.get(id)), word(now.verdicts.get(id)));
        if was != is {
            return differ(format!("{id} was {was}, and is {is}"));
        }
    }
    let diagnosis = |case: &Case| case.diagnosis.as_ref().map(|one| one.id.clone());
    if diagnosis(before) != diagnosis(now) {
        let word = |case| diagnosis(case).unwrap_or_else(|| "none".to_owned());
        return differ(format!(
            "the diagnosis was {}, and is {}",
            word(before),
            word(now)
        ));
    }
    let met = |case: &Case| -> Vec<(String, bool)> {
        let promises = case.expectations.iter();
        promises.map(|one| (one.what.clone(), one.met)).collect()
    };
    if met(before) != met(now) {
        return differ("it does not keep the same promises".to_owned());
    }
    let exercised = |case: &Case| -> Vec<String> {
        case.exercises.iter().map(|one| one.check.clone()).collect()
    };
    if exercised(before) != exercised(now) {
        return differ("it exercises other checks".to_owned());
    }
    None
}

fn word(judged: Option<&Judged>) -> &'static str {
    match judged {
        None => "not asked",
        Some(judged) => match (&judged.verdict, &judged.known) {
            (Verdict::Pass(_), _) => "pass",
            (Verdict::Fail(_), Some(_)) => "known to fail",
            (Verdict::Fail(_), None) => "fail",
            (Verdict::Inconclusive(_), _) => "inconclusive",
            (Verdict::NotApplicable(_), _) => "not applicable",
        },
    }
}

/// Enough for the largest run many times over.
const LONGEST: u64 = 64 << 30;
