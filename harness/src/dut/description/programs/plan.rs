//! What makes the router, with its templates filled in: which files are written and which programs
//! started, word by word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ngnlab_reports::escape;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{FileEntry, Programs, Ready, RunEntry};
use crate::dut::description::templates::Templates;
use crate::dut::description::variables::Variables;
use crate::mistake::Mistake;

/// Files to write and commands to run, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The files.
    pub files: Vec<PlannedFile>,
    /// The commands.
    pub runs: Vec<PlannedRun>,
    /// What every command finds in its environment.
    pub environment: BTreeMap<String, String>,
}

/// One file to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub bytes: Vec<u8>,
    /// Its permissions.
    pub mode: u32,
}

/// One command to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRun {
    /// The name of its log; unique.
    pub name: String,
    /// What to run.
    pub action: Action,
    /// How long a script may take, or a daemon to get ready.
    pub within: Duration,
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A shell script that must end by itself, with success.
    Setup(String),
    /// A program that must keep running.
    Daemon {
        /// The program and its arguments.
        words: Vec<String>,
        /// When it is ready.
        ready: Condition,
    },
}

/// When a daemon is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// As soon as it runs.
    Started,
    /// This file is there.
    File(PathBuf),
    /// It has been running for so long.
    Alive(Duration),
    /// It has written a line that contains this.
    Log(String),
}

impl Action {
    /// Returns the program and its arguments.
    pub(in crate::dut) fn words(&self) -> Vec<String> {
        match self {
            Self::Setup(script) => ["/bin/sh", "-e", "-c", script].map(str::to_owned).into(),
            Self::Daemon { words, .. } => words.clone(),
        }
    }
}

impl Plan {
    /// Fills in the templates of a device file; a mistake tells which one cannot be.
    pub fn render(programs: &Programs, variables: &Variables) -> Result<Self, Mistake> {
        let templates = Templates::new(variables);
        let for_this = |modes: &Option<Vec<_>>| {
            modes
                .as_ref()
                .is_none_or(|modes| modes.contains(&variables.mode))
        };
        let files = programs.file.iter().filter(|file| for_this(&file.modes));
        let files = std::iter::once(Ok(configuration(variables)))
            .chain(files.map(|file| self::file(&templates, file)))
            .collect::<Result<_, _>>()?;
        let mut runs: Vec<PlannedRun> = Vec::new();
        for run in programs.run.iter().filter(|run| for_this(&run.modes)) {
            let run = self::run(&templates, run, runs.len() + 1)?;
            runs.push(run);
        }
        for index in 1..runs.len() {
            if runs[..index].iter().any(|run| run.name == runs[index].name) {
                runs[index].name = format!("{}-{}", runs[index].name, index + 1);
            }
        }
        Ok(Self {
            files,
            runs,
            environment: environment(variables),
        })
    }
}

/// Returns the file that tells programs all that templates may name.
fn configuration(variables: &Variables) -> PlannedFile {
    PlannedFile {
        path: configuration_path(variables),
        bytes: serde_json::to_vec_pretty(variables).expect("variables have string keys only"),
        mode: 0o644,
    }
}

fn configuration_path(variables: &Variables) -> PathBuf {
    Path::new(&variables.run_dir).join("config.json")
}

/// Returns what programs find in their environment: what a script needs at once, and where to
/// read the rest.
fn environment(variables: &Variables) -> BTreeMap<String, String> {
    let mode = variables.mode.word();
    let config = configuration_path(variables).display().to_string();
    [
        ("NGNLAB_WAN", &variables.wan.name[..]),
        ("NGNLAB_LAN", &variables.lan.name),
        ("NGNLAB_MODE", mode),
        ("NGNLAB_AREA", variables.area),
        ("NGNLAB_RUN_DIR", &variables.run_dir),
        ("NGNLAB_CONFIG", &config),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn file(templates: &Templates<'_>, file: &FileEntry) -> Result<PlannedFile, Mistake> {
    let bytes = match (&file.text, &file.hex) {
        (Some(text), _) => templates.fill("text", text)?.into_bytes(),
        (None, Some(hex)) => from_hex(&templates.fill("hex", hex)?).ok_or_else(|| {
            Mistake::new(hex.span(), "`hex` is an even number of hexadecimal digits")
        })?,
        (None, None) => Vec::new(),
    };
    let path = PathBuf::from(templates.fill("path", &file.path)?);
    if !path.is_absolute() {
        let message = "the path of a file starts with `/`";
        return Err(Mistake::new(file.path.span(), message));
    }
    Ok(PlannedFile {
        path,
        bytes,
        mode: file.permissions()?,
    })
}

fn run(templates: &Templates<'_>, run: &RunEntry, number: usize) -> Result<PlannedRun, Mistake> {
    let (name, action) = match (&run.setup, &run.daemon) {
        (Some(script), _) => (
            format!("setup-{number}"),
            Action::Setup(templates.fill("setup", script)?),
        ),
        (None, Some(words)) => {
            let words: Vec<String> = words
                .iter()
                .map(|word| templates.fill("daemon", word))
                .collect::<Result<_, _>>()?;
            let program = words.first().cloned().unwrap_or_default();
            let name = program.rsplit('/').next().unwrap_or_default().to_owned();
            let ready = ready(templates, run.ready.as_ref())?;
            (name, Action::Daemon { words, ready })
        }
        (None, None) => {
            let message = "a command is either `setup` or `daemon`";
            return Err(Mistake::new(run.span(), message));
        }
    };
    let name = run
        .name
        .as_ref()
        .map_or(name, |name| name.get_ref().clone());
    Ok(PlannedRun {
        // The name becomes a file name.
        name: name.replace(|c| c == '/' || escape::is_unseen(c), "-"),
        action,
        within: run.within.0,
    })
}

fn ready(templates: &Templates<'_>, ready: Option<&Spanned<Ready>>) -> Result<Condition, Mistake> {
    let Some(ready) = ready else {
        return Ok(Condition::Started);
    };
    let (span, keys) = (ready.span(), ready.get_ref());
    Ok(match (&keys.file, &keys.alive, &keys.log) {
        (Some(path), _, _) => Condition::File(
            templates
                .fill("ready.file", &Spanned::new(span, path.clone()))?
                .into(),
        ),
        (_, Some(span), _) => Condition::Alive(span.0),
        (_, _, Some(line)) => Condition::Log(line.clone()),
        (None, None, None) => Condition::Started,
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    if digits.len() % 2 == 1 {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::dut::description::{Description, Driver};

    #[test]
    fn templates_are_filled_in_for_their_mode() {
        let description = Description::parse(Path::new("d.toml"), DEVICE).unwrap();
        let mut samples = description.samples().with(Programs::names());
        let variables = samples.next().unwrap();
        let Driver::Process(programs) = &description.driver else {
            panic!("it is made of programs");
        };
        let plan = Plan::render(programs, &variables).unwrap();
        let [config, files @ ..] = &plan.files[..] else {
            panic!("no file at all");
        };
        let config: serde_json::Value = serde_json::from_slice(&config.bytes).unwrap();
        assert_eq!(config["dns"]["domains"][1]["name"], "onshikaku.org");
        assert_eq!(plan.environment["NGNLAB_WAN"], "wan0");
        assert_eq!(files.len(), 2);
        let text = String::from_utf8(files[0].bytes.clone()).unwrap();
        let expected = "server=/onshikaku.org/2404:1a8:f583:d00::53:1\n\
            server=/onshikaku.org/2404:1a8:f583:d00::53:2\n";
        assert!(text.contains(expected), "{text}");
        assert_eq!(files[1].bytes[..6], [0x0a, 0, 0, 3, 0, 1]);
        assert_eq!(files[1].mode, 0o600);
        let names: Vec<&str> = plan.runs.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(names, ["setup-1", "dnsmasq", "dnsmasq-3"]);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let mistake = |from: &str, to: &str| {
            let text = DEVICE.replacen(from, to, 1);
            let error = Description::parse(Path::new("d.toml"), &text).unwrap_err();
            error.to_string()
        };
        let told = mistake("duid_ll", "duid_lll");
        assert!(told.starts_with("d.toml:15:"), "{told}");
        assert!(told.contains("variable that does not exist"), "{told}");
        let told = mistake("offers", "ofers");
        assert!(told.contains("unknown key `ofers`"), "{told}");
        let told = mistake("hex  =", "text = \"\"\nhex  =");
        assert!(told.contains("either `text` or `hex`"), "{told}");
        let told = mistake("setup  =", "ready  = { alive = \"1s\" }\nsetup  =");
        assert!(told.contains("ready when it has ended"), "{told}");
        let told = mistake("0a00", "a00");
        assert!(told.contains("even number"), "{told}");
        let told = mistake("0600", "0999");
        assert!(told.contains("octal"), "{told}");
    }

    #[test]
    fn a_known_failure_names_a_check_a_promise_or_how_the_device_fails() {
        let parse = |known: &str| {
            let text = format!("{DEVICE}\n[[known]]\n{known}reason = \"so\"\n");
            Description::parse(Path::new("d.toml"), &text)
        };
        assert!(parse("check = \"lan.ra.rio\"\n").is_ok());
        assert!(parse("expect = \"screen\"\nwavers = true\n").is_ok());
        let told = |known: &str| parse(known).unwrap_err().to_string();
        let message = told("check = \"lan.ra.roi\"\n");
        assert!(message.contains("unknown check `lan.ra.roi`"), "{message}");
        let one = "one of `check`, `expect` and `device`";
        assert!(told("").contains(one));
        assert!(told("check = \"lan.ra.rio\"\nexpect = \"screen\"\n").contains(one));
        assert!(told("check = \"lan.ra.rio\"\ndevice = \"hung\"\n").contains(one));
        assert!(parse("device = \"boot-loop\"\nscenarios = [\"cpe/one\"]\n").is_ok());
        let everywhere = told("device = \"hung\"\n");
        assert!(everywhere.contains("certain scenarios"), "{everywhere}");
        let unheard = told("device = \"tired\"\nscenarios = [\"cpe/one\"]\n");
        assert!(unheard.contains("unknown word `tired`"), "{unheard}");
    }

    const DEVICE: &str = r#"driver = "process"
name = "one"

[offers]
modes = ["pd"]

[[file]]
path = "/run/dnsmasq.conf"
text = """
{% for domain in dns.domains %}{% for server in domain.servers %}
server=/{{ domain.name }}/{{ server }}
{% endfor %}{% endfor %}"""
[[file]]
path = "/run/duid"
hex  = "0a00 {{ duid_ll }}"
mode = "0600"
[[file]]
path  = "/run/ra"
text  = ""
modes = ["ra"]

[[run]]
setup  = "true"
[[run]]
daemon = ["/usr/sbin/dnsmasq", "-k"]
ready  = { file = "{{ run_dir }}/pid" }
[[run]]
daemon = ["dnsmasq", "-k"]
"#;
}
