//! `ngnlab verify`: a bundle that was handed in, checked and judged again.

use std::path::PathBuf;

use clap::Args;
use ngnlab_reports::escape;
use ngnlab_reports::words::Lang;

use super::{Answer, Place, file};
use crate::bundle::signature::Signature;
use crate::bundle::{self, Verified};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::input;

/// The arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The bundle, as `ngnlab bundle` wrote it
    pub bundle: PathBuf,
    /// Those whose signatures are trusted, in the form of ALLOWED SIGNERS in ssh-keygen(1); then a
    /// bundle without a signature of theirs is refused
    #[arg(long, value_name = "FILE")]
    pub signers: Option<PathBuf>,
    /// Writes what was checked into this folder, which must be new
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

pub(super) fn answer(args: &Verify, place: Place) -> Result<Answer, Error> {
    if let Some(out) = args
        .out
        .as_ref()
        .filter(|out| out.symlink_metadata().is_ok())
    {
        return Err(Error::Usage {
            what: format!(
                "there is a {} already, and it stays as it is",
                out.display()
            ),
            help: Some("name another folder, or move that one away".to_owned()),
        });
    }
    let opened = input::open(&args.bundle)?;
    let revision = (place.provenance)().revision;
    let tool = format!("ngnlab {}", env!("CARGO_PKG_VERSION"));
    let unpack = args
        .out
        .as_ref()
        .map(|out| move |name: &str, content: &[u8]| file::write_bytes(&out.join(name), content));
    let unpack = unpack.as_ref().map(|unpack| unpack as &bundle::Unpack<'_>);
    let signers = args.signers.as_deref();
    let verified = bundle::verify(&args.bundle, opened, (&tool, &revision), signers, unpack)?;
    let lang = place.lang();
    let mut lines = lines(&verified);
    let (result, exit_code) = result(&verified);
    lines.push(("result", result));
    let lines = lines
        .iter()
        .map(|(label, text)| row(label, &lang.say(text), lang));
    Ok(Answer {
        exit_code,
        ..Answer::text(escape::lines(&lines.collect::<String>()).into_owned())
    })
}

fn row(label: &str, text: &str, lang: Lang) -> String {
    let label = lang.say(label);
    let width = unicode_width::UnicodeWidthStr::width(&label[..]);
    format!(
        "{label}{} {text}\n",
        " ".repeat(LABELS.saturating_sub(width))
    )
}

/// Returns what was found, each under its label.
fn lines(verified: &Verified) -> Vec<(&'static str, String)> {
    let about = &verified.about;
    let mut lines = vec![
        ("bundle", verified.devices.join(", ")),
        (
            "made",
            format!("{} by {} ({})", about.made, about.tool, about.revision),
        ),
    ];
    if about.redacted {
        lines.push((
            "",
            "redacted: what gives people away was mapped to others".to_owned(),
        ));
    }
    match verified.wrong.len() {
        0 => lines.push((
            "files",
            format!("{}, each as the manifest says", verified.files),
        )),
        count => lines.push((
            "files",
            format!("{count} of {} not as the manifest says", verified.files),
        )),
    }
    let shown = verified.wrong.iter().take(MOST_SHOWN);
    lines.extend(shown.map(|(name, how)| ("", format!("{name} {how}"))));
    lines.push((
        "signature",
        match &verified.signature {
            Signature::None => {
                "none: whoever changed the manifest with the files is not noticed".to_owned()
            }
            Signature::OfSomeKey(said) => {
                format!("fits, by a key that --signers does not name yet: {said}")
            }
            Signature::Good(said) => said.clone(),
            Signature::Bad(said) => format!("bad: {said}"),
        },
    ));
    let own = &verified.own_scenarios;
    match (own.len(), about.redacted) {
        (0, _) => lines.push(("scenarios", "those inside this ngnlab".to_owned())),
        (count, true) => lines.push((
            "scenarios",
            format!("{count} are not those inside this ngnlab, if only by what was mapped"),
        )),
        (count, false) => lines.push((
            "scenarios",
            format!("{count} are not those inside this ngnlab: {}", some(own)),
        )),
    }
    lines.push(("traces", format!("{} runs judged again", verified.judged)));
    if verified.unjudged > 0 {
        lines.push((
            "",
            format!(
                "{} runs have no trace, and are taken as they are",
                verified.unjudged
            ),
        ));
    }
    let all: Vec<_> = verified.faults.iter().chain(&verified.differs).collect();
    let shown = all.iter().take(MOST_SHOWN);
    lines.extend(shown.map(|difference| ("", difference.to_string())));
    let more = all.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        lines.push(("", format!("and {more} more")));
    }
    let redrawn = &verified.redrawn;
    if !redrawn.is_empty() {
        let redrawn = some(redrawn);
        lines.push((
            "drawn",
            format!("this version draws these files otherwise: {redrawn}"),
        ));
    }
    lines.push((
        "not proved",
        "date, machine and command line, logs and PDF, and that no run was left out".to_owned(),
    ));
    lines
}

/// Returns the first few of some names.
fn some(names: &[String]) -> String {
    let more = match names.len() > MOST_SHOWN {
        true => ", …",
        false => "",
    };
    let shown: Vec<&str> = names.iter().take(MOST_SHOWN).map(String::as_str).collect();
    format!("{}{more}", shown.join(", "))
}

/// Returns what it comes to, with the exit code that says so.
fn result(verified: &Verified) -> (String, u8) {
    let about = &verified.about;
    if !verified.is_whole() {
        return (
            "it is not what it was when it was made".to_owned(),
            NOT_CONFORMANT,
        );
    }
    let follows_not = "whole, but the report does not follow from its traces".to_owned();
    if !verified.faults.is_empty() {
        return (follows_not, NOT_CONFORMANT);
    }
    let follows = verified.differs.is_empty();
    match (follows, verified.redrawn.is_empty(), verified.same_judge) {
        (true, true, true) => (
            "whole, and the report follows from its traces".to_owned(),
            CONFORMANT,
        ),
        (true, true, false) => (
            "whole, and another version of the judge comes to the same verdicts".to_owned(),
            CONFORMANT,
        ),
        (false, _, true) | (_, false, true) => (follows_not, NOT_CONFORMANT),
        (true, false, false) => (
            "whole, and another version of the judge comes to the same verdicts, but cannot vouch for \
             the files that it draws otherwise: read report.json"
                .to_owned(),
            UNDETERMINED,
        ),
        (false, _, false) => (
            format!(
                "whole, but this version of the judge comes to other verdicts than {} ({})",
                about.tool, about.revision
            ),
            UNDETERMINED,
        ),
    }
}

const LABELS: usize = 10;
const MOST_SHOWN: usize = 10;

pub(super) const EXAMPLES: &str = "\
Examples:
  ngnlab verify my-router.zip
  ngnlab verify my-router.zip --signers trusted --out unpacked
  echo 'desk@example.com ssh-ed25519 AAAA…' > trusted     who is trusted, a line each

Exit codes: 0 whole, and its report follows from its traces; 1 changed, wrongly signed, or a report
that does not follow; 2 no bundle, or wrong usage; 3 whole, but judged otherwise by this version";
