//! A copy of the workspace below its target folder, in which the router has switches, and the
//! program that is built of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::mutant::Mutant;
use crate::switches::{MODULE, Switched};

/// The copy.
pub(crate) struct Workspace {
    /// Where everything of this tool lies.
    pub(crate) room: PathBuf,
    /// The root of the copy.
    pub(crate) root: PathBuf,
}

/// The program with all switches in it.
pub(crate) struct Built {
    pub(crate) program: PathBuf,
    /// The faults that the compiler does not take.
    pub(crate) refused: BTreeSet<usize>,
}

impl Workspace {
    /// Copies what belongs to the workspace and is not up to date.
    pub(crate) fn copy(original: &Path, catalogue: &Catalogue) -> Result<Self, Error> {
        let room = original.join("target/mutants");
        let root = room.join("workspace");
        let listed = output(
            "listing the files of the workspace",
            Command::new("git")
                .args([
                    "ls-files",
                    "-z",
                    "--cached",
                    "--others",
                    "--exclude-standard",
                ])
                .current_dir(original),
        )?;
        let names: BTreeSet<&str> = listed.split('\0').filter(|name| !name.is_empty()).collect();
        let is_switched = |name: &str| {
            let below = name
                .strip_prefix(NODES)
                .and_then(|name| name.strip_prefix('/'));
            below.is_some_and(|name| catalogue.texts.contains_key(name))
        };
        for name in &names {
            let from = original.join(name);
            // What was deleted is still listed until it is committed.
            if !from.is_file() || is_switched(name) {
                continue;
            }
            let bytes = fs::read(&from).map_err(Error::reading(&from))?;
            let text = || String::from_utf8_lossy(&bytes);
            let bytes = match *name {
                "Cargo.toml" => loosened(&text()).into_bytes(),
                "sim/src/lib.rs" => format!("{}\nmod mutant;\n", text()).into_bytes(),
                _ => bytes,
            };
            put(&root.join(name), &bytes)?;
        }
        put(&root.join("sim/src/mutant.rs"), MODULE.as_bytes())?;
        let workspace = Self { room, root };
        workspace.forget_others(&names)?;
        Ok(workspace)
    }

    /// Removes what the workspace no longer has.
    fn forget_others(&self, names: &BTreeSet<&str>) -> Result<(), Error> {
        let mut folders = ["sim", "harness", "reports", "scenarios"]
            .map(|one| self.root.join(one))
            .to_vec();
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries {
                let path = entry.map_err(Error::reading(&folder))?.path();
                let name = path.strip_prefix(&self.root).expect("it is below");
                if path.is_dir() {
                    folders.push(path);
                } else if !names.contains(&*name.to_string_lossy()) && !name.ends_with("mutant.rs")
                {
                    fs::remove_file(&path).map_err(Error::writing(&path))?;
                }
            }
        }
        Ok(())
    }

    /// Builds the program with every fault that compiles.
    pub(crate) fn build(&self, catalogue: &Catalogue, say: &dyn Fn(&str)) -> Result<Built, Error> {
        let known = self.room.join("refused.json");
        let mut refused = Refused::read(&known, catalogue);
        for round in 1..=ROUNDS {
            let files = self.switch(catalogue, &refused.numbers)?;
            let errors = self.compile("ngnlab-sim", &["--lib"])?;
            if errors.is_empty() {
                refused.write(&known)?;
                say(&format!(
                    "{} faults, {} of them refused by the compiler; building the program",
                    catalogue.mutants.len(),
                    refused.numbers.len()
                ));
                let errors = self.compile("ngnlab-harness", &["--bin", "ngnlab"])?;
                return match errors.first() {
                    Some(error) => Err(Error::Failed {
                        doing: "building the program",
                        said: error.rendered.clone(),
                    }),
                    None => Ok(Built {
                        program: self.room.join("build/release/ngnlab"),
                        refused: refused.numbers,
                    }),
                };
            }
            let blamed: BTreeSet<usize> = errors
                .iter()
                .flat_map(|error| error.blamed(&files))
                .collect();
            if blamed.is_subset(&refused.numbers) {
                return Err(Error::Failed {
                    doing: "compiling the faults",
                    said: errors[0].rendered.clone(),
                });
            }
            say(&format!(
                "round {round}: {} errors, {} faults are left out",
                errors.len(),
                blamed.len()
            ));
            refused.numbers.extend(blamed);
        }
        Err(Error::Failed {
            doing: "compiling the faults",
            said: format!("after {ROUNDS} rounds there are errors still"),
        })
    }

    fn switch(
        &self,
        catalogue: &Catalogue,
        refused: &BTreeSet<usize>,
    ) -> Result<BTreeMap<String, Switched>, Error> {
        let is_taken = |mutant: &&Mutant| !refused.contains(&mutant.number);
        let mutants: Vec<&Mutant> = catalogue.mutants.iter().filter(is_taken).collect();
        let mut files = BTreeMap::new();
        for (name, text) in &catalogue.texts {
            let switched = Switched::new(name, text, &mutants);
            let name = format!("{NODES}/{name}");
            put(&self.root.join(&name), switched.text.as_bytes())?;
            files.insert(name, switched);
        }
        Ok(files)
    }

    /// Compiles a package, and returns what the compiler does not like.
    fn compile(&self, package: &str, what: &[&str]) -> Result<Vec<Complaint>, Error> {
        let mut cargo = Command::new("cargo");
        cargo
            .args([
                "build",
                "--release",
                "--message-format",
                "json",
                "-p",
                package,
            ])
            .args(what)
            .arg("--target-dir")
            .arg(self.room.join("build"))
            .current_dir(&self.root)
            .stdin(Stdio::null());
        let start = |source| Error::Start {
            program: "cargo".to_owned(),
            source,
        };
        let said = cargo.stderr(Stdio::piped()).output().map_err(start)?;
        let lines = String::from_utf8_lossy(&said.stdout);
        let messages = lines
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let errors: Vec<Complaint> = messages
            .filter_map(|message: Message| message.message)
            .filter(|complaint| complaint.level == "error" && !complaint.spans.is_empty())
            .collect();
        if errors.is_empty() && !said.status.success() {
            return Err(Error::Failed {
                doing: "cargo build",
                said: String::from_utf8_lossy(&said.stderr).into_owned(),
            });
        }
        Ok(errors)
    }
}

/// A line that cargo says.
#[derive(Deserialize)]
struct Message {
    message: Option<Complaint>,
}

/// What the compiler says.
#[derive(Deserialize)]
struct Complaint {
    level: String,
    rendered: String,
    spans: Vec<Span>,
    children: Vec<Child>,
}

#[derive(Deserialize)]
struct Child {
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
}

impl Complaint {
    /// Returns the faults that it is about: those whose text it points into, else those of the
    /// switches around what it points at, else those inside of that.
    fn blamed(&self, files: &BTreeMap<String, Switched>) -> BTreeSet<usize> {
        let below = self.children.iter().flat_map(|child| &child.spans);
        let all: Vec<(&Switched, Range<usize>)> = self
            .spans
            .iter()
            .chain(below)
            .filter_map(|span| Some((files.get(&span.file_name)?, span.byte_start..span.byte_end)))
            .collect();
        let put_in = all.iter().filter_map(|(file, place)| file.put_in(place));
        let put_in: BTreeSet<usize> = put_in.collect();
        if !put_in.is_empty() {
            return put_in;
        }
        let around = all.iter().flat_map(|(file, place)| file.around(place));
        let around: BTreeSet<usize> = around.collect();
        if !around.is_empty() {
            return around;
        }
        let inside = all.iter().flat_map(|(file, place)| file.inside(place));
        inside.collect()
    }
}

/// What the compiler refused the last time, so that it need not be asked again.
#[derive(Serialize, Deserialize)]
struct Refused {
    of: String,
    numbers: BTreeSet<usize>,
}

impl Refused {
    fn read(path: &Path, catalogue: &Catalogue) -> Self {
        let mut hash = Sha256::new();
        for mutant in &catalogue.mutants {
            hash.update(format!("{mutant:?}"));
        }
        for text in catalogue.texts.values() {
            hash.update(text);
        }
        let of = format!("{:x}", hash.finalize());
        let kept = fs::read_to_string(path).ok();
        let kept = kept.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        let kept = kept.filter(|kept| kept.of == of);
        kept.unwrap_or(Self {
            of,
            numbers: BTreeSet::new(),
        })
    }

    fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string(self).expect("it is plain data");
        put(path, text.as_bytes())
    }
}

/// Takes the lints out of a manifest: what is changed on purpose need not be beautiful.
fn loosened(manifest: &str) -> String {
    let mut kept = String::new();
    let mut in_lints = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_lints = line.starts_with("[workspace.lints");
        }
        if !in_lints {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept + "\n[workspace.lints.rust]\n"
}

/// Writes a file unless it is the same already, so that nothing is built in vain.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::writing(folder))?;
    }
    fs::write(path, bytes).map_err(Error::writing(path))
}

fn output(doing: &'static str, command: &mut Command) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let start = |source| Error::Start { program, source };
    let said = command.output().map_err(start)?;
    if !said.status.success() {
        return Err(Error::Failed {
            doing,
            said: String::from_utf8_lossy(&said.stderr).into_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&said.stdout).into_owned())
}

const NODES: &str = "sim/src/node";
const ROUNDS: usize = 20;
