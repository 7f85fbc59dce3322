//! What a device file says to the `process` driver: which files and commands make the router.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ngnlab_sim::setup::Mode;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::part::Part;
use super::variables::{Names, Samples};
use crate::error::Error;
use crate::mistake::Mistake;
use crate::named::one_of;
use crate::period::Period;
use crate::scenario::segment;
use plan::Plan;

pub mod plan;

/// The files and programs that a router is made of.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Programs {
    /// The directories it gets empty and for itself, beside `/run`.
    #[schemars(with = "Option<Vec<PathBuf>>")]
    pub private: Option<Vec<Spanned<PathBuf>>>,
    /// Users of the host that are the namespace's one user inside, for programs that insist.
    #[serde(default)]
    pub root_users: Vec<String>,
    /// Files and folders of the host that it sees, read-only, beside the usual.
    #[serde(default)]
    #[schemars(with = "Vec<PathBuf>")]
    pub sees: Vec<Spanned<PathBuf>>,
    /// A root file system of its own, which is its `/`; what it writes goes into a private layer.
    #[schemars(with = "Option<PathBuf>")]
    pub root: Option<Spanned<PathBuf>>,
    /// Whether it mounts things in its own places.
    #[serde(default)]
    pub mounts: bool,
    /// The files it finds.
    #[serde(default)]
    pub file: Vec<FileEntry>,
    /// The commands that make it run, in their order.
    #[serde(default)]
    pub run: Vec<RunEntry>,
}

/// One file that the device finds; exactly one of `text` and `hex`, both templates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = one_of(&["text", "hex"])))]
pub struct FileEntry {
    /// Where: below `/run`, a private directory, or over an existing file of the host.
    #[schemars(with = "String")]
    pub path: Spanned<String>,
    /// Its text.
    #[schemars(with = "Option<String>")]
    pub text: Option<Spanned<String>>,
    /// Its bytes in hexadecimal; blanks do not count.
    #[schemars(with = "Option<String>")]
    pub hex: Option<Spanned<String>>,
    /// Its permissions, in octal digits.
    #[schemars(
        with = "Option<String>",
        extend("pattern" = "^0*[0-7]{1,4}$", "examples" = ["0755"])
    )]
    pub mode: Option<Spanned<String>>,
    /// The modes it is for; all without.
    pub modes: Option<Vec<Mode>>,
}

/// One command; exactly one of `setup` and `daemon`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend(
    "oneOf" = one_of(&["setup", "daemon"]),
    "dependencies" = {"ready": ["daemon"]}
))]
pub struct RunEntry {
    /// The name of its log; else the program's, or `setup` and a number.
    #[schemars(with = "Option<String>")]
    pub name: Option<Spanned<String>>,
    /// A template of a shell script that must end by itself, with success.
    #[schemars(with = "Option<String>")]
    pub setup: Option<Spanned<String>>,
    /// Templates of a program and its arguments; it must stay in the foreground.
    #[schemars(with = "Option<Vec<String>>", length(min = 1))]
    pub daemon: Option<Vec<Spanned<String>>>,
    /// When the daemon is ready; without, as soon as it runs.
    #[schemars(with = "Option<Ready>")]
    pub ready: Option<Spanned<Ready>>,
    /// How long the script may take, or the daemon to get ready.
    #[serde(default = "default_within")]
    pub within: Period,
    /// The modes it is for; all without.
    pub modes: Option<Vec<Mode>>,
}

/// A readiness condition; exactly one key. It speaks of programs, never of addresses.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = one_of(&["file", "alive", "log"])))]
pub struct Ready {
    /// This file is there; a template.
    pub file: Option<String>,
    /// The daemon has been running for so long.
    pub alive: Option<Period>,
    /// The daemon has written a line that contains this.
    pub log: Option<String>,
}

impl Programs {
    /// Returns what they find in their sandbox.
    pub(in crate::dut) fn names() -> Names {
        Names {
            wan: WAN_INTERFACE.to_owned(),
            lan: LAN_INTERFACE.to_owned(),
            run_dir: RUN_DIR.to_owned(),
        }
    }
}

impl Part for Programs {
    fn resolve(&mut self, folder: &Path) {
        for path in self.sees.iter_mut().chain(&mut self.root) {
            // Without the slash at the end, which would hide that it is a link.
            let whole: PathBuf = folder.join(path.get_ref()).components().collect();
            if whole.is_symlink() {
                *path.get_mut() = whole;
                continue;
            }
            // Where it is not there, that is told when it is looked for.
            *path.get_mut() = whole.canonicalize().unwrap_or(whole);
        }
    }

    fn programs(&self) -> Vec<&str> {
        // In a root of its own it has programs of its own; elsewhere a file may make one.
        let daemons = self.run.iter().filter(|_| self.root.is_none());
        let words = daemons.filter_map(|run| run.daemon.as_ref()?.first());
        let names = words.map(|word| word.get_ref().as_str());
        names.filter(|name| !name.contains(['/', '{'])).collect()
    }

    fn ready_within(&self) -> Duration {
        let runs = self.run.iter().map(|run| run.within.0);
        runs.sum::<Duration>() + START_SLACK
    }

    fn mistakes(&self, samples: Samples<'_>) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let file = self.file.get(MOST_ENTRIES).map(|file| file.path.span());
        let run = self.run.get(MOST_ENTRIES).map(RunEntry::span);
        if let Some(span) = file.or(run) {
            let message =
                format!("a device has {MOST_ENTRIES} files and {MOST_ENTRIES} commands at most");
            return vec![Mistake::new(span, message)];
        }
        for path in self.private.iter().flatten() {
            if !path.get_ref().is_absolute() || path.get_ref().parent().is_none() {
                let message = "a private directory has an absolute path below `/`";
                mistakes.push(Mistake::new(path.span(), message));
            }
        }
        for path in self.sees.iter().chain(&self.root) {
            let hides = ["/", "/dev", "/proc", "/sys"].iter().any(|top| {
                path.get_ref() == Path::new(top) || *top != "/" && path.get_ref().starts_with(top)
            });
            if hides {
                let message =
                    "`sees` and `root` name what lies below `/`, but not in /dev, /proc or /sys";
                mistakes.push(Mistake::new(path.span(), message));
            }
        }
        let lacking = |path: &Spanned<PathBuf>, what: &str| {
            let message = format!("there is no {what} {}", path.get_ref().display());
            let mut mistake = Mistake::new(path.span(), message);
            mistake.help = Some("a path that is not absolute begins at the device file".to_owned());
            mistake
        };
        let nowhere = self.sees.iter().filter(|path| !path.get_ref().exists());
        mistakes.extend(nowhere.map(|path| lacking(path, "file or folder")));
        for path in self.root.iter().filter(|path| path.get_ref().is_symlink()) {
            let message = "`root` is a link; name the folder itself";
            mistakes.push(Mistake::new(path.span(), message));
        }
        let root = self.root.iter().filter(|path| !path.get_ref().is_dir());
        mistakes.extend(root.map(|path| lacking(path, "folder")));
        for file in &self.file {
            mistakes.extend(file.mistake());
        }
        for run in &self.run {
            mistakes.extend(run.mistake());
        }
        if mistakes.is_empty() {
            let mut samples = samples.with(Self::names());
            mistakes.extend(samples.find_map(|sample| Plan::render(self, &sample).err()));
        }
        mistakes
    }

    fn check_machine(&self, name: &str) -> Result<(), Error> {
        // A root of its own has users of its own, which are looked at where it is entered.
        if self.root_users.is_empty() || self.root.is_some() {
            return Ok(());
        }
        let tables = USER_TABLES.map(|path| fs::read_to_string(path).unwrap_or_default());
        let texts = tables.each_ref().map(String::as_str);
        match lacking_user(&self.root_users, &texts) {
            None => Ok(()),
            Some(user) => Err(Error::Missing {
                doing: format!("run {name}: this machine has no user `{user}`"),
                help: "install the program that brings the user along, or take it out of \
                       `root-users`"
                    .to_owned(),
                source: None,
            }),
        }
    }
}

/// Returns the first of the users that stands in none of the tables.
pub(in crate::dut) fn lacking_user<'n>(names: &'n [String], tables: &[&str]) -> Option<&'n str> {
    let stands_in = |table: &str, name: &str| {
        let mut names = table.lines().filter_map(|line| line.split(':').next());
        names.any(|known| known == name)
    };
    let lacking = |name: &&String| !tables.iter().any(|table| stands_in(table, name));
    names.iter().find(lacking).map(String::as_str)
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
        let is_bad = |name: &&Spanned<String>| {
            let name = name.get_ref().replace('/', "-");
            segment(name.as_ref()).is_none()
        };
        if let Some(name) = self.name.as_ref().filter(is_bad) {
            let message = "`name` is that of a log file, and neither `..` nor long nor unseen";
            return Some(Mistake::new(name.span(), message));
        }
        let span = self.span();
        match (&self.setup, &self.daemon) {
            (Some(_), None) => self.ready.as_ref().map(|ready| {
                Mistake::new(ready.span(), "a setup command is ready when it has ended")
            }),
            (None, Some(words)) if words.is_empty() => {
                Some(Mistake::new(span, "`daemon` names no program"))
            }
            (None, Some(words)) if is_relative(words[0].get_ref()) => Some(Mistake::new(
                span,
                "a program is called by its name alone, or by an absolute path",
            )),
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

fn is_relative(program: &str) -> bool {
    program.contains('/') && !program.starts_with(['/', '{'])
}

fn default_within() -> Period {
    Period(Duration::from_secs(30))
}

/// Their interface towards the line.
pub const WAN_INTERFACE: &str = "wan0";
/// Their interface towards the terminals.
pub const LAN_INTERFACE: &str = "lan0";
/// Their own directory.
pub const RUN_DIR: &str = "/run/ngnlab";
/// Where a system's users stand.
pub(in crate::dut) const USER_TABLES: [&str; 2] = ["/etc/passwd", "/etc/group"];
/// Far more than a router is made of.
const MOST_ENTRIES: usize = 1000;
const START_SLACK: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dut::description::Description;
    use crate::dut::needs;

    #[test]
    fn a_user_that_this_machine_lacks_is_told() {
        let device = |user: &str| {
            let text = format!("{HEAD}root-users = [\"root\", \"{user}\"]\n");
            Description::parse(Path::new("d.toml"), &text).unwrap()
        };
        assert!(needs::check(&device("daemon")).is_ok());
        let error = needs::check(&device("nosuchuser")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot run one: this machine has no user `nosuchuser`"
        );
        assert!(
            error
                .pretty(ngnlab_reports::words::Lang::En)
                .contains("`root-users`")
        );
        let names = ["net".to_owned(), "netdev".to_owned()];
        assert_eq!(lacking_user(&names, &["net:x:1:", "netdev:x:2:"]), None);
        assert_eq!(lacking_user(&names, &["net:x:1:"]), Some("netdev"));
    }

    #[test]
    fn the_readme_says_how_long_a_command_may_take() {
        let readme = include_str!("../../../devices/README.md");
        let bound = format!(
            "`within` ({} s) bounds the script",
            default_within().0.as_secs()
        );
        assert!(readme.contains(&bound), "no {bound}");
    }

    #[test]
    fn templates_are_tried_with_the_whole_table_of_each_area() {
        let told = |template: &str| {
            let text = format!("{HEAD}[[run]]\nsetup = \"echo {template}\"\n");
            Description::parse(Path::new("d.toml"), &text).map_err(|error| error.to_string())
        };
        assert!(told("{{ dns.domains[2].name }}").is_ok());
        assert!(told("{{ dns.domains[6].servers[1] }}").is_ok());
        let beyond = told("{{ dns.domains[7].name }}").unwrap_err();
        assert!(beyond.starts_with("d.toml:5:"), "{beyond}");
        assert!(beyond.contains("variable that does not exist"), "{beyond}");
        let west = "{% if area == 'west' %}{{ nothing }}{% endif %}";
        assert!(told(west).is_err());
    }

    const HEAD: &str = "driver = \"process\"\nname = \"one\"\noffers = { modes = [\"pd\"] }\n";
}
