//! A bundle that somebody has sent: whether it is what its manifest says, whose signature it has,
//! and whether its report follows from its traces.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{Look, html, json};
use ngnlab_reports::provenance::Provenance;
use ngnlab_reports::scene::{Scene, Scenes};
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Case, CheckInfo, Outcome, Report};
use ngnlab_sim::Trace;
use sha2::{Digest, Sha256};

use super::archive::Opened;
use super::book::Book;
use super::difference::{Difference, differences};
use super::signature::{self, Signature};
use super::{
    ABOUT, About, DEVICES, FORMAT, MANIFEST, PAGE, PAPER, READ_ME, README, REPORT, SCENARIOS,
    SIGNATURE, runs,
};
use crate::built_in;
use crate::campaign::{TRACE, folder};
use crate::error::Error;
use crate::report::check_infos;
use crate::scene::lay;
use crate::wireshark;

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
    /// What no honest bundle has, by whatever version it was judged.
    pub faults: Vec<Difference>,
    /// Files for people that this program makes otherwise of the report and its traces.
    pub redrawn: Vec<String>,
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
        faults: Vec::new(),
        redrawn: Vec::new(),
        differs: Vec::new(),
    };
    verified.own_scenarios = own_scenarios(&mut opened).map_err(broken(SCENARIOS))?;
    verified.look_for_others(reports, &opened);
    for (number, report) in reports.iter().enumerate() {
        let number = (number, reports.len());
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
    if verified.wrong.is_empty() && verified.faults.is_empty() && verified.differs.is_empty() {
        verified.look_at_page(&document, opened);
    }
    Ok(verified)
}

/// Takes a file out of a bundle, by its name in it.
pub type Unpack<'a> = dyn Fn(&str, &[u8]) -> Result<(), Error> + 'a;

impl Verified {
    /// Judges every run of a report again.
    fn judge(
        &mut self,
        (number, of): (usize, usize),
        report: &Report,
        opened: &mut Opened,
    ) -> Result<(), String> {
        let device = device_file(number, opened)?;
        // A redacted one has another sum, by what was mapped.
        let text = device.as_ref().map(|(_, text)| &text[..]);
        if !self.about.redacted && !is_named(report.provenance.as_ref(), text) {
            self.fault(
                report.device.clone(),
                "its device file is not the one that the report names",
            );
        }
        let book = book(report, device.as_ref(), opened)?;
        let mut again = report.clone();
        for (case, again) in report.cases.iter().zip(&mut again.cases) {
            let place = folder(&runs(number, of), &case.scenario, &case.area);
            let place = format!("{}/{TRACE}", place.display());
            match &case.trace {
                Some(path) if *path == place => {}
                Some(_) => self.fault(case.place(), "its trace is not in its own place"),
                None if case.outcome == Outcome::Judged => {
                    self.fault(case.place(), "it has verdicts, and no trace");
                }
                None => self.unjudged += 1,
            }
            if case.trace.as_ref() != Some(&place) {
                continue;
            }
            let judged = opened
                .read(&place)
                .and_then(|bytes| Trace::load(&bytes[..]))
                .map_err(|error| error.to_string())
                .and_then(|trace| Ok((book.again(case, &trace)?, trace)));
            let (judged, trace) = match judged {
                Ok(both) => both,
                Err(how) => {
                    self.fault(case.place(), &format!("cannot be judged again: {how}"));
                    continue;
                }
            };
            self.judged += 1;
            // The reference says itself which defects it has.
            let name = &trace.header.device;
            if report.device != *name && !report.device.starts_with(&format!("{name} with ")) {
                self.fault(case.place(), &format!("the trace is one of {name}"));
            }
            match differences(case, &judged) {
                Some(difference) => self.differs.push(difference),
                None => self.look_at_capture(case, &trace, opened),
            }
            *again = judged;
        }
        let checks = check_infos();
        let is_other = |(id, info): &(&String, &CheckInfo)| checks.get(*id) != Some(*info);
        if self.same_judge
            && let Some((id, _)) = report.checks.iter().find(is_other)
        {
            let how = format!("{id} is another check than this version has");
            self.fault(report.device.clone(), &how);
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

    fn fault(&mut self, place: String, how: &str) {
        let how = how.to_owned();
        self.faults.push(Difference { place, how });
    }

    /// Looks whether a capture has the frames of its trace.
    fn look_at_capture(&mut self, case: &Case, trace: &Trace, opened: &mut Opened) {
        let Some(path) = &case.capture else {
            return;
        };
        let mut drawn = Vec::new();
        let written = wireshark::write(trace, case, &mut drawn);
        if written.is_err() || opened.read(path).is_ok_and(|there| there != drawn) {
            self.redrawn.push(path.clone());
        }
    }

    /// Looks whether the page and the words for people are what this program makes of the report.
    fn look_at_page(&mut self, document: &Document, mut opened: Opened) {
        if opened.read(README).ok().as_deref() != Some(READ_ME.as_bytes()) {
            self.redrawn.push(README.to_owned());
        }
        let page = opened.read(PAGE).unwrap_or_default();
        let inside = Inside(RefCell::new(opened));
        let look = Look {
            colour: false,
            lang: match &self.about.lang[..] {
                "ja" => Lang::Ja,
                _ => Lang::En,
            },
            scenes: &inside,
        };
        if html::render(document, look).as_bytes() != page {
            self.redrawn.push(PAGE.to_owned());
        }
    }

    /// Looks for files that no bundle has.
    fn look_for_others(&mut self, reports: &[Report], opened: &Opened) {
        let own = [MANIFEST, SIGNATURE, README, ABOUT, REPORT, PAGE, PAPER];
        let mut files: BTreeSet<String> = own.map(str::to_owned).into();
        let mut folders = Vec::new();
        for (number, report) in reports.iter().enumerate() {
            folders.push(format!("{DEVICES}/{}-", number + 1));
            for case in &report.cases {
                files.insert(format!("{SCENARIOS}/{}.toml", case.scenario));
                let place = folder(&runs(number, reports.len()), &case.scenario, &case.area);
                folders.push(format!("{}/", place.display()));
            }
        }
        for name in opened.names() {
            let is_below = |folder: &String| name.starts_with(folder);
            if !files.contains(name) && !folders.iter().any(is_below) {
                self.fault(name.to_owned(), "no bundle has such a file");
            }
        }
    }
}

/// Returns the name and the text of a device's file, if it has one.
fn device_file(number: usize, opened: &mut Opened) -> Result<Option<(PathBuf, String)>, String> {
    let prefix = format!("{DEVICES}/{}-", number + 1);
    let names = opened.names();
    let name = names.iter().find(|name| name.starts_with(&prefix));
    let Some(name) = name.map(|name| (*name).to_owned()) else {
        return Ok(None);
    };
    let text = opened.text(&name);
    let text = text.map_err(|error| format!("cannot read {name} in it: {error}"))?;
    Ok(Some((PathBuf::from(name), text)))
}

/// Returns whether a report names a device file of just this text, or none where there is none.
fn is_named(provenance: Option<&Provenance>, text: Option<&str>) -> bool {
    let named = provenance.and_then(|made| made.device.as_ref());
    let sum = text.map(|text| format!("{:x}", Sha256::digest(text)));
    named.map(|file| &file.sha256) == sum.as_ref()
}

/// Reads the scenarios of a report, by its device's file.
fn book(
    report: &Report,
    device: Option<&(PathBuf, String)>,
    opened: &mut Opened,
) -> Result<Book, String> {
    let device = device.map(|(path, text)| (&**path, &text[..]));
    let scenarios = |name: &str| {
        let path = format!("{SCENARIOS}/{name}.toml");
        opened.text(&path).map_err(|source| Error::Read {
            path: path.into(),
            source,
        })
    };
    Book::read(report, scenarios, device).map_err(|error| error.with_causes())
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
    for line in String::from_utf8_lossy(manifest).split_terminator('\n') {
        match line.split_once("  ") {
            Some((sum, name)) if !line.contains('\r') && !sums.contains_key(name) => {
                sums.insert(name.to_owned(), sum.to_owned());
            }
            Some(_) | None => wrong.push((MANIFEST.to_owned(), "has a line that is none")),
        }
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

/// Enough for the largest run many times over.
const LONGEST: u64 = 64 << 30;

#[cfg(test)]
mod tests {
    use ngnlab_reports::provenance::DeviceFile;

    use super::*;

    #[test]
    fn a_device_file_is_the_one_that_the_report_names_or_none() {
        let text = "name = \"a router\"";
        let of = |text: &str| Provenance {
            device: Some(DeviceFile {
                sha256: format!("{:x}", Sha256::digest(text)),
                ..DeviceFile::default()
            }),
            ..Provenance::default()
        };
        assert!(is_named(Some(&of(text)), Some(text)));
        assert!(!is_named(Some(&of(text)), Some("name = \"another\"")));
        assert!(!is_named(Some(&of(text)), None));
        assert!(!is_named(None, Some(text)));
        assert!(is_named(Some(&Provenance::default()), None));
        assert!(is_named(None, None));
    }
}
