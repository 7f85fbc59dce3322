//! Which scenarios and areas are meant.

use std::path::{Path, PathBuf};

use ngnlab_sim::line::Area;

use super::Scenarios;
use crate::built_in;
use crate::error::Error;
use crate::mistake::advice;
use crate::promises;
use crate::scenario::{self, Scenario};

/// A scenario with its file.
pub(super) struct Found {
    /// The file.
    pub(super) path: PathBuf,
    /// What is in it.
    pub(super) scenario: Scenario,
}

/// Reads the scenarios below `folder` whose names fit one of the patterns, or all of them.
pub(super) fn scenarios(folder: &Path, patterns: &[String]) -> Result<Vec<Found>, Error> {
    let files = files(folder)?;
    let names = files.iter().map(|path| scenario::name_of(path));
    let names = names.collect::<Result<Vec<String>, Error>>()?;
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    for pattern in patterns {
        if !known.iter().any(|name| fits(pattern, name)) {
            return Err(Error::Usage {
                what: format!("no scenario is called `{pattern}`"),
                help: advice(pattern, &known)
                    .or_else(|| Some("`ngnlab list` names them all".to_owned())),
            });
        }
    }
    let wanted = |name: &str| patterns.is_empty() || patterns.iter().any(|one| fits(one, name));
    let files = files.into_iter().zip(&names);
    files
        .filter(|(_, name)| wanted(name))
        .map(|(path, _)| {
            Ok(Found {
                scenario: promises::load(&path)?,
                path,
            })
        })
        .collect()
}

impl Scenarios {
    /// Returns the folder with the scenarios: the one that is named, else `scenarios` where the
    /// program was started, and where there is none, the program's own.
    pub(super) fn folder(&self) -> PathBuf {
        folder(
            self.scenarios.as_deref(),
            &["scenarios"],
            built_in::scenarios,
        )
    }
}

/// Returns the folder with device files: the one that is named, else the one that is there.
pub(super) fn devices(named: Option<&Path>) -> PathBuf {
    folder(named, &["harness/devices", "devices"], built_in::devices)
}

fn folder(named: Option<&Path>, usual: &[&str], inside: fn() -> PathBuf) -> PathBuf {
    match named {
        Some(named) if named == Path::new(BUILT_IN) => inside(),
        Some(named) => named.to_owned(),
        None => {
            let mut usual = usual.iter().map(Path::new);
            usual
                .find(|folder| folder.is_dir())
                .map_or_else(inside, Path::to_owned)
        }
    }
}

/// Returns the file of a device, which is named by its path, or by its name if it is an example
/// inside the program.
pub(super) fn device(named: &Path) -> Result<PathBuf, Error> {
    if named.exists() || built_in::read(named).is_some() {
        return Ok(named.to_owned());
    }
    if let Some(example) = named.to_str().and_then(built_in::device) {
        return Ok(example);
    }
    let known = device_files(&built_in::devices())?;
    let known: Vec<String> = known.iter().map(|path| built_in::name(path)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let is_a_name = |named: &&str| !named.contains(['/', '.']);
    let name = named.to_str().filter(is_a_name);
    let nearest = name.and_then(|name| advice(name, &known));
    Err(Error::Usage {
        what: format!("there is no device file {}", named.display()),
        help: nearest.or_else(|| {
            Some(format!(
                "a device is `reference`, a file, or the name of an example: {}; `ngnlab init DIR` \
                 writes those out to start from",
                known.join(", ")
            ))
        }),
    })
}

/// Returns the device files of a folder.
pub(super) fn device_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut room = scenario::MOST_ENTRIES;
    let mut files = scenario::entries(folder, &mut room)?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    Ok(files)
}

/// Returns the scenario files below a folder, which must be there.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.is_dir() && !built_in::is_inside(folder) {
        return Err(Error::Usage {
            what: format!("there is no folder {}", folder.display()),
            help: Some(
                "without --scenarios DIR, those inside the program are run; `ngnlab init DIR` \
                 writes them out to be changed"
                    .to_owned(),
            ),
        });
    }
    let files = scenario::files(folder)?;
    if files.is_empty() {
        return Err(Error::Usage {
            what: format!("there is no scenario in {}", folder.display()),
            help: Some(
                "scenarios are called <family>/<name>.toml there; `--scenarios built-in` takes those \
                 inside the program"
                    .to_owned()),
        });
    }
    Ok(files)
}

/// Returns the areas of a scenario that are meant.
pub(super) fn areas(scenario: &Scenario, only: Option<Area>) -> impl Iterator<Item = Area> + '_ {
    let meant = move |area: &Area| only.is_none_or(|only| only == *area);
    scenario.line.areas.iter().copied().filter(meant)
}

/// Returns whether a name fits a pattern, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut tail) = name.strip_prefix(start) else {
        return false;
    };
    // What comes first leaves most room for the others.
    for part in middle.split('*') {
        let Some((_, left)) = tail.split_once(part) else {
            return false;
        };
        tail = left;
    }
    tail.ends_with(end)
}

/// The word for what the program has inside.
const BUILT_IN: &str = "built-in";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(fits("dns/*", "dns/large-answers"));
        assert!(fits("*", "dns/large-answers"));
        assert!(fits("*large*", "dns/large-answers"));
        assert!(fits("dns/large-answers", "dns/large-answers"));
        assert!(fits("d**/*-*s", "dns/large-answers"));
        assert!(!fits("dns", "dns/large-answers"));
        assert!(!fits("*ss*s*s*", "dns/large-answers"));
        assert!(!fits("dns/l*large-answers", "dns/large-answers"));
        assert!(!fits(&"*a".repeat(1000), &"a".repeat(900)));
        assert!(!fits("ons/*", "dns/large-answers"));
    }
}
