//! Which scenarios and areas are meant.

use std::path::{Path, PathBuf};

use ngnlab_sim::line::Area;

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

/// Returns the scenario files below a folder, which must be there.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.is_dir() {
        return Err(Error::Usage {
            what: format!("there is no folder {}", folder.display()),
            help: Some(
                "run ngnlab where the folder `scenarios` is, or name it with --scenarios DIR"
                    .to_owned(),
            ),
        });
    }
    let files = scenario::files(folder)?;
    if files.is_empty() {
        return Err(Error::Usage {
            what: format!("there is no scenario in {}", folder.display()),
            help: Some("scenarios are called <family>/<name>.toml there".to_owned()),
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
