//! The second wall, where the kernel has Landlock: nothing can be mounted, and nothing be written
//! outside the device's own places.

use std::io;
use std::path::PathBuf;

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError,
};

use super::messages::Entry;
use crate::namespaces::mounts::Trouble;

/// Closes it around this process and all that it starts; some files stay open to be written.
pub(super) fn close(
    entry: &Entry,
    files: impl IntoIterator<Item = PathBuf>,
) -> Result<(), Trouble> {
    let mut places = writable(entry);
    places.extend(files);
    raise(&places).map_err(|error| {
        let doing = "restrict the device with Landlock".to_owned();
        (doing, io::Error::other(error))
    })
}

fn raise(places: &[PathBuf]) -> Result<(), RulesetError> {
    // What a kernel does not know yet is left out.
    let writing = AccessFs::from_write(ABI::V5);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(writing)?
        .create()?;
    for place in places {
        let Ok(fd) = PathFd::new(place) else {
            continue;
        };
        let access = match place.is_dir() {
            true => writing,
            false => writing & AccessFs::from_file(ABI::V5),
        };
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
    }
    ruleset.restrict_self().map(drop)
}

fn writable(entry: &Entry) -> Vec<PathBuf> {
    if entry.root.is_some() {
        // All that is written goes into its own layer.
        return vec!["/".into()];
    }
    let mut places: Vec<PathBuf> = ["/dev", "/proc"].map(PathBuf::from).into();
    places.extend(entry.places());
    places
}

/// Returns whether this kernel has it.
pub(crate) fn is_offered() -> bool {
    let writing = AccessFs::from_write(ABI::V1);
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(writing);
    ruleset.and_then(Ruleset::create).is_ok()
}
