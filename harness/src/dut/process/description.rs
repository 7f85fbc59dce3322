//! The device file of the `process` driver: which files, commands and programs make the router.
//!
//! Strict: an unknown key, a template that names an unknown variable, a command that is neither
//! set-up nor daemon are mistakes, told with their place before anything is started.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ngnlab_reports::Promise;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::Mode;
use serde::Deserialize;
use toml::Spanned;

use super::plan::Plan;
use super::variables::Variables;
use crate::checks;
use crate::dut::Macs;
use crate::error::Error;
use crate::scenario::mistake::{Mistake, Mistakes};
use crate::scenario::period::Period;

/// A router made of programs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Description {
    /// The driver, always `process` here.
    pub driver: Driver,
    /// The name in traces and reports.
    pub name: String,
    /// What the device is, in one sentence.
    #[serde(default)]
    pub about: String,
    /// The programs it is made of, as they are called.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The MAC addresses of its interfaces.
    #[serde(default = "default_macs")]
    pub macs: Macs,
    /// The directories it gets empty and for itself, beside `/run`.
    #[serde(default = "default_private")]
    pub private: Vec<Spanned<PathBuf>>,
    /// Users of the host that are the namespace's one user inside, for programs that insist.
    #[serde(default)]
    pub root_users: Vec<String>,
    /// What the device can do.
    pub offers: Offers,
    /// The files it finds.
    #[serde(default)]
    pub file: Vec<FileEntry>,
    /// The commands that make it run, in their order.
    #[serde(default)]
    pub run: Vec<RunEntry>,
    /// What is known to be wrong with it.
    #[serde(default)]
    pub known: Vec<Known>,
}

/// The driver a device file asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// Programs in namespaces of their own.
    Process,
}

/// What a device can do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Offers {
    /// How it can get its prefix.
    pub modes: Vec<Mode>,
}

/// One file that the device finds; exactly one of `text` and `hex`, both templates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileEntry {
    /// Where: below `/run`, a private directory, or over an existing file of the host.
    pub path: Spanned<String>,
    /// Its text.
    pub text: Option<Spanned<String>>,
    /// Its bytes in hexadecimal; blanks do not count.
    pub hex: Option<Spanned<String>>,
    /// Its permissions, in octal digits.
    pub mode: Option<Spanned<String>>,
    /// The modes it is for; all without.
    pub modes: Option<Vec<Mode>>,
}

/// One command; exactly one of `setup` and `daemon`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RunEntry {
    /// The name of its log; else the program's, or `setup` and a number.
    pub name: Option<Spanned<String>>,
    /// A template of a shell script that must end by itself, with success.
    pub setup: Option<Spanned<String>>,
    /// Templates of a program and its arguments; it must stay in the foreground.
    pub daemon: Option<Vec<Spanned<String>>>,
    /// When the daemon is ready; without, as soon as it runs.
    pub ready: Option<Spanned<Ready>>,
    /// How long the script may take, or the daemon to get ready.
    #[serde(default = "default_within")]
    pub within: Period,
    /// The modes it is for; all without.
    pub modes: Option<Vec<Mode>>,
}

/// A readiness condition; exactly one key. It speaks of programs, never of addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ready {
    /// This file is there; a template.
    pub file: Option<String>,
    /// The daemon has been running for so long.
    pub alive: Option<Period>,
    /// The daemon has written a line that contains this.
    pub log: Option<String>,
}

/// A failure that is known already.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Known {
    /// The check that fails; a failure is either of a check or of a promise.
    pub check: Option<Spanned<String>>,
    /// The promise of the scenarios that is not kept.
    pub expect: Option<Promise>,
    /// The scenarios it fails in; all without.
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// Whether it passes by chance, too, so that a run without a failure proves nothing.
    #[serde(default)]
    pub wavers: bool,
    /// Why.
    pub reason: String,
}

impl Known {
    fn mistake(&self) -> Option<Mistake> {
        match (&self.check, self.expect) {
            (None, Some(_)) => None,
            (Some(id), None) if checks::find(id.get_ref()).is_some() => None,
            (Some(id), None) => {
                let known = checks::all().map(|check| check.id);
                Some(Mistake::unknown(id.span(), "check", id.get_ref(), known))
            }
            (check, _) => Some(Mistake::new(
                check.as_ref().map_or(0..0, Spanned::span),
                "a known failure has either `check` or `expect`",
            )),
        }
    }
}

impl Description {
    /// Reads a device file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::parse(path, &text).map_err(Box::new)?)
    }

    /// Reads the text of a device file; `path` is for messages only.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Mistakes> {
        let description: Self = toml::from_str(text)
            .map_err(|error| Mistakes::new(path, text, vec![Mistake::from_toml(&error, text)]))?;
        let mut mistakes = description.mistakes();
        if mistakes.is_empty() {
            return Ok(description);
        }
        for mistake in &mut mistakes {
            mistake.span.end = mistake.span.end.min(text.len());
        }
        Err(Mistakes::new(path, text, mistakes))
    }

    /// Returns whether the device offers a mode.
    pub fn offers(&self, mode: Mode) -> bool {
        self.offers.modes.contains(&mode)
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.offers.modes.is_empty() {
            mistakes.push(Mistake::new(0..0, "the device offers no mode"));
        }
        for path in &self.private {
            if !path.get_ref().is_absolute() || path.get_ref().parent().is_none() {
                let message = "a private directory has an absolute path below `/`";
                mistakes.push(Mistake::new(path.span(), message));
            }
        }
        for file in &self.file {
            mistakes.extend(file.mistake());
        }
        for run in &self.run {
            mistakes.extend(run.mistake());
        }
        mistakes.extend(self.known.iter().filter_map(Known::mistake));
        if mistakes.is_empty() {
            for variables in Variables::samples(self) {
                if let Err(mistake) = Plan::render(self, &variables) {
                    mistakes.push(mistake);
                    break;
                }
            }
        }
        mistakes
    }
}

impl FileEntry {
    fn mistake(&self) -> Option<Mistake> {
        let span = self.path.span();
        if self.text.is_some() == self.hex.is_some() {
            return Some(Mistake::new(span, "a file has either `text` or `hex`"));
        }
        self.permissions().err()
    }

    /// Returns the file's permissions.
    pub(super) fn permissions(&self) -> Result<u32, Mistake> {
        let Some(mode) = &self.mode else {
            return Ok(0o644);
        };
        u32::from_str_radix(mode.get_ref(), 8)
            .ok()
            .filter(|bits| *bits <= 0o7777)
            .ok_or_else(|| {
                let message = "permissions are octal digits such as \"0755\"";
                Mistake::new(mode.span(), message)
            })
    }
}

impl RunEntry {
    /// Returns where the command stands in the file.
    pub(super) fn span(&self) -> Range<usize> {
        let daemon = self.daemon.as_ref().and_then(|words| words.first());
        self.setup
            .as_ref()
            .or(daemon)
            .or(self.name.as_ref())
            .map_or(0..0, Spanned::span)
    }

    fn mistake(&self) -> Option<Mistake> {
        let span = self.span();
        match (&self.setup, &self.daemon) {
            (Some(_), None) => self.ready.as_ref().map(|ready| {
                Mistake::new(ready.span(), "a setup command is ready when it has ended")
            }),
            (None, Some(words)) if words.is_empty() => {
                Some(Mistake::new(span, "`daemon` names no program"))
            }
            (None, Some(_)) => {
                let ready = self.ready.as_ref()?;
                let keys = ready.get_ref();
                let count = usize::from(keys.file.is_some())
                    + usize::from(keys.alive.is_some())
                    + usize::from(keys.log.is_some());
                let message = "`ready` has exactly one of `file`, `alive` and `log`";
                (count != 1).then(|| Mistake::new(ready.span(), message))
            }
            _ => Some(Mistake::new(
                span,
                "a command is either `setup` or `daemon`",
            )),
        }
    }
}

fn default_macs() -> Macs {
    // Locally administered, so nobody's, and not those of the reference router.
    Macs {
        wan: Mac([0x02, 0x00, 0x5e, 0x20, 0x00, 0x01]),
        lan: Mac([0x02, 0x00, 0x5e, 0x20, 0x00, 0x02]),
    }
}

fn default_private() -> Vec<Spanned<PathBuf>> {
    ["/tmp", "/var/lib", "/var/log"]
        .map(|path| Spanned::new(0..0, path.into()))
        .into()
}

fn default_within() -> Period {
    Period(std::time::Duration::from_secs(30))
}
