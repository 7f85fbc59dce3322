//! What a run keeps on disk, and where: claimed and tried out before the first case.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ngnlab_reports::journal::{self, Ended, Header};
use ngnlab_reports::{Case, Outcome};

use super::header::{difference, planned};
use crate::campaign::Entry;
use crate::cli::{Run, file};
use crate::error::Error;
use crate::journal::Journal;

/// The journal of a run, if there is one, and what was in it before.
#[derive(Debug, Default)]
pub(super) struct Kept {
    out: Option<PathBuf>,
    journal: Option<Journal>,
    before: Option<journal::Journal>,
}

/// Claims the places that a run writes to, and takes up what it goes on with.
pub(super) fn claim(args: &Run, header: &Header) -> Result<Kept, Error> {
    args.outputs.try_out()?;
    let Some(path) = journal_path(args) else {
        return match args.resume {
            true => Err(usage(
                "there is nothing to go on with",
                "--resume goes on with what is in --out DIR or beside --json FILE",
            )),
            false => Ok(Kept::default()),
        };
    };
    if let Some(out) = &args.out {
        file::make_folder_at(out)?;
    }
    if !path.exists() {
        look_at_place(args, &path)?;
    }
    let Some(journal) = Journal::hold(&path)? else {
        let place = args.out.as_deref().unwrap_or(&path);
        return Err(usage(
            format!("another run is writing into {}", place.display()),
            "wait until it has ended, or name another place",
        ));
    };
    let bytes = journal.read()?;
    match &args.out {
        Some(out) if !args.resume && !bytes.is_empty() => Err(usage(
            format!("{} is not empty", out.display()),
            "--resume goes on with the run in it; or name a new folder",
        )),
        // A header that was cut stands before no case.
        _ if args.resume && bytes.contains(&b'\n') => go_on(journal, &path, &bytes, header),
        _ if bytes.is_empty() || journal::is_begun(&bytes) => begin(journal, header),
        _ => Err(no_journal(&path)),
    }
    .map(|kept| Kept {
        out: args.out.clone(),
        ..kept
    })
}

/// Begins a journal, which goes again if that cannot be done.
fn begin(journal: Journal, header: &Header) -> Result<Kept, Error> {
    if let Err(error) = journal.begin(header) {
        let _ = journal.remove();
        return Err(error);
    }
    Ok(Kept {
        journal: Some(journal),
        ..Kept::default()
    })
}

/// Goes on with a journal of the same run.
fn go_on(journal: Journal, path: &Path, bytes: &[u8], header: &Header) -> Result<Kept, Error> {
    if !journal::is_journal(bytes) {
        return Err(no_journal(path));
    }
    let refuse = |why: &str| {
        usage(
            format!("cannot go on with {}: {why}", path.display()),
            "`ngnlab render` shows what is in it; run without --resume into a new place",
        )
    };
    let before = journal::parse(bytes).map_err(|why| refuse(&why))?;
    if let Some(why) = difference(&before.header, header) {
        return Err(refuse(&why));
    }
    journal.go_on(before.whole)?;
    Ok(Kept {
        journal: Some(journal),
        before: Some(before),
        ..Kept::default()
    })
}

/// Looks whether a run may begin in a place without a journal.
fn look_at_place(args: &Run, path: &Path) -> Result<(), Error> {
    let beside = journal_beside(args).filter(|beside| beside.exists());
    let used = match &args.out {
        Some(out) => !is_empty(out)?,
        None => args.outputs.json.as_deref().is_some_and(Path::exists),
    };
    match (&args.out, beside) {
        (_, _) if args.resume && used => Err(usage(
            format!("there is no {} to go on with", path.display()),
            "a run that has ended leaves none; run without --resume into a new place",
        )),
        (Some(_), Some(beside)) if args.resume => Err(usage(
            format!("{} is of a run without --out", beside.display()),
            "leave out --out to go on with it",
        )),
        (Some(out), _) if used => Err(usage(
            format!("{} is not empty", out.display()),
            "name a new folder, or remove this one",
        )),
        (_, _) => Ok(()),
    }
}

impl Kept {
    /// Returns how a case ended before, if it did; what broke by our fault or was stopped did not.
    pub(super) fn case(&self, device: usize, entry: &Entry) -> Option<&Case> {
        let before = self.before.as_ref()?;
        let case = before.case(device, &planned(entry))?;
        (!matches!(case.outcome, Outcome::HarnessError(_))).then_some(case)
    }

    /// Returns how long the run had taken before, in milliseconds.
    pub(super) fn elapsed_ms(&self) -> u64 {
        let before = self.before.as_ref();
        before.map_or(0, journal::Journal::elapsed_ms)
    }

    /// Returns whether there is a journal.
    pub(super) fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Takes away what the last try of a case has left, so that nothing of it is taken for the
    /// next one's.
    pub(super) fn make_room(&self, entry: &Entry) -> Result<(), Error> {
        let (Some(_), Some(out)) = (&self.before, &entry.job.out) else {
            return Ok(());
        };
        let base = self.out.as_deref();
        let mut below = out.ancestors().take_while(|folder| Some(*folder) != base);
        if let Some(link) = below.find(|folder| folder.is_symlink()) {
            return Err(usage(
                format!(
                    "{} is a link, which a run would follow out of its folder",
                    link.display()
                ),
                "remove it",
            ));
        }
        match fs::remove_dir_all(out) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Write {
                path: out.clone(),
                source,
            }),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Keeps a case that has ended.
    pub(super) fn keep(&self, device: usize, elapsed_ms: u64, case: &Case) -> Result<(), Error> {
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let mut case = case.clone();
        if self.out.is_none() {
            // Its trace is there for this run alone.
            case.trace = None;
            case.capture = None;
        }
        journal.keep(&Ended {
            device,
            elapsed_ms,
            case,
        })
    }

    /// Takes the journal away: all has ended and is told, or nothing has begun.
    pub(super) fn remove(self) -> Result<(), Error> {
        self.journal.map_or(Ok(()), Journal::remove)
    }

    /// Takes a journal away that has begun nothing.
    pub(super) fn abandon(self) {
        if self.before.is_none() {
            let _ = self.remove();
        }
    }
}

/// Returns where the journal is: in the folder for traces, or else beside the report.
fn journal_path(args: &Run) -> Option<PathBuf> {
    let inside = args.out.as_deref().map(|out| out.join("journal.jsonl"));
    inside.or_else(|| journal_beside(args))
}

fn journal_beside(args: &Run) -> Option<PathBuf> {
    let json = args
        .outputs
        .json
        .as_deref()
        .filter(|json| file::is_plain(json))?;
    let mut name = json.as_os_str().to_owned();
    name.push(".journal");
    Some(name.into())
}

fn is_empty(folder: &Path) -> Result<bool, Error> {
    let mut entries = fs::read_dir(folder).map_err(|source| Error::Read {
        path: folder.to_owned(),
        source,
    })?;
    Ok(entries.next().is_none())
}

fn no_journal(path: &Path) -> Error {
    usage(
        format!("{} is no journal of a run", path.display()),
        "name another place",
    )
}

fn usage(what: impl Into<String>, help: &str) -> Error {
    Error::Usage {
        what: what.into(),
        help: Some(help.to_owned()),
    }
}
