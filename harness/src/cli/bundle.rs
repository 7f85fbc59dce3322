//! `ngnlab bundle`: a report with everything it was made of, in one archive that can be handed in.

use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use clap::Args;
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Report, escape};
use sha2::{Digest, Sha256};

use super::{Answer, Place, Scenarios, diff, file};
use crate::built_in;
use crate::bundle::{self, About, Contents, Packed, pdf, signature};
use crate::error::{CONFORMANT, Error};
use crate::input;
use crate::redact::{Inside, Redactor};

/// The arguments of `bundle`.
#[derive(Debug, Args)]
pub struct Bundle {
    /// The report, as `run --out DIR` wrote it: DIR/report.json
    pub report: PathBuf,
    /// The archive to write, a ZIP file
    pub bundle: PathBuf,
    /// Maps customer IDs, MAC addresses and the addresses made of them, PPP passwords and TLS
    /// secrets to others, the same one each time; every verdict stays
    #[arg(long)]
    pub redact: bool,
    /// With --redact: another word that is mapped wherever it stands, as a user name
    #[arg(long, value_name = "WORD", requires = "redact")]
    pub redact_word: Vec<String>,
    /// Signs the manifest with this SSH key (`ssh-keygen -Y`): a private one, or a public one that
    /// the agent holds
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// Leaves out the PDF, which else is made where chromium is installed
    #[arg(long)]
    pub no_pdf: bool,
    /// The device file of the run, if it is no longer where it was; once for each device
    #[arg(long, value_name = "FILE")]
    pub device: Vec<PathBuf>,
    /// Where the scenarios of the run are, if they are no longer where they were
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

pub(super) fn answer(args: &Bundle, place: Place) -> Result<Answer, Error> {
    file::try_out(&args.bundle)?;
    let reports = diff::reports(&args.report)?;
    if reports
        .iter()
        .all(|report| report.cases.iter().all(|case| case.trace.is_none()))
    {
        return Err(Error::Usage {
            what: format!("{} names no traces", args.report.display()),
            help: Some("`ngnlab run --out DIR` keeps them, and bundle DIR/report.json".to_owned()),
        });
    }
    let devices = devices(args, &reports)?;
    let made = (place.provenance)();
    let lang = place.lang();
    let about = About {
        bundle: bundle::FORMAT,
        tool: format!("ngnlab {}", env!("CARGO_PKG_VERSION")),
        revision: made.revision,
        made: made.began,
        redacted: args.redact,
        lang: match lang {
            Lang::En => "en",
            Lang::Ja => "ja",
        }
        .to_owned(),
    };
    let no_paper = std::cell::OnceCell::new();
    let print = |page: &str| match pdf::print(page) {
        _ if args.no_pdf => None,
        Ok(paper) => Some(paper),
        Err(error) => {
            let _ = no_paper.set(error.with_causes());
            None
        }
    };
    let sign = |manifest: &[u8]| {
        let key = args.sign.as_deref();
        key.map(|key| signature::sign(manifest, key)).transpose()
    };
    let mut packed = bundle::pack(Contents {
        scenarios: &scenarios(args, &reports),
        reports,
        devices,
        about,
        lang,
        redactor: args
            .redact
            .then(|| Redactor::new(args.redact_word.iter().cloned())),
        print: &print,
        sign: &sign,
    })?;
    let length = packed.archive.seek(SeekFrom::End(0)).unwrap_or_default();
    let _ = packed.archive.seek(SeekFrom::Start(0));
    file::write_from(&args.bundle, &mut packed.archive)?;
    let mut remarks = Vec::new();
    remarks.extend(
        no_paper
            .into_inner()
            .map(|why| format!("no PDF is in it: {why}")),
    );
    remarks.extend(differs(&packed));
    let said = |line: String| format!("{}\n", lang.say(&line));
    Ok(Answer {
        text: told(args, &packed, length, lang),
        remarks: remarks.into_iter().map(said).collect(),
        exit_code: CONFORMANT,
    })
}

/// Returns what is in a bundle, in words.
fn told(args: &Bundle, packed: &Packed, length: u64, lang: Lang) -> String {
    let path = args.bundle.display();
    let mut lines = vec![format!("{path}: {} kB", length.div_ceil(1000))];
    let paper = match packed.has_paper {
        true => "report as HTML, PDF and JSON",
        false => "report as HTML and JSON",
    };
    lines.push(format!(
        "inside: {paper}; {} traces with captures; {} logs and other files; scenarios and device \
         files; a manifest",
        packed.runs, packed.logs
    ));
    let inside = in_words(&packed.inside, lang);
    match args.redact {
        true => lines.push(format!("mapped to others: {inside}")),
        false => {
            lines.push(format!("inside as they are: {inside}"));
            lines.push("--redact maps them to others and keeps every verdict".to_owned());
        }
    }
    for left_out in &packed.left_out {
        lines.push(format!(
            "left out, since it is no text that could be redacted: {left_out}"
        ));
    }
    lines.push(format!(
        "ngnlab verify {path}   checks it and judges its traces again"
    ));
    let lines = lines.iter().map(|line| format!("{}\n", lang.say(line)));
    escape::lines(&lines.collect::<String>()).into_owned()
}

/// Returns what gives people away, each with how many there are.
pub(super) fn in_words(inside: &Inside, lang: Lang) -> String {
    let counts = [
        (inside.customer_ids.len(), "customer IDs"),
        (inside.macs.len(), "MAC addresses"),
        (inside.passwords, "PPP passwords"),
        (inside.tls_connections, "TLS connections with their secrets"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, what)| lang.say(&format!("{count} {what}")).into_owned());
    let comma = match lang {
        Lang::En => ", ",
        Lang::Ja => "、",
    };
    counts.collect::<Vec<_>>().join(comma)
}

fn differs(packed: &Packed) -> Option<String> {
    let first = packed.differs.first()?;
    Some(format!(
        "this ngnlab judges {} runs otherwise than the report says; the first is {first}",
        packed.differs.len()
    ))
}

/// Returns the device file of each report, which must be the one that the run had.
fn devices(args: &Bundle, reports: &[Report]) -> Result<Vec<Option<PathBuf>>, Error> {
    let mut named = args.device.iter();
    let files = reports.iter().map(|report| {
        let provenance = report.provenance.as_ref();
        let Some(device) = provenance.and_then(|made| made.device.as_ref()) else {
            return Ok(None);
        };
        let path = match named.next() {
            Some(path) => path.clone(),
            None => {
                let path = PathBuf::from(&device.file);
                let inside = (!path.exists()).then(|| built_in::device(&device.file));
                inside.flatten().unwrap_or(path)
            }
        };
        let text = input::text(&path, input::DESCRIPTION)?;
        if format!("{:x}", Sha256::digest(text)) != device.sha256 {
            return Err(Error::Usage {
                what: format!("{} has changed since the run", path.display()),
                help: Some("--device FILE names the file that the run had".to_owned()),
            });
        }
        Ok(Some(path))
    });
    files.collect()
}

/// Returns where the scenarios are.
fn scenarios(args: &Bundle, reports: &[Report]) -> PathBuf {
    let named = args.scenarios.clone().or_else(|| {
        let provenance = reports.first()?.provenance.as_ref()?;
        let folder = Path::new(&provenance.scenarios);
        Some(match folder.is_dir() {
            true => folder.to_owned(),
            false => built_in::scenarios(),
        })
    });
    Scenarios { scenarios: named }.folder()
}

pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab run --device my-router.toml --out out
  ngnlab bundle out/report.json my-router.zip --redact
  ngnlab bundle out/report.json my-router.zip --sign ~/.ssh/id_ed25519
  ngnlab verify my-router.zip

Exit codes: 0 written, 2 wrong usage or file, 3 could not be written";
