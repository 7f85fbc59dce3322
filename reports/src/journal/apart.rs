//! What keeps two runs apart, by what they say of themselves before their first case.

use super::{Header, Plan, Planned};

/// The first thing that keeps two runs apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Apart {
    /// One says this of itself, the other that, as `seed is 1`.
    Said(String, String),
    /// The file of this name is another one.
    File(String),
    /// Only the second one is to run this case.
    OnlySecond(Planned),
    /// Only the first one is to run this case.
    OnlyFirst(Planned),
    /// Their checks are others.
    Checks,
}

/// Returns what keeps two runs apart, if anything does.
pub fn apart(first: &Header, second: &Header) -> Option<Apart> {
    let both = || first.devices.iter().zip(&second.devices);
    said(program(first), program(second))
        .or_else(|| said(devices(first), devices(second)))
        .or_else(|| said(seed(first), seed(second)))
        .or_else(|| said(folder(first), folder(second)))
        .or_else(|| both().find_map(|(first, second)| said(told(first), told(second))))
        .or_else(|| file(first, second))
        .or_else(|| both().find_map(|(first, second)| case(first, second)))
        .or_else(|| both().find_map(|(first, second)| said(judged(first), judged(second))))
        .or_else(|| (first.checks != second.checks).then_some(Apart::Checks))
}

fn said(first: String, second: String) -> Option<Apart> {
    (first != second).then_some(Apart::Said(first, second))
}

fn program(header: &Header) -> String {
    format!("program is {}", header.tool)
}

fn devices(header: &Header) -> String {
    let names: Vec<&str> = header.devices.iter().map(|one| &one.device[..]).collect();
    match &names[..] {
        [one] => format!("device is {one}"),
        all => format!("devices are {}", all.join(", ")),
    }
}

fn seed(header: &Header) -> String {
    format!("seed is {}", header.seed)
}

fn folder(header: &Header) -> String {
    match &header.out {
        Some(out) => format!("folder is {out}"),
        None => "traces are not kept".to_owned(),
    }
}

fn told(plan: &Plan) -> String {
    format!("arguments are `{}`", plan.arguments.join(" "))
}

fn judged(plan: &Plan) -> String {
    let names: Vec<&str> = plan.profiles.iter().map(|one| one.name()).collect();
    match &names[..] {
        [one] => format!("profile is {one}"),
        all => format!("profiles are {}", all.join(", ")),
    }
}

fn file(first: &Header, second: &Header) -> Option<Apart> {
    let mut files = first.files.iter();
    let changed = files.find(|(path, hash)| {
        let now = second.files.get(*path);
        now.is_some_and(|now| now != *hash)
    });
    changed.map(|(path, _)| Apart::File(path.clone()))
}

fn case(first: &Plan, second: &Plan) -> Option<Apart> {
    let not_in = |these: &Plan, those: &Plan| {
        let mut these = these.cases.iter();
        these.find(|one| !those.cases.contains(one)).cloned()
    };
    not_in(second, first)
        .map(Apart::OnlySecond)
        .or_else(|| not_in(first, second).map(Apart::OnlyFirst))
}
