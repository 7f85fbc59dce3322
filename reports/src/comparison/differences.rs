//! In what two runs differ before anything is judged: what made them, and what they ask for.

use serde::Serialize;

use crate::{CheckInfo, Level, Profile, Report};

/// Something in which two runs differ before anything is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is.
    pub what: &'static str,
    /// What it was.
    pub old: String,
    /// What it is now.
    pub new: String,
}

/// Returns in what two reports differ, most telling first.
pub(super) fn differences(old: &Report, new: &Report) -> Vec<Difference> {
    let profiles = |report: &Report| names(&report.profiles);
    let both = |what, shown: &dyn Fn(&Report) -> String| {
        let (old, new) = (shown(old), shown(new));
        (old != new).then_some(Difference { what, old, new })
    };
    let found = [
        both("program", &|one| one.tool.clone()),
        both("device", &|one| one.device.clone()),
        both("firmware", &|one| {
            one.firmware.clone().unwrap_or_else(|| "unknown".to_owned())
        }),
        both("seed", &|one| one.seed.to_string()),
        both("arguments", &|one| one.arguments.join(" ")),
        both("profiles", &profiles),
        of_checks("level", (old, new), level),
        of_checks("profiles of a check", (old, new), asked_by),
    ];
    found.into_iter().flatten().collect()
}

/// Returns in what the checks that both reports know differ: the first few of them.
fn of_checks(
    what: &'static str,
    (old, new): (&Report, &Report),
    shown: fn(&CheckInfo) -> String,
) -> Option<Difference> {
    let both = old.checks.iter();
    let both = both.filter_map(|(id, was)| Some((id, was, new.checks.get(id)?)));
    let differing: Vec<_> = both
        .map(|(id, was, is)| (id, shown(was), shown(is)))
        .filter(|(_, was, is)| was != is)
        .collect();
    let more = match differing.len() > MOST_NAMED {
        true => ", …",
        false => "",
    };
    let listed = |side: &dyn Fn(&(&String, String, String)) -> String| {
        let shown: Vec<String> = differing.iter().take(MOST_NAMED).map(side).collect();
        format!("{}{more}", shown.join(", "))
    };
    (!differing.is_empty()).then(|| Difference {
        what,
        old: listed(&|(id, was, _)| format!("{id} ({was})")),
        new: listed(&|(id, _, is)| format!("{id} ({is})")),
    })
}

fn level(info: &CheckInfo) -> String {
    match info.level {
        Level::Must => "MUST".to_owned(),
        Level::Should => "SHOULD".to_owned(),
    }
}

fn asked_by(info: &CheckInfo) -> String {
    let mut profiles = info.profiles.clone();
    profiles.sort_unstable();
    names(&profiles)
}

fn names(profiles: &[Profile]) -> String {
    let names: Vec<&str> = profiles.iter().map(|one| one.name()).collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

/// More names would hide the rest of the line.
const MOST_NAMED: usize = 3;
