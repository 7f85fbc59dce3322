//! A report becomes a bundle: its traces are judged once more, so that nothing is handed in that
//! its own traces do not bear out.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{Look, html, json};
use ngnlab_reports::scene::{Scene, Scenes};
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Case, Outcome, Report};
use ngnlab_sim::Trace;

use super::archive::{Packer, unpacked};
use super::book::Book;
use super::difference::{Difference, differences, outcomes};
use super::{ABOUT, About, DEVICES, PAGE, PAPER, READ_ME, README, REPORT, SCENARIOS, runs};
use crate::campaign::{CAPTURE, TRACE, folder};
use crate::error::Error;
use crate::input;
use crate::redact::{Inside, Redactor};
use crate::scenario;
use crate::scene::lay;
use crate::wireshark;

/// What goes into a bundle.
pub struct Contents<'a> {
    /// The report of each device.
    pub reports: Vec<Report>,
    /// The device file of each, if it has one.
    pub devices: Vec<Option<PathBuf>>,
    /// The folder with the scenarios.
    pub scenarios: &'a Path,
    /// What the bundle is to say of itself.
    pub about: About,
    /// The language of what people read.
    pub lang: Lang,
    /// What maps what gives people away, if it is to be mapped.
    pub redactor: Option<Redactor>,
    /// Makes a page into paper, if it is asked for and a browser is there.
    pub print: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Signs the manifest, if that is asked for.
    pub sign: &'a Sign<'a>,
}

/// Signs a manifest, if that is asked for.
pub type Sign<'a> = dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, Error> + 'a;

/// A bundle, and what is to be said of it.
pub struct Packed {
    /// The archive, read from its beginning on.
    pub archive: File,
    /// How many runs have their trace in it.
    pub runs: usize,
    /// What gives people away in them, before anything was mapped.
    pub inside: Inside,
    /// How many logs and other files of runs are in it.
    pub logs: usize,
    /// Files that could not be mapped, as pictures, and are not in it.
    pub left_out: Vec<String>,
    /// Whether it has the report as PDF.
    pub has_paper: bool,
    /// Where this program judges otherwise than the one that made the report.
    pub differs: Vec<Difference>,
}

/// Packs a bundle.
pub fn pack(mut contents: Contents<'_>) -> Result<Packed, Error> {
    let failed = |source| Error::Write {
        path: std::env::temp_dir(),
        source,
    };
    let mut packing = Packing {
        packer: Packer::new(tempfile::tempfile().map_err(failed)?),
        places: BTreeMap::new(),
        packed: Packed {
            archive: tempfile::tempfile().map_err(failed)?,
            runs: 0,
            inside: Inside::default(),
            logs: 0,
            left_out: Vec::new(),
            has_paper: false,
            differs: Vec::new(),
        },
    };
    packing.learn(&mut contents)?;
    let redactor = contents.redactor.as_ref();
    let texts = redactor.map(Redactor::texts);
    let text = |text: String| match &texts {
        Some(map) => map(&text),
        None => text,
    };
    keep_scenarios(&contents.reports, &text)?;
    let mut reports = Vec::new();
    for (number, (report, device)) in contents.reports.iter().zip(&contents.devices).enumerate() {
        let device = match device {
            Some(path) => {
                let name = device_name(number, Path::new(&text(path.display().to_string())));
                let original = input::text(path, input::DESCRIPTION)?;
                Some((name, original))
            }
            None => None,
        };
        let scenarios = |name: &str| scenario_text(contents.scenarios, name);
        let plain = Book::read(report, scenarios, device_of(&device))?;
        let mapped = match redactor {
            Some(_) => {
                let scenarios = |name: &str| scenarios(name).map(&text);
                let device = device
                    .clone()
                    .map(|(name, original)| (name, text(original)));
                Some(Book::read(report, scenarios, device_of(&device))?)
            }
            None => None,
        };
        let runs = runs(number, contents.reports.len());
        reports.push(packing.report(report, &plain, mapped.as_ref(), redactor, &runs)?);
        if let Some((name, original)) = device {
            packing.add(&format!("{DEVICES}/{name}"), text(original).as_bytes())?;
        }
    }
    let names = reports.iter().flat_map(|report: &Report| &report.cases);
    let mut names: Vec<&str> = names.map(|case| case.scenario.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let original = scenario_text(contents.scenarios, name)?;
        packing.add(
            &format!("{SCENARIOS}/{name}.toml"),
            text(original).as_bytes(),
        )?;
    }
    packing.tell(&contents, Document::of(reports))
}

/// A bundle in the making.
struct Packing {
    packer: Packer<File>,
    /// Where the traces are that are called so in the bundle.
    places: BTreeMap<String, PathBuf>,
    packed: Packed,
}

impl Packing {
    /// Looks into every trace, before anything is mapped.
    fn learn(&mut self, contents: &mut Contents<'_>) -> Result<(), Error> {
        let cases = contents.reports.iter().flat_map(|report| &report.cases);
        for path in cases.filter_map(|case| case.trace.as_deref()) {
            let trace = load(Path::new(path))?;
            self.packed.inside.add(Inside::of(&trace));
            if let Some(redactor) = &mut contents.redactor {
                redactor.learn(&trace);
            }
        }
        Ok(())
    }

    /// Adds every run of a report, and returns what the report is in the bundle.
    fn report(
        &mut self,
        report: &Report,
        plain: &Book,
        mapped: Option<&Book>,
        redactor: Option<&Redactor>,
        runs: &Path,
    ) -> Result<Report, Error> {
        let mut packed = match redactor {
            Some(redactor) => redactor.report(report.clone()).map_err(unpacked)?,
            None => report.clone(),
        };
        for (original, case) in report.cases.iter().zip(&mut packed.cases) {
            if let Some(redactor) = redactor {
                *case = redactor.value(original).map_err(unpacked)?;
            }
            let Some(path) = original.trace.as_deref().map(Path::new) else {
                continue;
            };
            let place = folder(runs, &original.scenario, &original.area);
            let place = place.display().to_string();
            case.trace = Some(format!("{place}/{TRACE}"));
            case.capture = Some(format!("{place}/{CAPTURE}"));
            let from = path.parent().unwrap_or(Path::new("."));
            if let Outcome::DeviceFailed { log: own, .. } = &original.outcome
                && let Outcome::DeviceFailed { log, .. } = &mut case.outcome
            {
                let own = own.as_deref().map(Path::new);
                let inside = own.and_then(|log| log.strip_prefix(from).ok());
                let inside = inside.map(|log| log.display().to_string());
                *log = inside.map(|log| format!("{place}/{}", named(log, redactor)));
            }
            let mut trace = load(path)?;
            let again = plain
                .again(original, &trace)
                .map_err(|why| foreign(path, why))?;
            let difference = differences(original, &again);
            if let (Some(book), Some(redactor)) = (mapped, redactor) {
                if let Some(difference) = difference {
                    return Err(unlike(&difference));
                }
                trace = redactor.trace(&trace).map_err(unpacked)?;
                let hidden = book.again(case, &trace).map_err(|why| foreign(path, why))?;
                if let Some(difference) = outcomes(original, &hidden) {
                    return Err(changed(&difference));
                }
                *case = hidden;
            } else {
                self.packed.differs.extend(difference);
            }
            self.trace(case, &trace, path)?;
            self.logs(from, &place, redactor)?;
        }
        Ok(packed)
    }

    /// Adds a trace with its capture.
    fn trace(&mut self, case: &Case, trace: &Trace, from: &Path) -> Result<(), Error> {
        let mut bytes = Vec::new();
        trace.save(&mut bytes).map_err(unpacked)?;
        let mut capture = Vec::new();
        wireshark::write(trace, case, &mut capture).map_err(unpacked)?;
        let paths = [(&case.trace, bytes), (&case.capture, capture)];
        for (path, bytes) in paths {
            if let Some(path) = path {
                self.add(path, &bytes)?;
            }
        }
        if let Some(path) = &case.trace {
            self.places.insert(path.clone(), from.to_owned());
        }
        self.packed.runs += 1;
        Ok(())
    }

    /// Adds whatever else lies in the folder of a run.
    fn logs(&mut self, from: &Path, to: &str, redactor: Option<&Redactor>) -> Result<(), Error> {
        let mut folders = vec![(from.to_owned(), to.to_owned())];
        while let Some((from, to)) = folders.pop() {
            let unread = |source| Error::Read {
                path: from.clone(),
                source,
            };
            let mut entries = fs::read_dir(&from)
                .and_then(Iterator::collect::<io::Result<Vec<_>>>)
                .map_err(unread)?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_log = ![TRACE, CAPTURE].contains(&&name[..]);
                let path = format!("{to}/{}", named(name, redactor));
                let kind = entry.file_type().map_err(unread)?;
                // A link may lead anywhere.
                if kind.is_dir() {
                    folders.push((entry.path(), path));
                } else if kind.is_file() && is_log {
                    self.log(&entry.path(), path, redactor)?;
                }
            }
        }
        Ok(())
    }

    fn log(&mut self, from: &Path, to: String, redactor: Option<&Redactor>) -> Result<(), Error> {
        let mut bytes = Vec::new();
        input::open(from)?
            .read_to_end(&mut bytes)
            .map_err(|source| Error::Read {
                path: from.to_owned(),
                source,
            })?;
        if let Some(redactor) = redactor {
            let Ok(text) = String::from_utf8(bytes) else {
                self.packed.left_out.push(to);
                return Ok(());
            };
            bytes = redactor.texts()(&text).into_bytes();
        }
        self.packed.logs += 1;
        self.add(&to, &bytes)
    }

    /// Adds the report in every form, and what the bundle says of itself.
    fn tell(mut self, contents: &Contents<'_>, document: Document) -> Result<Packed, Error> {
        let scenes = Originals {
            places: &self.places,
            redactor: contents.redactor.as_ref(),
        };
        let page = html::render(
            &document,
            Look {
                colour: false,
                lang: contents.lang,
                scenes: &scenes,
            },
        );
        if let Some(paper) = (contents.print)(&page) {
            self.packed.has_paper = true;
            self.add(PAPER, &paper)?;
        }
        self.add(PAGE, page.as_bytes())?;
        self.add(REPORT, json::render(&document, false).as_bytes())?;
        let about =
            serde_json::to_string_pretty(&contents.about).map_err(|e| unpacked(e.into()))?;
        self.add(ABOUT, (about + "\n").as_bytes())?;
        self.add(README, READ_ME.as_bytes())?;
        let mut archive = self.packer.finish(contents.sign)?;
        archive.seek(SeekFrom::Start(0)).map_err(unpacked)?;
        Ok(Packed {
            archive,
            ..self.packed
        })
    }

    fn add(&mut self, path: &str, content: &[u8]) -> Result<(), Error> {
        self.packer.add(path, content).map_err(unpacked)
    }
}

/// The scenes of traces that lie where they were before they went into a bundle.
struct Originals<'a> {
    places: &'a BTreeMap<String, PathBuf>,
    redactor: Option<&'a Redactor>,
}

impl Scenes for Originals<'_> {
    fn scene(&self, case: &Case) -> Result<Scene, String> {
        let place = case.trace.as_ref().and_then(|path| self.places.get(path));
        let place = place.ok_or("no trace of it was kept; `ngnlab run --out DIR` keeps them")?;
        let mut trace = load(place).map_err(|error| error.with_causes())?;
        if let Some(redactor) = self.redactor {
            trace = redactor.trace(&trace).map_err(|error| error.to_string())?;
        }
        lay(&trace).map_err(|error| error.to_string())
    }

    fn trace<'a>(&self, case: &'a Case) -> Option<&'a str> {
        case.trace.as_deref()
    }
}

fn load(path: &Path) -> Result<Trace, Error> {
    let file = input::open(path)?;
    Trace::load(BufReader::new(file)).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn scenario_text(folder: &Path, name: &str) -> Result<String, Error> {
    input::text(&folder.join(format!("{name}.toml")), input::DESCRIPTION)
}

/// Returns what a device file is called in the bundle.
pub(super) fn device_name(number: usize, path: &Path) -> String {
    let stem = path.file_stem().and_then(scenario::segment);
    format!("{}-{}.toml", number + 1, stem.unwrap_or("device"))
}

/// Returns what a file of a run is called in the bundle.
fn named(name: String, redactor: Option<&Redactor>) -> String {
    match redactor {
        Some(redactor) => redactor.texts()(&name),
        None => name,
    }
}

/// Refuses to map what a scenario is called by: it is judged by its own file.
fn keep_scenarios(reports: &[Report], text: &impl Fn(String) -> String) -> Result<(), Error> {
    let cases = reports.iter().flat_map(|report| &report.cases);
    let mut names = cases.map(|case| &case.scenario);
    match names.find(|name| text((*name).clone()) != **name) {
        None => Ok(()),
        Some(name) => Err(Error::Usage {
            what: format!("a word that is to be mapped stands in the name of {name}"),
            help: Some("run that scenario under another name".to_owned()),
        }),
    }
}

fn device_of(device: &Option<(String, String)>) -> Option<(&Path, &str)> {
    let (name, text) = device.as_ref()?;
    Some((Path::new(name), text))
}

fn foreign(path: &Path, why: String) -> Error {
    Error::Usage {
        what: format!("{} does not belong to the report: {why}", path.display()),
        help: Some("bundle the report beside its own traces, as `run --out` wrote them".to_owned()),
    }
}

fn unlike(difference: &Difference) -> Error {
    Error::Usage {
        what: format!("this ngnlab judges otherwise than the report says: {difference}"),
        help: Some(
            "redacted traces are judged anew: bundle with the version, the scenarios and the device \
             file that the run had"
                .to_owned(),
        ),
    }
}

fn changed(difference: &Difference) -> Error {
    Error::Usage {
        what: format!("redacted, a trace would be judged otherwise: {difference}"),
        help: Some("leave that scenario out, or hand it in without --redact".to_owned()),
    }
}
