//! Where scenario files are, and the names that follow from it.
//!
//! A name becomes a folder below `--out`, so it is one that leads nowhere else and can be shown.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use ngnlab_reports::escape;

use crate::built_in;
use crate::error::Error;

/// Returns every scenario file below a folder, sorted by path.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut room = MOST_ENTRIES;
    let mut found = entries(folder, &mut room)?;
    if !built_in::is_inside(folder) {
        found.retain(|family| family.is_dir());
        let below = found.iter().map(|family| entries(family, &mut room));
        found = below.collect::<Result<Vec<_>, Error>>()?.concat();
    }
    found.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    found.sort();
    Ok(found)
}

/// Returns what is in a folder, and takes it from the room that is left; of one inside the program,
/// all files below it.
pub(crate) fn entries(folder: &Path, room: &mut usize) -> Result<Vec<PathBuf>, Error> {
    if let Some(inside) = built_in::below(folder) {
        return Ok(inside);
    }
    let fail = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        *room = room.checked_sub(1).ok_or_else(|| Error::Usage {
            what: format!(
                "there are more than {MOST_ENTRIES} files below {}",
                folder.display()
            ),
            help: Some("name a folder that holds nothing but what is looked for".to_owned()),
        })?;
        found.push(entry.map_err(fail)?.path());
    }
    Ok(found)
}

/// Returns a scenario's name: that of its folder and its own.
pub fn name_of(path: &Path) -> Result<String, Error> {
    let family = match path.parent().and_then(Path::file_name) {
        Some(family) => Some(family.to_owned()),
        // Of a file that is named without its folder, or by way of `..`.
        None => {
            let parent = path.parent().filter(|parent| *parent != Path::new(""));
            let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")));
            parent
                .ok()
                .and_then(|parent| parent.file_name().map(OsStr::to_owned))
        }
    };
    let family = family.as_deref().and_then(segment);
    match (family, path.file_stem().and_then(segment)) {
        (Some(family), Some(name)) => Ok(format!("{family}/{name}")),
        _ => Err(Error::Usage {
            what: format!(
                "{} is no name for a scenario",
                escape::line(&path.to_string_lossy())
            ),
            help: Some(
                "call it <family>/<name>.toml, of characters that can be seen; results go into a \
                 folder of that name"
                    .to_owned(),
            ),
        }),
    }
}

/// Returns a name that can be that of one file or folder, and shown as it is.
pub(crate) fn segment(name: &OsStr) -> Option<&str> {
    let name = name.to_str()?;
    let fits = !matches!(name, "" | "." | "..")
        && name.len() <= LONGEST_NAME
        && !name.contains('/')
        && !name.contains(escape::is_unseen);
    fits.then_some(name)
}

/// The most entries of a folder with scenarios or devices and of the folders in it.
pub(crate) const MOST_ENTRIES: usize = 20_000;
/// A file name has 255 bytes at most, and an area or an ending is put behind it.
const LONGEST_NAME: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        let name = |path: &str| name_of(Path::new(path)).ok();
        assert_eq!(name("scenarios/dns/odd.toml").unwrap(), "dns/odd");
        assert_eq!(name("../a/dns/日本語 (2).toml").unwrap(), "dns/日本語 (2)");
        assert_eq!(name("Cargo.toml").unwrap(), "harness/Cargo");
        assert_eq!(name("src/../Cargo.toml").unwrap(), "harness/Cargo");
        for bad in [
            "/x.toml",
            "a/..toml",
            "a/...toml",
            "a/\u{1b}.toml",
            "a\n/b.toml",
            "a/..",
        ] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
        assert_eq!(name(&format!("a/{}.toml", "x".repeat(201))), None);
    }
}
